"""Episodes for people: who said what, what only one seat knew, how it ended."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from selftaught.hidden import secret_pattern, secrets, thought_spans
from selftaught.types import Episode

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
        elif turn.reply.stop == "failed":
            said.append("[no reply: the server failed]", LABEL)
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


def marked(text: str, hidden: Iterable[str]) -> Text:
    """The text with secrets highlighted, in any case and with a plural or possessive ending, and thoughts dimmed."""
    shown = Text(printable(text))
    for first, last in thought_spans(shown.plain):
        shown.stylize(THOUGHT, first, last)
    for leaf in hidden:
        shown.highlight_regex(secret_pattern(printable(leaf)), SECRET)
    return shown


def printable(text: str) -> str:
    """The text with control characters and lone surrogates escaped: it can neither steer nor break a terminal."""
    return "".join(c if c == "\n" or c.isprintable() else ascii(c)[1:-1] for c in text)
