"""Chats from which a model can learn to ask, to read and to say that it does not know, on worlds of the training split.

What documents say is different in every world, so nothing that is learned here answers a question on another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from selftaught.envs.self_study.game import SelfStudy
from selftaught.envs.self_study.players import asker, finder, ignorant
from selftaught.envs.self_study.state import EXAMINER, READER, STUDENT
from selftaught.types import Ask, Message, Player, Seat

SEATED: Final[dict[Seat, Player]] = {EXAMINER: asker, READER: finder, STUDENT: ignorant}
SHARES: Final[dict[Seat, float]] = {EXAMINER: 1.0, READER: 1.0, STUDENT: 0.2}
"""How many of a seat's turns become chats: not to know is soon learned."""


def corpus(rng: np.random.Generator, *, count: int = 45_000) -> Iterator[tuple[Message, ...]]:
    """``count`` chats of one turn each."""
    game = SelfStudy(questions=3, opened=1, closed=1, reword=1, kinds=("plain", "plain", "reverse"))
    tasks = game.tasks("train", int(rng.integers(2**32)))
    made = 0
    for task in tasks:
        state = game.start(task.public, rng)
        while (ask := game.ask(state)) is not None:
            said = SEATED[ask.seat](Ask(ask.seat, ask.messages, ask.view, int(rng.integers(2**63))))
            if rng.random() < SHARES[ask.seat]:
                yield (*ask.messages, Message("assistant", said))
                made += 1
                if made == count:
                    return
            state = game.tell(state, said)
