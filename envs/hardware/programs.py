"""Simulation of a part of a graph: many patterns at once, as the bits of Python's integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selftaught.envs.hardware.graph import Graph, cone

Pair = tuple[int, int]
"""A value with x: the patterns where it is one, and those where it is zero."""


@dataclass(frozen=True, slots=True)
class Program:
    """What the ``roots`` depend on, renumbered: first the variables (by node of the graph), then gates in order."""

    variables: tuple[int, ...]
    gates: tuple[tuple[int, int], ...]
    roots: tuple[int, ...]


def program(graph: Graph, roots: Sequence[int]) -> Program:
    """The program that computes the literals."""
    left, right = graph.left, graph.right
    nodes = cone(graph, roots)
    variables = tuple(node for node in nodes if left[node] < 0)
    place = {0: 0}
    for number, node in enumerate(variables, 1):
        place[node] = 2 * number
    gates, new = [], 2 * len(variables) + 2
    for node in nodes:
        a = left[node]
        if a >= 0:
            b = right[node]
            gates.append((place[a >> 1] | a & 1, place[b >> 1] | b & 1))
            place[node] = new
            new += 2
    return Program(variables, tuple(gates), tuple(place[root >> 1] | root & 1 for root in roots))


def execute(code: Program, values: Mapping[int, int], mask: int) -> list[int]:
    """The value of each root, one bit a pattern; variables without a value are zero. ``mask`` has a one a pattern."""
    found = [0, mask]
    for node in code.variables:
        value = values.get(node, 0)
        found += value, value ^ mask
    extend = found.append
    for a, b in code.gates:
        value = found[a] & found[b]
        extend(value)
        extend(value ^ mask)
    return [found[root] for root in code.roots]


def execute_unknown(code: Program, values: Mapping[int, Pair], mask: int) -> list[Pair]:
    """As ``execute``, with x; variables without a value are x."""
    found: list[Pair] = [(0, mask), (mask, 0)]
    for node in code.variables:
        one, zero = values.get(node, (0, 0))
        found += (one, zero), (zero, one)
    extend = found.append
    for a, b in code.gates:
        (one_a, zero_a), (one_b, zero_b) = found[a], found[b]
        one, zero = one_a & one_b, zero_a | zero_b
        extend((one, zero))
        extend((zero, one))
    return [found[root] for root in code.roots]
