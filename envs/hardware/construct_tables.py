"""Truth tables and Karnaugh maps to be built, some with outputs that are left open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from selftaught.envs.hardware.construction import (
    Construction,
    Level,
    Signal,
    binary,
    draw_name,
    grid,
    header,
    opening,
    pick,
)

_SIZES: Final = {1: ((2, 2), (1, 1)), 2: ((3, 3), (1, 2)), 3: ((3, 4), (1, 2)), 4: ((4, 5), (2, 3))}
"""Least and most inputs and outputs of a level."""
_OPEN: Final = {1: 0.0, 2: 0.0, 3: 0.1, 4: 0.15}
"""Share of outputs that are left open."""
_LETTERS: Final = (("abcde", "wyz"), ("pqrst", "fgh"), ("xyzvw", "qrs"))
_VECTORS: Final = (("x", "y"), ("in", "out"), ("code", "result"), ("sel", "q"))
_ORDER: Final = ("00", "01", "11", "10")

Rows = list[list[int | None]]
"""For each value of the inputs, the first one highest: every output's bit, or None if it may be either."""


def draw_table(rng: np.random.Generator, level: Level) -> Construction:
    """A table of all values of the inputs; every output takes both values, every input matters."""
    (least, most), (fewest, many) = _SIZES[level]
    inputs, outputs = int(rng.integers(least, most + 1)), int(rng.integers(fewest, many + 1))
    rows = _draw_rows(rng, inputs, outputs, _OPEN[level])
    name = draw_name(rng)
    if inputs in (3, 4) and outputs == 1 and rng.random() < 0.4:
        letters = pick(rng, _LETTERS)
        return _map(rng, name, [Signal(letter) for letter in letters[0][:inputs]], Signal(letters[1][0]), rows)
    one, other = pick(rng, _VECTORS)
    letters = pick(rng, _LETTERS)
    bundled = inputs > 2 and rng.random() < 0.4
    given = [Signal(one, inputs)] if bundled else [Signal(letter) for letter in letters[0][:inputs]]
    wanted = [Signal(other, outputs)] if bundled else [Signal(letter) for letter in letters[1][:outputs]]
    columns = [signal.name for signal in (*given, *wanted)]
    cells = [
        [*_cut(binary(value, inputs), given), *_cut(_marks(rows[value], "-"), wanted)] for value in range(len(rows))
    ]
    words = pick(
        rng,
        (
            "It has no memory. The outputs for all values of the inputs:",
            "The circuit is combinational and does what this truth table says:",
            "For each row of inputs, the outputs are those on the right:",
        ),
    )
    prompt = f"{opening(name, given, wanted, rng)}\n{_left_open(rows)}{words}\n\n{grid(columns, cells, rng)}"
    return Construction("truth table", prompt, _code(name, given, wanted, rows))


def _draw_rows(rng: np.random.Generator, inputs: int, outputs: int, share: float) -> Rows:
    while True:
        bits = rng.integers(2, size=(1 << inputs, outputs))
        free = rng.random(size=bits.shape) < share
        rows: Rows = [
            [None if open_ else int(bit) for bit, open_ in zip(line, opens, strict=True)]
            for line, opens in zip(bits, free, strict=True)
        ]
        if all({0, 1} <= {row[place] for row in rows} for place in range(outputs)) and _all_matter(rows, inputs):
            return rows


def _all_matter(rows: Rows, inputs: int) -> bool:
    """Whether each input changes some output, whatever the open ones are."""
    return all(
        any(
            {*pair} == {0, 1}
            for value, row in enumerate(rows)
            for pair in zip(row, rows[value ^ 1 << bit], strict=True)
        )
        for bit in range(inputs)
    )


def _marks(row: Sequence[int | None], open_: str) -> str:
    return "".join(open_ if bit is None else str(bit) for bit in row)


def _cut(bits: str, signals: Sequence[Signal]) -> list[str]:
    """The digits of all signals, for each its own."""
    return [bits] if len(signals) == 1 else list(bits)


def _left_open(rows: Rows) -> str:
    return "A dash means that the output may be either. " if any(None in row for row in rows) else ""


def _code(name: str, inputs: Sequence[Signal], outputs: Sequence[Signal], rows: Rows) -> str:
    width = sum(signal.width for signal in inputs)
    given, wanted = (
        signals[0].name if len(signals) == 1 else f"{{{', '.join(signal.name for signal in signals)}}}"
        for signals in (inputs, outputs)
    )
    items = [f"{width}'b{binary(value, width)}" for value in range(len(rows) - 1)] + ["default"]
    arms = [f"      {item}: {wanted} = {len(row)}'b{_marks(row, 'x')};" for item, row in zip(items, rows, strict=True)]
    body = "\n".join(arms)
    return f"{header(name, inputs, outputs)}  always @*\n    case ({given})\n{body}\n    endcase\nendmodule\n"


def _map(rng: np.random.Generator, name: str, inputs: Sequence[Signal], output: Signal, rows: Rows) -> Construction:
    """A table with two sides, neighbours in which differ in one input."""
    names = [signal.name for signal in inputs]
    cut = len(names) - 2
    sides = ("0", "1") if cut == 1 else _ORDER
    cells = [[side, *(_marks(rows[int(side + top, 2)], "-") for top in _ORDER)] for side in sides]
    corner = f"{' '.join(names[:cut])} \\ {' '.join(names[cut:])}"
    words = pick(
        rng,
        (
            f"It has no memory. This Karnaugh map gives {output.name}: rows by {' '.join(names[:cut])}, "
            f"columns by {' '.join(names[cut:])}.",
            f"{output.name} is a function of the inputs, given as a map whose corner names the sides.",
        ),
    )
    table = grid([corner, *_ORDER], cells, rng)
    prompt = f"{opening(name, inputs, [output], rng)}\n{_left_open(rows)}{words}\n\n{table}"
    return Construction("truth table", prompt, _code(name, inputs, [output], rows))
