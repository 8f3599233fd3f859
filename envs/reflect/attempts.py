"""How somebody does what is easier to check than to find: guesses, and the working that shows what comes of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Final

import numpy as np

from selftaught.envs.self_reward.instructions import Instruction, spoil, value, whole_numbers

TRIES: Final = 20


def attempt(told: Instruction, random: np.random.Generator, *, luck: float, avoid: Collection[str] = ()) -> str:
    """The right answer with chance ``luck``, else a guess, which may be right too; none of ``avoid`` if it can be."""
    said = ""
    for _ in range(TRIES):
        said = told.solve() if random.random() < luck else guess(told, random)
        if said not in avoid:
            break
    return said


def guess(told: Instruction, random: np.random.Generator) -> str:
    """An answer of the right form, by chance; of kinds without a way to guess, a spoilt one."""
    match told.kind:
        case "pick":
            offered = told.given["offered"]
            chosen = random.choice(len(offered), size=min(2 + int(random.integers(2)), len(offered)), replace=False)
            return " ".join(str(offered[place]) for place in sorted(chosen))
        case "factors":
            first = int(random.integers(2, 13))
            second = max(2, round(told.given["product"] / first) + int(random.integers(-1, 2)))
            return f"{first} {second}"
        case "expression":
            (x, y), _ = told.given["pairs"]
            factor = int(random.integers(1, 7))
            shift = y - factor * x
            return f"{factor}*x{shift:+d}" if shift else f"{factor}*x"
    return spoil(told, random)


def added(numbers: Sequence[int]) -> str:
    """A sum worked out one number at a time, which a small model gets right more often than all at once."""
    sums = list(accumulate(numbers))
    pairs = zip(sums, numbers[1:], sums[1:], strict=False)
    return ", ".join(f"{so_far} + {number} = {total}" for so_far, number, total in pairs) or f"{numbers[0]}"


def working(told: Instruction, answer: str) -> str:
    """What comes out when an answer is tried, and whether that is what is wanted, in a line.

    It is said, since a small model that is to decide by it does not see for itself that two numbers are the same.
    """
    numbers = whole_numbers(answer) or []
    match told.kind:
        case "pick" if numbers:
            strange = [str(number) for number in numbers if number not in told.given["offered"]]
            total = f"{added(numbers)}, {_compared(sum(numbers), told.given['total'])}"
            return f"{total}, but {', '.join(strange)} cannot be used" if strange else total
        case "factors" if len(numbers) == 2:
            found = numbers[0] * numbers[1]
            return f"{numbers[0]} * {numbers[1]} = {found}, {_compared(found, told.given['product'])}"
        case "expression":
            tried = ((x, y, value(answer, x)) for x, y in told.given["pairs"])
            return ", ".join(f"where x is {x}: {found}, {_compared(found, y)}" for x, y, found in tried)
    return "There is nothing to work out"


def _compared(found: object, wanted: int) -> str:
    return f"which is {wanted}" if found == wanted else f"which is not {wanted}"
