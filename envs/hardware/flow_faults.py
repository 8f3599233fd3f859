"""Flow scripts with one fault, for repair: some the tool refuses, some that do another thing than was asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from selftaught.envs.hardware.flows import TARGETS

Fault = Callable[[list[str], np.random.Generator], list[str] | None]
"""The lines of a script with the fault; None where it cannot be put in. A call is a line, as ``write`` writes them."""

_NUMBER: Final = re.compile(r"(?<![\w.'\"])\d+(?:\.\d+)?(?![\w.'\"])")
_CALL: Final = re.compile(r"(\w+)\.(input|load_target|clock|set|add|run|summary|show)\(")


def broken(script: str, rng: np.random.Generator, *, kind: str) -> str | None:
    """The script with a fault of this kind; None where there is no place for it.

    Raises:
        ValueError: on an unknown kind.
    """
    if kind not in FAULTS:
        raise ValueError(f"no kind {kind!r} of faults; the kinds are {', '.join(FAULTS)}")
    lines = FAULTS[kind](script.splitlines(), rng)
    return None if lines is None else "\n".join(lines) + "\n"


def _at(lines: list[str], pattern: str, rng: np.random.Generator) -> tuple[int, re.Match[str]] | None:
    """A random line in which the pattern is found, and one of its places there."""
    found = [(number, match) for number, line in enumerate(lines) for match in re.finditer(pattern, line)]
    return found[int(rng.integers(len(found)))] if found else None


def _changed(lines: list[str], place: tuple[int, re.Match[str]] | None, new: Callable[[str], str]) -> list[str] | None:
    """The lines with the match replaced."""
    if place is None:
        return None
    number, match = place
    line = match.string[: match.start()] + new(match[0]) + match.string[match.end() :]
    return [*lines[:number], line, *lines[number + 1 :]]


def _without(pattern: str) -> Fault:
    return lambda lines, rng: _changed(lines, _at(lines, pattern, rng), lambda text: "")


def _misspelt(lines: list[str], rng: np.random.Generator) -> list[str] | None:
    """Two letters swapped in the name of a method or setting."""

    def swap(text: str) -> str:
        places = [place for place in range(len(text) - 1) if text[place] != text[place + 1]]
        place = int(rng.choice(places))
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]

    names = r"(?<=\.)(?:input|load_target|clock|set|add|run|summary|show)(?=\()"
    settings = (
        r"(?<=['\"])(?:constraint|option|outline|corearea|density|coremargin|aspectratio|jobname|quiet|relax)(?=['\"],)"
    )
    return _changed(lines, _at(lines, f"{names}|{settings}", rng), swap)


def _other_name(lines: list[str], rng: np.random.Generator) -> list[str] | None:
    """A chip by a name that nobody gave it."""
    names = {match[1] for line in lines if (match := _CALL.match(line))}
    other = next(name for name in ("design", "flow", "soc") if name not in names)
    return _changed(lines, _at(lines, r"^\w+(?=\.\w+\()", rng), lambda _: other)


def _other_target(lines: list[str], rng: np.random.Generator) -> list[str] | None:
    """A target that there is, but not the one asked for."""

    def other(text: str) -> str:
        return str(rng.choice([name for name in TARGETS if name != text]))

    return _changed(lines, _at(lines, "|".join(TARGETS), rng), other)


def _quoted(lines: list[str], rng: np.random.Generator) -> list[str] | None:
    """A number as a text."""
    return _changed(lines, _at(lines, _NUMBER.pattern, rng), lambda text: f"'{text}'")


def _other_number(lines: list[str], rng: np.random.Generator) -> list[str] | None:
    """Another number that the tool takes: of a box only its upper corner grows."""
    pattern = r"(?<=density['\"], )[\d.]+|(?<=margin['\"], )[\d.]+|(?<=period=)[\d.]+|[\d.]+(?=\)\]|\)\)\)|\]\]\))"
    return _changed(lines, _at(lines, pattern, rng), lambda text: f"{_near(float(text), rng):g}")


def _near(value: float, rng: np.random.Generator) -> float:
    """Above the value, and at most twice and at most 100 where the value is."""
    return float(value + (100 - value if value < 100 < 2 * value else value) * float(rng.choice([0.2, 0.5])))


def _dropped(lines: list[str], rng: np.random.Generator) -> list[str] | None:
    """A call less: the tool misses a target, a source or nothing at all."""
    place = _at(lines, _CALL.pattern, rng)
    return None if place is None else lines[: place[0]] + lines[place[0] + 1 :]


def _late(lines: list[str], rng: np.random.Generator) -> list[str] | None:
    """A call after the run that it was for."""
    place = _at(lines, r"^\w+\.(?:input|load_target|clock|set|add)\(.*", rng)
    return None if place is None else [*lines[: place[0]], *lines[place[0] + 1 :], place[1][0]]


def _early(lines: list[str], rng: np.random.Generator) -> list[str] | None:
    """The run before all that it needs."""
    place, start = _at(lines, r"^\w+\.run\(\)", rng), _at(lines, r"^\w+ = ", rng)
    if place is None or start is None:
        return None
    rest = lines[: place[0]] + lines[place[0] + 1 :]
    return [*rest[: start[0] + 1], lines[place[0]], *rest[start[0] + 1 :]]


def _renamed(lines: list[str], rng: np.random.Generator) -> list[str] | None:
    """A file or the design by another name."""
    return _changed(lines, _at(lines, r"(?<=input\(['\"])[\w/]+|(?<=Chip\(['\"])\w+", rng), lambda text: text + "2")


def _twice(lines: list[str], rng: np.random.Generator) -> list[str] | None:
    """A second run."""
    place = _at(lines, r"^\w+\.run\(\)", rng)
    return None if place is None else [*lines[: place[0]], lines[place[0]], *lines[place[0] :]]


FAULTS: Final[Mapping[str, Fault]] = {
    "missing bracket": _without(r"[()\[\]]"),
    "missing quote": _without(r"['\"]"),
    "missing comma": _without(r", (?=[^\s])"),
    "missing import": _without(r"^(?:import|from) .*"),
    "misspelt name": _misspelt,
    "unknown name": _other_name,
    "number as text": _quoted,
    "other target": _other_target,
    "other number": _other_number,
    "other file": _renamed,
    "missing call": _dropped,
    "late call": _late,
    "early run": _early,
    "second run": _twice,
}
"""Kinds of faults."""
