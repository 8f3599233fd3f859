"""What is published: whose commit it names, and that no mark on a page is overlooked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from selftaught.benchmarks import record, suite
from selftaught.benchmarks.cost import Cost
from selftaught.benchmarks.publish import fill
from selftaught.benchmarks.report.transcripts import short
from selftaught.benchmarks.tables_suite import summary
from selftaught.cli import main

ROW = {
    "policy": "openai:x#m",
    "item": "taboo/1",
    "algorithm": "none",
    "scores": [0.0, 1.0],
    "tasks": ["a", "b"],
    "cost": {"evaluation": Cost().as_data(), "training": None},
}


def test_the_commit_is_that_of_the_code_wherever_it_is_run(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        name = ["-c", "user.name=n", "-c", "user.email=e"]
        subprocess.run(["git", *name, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    git("commit", "--allow-empty", "-m", "of somebody else")
    code = "from selftaught.benchmarks.record import COMMIT; print(COMMIT)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)
    here = str(Path(record.__file__).resolve().parent)
    known = subprocess.run(["git", "-C", here, "rev-parse", "HEAD"], check=False, capture_output=True, text=True)
    assert done.stdout.strip().rstrip("+") == (known.stdout.strip() or "unknown")


@pytest.mark.parametrize(
    "page",
    [
        "<!-- result:demo -->\nno end\n",
        "<!-- result: demo -->\na blank\n<!-- /result -->\n",
        "<!-- results:demo -->\nno such kind\n<!-- /results -->\n",
        "<!-- result:demo -->\nno end\n<!-- result:cpu -->\nan end\n<!-- /result -->\n",
        "<!-- result:demo -->\r\nother ends of lines\r\n<!-- /result -->\r\n",
    ],
)
def test_a_mark_that_fills_nothing_is_refused(page: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is in no block"):
        fill(page, tmp_path)


def test_failed_replies_are_those_of_all_seeds() -> None:
    rows = [
        {**ROW, "seed": seed, "metrics": {"failed": {"mean": share}} if share else {}}
        for seed, share in enumerate((0.9, 0.03, 0.0))
    ]
    (line,) = summary(rows)["lines"]
    assert line["failed"] == {"taboo/1": pytest.approx(0.31)} and line["seeds"] == 3


def test_a_sweep_hears_no_score_of_the_cells_that_happened_to_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("wandb")
    told: dict[str, float] = {}
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setattr("selftaught.tracking.WandbTracker.log", lambda self, values, step: told.update(values))
    monkeypatch.setattr("selftaught.envs.sequence.game.Sequence.tell", lambda *_: 1 / 0)
    two = tuple(suite.ITEMS[f"{game}/smoke-0"] for game in ("taboo", "sequence"))
    monkeypatch.setattr(suite, "SUITES", {"smoke": two})
    command = ["bench", "agent", "--policy=babbler", "--suite=smoke", "--folder", str(tmp_path)]
    assert main(command) == 2
    assert "taboo/smoke-0/score" in told and "score" not in told


def test_a_number_without_bound_is_none() -> None:
    assert short(10**400) is None and short(float("inf")) is None and short(1 / 3) == 0.333333
