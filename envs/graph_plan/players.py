"""Scripted planners: the oracle, random replies, and the shortcuts in the planner's clothes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import numpy as np

from selftaught.envs.graph_plan.dispatch import Clock
from selftaught.envs.graph_plan.instances import Instance
from selftaught.envs.graph_plan.plans import Plan, critical_path, earliest, makespan, neighbours, topological
from selftaught.envs.graph_plan.shortcuts import SHORTCUTS, WITH_WORKERS, Shortcut
from selftaught.envs.graph_plan.times import SECONDS, say
from selftaught.envs.graph_plan.workers import best_schedule, list_schedule
from selftaught.types import Ask, Player, Seat


def oracle(ask: Ask) -> str:
    """Everything right: earns the most there is on every instance."""
    found: Instance = ask.view["instance"]
    starts = best_schedule(found.plan, found.workers)
    if ask.view["mode"] == "dispatch":
        return _next_action(found, ask.view["clock"], starts)
    return hand_in(found, ask.view["labels"], starts=starts, answer=makespan(found.plan, starts))


def random_reply(ask: Ask) -> str:
    """Lines in the right form with numbers at random; in the dispatch mode, any action."""
    found: Instance = ask.view["instance"]
    random = np.random.default_rng(ask.seed)
    if ask.view["mode"] == "dispatch":
        step = random.integers(len(found.steps)) + 1
        return ("wait", "finish", f"start {step}", f"start {step}")[random.integers(4)]
    total = sum(found.plan.durations)
    starts = [int(random.integers(total)) for _ in found.needed]
    return hand_in(found, ask.view["labels"], starts=starts, answer=int(random.integers(1, total + 1)))


def eager(ask: Ask) -> str:
    """Starts whatever is ready, in the order of the numbers: the right schedule unless workers are few."""
    found: Instance = ask.view["instance"]
    workers = found.workers or len(found.needed)
    starts = earliest(found.plan)
    if found.workers is not None:
        starts = list_schedule(found.plan, workers, lambda step: -step)
    if ask.view["mode"] == "dispatch":
        return _next_action(found, ask.view["clock"], starts)
    return hand_in(found, ask.view["labels"], starts=starts, answer=makespan(found.plan, starts))


def waves(ask: Ask) -> str:
    """Stage after stage: nothing starts before all of the stage before is done. Never infeasible, often slow."""
    found: Instance = ask.view["instance"]
    plan, workers = found.plan, found.workers or len(found.needed)
    starts, path, now = [0] * len(plan.durations), [], 0
    for stage in _stages(plan):
        for first in range(0, len(stage), workers):
            wave = stage[first : first + workers]
            path.append(max(wave, key=lambda step: plan.durations[step]))
            for step in wave:
                starts[step] = now
            now += plan.durations[path[-1]]
    return _in_own_way(ask, starts, path)


def one_by_one(ask: Ask) -> str:
    """A single step at a time. Never infeasible, and as slow as can be."""
    found: Instance = ask.view["instance"]
    plan = found.plan
    order = [step for stage in _stages(plan) for step in stage]
    starts, now = [0] * len(plan.durations), 0
    for step in order:
        starts[step] = now
        now += plan.durations[step]
    return _in_own_way(ask, starts, order)


def _stages(plan: Plan) -> list[list[int]]:
    """The steps by how many others must come before them in a row."""
    before, _ = neighbours(len(plan.durations), plan.edges)
    depth = [0] * len(plan.durations)
    for step in topological(len(plan.durations), plan.edges) or ():
        depth[step] = max((depth[other] + 1 for other in before[step]), default=0)
    return [[step for step, own in enumerate(depth) if own == stage] for stage in range(max(depth) + 1)]


def _in_own_way(ask: Ask, starts: Sequence[int], path: Sequence[int]) -> str:
    """A schedule with its own end as the answer, and the steps that it waited for as the path."""
    found: Instance = ask.view["instance"]
    if ask.view["mode"] == "dispatch":
        return _next_action(found, ask.view["clock"], starts)
    return hand_in(found, ask.view["labels"], starts=starts, answer=makespan(found.plan, starts), path=path)


def by_shortcut(ask: Ask, *, shortcut: Shortcut) -> str:
    """All that is asked for, with the shortcut's number; everything starts as late as that number allows."""
    found: Instance = ask.view["instance"]
    answer = shortcut(found.plan, found.workers)
    if ask.view["mode"] == "dispatch":
        return eager(ask)
    starts = [max(0, answer - duration) for duration in found.plan.durations]
    return hand_in(found, ask.view["labels"], starts=starts, answer=answer)


def hand_in(
    found: Instance, labels: Sequence[str], *, starts: Sequence[int], answer: int, path: Sequence[int] | None = None
) -> str:
    """The lines of these labels, with the true graph, and the true path if ``path`` (through ``found.needed``) is None.

    ``starts`` are those of the needed steps, in seconds. They are told in the order of time, in which each follows from
    those before it.
    """
    unit = SECONDS[found.unit]
    spans = {step: found.seconds[step] for step in found.needed}
    begun = sorted(zip(starts, found.needed, strict=True))
    through = critical_path(found.plan) if path is None else path
    lines: Mapping[str, str] = {
        "edges": " ".join(f"{before + 1}>{after + 1}" for before, after in found.edges) or "none",
        "times": " ".join(f"{step + 1}={span // unit}" for step, span in spans.items()),
        "schedule": " ".join(
            f"{step + 1}={_count(start, unit)}-{_count(start + spans[step], unit)}" for start, step in begun
        ),
        "path": ">".join(str(found.needed[step] + 1) for step in through),
        "answer": say(answer) if answer % unit else f"{answer // unit} {found.unit}{'s' * (answer != unit)}",
    }
    return "\n".join(f"{label}: {lines[label]}" for label in labels)


def _count(span: int, unit: int) -> str:
    return str(span // unit) if span % unit == 0 else say(span)


def _next_action(found: Instance, clock: Clock, starts: Sequence[int]) -> str:
    """The next action on the way to a schedule."""
    begin = dict(zip(found.needed, starts, strict=True))
    due = [step + 1 for step, start in begin.items() if step not in clock.starts and start <= clock.now]
    if due:
        return "start " + " ".join(map(str, due))
    return "wait" if any(step not in clock.starts for step in begin) else "finish"


PLAYERS: Final[Mapping[Seat, Mapping[str, Player]]] = {
    "planner": {
        "oracle": oracle,
        "eager": eager,
        "waves": waves,
        "one_by_one": one_by_one,
        "random": random_reply,
        **{name: partial(by_shortcut, shortcut=shortcut) for name, shortcut in {**SHORTCUTS, **WITH_WORKERS}.items()},
    }
}
TEACHERS: Final[Mapping[Seat, tuple[str, ...]]] = {"planner": ("oracle",)}
YARDSTICKS: Final[Mapping[Seat, tuple[str, ...]]] = {"planner": ()}
MEASURES: Final = ("success", "answer_right", "feasible", "lucky", "edges_f1")
"""What an evaluation reports; the shortcuts' scores on the same instances are beside them."""
