"""Waveforms to be built from: samples of a design of a class that the prompt names, and of no other design of it.

A function is shown for all values of its inputs, and a register whose value is all of its memory after every value and
input that it can meet: that determines them by itself. Counters and shift registers are drawn from small classes; every
member of the class is run beside the samples, and only samples that all members but one (told apart by what they do)
contradict make a task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from selftaught.envs.hardware.construction import (
    Construction,
    Level,
    Signal,
    Timing,
    binary,
    draw_name,
    draw_timing,
    grid,
    header,
    needs_reset,
    opening,
    pick,
)

_SHORTEST, _LONGEST = 6, 48
"""Samples of a waveform."""
_RESETS: Final = 0.06
"""How often the reset comes again."""

Sample = tuple[int, int, int | None]
"""Whether the reset is active, the input, and the register's value before the edge; None if it is not
known, or hidden by an asynchronous reset."""


@dataclass(frozen=True, slots=True)
class Member:
    """A design of a class: the value after a reset, and the next value by value and input."""

    start: int
    following: tuple[tuple[int, ...], ...]

    def reached(self) -> dict[int, tuple[int, ...]]:
        """What it does: the next values from all that it can come to."""
        found: dict[int, tuple[int, ...]] = {}
        waiting = [self.start]
        while waiting:
            value = waiting.pop()
            if value not in found:
                found[value] = self.following[value]
                waiting += self.following[value]
        return found


@dataclass(frozen=True, slots=True)
class Family:
    """A class of designs with its words: ``golden`` is one member, ``code`` its clocked branch, ``others`` all of them.

    ``others`` is None where samples that cover all that a member can meet are enough.
    """

    golden: Member
    words: str
    code: str
    others: Callable[[], Iterator[Member]] | None = None


def draw_waveform(rng: np.random.Generator, level: Level) -> Construction:
    """A waveform that only one behaviour of its class has."""
    if level == 1 or (level == 2 and rng.random() < 0.3):
        return _function(rng, level)
    timing, name = draw_timing(rng, level), draw_name(rng)
    register = Signal(pick(rng, ("q", "r", "value")), {2: 2, 3: 3, 4: 4}[level])
    draw = pick(rng, (_draw_register, _draw_counter, _draw_counter if level == 2 else _draw_shift))
    if draw is _draw_register:
        register = Signal(register.name, min(register.width, 2) if level > 2 else 1)
    given = Signal(pick(rng, ("d", "en", "go")), 2 if draw is _draw_register and level == 4 else 1)
    while True:
        family = draw(rng, register, given)
        if len(family.golden.reached()) < 1 << register.width and not needs_reset(family.golden.following):
            continue
        samples = determined(family, _samples(rng, family.golden, given, timing))
        if samples is not None:
            break
    columns = [timing.reset, given.name, register.name]
    unknown = binary(family.golden.start, register.width) if timing.asynchronous else "-" * register.width
    rows = [
        [
            str(int(active != timing.low)),
            binary(value, given.width),
            unknown if state is None else binary(state, register.width),
        ]
        for active, value, state in samples
    ]
    effect = f"{register.name} {'is' if timing.asynchronous else 'becomes'} a fixed value"
    edge = "falling" if timing.falling else "rising"
    words = (
        f"{timing.words(effect, rng)} {family.words}\n"
        f"Values are binary{'' if timing.asynchronous else ', and a dash is a bit that is not known yet'}. "
        f"{pick(rng, _EXPLAINED).format(edge=edge, clock=timing.clock)}"
    )
    inputs = [*timing.signals(), given]
    prompt = f"{opening(name, inputs, [register], rng)}\n{words}\n\n{_drawn(columns, rows, rng)}"
    start = f"{register.name} <= {register.number(family.golden.start)};"
    body = f"{timing.process()} {start}\n    else {family.code}\nendmodule\n"
    return Construction("waveform", prompt, header(name, inputs, [register]) + body)


_EXPLAINED: Final = (
    "The samples were taken just before each {edge} edge of {clock}, one after the other:",
    "Below are the signals right before every {edge} edge of {clock}, in order:",
    "One sample was taken before each {edge} edge of {clock}; the first is number 0:",
)


def _drawn(columns: Sequence[str], rows: Sequence[Sequence[str]], rng: np.random.Generator) -> str:
    """The samples beneath each other, or side by side with a line for each signal."""
    if rng.random() < 0.5:
        return grid(["number", *columns], [[str(place), *row] for place, row in enumerate(rows)], rng)
    width = max(len(name) for name in columns)
    return "\n".join(
        f"{name.ljust(width)} : {' '.join(row[place] for row in rows)}" for place, name in enumerate(columns)
    )


def determined(family: Family, samples: Sequence[Sample]) -> Sequence[Sample] | None:
    """The first samples that only members of the class show that do the same as the golden one; None if all do not do.

    Without ``others``: whether all that the golden one can meet was met.
    """
    wanted = family.golden.reached()
    if family.others is None:
        met = {
            (state, value)
            for (active, value, state), (_, _, after) in pairwise(samples)
            if state is not None and after is not None and not active
        }
        every = all((value, given) in met for value, row in wanted.items() for given in range(len(row)))
        return samples if every else None
    members = [member for member in family.others() if member.reached() != wanted]
    for count in range(_SHORTEST, len(samples) + 1):
        members = [member for member in members if shows(member, samples[:count])]
        if not members:
            return samples[:count]
    return None


def shows(member: Member, samples: Sequence[Sample]) -> bool:
    """Whether a design has these samples."""
    value: int | None = None
    for active, given, state in samples:
        if state is not None and value != state:
            return False  # where it is hidden, a reset makes all members alike
        value = member.start if active else None if value is None else member.following[value][given]
    return True


def _samples(rng: np.random.Generator, member: Member, given: Signal, timing: Timing) -> list[Sample]:
    """A run with inputs that lead to what was not met yet."""
    left = {(value, symbol) for value, row in member.reached().items() for symbol in range(len(row))}
    samples: list[Sample] = []
    value: int | None = None
    last: set[tuple[int, int]] = set()
    spare = int(rng.integers(3))
    while (left or spare) and len(samples) < _LONGEST:
        spare -= not left
        stuck = value is not None and not any((value, symbol) in left for symbol in range(1 << given.width))
        active = value is None or bool(rng.random() < (0.3 if stuck else _RESETS))
        new = [symbol for symbol in range(1 << given.width) if (value, symbol) in left]
        symbol = pick(rng, new) if new else int(rng.integers(1 << given.width))
        hidden = active and timing.asynchronous
        samples.append((int(active), symbol, None if hidden else value))
        if not hidden:
            left -= last
        last = set() if active or value is None else {(value, symbol)}
        value = member.start if active or value is None else member.following[value][symbol]
    return [*samples, (0, int(rng.integers(1 << given.width)), value)]


def _draw_register(rng: np.random.Generator, register: Signal, given: Signal) -> Family:
    """Any next value for any value and input."""
    size, symbols = 1 << register.width, 1 << given.width
    while True:
        table = rng.integers(size, size=(size, symbols)).tolist()
        golden = Member(int(rng.integers(size)), tuple(map(tuple, table)))
        reached = golden.reached()
        if len(reached) == size and any(len(set(row)) > 1 for row in table):
            break
    lines = ["case ({" + f"{register.name}, {given.name}" + "})"]
    items = [(value, symbol) for value in range(size) for symbol in range(symbols)]
    width = register.width + given.width
    for value, symbol in items:
        item = f"{width}'b{binary(value, register.width)}{binary(symbol, given.width)}"
        item = "default" if (value, symbol) == items[-1] else item
        lines.append(f"      {item}: {register.name} <= {register.number(table[value][symbol])};")
    words = (
        f"{register.name} is a register and all the memory there is: its next value depends on its value and on "
        f"{given.name} at the edge, in whatever way the samples show."
    )
    return Family(golden, words, "\n".join([*lines, "    endcase"]))


def _draw_counter(rng: np.random.Generator, register: Signal, given: Signal) -> Family:
    """A counter with one jump."""
    size = 1 << register.width
    while True:
        up, level = bool(rng.random() < 0.6), int(rng.random() < 0.7)
        last, first = (int(value) for value in rng.integers(size, size=2))
        start = pick(rng, (first, first, int(rng.integers(size))))
        golden = _counter(size, 1 if up else -1, level, last, first, start)
        reached = golden.reached()
        if len(reached) > 2 and last in reached and first != (last + (1 if up else -1)) % size:
            break
    words = (
        f"{register.name} is a counter. It counts at edges where {given.name} has a certain one of its two values and "
        f"keeps its value at the others. It counts by one, either always up or always down (modulo {size}), but after "
        f"a certain value L it goes on with a certain value F instead."
    )
    step = f"{register.name} {'+' if up else '-'} {register.width}'d1"
    asked = given.name if level else f"!{given.name}"
    jump = f"{register.name} == {register.number(last)} ? {register.number(first)} : {step}"
    code = f"if ({asked}) {register.name} <= {jump};"

    def others() -> Iterator[Member]:
        for way in (1, -1):
            for active in (0, 1):
                for end in range(size):
                    for goal in range(size):
                        yield _counter(size, way, active, end, goal, start)

    return Family(golden, words, code, others)


def _counter(size: int, way: int, active: int, last: int, first: int, start: int) -> Member:
    following = []
    for value in range(size):
        after = first if value == last else (value + way) % size
        following.append((value, after) if active else (after, value))
    return Member(start, tuple(following))


def _draw_shift(rng: np.random.Generator, register: Signal, given: Signal) -> Family:
    """A shift register whose new bit is the exclusive or of the input and some of its bits."""
    width = register.width
    left, taps, start = bool(rng.random() < 0.5), int(rng.integers(1 << width)), int(rng.integers(1 << width))
    words = (
        f"{register.name} is a shift register: at every edge all of its bits move one place, either always to the next "
        f"higher or always to the next lower number, and the bit that becomes free is the exclusive or of {given.name} "
        f"and a certain set of the bits of {register.name} before the edge (perhaps of none)."
    )
    terms = [f"{register.name}[{bit}]" for bit in range(width) if taps >> bit & 1]
    new = " ^ ".join([given.name, *terms])
    kept = f"{register.name}[{width - 2}:0], {new}" if left else f"{new}, {register.name}[{width - 1}:1]"

    def others() -> Iterator[Member]:
        for way in (False, True):
            for chosen in range(1 << width):
                yield _shift(width, chosen, start, left=way)

    return Family(_shift(width, taps, start, left=left), words, f"{register.name} <= {{{kept}}};", others)


def _shift(width: int, taps: int, start: int, *, left: bool) -> Member:
    following = []
    for value in range(1 << width):
        bits = [given ^ (value & taps).bit_count() & 1 for given in (0, 1)]
        if left:
            following.append(tuple((value << 1 | bit) & (1 << width) - 1 for bit in bits))
        else:
            following.append(tuple(value >> 1 | bit << width - 1 for bit in bits))
    return Member(start, tuple(following))


def _function(rng: np.random.Generator, level: Level) -> Construction:
    """A function without a clock, shown for all values of its inputs."""
    count = 2 if level == 1 else 3
    inputs = [Signal(letter) for letter in pick(rng, ("abc", "xyz", "pqr"))[:count]]
    output, name = Signal(pick(rng, ("f", "out", "s"))), draw_name(rng)
    while True:
        values = rng.integers(2, size=1 << count).tolist()
        if all(any(values[at] != values[at ^ 1 << bit] for at in range(1 << count)) for bit in range(count)):
            break
    order = [*rng.permutation(1 << count).tolist(), *rng.integers(1 << count, size=2).tolist()]
    rows = [[*binary(at, count), str(values[at])] for at in order]
    columns = [*(signal.name for signal in inputs), output.name]
    words = (
        f"{output.name} depends on nothing but the inputs at the same moment. All values that they can have together "
        f"are among these samples, which were taken one after the other:"
    )
    prompt = f"{opening(name, inputs, [output], rng)}\n{words}\n\n{_drawn(columns, rows, rng)}"
    terms = [
        "".join(
            f"{'&' if place else ''}{'' if bit == '1' else '~'}{inputs[place].name}" for place, bit in enumerate(row)
        )
        for row in (binary(at, count) for at in range(1 << count) if values[at])
    ]
    body = f"  always @* {output.name} = {' | '.join(terms).replace('&', ' & ')};\nendmodule\n"
    return Construction("waveform", prompt, header(name, inputs, [output]) + body)
