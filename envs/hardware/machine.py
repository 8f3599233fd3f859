"""Both designs side by side as one machine that makes steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from selftaught.envs.hardware.circuit import Circuit, StateBit, replaced
from selftaught.envs.hardware.graph import TRUE, Graph, Unsupported, rebuild, support
from selftaught.envs.hardware.programs import Program, program

Side = Literal["golden", "candidate", "clock"]
_OPEN = "x "
TICK = "tick"
"""The input that says whether a step ends with the clock's edge; only asynchronous resets make the difference."""


@dataclass(frozen=True, slots=True)
class Bit:
    """One bit of the machine's state.

    ``twin`` is the node of the bit of the same name on the other side, if both start with the same free value.
    """

    name: str
    node: int
    following: int
    initial: int | None
    side: Side
    twin: int | None = None

    @property
    def is_given(self) -> bool:
        """Whether the bit starts with a value that is not by chance: its first value, or one shared with its twin."""
        return self.initial is not None or self.twin is not None


@dataclass(frozen=True, slots=True)
class Machine:
    """A step takes the inputs, shows the outputs, and ends with whatever edges there are.

    ``bad`` holds where an output differs that the golden does not leave open, ``valid`` where no x enters a register of
    the golden. ``inputs`` are all variables but the states, by node;
    ``open_nodes`` those that stand for an x of the candidate. ``clocks`` has literals of the value before and
    after a step for each clock whose edges are not implied; ``implied`` are the nodes of those that rise at every step.
    """

    graph: Graph
    golden: Circuit
    candidate: Circuit
    bits: tuple[Bit, ...]
    inputs: Mapping[int, str]
    open_nodes: frozenset[int]
    clocks: Mapping[int, tuple[int, int]]
    implied: frozenset[int]
    tick: int | None
    bad: int
    valid: int
    code: Program

    def nodes(self) -> list[int]:
        """The nodes of the states, in the order of ``bits``."""
        return [bit.node for bit in self.bits]

    def roots(self) -> list[int]:
        """All literals that a step needs, and that ``code`` computes."""
        return [self.bad, self.valid, *(bit.following for bit in self.bits)]


def build(graph: Graph, golden: Circuit, candidate: Circuit) -> Machine:
    """The machine of two circuits in the same graph. Raises ``Unsupported`` where a clock is read as data."""
    twins = {node: graph.variable(f"twin {node}") >> 1 for node in candidate.states}
    images = {node: 2 * twin for node, twin in twins.items()}
    candidate = replaced(candidate, rebuild(graph, graph, candidate.roots(), images))
    domains = {state.active for circuit in (golden, candidate) for state in circuit.states.values()}
    nodes = sorted({active >> 1 for active in domains})
    states = [state for circuit in (golden, candidate) for state in circuit.states.values()]
    read = support(graph, [literal for state in states for literal in (state.following, state.known)])
    if read & set(nodes):
        raise Unsupported("a clock that is read as data")
    shown = support(graph, [*golden.roots(), *candidate.roots()])
    clocks: dict[int, tuple[int, int]] = {}
    if len(domains) > 1 or shown & set(nodes):
        clocks = {node: (graph.variable(f"before {node}"), graph.variable(f"after {node}")) for node in nodes}
        before = {node: pair[0] for node, pair in clocks.items()}
        golden = replaced(golden, rebuild(graph, graph, golden.roots(), before))
        candidate = replaced(candidate, rebuild(graph, graph, candidate.roots(), before))
    return _joined(graph, golden, candidate, twins, clocks)


def _joined(
    graph: Graph, golden: Circuit, candidate: Circuit, twins: Mapping[int, int], clocks: Mapping[int, tuple[int, int]]
) -> Machine:
    states = [*golden.states.values(), *candidate.states.values()]
    tick = None
    if not clocks and any(state.effective != 2 * node for node, state in golden.states.items()):
        tick = graph.variable(TICK)
    if not clocks and any(state.effective != 2 * twins[node] for node, state in candidate.states.items()):
        tick = graph.variable(TICK)

    def fires(state: StateBit) -> int:
        if not clocks:
            return TRUE if tick is None else tick
        before, after = clocks[state.active >> 1]
        return graph.conjoin(before ^ (state.active & 1) ^ 1, after ^ (state.active & 1))

    bits, valid = [], TRUE
    for node, state in golden.states.items():
        fire = fires(state)
        valid = graph.conjoin(valid, graph.conjoin(fire, state.known ^ 1) ^ 1)
        other = candidate.states.get(node)
        twin = twins[node] if other is not None and state.initial is None and other.initial is None else None
        following = graph.choose(fire, state.following, state.effective)
        bits.append(Bit(state.name, node, following, state.initial, side="golden", twin=twin))
    for node, state in candidate.states.items():
        value = state.following
        if state.known != TRUE:
            value = graph.choose(state.known, value, graph.variable(f"{_OPEN}{node}"))
        following = graph.choose(fires(state), value, state.effective)
        bits.append(Bit(state.name, twins[node], following, state.initial, side="candidate"))
    bits += [Bit(f"clock {pair[0]}", pair[0] >> 1, pair[1], None, side="clock") for pair in clocks.values()]
    bad = graph.some(mismatches(graph, golden, candidate))
    roots = [bad, valid, *(bit.following for bit in bits)]
    code = program(graph, roots)
    known = {bit.node for bit in bits}
    free = set(code.variables) - known
    names = {literal >> 1: name for name, literal in graph.names.items() if literal >> 1 in free}
    opened = frozenset(node for node, name in names.items() if name.startswith(_OPEN))
    implied = frozenset() if clocks else frozenset(state.active >> 1 for state in states)
    return Machine(graph, golden, candidate, tuple(bits), names, opened, clocks, implied, tick, bad, valid, code)


def mismatches(graph: Graph, golden: Circuit, candidate: Circuit) -> list[int]:
    """For each bit of each output, the literal of its being wrong: x where it should not be, or another value."""
    found = []
    for name, wanted in golden.outputs.items():
        given = candidate.outputs[name]
        for a, b, sure_a, sure_b in zip(wanted.bits, given.bits, wanted.care(), given.care(), strict=True):
            found.append(graph.conjoin(sure_a, graph.conjoin(sure_b, graph.differ(a, b) ^ 1) ^ 1))
    return found
