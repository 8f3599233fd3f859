"""What is logged can be read again, once, also after a kill; Weights & Biases is the real library, offline."""

from __future__ import annotations

import importlib
import json
import math
import struct
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.tracking import Fan, JsonlTracker, WandbTracker
from selftaught.types import Tracker


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_metrics_are_appended_and_on_disk_at_once(tmp_path: Path) -> None:
    tracker = JsonlTracker(tmp_path / "run")
    tracker.log({"loss": 0.1 + 0.2, "count": 3, "bad": math.nan}, 0)
    assert read(tmp_path / "run" / "metrics.jsonl") == [{"step": 0, "loss": 0.1 + 0.2, "count": 3.0, "bad": None}]
    JsonlTracker(tmp_path / "run").log({"loss": 1.0}, 1)
    assert [row["step"] for row in read(tmp_path / "run" / "metrics.jsonl")] == [0, 1]


def test_tables_go_to_files_of_their_own(tmp_path: Path) -> None:
    tracker = JsonlTracker(tmp_path)
    tracker.table("eval/episodes", [{"text": "\ud83d\n", "at": Path("x")}, {"nested": [1, {"a": math.inf}]}], 4)
    assert read(tmp_path / "tables" / "eval" / "episodes.jsonl") == [
        {"step": 4, "text": "\ud83d\n", "at": "x"},
        {"step": 4, "nested": [1, {"a": None}]},
    ]


@given(st.lists(st.integers(0, 8), max_size=8).map(sorted), st.integers(-1, 9), st.integers(0, 60))
def test_resuming_drops_later_steps_and_a_torn_line(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], resume_step: int, torn: int
) -> None:
    folder = tmp_path_factory.mktemp("run")
    tracker = JsonlTracker(folder)
    for step in steps:
        tracker.log({"loss": step / 7}, step)
        tracker.table("t", [{"a": 1}, {"a": 2}], step)
    metrics = folder / "metrics.jsonl"
    with open(metrics, "a") as file:
        file.write('{"step": 0, "loss": 0.123'[:torn])
    JsonlTracker(folder, resume_step=resume_step).log({"loss": 9.0}, resume_step + 1)
    kept = [step for step in steps if step <= resume_step]
    assert [row["step"] for row in read(metrics)] == [*kept, resume_step + 1]
    if steps:
        assert [row["step"] for row in read(folder / "tables" / "t.jsonl")] == [step for step in kept for _ in range(2)]


@pytest.mark.parametrize("name", ["", "../x", "a/../b", "/etc/x", "a//b", ".hidden", "a b", "a/"])
def test_table_names_stay_in_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="table name"):
        JsonlTracker(tmp_path).table(name, [], 0)


def test_the_name_step_is_taken(tmp_path: Path) -> None:
    tracker = JsonlTracker(tmp_path)
    with pytest.raises(ValueError, match="'step' is taken"):
        tracker.log({"step": 1.0}, 0)
    with pytest.raises(ValueError, match=r"tables/t\.jsonl"):
        tracker.table("t", [{"a": 1}, {"step": 1}], 0)
    assert list(tmp_path.rglob("*.jsonl")) == []


class Recorder:
    """A tracker that keeps its calls and fails to close if told so."""

    def __init__(self, *, fails: bool = False) -> None:
        self.calls: list[Any] = []
        self.fails = fails

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        self.calls.append((metrics, step))

    def table(self, name: str, rows: Sequence[Mapping[str, Any]], step: int) -> None:
        self.calls.append((name, rows, step))

    def artifact(self, path: str, name: str) -> None:
        self.calls.append((path, name))

    def finish(self) -> None:
        self.calls.append("finish")
        if self.fails:
            raise OSError("cannot close")


def test_a_fan_tells_all_and_closes_all() -> None:
    trackers = [Recorder(fails=True), Recorder()]
    fan: Tracker = Fan(trackers)
    fan.log({"a": 1.0}, 2)
    fan.table("t", [], 2)
    fan.artifact("p", "n")
    with pytest.raises(OSError, match="cannot close"):
        fan.finish()
    for tracker in trackers:
        assert tracker.calls == [({"a": 1.0}, 2), ("t", [], 2), ("p", "n"), "finish"]


def test_without_wandb_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ImportError, match=r"pip install 'selftaught\[log\]'"):
        WandbTracker(tmp_path)


def wandb_records(path: Path) -> Iterator[Any]:
    """The records of a ``.wandb`` file: a LevelDB log of protobuf messages behind a header of seven bytes."""
    protocol = importlib.import_module("wandb.proto.wandb_internal_pb2")  # its names are made at import
    data, position, message = path.read_bytes(), 7, b""
    while position + 7 <= len(data):
        if 32768 - position % 32768 < 7:
            position += 32768 - position % 32768
            continue
        _checksum, length, kind = struct.unpack_from("<IHB", data, position)
        message += data[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):  # a whole message, or the last part of one
            record = protocol.Record()
            record.ParseFromString(message)
            yield record
            message = b""


def all_records(path: Path) -> list[Any]:
    """The records of a run that is finished; W&B may say so a moment before it has written the last of them."""
    for _ in range(600):
        records = list(wandb_records(path))
        if any(record.WhichOneof("record_type") == "exit" for record in records):
            return records
        time.sleep(0.1)
    raise AssertionError(f"{path} has no end")


def history(records: Sequence[Any], name: str) -> list[tuple[int, float]]:
    """The steps and values of one scalar in the records of a run."""
    rows = [record.history for record in records if record.WhichOneof("record_type") == "history"]
    return [
        (row.step.num, json.loads(item.value_json))
        for row in rows
        for item in row.item
        if name in (item.key, *item.nested_key)
    ]


def test_wandb_offline_holds_scalars_tables_and_artifacts_and_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("wandb")
    for kind in ("CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"WANDB_{kind}_DIR", str(tmp_path / kind))
    monkeypatch.setenv("WANDB_MODE", "online")  # what we say wins, and we say offline
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    (checkpoint / "model.bin").write_text("weights")
    seen: list[tuple[int, float]] = []
    for step in (0, 1):
        tracker = WandbTracker(tmp_path / "run", config={"lr": 0.25}, name="first", group="g", tags=["smoke"])
        tracker.log({"train/loss": 0.5 + step}, step)
        tracker.table("episodes", [{"text": "hi", "reward": 1}, {"reward": 0.5, "messages": [["user", "x"]]}], step)
        tracker.artifact(str(checkpoint), "run 1: step 0")
        tracker.finish()
    files = sorted((tmp_path / "run" / "wandb").glob("offline-run-*/run-*.wandb"))
    run_id = (tmp_path / "run" / "wandb-run-id").read_text().strip()
    assert [path.name for path in files] == [f"run-{run_id}.wandb"] * 2
    for path in files:
        records = all_records(path)
        seen += history(records, "train/loss")
        run = next(record.run for record in records if record.WhichOneof("record_type") == "run")
        assert (run.run_id, run.display_name, run.run_group, list(run.tags)) == (run_id, "first", "g", ["smoke"])
        assert any("run-1--step-0" in str(record.request) + str(record.artifact) for record in records)
        (file,) = (path.parent / "files" / "media" / "table").glob("episodes_*.table.json")
        table = json.loads(file.read_text())
        assert table["columns"] == ["text", "reward", "messages"]
        assert table["data"] == [["hi", 1, None], [None, 0.5, '[["user", "x"]]']]
    assert seen == [(0, 0.5), (1, 1.5)]
