"""A module under construction: ports, signals and statements, with names, widths and style that are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "data": ("a", "b", "din", "data", "x", "in", "d", "value", "word", "left"),
    "enable": ("en", "enable", "ce", "valid", "go", "run"),
    "load": ("load", "ld", "set", "start"),
    "select": ("sel", "mode", "op", "which", "addr"),
    "bit": ("bit_in", "s", "sin", "flag_in", "button", "req"),
    "out": ("y", "out", "result", "dout", "z", "res"),
    "flag": ("flag", "full", "done", "hit", "ready", "valid_out"),
    "state": ("q", "count", "r", "acc", "stage", "reg_q"),
    "wire": ("t", "next", "sum", "mid", "w", "part"),
}
_TINY: Final[Mapping[str, tuple[str, ...]]] = {
    "data": ("a", "b", "c"),
    "enable": ("en",),
    "load": ("s",),
    "select": ("s",),
    "bit": ("a", "b", "c"),
    "out": ("y", "z"),
    "flag": ("z", "y"),
    "state": ("q", "r"),
    "wire": ("t", "u"),
}
_WIDTHS: Final = (2, 3, 4, 4, 5, 6, 8, 8, 8, 10, 12, 16)


@dataclass(slots=True)
class Sheet:
    """Grows as blocks are put on it; ``text`` is the module.

    Inputs of later blocks may be outputs of earlier ones of the same width, never the other way round, so that there
    are no loops.
    """

    random: np.random.Generator
    tiny: bool = False
    ports: list[str] = field(default_factory=list)
    signals: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    made: list[tuple[str, int]] = field(default_factory=list)
    fresh: list[tuple[str, int]] = field(default_factory=list)
    clock: str = ""
    reset: str = ""
    asynchronous: bool = False

    def flip(self, chance: float = 0.5) -> bool:
        """Whether something is so."""
        return bool(self.random.random() < chance)

    def pick(self, *options: str) -> str:
        """One of these."""
        return options[int(self.random.integers(len(options)))]

    def number(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.random.integers(low, high + 1))

    def width(self, most: int = 16) -> int:
        """Bits of a signal."""
        if self.tiny:
            return self.number(2, min(4, most))
        fitting = [width for width in _WIDTHS if width <= most]
        return fitting[self.number(0, len(fitting) - 1)]

    def input(self, role: str, width: int = 1) -> str:
        """A signal to work on: a new input, or what an earlier block made."""
        fitting = [name for name, of in self.made if of == width]
        if fitting and self.flip(0.5):
            return self.pick(*fitting)
        name = self._name(role)
        self.ports.append(f"input {vector(width)}{name}")
        return name

    def output(self, role: str, width: int = 1, *, reg: bool = False) -> str:
        """A new output; ``reg`` if a process assigns it."""
        name = self._name(role)
        self.ports.append(f"output {'reg ' * reg}{vector(width)}{name}")
        self.fresh.append((name, width))
        return name

    def settle(self) -> None:
        """A block is done: later ones may work on its outputs."""
        self.made += self.fresh
        self.fresh = []

    def local(self, role: str, width: int = 1, *, reg: bool = False) -> str:
        """A new signal inside."""
        name = self._name(role)
        self.signals.append(f"{'reg' if reg else 'wire'} {vector(width)}{name};")
        return name

    def assign(self, target: str, value: str) -> None:
        """A continuous assignment."""
        self.body.append(f"assign {target} = {value};")

    def always(self, *lines: str) -> None:
        """A process for whatever its inputs are."""
        self.body += [f"always @{self.pick('*', '(*)')} begin", *indented(lines), "end"]

    def clocked(self, before: Sequence[str], after: Sequence[str], *, chain: bool = True) -> None:
        """A process at the clock's edge, with one clock and reset for the whole module.

        ``before`` is done in reset, ``after`` otherwise; a first ``if`` of it goes on from the reset's, unless it is no
        ``chain``.
        """
        if not self.clock:
            self.clock = "clk" if self.tiny else self.pick("clk", "clk", "clock", "clk_i")
            self.reset = self.pick("rst", "rst_n") if self.tiny else self.pick("rst", "reset", "rst_n", "resetn")
            self.asynchronous = not self.tiny and self.flip(0.4)
            self.ports[:0] = [f"input {self.clock}", f"input {self.reset}"]
            self.names |= {self.clock, self.reset}
        low = self.reset.endswith("n")
        edge = f" or {'negedge' if low else 'posedge'} {self.reset}" if self.asynchronous else ""
        rest = [f"else {after[0]}", *after[1:]] if chain and after[0].startswith("if ") else under("else", after)
        self.body += [
            f"always @(posedge {self.clock}{edge})",
            *indented([*under(f"if ({'!' * low}{self.reset})", before), *rest]),
        ]

    def const(self, value: int, width: int) -> str:
        """A number of so many bits, spelt in any base."""
        value %= 1 << width
        style = "d" if self.tiny else self.pick("d", "d", "h", "b" if width <= 6 else "h")
        spelt = {"d": f"{value}", "h": f"{value:x}", "b": f"{value:0{width}b}"}[style]
        return f"{width}'{style}{spelt}"

    def text(self, name: str) -> str:
        """The module, by this name."""
        inside = indented([*self.signals, *self.body])
        if self.tiny:
            return "\n".join([f"module {name}({', '.join(self.ports)});", *inside, "endmodule"]) + "\n"
        ports = [f"  {port}," for port in self.ports]
        ports[-1] = ports[-1][:-1]
        return "\n".join([f"module {name} (", *ports, ");", *inside, "endmodule"]) + "\n"

    def _name(self, role: str) -> str:
        pool = (_TINY if self.tiny else _NAMES)[role]
        free = [name for name in pool if name not in self.names]
        name = (free[0] if self.tiny else self.pick(*free)) if free else ""
        number = 0
        while not name or name in self.names:
            name, number = f"{pool[0]}{number}", number + 1
        self.names.add(name)
        return name


def vector(width: int) -> str:
    """The range of a declaration, with a blank; nothing for a single bit."""
    return f"[{width - 1}:0] " if width > 1 else ""


def indented(lines: Sequence[str]) -> list[str]:
    """Two blanks before each line."""
    return [f"  {line}" for line in lines]


def under(head: str, lines: Sequence[str]) -> list[str]:
    """A head such as ``else`` with what belongs to it: one line, or a block; a case is one statement."""
    if len(lines) == 1:
        return [f"{head} {lines[0]}"]
    if lines[0].startswith("case "):
        return [head, *indented(lines)]
    return [f"{head} begin", *indented(lines), "end"]
