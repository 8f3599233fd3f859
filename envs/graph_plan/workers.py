"""Plans for a few hands: the shortest time is hard to find there, and is found exactly, by branch and bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from selftaught.envs.graph_plan.plans import Plan, earliest, makespan, neighbours, topological

MOST_STEPS = 14
"""Steps up to which the exact search is quick (milliseconds)."""


def best_schedule(plan: Plan, workers: int | None) -> list[int]:
    """Starts, in seconds, of a feasible schedule that ends as early as any; ``workers`` None is as many as one likes.

    Raises:
        ValueError: if there is no worker, or so many steps that the search could take very long.
    """
    if workers is None:
        return earliest(plan)
    if workers < 1:
        raise ValueError(f"a plan needs at least one worker, not {workers}")
    if len(plan.durations) > MOST_STEPS:
        raise ValueError(f"{len(plan.durations)} steps for {workers} workers: the exact search takes {MOST_STEPS}")
    search = _Search(plan, workers)
    search.go(0, 0, (0,) * workers, {})
    return search.best


def list_schedule(plan: Plan, workers: int, priority: Callable[[int], float]) -> list[int]:
    """Starts of the usual quick schedule: whenever a worker is free, the ready step of highest priority begins."""
    count = len(plan.durations)
    before, _ = neighbours(count, plan.edges)
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    now = 0
    while len(starts) < count:
        busy = sum(end > now for end in ends.values())
        ready = [
            step
            for step in range(count)
            if step not in starts and all(ends.get(other, now + 1) <= now for other in before[step])
        ]
        for step in sorted(ready, key=lambda step: (-priority(step), step))[: workers - busy]:
            starts[step], ends[step] = now, now + plan.durations[step]
        now = min((end for end in ends.values() if end > now), default=now)
    return [starts[step] for step in range(count)]


def tails(plan: Plan) -> list[int]:
    """For every step, the longest path from its start to the end of the plan, in seconds."""
    count = len(plan.durations)
    _, after = neighbours(count, plan.edges)
    longest = [0] * count
    for step in reversed(topological(count, plan.edges) or ()):
        longest[step] = plan.durations[step] + max((longest[other] for other in after[step]), default=0)
    return longest


@dataclass(slots=True)
class _Search:
    """Depth first over the steps in the order of their starts; every schedule worth considering has such an order."""

    plan: Plan
    workers: int
    best: list[int] = field(init=False)
    end: int = field(init=False)
    tail: list[int] = field(init=False)
    before: list[list[int]] = field(init=False)
    seen: dict[tuple[int, tuple[int, ...], tuple[tuple[int, int], ...]], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tail = tails(self.plan)
        self.before, _ = neighbours(len(self.plan.durations), self.plan.edges)
        self.best = list_schedule(self.plan, self.workers, lambda step: self.tail[step])
        self.end = makespan(self.plan, self.best)

    def go(self, done: int, now: int, free: tuple[int, ...], starts: dict[int, int]) -> None:
        """Place one more step after ``done`` (a bit each), none before ``now``; workers are ``free`` at these times."""
        durations = self.plan.durations
        if len(starts) == len(durations):
            if (end := makespan(self.plan, [starts[step] for step in range(len(durations))])) < self.end:
                self.best, self.end = [starts[step] for step in range(len(durations))], end
            return
        ready: dict[int, int] = {}
        for step in range(len(durations)):
            if not done >> step & 1 and all(done >> other & 1 for other in self.before[step]):
                ends = [starts[other] + durations[other] for other in self.before[step]]
                ready[step] = max(now, free[0], *ends)
        left = sum(durations[step] for step in range(len(durations)) if not done >> step & 1)
        work = sum(max(time, now) for time in free) + left
        bound = max(-(-work // self.workers), *(start + self.tail[step] for step, start in ready.items()))
        if bound >= self.end or self._worse(done, now, free, starts):
            return
        for step, start in sorted(ready.items(), key=lambda item: (item[1], -self.tail[item[0]])):
            end = start + durations[step]
            after = tuple(sorted((*free[1:], end)))
            self.go(done | 1 << step, start, after, {**starts, step: start})

    def _worse(self, done: int, now: int, free: tuple[int, ...], starts: dict[int, int]) -> bool:
        """Whether this position, or one as good at an earlier time, was searched before."""
        running = tuple(
            sorted(
                (step, starts[step] + self.plan.durations[step])
                for step in starts
                if starts[step] + self.plan.durations[step] > now
            )
        )
        key = (done, tuple(max(time, now) for time in free), running)
        if self.seen.get(key, now + 1) <= now:
            return True
        self.seen[key] = now
        return False
