"""Words: vectors of literals, with what is known of each bit, and Verilog's operators on them.

Inputs and registers hold zeros and ones. Only a design's own text brings in x: a literal, a select out of range, a
division by zero. Each bit therefore carries a second literal, true where the bit is not x, and operators treat it as
the language's standard does, or give up (``Unsupported``) where tools disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from selftaught.envs.hardware import vectors
from selftaught.envs.hardware.graph import FALSE, TRUE, Graph, Unsupported
from selftaught.envs.hardware.vectors import Bits

WIDEST = 4096
"""Bits of a word, memories included."""


@dataclass(frozen=True, slots=True)
class Word:
    """``bits`` lowest first; ``known`` is None where no bit is ever x, else a literal for each bit."""

    bits: Bits
    known: Bits | None = None

    def slice(self, low: int, width: int) -> Word:
        """``width`` bits from ``low`` on, all of them inside."""
        return Word(self.bits[low : low + width], None if self.known is None else self.known[low : low + width])

    def care(self) -> Bits:
        """The literals of ``known``, spelled out."""
        return [TRUE] * len(self.bits) if self.known is None else self.known


def number(value: int, width: int) -> Word:
    """A constant, modulo two to the width."""
    check_width(width)
    return Word(vectors.constant(value, width))


def unknown(width: int) -> Word:
    """All x."""
    check_width(width)
    return Word([FALSE] * width, [FALSE] * width)


def check_width(width: int) -> None:
    """Raises ``Unsupported`` if a word of this width is more than can be worked on."""
    if width > WIDEST:
        raise Unsupported(f"a value of {width} bits is wider than {WIDEST}")


def word(bits: Bits, known: Bits) -> Word:
    """A word whose ``known`` is dropped if it is true everywhere."""
    return Word(bits, None if all(literal == TRUE for literal in known) else known)


def join(parts: Iterable[Word]) -> Word:
    """Words side by side, the lowest first."""
    parts = list(parts)
    bits = [bit for part in parts for bit in part.bits]
    check_width(len(bits))
    if all(part.known is None for part in parts):
        return Word(bits)
    return word(bits, [literal for part in parts for literal in part.care()])


def choose(graph: Graph, condition: int, then: Word, other: Word) -> Word:
    """``then`` where the condition holds, else ``other``."""
    bits = vectors.choose(graph, condition, then.bits, other.bits)
    if then.known is None and other.known is None:
        return Word(bits)
    return word(bits, vectors.choose(graph, condition, then.care(), other.care()))


def resize(graph: Graph, value: Word, width: int, *, signed: bool, two_state: bool) -> Word:
    """Cut or extended to ``width``; x becomes 0 in a type of two states."""
    check_width(width)
    bits, known = list(value.bits[:width]), None if value.known is None else list(value.known[:width])
    more = width - len(bits)
    if more > 0:
        bits += [bits[-1] if signed else FALSE] * more
        if known is not None:
            known += [known[-1] if signed else TRUE] * more
    if known is None:
        return Word(bits)
    if two_state:
        return Word([graph.conjoin(bit, literal) for bit, literal in zip(bits, known, strict=True)])
    return word(bits, known)


def whole(value: Word, reason: str) -> Bits:
    """The bits of a word that must not hold x here."""
    if value.known is not None:
        raise Unsupported(f"{reason} may be x")
    return value.bits


def truth(graph: Graph, value: Word) -> Word:
    """One bit: whether any bit is one."""
    return fold(graph, value, either)


def both(graph: Graph, first: Word, second: Word) -> Word:
    """Bitwise and: a known zero on one side makes a known zero."""
    bits = [graph.conjoin(a, b) for a, b in zip(first.bits, second.bits, strict=True)]
    if first.known is None and second.known is None:
        return Word(bits)
    known = []
    for a, b, sure_a, sure_b in zip(first.bits, second.bits, first.care(), second.care(), strict=True):
        zero = graph.disjoin(graph.conjoin(sure_a, a ^ 1), graph.conjoin(sure_b, b ^ 1))
        known.append(graph.disjoin(graph.conjoin(sure_a, sure_b), zero))
    return word(bits, known)


def inverse(value: Word) -> Word:
    """Bitwise not."""
    return Word(vectors.invert(value.bits), value.known)


def either(graph: Graph, first: Word, second: Word) -> Word:
    """Bitwise or."""
    return inverse(both(graph, inverse(first), inverse(second)))


def differ(graph: Graph, first: Word, second: Word) -> Word:
    """Bitwise exclusive or."""
    bits = [graph.differ(a, b) for a, b in zip(first.bits, second.bits, strict=True)]
    if first.known is None and second.known is None:
        return Word(bits)
    return word(bits, [graph.conjoin(a, b) for a, b in zip(first.care(), second.care(), strict=True)])


def fold(graph: Graph, value: Word, operation: Callable[[Graph, Word, Word], Word]) -> Word:
    """A reduction operator: one bit."""
    return reduce(lambda a, b: operation(graph, a, b), (value.slice(place, 1) for place in range(len(value.bits))))


def strict(graph: Graph, operands: Sequence[Word], bits: Bits, *, also: int = TRUE) -> Word:
    """``bits`` as the result of an operator that gives all x as soon as one bit of an operand is x, or not ``also``."""
    sure = graph.every([also, *(literal for operand in operands for literal in operand.known or ())])
    return Word(bits) if sure == TRUE else Word(bits, [sure] * len(bits))


def shift(graph: Graph, value: Word, amount: Word, *, left: bool, fill_sign: bool) -> Word:
    """A shift by a word without a sign; x moves along with its bit."""
    if left:
        bits = vectors.shift_left(graph, value.bits, amount.bits)
    else:
        bits = vectors.shift_right(graph, value.bits, amount.bits, value.bits[-1] if fill_sign else FALSE)
    if value.known is not None:
        raise Unsupported("a shifted value may be x")
    return strict(graph, [amount], bits)


def spelled(bits: Sequence[tuple[int, int]], known: Sequence[tuple[int, int]]) -> str:
    """A value as text, the highest bit first, x where a bit is not known; pairs say whether one, and whether zero."""
    marks = {(1, 0): "1", (0, 1): "0", (0, 0): "x"}
    return "".join(marks[bit] if sure[0] else "x" for bit, sure in zip(reversed(bits), reversed(known), strict=True))
