"""What a reply hands in: labelled lines, each read strictly; the last one of a label counts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from selftaught.envs.graph_plan.plans import Edge
from selftaught.envs.graph_plan.times import Unit, seconds

_LINE: Final = re.compile(
    r"^[ \t>*#-]{0,8}(edges|times|schedule|path|answer)[ \t*]{0,4}:(.*)$", re.IGNORECASE | re.MULTILINE
)
_ARROW: Final = re.compile(r"\s*(?:->|→|>)\s*")
_UNTIL: Final = re.compile(r" ?(?:-|–|\bto\b|\buntil\b) ?")
LONGEST: Final = 4000
"""Characters of a line that are read; a longer one holds nothing."""

T = TypeVar("T")
Run = tuple[int, int | None]
"""When a step starts and, if that was said, ends."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What was handed in, None where nothing was or it could not be read. Steps count from 0, times are seconds.

    ``said`` holds the labels that were there, readable or not.
    """

    edges: frozenset[Edge] | None = None
    times: Mapping[int, int] | None = None
    schedule: Mapping[int, Run] | None = None
    path: tuple[int, ...] | None = None
    answer: int | None = None
    said: frozenset[str] = frozenset()


def read(text: str, *, unit: Unit, before: Handed | None = None) -> Handed:
    """The labelled lines of a reply, over those of earlier replies; a bare number counts in ``unit``.

    A label twice in one reply is the last one's: whoever writes two answers has given one.
    """
    last = {match[1].lower(): match[2].strip(" \t\r*`\"'") for match in _LINE.finditer(text)}
    found = before or Handed()
    readers: Mapping[str, Callable[[str], object]] = {
        "edges": _edges,
        "times": lambda line: _timed(line, lambda said: seconds(said, bare=unit)),
        "schedule": lambda line: _timed(line, lambda said: _run(said, unit)),
        "path": _path,
        "answer": lambda line: seconds(line.rstrip("."), bare=unit),
    }
    given = {label: readers[label](line) if len(line) <= LONGEST else None for label, line in last.items()}
    return replace(found, **given, said=found.said | last.keys())  # type: ignore[arg-type]


def lines(text: str) -> list[tuple[str, tuple[int, int]]]:
    """Label and place of every labelled line."""
    return [(match[1].lower(), (match.start(1), match.end())) for match in _LINE.finditer(text)]


def _items(line: str) -> list[str]:
    return [item for item in re.split(r"[,;\s]+", _ARROW.sub(">", line).rstrip(".")) if item]


def _edges(line: str) -> frozenset[Edge] | None:
    if line.lower().rstrip(".") in ("none", ""):
        return frozenset()
    pairs = [re.fullmatch(r"\(?(\d{1,4})>(\d{1,4})\)?", item) for item in _items(line)]
    return frozenset((int(pair[1]) - 1, int(pair[2]) - 1) for pair in pairs if pair) if all(pairs) else None


def _timed(line: str, reader: Callable[[str], T | None]) -> dict[int, T] | None:
    """``1=10 2=20`` or ``1=10 minutes, 2=1 h 5 min``, each read by ``reader``."""
    parts = re.split(r"[,;\s]*(?:\bstep\s+)?\b(\d{1,4})\s*=\s*", line.rstrip("."))
    if parts[0] or len(parts) < 3:
        return None
    found: dict[int, T] = {}
    for step, said in zip(parts[1::2], parts[2::2], strict=True):
        value = reader(said.rstrip(" ,;"))
        if value is None or int(step) - 1 in found:
            return None
        found[int(step) - 1] = value
    return found


def _run(said: str, unit: Unit) -> Run | None:
    """``10``, ``10-30`` or ``10 to 30 minutes``, whose first number then counts in minutes too."""
    start = seconds(said, bare=unit)
    if start is not None:
        return start, None
    said = " ".join(said.split())
    for joint in _UNTIL.finditer(said):
        first, last = said[: joint.start()], said[joint.end() :]
        last_unit = re.search(r"[a-z]+\Z", last.lower())
        if last_unit and first.isdecimal():
            first = f"{first} {last_unit[0]}"
        start, end = seconds(first, bare=unit), seconds(last, bare=unit)
        if start is not None and end is not None:
            return start, end
    return None


def _path(line: str) -> tuple[int, ...] | None:
    steps = re.split(r"[>,;\s]+", _ARROW.sub(">", line).rstrip(".,; \t"))
    return tuple(int(step) - 1 for step in steps) if all(re.fullmatch(r"\d{1,4}", step) for step in steps) else None
