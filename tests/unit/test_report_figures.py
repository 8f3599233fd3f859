"""What a report draws of a bench: nothing twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from selftaught.benchmarks.report.figures import cells, costs, learning, overview, scores
from selftaught.benchmarks.report.folders import runs_under

STEPS = "".join(json.dumps({"step": step, "learn/loss": 1.0 / step}) + "\n" for step in (1, 2, 3))
TRAINING = "training/me/taboo/recipe/seed-0"


def bench(folder: Path) -> Path:
    """Two cells of one training, each with its curves too, and the training itself."""
    for name in (f"{TRAINING}/0-grpo", "cells/me/taboo-0/recipe/seed-0", "cells/me/taboo-1/recipe/seed-0"):
        run = folder / name
        run.mkdir(parents=True)
        (run / "metrics.jsonl").write_text(STEPS)
        if name.startswith("cells"):
            names = {"item": "taboo/0", "game": "taboo", "policy": "me", "algorithm": "recipe", "seed": 0}
            score = {"mean": 1.0, "low": 1.0, "high": 1.0, "count": 1}
            played = {"score": score, "scores": [1.0], "tasks": ["test/0"], "metrics": {"won": score}}
            cost = {"evaluation": None, "training": {"folder": TRAINING}}
            (run / "result.json").write_text(json.dumps({**names, **played, "cost": cost}))
    return folder


def test_cells_do_not_repeat_the_curves_of_the_training_that_they_share(tmp_path: Path) -> None:
    whole = bench(tmp_path / "bench")
    assert [one["arm"] for one in learning(runs_under([whole]), games={})] == ["bench/training/me/taboo/recipe/0-grpo"]
    cells = [one["arm"] for one in learning(runs_under([whole / "cells"]), games={})]
    assert len(cells) == 2 and all("taboo-" in arm for arm in cells)


def test_cells_of_two_benches_are_not_taken_for_seeds_of_one(tmp_path: Path) -> None:
    first, second = bench(tmp_path / "first"), bench(tmp_path / "second")
    (alone,) = scores(runs_under([first / "cells" / "me" / "taboo-0"]))
    assert alone["bench"] == "" and alone["score"]["count"] == 1
    both = runs_under([first / "cells" / "me" / "taboo-0", second / "cells" / "me" / "taboo-0"])
    assert [(row["bench"], row["score"]["count"]) for row in scores(both)] == [("first", 1), ("second", 1)]
    (table,) = cells(both)
    assert [row["bench"] for row in table["rows"]] == ["first", "second"]


def test_a_long_run_is_drawn_at_even_distances(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text(
        "".join(json.dumps({"step": step, "learn/loss": 0.5}) + "\n" for step in range(1, 4_502))
    )
    (curve,) = learning(runs_under([tmp_path]), games={})
    assert curve["metrics"]["learn/loss"]["steps"] == list(range(1, 4_502, 5))


@pytest.mark.parametrize("said", ["3", '["a"]', "{}"])
def test_seconds_that_are_none_are_told_by_their_file(tmp_path: Path, said: str) -> None:
    run = bench(tmp_path) / TRAINING / "0-grpo"
    (run / "seconds.json").write_text(said)
    with pytest.raises(ValueError, match=r"seconds\.json is no list of seconds"):
        costs(runs_under([run]))
    (run / "config.json").write_text('{"plan": "mine"}')
    assert overview(runs_under([run])[0], [], total=0)["players"] == ""


def test_references_are_those_of_all_seeds(tmp_path: Path) -> None:
    for policy, seed, score in (("me", 0, 1.0), ("me", 1, 1.0), ("random", 0, 0.0), ("random", 1, 0.5)):
        run = tmp_path / "cells" / policy / "taboo-0" / "none" / f"seed-{seed}"
        run.mkdir(parents=True)
        told = {"mean": score, "low": score, "high": score, "count": 1}
        known = {"random": {**told, "mean": 0.0}} if policy == "me" else {}
        names = {"item": "taboo/0", "game": "taboo", "policy": policy, "algorithm": "none", "seed": seed}
        rest = {"score": told, "scores": [score], "tasks": ["a"], "references": known}
        (run / "result.json").write_text(json.dumps({**names, **rest}))
    (row,) = scores(runs_under([tmp_path]))
    assert row["references"]["random"]["mean"] == 0.25
    (row,) = scores(runs_under([tmp_path / "cells" / "me"]))  # without their cells
    assert row["references"]["random"]["mean"] == 0.0


def test_a_cell_alone_has_a_report(tmp_path: Path) -> None:
    cell = bench(tmp_path / "bench") / "cells" / "me" / "taboo-0" / "recipe" / "seed-0"
    (run,) = runs_under([cell.rename(tmp_path / "alone")])
    shallow = replace(run, folder=Path("/alone"))
    shallow.__dict__["result"] = run.result  # read already
    (row,) = scores([shallow])
    assert row["bench"] == ""
