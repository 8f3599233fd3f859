"""All that a page holds, as one plain object, gathered from the runs' folders."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from selftaught.benchmarks.report import figures, judges
from selftaught.benchmarks.report.folders import Run, read_record, runs_under
from selftaught.benchmarks.report.transcripts import Chosen, Texts, as_data, choose, episodes_of, marks_of
from selftaught.marks import Mark
from selftaught.progress import Meter, silent
from selftaught.types import Episode


@dataclass(frozen=True)
class Limits:
    """How much of the transcripts a page holds; the rest is counted."""

    episodes: int = 10_000
    """Of all runs together, evenly over runs and steps; 0 for all."""
    characters: int = 20_000
    """Of one text."""

    def __post_init__(self) -> None:
        if self.episodes < 0 or self.characters < 1:
            raise ValueError(
                f"episodes is from 0 (all) and characters from 1, not {self.episodes} and {self.characters}"
            )


class Known(NamedTuple):
    """An episode without its tokens, and what is marked in it."""

    episode: Episode
    marks: list[Mark]


Read = Sequence[tuple[str, Known]]
"""Episodes of a run, each with the name of its shard."""


@dataclass
class Shelf:
    """What was read before, by file, time, size and lines: a run that goes on is not read anew every time."""

    counts: dict[tuple[Path, int, int], int] = field(default_factory=dict)
    read: dict[tuple[Path, int, int, frozenset[int]], list[Known]] = field(default_factory=dict)

    def count(self, path: Path) -> int:
        """The lines of a shard."""
        status = path.stat()
        key = (path, status.st_mtime_ns, status.st_size)
        if key not in self.counts:
            self.counts[key] = path.read_bytes().count(b"\n")
        return self.counts[key]

    def episodes(self, chosen: Chosen) -> Read:
        """The chosen episodes, each with the name of its shard."""
        found: list[tuple[str, Known]] = []
        for path, lines in chosen.lines.items():
            status = path.stat()
            key = (path, status.st_mtime_ns, status.st_size, lines)
            if key not in self.read:
                self.read = {known: some for known, some in self.read.items() if known[0] != path}
                self.read[key] = [Known(_slim(one), marks_of(one)) for one in episodes_of(path, lines)]
            found += [(_shard_name(chosen.run, path), known) for known in self.read[key]]
        return found


def gather(
    paths: Sequence[Path],
    *,
    limits: Limits,
    title: str = "",
    made: Mapping[str, str] | None = None,
    live: bool = False,
    shelf: Shelf | None = None,
    meter: Meter = silent,
) -> dict[str, Any]:
    """Everything on the page, as JSON takes it.

    Args:
        paths: folders of runs, studies or benches, and JSON files with rows of an evaluation.
        limits: of the transcripts.
        title: of the page; the names of the paths if empty.
        made: by what and when, in words.
        live: whether the page asks for news.
        shelf: what was read before.
        meter: shows how far reading is.

    Raises:
        FileNotFoundError: if a path has no run in it.
        ValueError: on a damaged file.
    """
    shelf, texts = shelf or Shelf(), Texts(limits.characters)
    files = [path for path in paths if path.suffix == ".json" and path.is_file()]
    runs = runs_under([path for path in paths if path not in files])
    chosen = choose(runs, most=limits.episodes, lines=shelf.count)
    advance = meter("reading episodes", sum(one.count for one in chosen))
    read = []
    for one in chosen:
        read.append(shelf.episodes(one))
        advance(one.count)
    rows = _rows(chosen, read)
    return {
        "title": title or _title([path.stem if path in files else path.resolve().name for path in paths]),
        "made": dict(made or {}),
        "live": live,
        "runs": _finite(rows),
        "scores": figures.scores(runs),
        "curves": figures.learning(runs, games={row["arm"]: row["game"] for row in rows}),
        **_finite(_by_arm(runs, read)),
        "rounds": _finite([found for run in runs if (found := judges.rounds(run)) is not None]),
        "tables": _finite(_tables(runs, files)),
        "episodes": [
            as_data(known.episode, texts, run=(run.name, place), shard=shard, marks=known.marks)
            for place, (run, some) in enumerate(zip(runs, read, strict=True))
            for shard, known in some
        ],
        "texts": texts.every,
        "left_out": {
            "episodes": sum(one.total - one.count for one in chosen),
            "characters": {str(place): count for place, count in texts.left_out.items()},
        },
    }


def _finite(value: Any) -> Any:
    """The value with nothing in place of numbers that are not finite, which JSON has no words for."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case list() | tuple():
            return [_finite(one) for one in value]
        case Mapping():
            return {name: _finite(one) for name, one in value.items()}
    return value


def _rows(chosen: Sequence[Chosen], read: Sequence[Read]) -> list[dict[str, Any]]:
    costs = figures.costs([one.run for one in chosen])
    return [
        {**figures.overview(one.run, [known.episode for _, known in some], total=one.total), "cost": cost}
        for one, some, cost in zip(chosen, read, costs, strict=True)
    ]


def _tables(runs: Sequence[Run], files: Sequence[Path]) -> list[dict[str, Any]]:
    return [
        *figures.cells(runs),
        *(one for path in files for one in figures.tables(str(path.parent), {path.stem: read_record(path)})),
        *(one for run in runs for one in figures.tables(run.name, run.records)),
    ]


def _by_arm(runs: Sequence[Run], read: Sequence[Read]) -> dict[str, list[dict[str, Any]]]:
    """What is told of the episodes of all seeds together."""
    arms: dict[str, list[Episode]] = {}
    for run, some in zip(runs, read, strict=True):
        arms.setdefault(run.arm, []).extend(known.episode for _, known in some)
    return {
        "reliability": [found for arm, some in arms.items() for found in judges.reliability(arm, some)],
        "shortcuts": [found for arm, some in arms.items() if (found := figures.shortcuts(arm, some)) is not None],
    }


def _title(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"


def _shard_name(run: Run, path: Path) -> str:
    """Where a shard lies within the run, without what every shard's name has."""
    parts = path.relative_to(run.folder).with_suffix("").parts
    return "/".join(parts[1:] if parts[0] == "episodes" else parts)


def _slim(episode: Episode) -> Episode:
    """The episode without its tokens, but for their number: pages show none, and they take the most room."""
    turns = (
        replace(
            turn,
            reply=replace(turn.reply, prompt_tokens=(), logprobs=(), tokens=(0,) * len(turn.reply.tokens)),
        )
        for turn in episode.turns
    )
    return replace(episode, turns=tuple(turns))
