"""Operations on a number and on a list of numbers."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any, Final

import numpy as np

from selftaught.envs.sequence.operation import Draw, Operation, no_arguments
from selftaught.envs.sequence.operations.letters import at_least_1

ROMAN: Final = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)
ONES: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def roman(value: int) -> str:
    """A number from 1 to 3999 in Roman numerals."""
    if not 0 < value < 4000:
        raise ValueError(f"no Roman numeral for {value}")
    said = ""
    for size, letters in ROMAN:
        while value >= size:
            said, value = said + letters, value - size
    return said


def spelled(value: int) -> str:
    """A number from 0 to 99 in English words."""
    if not 0 <= value < 100:
        raise ValueError(f"{value} is not from 0 to 99")
    if value < 20:
        return ONES[value]
    tens = TENS[value // 10 - 2]
    return f"{tens}-{ONES[value % 10]}" if value % 10 else tens


def _plain(value: int, base: str) -> str:
    if value < 0:
        raise ValueError("below 0")
    return format(value, base)


def _small(most: int) -> Any:
    return lambda random, value: {"n": int(random.integers(2, most + 1))}


def _draw_bound(random: np.random.Generator, value: tuple[int, ...]) -> dict[str, Any]:
    return {"n": max(0, min(9999, int(random.choice(value))))}


def _draw_count(random: np.random.Generator, value: tuple[int, ...]) -> dict[str, Any]:
    return {"n": int(random.integers(1, max(2, len(value))))}


def _at_least_0(value: int) -> int:
    if value < 0:
        raise ValueError("below 0")
    return value


def _on_number(id: str, wordings: tuple[str, ...], apply: Any, draw: Draw = no_arguments) -> Operation:
    return Operation(id, "arithmetic", "number", "number", wordings, apply, draw)


def _on_list(id: str, family: str, wordings: tuple[str, ...], apply: Any, draw: Draw = no_arguments) -> Operation:
    return Operation(
        id, family, "numbers", "numbers", wordings, lambda value, **given: tuple(apply(value, **given)), draw
    )


OPERATIONS: Final = (
    _on_number("add", ("Add {n} to {of}.", "What is {of} plus {n}?"), lambda value, n: value + n, _small(20)),
    _on_number("subtract", ("Take {n} from {of}.", "What is {of} less {n}?"), lambda value, n: value - n, _small(20)),
    _on_number("times", ("Multiply {of} by {n}.", "What is {n} times {of}?"), lambda value, n: value * n, _small(9)),
    _on_number(
        "remainder",
        ("Divide {of} by {n} and give what remains.", "What remains of {of} after division by {n}?"),
        lambda value, n: _at_least_0(value) % n,
        _small(9),
    ),
    _on_number("square", ("Multiply {of} by itself.", "Give the square of {of}."), lambda value: value * value),
    _on_number(
        "digit_sum",
        ("Add up the digits of {of}.", "What is the sum of the digits of {of}?"),
        lambda value: sum(map(int, str(abs(value)))),
    ),
    _on_number(
        "digits_reversed",
        (
            "Write the digits of {of} in the reverse order, without zeros in front.",
            "Turn the digits of {of} round, and drop zeros in front.",
        ),
        lambda value: int(str(_at_least_0(value))[::-1]),
    ),
    Operation(
        "binary",
        "bases",
        "number",
        "text",
        ("Write {of} in binary.", "Give {of} with the digits 0 and 1 alone, in base two."),
        lambda value: _plain(value, "b"),
    ),
    Operation(
        "hexadecimal",
        "bases",
        "number",
        "text",
        ("Write {of} in base sixteen, in small letters.", "Give {of} in hexadecimal, in small letters."),
        lambda value: _plain(value, "x"),
    ),
    Operation(
        "roman", "bases", "number", "text", ("Write {of} in Roman numerals.", "Give {of} as a Roman numeral."), roman
    ),
    Operation(
        "spelled", "bases", "number", "text", ("Spell {of} out in English.", "Write {of} in English words."), spelled
    ),
    Operation(
        "parity",
        "bases",
        "number",
        "text",
        ("Is {of} odd or even? One word, in small letters.", "Say in one word, odd or even, what {of} is."),
        lambda value: "odd" if value % 2 else "even",
    ),
    Operation(
        "hours",
        "units",
        "number",
        "number",
        ("Take {of} as hours: how many minutes is that?", "{of} are hours; change them to minutes."),
        lambda value: value * 60,
    ),
    Operation(
        "metres",
        "units",
        "number",
        "number",
        ("Take {of} as metres: how many centimetres is that?", "{of} are metres; change them to centimetres."),
        lambda value: value * 100,
    ),
    Operation(
        "dozens",
        "units",
        "number",
        "number",
        ("Take {of} as dozens: how many pieces is that?", "{of} are dozens; change them to pieces."),
        lambda value: value * 12,
    ),
    Operation(
        "weeks",
        "units",
        "number",
        "number",
        ("Take {of} as weeks: how many days is that?", "{of} are weeks; change them to days."),
        lambda value: value * 7,
    ),
    _on_list("rising", "sort", ("Sort {of}, least number first.", "Put {of} in rising order of size."), sorted),
    _on_list(
        "falling",
        "sort",
        ("Sort {of}, largest number first.", "Put {of} in falling order of size."),
        lambda value: sorted(value, reverse=True),
    ),
    _on_list(
        "turned",
        "sort",
        ("Give the numbers of {of} from the last to the first.", "Put the numbers of {of} in the reverse order."),
        lambda value: value[::-1],
    ),
    _on_list(
        "even",
        "filter",
        ("Keep the even numbers of {of}.", "Leave the odd numbers out of {of}."),
        lambda value: [n for n in value if n % 2 == 0],
    ),
    _on_list(
        "odd",
        "filter",
        ("Keep the odd numbers of {of}.", "Leave the even numbers out of {of}."),
        lambda value: [n for n in value if n % 2],
    ),
    _on_list(
        "above",
        "filter",
        ("Keep the numbers of {of} that are above {n}.", "Leave all numbers up to {n} out of {of}."),
        lambda value, n: [one for one in value if one > n],
        _draw_bound,
    ),
    _on_list(
        "once",
        "filter",
        ("Of equal numbers in {of}, keep the first alone.", "Keep each number of {of} only where it comes first."),
        lambda value: dict.fromkeys(value),
    ),
    _on_list(
        "front",
        "extract",
        ("Take the first {n} numbers of {of}.", "Keep only the first {n} numbers of {of}."),
        lambda value, n: value[: at_least_1(n)],
        _draw_count,
    ),
    _on_list(
        "add_each",
        "arithmetic",
        ("Add {n} to every number of {of}.", "Make every number of {of} larger by {n}."),
        lambda value, n: [one + n for one in value],
        _small(9),
    ),
    _on_list(
        "times_each",
        "arithmetic",
        ("Multiply every number of {of} by {n}.", "Take every number of {of} times {n}."),
        lambda value, n: [one * n for one in value],
        _small(5),
    ),
    _on_list(
        "running",
        "arithmetic",
        ("Give the running sums of {of}.", "In {of}, add to every number all that stand before it."),
        accumulate,
    ),
    _on_list(
        "steps",
        "arithmetic",
        (
            "From every number of {of} after the first, take the one before it.",
            "By how much does each number of {of} after the first exceed the one before?",
        ),
        lambda value: [two - one for one, two in pairwise(value)],
    ),
)
