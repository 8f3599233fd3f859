"""What was asked and answered, by the sealed world: coverage, right answers, and gaps that are gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from selftaught.envs.self_study.state import Asked
from selftaught.envs.world import RELATIONS, world_of
from selftaught.types import Task


def audited(sound: Sequence[Asked], task: Task) -> Mapping[str, float]:
    """Figures of the sound questions of a document of an invented world; nothing of other documents.

    Only questions in the world's own wordings can be judged: their share is ``audit/understood``. Of those,
    ``open_right`` and ``closed_right`` are shares of right answers; a question is ``harmful`` where the student is
    right more often than the open answer, ``wasted`` where both are right. ``gap_precision`` and ``gap_recall`` are of
    closed answers that are said to differ, against those that are wrong.
    """
    if "entity" not in task.sealed or not sound:
        return {}
    world, entity = world_of(task.sealed["world"]), task.sealed["entity"]
    known = [(asked, found) for asked in sound if (found := world.asked(asked.question)) is not None]
    own = [(asked, relation) for asked, (of, relation) in known if of == entity]
    figures = {"audit/understood": len(own) / len(sound)}
    if not own:
        return {**figures, "audit/coverage": 0.0}

    def right(said: str, relation: str) -> bool:
        return world.judged(said, entity=entity, relation=relation) == "right"

    open_right = [right(asked.answer, relation) for asked, relation in own]
    closed_right = [[right(said, relation) for said in asked.closed] for asked, relation in own]
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
