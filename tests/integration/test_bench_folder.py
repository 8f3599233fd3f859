"""One folder of ``selftaught bench run``: what may come into it later, and what is another policy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from selftaught.benchmarks.item import REFERENCES
from selftaught.benchmarks.suite import ITEMS
from selftaught.cli import main
from selftaught.commands.bench_suite import seats
from selftaught.tracking import WandbTracker
from tests.integration.test_bench import RUN, rows


def test_other_settings_are_refused_and_other_cells_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [*RUN, "--suite", "taboo/smoke-0", "--folder", str(tmp_path)]
    assert main([*command, "--policy", "bayes"]) == 0
    with monkeypatch.context() as patched:
        patched.setattr(sys, "argv", ["selftaught", "refused"])
        assert main([*command, "--policy", "bayes", "--temperature", "1.0"]) == 2
    assert "other settings (temperature: then 0.0, now 1.0)" in capsys.readouterr().err.replace("\n", " ")
    assert main([*command, "--policy", "echo"]) == 0
    assert "refused" not in (tmp_path / "commands.txt").read_text()
    assert {row["policy"] for row in rows(tmp_path)} == {*REFERENCES, "bayes", "echo"}


def test_an_own_policy_that_was_edited_is_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "edited_policy.py"
    file.write_text("def mine(ask):\n    return 'I give up.'\n")
    command = [*RUN, "--suite", "taboo/smoke-0", "--policy", f"python:{file}:mine", "--folder", str(tmp_path / "run")]
    assert main(command) == main(command) == 0
    file.write_text("def mine(ask):\n    return 'Is it big?'\n")
    assert main(command) == 2
    told = "other settings (fingerprint of the policy's text or weights: then"
    assert told in capsys.readouterr().err.replace("\n", " ")


def test_a_line_of_the_table_is_of_one_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [*RUN, "--folder", str(tmp_path), "--policy", "bayes", "--suite"]
    assert main([*command, "taboo/smoke-0"]) == 0
    assert main([*command, "taboo/1", "--temperature", "1"]) == 2
    assert "other settings (temperature: then 0.0, now 1.0)" in capsys.readouterr().err.replace("\n", " ")
    assert {row["item"] for row in rows(tmp_path)} == {"taboo/smoke-0"}


def test_a_refused_command_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [*RUN, "--folder", str(tmp_path), "--policy", "bayes", "--suite"]
    assert main([*command, "taboo/smoke-0"]) == 0
    assert main([*command, "taboo/smoke-0", "taboo/1", "--temperature", "1"]) == 2
    assert not (tmp_path / "cells" / "bayes" / "taboo-1").exists()
    assert main([*command, "taboo/smoke-0", "taboo/1"]) == 0


def test_a_policy_that_failed_may_be_mended(tmp_path: Path) -> None:
    file = tmp_path / "mended_policy.py"
    file.write_text("def mine(ask):\n    return 1 / 0\n")
    command = [*RUN, "--suite", "taboo/smoke-0", "--policy", f"python:{file}:mine", "--folder", str(tmp_path / "run")]
    done = [subprocess.run([sys.executable, "-m", "selftaught.cli", *command], capture_output=True)]
    file.write_text("def mine(ask):\n    return 'I give up.'\n")
    done.append(subprocess.run([sys.executable, "-m", "selftaught.cli", *command], capture_output=True))
    assert [one.returncode for one in done] == [2, 0], done[1].stderr
    assert f"python:{file}:mine" in {row["policy"] for row in rows(tmp_path / "run")}


def test_policies_that_would_share_a_folder_are_told_apart_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("sub/x.py", "sub-x.py"):
        (tmp_path / name).write_text("def mine(ask):\n    return ''\n")
    both = [word for name in ("sub/x.py", "sub-x.py") for word in ("--policy", f"python:{tmp_path / name}:mine")]
    assert main([*RUN, "--suite", "taboo/smoke-0", "--folder", str(tmp_path / "run"), *both]) == 2
    assert "would have one folder: rename one" in capsys.readouterr().err.replace("\n", " ")


def test_a_policy_that_is_edited_while_the_run_goes_on_does_not_play(tmp_path: Path) -> None:
    file = tmp_path / "busy_policy.py"
    file.write_text("def mine(ask):\n    return 'I give up.'\n")
    policy, item = f"python:{file}:mine", ITEMS["taboo/smoke-0"]
    (agent,) = set(seats(item, policy, 0.0).values())
    assert agent.name == policy
    with pytest.raises(ValueError, match=r"busy_policy\.py:mine was changed while the run went on"):
        seats(item, policy, 0.0, marks={policy: "the mark of another text"})


def test_a_folder_of_another_command_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["league", "mini_taboo", "--games", "2", "--probes", "0", "--folder", str(tmp_path)]) == 0
    assert main([*RUN, "--suite", "taboo/smoke-0", "--folder", str(tmp_path)]) == 2
    assert "holds a run of another command" in capsys.readouterr().err.replace("\n", " ")


def test_settings_that_were_damaged_are_told_by_their_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = [*RUN, "--suite", "taboo/smoke-0", "--folder", str(tmp_path), "--policy", "bayes"]
    assert main(command) == 0
    (tmp_path / "cells" / "bayes" / "config.json").write_text("{")
    assert main(command) == 2
    assert "cells/bayes/config.json is broken" in capsys.readouterr().err.replace("\n", "")


def test_by_hand_other_settings_are_another_run_and_a_reference_has_its_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("wandb")
    monkeypatch.delenv("WANDB_RUN_ID", raising=False)
    logged: list[float] = []
    log = WandbTracker.log

    def kept(tracker: WandbTracker, figures: Mapping[str, float], step: int) -> None:
        logged.extend(value for name, value in figures.items() if name == "score")
        log(tracker, figures, step)

    monkeypatch.setattr(WandbTracker, "log", kept)
    for policy in ("oracle", "random"):
        command = ["bench", "agent", "--policy", policy, "--suite", "taboo/smoke-0", "--folder", str(tmp_path)]
        assert main(command) == 0
    assert logged == [1.0, 0.0] and len(list(tmp_path.iterdir())) == 2
    for odd in (["--suite", "nope"], ["--seed", "-1"], ["--policy", "nobody"]):
        assert main(["bench", "agent", "--folder", str(tmp_path / "odd"), *odd]) == 2
    assert "--seed must be at least 0" in capsys.readouterr().err and not (tmp_path / "odd").exists()
