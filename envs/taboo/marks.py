"""What ended a game, where it stands in the last utterance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from selftaught.envs.taboo.judge import Rules, Verdict, judge, parse_guess
from selftaught.marks import Kind, Mark
from selftaught.types import Episode

GUESSES: dict[str, Kind] = {"correct_guess": "right", "wrong_guess": "wrong", "multiple_guess": "breach"}
SAID = ("attacker_leaked", "defender_uttered")


def marks(episode: Episode) -> list[Mark]:
    """The guess, or the breach with its reason."""
    end, last = episode.outcome.end, len(episode.turns) - 1
    if end == "tie" or last < 0:
        return []
    said = episode.turns[last].reply.text
    if end in SAID:
        found = _verdict(said, str(episode.task.public.get("target", "")), reason=episode.outcome.reason)
        if found is not None and found.span is not None:
            return [Mark(last, "breach", found.reason or "", *found.span)]
    guess = parse_guess(said) if end in GUESSES else None
    if guess is not None:
        return [Mark(last, GUESSES[end], "guess", *guess.span)]
    return [Mark(last, GUESSES.get(end, "breach"), episode.outcome.reason)]


def _verdict(said: str, target: str, *, reason: str) -> Verdict | None:
    """The verdict that was given: an episode does not say by which rules it was played, but the reason tells."""
    for found in _verdicts(said, target):
        if not found.legal and reason.startswith(str(found.reason)):
            return found
    return None


def _verdicts(said: str, target: str) -> Iterator[Verdict]:
    for rules in get_args(Rules):
        try:
            yield judge(said, target, rules)
        except (ImportError, ValueError):  # no TextBlob, or a task that is none of taboo's
            continue
