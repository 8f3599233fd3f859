"""What every family of questions offers to the game, and the reading of labelled lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import numpy as np

LONGEST: Final = 2000
"""Characters of a line that are read."""
Lines = Mapping[str, str]
"""What stands behind each label of a reply."""
Steps = Sequence[int] | None
"""The numbers of one line; None if it is missing or cannot be read."""


class Question(Protocol):
    """One question with all that its proof needs; ``told`` and ``public`` say the same to a reader and as JSON data."""

    @property
    def kind(self) -> str:
        """What is asked."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Lines that a reply may have."""

    def told(self) -> str:
        """As text, with the form of a reply."""

    def proved(self, lines: Lines) -> bool | None:
        """Whether a reply answers it and proves that; None if nothing in it could be read."""

    def solve(self) -> str:
        """A right reply."""

    def guess(self, random: np.random.Generator) -> str:
        """A reply in the right form, with anything in it."""

    def public(self) -> dict[str, Any]:
        """As JSON data, ``kind`` included."""


def read_lines(text: str, labels: Sequence[str]) -> Lines:
    """The last line of every label; longer ones than ``LONGEST`` are empty."""
    found = re.finditer(
        rf"^[ \t>*#-]{{0,8}}({'|'.join(labels)})[ \t*]{{0,4}}:(.*)$", text, re.IGNORECASE | re.MULTILINE
    )
    return {match[1].lower(): match[2] if len(match[2]) <= LONGEST else "" for match in found}


def steps(line: str | None) -> Steps:
    """Numbers divided by blanks, commas or arrows, and nothing else."""
    parts = [part for part in re.split(r"[\s,>→-]+", (line or "").strip(" \t*`.")) if part]
    whole = parts and all(re.fullmatch(r"\d{1,4}", part, re.ASCII) for part in parts)
    return [int(part) for part in parts] if whole else None


def numbers(values: Any) -> str:
    """As they stand in a reply."""
    return " ".join(map(str, values))
