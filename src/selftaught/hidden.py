"""What not everybody at the table knows: private thoughts, and secrets that only some seats were told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from selftaught.types import Episode, Message, Seat

# Possessive, for a sign before many blanks must cost linear time.
_TAG: Final = re.compile(r"<\s*+(/?)\s*+think\s*+>", re.IGNORECASE)

Span = tuple[int, int]


def public_spans(text: str) -> list[Span]:
    """The stretches of ``text`` outside thoughts, in order; tags belong to the thoughts.

    Nested blocks are one block; an unclosed block reaches to the end; a closing tag without an opening one hides all
    before it, since some chat templates open the block in the prompt.
    """
    spans: list[Span] = []
    depth = start = 0
    for tag in _TAG.finditer(text) if "<" in text else ():
        if tag[1]:
            if depth == 0:
                spans.clear()
            depth = max(0, depth - 1)
            start = tag.end()
        else:
            if depth == 0:
                spans.append((start, tag.start()))
            depth += 1
    if depth == 0:
        spans.append((start, len(text)))
    return [(first, last) for first, last in spans if first < last]


def public_part(text: str) -> str:
    """``text`` without its thoughts, stripped of blanks at both ends."""
    return "".join(text[first:last] for first, last in public_spans(text)).strip()


def public_places(text: str) -> list[int]:
    """Where in ``text`` the characters of its public part stand; blanks that were stripped off its end come after."""
    places = [place for span in public_spans(text) for place in range(*span)]
    blank = next((number for number, place in enumerate(places) if not text[place].isspace()), 0)
    return places[blank:]


def thought_spans(text: str) -> list[Span]:
    """The stretches of ``text`` that are thoughts, with their tags."""
    edges = [0, *(place for span in public_spans(text) for place in span), len(text)]
    return [(first, last) for first, last in zip(edges[::2], edges[1::2], strict=True) if first < last]


def secrets(episode: Episode) -> tuple[str, ...]:
    """The texts in the public half of the task that some seat was told and some other seat was not.

    What a seat was told is what it read before its first reply, the other seats' own words left out. A seat that never
    came to act was told nothing.
    """
    told: dict[Seat, str] = {}
    said: list[str] = []
    for turn in episode.turns:
        seat = turn.ask.seat
        if seat not in told:
            told[seat] = "\n".join(message.content for message in turn.ask.messages if not _echoes(message, said))
        said.append(turn.reply.text)
    found = {
        leaf
        for leaf in _leaves(episode.task.public)
        if 0 < sum(_mentions(text, leaf) for text in told.values()) < len({*told, *episode.outcome.rewards})
    }
    return tuple(sorted(found, key=lambda leaf: (-len(leaf), leaf)))


def secret_pattern(leaf: str) -> re.Pattern[str]:
    """Finds a secret in any case and with a plural or possessive ending."""
    return re.compile(rf"(?<!\w){re.escape(leaf)}(?:'?s|es)?(?!\w)", re.IGNORECASE)


def _mentions(text: str, leaf: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(leaf)}(?!\w)", text) is not None


def _echoes(message: Message, said: Iterable[str]) -> bool:
    content = message.content.strip()
    return any(content in text for text in said)


def _leaves(value: Any) -> Iterator[str]:
    match value:
        case str() if len(value.strip()) > 1:
            yield value
        case Mapping():
            for item in value.values():
                yield from _leaves(item)
        case list() | tuple():
            for item in value:
                yield from _leaves(item)
