"""Chats from which a model can learn to answer, check and answer again from nothing.

Between the games there are sums and products to be worked out, which checks are made of. Answers are mostly guesses.
Checks work the answer out, and half of the crowd then decides by chance, whatever came out: nothing says whom to
follow, so that there is something for reward to find out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np

from selftaught.envs.reflect.attempts import added
from selftaught.envs.reflect.game import Reflect
from selftaught.envs.reflect.players import torn, trier, worker
from selftaught.envs.reflect.state import THINKER
from selftaught.types import Ask, Message, Player

LEVELS: Final = (1, 1, 2)
"""Of the instructions."""
DRILLS: Final = 2
"""Sums and products a game."""
CROWD: Final[tuple[Player, ...]] = (worker, torn)


def corpus(rng: np.random.Generator, *, count: int = 66_000) -> Iterator[tuple[Message, ...]]:
    """``count`` chats: a game, as the conversation that it is, after every ``DRILLS`` sums and products."""
    games = [Reflect(settings={"level": level}, answers=4) for level in LEVELS]
    tasks = [game.tasks("train", int(rng.integers(2**32))) for game in games]
    for number in range(count):
        if number % (DRILLS + 1):
            yield drill(rng)
            continue
        place = int(rng.integers(len(games)))
        game = games[place]
        (task,) = islice(tasks[place], 1)
        reflector = CROWD[int(rng.integers(len(CROWD)))]
        state = game.start(task.public, rng)
        while (ask := game.ask(state)) is not None:
            player = trier if ask.seat == THINKER else reflector
            state = game.tell(state, player(Ask(ask.seat, ask.messages, ask.view, int(rng.integers(2**63)))))
        yield state.thread


def drill(rng: np.random.Generator) -> tuple[Message, ...]:
    """A sum of two or three numbers, or a product, worked out as checks do."""
    if rng.random() < 0.5:
        numbers = [int(number) for number in rng.integers(2, 60, size=2 + int(rng.integers(2)))]
        return Message("user", " + ".join(map(str, numbers))), Message("assistant", added(numbers))
    first, second = int(rng.integers(2, 20)), int(rng.integers(2, 32))
    asked = f"{first} * {second}"
    return Message("user", asked), Message("assistant", f"{asked} = {first * second}")
