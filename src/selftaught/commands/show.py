"""``selftaught show``: read episodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import tyro

if TYPE_CHECKING:
    from selftaught.types import Episode


@dataclass(frozen=True)
class Show:
    """Print the transcripts of episodes, with what only one seat knew marked."""

    path: tyro.conf.Positional[Path]
    """A shard (.jsonl) or the folder of a run or experiment."""
    end: str | None = None
    """Only games that ended so, such as correct_guess."""
    id: str | None = None
    """Only games whose id contains this."""
    index: int | None = None
    """Only the game at this place among those that pass the other filters, from 0; negative ones count from the end."""
    limit: int = 20
    """At most so many games; 0 for all."""
    metrics: bool = False
    """Also the figures of every game."""


def run(config: Show) -> None:
    """Print them.

    Raises:
        FileNotFoundError: if there are no episodes under the path.
        ValueError: if none pass the filters.
    """
    from rich.console import Console
    from rich.text import Text

    from selftaught.transcript import transcript

    if config.limit < 0:
        raise ValueError(f"limit must not be negative, and is {config.limit}")
    files = list(shards_under(config.path))
    passing: Iterator[Episode] = (episode for file in files for episode in _read(file) if _passes(episode, config))
    console = Console(highlight=False)
    shown = 0
    if config.index is not None:
        found = list(passing)
        if not -len(found) <= config.index < len(found):
            raise ValueError(f"index {config.index}: only {len(found)} games pass the filters")
        passing = iter([found[config.index]])
    for episode in islice(passing, config.limit or None):
        console.print(transcript(episode, metrics=config.metrics))
        shown += 1
    if not shown:
        raise ValueError(f"no game in {config.path} passes the filters")
    if next(passing, None) is not None:
        console.print(Text(f"{shown} shown, there are more: --limit 0 shows all", style="dim"))


def shards_under(path: Path) -> Iterator[Path]:
    """The files of episodes that a path means: itself, or all in a folder, training before evaluations.

    Raises:
        FileNotFoundError: if there are none.
    """
    if path.is_file():
        yield path
        return
    found = sorted([*path.rglob("step-[0-9]*.jsonl"), *path.rglob("evaluations/*.jsonl")])
    found = [file for file in found if file.name != "metrics.jsonl" and "tables" not in file.parts]
    if not found:
        raise FileNotFoundError(f"no episodes in {path}: name a shard (.jsonl) or the folder of a run")
    yield from sorted(found, key=lambda file: (file.parent.name == "evaluations", file))


def _read(path: Path) -> Iterator[Episode]:
    from selftaught.store import read_shard

    return read_shard(path)


def _passes(episode: Episode, config: Show) -> bool:
    return config.end in (None, episode.outcome.end) and (config.id is None or config.id in episode.id)
