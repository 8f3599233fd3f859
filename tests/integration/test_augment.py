"""``selftaught augment hardware``: rows with their proof, in order, from drawn designs and one's own files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selftaught import cli
from selftaught.commands import augment
from selftaught.envs.hardware.dataset import Amounts
from selftaught.envs.hardware.designs import draw, split_of
from selftaught.envs.hardware.judging import judged


def run(*arguments: object) -> int:
    return cli.main(["augment", "hardware", *(str(argument) for argument in arguments)])


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    capsys.readouterr()
    assert run(*arguments) == 2
    return capsys.readouterr().err


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_rows_of_drawn_designs(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert run("--generate", 12, "--scripts", 6, "--constructs", 4, "--folder", folder) == 0
    found = rows(folder / "train.jsonl")
    told = json.loads((folder / "statistics.json").read_text())
    assert told["designs"] == 12 and told["rows"] == len(found)
    assert f"{len(found)} rows made from 12 designs" in (folder / "README.md").read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "statistics.json", "train.jsonl"]
    stages = [row["stage"] for row in found]
    assert stages == sorted(stages, key=["completion", "aligned"].index) and len(set(stages)) == 2
    assert {row["kind"] for row in found} == {"complete", "repair", "round_trip", "describe", "construct", "script"}
    for row in found:
        assert [message["content"] for message in row["prompt"]] == [row["instruction"], row["input"]]
        assert row["completion"] == [{"role": "assistant", "content": row["output"]}]
        if row["kind"] == "repair":
            broken = row["input"].split("```")[1]
            assert row["proof"] == "equal" and judged(row["output"], broken).kind != "equal"
            assert split_of(row["output"]) == "train" == row["split"]
    assert told["kind"]["describe"] == told["kind"]["round_trip"] == 12
    assert not {"edge", "stray word", "branch swap"} & set(told["fault"])


def test_an_interrupted_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "CHUNK", 3)
    arguments = ("--generate", 8, "--every-fault", "--seed", 4, "--folder")
    assert run(*arguments, tmp_path / "whole") == 0
    folder, real = tmp_path / "broken", augment._line
    calls = 0

    def stops(*given: Any) -> str:
        nonlocal calls
        calls += 1
        if calls > 60:
            raise KeyboardInterrupt
        return real(*given)

    monkeypatch.setattr(augment, "_line", stops)
    assert run(*arguments, folder) == 130
    assert (folder / "parts").exists() and not (folder / "train.jsonl").exists()
    done = len(list((folder / "parts").glob("*.jsonl")))
    assert 0 < done < 3
    monkeypatch.setattr(augment, "_line", real)
    assert run("--generate", 9, "--folder", folder) == 2  # other settings
    assert run(*arguments, folder) == 0
    assert (folder / "train.jsonl").read_bytes() == (tmp_path / "whole" / "train.jsonl").read_bytes()


def test_ones_own_files(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    (own / "deep").mkdir(parents=True)
    random = np.random.default_rng(2)
    for number, split in enumerate(["train"] * 3 + ["validation", "test"]):
        (own / "deep" / f"{number}.v").write_text(draw(random, level=1, split=split).text)
    (own / "bad.v").write_text("module broken(")
    folder = tmp_path / "out"
    assert run(own, "--folder", folder, "--holes", 1, "--repairs", 1) == 0
    told = json.loads((folder / "statistics.json").read_text())
    assert told["designs"] == 5 and list(told["left_out"]) == ["bad.v"]
    for name in ("train", "validation", "test"):
        assert {row["split"] for row in rows(folder / f"{name}.jsonl")} == {name}
    assert "is not empty" in fails(capsys, own, "--folder", folder)
    assert "design.v:1" in fails(capsys, own / "bad.v", "--folder", tmp_path / "new")
    assert "no folder or file" in fails(capsys, tmp_path / "nowhere", "--folder", tmp_path / "new")
    (own / "notes.txt").write_text("")
    assert "no files ending in .v" in fails(capsys, own / "notes.txt", "--folder", tmp_path / "new")
    assert "--generate" in fails(capsys, "--folder", tmp_path / "new")
    assert "repairs must be" in fails(capsys, own, "--repairs", "-1", "--folder", tmp_path / "new")
    monkeypatch.setattr(augment, "TRIES", 1)
    assert "of a higher level" in fails(capsys, "--generate", 500, "--level", 0, "--folder", tmp_path / "new")
    assert "level must be" in fails(capsys, "--generate", 1, "--level", 7, "--folder", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_amounts_are_checked() -> None:
    with pytest.raises(ValueError, match="holes"):
        Amounts(holes=-1)
