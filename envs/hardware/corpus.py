"""Chats from which a model can learn the language from nothing, and to find and repeat what it reads; no task.

The texts are those of problems on tiny modules of the training split: designs, faulty and whole, descriptions, and the
tools' words. Nothing is repaired, filled or built: that is what the data of ``selftaught augment hardware`` teach.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final, Literal

import numpy as np

from selftaught.envs.hardware.designs import Design, draw
from selftaught.envs.hardware.making import make
from selftaught.envs.hardware.patches import numbered
from selftaught.envs.hardware.problems import Kind, Problem
from selftaught.envs.hardware.prompts import RULES, fenced
from selftaught.types import Message

SHARES: Final[dict[Kind, float]] = {"repair": 0.6, "complete": 0.2, "round_trip": 0.2}
"""Of the problems whose texts are read."""
Exercise = Literal["again", "lines", "rest", "rules"]
EXERCISES: Final[dict[Exercise, float]] = {"again": 0.4, "lines": 0.25, "rest": 0.3, "rules": 0.05}
"""Of the chats: a text again, some lines of a module, what comes after its beginning, the rules of a task."""


def corpus(rng: np.random.Generator, *, count: int = 30_000, level: int = 0) -> Iterator[tuple[Message, ...]]:
    """``count`` chats."""
    kinds, shares = list(SHARES), list(SHARES.values())
    exercises, often = list(EXERCISES), list(EXERCISES.values())
    for _ in range(count):
        kind = kinds[int(rng.choice(len(kinds), p=shares))]
        found = make(kind, rng, designs=partial(_drawn, level), level=level, split="train").problem
        asked, said = _exercise(exercises[int(rng.choice(len(exercises), p=often))], found, rng)
        yield Message("user", asked), Message("assistant", said)


def _exercise(exercise: Exercise, found: Problem, rng: np.random.Generator) -> tuple[str, str]:
    """What is asked, and the reply."""
    code = (found.shown or found.golden).strip("\n")
    match exercise:
        case "again":
            texts = [text.strip("\n") for text in (found.golden, found.shown, found.told, found.said) if text]
            text = texts[int(rng.integers(len(texts)))]
            return f"Write this again.\n\n{fenced(text)}", text
        case "lines":
            lines = numbered(code).split("\n")
            places = sorted(rng.choice(len(lines), size=min(len(lines), int(rng.integers(1, 4))), replace=False))
            told = ", ".join(str(place + 1) for place in places)
            return f"Write these lines: {told}.\n\n{fenced(numbered(code))}", "\n".join(lines[p] for p in places)
        case "rest":
            words = found.golden.strip("\n").split(" ")
            cut = int(rng.integers(len(words)))
            return f"Go on.\n\n{' '.join(words[:cut])}".rstrip(), " ".join(words[cut:])
        case "rules":
            rules = list(RULES.values())[int(rng.integers(len(RULES)))]
            return f"Write this again.\n\n{rules}", rules


def _drawn(level: int, random: np.random.Generator, split: str) -> Design:
    return draw(random, level=level, split=split)
