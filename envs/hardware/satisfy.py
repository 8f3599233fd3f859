"""Questions to a SAT solver about literals of a graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pysat.solvers import Cadical153

from selftaught.envs.hardware.graph import FALSE, TRUE, Graph, cone

CONFLICTS = 20_000
"""Conflicts that one question may cost before it counts as undecided."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``found`` is None if the budget ran out; ``values`` has the variables' nodes that are true, where ``found``."""

    found: bool | None
    values: frozenset[int] = frozenset()


def clauses(graph: Graph, roots: Iterable[int]) -> list[list[int]]:
    """The gates that the literals depend on, as clauses over the numbers of nodes."""
    left, right = graph.left, graph.right
    made: list[list[int]] = []
    for node in cone(graph, roots):
        a, b = left[node], right[node]
        if a >= 0:
            first, second = signed(a), signed(b)
            made += [-node, first], [-node, second], [node, -first, -second]
    return made


def signed(literal: int) -> int:
    """The literal as solvers write it; it must not be constant."""
    return -(literal >> 1) if literal & 1 else literal >> 1


def satisfy(graph: Graph, literals: Sequence[int], *, conflicts: int = CONFLICTS) -> Answer:
    """Whether values of the variables make all the literals true."""
    wanted = [literal for literal in literals if literal != TRUE]
    if FALSE in wanted:
        return Answer(False)
    if not wanted:
        return Answer(True)
    with Cadical153(bootstrap_with=[*clauses(graph, wanted), *([signed(literal)] for literal in wanted)]) as solver:
        solver.conf_budget(conflicts)
        found = solver.solve_limited()
        model = solver.get_model() if found else None
    return Answer(found, frozenset(number for number in model or () if number > 0))
