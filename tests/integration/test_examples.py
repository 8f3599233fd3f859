"""The examples as their readers run them, one process each."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from selftaught.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
TESTED = {
    "own_policy",
    "served_policy",
    "gymnasium_seat",
    "pettingzoo_selfplay",
    "train_tiny",
    "judge_text",
    "trl_grpo",
    "own_judge",
}


def printed(name: str, folder: Path, *arguments: object) -> str:
    """What ``examples/<name>.py`` prints, run in ``folder``."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "120", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *map(str, arguments)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def numbers(pattern: str, text: str) -> list[float]:
    """The groups of the only match as numbers."""
    (match,) = re.finditer(pattern, text)
    return [float(group) for group in match.groups()]


def test_every_example_is_short_and_tested() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == TESTED
    for path in EXAMPLES.glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) < 50, path.name


def test_own_policy_wins_more_than_it_loses(tmp_path: Path) -> None:
    shown = printed("own_policy", tmp_path)
    mean, low, high, games = numbers(r"won ([\d.]+) \[([\d.]+), ([\d.]+)\] of (\d+) games", shown)
    assert games == 90
    assert 0 < low < mean < high < 1
    assert mean > 0.5
    turns, reward = numbers(r"Gymnasium: \w+ after (\d+) turns, reward ([-\d.]+)", shown)
    assert 1 <= turns <= 5
    assert reward in (-1, 0, 1)


def test_a_served_policy_plays_at_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, command = tmp_path / "rows.json", [sys.executable, str(EXAMPLES / "served_policy.py"), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        policy = server.stdout.readline().split()
        try:
            assert main(["eval", *policy, "--seats", "defender", "--games", "40", "--out", str(out)]) == 0
        finally:
            server.terminate()
    shown = capsys.readouterr()
    assert "trying again" not in shown.err and "failed" not in shown.out
    assert [row["won"]["count"] for row in json.loads(out.read_text())["rows"] if row["opponent"] == "all"] == [40]


def test_gymnasium_seat_plays_alone_and_as_a_vector(tmp_path: Path) -> None:
    shown = printed("gymnasium_seat", tmp_path)
    assert shown.startswith("system: Word game, 4 turns each. You are the attacker")
    assert re.search(r"^correct_guess \(attacker -1, defender \+1\)", shown, re.MULTILINE)
    games, mean = numbers(r"vector: (\d+) games in 25 steps of 8, mean reward ([-+\d.]+)", shown)
    assert games >= 8 * 25 / 5
    assert 0 < mean <= 1


def test_pettingzoo_selfplay_is_zero_sum(tmp_path: Path) -> None:
    shown = printed("pettingzoo_selfplay", tmp_path)
    attacker, defender = numbers(r"rewards: \{'attacker': ([-\d.]+), 'defender': ([-\d.]+)\}", shown)
    assert attacker == -defender
    assert defender > 0
    assert sum(int(count) for count in re.findall(r"'\w+': (\d+)[,}]", shown.splitlines()[0])) == 20


def test_train_tiny_leaves_a_whole_run_and_shows_a_game(tmp_path: Path) -> None:
    shown = printed("train_tiny", tmp_path, tmp_path / "run")
    assert "taboo/test/" in shown and re.search(r"^defender +policy", shown, re.MULTILINE)
    (loss,) = numbers(r"2 rounds: negative log-likelihood ([\d.]+) nats a token", shown)
    # A uniform guess over the 259 bytes and signs costs 5.56 nats, and it has begun to learn.
    assert 0 < loss < 5.56
    metrics = (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(metrics) == 2
    assert (tmp_path / "run" / "checkpoints" / "step-000002" / "manifest.json").is_file()
    assert (tmp_path / "run" / "episodes" / "step-000001.jsonl").is_file()


def test_judge_text_names_reasons_and_spans(tmp_path: Path) -> None:
    shown = printed("judge_text", tmp_path)
    for reason in (
        "target",
        "inflection",
        "compound",
        "spelled_out",
        "split",
        "reversed",
        "leet",
        "homoglyph",
        "initials",
    ):
        assert re.search(rf"illegal +│ {reason} ", shown), reason
    assert "(17, 26): p-a-n-d-a" in shown
    assert "a guess: correct / None" in shown
    assert "9 of 12 utterances disclose their target" in shown


def test_a_game_trains_inside_trl(tmp_path: Path) -> None:
    shown = printed("trl_grpo", tmp_path, tmp_path)
    steps, reward = numbers(r"(\d+) steps, mean reward ([-\d.]+)", shown)
    assert steps == 2 and 0 <= reward <= 1
    assert re.search(r"\d+ preferences and \d+ right answers of 16 replies", shown)


def test_own_judge_makes_pairs(tmp_path: Path) -> None:
    shown = printed("own_judge", tmp_path, tmp_path / "run")
    pairs, points, right = numbers(r"(\d+) pairs in the last round, ([\d.]+) points of 5, (\d+)% right", shown)
    assert 1 <= pairs <= 8 and 0 < points < 5 and right == 0
    assert len(list((tmp_path / "run" / "checkpoints").glob("step-*"))) == 2
