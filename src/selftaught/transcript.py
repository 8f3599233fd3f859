"""Episodes for people: who said what, what only one seat knew, how it ended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from selftaught.thoughts import thought_spans
from selftaught.types import Episode, Message, Seat

SECRET, THOUGHT, LABEL = "bold black on yellow", "dim italic", "dim"
SEATS = ("cyan", "magenta", "green", "blue", "bright_red")


def transcript(episode: Episode, *, metrics: bool = False) -> Group:
    """One episode for a rich console: task, turns, outcome, and the metrics if wanted."""
    hidden = secrets(episode)
    colours = {seat: SEATS[place % len(SEATS)] for place, seat in enumerate(episode.outcome.rewards)}
    head = Text.assemble((printable(episode.id), "bold"), "  ", task_text(episode))
    turns = Table.grid(padding=(0, 2))
    turns.add_column(no_wrap=True)
    turns.add_column(overflow="fold")
    for turn in episode.turns:
        seat = turn.ask.seat
        label = Text.assemble((seat, colours.get(seat, "white")), (f" {printable(turn.agent)}", LABEL))
        said = marked(turn.reply.text, hidden)
        if turn.reply.stop == "length":
            said.append(" [cut short]", LABEL)
        turns.add_row(label, said)
    parts: list[RenderableType] = [head, turns, outcome_text(episode)]
    if metrics:
        figures = "  ".join(f"{name} {value:.3g}" for name, value in sorted(episode.metrics.items()))
        parts.append(Text(printable(figures), style=LABEL))
    return Group(*parts, Text())


def task_text(episode: Episode) -> Text:
    """The public half of the task."""
    public = "  ".join(f"{name}: {value}" for name, value in episode.task.public.items())
    return marked(public, secrets(episode))


def outcome_text(episode: Episode) -> Text:
    """How the episode ended, why, and every seat's reward."""
    outcome, hidden = episode.outcome, secrets(episode)
    text = Text.assemble((outcome.end, "bold"))
    if outcome.reason:
        text.append_text(Text(": ")).append_text(marked(outcome.reason, hidden))
    for seat, reward in outcome.rewards.items():
        style = "green" if reward > 0 else "red" if reward < 0 else LABEL
        text.append(f"   {seat} {reward:+g}", style)
    return text


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


def marked(text: str, hidden: Iterable[str]) -> Text:
    """The text with secrets highlighted, in any case and with a plural or possessive ending, and thoughts dimmed."""
    shown = Text(printable(text))
    for first, last in thought_spans(shown.plain):
        shown.stylize(THOUGHT, first, last)
    for leaf in hidden:
        shown.highlight_regex(secret_pattern(printable(leaf)), SECRET)
    return shown


def secret_pattern(leaf: str) -> re.Pattern[str]:
    """Finds a secret in any case and with a plural or possessive ending."""
    return re.compile(rf"(?<!\w){re.escape(leaf)}(?:'?s|es)?(?!\w)", re.IGNORECASE)


def printable(text: str) -> str:
    """The text with control characters and lone surrogates escaped: it can neither steer nor break a terminal."""
    return "".join(c if c == "\n" or c.isprintable() else ascii(c)[1:-1] for c in text)


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
