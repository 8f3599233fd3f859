"""Asynchronous plans: steps that take time, and which must wait for which (PLaG, arXiv 2402.02805, section 3).

With as many hands as one likes, the shortest total time is the longest path through the graph. A path whose durations
sum to the end of a feasible schedule proves both: no schedule ends before any path, so neither can be improved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Edge = tuple[int, int]
"""(before, after), steps numbered from 0."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``durations`` of the steps in seconds, and ``edges``, sorted.

    Raises:
        ValueError: if there is no step, a duration is not positive, an edge is no pair of steps, or there is a cycle.
    """

    durations: tuple[int, ...]
    edges: tuple[Edge, ...]

    def __post_init__(self) -> None:
        count = len(self.durations)
        if not count or any(duration <= 0 for duration in self.durations):
            raise ValueError(f"a plan needs steps of positive duration, not {self.durations}")
        object.__setattr__(self, "edges", tuple(sorted(set(self.edges))))
        for before, after in self.edges:
            if not (0 <= before < count and 0 <= after < count and before != after):
                raise ValueError(f"edge {(before, after)} does not join two of {count} steps")
        if topological(count, self.edges) is None:
            raise ValueError(f"the steps wait for each other in a circle: {self.edges}")

    @property
    def size(self) -> int:
        """|V| + |E| as the paper counts: with a start and an end, no edge that follows from others."""
        return graph_size(len(self.durations), reduction(len(self.durations), self.edges))


def graph_size(count: int, edges: Collection[Edge]) -> int:
    """Nodes and edges of a graph on ``count`` steps once a start and an end are joined on."""
    sources = count - len({after for _, after in edges})
    sinks = count - len({before for before, _ in edges})
    return count + 2 + len(edges) + sources + sinks


def neighbours(count: int, edges: Iterable[Edge]) -> tuple[list[list[int]], list[list[int]]]:
    """For every step, the steps right before it and the steps right after it, in rising order."""
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for first, second in sorted(set(edges)):
        after[first].append(second)
        before[second].append(first)
    return before, after


def topological(count: int, edges: Iterable[Edge]) -> list[int] | None:
    """The steps in an order in which none comes before one it waits for; None if there is a cycle."""
    before, after = neighbours(count, edges)
    waiting = [len(steps) for steps in before]
    order = [step for step in range(count) if not waiting[step]]
    for step in order:
        for following in after[step]:
            waiting[following] -= 1
            if not waiting[following]:
                order.append(following)
    return order if len(order) == count else None


def closure(count: int, edges: Collection[Edge]) -> set[Edge]:
    """All pairs of which the second must wait for the first, directly or not; none of a graph with a cycle."""
    _, after = neighbours(count, edges)
    beyond: dict[int, set[int]] = {}
    for step in reversed(topological(count, edges) or ()):
        beyond[step] = set(after[step]).union(*(beyond[following] for following in after[step]))
    return {(step, other) for step, others in beyond.items() for other in others}


def reduction(count: int, edges: Collection[Edge]) -> frozenset[Edge]:
    """The edges that do not follow from others: the transitive reduction of a graph without cycles.

    Raises:
        ValueError: if there is a cycle.
    """
    if topological(count, edges) is None:
        raise ValueError(f"a graph with a cycle has no single reduction: {sorted(edges)}")
    _, after = neighbours(count, edges)
    implied = closure(count, edges)
    return frozenset(
        (first, second)
        for first, second in edges
        if not any((other, second) in implied for other in after[first] if other != second)
    )


def earliest(plan: Plan) -> list[int]:
    """When each step can start at the earliest if hands are never short, in seconds."""
    before, _ = neighbours(len(plan.durations), plan.edges)
    starts = [0] * len(plan.durations)
    for step in topological(len(plan.durations), plan.edges) or ():
        starts[step] = max((starts[other] + plan.durations[other] for other in before[step]), default=0)
    return starts


def shortest_time(plan: Plan) -> int:
    """The longest path: the shortest time for the whole plan if hands are never short, in seconds."""
    return makespan(plan, earliest(plan))


def critical_path(plan: Plan) -> list[int]:
    """A longest path, from a step that waits for none to one that none waits for; of several, the first by number."""
    before, _ = neighbours(len(plan.durations), plan.edges)
    starts = earliest(plan)
    ends = [start + duration for start, duration in zip(starts, plan.durations, strict=True)]
    path = [ends.index(max(ends))]
    while before[path[-1]]:
        path.append(max(before[path[-1]], key=lambda step: (ends[step], -step)))
    return path[::-1]


def is_path(plan: Plan, steps: Sequence[int]) -> bool:
    """Whether the steps follow each other along edges. They may begin and end anywhere: a bound is a bound."""
    known = set(plan.edges)
    inside = all(0 <= step < len(plan.durations) for step in steps)
    return bool(steps) and inside and all(pair in known for pair in pairwise(steps))


def length(plan: Plan, steps: Iterable[int]) -> int:
    """The durations of the steps together, in seconds."""
    return sum(plan.durations[step] for step in steps)


def makespan(plan: Plan, starts: Sequence[int]) -> int:
    """When the last step ends, in seconds."""
    return max(start + duration for start, duration in zip(starts, plan.durations, strict=True))


def fault(plan: Plan, starts: Sequence[int], *, workers: int | None) -> str | None:
    """What is wrong with a schedule, in words; None if it is feasible.

    ``workers``: steps that may run at once; None is as many as one likes.
    """
    if len(starts) != len(plan.durations):
        return f"{len(starts)} starts for {len(plan.durations)} steps"
    for step, start in enumerate(starts):
        if start < 0:
            return f"step {step + 1} starts before time 0"
    for before, after in plan.edges:
        if starts[after] < starts[before] + plan.durations[before]:
            return f"step {after + 1} starts before step {before + 1} is done"
    if workers is not None:
        for step, start in enumerate(starts):
            busy = [
                other
                for other, (begin, duration) in enumerate(zip(starts, plan.durations, strict=True))
                if begin <= start < begin + duration
            ]
            if len(busy) > workers:
                return f"{len(busy)} steps run when step {step + 1} starts, {workers} can"
    return None
