"""Ways to say in English that one step must wait for another; four of them only in the test splits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

WORDINGS: Final = (
    "Step {b} can only begin once step {a} is done.",
    "Step {a} must be finished before step {b} starts.",
    "Step {b} needs the result of step {a}.",
    "Do not start step {b} until step {a} is complete.",
    "Step {a} comes before step {b}.",
    "Only after step {a} can step {b} be started.",
    "Step {b} depends on step {a}.",
    "Finish step {a}, and then step {b} may start.",
    "Without step {a} done, step {b} is not possible.",
    "Step {b} has to wait for step {a}.",
    "Once step {a} is over, step {b} can go ahead.",
    "Step {a} makes step {b} possible.",
)
HELD_OUT: Final = (
    "Step {b} is blocked by step {a}.",
    "Before step {b}, see to it that step {a} is done.",
    "Step {a} is a requirement of step {b}.",
    "The start of step {b} presupposes the end of step {a}.",
)
"""Wordings of the test splits alone."""


def wordings(*, held_out: bool) -> Sequence[str]:
    """Those of one kind of split."""
    return HELD_OUT if held_out else WORDINGS


def _pattern(wording: str) -> re.Pattern[str]:
    return re.compile(re.escape(wording).replace(r"\{a\}", r"(?P<a>\d{1,4})").replace(r"\{b\}", r"(?P<b>\d{1,4})"))


_PATTERNS: Final = tuple(_pattern(wording) for wording in (*WORDINGS, *HELD_OUT))


def read(sentence: str) -> tuple[int, int] | None:
    """The step that comes first and the one that waits, as numbered in a sentence of ours; None if it is none."""
    for pattern in _PATTERNS:
        if match := pattern.fullmatch(sentence):
            return int(match["a"]), int(match["b"])
    return None
