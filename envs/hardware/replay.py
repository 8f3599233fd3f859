"""One design alone along a trace: what shows that a counterexample is one."""

from __future__ import annotations

from collections.abc import Mapping

from selftaught.envs.hardware.circuit import Circuit, StateBit, blast
from selftaught.envs.hardware.graph import Graph
from selftaught.envs.hardware.programs import execute_unknown, program
from selftaught.envs.hardware.reading import read
from selftaught.envs.hardware.verdicts import Trace


def replay(text: str, trace: Trace, *, candidate: bool, top: str | None = None) -> list[dict[str, str]]:
    """The outputs of a design at each step of a trace.

    A clock that the trace does not name has an edge at the end of every step. Raises ``ValueError`` for a text that is
    no design and ``Unsupported`` for one that is not followed.
    """
    reading, graph = read(text, top=top), Graph()
    if reading.top is None:
        raise ValueError(reading.refused or reading.errors)
    circuit = blast(graph, reading.top)
    start = trace.candidate if candidate else trace.golden
    states = {node: _pair(start[state.name]) for node, state in circuit.states.items()}
    outputs, shown = circuit.shown(), []
    code = program(graph, [*outputs, *(literal for state in circuit.states.values() for literal in _literals(state))])
    for number, step in enumerate(trace.steps):
        values = {**states, **_bits(circuit, step.inputs)}
        following = _bits(circuit, trace.steps[min(number + 1, len(trace.steps) - 1)].inputs)
        found = execute_unknown(code, values, 1)
        shown.append(circuit.spell(found[: len(outputs)]))
        rest = iter(found[len(outputs) :])
        for node, state in circuit.states.items():
            after, known, effective = next(rest), next(rest), next(rest)
            clock, flip = state.active >> 1, state.active & 1
            if clock in following and (values[clock][flip], following[clock][flip]) != (0, 1):
                states[node] = effective
            else:
                states[node] = after if known[0] else (0, 0)
    return shown


def _literals(state: StateBit) -> tuple[int, int, int]:
    return state.following, state.known, state.effective


def _bits(circuit: Circuit, inputs: Mapping[str, str]) -> dict[int, tuple[int, int]]:
    """The values of the variables' nodes; inputs that are not named have none."""
    values = {}
    for name, text in inputs.items():
        places = zip(reversed(circuit.inputs[name]), text, strict=True)
        values.update({bit >> 1: _pair(int(mark)) for bit, mark in places})
    return values


def _pair(value: int) -> tuple[int, int]:
    return value, value ^ 1
