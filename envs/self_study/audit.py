"""What was asked and answered, by the sealed world: coverage, right answers, and gaps that are gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from selftaught.envs.self_study.state import Asked
from selftaught.envs.self_study.words import names
from selftaught.envs.world import RELATIONS, relation_of, world_of
from selftaught.types import Episode, Task


def audited(sound: Sequence[Asked], task: Task) -> Mapping[str, float]:
    """Figures of the sound plain questions of a document of an invented world; nothing of others.

    Only questions in the world's own wordings can be judged: their share is ``audit/understood``. Of those,
    ``open_right`` and ``closed_right`` are shares of right answers; a question is ``harmful`` where the student is
    right more often than the open answer, ``wasted`` where both are right. ``gap_precision`` and ``gap_recall`` are of
    closed answers that are said to differ, against those that are wrong.
    """
    plain = [asked for asked in sound if asked.kind == "plain"]
    if "entity" not in task.sealed or not plain:
        return {}
    world, entity = world_of(task.sealed["world"]), task.sealed["entity"]
    known = [(asked, found) for asked in plain if (found := world.asked(asked.question)) is not None]
    own = [(asked, relation) for asked, (of, relation) in known if of == entity]
    figures = {"audit/understood": len(own) / len(plain)}
    if not own:
        return {**figures, "audit/coverage": 0.0}
    open_right = [bool(right(asked.answer, asked.question, task)) for asked, _ in own]
    closed_right = [[bool(right(said, asked.question, task)) for said in asked.closed] for asked, _ in own]
    gaps = [not same for asked, _ in own for same in asked.same]
    wrong = [not ok for row in closed_right for ok in row]
    both = [gap and bad for gap, bad in zip(gaps, wrong, strict=True)]
    figures |= {
        "audit/coverage": len({relation for _, relation in own}) / len(RELATIONS[world.kinds[entity].kind]),
        "audit/open_right": float(np.mean(open_right)),
        "audit/closed_right": float(np.mean([ok for row in closed_right for ok in row])),
        "audit/harmful": float(np.mean([np.mean(row) > ok for ok, row in zip(open_right, closed_right, strict=True)])),
        "audit/wasted": float(np.mean([ok and all(row) for ok, row in zip(open_right, closed_right, strict=True)])),
    }
    if any(gaps):
        figures["audit/gap_precision"] = sum(both) / sum(gaps)
    if any(wrong):
        figures["audit/gap_recall"] = sum(both) / sum(wrong)
    return figures


def right(said: str, question: str, task: Task) -> bool | None:
    """Whether an answer names what is so, and nothing else that could be; None where the question is not understood."""
    if "entity" not in task.sealed:
        return None
    world = world_of(task.sealed["world"])
    found = world.asked(question)
    if found is None:
        return None
    entity, name = found
    others = [one for one in world.values(relation_of(world.kinds[entity], name)) if one != entity]
    return names(said, world.facts[found], others)


def taught(lessons: Sequence[Episode]) -> dict[str, float]:
    """How good lessons are, by the sealed world of those whose question is understood.

    ``taught/right`` is the share of right open answers; of lessons with a rejected answer, ``harmful`` that of those
    that reject what is right for what is wrong, ``wasted`` that of those that reject what is right for what is right.
    """
    known = []
    for lesson in lessons:
        told = [right(turn.reply.text, turn.ask.view["question"], lesson.task) for turn in lesson.turns]
        known.append([ok for ok in told if ok is not None])
    preferred = [row[0] for row in known if row]
    pairs = [(row[0], row[1]) for row in known if len(row) > 1]
    figures = {"taught/lessons": float(len(lessons)), "taught/pairs": float(sum(len(one.turns) > 1 for one in lessons))}
    if preferred:
        figures["taught/right"] = float(np.mean(preferred))
    if pairs:
        figures["taught/harmful"] = float(np.mean([not one and other for one, other in pairs]))
        figures["taught/wasted"] = float(np.mean([one and other for one, other in pairs]))
    return figures
