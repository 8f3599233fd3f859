"""Runs of a machine: many random ones at once, and one in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import shake_256

from selftaught.envs.hardware.graph import cone, simulate, simulate_unknown
from selftaught.envs.hardware.machine import Machine
from selftaught.envs.hardware.resets import Reset
from selftaught.envs.hardware.verdicts import Step, Trace
from selftaught.envs.hardware.words import spelled

PATTERNS = 256
"""Runs at once; a multiple of 32."""

Values = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Run:
    """The values of all states at the start and of all inputs at each step: a bit for each of many runs."""

    start: Values
    inputs: Sequence[Values]

    def single(self, pattern: int) -> Run:
        """One run out of many."""
        one = [{node: value >> pattern & 1 for node, value in step.items()} for step in self.inputs]
        return Run({node: value >> pattern & 1 for node, value in self.start.items()}, one)


@lru_cache(maxsize=16_384)
def stimulus(name: str, step: int, patterns: int = PATTERNS) -> int:
    """The bits of one variable at one step of all runs: as good as random, the same in every process.

    The runs come in four kinds: as many ones as zeros, few ones, many ones, and values that change every eighth step.
    """
    size, quarter = patterns // 8, patterns // 4
    first, second, turn = _bytes(f"{name} {step}", size), _bytes(f"{name} and {step}", size), _bytes(name, 1)
    kinds = first, first & second, first | second, _bytes(f"{name} slowly {step // 8}", size)
    total = 0
    for place in range(4):
        part = kinds[(place + turn) % 4] >> place * quarter & (1 << quarter) - 1
        total |= part << place * quarter
    return total


def _bytes(text: str, size: int) -> int:
    return int.from_bytes(shake_256(text.encode()).digest(size), "big")


def start(machine: Machine, reset: Reset, patterns: int = PATTERNS) -> dict[int, int]:
    """The states at the start of random runs: first values where there are any; twins are equal."""
    mask, states = (1 << patterns) - 1, {}
    for bit in machine.bits:
        first = 0 if bit.side == "clock" and reset.steps else bit.initial
        states[bit.node] = stimulus(bit.name, -1, patterns) if first is None else mask * first
    states.update({bit.twin: states[bit.node] for bit in machine.bits if bit.twin is not None})
    return states


def forced(machine: Machine, reset: Reset, step: int) -> dict[int, int]:
    """What is not left to chance: ticks, and during a reset the inputs held and all clocks, which toggle."""
    given = {} if machine.tick is None else {machine.tick >> 1: 1}
    if step < reset.steps:
        given.update(reset.held)
        given.update({after >> 1: 1 - step % 2 for _, after in machine.clocks.values()})
    return given


def simulate_runs(
    machine: Machine, reset: Reset, *, steps: int, patterns: int = PATTERNS
) -> Iterator[tuple[int, int, Run, Values]]:
    """Random runs, a step at a time after the reset.

    Yields the runs that differ at this step, those that still count (no x has entered a register of the golden), what
    was done so far, and the states before the step.
    """
    mask, rare = (1 << patterns) - 1, (1 << patterns // 4) - 1
    states = start(machine, reset, patterns)
    run, alive = Run(states, inputs := []), mask
    for step in range(reset.steps + steps):
        given = {node: stimulus(name, step, patterns) for node, name in machine.inputs.items()}
        for node, value in reset.held.items():  # three runs of four never see a second reset, so that they get far
            given[node] = given[node] & rare if value else given[node] | mask ^ rare
        given.update({node: mask * value for node, value in forced(machine, reset, step).items()})
        inputs.append(given)
        found = simulate(machine.graph, {**states, **given}, mask, machine.order)
        if step >= reset.steps:
            yield found[machine.bad] & alive, alive, run, states
        alive &= found[machine.valid]
        states = {bit.node: found[bit.following] for bit in machine.bits}


def show(machine: Machine, reset: Reset, run: Run) -> Trace | None:
    """A single run in words; None if nothing is shown by it, the golden's output at its end being x.

    It is when a register never had a value but by chance: free ones start as x here, unless the candidate has the same
    one, and both then share its value. An x that the candidate's text brings in is written as such.
    """
    circuits = machine.golden, machine.candidate
    values = [word for circuit in circuits for word in circuit.outputs.values()]
    order = cone(machine.graph, [*machine.roots(), *(bit for word in values for bit in (*word.bits, *word.care()))])
    states = {node: _pair(value) for node, value in run.start.items()}
    certain = {bit.node: states[bit.node] for bit in machine.bits if bit.side != "golden" or bit.is_given}
    idle = {bit >> 1: _pair(0) for bits in machine.golden.inputs.values() for bit in bits}  # where none of it matters
    steps, sure = [], dict[int, tuple[int, int]]()
    for given in run.inputs:
        inputs = {**idle, **{node: _pair(value) for node, value in given.items()}}
        sure = simulate_unknown(machine.graph, {**certain, **inputs}, 1, machine.order)
        inputs = {node: pair for node, pair in inputs.items() if node not in machine.open_nodes}
        found = simulate_unknown(machine.graph, {**states, **inputs}, 1, order)
        sides = [{name: spelled(word, found) for name, word in circuit.outputs.items()} for circuit in circuits]
        steps.append(Step(_inputs(machine, {**states, **inputs}), sides[0], sides[1]))
        states = {bit.node: found[bit.following] for bit in machine.bits}
        certain = {bit.node: sure[bit.following] for bit in machine.bits}
    if not sure[machine.bad][0]:
        return None
    golden, candidate = (
        {bit.name: run.start[bit.node] for bit in machine.bits if bit.side == side} for side in ("golden", "candidate")
    )
    return Trace(golden, candidate, tuple(steps), min(reset.steps, len(steps)))


def _inputs(machine: Machine, values: Mapping[int, tuple[int, int]]) -> dict[str, str]:
    named = {}
    for name, bits in machine.golden.inputs.items():
        if not machine.implied.issuperset(bit >> 1 for bit in bits):
            literals = [machine.clocks[bit >> 1][0] if bit >> 1 in machine.clocks else bit for bit in bits]
            named[name] = "".join(str(values.get(literal >> 1, (0, 0))[0]) for literal in reversed(literals))
    return named


def _pair(value: int) -> tuple[int, int]:
    return value, value ^ 1
