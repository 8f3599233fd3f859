"""Answers beside the truth where a check is at hand; the checks' reasons, and the decision as it was read."""

from __future__ import annotations

from selftaught.envs.reflect.state import (
    CHECK,
    CHECK_NOTES,
    KNOW,
    REFINE_NOTES,
    SCORER,
    decision_of,
    score_of,
)
from selftaught.envs.self_reward.marks import instruction_of
from selftaught.marks import Mark, reasoned
from selftaught.types import Episode


def marks(episode: Episode) -> list[Mark]:
    """Of every turn what it is: a score, a check with its decision, or an answer (right or wrong, if checkable)."""
    told = instruction_of(episode.task.public)
    found: list[Mark] = []
    for place, turn in enumerate(episode.turns):
        text, asked = turn.reply.text, turn.ask.messages[-1].content if turn.ask.messages else ""
        if turn.ask.seat == SCORER:
            score = score_of(text)
            found += reasoned(place, text, None if score is None else f"{score:g} of 1", wanted="score")
        elif asked.endswith((CHECK, CHECK_NOTES)):
            found += reasoned(place, text, decision_of(text), wanted="decision")
        elif told is not None and not asked.endswith((KNOW, REFINE_NOTES)):
            right = told.right(text)
            found.append(Mark(place, "right", "right") if right else Mark(place, "wrong", f"right: {told.solve()}"))
    return found
