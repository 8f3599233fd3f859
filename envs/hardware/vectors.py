"""Arithmetic on vectors of literals, lowest bit first: what synthesis makes of each operator.

Every function takes the graph first and vectors of equal width unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

from selftaught.envs.hardware.graph import FALSE, TRUE, Graph

Bits = Sequence[int]


def constant(value: int, width: int) -> list[int]:
    """The literals of a number, modulo two to the width; negative numbers in two's complement."""
    return [value >> position & 1 for position in range(width)]


def number(bits: Bits) -> int | None:
    """The number that constant literals stand for, without a sign; None if one is not constant."""
    total = 0
    for position, bit in enumerate(bits):
        if bit > 1:
            return None
        total |= bit << position
    return total


def invert(bits: Bits) -> list[int]:
    """Every bit inverted."""
    return [bit ^ 1 for bit in bits]


def choose(graph: Graph, condition: int, then: Bits, other: Bits) -> list[int]:
    """``then`` where the condition holds, else ``other``."""
    if condition <= 1:
        return list(then if condition else other)
    return [graph.choose(condition, a, b) for a, b in zip(then, other, strict=True)]


def add(graph: Graph, first: Bits, second: Bits, carry: int = FALSE) -> list[int]:
    """The sum, one bit wider than the operands: the last bit is the carry."""
    total = []
    for a, b in zip(first, second, strict=True):
        half = graph.differ(a, b)
        total.append(graph.differ(half, carry))
        carry = graph.disjoin(graph.conjoin(a, b), graph.conjoin(half, carry))
    return [*total, carry]


def subtract(graph: Graph, first: Bits, second: Bits) -> list[int]:
    """The difference, one bit wider: the last bit is one where there was *no* borrow."""
    return add(graph, first, invert(second), TRUE)


def negate(graph: Graph, bits: Bits) -> list[int]:
    """Two's complement, same width."""
    return subtract(graph, constant(0, len(bits)), bits)[:-1]


def equal(graph: Graph, first: Bits, second: Bits) -> int:
    """One literal: whether the vectors are the same."""
    return graph.every(graph.differ(a, b) ^ 1 for a, b in zip(first, second, strict=True))


def less(graph: Graph, first: Bits, second: Bits, *, signed: bool) -> int:
    """One literal: whether ``first`` is less than ``second``."""
    if signed:
        first, second = [*first[:-1], first[-1] ^ 1], [*second[:-1], second[-1] ^ 1]
    below = FALSE
    for a, b in zip(first, second, strict=True):
        below = graph.choose(graph.differ(a, b), b, below)
    return below


def multiply(graph: Graph, first: Bits, second: Bits) -> list[int]:
    """The product modulo two to the width, by shifting and adding; constants cost no gates for their zeros."""
    if number(first) is not None:
        first, second = second, first
    width = len(first)
    total = constant(0, width)
    for shift, bit in enumerate(second):
        if bit != FALSE:
            row = [graph.conjoin(bit, a) for a in first[: width - shift]]
            total[shift:] = add(graph, total[shift:], row)[:-1]
    return total


def divide(graph: Graph, first: Bits, second: Bits, *, signed: bool) -> tuple[list[int], list[int]]:
    """Quotient towards zero and remainder with the sign of ``first``; what a divisor of 0 gives is for the caller."""
    if not signed:
        return _divide(graph, first, second)
    minus, flip = first[-1], graph.differ(first[-1], second[-1])
    quotient, rest = _divide(graph, magnitude(graph, first), magnitude(graph, second))
    return choose(graph, flip, negate(graph, quotient), quotient), choose(graph, minus, negate(graph, rest), rest)


def _divide(graph: Graph, first: Bits, second: Bits) -> tuple[list[int], list[int]]:
    width = len(first)
    rest, quotient, divisor = constant(0, width), [FALSE] * width, [*second, FALSE]
    for position in reversed(range(width)):
        shifted = [first[position], *rest]
        difference = subtract(graph, shifted, divisor)
        quotient[position] = difference[-1]
        rest = choose(graph, difference[-1], difference[:width], shifted[:width])
    return quotient, rest


def magnitude(graph: Graph, bits: Bits) -> list[int]:
    """The absolute value, as a number without a sign."""
    return choose(graph, bits[-1], negate(graph, bits), bits)


def shift_left(graph: Graph, bits: Bits, amount: Bits) -> list[int]:
    """Shifted towards the highest bit by ``amount`` (any width, no sign), zeros shifted in."""
    return shift_right(graph, bits[::-1], amount, FALSE)[::-1]


def shift_right(graph: Graph, bits: Bits, amount: Bits, fill: int) -> list[int]:
    """Shifted towards the lowest bit by ``amount`` (any width, no sign), ``fill`` shifted in."""
    current, width = list(bits), len(bits)
    for stage, bit in enumerate(amount):
        step = 1 << stage if stage < 32 else width
        if bit != FALSE:
            moved = current[step:] + [fill] * min(step, width)
            current = choose(graph, bit, moved, current)
    return current


def pick(graph: Graph, items: Sequence[Bits], position: Bits) -> list[int]:
    """The item at ``position`` (no sign); there must be one for every value that the position can have."""
    level: list[Bits] = list(items)
    for bit in position:
        if len(level) == 1:
            break
        if len(level) % 2:
            level.append(level[-1])
        level = [choose(graph, bit, high, low) for low, high in zip(level[::2], level[1::2], strict=True)]
    return list(level[0])


def decode(graph: Graph, position: Bits, count: int) -> list[int]:
    """One literal for each of the first ``count`` values: whether the position (no sign) has that value."""
    lines, rest = [TRUE], len(position)
    for bit in reversed(position):
        rest -= 1
        lines = [graph.conjoin(line, other) for line in lines for other in (bit ^ 1, bit)]
        del lines[(max(count - 1, 0) >> rest) + 1 :]
    return lines[:count] + [FALSE] * (count - len(lines))
