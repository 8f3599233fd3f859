"""Episodes as the page holds them: every text once, every prompt only as far as it is new, marks at UTF-16 places."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selftaught.benchmarks.report.folders import Run
from selftaught.marks import Mark, general, heard
from selftaught.store import read_shard
from selftaught.types import Episode, Seat, Turn

ROLES = ("system", "user", "assistant")


@dataclass
class Texts:
    """A table of texts, each held once; what is longer than ``longest`` characters is cut, and counted."""

    longest: int
    every: list[str] = field(default_factory=list)
    left_out: dict[int, int] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)

    def place(self, text: str) -> int:
        """Where the text stands in the table."""
        found = self.places.get(text)
        if found is None:
            found = self.places[text] = len(self.every)
            self.every.append(text[: self.longest])
            if len(text) > self.longest:
                self.left_out[found] = len(text) - self.longest
        return found


@dataclass(frozen=True)
class Chosen:
    """Some of a run's episodes: of every shard the numbers of the lines that are taken, and how many there are."""

    run: Run
    lines: Mapping[Path, frozenset[int]]
    total: int

    @property
    def count(self) -> int:
        """How many are taken."""
        return sum(map(len, self.lines.values()))


def choose(runs: Sequence[Run], *, most: int, lines: Callable[[Path], int]) -> list[Chosen]:
    """At most ``most`` episodes, as many of every run as of any other where it has them, evenly over its shards.

    Args:
        runs: whose episodes.
        most: of all runs; 0 for every episode.
        lines: the number of episodes in a shard.
    """
    counts = [[(path, lines(path)) for path in run.shards] for run in runs]
    totals = [sum(count for _, count in shards) for shards in counts]
    shares = _fair(totals, most or sum(totals))
    return [
        Chosen(run, _evenly(shards, share), total)
        for run, shards, share, total in zip(runs, counts, shares, totals, strict=True)
    ]


def episodes_of(path: Path, lines: frozenset[int]) -> Iterator[Episode]:
    """Those of a shard's episodes that stand on the given lines.

    Raises:
        ValueError: as ``read_shard``.
    """
    return read_shard(path, keep=lines.__contains__) if lines else iter(())


def as_data(
    episode: Episode, texts: Texts, *, run: tuple[str, int], shard: str, marks: Sequence[Mark]
) -> dict[str, Any]:
    """One episode for the page; ``run`` is name and place of its run, ``shard`` where it was written.

    Links go by its ``key``, which is the same wherever the run has the same name.
    """
    name = f"{run[0]}\n{shard}\n{episode.id}".encode("utf-8", "surrogatepass")
    task, outcome = episode.task, episode.outcome
    of_turn: list[list[Any]] = [[] for _ in episode.turns]
    for mark in sorted(marks, key=lambda one: (one.turn, one.start, -one.end)):
        text = episode.turns[mark.turn].reply.text
        start, end = (_utf16(text, min(place, texts.longest)) for place in (mark.start, mark.end))
        if start < end or mark.start == mark.end:
            of_turn[mark.turn].append([mark.kind, mark.note, start, end])
    credits = episode.credits or (None,) * len(episode.turns)
    return {
        "key": hashlib.sha256(name).hexdigest()[:12],
        "id": episode.id,
        "run": run[1],
        "at": shard,
        "game": episode.env,
        "task": task.id,
        "public": texts.place(_told(task.public)),
        "sealed": texts.place(_told(task.sealed)),
        "end": outcome.end,
        "reason": texts.place(outcome.reason),
        "rewards": {seat: short(value) for seat, value in outcome.rewards.items()},
        "metrics": {name: short(value) for name, value in episode.metrics.items()},
        "turns": [
            {
                "seat": turn.ask.seat,
                "agent": turn.agent,
                "text": texts.place(turn.reply.text),
                "read": read,
                **({"cut": True} if turn.reply.stop == "length" else {}),
                **({"failed": True} if turn.reply.stop == "failed" else {}),
                **({"tokens": len(turn.reply.tokens)} if turn.reply.tokens else {}),
                **({"reward": short(turn.reward)} if turn.reward else {}),
                **({} if credit is None else {"credit": short(credit)}),
                **({"marks": marked} if marked else {}),
            }
            for turn, read, credit, marked in zip(
                episode.turns, _readings(episode.turns, texts), credits, of_turn, strict=True
            )
        ],
    }


def marks_of(episode: Episode) -> list[Mark]:
    """All that is known of the replies' stretches: of any game, and by the rules of this one."""
    from selftaught.envs.registry import IDS, entry

    marker = entry(episode.env).marks if episode.env in IDS else None
    return [*general(episode), *(heard(marker, episode) if marker else ())]


def _readings(turns: Sequence[Turn], texts: Texts) -> Iterator[list[int]]:
    """What each turn's seat read that it had not read or said before: pairs of role and text.

    A first number of 1 says that there was something before; of 0 that this is all.
    """
    known: dict[Seat, list[tuple[str, str]]] = {}
    for turn in turns:
        messages = [(message.role, message.content) for message in turn.ask.messages]
        before = known.get(turn.ask.seat, [])
        goes_on = bool(before) and messages[: len(before)] == before
        new = messages[len(before) :] if goes_on else messages
        yield [int(goes_on), *(part for role, text in new for part in (ROLES.index(role), texts.place(text)))]
        known[turn.ask.seat] = [*messages, ("assistant", turn.reply.text)]


def _fair(totals: Sequence[int], most: int) -> list[int]:
    """Shares of ``most``: equal ones, and what the small ones leave goes to the others."""
    shares, left = [0] * len(totals), most
    order = sorted(range(len(totals)), key=lambda place: totals[place])
    for done, place in enumerate(order):
        shares[place] = min(totals[place], left // (len(order) - done))
        left -= shares[place]
    return shares


def _evenly(shards: Sequence[tuple[Path, int]], take: int) -> dict[Path, frozenset[int]]:
    """``take`` lines at equal distances over all shards together; lines count from 1."""
    total = sum(count for _, count in shards)
    wanted = {number * total // take for number in range(take)}
    found, before = {}, 0
    for path, count in shards:
        found[path] = frozenset(place - before + 1 for place in range(before, before + count) if place in wanted)
        before += count
    return found


def _told(half: Mapping[str, Any]) -> str:
    """Half a task as text."""
    return json.dumps(dict(half), ensure_ascii=False, default=str) if half else ""


def short(value: object) -> float | None:
    """Six digits are enough to read; what is no finite number is none."""
    try:
        return float(f"{value:.6g}") if isinstance(value, int | float) and math.isfinite(value) else None
    except OverflowError:  # of integers without bound
        return None


def _utf16(text: str, place: int) -> int:
    """The place as JavaScript counts."""
    return place if text.isascii() else len(text[:place].encode("utf-16-le", "surrogatepass")) // 2
