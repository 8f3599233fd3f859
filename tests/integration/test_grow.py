"""``selftaught grow``: from generated tasks, from a file of one's own, and with steps that a model writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selftaught import cli


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The message of a command that the user got wrong."""
    capsys.readouterr()
    assert run(*arguments) == 2
    return capsys.readouterr().err


def test_sequences_are_grown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    own.write_text('{"instruction": "Name a colour.", "output": "red"}\n' * 30)
    for name, more in (
        ("drawn", ["--count", "20"]),
        ("own", ["--source", str(own), "--count", "20"]),
        ("written", ["--instructor", "model:fake", "--count", "2", "--speech.max-new-tokens", "4"]),
    ):
        assert run("grow", *more, "--rounds", "2", "--folder", tmp_path / name) == 0
        rows = [json.loads(line) for line in (tmp_path / name / "train.jsonl").read_text().splitlines()]
        told = json.loads((tmp_path / name / "statistics.json").read_text())
        assert len(rows) == told["lessons"] == (2 if name == "written" else 20)
        assert all(row["completion"][0]["role"] == "assistant" and row["prompt"] for row in rows)
        assert f"{told['lessons']} tasks" in (tmp_path / name / "README.md").read_text()
    assert told["failed"] == {"written": 4}  # a random model writes no steps
    assert "is not empty" in fails(capsys, "grow", "--folder", str(tmp_path / "own"))
    assert "no file" in fails(capsys, "grow", "--source", "nowhere.jsonl", "--folder", str(tmp_path / "new"))
    own.write_text("[]\n")
    assert "line 1: a row is an object" in fails(
        capsys, "grow", "--source", str(own), "--folder", str(tmp_path / "new")
    )
