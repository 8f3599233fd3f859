"""The labelled lines of a reply, each against the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from selftaught.envs.graph_plan.instances import Instance, instance
from selftaught.envs.graph_plan.plans import length, makespan
from selftaught.envs.graph_plan.replies import Handed, lines, read
from selftaught.envs.graph_plan.scoring import score
from selftaught.envs.graph_plan.times import say
from selftaught.envs.graph_plan.workers import best_schedule
from selftaught.marks import Kind, Mark
from selftaught.types import Episode

DISPATCHED = ("best", "slow", "illegal")


def marks(episode: Episode) -> list[Mark]:
    """Which lines are right, wrong or unreadable; of a dispatch, the action that was illegal."""
    outcome, last = episode.outcome, len(episode.turns) - 1
    if outcome.end in DISPATCHED:
        return [Mark(last, "breach", outcome.reason)] if outcome.end == "illegal" else []
    found = _instance_of(episode.task.public)
    if found is None:
        return []
    shortest = makespan(found.plan, best_schedule(found.plan, found.workers))
    marked: list[Mark] = []
    handed: Handed | None = None
    for place, turn in enumerate(episode.turns):
        handed = read(turn.reply.text, unit=found.unit, before=handed)
        verdicts = dict(_verdicts(found, handed, shortest=shortest))
        spans = lines(turn.reply.text)
        counts = dict(spans)
        for label, span in spans:
            kind, note = verdicts[label] if counts[label] == span else ("about", "a later line counts")
            marked.append(Mark(place, kind, note, *span))
    return marked


def _instance_of(public: Mapping[str, Any]) -> Instance | None:
    try:
        return instance({name: value for name, value in public.items() if name != "encoding"})
    except (ValueError, TypeError, LookupError):
        return None


def _verdicts(found: Instance, handed: Handed, *, shortest: int) -> Iterator[tuple[str, tuple[Kind, str]]]:
    """Of every label: what its line is worth, and why."""
    result = score(found, handed, shortest=shortest)
    unread: tuple[Kind, str] = ("unread", "cannot be read")
    right: tuple[Kind, str] = ("right", "")

    def judged(given: object, well: bool, why: str) -> tuple[Kind, str]:
        return unread if given is None else right if well else ("wrong", why)

    yield "edges", judged(handed.edges, result.edges_f1 == 1, f"F1 {result.edges_f1:.2f}")
    yield "times", judged(handed.times, result.times_right == 1, f"{result.times_right:.0%} right")
    if result.fault is None and result.speed < 1:
        yield "schedule", ("partly", f"can be done, at {result.speed:.0%} of the best speed")
    else:
        yield "schedule", judged(handed.schedule, result.fault is None, result.fault or "")
    if not result.path_real:
        yield "path", judged(handed.path, False, "no path of the plan")
    else:
        number = {step: place for place, step in enumerate(found.needed)}
        whole = length(found.plan, [number[step] for step in handed.path or ()])
        yield "path", judged(handed.path, whole == shortest or found.workers is not None, f"takes {say(whole)}")
    yield "answer", judged(handed.answer, result.answer_right, f"the shortest time is {say(shortest)}")
