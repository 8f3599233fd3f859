"""The result of every step, against the reference."""

from __future__ import annotations

from selftaught.envs.sequence.chains import Chain, chain
from selftaught.envs.sequence.game import INSTRUCTOR
from selftaught.envs.sequence.replies import Score, result, score, sections, spans
from selftaught.envs.sequence.values import write
from selftaught.marks import Mark
from selftaught.types import Episode


def marks(episode: Episode) -> list[Mark]:
    """Which steps are right, right for the worker's own wrong result, or wrong; none where a seat wrote steps."""
    try:
        found = chain(episode.task.public)
    except (ValueError, TypeError, LookupError):
        return []
    if any(turn.ask.seat == INSTRUCTOR for turn in episode.turns):
        return []
    texts = [turn.reply.text for turn in episode.turns]
    if len(texts) == 1:
        verdict = score(found, sections(texts[0]))
        return [
            _verdict(found, verdict, number, 0, span)
            for number, span in spans(texts[0])
            if 1 <= number <= len(found.steps)
        ]
    said = [(number, result(text)) for number, text in enumerate(texts, 1)]
    verdict = score(found, said[: len(found.steps)])
    return [_verdict(found, verdict, number, number - 1, (0, 0)) for number, _ in said[: len(found.steps)]]


def _verdict(found: Chain, result: Score, number: int, turn: int, span: tuple[int, int]) -> Mark:
    wanted = found.results[number - 1]
    told = "" if wanted is None else f"right: {write(found.steps[number - 1].gives, wanted)}"
    if result.right[number - 1]:
        return Mark(turn, "right", "", *span)
    if result.carried[number - 1]:
        return Mark(turn, "partly", f"right for its own input; {told}", *span)
    return Mark(turn, "wrong", told, *span)
