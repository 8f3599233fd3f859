"""What a comparison says, and the trace that shows a difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["equal", "different", "unknown"]
Stage = Literal["text", "syntax", "ports", "drivers", "logic"]
"""How far a candidate came: refused by the gate or the compiler, wrong ports, no hardware, or judged by its logic."""
UNPROVED: Final = "the proof takes too long"
UNREFUTED: Final = "the registers differ, but no run was found in which the outputs do"
"""Reasons of an *unknown* that agreed in every run that was tried."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a trace: the inputs, and both sides' outputs before the clock's edge.

    Values are binary texts, the highest bit first; an x in an output is a bit that the design leaves open.
    """

    inputs: Mapping[str, str]
    golden: Mapping[str, str]
    candidate: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Trace:
    """A run in which the outputs differ at the last step.

    ``golden`` and ``candidate`` have each register's bit at the start, ``quiet`` is the number of steps that only bring
    the design into a known state, as a reset does; outputs are not compared there.
    """

    golden: Mapping[str, int]
    candidate: Mapping[str, int]
    steps: tuple[Step, ...]
    quiet: int = 0

    def text(self) -> str:
        """The trace for people, and for models that try again: one line a step, then what differs."""
        lines = []
        for number, step in enumerate(self.steps):
            given = " ".join(f"{name}={value}" for name, value in step.inputs.items())
            mark = " (reset)" if number < self.quiet else ""
            lines.append(f"step {number}{mark}: {given or 'no inputs'}")
        last = self.steps[-1]
        for name, wanted in last.golden.items():
            if not agree(wanted, last.candidate[name]):
                lines.append(f"then {name} should be {wanted} and is {last.candidate[name]}")
        if any(self.golden.values()) and not self.quiet:
            ones = " ".join(name for name, bit in self.golden.items() if bit)
            lines.insert(0, f"registers that start as 1: {ones}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``equal`` and ``different`` are proved. ``reason`` says how, or why nothing could be proved.

    A candidate that does not get as far as ``logic`` differs by that alone and has no ``trace``, unless its drivers are
    at fault: with two of them, or in a loop, it is ``unknown``; where nothing drives what is read, the trace shows it.
    ``parsed``: where the compiler refused it, that was not for its syntax.
    """

    kind: Kind
    reason: str
    stage: Stage = "logic"
    trace: Trace | None = None
    parsed: bool = True


def agree(wanted: str, found: str) -> bool:
    """Whether an output is as wanted: equal wherever the golden is not x."""
    return all(a in ("x", b) for a, b in zip(wanted, found, strict=True))
