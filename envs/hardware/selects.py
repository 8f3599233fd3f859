"""Bit, part and element selects, constant or not, of values and of what is assigned to."""

from __future__ import annotations

from dataclasses import dataclass

from selftaught.envs.hardware import vectors
from selftaught.envs.hardware.graph import FALSE, TRUE, Graph, Unsupported
from selftaught.envs.hardware.words import Word, choose, join, unknown, whole, word


@dataclass(frozen=True, slots=True)
class Step:
    """One select: of ``count`` items of ``unit`` bits, ``span`` of them from ``start`` on.

    ``start`` is a number, or a word for which ``signed`` says how it reads; the first item's position is 0.
    """

    count: int
    unit: int
    span: int
    start: int | Word
    signed: bool = False

    @property
    def width(self) -> int:
        """Bits that are selected."""
        return self.span * self.unit


def extended(value: Word, *, signed: bool, width: int) -> list[int]:
    """The bits of an index, at ``width`` or wider."""
    bits = list(whole(value, "an index"))
    return bits + [bits[-1] if signed else FALSE] * (width - len(bits))


def shifted_start(graph: Graph, index: Word, *, signed: bool, offset: int, minus: bool) -> tuple[Word, bool]:
    """``index + offset``, or ``offset - index``, wide enough to be exact, and whether it has a sign now."""
    if offset == 0 and not minus:
        return index, signed
    width = max(len(index.bits), offset.bit_length()) + 2
    bits, other = extended(index, signed=signed, width=width), vectors.constant(offset, width)
    total = vectors.subtract(graph, other, bits) if minus else vectors.add(graph, bits, other)
    return Word(total[:width]), True


def read(graph: Graph, value: Word, step: Step) -> Word:
    """What the select gives; x for what is out of range."""
    if isinstance(step.start, int):
        return _read_constant(value, step, step.start)
    if step.span == 1:
        return _read_item(graph, value, step, step.start)
    padded, amount = _window(graph, step, step.start)
    margin = [FALSE] * padded
    bits = vectors.shift_right(graph, [*margin, *value.bits, *[FALSE] * step.span], amount, FALSE)[: step.span]
    if not padded and (1 << len(amount)) - 1 + step.span <= step.count and value.known is None:
        return Word(bits)
    care = [*margin, *value.care(), *[FALSE] * step.span]
    return word(bits, vectors.shift_right(graph, care, amount, FALSE)[: step.span])


def write(graph: Graph, old: Word, step: Step, value: Word) -> Word:
    """The old value with ``value`` in the place selected; what is out of range is not written."""
    if isinstance(step.start, int):
        low, size = step.start * step.unit, step.count * step.unit
        first, last = max(low, 0), min(low + step.width, size)
        if first >= last:
            return old
        return join([old.slice(0, first), value.slice(first - low, last - first), old.slice(last, size - last)])
    if step.span == 1:
        return _write_item(graph, old, step, step.start, value)
    padded, amount = _window(graph, step, step.start)
    size = padded + step.count
    hit = vectors.shift_left(graph, _fit([TRUE] * step.span, size), amount)[padded:]
    bits = vectors.shift_left(graph, _fit(value.bits, size), amount)[padded:]
    new = [graph.choose(*three) for three in zip(hit, bits, old.bits, strict=True)]
    if old.known is None and value.known is None:
        return Word(new)
    care = vectors.shift_left(graph, _fit(value.care(), size), amount)[padded:]
    return word(new, [graph.choose(*three) for three in zip(hit, care, old.care(), strict=True)])


def _fit(bits: vectors.Bits, width: int) -> list[int]:
    return [*bits[:width], *[FALSE] * (width - len(bits))]


def _read_constant(value: Word, step: Step, start: int) -> Word:
    low, size = start * step.unit, step.count * step.unit
    first, last = max(low, 0), min(low + step.width, size)
    if first >= last:
        return unknown(step.width)
    if last - first == step.width:
        return value.slice(low, step.width)
    return join([unknown(first - low), value.slice(first, last - first), unknown(low + step.width - last)])


def _position(graph: Graph, step: Step, start: Word) -> tuple[list[int], int]:
    """The position of one item without a sign, and the literal of its being in range."""
    needed = max((step.count - 1).bit_length(), 1)
    bits = extended(start, signed=step.signed, width=len(start.bits))
    if not step.signed and 1 << len(bits) <= step.count:
        return bits, TRUE
    wide = extended(start, signed=step.signed, width=max(len(bits), needed + 1))
    below = vectors.less(graph, wide, vectors.constant(step.count, len(wide)), signed=False)
    return wide[:needed], below


def _read_item(graph: Graph, value: Word, step: Step, start: Word) -> Word:
    place, inside = _position(graph, step, start)
    parts = [value.slice(item * step.unit, step.unit) for item in range(step.count)]
    bits = vectors.pick(graph, [part.bits for part in parts], place)
    if value.known is None:
        return Word(bits) if inside == TRUE else Word(bits, [inside] * step.unit)
    care = vectors.pick(graph, [part.care() for part in parts], place)
    return word(bits, [graph.conjoin(inside, literal) for literal in care])


def _write_item(graph: Graph, old: Word, step: Step, start: Word, value: Word) -> Word:
    place, inside = _position(graph, step, start)
    parts = []
    for item, line in enumerate(vectors.decode(graph, place, step.count)):
        before = old.slice(item * step.unit, step.unit)
        parts.append(choose(graph, graph.conjoin(line, inside), value, before))
    return join(parts)


def _window(graph: Graph, step: Step, start: Word) -> tuple[int, list[int]]:
    """How many items of padding go below, and by how much to shift then, without a sign."""
    if step.unit != 1:
        raise Unsupported("a range of elements at an index that is not constant")
    if not step.signed:
        return 0, extended(start, signed=False, width=len(start.bits))
    padded = step.count + step.span
    width = max(len(start.bits), padded.bit_length()) + 2
    # Below -padded the sum is negative, which reads as a shift far out of range: nothing is selected there.
    total = vectors.add(graph, extended(start, signed=True, width=width), vectors.constant(padded, width))
    return padded, total[:width]
