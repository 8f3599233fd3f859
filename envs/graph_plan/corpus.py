"""Chats from which a model can learn to plan from nothing: plans of the training split, planned well and less well.

Nothing says which replies are right. A model of them knows how planning goes, and reward has something to choose from.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from selftaught.envs.graph_plan.encodings import ENCODINGS
from selftaught.envs.graph_plan.game import GraphPlan
from selftaught.envs.graph_plan.instances import Knobs, draw
from selftaught.envs.graph_plan.players import one_by_one, oracle, waves
from selftaught.types import Message

POCKET: Final = Knobs(most=9)
"""Small numbers of one unit, which a model of a few million weights can add up."""
BANDS: Final = (1, 2, 2)
CROWD: Final = (oracle, oracle, waves, one_by_one)
"""Whose replies are learned, each as often; the oracle alone is always right."""


def corpus(
    rng: np.random.Generator, *, count: int = 45_000, sums: float = 0.05, rules: float = 0.2
) -> Iterator[tuple[Message, ...]]:
    """``count`` chats: the crowd's replies to plans of the first two bands in all encodings, and a share of sums.

    The rules never change and are half of a chat, so only a share of the chats have them.
    """
    games = [GraphPlan(band=band, knobs=POCKET) for band in BANDS]
    for _ in range(count):
        if rng.random() < sums:
            yield _sum(rng)
            continue
        game = games[rng.integers(len(games))]
        public = draw(rng, game.drawn).public() | {"encoding": ENCODINGS[rng.integers(len(ENCODINGS))]}
        ask = game.ask(game.start(public, rng))
        assert ask is not None
        told = ask.messages if rng.random() < rules else ask.messages[1:]
        yield (*told, Message("assistant", CROWD[rng.integers(len(CROWD))](ask)))


def _sum(rng: np.random.Generator) -> tuple[Message, ...]:
    first, second = (int(number) for number in rng.integers(0, [60, 10]))
    return (Message("user", f"{first}+{second}"), Message("assistant", f"{first}+{second}={first + second}"))
