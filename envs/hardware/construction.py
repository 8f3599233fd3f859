"""What every constructed task is made of: ports, a reset, tables of values, and the words for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

import numpy as np

from selftaught.envs.hardware.resets import CYCLES

Kind = Literal["truth table", "state machine", "waveform"]
Level = Literal[1, 2, 3, 4]
_Choice = TypeVar("_Choice")

_MODULES: Final = ("top", "unit", "block", "design_1", "solution", "circuit", "part_a", "core")
_OPENINGS: Final = (
    "Write a Verilog module named {}. Its ports are exactly these:",
    "The module {} in Verilog has these ports and no others:",
    "Give a Verilog module called {} with the following ports:",
    "A module {} is wanted, in Verilog. These are all of its ports:",
)
_PORTS: Final = ("- {0}: {1}, {2}", "- {1} {0} ({2})", "- {0} is an {1} of {2}")


@dataclass(frozen=True, slots=True)
class Construction:
    """A design that is told by its behaviour: what to build, in words and tables, and code that does it."""

    kind: Kind
    prompt: str
    golden: str


@dataclass(frozen=True, slots=True)
class Signal:
    """A port."""

    name: str
    width: int = 1

    @property
    def range(self) -> str:
        """The range in a declaration, with a blank after it; nothing for one bit."""
        return f"[{self.width - 1}:0] " if self.width > 1 else ""

    def number(self, value: int) -> str:
        """A value as a literal of this width."""
        return f"{self.width}'b{value:0{self.width}b}"


@dataclass(frozen=True, slots=True)
class Timing:
    """How a machine is clocked and reset."""

    clock: str
    reset: str
    falling: bool
    asynchronous: bool
    low: bool

    def signals(self) -> list[Signal]:
        """Clock and reset as inputs."""
        return [Signal(self.clock), Signal(self.reset)]

    def words(self, effect: str, rng: np.random.Generator) -> str:
        """A few sentences for a prompt; ``effect`` is what a reset does (``q becomes 3``)."""
        edge, level = "falling" if self.falling else "rising", int(not self.low)
        clock = pick(
            rng, (f"Registers change on the {edge} edge of {self.clock}.", f"The clock is {self.clock}, {edge} edge.")
        )
        if self.asynchronous:
            text = f"{clock} The reset, {self.reset}, is asynchronous: as long as it is {level}, {effect}."
        else:
            text = f"{clock} The reset, {self.reset}, is synchronous: at an edge where it is {level}, {effect}."
        return f"{text} What comes before the first reset does not matter."

    def process(self) -> str:
        """The head of a process with its ``if`` for the reset."""
        event = f"{'negedge' if self.falling else 'posedge'} {self.clock}"
        if self.asynchronous:
            event += f" or {'negedge' if self.low else 'posedge'} {self.reset}"
        return f"  always @({event})\n    if ({'!' if self.low else ''}{self.reset})"


def draw_timing(rng: np.random.Generator, level: Level) -> Timing:
    """A clock and a reset; falling edges from level 3 on, asynchronous resets from level 2 on."""
    low = bool(rng.random() < 0.4)
    name = pick(rng, ("rst_n", "reset_n", "resetn") if low else ("rst", "reset", "clear"))
    falling, asynchronous = bool(level >= 3 and rng.random() < 0.2), bool(level >= 2 and rng.random() < 0.5)
    return Timing(pick(rng, ("clk", "clock", "ck")), name, falling, asynchronous, low)


def needs_reset(following: Sequence[Sequence[int]]) -> bool:
    """Whether no constant input brings a machine from every state to the same one within ``CYCLES``.

    If one does, that is a reset too, and a design would be held to what it does after it, from states that the prompt
    says nothing of. ``following[state][input]`` has all that the register can hold.
    """
    for column in zip(*following, strict=True):
        states = set(range(len(following)))
        for _ in range(CYCLES):
            states = {column[state] for state in states}
        if len(states) == 1:
            return False
    return True


def pick(rng: np.random.Generator, choices: Sequence[_Choice]) -> _Choice:
    """One of several."""
    return choices[int(rng.integers(len(choices)))]


def draw_name(rng: np.random.Generator) -> str:
    """The name of a module."""
    return pick(rng, _MODULES)


def opening(name: str, inputs: Sequence[Signal], outputs: Sequence[Signal], rng: np.random.Generator) -> str:
    """The start of a prompt: the module's name and all of its ports."""
    form, lines = pick(rng, _PORTS), [pick(rng, _OPENINGS).format(name)]
    for direction, signals in (("input", inputs), ("output", outputs)):
        for signal in signals:
            width = "1 bit" if signal.width == 1 else f"{signal.width} bits, numbered {signal.width - 1} down to 0"
            lines.append(form.format(signal.name, direction, width))
    return "\n".join(lines)


def header(name: str, inputs: Sequence[Signal], outputs: Sequence[Signal]) -> str:
    """The head of the module in code; outputs are variables."""
    ports = [f"input {signal.range}{signal.name}" for signal in inputs]
    ports += [f"output reg {signal.range}{signal.name}" for signal in outputs]
    return f"module {name}({', '.join(ports)});\n"


def grid(columns: Sequence[str], rows: Sequence[Sequence[str]], rng: np.random.Generator) -> str:
    """A table: with bars, or in columns of even width."""
    widths = [max(len(row[place]) for row in (columns, *rows)) for place in range(len(columns))]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in (columns, *rows)]
    if rng.random() < 0.5:
        rule = ["-" * width for width in widths]
        return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))
    return "\n".join("  ".join(line).rstrip() for line in lines)


def binary(value: int, width: int) -> str:
    """A value in bits, the highest first."""
    return f"{value:0{width}b}"
