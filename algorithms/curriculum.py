"""Levels of difficulty: the next one opens when the newest is mastered, and the old ones are kept alive."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from selftaught.types import Episode

Play = Callable[[int, int, int, int], Sequence[Episode]]
"""``play(level, tasks, step, seed)``: games of so many tasks of a level."""


@dataclass(frozen=True)
class Curriculum:
    """A source of episodes for ``selftaught.algorithms.train.train``.

    What every step has shown is kept in ``path`` (JSON lines), so a resumed run goes on from the level it had reached.

    Args:
        play: plays a level.
        levels: how many there are.
        games: tasks of a step, all levels together.
        success: whether an episode counts as mastered.
        path: of the history; in the run's folder.
        promote: share of successes, over the last ``window`` steps of the newest level, that opens the next one.
        window: steps.
        old: share of the tasks that goes to the levels below the newest, evenly.

    Raises:
        ValueError: on numbers out of range.
    """

    play: Play
    levels: int
    games: int
    success: Callable[[Episode], bool]
    path: Path
    promote: float = 0.7
    window: int = 2
    old: float = 0.25

    def __post_init__(self) -> None:
        if self.levels < 1 or self.window < 1 or not 0 < self.promote <= 1 or not 0 <= self.old < 1:
            raise ValueError(f"a curriculum needs levels, a window, 0 < promote <= 1 and 0 <= old < 1: {self}")

    def __call__(self, step: int, seed: int) -> list[Episode]:
        """The episodes of a step."""
        history = [row for row in self.history() if row["step"] < step]
        newest = self.level(history)
        found: list[Episode] = []
        rates: dict[str, float] = {}
        for level, count in self._shares(newest).items():
            episodes = self.play(level, count, step, seed + level)
            rates[str(level)] = float(np.mean([self.success(episode) for episode in episodes]))
            found += episodes
        rows = [*history, {"step": step, "level": newest, "rates": rates}]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return found

    def history(self) -> list[Mapping[str, Any]]:
        """One row a step: ``step``, the newest ``level`` then, and the ``rates`` of success by level."""
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def level(self, history: Sequence[Mapping[str, Any]]) -> int:
        """The newest level that is open after this history."""
        newest = 0
        since: list[float] = []
        for row in history:
            since.append(row["rates"][str(newest)])
            if (
                len(since) >= self.window
                and np.mean(since[-self.window :]) >= self.promote
                and newest + 1 < self.levels
            ):
                newest, since = newest + 1, []
        return newest

    def _shares(self, newest: int) -> dict[int, int]:
        """Games by level."""
        each = int(self.games * self.old / newest) if newest else 0
        shares = {level: each for level in range(newest) if each}
        return {**shares, newest: self.games - each * newest}
