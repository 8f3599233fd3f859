"""All that a page holds, as one plain object, gathered from the runs' folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from selftaught.benchmarks.report import figures, judges
from selftaught.benchmarks.report.folders import Run, read_record, runs_under
from selftaught.benchmarks.report.transcripts import Chosen, Texts, as_data, choose, episodes_of, key_of, marks_of
from selftaught.progress import Meter, silent
from selftaught.types import Episode

VERSION: Final = 1
"""Of the data in a page."""


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


@dataclass
class Shelf:
    """Episodes that were read before, by file, time, size and lines: a run that goes on is not read anew every time."""

    counts: dict[tuple[Path, int, int], int] = field(default_factory=dict)
    read: dict[tuple[Path, int, int, frozenset[int]], list[Episode]] = field(default_factory=dict)

    def count(self, path: Path) -> int:
        """The lines of a shard."""
        status = path.stat()
        key = (path, status.st_mtime_ns, status.st_size)
        if key not in self.counts:
            self.counts[key] = path.read_bytes().count(b"\n")
        return self.counts[key]

    def episodes(self, chosen: Chosen) -> list[tuple[str, Episode]]:
        """The chosen episodes without their tokens, each with the name of its shard."""
        found = []
        for path, lines in chosen.lines.items():
            status = path.stat()
            key = (path, status.st_mtime_ns, status.st_size, lines)
            if key not in self.read:
                self.read = {known: some for known, some in self.read.items() if known[0] != path}
                self.read[key] = [_slim(episode) for episode in episodes_of(path, lines)]
            found += [(_shard_name(chosen.run, path), episode) for episode in self.read[key]]
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
    shelf = shelf or Shelf()
    files = [path for path in paths if path.suffix == ".json" and path.is_file()]
    runs = runs_under([path for path in paths if path not in files])
    chosen = choose(runs, most=limits.episodes, lines=shelf.count)
    advance = meter("reading episodes", sum(one.count for one in chosen))
    texts = Texts(limits.characters)
    found: dict[str, Any] = {
        "version": VERSION,
        "title": title or _title([path.stem if path in files else path.resolve().name for path in paths]),
        "made": dict(made or {}),
        "live": live,
        "scores": figures.scores(runs),
        "tables": [],
        "runs": [],
        "shortcuts": [],
        "reliability": [],
        "rounds": [judged for run in runs if (judged := judges.rounds(run)) is not None],
        "episodes": [],
    }
    for path in files:
        found["tables"] += figures.tables(str(path.parent), {path.stem: read_record(path)})
    by_arm: dict[str, list[Episode]] = {}
    for place, one in enumerate(chosen):
        read = shelf.episodes(one)
        _add_run(found, one, read, texts, place)
        by_arm.setdefault(one.run.arm, []).extend(episode for _, episode in read)
        advance(one.count)
    for arm, episodes in by_arm.items():
        found["reliability"] += judges.reliability(arm, episodes)
        beside = figures.shortcuts(arm, episodes)
        found["shortcuts"] += [] if beside is None else [beside]
    found["curves"] = figures.learning(runs, games={row["arm"]: row["game"] for row in found["runs"]})
    found["texts"] = texts.every
    found["left_out"] = {
        "episodes": sum(one.total - one.count for one in chosen),
        "characters": {str(place): count for place, count in texts.left_out.items()},
    }
    return found


def _add_run(
    found: dict[str, Any], chosen: Chosen, read: Sequence[tuple[str, Episode]], texts: Texts, place: int
) -> None:
    run, episodes = chosen.run, [episode for _, episode in read]
    row = figures.overview(run, episodes, total=chosen.total)
    found["runs"].append({**row, "cost": figures.cost(run)})
    found["tables"] += figures.tables(run.name, run.records)
    for shard, episode in read:
        data = as_data(episode, texts, run=place, shard=shard, marks=marks_of(episode))
        found["episodes"].append({"key": key_of(run, episode), **data})


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
