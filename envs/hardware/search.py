"""Looking for a run in which the outputs differ: many random runs at once, then all short ones by SAT."""

from __future__ import annotations

from selftaught.envs.hardware.graph import FALSE, TRUE, Graph, Unsupported, rebuild
from selftaught.envs.hardware.machine import Machine
from selftaught.envs.hardware.resets import Reset
from selftaught.envs.hardware.runs import PATTERNS, finish, forced, show, simulate_runs
from selftaught.envs.hardware.satisfy import satisfy
from selftaught.envs.hardware.verdicts import Trace

DEPTH = 10
"""Steps after the reset that the search by SAT covers."""
_UNROLLED = 60_000
_WORK = 4_000_000
"""Gates times steps of a simulation."""
_HITS = 8
"""Differing runs that are looked at before a simulation counts as fruitless."""


def find_random(machine: Machine, reset: Reset, *, steps: int, patterns: int = PATTERNS) -> Trace | None:
    """A differing run among random ones; fewer steps are made of a machine with very many gates."""
    hits, steps = 0, min(steps, max(8, _WORK // (len(machine.code.gates) + 1)))
    for differing, _, run in simulate_runs(machine, reset, steps=steps, patterns=patterns):
        while differing:
            trace = show(machine, reset, run.single((differing & -differing).bit_length() - 1))
            hits += 1
            if trace is not None or hits >= _HITS:
                return trace
            differing &= differing - 1
    return None


def find_short(machine: Machine, reset: Reset, *, depth: int = DEPTH, conflicts: int = 3000) -> Trace | None:
    """A differing run of a few steps after the reset, by SAT over the unrolled machine; None also if too costly."""
    unrolled = Graph(limit=_UNROLLED)
    try:
        return _unroll(machine, reset, unrolled, depth, conflicts)
    except Unsupported:  # the unrolled graph is too large
        return None


def _unroll(machine: Machine, reset: Reset, unrolled: Graph, depth: int, conflicts: int) -> Trace | None:
    start = start_literals(machine, reset, unrolled)
    states, given, valid = start, list[dict[int, int]](), TRUE
    for step in range(reset.steps + depth):
        given.append(step_inputs(machine, reset, unrolled, step))
        bad, sure, *following = rebuild(machine.graph, unrolled, machine.roots(), {**states, **given[-1]})
        if step >= reset.steps and bad != FALSE:
            answer = satisfy(unrolled, [bad, valid], conflicts=conflicts)
            if answer.found:
                single = [{node: _value(literal, answer.values) for node, literal in one.items()} for one in given]
                first = {node: _value(literal, answer.values) for node, literal in start.items()}
                return show(machine, reset, finish(machine, first, single))
            if answer.found is None:
                return None
        valid = unrolled.conjoin(valid, sure)
        states = {bit.node: literal for bit, literal in zip(machine.bits, following, strict=True)}
    return None


def start_literals(machine: Machine, reset: Reset, unrolled: Graph) -> dict[int, int]:
    """The literal of each state bit at the start: its first value, or a variable, the same for twins."""
    states = {}
    for bit in machine.bits:
        first = 0 if bit.side == "clock" and reset.steps else bit.initial
        states[bit.node] = unrolled.variable(f"start {bit.node}") if first is None else first
    states.update({bit.twin: states[bit.node] for bit in machine.bits if bit.twin is not None})
    return states


def step_inputs(machine: Machine, reset: Reset, unrolled: Graph, step: int) -> dict[int, int]:
    """The literal of each input at a step: a variable, or a constant during the reset."""
    given = {node: unrolled.variable(f"{node}@{step}") for node in machine.inputs}
    return {**given, **forced(machine, reset, step)}


def _value(literal: int, values: frozenset[int]) -> int:
    return literal if literal <= 1 else int((literal >> 1) in values) ^ (literal & 1)
