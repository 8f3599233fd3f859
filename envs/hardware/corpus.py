"""Chats from which a model can learn the language and the tasks from nothing, on tiny modules of the training split.

Every reply is right: a fault repaired, a hole filled, a module written from its description. What is left to learn is
to do so where it was not shown, and that is what is paid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from selftaught.envs.hardware.designs import Design, draw
from selftaught.envs.hardware.making import make
from selftaught.envs.hardware.problems import Kind
from selftaught.envs.hardware.prompts import chat
from selftaught.types import Message

SHARES: Final[dict[Kind, float]] = {"repair": 0.6, "complete": 0.3, "round_trip": 0.1}
"""Of the chats."""


def corpus(
    rng: np.random.Generator, *, count: int = 40_000, rules: float = 0.2, lines: float = 0.5, level: int = 0
) -> Iterator[tuple[Message, ...]]:
    """``count`` chats; the rules, which never change, stand in a share of them only.

    ``lines``: the share of repairs that are told as the lines that change.
    """
    kinds, shares = list(SHARES), list(SHARES.values())
    for _ in range(count):
        kind = kinds[int(rng.choice(len(kinds), p=shares))]
        found = make(kind, rng, designs=partial(_drawn, level), level=level, split="train").problem
        found = replace(found, lines=kind == "repair" and rng.random() < lines)
        told = chat(found) if rng.random() < rules else chat(found)[1:]
        yield (*told, Message("assistant", found.reply))


def _drawn(level: int, random: np.random.Generator, split: str) -> Design:
    return draw(random, level=level, split=split)
