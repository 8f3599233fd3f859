"""State machines to be built from a table or a list of their transitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    needs_reset,
    opening,
    pick,
)

_STATES: Final = {1: (2, 3), 2: (3, 4), 3: (4, 5), 4: (5, 7)}
_INPUT: Final = {1: 1, 2: 1, 3: 2, 4: 2}
"""Most bits of the input at a level; so are the output's."""
_NAMES: Final = (
    "ABCDEFG",
    tuple(f"S{place}" for place in range(7)),
    ("IDLE", "ONE", "TWO", "RUN", "WAIT", "LAST", "END"),
)
_PORTS: Final = (("x", "z"), ("in", "out"), ("d", "q"), ("w", "y"), ("symbol", "action"))


@dataclass(frozen=True, slots=True)
class States:
    """A machine: ``following[state][input]``, and ``outputs[state][input]``, the same for all inputs if ``moore``.

    The first state is that of the reset.
    """

    names: Sequence[str]
    following: list[list[int]]
    outputs: list[list[int]]
    moore: bool


def draw_machine(rng: np.random.Generator, level: Level) -> Construction:
    """A machine whose states can all be reached and told apart by what follows them."""
    given, wanted = pick(rng, _PORTS)
    symbol, action = (Signal(name, int(rng.integers(1, _INPUT[level] + 1))) for name in (given, wanted))
    states = draw_states(rng, level, symbol.width, action.width)
    timing, name = draw_timing(rng, level), draw_name(rng)
    inputs = [*timing.signals(), symbol]
    sort = (
        f"{action.name} depends on the state alone, which makes it a Moore machine."
        if states.moore
        else f"{action.name} depends on the state and on {symbol.name} at the same time, without a register between: "
        "a Mealy machine."
    )
    effect = f"the machine {'is in' if timing.asynchronous else 'goes to'} the state {states.names[0]}"
    words = f"It is a state machine. {timing.words(effect, rng)} {sort} Values are binary."
    shown = _table(states, symbol, action, rng) if rng.random() < 0.5 else _list(states, symbol, action, rng)
    prompt = f"{opening(name, inputs, [action], rng)}\n{words}\n\n{shown}"
    return Construction("state machine", prompt, code(states, timing, name, symbol, action))


def draw_states(rng: np.random.Generator, level: Level, input_width: int, output_width: int) -> States:
    """States, drawn until all are reached from the first, no two behave alike and no input acts as a reset."""
    least, most = _STATES[level]
    count, symbols = int(rng.integers(least, most + 1)), 1 << input_width
    names, moore = pick(rng, _NAMES)[:count], bool(rng.random() < 0.5)
    while True:
        following = rng.integers(count, size=(count, symbols)).tolist()
        drawn = rng.integers(1 << output_width, size=(count, 1 if moore else symbols)).tolist()
        states = States(names, following, [row * symbols if moore else row for row in drawn], moore)
        unused = [[0] * symbols] * ((1 << max(count - 1, 1).bit_length()) - count)
        if len(_reached(states)) == count == _classes(states) and needs_reset([*following, *unused]):
            return states


def _reached(states: States) -> set[int]:
    found, waiting = {0}, [0]
    while waiting:
        new = set(states.following[waiting.pop()]) - found
        found |= new
        waiting += new
    return found


def _classes(states: States) -> int:
    """The number of states that differ in what they put out sooner or later (Moore's refinement)."""
    classes = [tuple(row) for row in states.outputs]
    size = 0
    while len(set(classes)) > size:
        size, numbers = len(set(classes)), {each: place for place, each in enumerate(dict.fromkeys(classes))}
        classes = [
            (numbers[classes[state]], *(numbers[classes[after]] for after in row))
            for state, row in enumerate(states.following)
        ]
    return size


def _table(states: States, symbol: Signal, action: Signal, rng: np.random.Generator) -> str:
    values = [binary(value, symbol.width) for value in range(1 << symbol.width)]
    columns = ["state", *(f"next if {symbol.name}={value}" for value in values)]
    outputs = [[binary(value, action.width) for value in row] for row in states.outputs]
    columns += [action.name] if states.moore else [f"{action.name} if {symbol.name}={value}" for value in values]
    rows = [
        [name, *(states.names[after] for after in row), *(shown[:1] if states.moore else shown)]
        for name, row, shown in zip(states.names, states.following, outputs, strict=True)
    ]
    return grid(columns, rows, rng)


def _list(states: States, symbol: Signal, action: Signal, rng: np.random.Generator) -> str:
    """A line for each state; what leads to the same state is told together."""
    lines = []
    for name, row, outputs in zip(states.names, states.following, states.outputs, strict=True):
        facts = [f"{action.name} is {binary(outputs[0], action.width)}"] if states.moore else []
        goals: dict[tuple[int, int | None], list[str]] = {}
        for value, (after, output) in enumerate(zip(row, outputs, strict=True)):
            goals.setdefault((after, None if states.moore else output), []).append(binary(value, symbol.width))
        for (after, told), values in goals.items():
            goal = "stay" if states.names[after] == name else f"go to {states.names[after]}"
            shown = "" if told is None else f" with {action.name} {binary(told, action.width)}"
            facts.append(f"on {symbol.name} {' or '.join(values)} {goal}{shown}")
        lines.append(f"{pick(rng, ('In', 'State'))} {name}: {'; '.join(facts)}.")
    return "\n".join(lines)


def code(states: States, timing: Timing, name: str, symbol: Signal, action: Signal) -> str:
    """The machine in Verilog, its states numbered in order."""
    register = Signal("state", max((len(states.names) - 1).bit_length(), 1))
    numbers = ", ".join(f"{each} = {register.width}'d{place}" for place, each in enumerate(states.names))
    ports = ", ".join([*(f"input {signal.range}{signal.name}" for signal in (*timing.signals(), symbol))])
    moves = _cases(states.following, symbol, lambda after: f"following = {states.names[after]};", states.names)
    shown = _cases(states.outputs, symbol, lambda value: f"{action.name} = {action.number(value)};", states.names)
    return (
        f"module {name}({ports}, output reg {action.range}{action.name});\n"
        f"  localparam {numbers};\n"
        f"  reg {register.range}state, following;\n"
        f"{timing.process()} state <= {states.names[0]};\n    else state <= following;\n"
        f"  always @* begin\n    following = {states.names[0]};\n{moves}  end\n"
        f"  always @* begin\n    {action.name} = {action.number(0)};\n{shown}  end\nendmodule\n"
    )


def _cases(table: Sequence[Sequence[int]], symbol: Signal, assign: Callable[[int], str], names: Sequence[str]) -> str:
    """A case over the states; within, one over the input where it matters."""
    lines = ["    case (state)"]
    for name, row in zip(names, table, strict=True):
        if len(set(row)) == 1:
            lines.append(f"      {name}: {assign(row[0])}")
        elif symbol.width == 1:
            lines.append(f"      {name}: if ({symbol.name}) {assign(row[1])} else {assign(row[0])}")
        else:
            lines.append(f"      {name}: case ({symbol.name})")
            items = [*(symbol.number(value) for value in range(len(row) - 1)), "default"]
            lines += [f"        {item}: {assign(value)}" for item, value in zip(items, row, strict=True)]
            lines.append("      endcase")
    return "\n".join([*lines, "      default: ;", "    endcase", ""])
