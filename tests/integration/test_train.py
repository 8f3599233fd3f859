"""``selftaught train`` with the online algorithms, on a game of one seat."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selftaught import store
from selftaught.cli import main
from selftaught.commands.folders import metric_rows

PLAN = ["train", "graph_plan", "--model", "fake", "--wandb", "off", "--speech.max-new-tokens", "6"]


@pytest.mark.parametrize("algorithm", ["grpo", "ppo"])
def test_online_algorithms_train_and_resume(algorithm: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = [*PLAN, "--algorithm", algorithm, "--games", "8", "--folder", str(folder), "--settings", "turns=3"]
    assert main([*command, "--steps", "1"]) == 0
    assert main([*command, "--steps", "2", "--resume"]) == 0
    first, second = metric_rows(folder / "metrics.jsonl")
    assert first["learn/sequences"] >= 0 and second["reward/planner"] >= 0
    config = json.loads((folder / "config.json").read_text())
    assert (config["algorithm"]["name"], config["samples"]) == (algorithm, 8 if algorithm == "grpo" else 1)
    groups = [episode.group for episode in store.read_run(folder)]
    assert len(groups) == 16 and len(set(groups)) == (2 if algorithm == "grpo" else 16)


def test_groups_must_come_out_even(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    command = [*PLAN, "--algorithm", "grpo", "--games", "12", "--samples", "8", "--folder", str(tmp_path / "run")]
    assert main(command) == 2
    assert "--samples must divide --games" in capsys.readouterr().err
