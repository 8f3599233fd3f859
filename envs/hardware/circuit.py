"""A design as functions of bits: outputs and next states of inputs and states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pyslang import ast

from selftaught.envs.hardware.design import Design, Driver, Fault, gather
from selftaught.envs.hardware.expressions import width_of
from selftaught.envs.hardware.gates import connect
from selftaught.envs.hardware.graph import FALSE, Graph, Unsupported, rebuild, support
from selftaught.envs.hardware.processes import Clocked, follow, place
from selftaught.envs.hardware.satisfy import satisfy
from selftaught.envs.hardware.words import Word, spelled


@dataclass(frozen=True, slots=True)
class StateBit:
    """One bit of a register.

    ``following`` is its value after the clock's edge where ``known`` holds, ``effective`` what is read of it now, under
    its asynchronous resets. ``initial`` is its first value, None if it has none. ``active`` is the literal of an input
    that rises at the edge.
    """

    name: str
    following: int
    known: int
    effective: int
    initial: int | None
    active: int


@dataclass(frozen=True, slots=True)
class Circuit:
    """``states`` are by the node of their variable, only those that an output depends on.

    ``undriven`` names signals that are read though nothing drives them.
    """

    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, Word]
    states: Mapping[int, StateBit]
    undriven: tuple[str, ...]

    def shown(self) -> list[int]:
        """The literals of the outputs, for each its bits and then where they are known; ``spell`` knows the order."""
        return [literal for word in self.outputs.values() for literal in (*word.bits, *word.care())]

    def spell(self, values: Sequence[tuple[int, int]]) -> dict[str, str]:
        """The outputs as text, given the values with x of ``shown``."""
        texts, place = {}, 0
        for name, word in self.outputs.items():
            middle, end = place + len(word.bits), place + 2 * len(word.bits)
            texts[name] = spelled(values[place:middle], values[middle:end])
            place = end
        return texts

    def roots(self) -> list[int]:
        """Every literal that the circuit consists of, in an order that ``replaced`` knows."""
        found = [literal for word in self.outputs.values() for literal in (*word.bits, *(word.known or ()))]
        for state in self.states.values():
            found += state.following, state.known, state.effective
        return found


def blast(graph: Graph, top: ast.InstanceSymbol) -> Circuit:
    """The circuit of an elaborated module.

    Inputs and states of equal names are the same variables for every design in the graph. Raises ``Unsupported`` for
    what is not followed and ``Fault``, a kind of it, for what no hardware has.
    """
    design = Design(graph)
    gather(design, top.body)
    ports = [_port(port) for port in top.body.portList]
    inputs = {port.name: _input(design, port) for port in ports if port.direction == ast.ArgumentDirection.In}
    for gate in design.gates:
        connect(design, gate)
    clocked, first = place(design)
    outputs = {}
    for port in ports:
        if port.direction == ast.ArgumentDirection.Out:
            symbol = port.internalSymbol
            outputs[port.name] = design.read(symbol, 0, width_of(symbol.type))  # type: ignore[attr-defined]
    while waiting := [process for process, _ in clocked if process.states and not process.following]:
        for process in waiting:
            follow(design, process)
    states = _states(design, clocked, first)
    circuit = _reached(graph, Circuit(inputs, outputs, states, tuple(design.undriven)))
    _check_races(graph, clocked, circuit)
    return _settled(design, circuit)


def _port(port: ast.Symbol) -> ast.PortSymbol:
    plain = isinstance(port, ast.PortSymbol) and isinstance(port.internalSymbol, ast.NetSymbol | ast.VariableSymbol)
    if not plain or port.direction not in (ast.ArgumentDirection.In, ast.ArgumentDirection.Out):  # type: ignore[attr-defined]
        raise Unsupported(f"the port {port.name}, which is no plain input or output")
    return port  # type: ignore[return-value]


def _input(design: Design, port: ast.PortSymbol) -> tuple[int, ...]:
    symbol = port.internalSymbol
    width = width_of(symbol.type)  # type: ignore[attr-defined]
    names = [f"{port.name}[{bit}]" if width > 1 else port.name for bit in range(width)]
    bits = tuple(design.graph.variable(f"input {width} {name}") for name in names)
    design.claim((symbol, 0, width), Driver(lambda design, driver: None))
    design.store((symbol, 0, width), Word(bits))
    return bits


def _states(
    design: Design, clocked: Sequence[tuple[Clocked, Driver]], first: Mapping[ast.Symbol, Word]
) -> dict[int, StateBit]:
    states = {}
    for process, driver in clocked:
        for symbol, variables in process.states.items():
            path = design.path(symbol)
            value, start = process.following[symbol], first.get(symbol)
            for bit, variable in enumerate(variables):
                if design.owners[symbol][bit] is driver:
                    states[variable >> 1] = StateBit(
                        name=f"{path}[{bit}]" if len(variables) > 1 else path,
                        following=value.bits[bit],
                        known=value.care()[bit],
                        effective=process.effective[symbol].bits[bit],
                        initial=start.bits[bit] if start is not None and start.care()[bit] else None,
                        active=process.active,
                    )
    return states


def _reached(graph: Graph, circuit: Circuit) -> Circuit:
    """Only the states that an output depends on, at once or later."""
    found: dict[int, StateBit] = {}
    roots = replace(circuit, states={}).roots()
    while roots:
        new = [node for node in sorted(support(graph, roots)) if node in circuit.states and node not in found]
        found.update({node: circuit.states[node] for node in new})
        roots = [literal for node in new for literal in _literals(circuit.states[node])]
    return replace(circuit, states=dict(sorted(found.items())))


def _literals(state: StateBit) -> tuple[int, int, int]:
    return state.following, state.known, state.effective


def _check_races(graph: Graph, clocked: Sequence[tuple[Clocked, Driver]], circuit: Circuit) -> None:
    """Refuses a register assigned with ``=`` that another process reads at an edge: which comes first is open."""
    owner: dict[int, Clocked] = {}
    immediate: set[int] = set()
    for process, _ in clocked:
        for symbol, variables in process.states.items():
            owner.update({variable >> 1: process for variable in variables})
            if symbol in process.written.blocking:
                immediate |= {variable >> 1 for variable in variables}
    immediate &= circuit.states.keys()
    if len(clocked) < 2 or not immediate:
        return
    for process, _ in clocked:
        own = {node for node in circuit.states if owner.get(node) is process}
        read = support(graph, [circuit.states[node].following for node in own])
        for node in immediate & read - own:
            raise Unsupported(f"{circuit.states[node].name} assigned with = and read by another process at an edge")


def _settled(design: Design, circuit: Circuit) -> Circuit:
    """The circuit without the variables for values from before a process ran; a fault if it depends on one."""
    graph, roots = design.graph, circuit.roots()
    old = [node for node in support(graph, roots) if node in design.unassigned]
    if not old:
        return circuit
    images = {node: graph.variable(f"unassigned {node} again") for node in old}
    again = rebuild(graph, graph, roots, images)
    answer = satisfy(graph, [graph.some(graph.differ(a, b) for a, b in zip(roots, again, strict=True))])
    if answer.found is not False:
        name = design.unassigned[min(old)]
        raise Fault(f"{name} keeps its old value on some path (a latch), or is read before it is assigned")
    return replaced(circuit, rebuild(graph, graph, roots, dict.fromkeys(old, FALSE)))


def replaced(circuit: Circuit, roots: list[int]) -> Circuit:
    """The circuit with other literals in place of its roots."""
    place = iter(roots)
    outputs = {}
    for name, word in circuit.outputs.items():
        bits = [next(place) for _ in word.bits]
        outputs[name] = Word(bits, None if word.known is None else [next(place) for _ in word.bits])
    states = {
        node: replace(state, following=next(place), known=next(place), effective=next(place))
        for node, state in circuit.states.items()
    }
    return replace(circuit, outputs=outputs, states=states)
