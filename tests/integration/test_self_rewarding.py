"""Self-rewarding on the fake model: from the command line, and whole studies that go on after a kill."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selftaught import store
from selftaught.benchmarks import plots_rounds, tables_rounds
from selftaught.benchmarks.audit import audited
from selftaught.benchmarks.self_rewarding import RAW, run, run_arm
from selftaught.benchmarks.self_rewarding_studies import STUDIES
from selftaught.benchmarks.studies import Chosen
from selftaught.cli import main
from selftaught.commands.folders import metric_rows
from selftaught.progress import silent

TRAIN = ["train", "self_reward", "--algorithm", "dpo", "--model", "fake", "--rank", "2", "--wandb", "off"]
FAKE = STUDIES["self-reward-fake"]


def test_rounds_of_dpo_from_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    asked = ["--games", "4", "--opponents", "random", "--learners", "actor", "--speech.max-new-tokens", "4"]
    command = [*TRAIN, *asked, "--folder", str(folder)]
    assert main([*command, "--steps", "1"]) == 0
    assert main([*command, "--steps", "2", "--resume"]) == 0
    first, second = metric_rows(folder / "metrics.jsonl")
    # A random judge seldom ties four answers; every pair is two sequences.
    assert first["learn/sequences"] >= 4 and second["learn/sequences"] >= 4 and first["learn/sequences"] % 2 == 0
    assert json.loads((folder / "config.json").read_text())["samples"] == 1
    assert all(len(episode.credits) == len(episode.turns) == 16 for episode in store.read_run(folder))
    capsys.readouterr()
    assert main([*command, "--learners", "attacker"]) == 2
    assert "no seats ['attacker']" in capsys.readouterr().err


def test_a_study_runs_and_is_published(tmp_path: Path) -> None:
    config = Chosen("self-reward-fake", seeds=(0,), folder=tmp_path / "runs", results=tmp_path)
    content = json.loads(run(config).read_text())
    assert {(row["arm"], row["round"]) for row in content["rows"]} == {
        (arm, round_) for arm in FAKE.arms for round_ in (RAW, 0, 1, 2)
    }
    assert all("alarm" in row for row in content["rows"] if row["arm"] == "oracle" and row["round"] > 0)
    study_folder = tmp_path / "runs" / "self-reward-fake"
    starts = [study_folder / arm / "seed-0" / "start" / "adapter_model.safetensors" for arm in ("self", "oracle")]
    assert starts[0].read_bytes() == starts[1].read_bytes()  # taught once for both
    assert sorted(path.name for path in study_folder.glob("taught-*")) == ["taught-paper", "taught-robust"]
    run_folder = study_folder / "self,-robust" / "seed-0"
    agents = {turn.agent for episode in store.read_run(run_folder) for turn in episode.turns}
    assert agents == {"policy", "anchor", "anchor's judge", "again", "former"}
    assert len(list((run_folder / "checkpoints").glob("step-*"))) == 2
    assert tables_rounds.rounds_table(content).count("\n| ") == 1 + len(FAKE.arms)
    assert tables_rounds.audit_table(content).count("\n| ") == 1 + 2 * len(FAKE.arms)
    assert "| oracle | - | - | - | - |" in tables_rounds.alarm_table(content)
    for draw in (plots_rounds.rounds, plots_rounds.phases):
        assert draw(content, tmp_path / "picture.png").stat().st_size > 10_000


def test_a_round_goes_on_after_a_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arm = replace(FAKE.arms["self, robust"], judge="random")
    study = replace(FAKE, tasks=3)
    whole = run_arm(study, arm, seed=1, folder=tmp_path / "whole", bars=silent)
    calls = iter(range(100))

    def killed(*arguments: object, **options: object) -> object:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return audited(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("selftaught.benchmarks.self_rewarding.audited", killed)
    with pytest.raises(KeyboardInterrupt):
        run_arm(study, arm, seed=1, folder=tmp_path / "killed", bars=silent)
    monkeypatch.undo()
    again = run_arm(study, arm, seed=1, folder=tmp_path / "killed", bars=silent)
    for row in (*whole, *again):
        row["training"] = {name: value for name, value in row.get("training", {}).items() if "seconds" not in name}
    assert again == whole
    last = "checkpoints/step-000002/adapter/adapter_model.safetensors"
    assert (tmp_path / "killed" / last).read_bytes() == (tmp_path / "whole" / last).read_bytes()
    shard = "episodes/step-000001.jsonl"
    assert (tmp_path / "killed" / shard).read_bytes() == (tmp_path / "whole" / shard).read_bytes()


def test_a_folder_is_of_one_study_alone(tmp_path: Path) -> None:
    """Else what was chosen on validation would be published as measured on test."""
    arm = FAKE.arms["oracle"]
    study = replace(FAKE, rounds=1, taught=0)
    run_arm(study, arm, seed=0, folder=tmp_path, bars=silent)
    with pytest.raises(ValueError, match=r"other settings .split: then test, now validation"):
        run_arm(replace(study, split="validation"), arm, seed=0, folder=tmp_path, bars=silent)
    assert len(json.loads((tmp_path / "seconds.json").read_text())) == 1
    run_arm(replace(study, rounds=2), arm, seed=0, folder=tmp_path, bars=silent)
    assert [row["step"] for row in metric_rows(tmp_path / "metrics.jsonl")] == [0, 1, 2]


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="need a study out of"):
        run(Chosen("phases"))
    with pytest.raises(ValueError, match="at least one seed"):
        run(Chosen("self-reward-fake", seeds=()))


def test_the_whole_cycle_in_one_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    small = [
        "--tasks",
        "2",
        "--taught",
        "4",
        "--held-out",
        "3",
        "--rank",
        "2",
        "--wandb",
        "off",
        "--kinds",
        "sort",
        "pick",
    ]
    command = ["self-reward", "--model", "fake", "--judge", "0.2", *small, "--folder", str(tmp_path / "run")]
    assert main([*command, "--rounds", "1"]) == 0
    assert main([*command, "--rounds", "2"]) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*command, "--rounds", "2", "--resume"]) == 0
    assert "right: by the sealed verifier" in capsys.readouterr().out
    content = json.loads((tmp_path / "run" / "audit.json").read_text())
    assert [row["round"] for row in content["rows"]] == [RAW, 0, 1, 2]
    assert (tmp_path / "run" / "audit.png").exists()
    last = metric_rows(tmp_path / "run" / "metrics.jsonl")[-1]
    assert "audit/right" in last and "alarm/blind" in last
    played = {episode.task.sealed["instruction"]["kind"] for episode in store.read_run(tmp_path / "run")}
    assert played and played <= {"sort", "pick"}
    assert main([*command[:4], "judgy", "--folder", str(tmp_path / "other")]) == 2
    assert main([*command[:4], "1.5", "--folder", str(tmp_path / "other")]) == 2
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("changes", "name"),
    [((0.2, 0.25, 0.22), "improves"), ((-0.2, -0.25, -0.22), "collapses"), ((0.2, -0.1, 0.0), "stalls")],
)
def test_a_loop_is_judged_by_its_change_over_seeds(changes: tuple[float, ...], name: str) -> None:
    def row(seed: int, round_: int, mean: float) -> dict[str, Any]:
        figure = {"mean": mean, "low": mean - 0.05, "high": mean + 0.05, "count": 100}
        return {"arm": "a", "seed": seed, "round": round_, "figures": {"right": figure}}

    rows = [row(seed, 0, 0.5) for seed in range(3)] + [row(seed, 6, 0.5 + gain) for seed, gain in enumerate(changes)]
    text, found = tables_rounds.verdict(rows, "a")
    assert found == name and text.startswith(f"{sum(changes) / 3:+.2f}")
    one = [row(0, 0, 0.5), row(0, 6, 0.53)]
    assert tables_rounds.verdict(one, "a") == ("+0.03 [-0.04, +0.10]", "stalls")
