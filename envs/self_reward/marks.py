"""Answers beside the truth, judgements beside the answer that they are of; the score as it was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from selftaught.envs.self_reward import rubric
from selftaught.envs.self_reward.instructions import Instruction
from selftaught.envs.self_reward.proposals import settled
from selftaught.envs.self_reward.state import ACTOR, JUDGE, META_JUDGE
from selftaught.marks import Mark, reasoned
from selftaught.types import Episode, Turn


def marks(episode: Episode) -> list[Mark]:
    """What is right, what every judgement is about, its reasons, and its last line."""
    task = settled(episode)
    told = instruction_of({} if task is None else task.sealed.get("instruction", {}))
    answers = [turn.reply.text for turn in episode.turns_of(ACTOR)]
    found: list[Mark] = []
    for place, turn in enumerate(episode.turns):
        if turn.ask.seat == ACTOR and told is not None:
            right = told.right(turn.reply.text)
            found.append(Mark(place, "right", "right") if right else Mark(place, "wrong", f"right: {told.solve()}"))
        elif turn.ask.seat in (JUDGE, META_JUDGE):
            found += _judged(place, turn, told, answers)
    return found


def instruction_of(sealed: Mapping[str, Any]) -> Instruction | None:
    """The instruction that data describes; None if it is none."""
    try:
        found = Instruction(sealed["kind"], sealed["given"])
        found.solve()
    except (LookupError, TypeError, ValueError):
        return None
    return found


def _judged(place: int, turn: Turn, told: Instruction | None, answers: list[str]) -> Iterator[Mark]:
    text, asked = turn.reply.text, turn.ask.messages[-1].content if turn.ask.messages else ""
    paired = turn.ask.seat == META_JUDGE or "\nAnswer 1:\n" in asked
    if told is not None and not paired:
        # Equal answers cannot be told apart by what the judge read.
        of = [str(number) for number, answer in enumerate(answers, 1) if asked == _shown(told, answer)]
        yield Mark(place, "about", f"of answer {' or '.join(of)}" if of else "of an answer made to fool the judge")
    if paired:
        better = rubric.better_of(text)
        yield from reasoned(place, text, better and f"better: {better}", wanted="preference")
    else:
        points = rubric.score_of(text)
        yield from reasoned(place, text, None if points is None else f"{points} of {rubric.MOST}", wanted="score")


def _shown(told: Instruction, answer: str) -> str:
    return rubric.pointwise(told.text, answer)[-1].content
