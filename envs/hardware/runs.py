"""Runs of a machine: many random ones at once, and one in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import shake_256

from selftaught.envs.hardware.machine import Machine
from selftaught.envs.hardware.programs import Pair, Program, execute, execute_unknown, program
from selftaught.envs.hardware.resets import Reset
from selftaught.envs.hardware.verdicts import Step, Trace

PATTERNS = 256
"""Runs at once; a multiple of 32."""

Values = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Run:
    """The states before each step and the inputs at it, by node: a bit for each of many runs, or 0 or 1 of one."""

    states: list[Values]
    inputs: list[Values]

    def single(self, pattern: int) -> Run:
        """One run out of many."""
        states, inputs = (
            [{node: value >> pattern & 1 for node, value in step.items()} for step in steps]
            for steps in (self.states, self.inputs)
        )
        return Run(list(states), list(inputs))


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
) -> Iterator[tuple[int, int, Run]]:
    """Random runs, a step at a time after the reset.

    Yields the runs that differ at this step, those that still count (no x has entered a register of the golden), and
    what was done so far; the last of its ``states`` are those before the step.
    """
    mask, rare = (1 << patterns) - 1, (1 << patterns // 4) - 1
    states, alive = start(machine, reset, patterns), mask
    run = Run([], [])
    for step in range(reset.steps + steps):
        given = {node: stimulus(name, step, patterns) for node, name in machine.inputs.items()}
        for node, value in reset.held.items():  # three runs of four never see a second reset, so that they get far
            idle = stimulus(f"held {node}", step, patterns) & rare
            given[node] = idle if value else idle | mask ^ rare
        given.update({node: mask * value for node, value in forced(machine, reset, step).items()})
        run.inputs.append(given)
        run.states.append(states)
        bad, valid, *following = execute(machine.code, {**states, **given}, mask)
        if step >= reset.steps:
            yield bad & alive, alive, run
        alive &= valid
        states = dict(zip(machine.nodes(), following, strict=True))


def finish(machine: Machine, start: Values, inputs: Sequence[Values]) -> Run:
    """The single run from this start with these inputs."""
    run, states = Run([], list(inputs)), start
    for given in inputs:
        run.states.append(states)
        _, _, *following = execute(machine.code, {**states, **given}, 1)
        states = dict(zip(machine.nodes(), following, strict=True))
    return run


def show(machine: Machine, reset: Reset, run: Run) -> Trace | None:
    """A single run in words; None if nothing is shown by it, the golden's output at its end being x.

    It is when a register never had a value but by chance: free ones start as x here, unless the candidate has the same
    one, and both then share its value. An x that the candidate's text brings in is written as such.
    """
    if any(bit.side == "golden" and not bit.is_given for bit in machine.bits) and not _certain(machine, run):
        return None
    golden, candidate = machine.golden.shown(), machine.candidate.shown()
    code, steps = program(machine.graph, [*golden, *candidate]), []
    found = _open(machine, run, code) if machine.open_nodes else _plain(run, code)
    for given, states, values in zip(run.inputs, run.states, found, strict=True):
        sides = machine.golden.spell(values[: len(golden)]), machine.candidate.spell(values[len(golden) :])
        steps.append(Step(_inputs(machine, {**states, **given}), *sides))
    first = run.states[0]
    ours, theirs = (
        {bit.name: first[bit.node] for bit in machine.bits if bit.side == side} for side in ("golden", "candidate")
    )
    return Trace(ours, theirs, tuple(steps), min(reset.steps, len(steps)))


def _plain(run: Run, code: Program) -> list[list[Pair]]:
    """The values of the outputs at every step, all steps at once: the states are known."""
    values = dict.fromkeys(code.variables, 0)
    for step, known in enumerate([*run.inputs, *run.states]):
        for node, value in known.items():
            if value and node in values:
                values[node] |= 1 << step % len(run.inputs)
    found = execute(code, values, (1 << len(run.inputs)) - 1)
    return [[_pair(value >> step & 1) for value in found] for step in range(len(run.inputs))]


def _open(machine: Machine, run: Run, code: Program) -> list[list[Pair]]:
    """The same with x where the candidate's text brings it in, step by step."""
    states, found = {node: _pair(value) for node, value in run.states[0].items()}, []
    idle = {node: _pair(0) for node in code.variables if node not in machine.open_nodes}
    for given in run.inputs:
        inputs = {node: _pair(value) for node, value in given.items() if node not in machine.open_nodes}
        found.append(execute_unknown(code, {**idle, **states, **inputs}, 1))
        _, _, *following = execute_unknown(machine.code, {**states, **inputs}, 1)
        states = dict(zip(machine.nodes(), following, strict=True))
    return found


def _certain(machine: Machine, run: Run) -> bool:
    """Whether the difference at the end is there whatever the golden's registers held at the start."""
    first, bad = run.states[0], (0, 0)
    states = {bit.node: _pair(first[bit.node]) for bit in machine.bits if bit.side != "golden" or bit.is_given}
    for given in run.inputs:
        inputs = {node: _pair(value) for node, value in given.items()}
        bad, _, *following = execute_unknown(machine.code, {**states, **inputs}, 1)
        states = dict(zip(machine.nodes(), following, strict=True))
    return bool(bad[0])


def _inputs(machine: Machine, values: Values) -> dict[str, str]:
    named = {}
    for name, bits in machine.golden.inputs.items():
        if not machine.implied.issuperset(bit >> 1 for bit in bits):
            literals = [machine.clocks[bit >> 1][0] if bit >> 1 in machine.clocks else bit for bit in bits]
            named[name] = "".join(str(values.get(literal >> 1, 0)) for literal in reversed(literals))
    return named


def _pair(value: int) -> Pair:
    return value, value ^ 1
