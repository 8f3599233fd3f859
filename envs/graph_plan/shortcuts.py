"""Wrong ways to the total time that often give the right number (docs/graph_plan.md has a table on published rows).

Each takes a plan and the number of workers and gives seconds. A model that knows one of them can score without having
understood the plan, so every report shows their scores beside the model's, and the ``hard`` split has only plans on
which all of them fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from selftaught.envs.graph_plan.plans import Plan, length, makespan, neighbours, shortest_time, topological
from selftaught.envs.graph_plan.workers import list_schedule, tails

Shortcut = Callable[[Plan, int | None], int]


def greedy(plan: Plan, workers: int | None) -> int:
    """Walk from the start, always on to the longest step that comes next."""
    before, after = neighbours(len(plan.durations), plan.edges)
    choices = [step for step in range(len(plan.durations)) if not before[step]]
    total = 0
    while choices:
        step = max(choices, key=lambda step: plan.durations[step])
        total += plan.durations[step]
        choices = after[step]
    return total


def stage_barrier(plan: Plan, workers: int | None) -> int:
    """Stage by stage: nobody starts the next before all of one are done, so the longest steps of the stages add up."""
    before, _ = neighbours(len(plan.durations), plan.edges)
    stage = [0] * len(plan.durations)
    longest: dict[int, int] = {}
    for step in topological(len(plan.durations), plan.edges) or ():
        stage[step] = max((stage[other] + 1 for other in before[step]), default=0)
        longest[stage[step]] = max(longest.get(stage[step], 0), plan.durations[step])
    return sum(longest.values())


def most_hops(plan: Plan, workers: int | None) -> int:
    """The path with the most steps; of several, the one that lasts longest."""
    before, _ = neighbours(len(plan.durations), plan.edges)
    best: dict[int, tuple[int, int]] = {}
    for step in topological(len(plan.durations), plan.edges) or ():
        hops, seconds = max((best[other] for other in before[step]), default=(0, 0))
        best[step] = (hops + 1, seconds + plan.durations[step])
    return max(best.values())[1]


def total(plan: Plan, workers: int | None) -> int:
    """All steps one after the other."""
    return length(plan, range(len(plan.durations)))


def longest_step(plan: Plan, workers: int | None) -> int:
    """The longest single step."""
    return max(plan.durations)


def unlimited(plan: Plan, workers: int | None) -> int:
    """The longest path, as if there were a worker for every step; right, and no shortcut, where there is."""
    return shortest_time(plan)


def critical_first(plan: Plan, workers: int | None) -> int:
    """List scheduling by the longest way to the end; likewise."""
    longest = tails(plan)
    return makespan(plan, list_schedule(plan, workers or len(plan.durations), lambda step: longest[step]))


def longest_first(plan: Plan, workers: int | None) -> int:
    """List scheduling by the step's own length; likewise."""
    return makespan(plan, list_schedule(plan, workers or len(plan.durations), lambda step: plan.durations[step]))


SHORTCUTS: Mapping[str, Shortcut] = {
    "most_hops": most_hops,
    "greedy": greedy,
    "stage_barrier": stage_barrier,
    "total": total,
    "longest_step": longest_step,
}
WITH_WORKERS: Mapping[str, Shortcut] = {
    "unlimited": unlimited,
    "critical_first": critical_first,
    "longest_first": longest_first,
}
"""Those that are wrong only where workers are few."""


def shortcuts(workers: int | None) -> Mapping[str, Shortcut]:
    """All shortcuts for a plan with so many workers."""
    return SHORTCUTS if workers is None else {**SHORTCUTS, **WITH_WORKERS}
