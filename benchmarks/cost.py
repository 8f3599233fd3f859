"""What a run cost: tokens, processor time, and the labels that it made for itself, with what people would be paid.

Labels are counted where a person would have given them, each once: a demonstration that is imitated, a reward for a
game of the policy, a judgement, or a preference.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Literal

from selftaught.store import aside, read_run, read_shard
from selftaught.types import Episode, Seat

PRICE: Final = (0.05, 0.30)
"""Dollars for one label by hand, from and to: the range of commercial labelling."""
Label = Literal["rows", "rewards", "judgements", "pairs"]
SPENT: Final = "spent.json"


@dataclass(frozen=True)
class Cost:
    """What was spent; costs add up."""

    sampled_tokens: int = 0
    """Of replies of models."""
    trained_tokens: int = 0
    """On which a loss was taken, once for every pass."""
    processor_seconds: float = 0.0
    """Of the process and those of its children that have ended, on all cores; killed attempts are not counted."""
    labels: Mapping[Label, int] = field(default_factory=dict)

    def __add__(self, other: Cost) -> Cost:
        labels = {
            kind: self.labels.get(kind, 0) + other.labels.get(kind, 0) for kind in {**self.labels, **other.labels}
        }
        return Cost(
            self.sampled_tokens + other.sampled_tokens,
            self.trained_tokens + other.trained_tokens,
            self.processor_seconds + other.processor_seconds,
            labels,
        )

    def as_data(self) -> dict[str, Any]:
        """Plain data, with the price of the labels by hand."""
        return {
            "sampled_tokens": self.sampled_tokens,
            "trained_tokens": self.trained_tokens,
            "processor_seconds": round(self.processor_seconds, 2),
            "labels": dict(self.labels),
            "dollars_by_hand": [round(price * sum(self.labels.values()), 2) for price in PRICE],
        }


def of_data(data: Mapping[str, Any]) -> Cost:
    """What ``as_data`` was made of."""
    return Cost(data["sampled_tokens"], data["trained_tokens"], data["processor_seconds"], data["labels"])


def sampled(episodes: Iterable[Episode]) -> int:
    """Tokens that models sampled in these games."""
    return sum(len(turn.reply.tokens) for episode in episodes for turn in episode.turns)


def of_training(
    folder: Path, *, labels: Mapping[str, Label], judges: Collection[Seat] = (), learners: Collection[Seat] = ()
) -> Cost:
    """What a stage of training cost, by what lies in its folder; the time is not in it.

    Args:
        folder: with runs of ``selftaught.algorithms.train`` in it or in its subfolders.
        labels: what kind of labels the run in each subfolder made ("" for the folder itself); none of others.
        judges: seats whose replies are judgements.
        learners: seats that learn from rewards; all if empty.
    """
    metrics = {path.parent: [json.loads(line) for line in path.open()] for path in folder.rglob("metrics.jsonl")}
    trained = sum(row.get("learn/trained_tokens") or 0 for rows in metrics.values() for row in rows)
    shards = folder.rglob("episodes/step-*.jsonl")
    tokens = sum(sampled(read_shard(path)) for path in shards)
    found: dict[Label, int] = {}
    for name, kind in labels.items():
        here = folder / name
        if here in metrics:
            found[kind] = found.get(kind, 0) + _labels(here, kind, metrics[here], judges, learners)
    return Cost(tokens, int(trained), 0.0, found)


def _labels(
    folder: Path,
    kind: Label,
    rows: Iterable[Mapping[str, Any]],
    judges: Collection[Seat],
    learners: Collection[Seat],
) -> int:
    match kind:
        case "rows" | "pairs":
            sequences = float(sum(row["learn/sequences"] for row in rows))
            return round(sequences * _fresh(folder, pairs=kind == "pairs") / (2 if kind == "pairs" else 1))
        case "rewards":
            return sum(_rewards(episode, learners) for episode in read_run(folder))
    return sum(turn.ask.seat in judges for episode in read_run(folder) for turn in episode.turns)


def _fresh(folder: Path, *, pairs: bool) -> float:
    """The share of a run's lessons that are not one of the others again: one may be learned more than once.

    A lesson is a game; where ``pairs`` are learned from, a group of games: two of its replies may well be the same.
    """
    groups: dict[str, set[tuple[Any, ...]]] = {}
    for number, episode in enumerate(read_run(folder)):
        said = tuple((turn.ask.messages, turn.reply.text) for turn in episode.turns)
        groups.setdefault(episode.group if pairs else str(number), set()).add(said)
    return len(set(map(frozenset, groups.values()))) / max(1, len(groups))


def _rewards(episode: Episode, learners: Collection[Seat]) -> int:
    """How many rewards the learners had in a game: one a credited turn, or one a seat in which a model sat."""
    seats = [turn.ask.seat for turn in episode.turns]
    if episode.credits:
        told = zip(seats, episode.credits, strict=True)
        return sum(credit is not None and (not learners or seat in learners) for seat, credit in told)
    played = {turn.ask.seat for turn in episode.turns if turn.reply.tokens}
    return len(played & set(learners) if learners else played)


def note(folder: Path, *, processor: float = 0.0, clock: float = 0.0, tokens: int = 0) -> None:
    """Add to what was spent in a folder: seconds, and sampled tokens that are in no reply, as those of most servers."""
    path = folder / SPENT
    past = json.loads(path.read_text()) if path.exists() else []
    with aside(path) as file:
        file.write(json.dumps([*past, [processor, clock, tokens]]).encode())


@contextmanager
def metered(folder: Path) -> Iterator[None]:
    """Add what is spent within to what earlier attempts in the folder spent, however it ends."""
    clock, processor = perf_counter(), _processor()
    try:
        yield
    finally:
        note(folder, processor=_processor() - processor, clock=perf_counter() - clock)


def noted(folder: Path) -> Cost:
    """What was noted of all attempts in the folder that came to an end."""
    path = folder / SPENT
    rows = json.loads(path.read_text()) if path.exists() else []
    return Cost(sampled_tokens=sum(row[2] for row in rows), processor_seconds=float(sum(row[0] for row in rows)))


def _processor() -> float:
    told = os.times()
    return told.user + told.system + told.children_user + told.children_system
