"""Spans of time as people write them, to seconds and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final, Literal, get_args

Unit = Literal["second", "minute", "hour", "day", "week"]
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)
SECONDS: Final[Mapping[Unit, int]] = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
"""Months and years are no fixed spans, so plans have none."""

SPELLINGS: Final[Mapping[str, Unit]] = {
    **dict.fromkeys(("second", "seconds", "sec", "secs", "s"), "second"),
    **dict.fromkeys(("minute", "minutes", "min", "mins", "m"), "minute"),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), "hour"),
    **dict.fromkeys(("day", "days", "d"), "day"),
    **dict.fromkeys(("week", "weeks", "wk", "wks", "w"), "week"),
}
"""The published scorer takes `m` for a month and knows neither `hr` nor `s`; beside months, `m` could be taken so."""

_SMALL: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()
WORDS: Final[Mapping[str, int]] = {
    "a": 1,
    "an": 1,
    **{word: number for number, word in enumerate(_SMALL)},
    **{word: 10 * number for number, word in enumerate(_TENS, start=2)},
    **{
        f"{tens}{joint}{unit}": 10 * number + small
        for number, tens in enumerate(_TENS, start=2)
        for small, unit in enumerate(_SMALL[1:10], start=1)
        for joint in ("-", " ")
    },
}

_NUMBER: Final = r"\d{1,3}(?:,\d{3})++(?:\.\d+)?|\d{1,12}(?:\.\d{1,6})?"
_WORD: Final = "|".join(sorted(map(re.escape, WORDS), key=len, reverse=True))
_UNIT: Final = "|".join(sorted(SPELLINGS, key=len, reverse=True))
_PART: Final = re.compile(
    rf"(?:(?P<number>{_NUMBER})|(?P<half>half an?)|(?P<word>{_WORD})(?![a-z]))\s*-?\s*(?P<unit>{_UNIT})(?![a-z])\.?"
    r"(?P<more> and a half)?"
)
_JOINT: Final = re.compile(r"\s*(?:,\s*(?:and\s+)?|and\s+)?")
_BARE: Final = re.compile(rf"(?:{_NUMBER})\Z")
LONGEST: Final = 200
"""Characters of a span of time; whatever is longer is none."""


def seconds(text: str, *, bare: Unit | None = None) -> int | None:
    """The span that the whole text says, in whole seconds; None if it says none, several, or a range.

    Parts may follow each other, from the largest unit to the smallest: ``1 h 30 min``, ``two hours and 5 minutes``. A
    number without a unit counts in ``bare``, if there is one.
    """
    text = " ".join(text.lower().split()) if len(text) <= LONGEST else ""
    if bare and _BARE.match(text):
        return _whole(Fraction(text.replace(",", "")) * SECONDS[bare])
    found, place, last = Fraction(0), 0, len(UNITS)
    while part := _PART.match(text, place):
        unit = SPELLINGS[part["unit"]]
        if UNITS.index(unit) >= last:
            return None
        last = UNITS.index(unit)
        amount = Fraction(part["number"].replace(",", "")) if part["number"] else Fraction(WORDS.get(part["word"], 0))
        if part["half"]:
            amount = Fraction(1, 2)
        found += (amount + (Fraction(1, 2) if part["more"] else 0)) * SECONDS[unit]
        if part.end() == len(text):
            return _whole(found)
        joint = _JOINT.match(text, part.end())
        place = joint.end() if joint else part.end()
    return None


def spell(amount: int, unit: Unit) -> str:
    """So many of a unit: ``1 hour``, ``20 minutes``."""
    return f"{amount} {unit}{'' if amount == 1 else 's'}"


def say(span: int) -> str:
    """A span of seconds in as few parts as can be: ``2 hours 5 minutes``."""
    parts = []
    for unit in reversed(UNITS):
        amount, span = divmod(span, SECONDS[unit])
        if amount:
            parts.append(spell(amount, unit))
    return " ".join(parts) or spell(0, "second")


def _whole(value: Fraction) -> int | None:
    return int(value) if value.denominator == 1 else None
