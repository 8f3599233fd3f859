"""What was handed in against the plan: a certificate is paid, a number alone is not.

A path that exists and sums to the stated time says that no schedule is shorter; a feasible schedule that ends at that
time says that it can be done. Both together prove the answer, and neither can be had by luck.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from selftaught.envs.graph_plan.instances import Instance
from selftaught.envs.graph_plan.plans import Edge, Plan, fault, is_path, length, makespan, reduction, topological
from selftaught.envs.graph_plan.replies import Handed, Run
from selftaught.envs.graph_plan.times import say

GRAPH = 0.2
"""How much of the potential is for the graph, before the schedule is known."""


@dataclass(frozen=True, slots=True)
class Score:
    """``fault`` says why a schedule is infeasible, None if it is not; ``speed`` is shortest time / its own, or 0."""

    answer_right: bool
    fault: str | None
    speed: float
    path_real: bool
    certified: bool
    edges_f1: float
    times_right: float

    def potential(self, partly: float) -> float:
        """What the parts are worth on their way, at most GRAPH + ``partly``; the final reward does not depend on it."""
        return GRAPH * (self.edges_f1 + self.times_right) / 2 + partly * self.speed

    def reward(self, partly: float) -> float:
        """1 for a certificate, up to ``partly`` for a feasible schedule, 0 for any other plan, whatever its number."""
        return 1.0 if self.certified else partly * self.speed


def score(instance: Instance, handed: Handed, *, shortest: int) -> Score:
    """How good it is; ``shortest`` is the shortest time in seconds."""
    plan, place = instance.plan, {step: number for number, step in enumerate(instance.needed)}
    wrong, ends = _schedule(plan, place, handed.schedule, workers=instance.workers)
    path = [place.get(step, -1) for step in handed.path or ()]
    real = is_path(plan, path)
    # With few workers no path need be as long as the plan: there the exact search is the proof.
    bound = shortest if instance.workers is not None else length(plan, path) if real else None
    right = handed.answer == shortest
    return Score(
        answer_right=right,
        fault=wrong,
        speed=0.0 if wrong else shortest / ends,
        path_real=real,
        certified=right and wrong is None and ends == shortest and bound == shortest,
        edges_f1=edges_f1(len(instance.steps), instance.edges, handed.edges),
        times_right=_times_right(instance, handed.times),
    )


def edges_f1(count: int, edges: tuple[Edge, ...], said: frozenset[Edge] | None) -> float:
    """F1 of the edges that follow from no others, on both sides; 0 for what is no graph of such steps.

    So a true edge that follows from others costs nothing, and naming all pairs gains nothing.
    """
    if said is None or any(not (0 <= a < count and 0 <= b < count) for a, b in said):
        return 0.0
    if topological(count, said) is None:
        return 0.0
    true, found = reduction(count, edges), reduction(count, said)
    return 2 * len(true & found) / (len(true) + len(found)) if true or found else 1.0


def _schedule(
    plan: Plan, place: Mapping[int, int], runs: Mapping[int, Run] | None, *, workers: int | None
) -> tuple[str | None, int]:
    """What is wrong with a schedule, if anything, and when it ends."""
    if runs is None:
        return "no schedule was handed in that could be read", 0
    if runs.keys() != place.keys():
        odd = sorted(runs.keys() ^ place.keys())
        return f"steps {[step + 1 for step in odd]} are missing, unknown or not needed", 0
    for step, number in place.items():
        start, end = runs[step]
        if end is not None and end != start + plan.durations[number]:
            return f"step {step + 1} does not take from {say(start)} to {say(end)}", 0
    ordered = [runs[step][0] for step in place]
    return fault(plan, ordered, workers=workers), makespan(plan, ordered)


def _times_right(instance: Instance, times: Mapping[int, int] | None) -> float:
    """The share of needed steps whose duration is right, in seconds whatever the unit; steps that are none count."""
    if not times:
        return 0.0
    known = instance.seconds
    named = set(instance.needed) | {step for step in times if not 0 <= step < len(known)}
    return sum(0 <= step < len(known) and times.get(step) == known[step] for step in named) / len(named)
