"""What reflection changed, by the sealed truth: right that became wrong, wrong that became right, and what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from selftaught.envs.reflect.state import Draft, ReflectState
from selftaught.envs.world import Claim, world_of
from selftaught.types import Task


def right(audit: Mapping[str, float]) -> float:
    """Whether an answer is right by its subject's own audit: ``right`` if it has it, else ``success``."""
    return audit.get("right", audit.get("success", 0.0))


def changed(state: ReflectState, audits: Sequence[Mapping[str, float]], kept: int, task: Task) -> dict[str, float]:
    """Figures of a finished game, from its subject's ``audits`` of all answers and the place of the ``kept`` one."""
    true = [right(audit) for audit in audits]
    figures = {
        "right_first": true[0],
        "right_last": true[kept],
        "fixed": float(true[0] == 0 and true[kept] == 1),
        "broken": float(true[0] == 1 and true[kept] == 0),
        "over_refined": float(1 in true[:-1]),
        "answers": float(len(true)),
        "restarts": float(state.rounds - 1),
        "unreadable": float(state.unreadable),
        **{f"subject/{name}": value for name, value in audits[kept].items() if name.startswith("answer/")},
    }
    if state.decisions:
        # A decision is right where what is right is submitted and what is not is not.
        judged = [(choice == "submit") == (ok == 1) for choice, ok in zip(state.decisions, true, strict=False)]
        figures["decision_right"] = float(np.mean(judged))
    first, last = state.drafts[0].score, state.drafts[kept].score
    if first is not None and last is not None:
        figures["score_first"], figures["score_last"] = first, last
        figures["score_gain_untrue"] = (last - first) - (true[kept] - true[0])
    if state.drafts[kept].knowledge and "world" in task.sealed and true[kept] != 1:
        figures["consistent_with_wrong"] = _consistent_with_wrong(state.drafts[kept], task)
    return figures


def _consistent_with_wrong(draft: Draft, task: Task) -> float:
    """Whether a wrong answer says what the knowledge before it said: consistent, with what is not so."""
    world = world_of(task.sealed["world"])
    noted = {claim for claim in world.claims(draft.knowledge) if not world.true(claim)}
    # A value alone claims what was asked.
    bare = Claim(task.public["entity"], task.public["relation"], draft.answer.strip(" .").lower())
    said = {*world.claims(draft.answer), bare, replace(bare, value=bare.value.capitalize())}
    return float(bool(noted & said))
