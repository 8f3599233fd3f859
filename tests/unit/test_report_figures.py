"""What a report draws of a bench: nothing twice."""

from __future__ import annotations

import json
from pathlib import Path

from selftaught.benchmarks.report.figures import learning
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
            played = {"score": score, "scores": [1.0], "tasks": ["test/0"]}
            cost = {"evaluation": None, "training": {"folder": TRAINING}}
            (run / "result.json").write_text(json.dumps({**names, **played, "cost": cost}))
    return folder


def test_cells_do_not_repeat_the_curves_of_the_training_that_they_share(tmp_path: Path) -> None:
    whole = bench(tmp_path / "bench")
    assert [one["arm"] for one in learning(runs_under([whole]), games={})] == ["bench/training/me/taboo/recipe/0-grpo"]
    cells = [one["arm"] for one in learning(runs_under([whole / "cells"]), games={})]
    assert len(cells) == 2 and all("taboo-" in arm for arm in cells)
