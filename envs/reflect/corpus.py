"""Chats from which a model can learn to answer, check and answer again from nothing.

Answers are mostly guesses. Checks work the answer out, and half of the crowd then decides by chance: nothing says whom
to follow, so that there is something for reward to find out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np

from selftaught.envs.reflect.game import Reflect
from selftaught.envs.reflect.players import torn, trier, worker
from selftaught.envs.reflect.state import THINKER
from selftaught.types import Ask, Message, Player

LEVELS: Final = (1, 2, 2)
"""Of the instructions."""
CROWD: Final[tuple[Player, ...]] = (worker, torn)


def corpus(rng: np.random.Generator, *, count: int = 30_000) -> Iterator[tuple[Message, ...]]:
    """``count`` games, each as the conversation that it is."""
    games = [Reflect(settings={"level": level}, answers=4) for level in LEVELS]
    tasks = [game.tasks("train", int(rng.integers(2**32))) for game in games]
    for _ in range(count):
        place = int(rng.integers(len(games)))
        game = games[place]
        (task,) = islice(tasks[place], 1)
        reflector = CROWD[int(rng.integers(len(CROWD)))]
        state = game.start(task.public, rng)
        while (ask := game.ask(state)) is not None:
            player = trier if ask.seat == THINKER else reflector
            state = game.tell(state, player(Ask(ask.seat, ask.messages, ask.view, int(rng.integers(2**63)))))
        yield state.thread
