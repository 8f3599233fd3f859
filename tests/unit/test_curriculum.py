"""A curriculum opens levels when they are mastered, keeps old ones alive, and goes on where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from selftaught.algorithms.curriculum import Curriculum
from selftaught.types import Episode, Outcome, Task


def episodes(level: int, games: int, step: int, seed: int) -> list[Episode]:
    """A level is mastered from step 2 * level + 1 on."""
    reward = float(step > 2 * level)
    return [
        Episode(f"{step}/{n}", "toy", Task(str(level), {}), "g", (), Outcome("end", {"x": reward}), {})
        for n in range(games)
    ]


def curriculum(path: Path, **settings: float) -> Curriculum:
    chosen = {"levels": 3, "games": 8, **settings}
    return Curriculum(episodes, success=lambda one: one.outcome.rewards["x"] > 0, path=path, **chosen)  # type: ignore[arg-type]


def test_levels_open_one_by_one_and_old_ones_stay(tmp_path: Path) -> None:
    source = curriculum(tmp_path / "c.jsonl")
    played = [[one.task.id for one in source(step, 0)] for step in range(10)]
    newest = [row["level"] for row in source.history()]
    # Level 0 is mastered in steps 1 and 2, level 1 in 3 and 4, level 2 never ends.
    assert newest == [0, 0, 0, 1, 1, 2, 2, 2, 2, 2]
    assert played[0] == ["0"] * 8 and sorted(played[3]) == ["0"] * 2 + ["1"] * 6
    assert sorted(played[9]) == ["0", "1"] + ["2"] * 6


def test_a_step_that_is_played_again_gives_the_same(tmp_path: Path) -> None:
    source = curriculum(tmp_path / "c.jsonl")
    first = [source(step, 0) for step in range(6)]
    assert curriculum(tmp_path / "c.jsonl")(3, 0) == first[3]
    assert [row["step"] for row in source.history()] == [0, 1, 2, 3]


def test_settings_are_checked(tmp_path: Path) -> None:
    for settings in ({"levels": 0}, {"promote": 0.0}, {"window": 0}, {"old": 1.0}):
        with pytest.raises(ValueError, match="a curriculum needs"):
            curriculum(tmp_path / "c", **settings)
