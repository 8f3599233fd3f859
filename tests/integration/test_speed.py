"""The speed benchmark does the same work on both sides, and its tables say what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from selftaught.benchmarks import plots, precision, speed, speed_work, tables
from selftaught.benchmarks.speed_games import ours


def test_both_sides_play_all_utterances() -> None:
    loaded = speed_work.model("fake")
    mine = speed_work.dialogues(loaded, games=3, turns=2)
    theirs = speed_work.dialogues_by_generate(loaded, games=3, turns=2)
    assert mine.amount > 12 and theirs.amount > 12
    assert 0 < mine.rules < mine.seconds
    assert mine.read > 0 and mine.seen > mine.amount


def test_groups_and_updates_are_of_the_same_sequences() -> None:
    loaded = speed_work.model("fake")
    mine = speed_work.groups(loaded, prompts=2, samples=2, tokens=80)
    assert 4 <= mine.amount <= 4 * speed_work.TRAINED and mine.read >= 2 * 60
    assert 4 <= speed_work.groups_by_generate(loaded, prompts=2, samples=2).amount <= 4 * speed_work.TRAINED
    update = speed_work.Update(loaded, prompts=2, samples=4, tokens=1000)()
    theirs = speed_work.Trl(speed_work.model("fake"), prompts=2, samples=4, fixed=True, checkpointing=False)()
    assert update.amount == theirs.amount > 8 * 300
    assert speed_work.Iteration(speed_work.model("fake"), prompts=2, samples=4, tokens=1000)().amount > 8 * 280


def test_scripted_games_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selftaught.benchmarks.speed_games.RUNS", 1)
    monkeypatch.setattr("selftaught.benchmarks.speed_games.SECONDS", 0.02)
    rows = list(ours())
    assert {row["utterances"] for row in rows} >= {10} and all(row["steps_per_second"] > 0 for row in rows)


def made() -> dict[str, list[dict[str, Any]]]:
    """Measurements as they are kept, with round figures."""
    found: dict[str, list[dict[str, Any]]] = {
        name: [{"amount": amount, "seconds": 10.0, "read": 50, "seen": 1000, "rules": 0.02, "peak_gigabytes": 2.0}] * 3
        for name, amount in zip(speed.MEASUREMENTS, range(100, 10_000, 100), strict=False)
    }
    found["limits"] = [
        {"flops": 1e11, "bandwidth": 1e10, "body_weights": 10**8, "head_weights": 10**7, "kv_numbers": 100}
    ]
    games = [{"game": "taboo, fixed texts", "steps_per_second": 50_000, "utterances": 10}]
    found["games-ours"] = [{"games": games}]
    found["games-gem"] = [{"games": [{"game": "game:Hangman-v0-easy", "steps_per_second": 40_000}]}]
    found["games-textarena"] = [{"games": [{"game": "Taboo-v0", "steps_per_second": 10_000}]}]
    return found


def test_tables_and_picture_hold_what_was_measured(tmp_path: Path) -> None:
    rows, growth = speed.rows(made()), speed.growth(made())
    by_work = {(row["work"], row["peer_name"]): row for row in rows}
    assert len(by_work) == len(rows) == len(speed.LINES) + 2 + 2
    talk = by_work[speed._TALK, "transformers.generate"]
    assert (talk["ours"], talk["peer"]) == (20.0, 30.0) and talk["ratio"] == pytest.approx(2 / 3)
    # 200 sampled and 50 read tokens: 2 (10^8 x 250 + 10^7 x 200) products at 10^11 a second, more than the bytes take.
    assert by_work[f"the same {speed.GAMES} games", "roofline of this machine"]["peer"] == pytest.approx(200 / 0.54)
    assert by_work["taboo, fixed texts, 10 utterances", "TextArena Taboo-v0"]["ratio"] == 5.0
    share = by_work[f"the same {speed.GAMES} games: time in the game's own code", "at most"]
    assert share["ours"] == pytest.approx(0.2)
    assert len(growth) == len(speed.GROWTH)
    content = {
        "rows": rows,
        "growth": growth,
        "measurements": made(),
        "command": "c",
        "commit": "0" * 40,
        "machine": {"cores": 2},
    }
    table = tables.speed_table(content)
    assert "| 3: no |" in table and "| at most 1: yes |" in table and "at most 0.6: " in table
    assert "Medians of 3 to 3 measurements" in table
    assert "| concurrency | 256 |" in tables.growth_table(content)
    assert plots.speed(content, tmp_path / "speed.png").stat().st_size > 10_000


def test_a_run_measures_only_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []

    def measure(name: str, config: speed.Speed) -> dict[str, Any]:
        called.append(name)
        if len(called) == 3:
            raise KeyboardInterrupt
        return {"amount": 1.0, "seconds": 1.0, "read": 1, "seen": 1, "peak_gigabytes": 1.0}

    monkeypatch.setattr(speed, "_in_a_process", measure)
    config = speed.Speed(only=("groups", "groups-generate"), repeats=2, folder=tmp_path / "kept", results=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        speed.run(config)
    assert called == ["groups", "groups-generate", "groups"]
    path = speed.run(config)
    assert called[3:] == ["groups", "groups-generate"]
    assert path is not None and json.loads(path.read_text())["rows"][0]["ratio"] == 1.0
    with pytest.raises(ValueError, match="known are limits"):
        speed.run(speed.Speed(only=("nothing",)))
    with pytest.raises(ValueError, match="venv-peers"):
        speed.run(speed.Speed(only=("games-gem",), peers_python=tmp_path / "none"))


def test_both_precisions_learn_the_same_sequences(tmp_path: Path) -> None:
    path = precision.run(precision.Chosen(models=("fake",), repeats=2, results=tmp_path))
    content = json.loads(path.read_text())
    (row,) = content["rows"]
    assert 0 < row["apart"]["mean"] < row["apart"]["most"] < 0.5
    assert row["ratio"]["low"] <= row["ratio"]["median"] <= row["ratio"]["high"]
    assert f"| fake | {row['float32']:,.0f} | {row['bfloat16']:,.0f} |" in tables.precision_table(content)
