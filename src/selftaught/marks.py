"""Stretches of replies that mean something to a person who reads an episode, as data: what was private, read, illegal.

Thoughts and secrets are found in any game; what only the rules of a game tell is its own to say (``Entry.marks``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from selftaught.hidden import public_part, public_places, secret_pattern, secrets, thought_spans
from selftaught.types import Episode

Kind = Literal["thought", "secret", "rationale", "read", "unread", "breach", "right", "partly", "wrong", "about"]
"""``read`` is what the game took as the move, ``unread`` what it could not; ``about`` says what a turn speaks of."""


@dataclass(frozen=True, slots=True)
class Mark:
    """``episode.turns[turn].reply.text[start:end]`` is a ``kind``; ``note`` says why in a few words.

    An empty stretch stands for the whole turn.
    """

    turn: int
    kind: Kind
    note: str = ""
    start: int = 0
    end: int = 0


Marker = Callable[[Episode], Sequence[Mark]]
"""What a game has to say of one of its episodes, whose replies it is given without thoughts (``heard``).

It takes any text for data, and never raises for one.
"""


def heard(marker: Marker, episode: Episode) -> list[Mark]:
    """What a game has to say of an episode without its thoughts, at the places of the whole replies."""
    whole = [turn.reply.text for turn in episode.turns]
    turns = [replace(turn, reply=replace(turn.reply, text=public_part(turn.reply.text))) for turn in episode.turns]
    return [_moved(mark, whole[mark.turn]) for mark in marker(replace(episode, turns=tuple(turns)))]


def _moved(mark: Mark, whole: str) -> Mark:
    if mark.start == mark.end:
        return mark
    places = public_places(whole)
    return replace(mark, start=places[mark.start], end=places[mark.end - 1] + 1)


def general(episode: Episode) -> list[Mark]:
    """Thoughts, with whether another seat read them, and what only one seat knew."""
    return [*_thoughts(episode), *_secrets(episode)]


def reasoned(turn: int, text: str, said: str | None, *, wanted: str) -> list[Mark]:
    """A reply that gives reasons and ends in a line that decides: the reasons, and the line as it was read.

    Args:
        turn: its place.
        text: of the reply.
        said: what its last line was read as; None if that was nothing.
        wanted: what it should have been, such as ``score``.
    """
    end = len(text.rstrip())
    start = text.rfind("\n", 0, end) + 1
    line = Mark(turn, "unread", f"no {wanted} in the last line") if said is None else Mark(turn, "read", said)
    if start < end:
        line = Mark(turn, line.kind, line.note, start, end)
    reasons = len(text[:start].rstrip())
    return [*([Mark(turn, "rationale", "", 0, reasons)] if reasons else []), line]


def _thoughts(episode: Episode) -> Iterator[Mark]:
    for place, turn in enumerate(episode.turns):
        text = turn.reply.text
        for start, end in thought_spans(text):
            others = (one.ask for one in episode.turns[place + 1 :] if one.ask.seat != turn.ask.seat)
            heard = any(text[start:end] in message.content for ask in others for message in ask.messages)
            yield Mark(place, "thought", "others read it" if heard else "private", start, end)


def _secrets(episode: Episode) -> Iterator[Mark]:
    for pattern in [secret_pattern(leaf) for leaf in secrets(episode)]:
        for place, turn in enumerate(episode.turns):
            for found in pattern.finditer(turn.reply.text):
                yield Mark(place, "secret", "", *found.span())
