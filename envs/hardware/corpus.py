"""Chats from which a model can learn the language and the tasks from nothing, on tiny modules of the training split.

What is asked is what the game asks; half of the replies have a mistake of the kinds that training has. A model learns
the form and the usual edits, and nothing says which of two likely ones is right: that is what is paid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from selftaught.envs.hardware import mutations
from selftaught.envs.hardware.designs import KEYWORDS, Design, draw, split_of, tokens
from selftaught.envs.hardware.making import make
from selftaught.envs.hardware.patches import patch
from selftaught.envs.hardware.problems import Kind, Problem
from selftaught.envs.hardware.prompts import chat
from selftaught.types import Message

SHARES: Final[dict[Kind, float]] = {"repair": 0.6, "complete": 0.3, "round_trip": 0.1}
"""Of the chats."""
_TRIES: Final = 8


def corpus(
    rng: np.random.Generator,
    *,
    count: int = 40_000,
    rules: float = 0.2,
    lines: float = 0.5,
    wrong: float = 0.5,
    level: int = 0,
) -> Iterator[tuple[Message, ...]]:
    """``count`` chats, a share of them ``wrong``; the rules, which never change, stand in a share of them only.

    ``lines``: the share of repairs that are told as the lines that change.
    """
    kinds, shares = list(SHARES), list(SHARES.values())
    for _ in range(count):
        kind = kinds[int(rng.choice(len(kinds), p=shares))]
        found = make(kind, rng, designs=partial(_drawn, level), level=level, split="train").problem
        found = replace(found, lines=kind == "repair" and rng.random() < lines)
        told = chat(found) if rng.random() < rules else chat(found)[1:]
        yield (*told, Message("assistant", spoilt(found, rng) if rng.random() < wrong else found.reply))


def spoilt(found: Problem, random: np.random.Generator) -> str:
    """A reply of the right form with a mistake in it, which now and then is none; of a module, no held-out design."""
    if any(found.pieces):
        return _misfilled(found, random).reply
    for _ in range(_TRIES):
        kind = mutations.TAUGHT[int(random.integers(len(mutations.TAUGHT)))]
        text = mutations.mutate(found.golden, kind, random)
        if text is not None and split_of(text) == "train":
            return patch(found.shown, text) if found.lines else text
    return found.reply


def _misfilled(found: Problem, random: np.random.Generator) -> Problem:
    """The problem where one token of an answer is another of the module, a name for a name where there is one."""
    place = int(random.integers(len(found.answers)))
    answer = found.answers[place]
    told = tokens(answer)
    old = told[int(random.integers(len(told)))] if told else answer
    others = [token for token in dict.fromkeys(tokens(found.golden)) if token != old]
    alike = [token for token in others if _class(token) == _class(old)] or others
    start, new = max(answer.rfind(old), 0), alike[int(random.integers(len(alike)))]
    changed = answer[:start] + new + answer[start + len(old) :]
    return replace(found, answers=(*found.answers[:place], changed, *found.answers[place + 1 :]))


def _class(token: str) -> str:
    """Keywords, names, numbers, operators; brackets and the like are each of their own."""
    if token in KEYWORDS:
        return "keyword"
    if token[:1].isalpha() or token[:1] == "_":
        return "name"
    return "number" if token[:1].isdigit() else token if token in "()[]{};,@#:" else "operator"


def _drawn(level: int, random: np.random.Generator, split: str) -> Design:
    return draw(random, level=level, split=split)
