"""Scripted planners: the oracle, random replies, and the shortcuts in the planner's clothes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import numpy as np

from selftaught.envs.graph_plan.dispatch import Clock
from selftaught.envs.graph_plan.instances import Instance
from selftaught.envs.graph_plan.plans import critical_path, earliest, makespan
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


def by_shortcut(ask: Ask, *, shortcut: Shortcut) -> str:
    """All that is asked for, with the shortcut's number; everything starts as late as that number allows."""
    found: Instance = ask.view["instance"]
    answer = shortcut(found.plan, found.workers)
    if ask.view["mode"] == "dispatch":
        return eager(ask)
    starts = [max(0, answer - duration) for duration in found.plan.durations]
    return hand_in(found, ask.view["labels"], starts=starts, answer=answer)


def hand_in(found: Instance, labels: Sequence[str], *, starts: Sequence[int], answer: int) -> str:
    """The lines of these labels, with the true graph and path. ``starts`` are those of the needed steps, in seconds.

    They are told in the order of time, in which each follows from those before it.
    """
    unit = SECONDS[found.unit]
    spans = {step: found.seconds[step] for step in found.needed}
    begun = sorted(zip(starts, found.needed, strict=True))
    path = [found.needed[step] + 1 for step in critical_path(found.plan)]
    lines: Mapping[str, str] = {
        "edges": " ".join(f"{before + 1}>{after + 1}" for before, after in found.edges) or "none",
        "times": " ".join(f"{step + 1}={span // unit}" for step, span in spans.items()),
        "schedule": " ".join(
            f"{step + 1}={_count(start, unit)}-{_count(start + spans[step], unit)}" for start, step in begun
        ),
        "path": ">".join(map(str, path)),
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
        "random": random_reply,
        **{name: partial(by_shortcut, shortcut=shortcut) for name, shortcut in {**SHORTCUTS, **WITH_WORKERS}.items()},
    }
}
TEACHERS: Final[Mapping[Seat, tuple[str, ...]]] = {"planner": ("oracle",)}
YARDSTICKS: Final[Mapping[Seat, tuple[str, ...]]] = {"planner": ()}
MEASURES: Final = ("success", "answer_right", "feasible", "lucky", "edges_f1")
"""What an evaluation reports; the shortcuts' scores on the same instances are beside them."""
