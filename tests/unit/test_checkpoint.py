"""A checkpoint is complete or it does not exist."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from selftaught.checkpoint import Checkpoint, latest, prune, save


def write_adapter(text: str = "weights") -> Callable[[Path], None]:
    def write(path: Path) -> None:
        (path / "adapter").mkdir()
        (path / "adapter" / "model.bin").write_text(text)

    return write


def steps(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "checkpoints").iterdir())


def test_the_newest_comes_back_with_its_state(tmp_path: Path) -> None:
    assert latest(tmp_path) is None
    state = {"rng": np.random.default_rng(3).bit_generator.state, "next": (4, 0.1), "memory": {"$tuple": [1]}}
    for step in (9, 1_000_000, 10):
        path = save(tmp_path, step, write_adapter(str(step)), {**state, "step": step})
    assert path == tmp_path / "checkpoints" / "step-000010"
    found = latest(tmp_path)
    assert found == Checkpoint(tmp_path / "checkpoints" / "step-1000000", 1_000_000, {**state, "step": 1_000_000})
    assert (found.path / "adapter" / "model.bin").read_text() == "1000000"


def test_the_same_step_is_replaced(tmp_path: Path) -> None:
    save(tmp_path, 1, write_adapter("old"), {"a": 1})
    path = save(tmp_path, 1, write_adapter("new"), {"a": 2})
    found = latest(tmp_path)
    assert found is not None and found.state == {"a": 2}
    assert (path / "adapter" / "model.bin").read_text() == "new"
    assert steps(tmp_path) == ["step-000001"]


KILLS = {
    "while the learner writes": "def write(path):\n    (path / 'model').write_text('half'); os._exit(9)\n",
    "after the learner wrote": "def write(path): pass\ncheckpoint._flush = lambda folder: os._exit(9)\n",
    "before the rename": "def write(path): pass\nos.rename = lambda *names: os._exit(9)\n",
}


@pytest.mark.parametrize("moment", KILLS)
def test_a_kill_in_the_middle_is_as_if_nothing_was_saved(tmp_path: Path, moment: str) -> None:
    save(tmp_path, 1, write_adapter(), {"step": 1})
    script = "import os, sys, pathlib\nfrom selftaught import checkpoint\n" + KILLS[moment]
    script += "checkpoint.save(pathlib.Path(sys.argv[1]), 2, write, {'step': 2})\n"
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)]).returncode == 9
    assert len(steps(tmp_path)) == 2
    seen = latest(tmp_path, clean=False)
    assert seen is not None and seen.step == 1 and len(steps(tmp_path)) == 2
    found = latest(tmp_path)
    assert found is not None and found.step == 1 and steps(tmp_path) == ["step-000001"]


def test_a_folder_without_a_manifest_is_removed(tmp_path: Path) -> None:
    save(tmp_path, 1, write_adapter(), {})
    (save(tmp_path, 2, write_adapter(), {}) / "manifest.json").unlink()
    found = latest(tmp_path)
    assert found is not None and found.step == 1 and steps(tmp_path) == ["step-000001"]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "changed": lambda path: (path / "adapter" / "model.bin").write_text("weightz"),
    "truncated": lambda path: os.truncate(path / "adapter" / "model.bin", 3),
    "removed": lambda path: shutil.rmtree(path / "adapter"),
    "added": lambda path: (path / "stray").write_text(""),
    "state": lambda path: (path / "state.json").write_text("{}"),
    "manifest": lambda path: (path / "manifest.json").write_text("{"),
    "manifest's form": lambda path: (path / "manifest.json").write_text('{"files": [1]}'),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_checkpoint_is_passed_over_and_stays(tmp_path: Path, kind: str) -> None:
    save(tmp_path, 1, write_adapter(), {"step": 1})
    DAMAGE[kind](save(tmp_path, 2, write_adapter(), {"step": 2}))
    with pytest.warns(RuntimeWarning, match="step-000002 is passed over"):
        found = latest(tmp_path)
    assert found is not None and found.step == 1 and steps(tmp_path) == ["step-000001", "step-000002"]


def test_an_error_of_the_learner_leaves_nothing(tmp_path: Path) -> None:
    def write(path: Path) -> None:
        (path / "model").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        save(tmp_path, 1, write, {})
    assert steps(tmp_path) == []


@pytest.mark.parametrize("name", ["state.json", "manifest.json"])
def test_our_own_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        save(tmp_path, 1, lambda path: (path / name).touch(), {})


def test_state_must_be_plain_data(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ndarray"):
        save(tmp_path, 1, write_adapter(), {"weights": np.zeros(2)})
    assert latest(tmp_path) is None


def test_prune_keeps_the_newest(tmp_path: Path) -> None:
    for step in range(5):
        save(tmp_path, step, write_adapter(), {})
    prune(tmp_path, 2)
    assert steps(tmp_path) == ["step-000003", "step-000004"]
    prune(tmp_path, 9)
    assert steps(tmp_path) == ["step-000003", "step-000004"]
    prune(tmp_path, 1, newest=3)  # the run went on from before a damaged one, and has just saved step 3
    assert steps(tmp_path) == ["step-000003"]
    with pytest.raises(ValueError, match="keep must be positive, and is 0"):
        prune(tmp_path, 0)
