"""Checkpoints: a folder a step, written aside, renamed, and true only with a manifest.

``checkpoints/step-000012`` holds what the learner wrote, ``state.json``, and ``manifest.json`` with the size and hash
of every other file. The manifest is written last, so its existence means that the checkpoint is complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selftaught.store import aside, decode, encode, flush_folder

MANIFEST, STATE = "manifest.json", "state.json"
READS = 5
"""Times that a folder is listed anew where another process has removed what was in it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A complete checkpoint: its folder, its step, and the state that was saved with it."""

    path: Path
    step: int
    state: Mapping[str, Any]


def save(folder: Path, step: int, write: Callable[[Path], None], state: Mapping[str, Any]) -> Path:
    """Save the checkpoint of one step of the run in ``folder``; ``write(path)`` puts the learner's files into ``path``.

    ``state`` is plain data and comes back exactly. A checkpoint of the same step is replaced.

    Raises:
        ValueError: if ``state`` is not plain data, or ``write`` took the name of one of our two files.
    """
    text = encode(state)
    target = Path(folder, "checkpoints", f"step-{step:06d}")
    hidden = target.with_name(f".tmp-{target.name}")
    _remove(hidden)
    hidden.mkdir(parents=True)
    try:
        write(hidden)
        for name in (STATE, MANIFEST):
            if (hidden / name).exists():
                raise ValueError(f"the learner wrote {name!r}, a name that checkpoints keep for themselves")
        with aside(hidden / STATE) as file:
            file.write(text.encode())
        _flush(hidden)
        manifest = json.dumps({"files": _contents(hidden)}, indent=1)
        with aside(hidden / MANIFEST) as file:
            file.write(manifest.encode())
        _remove(target)
        os.rename(hidden, target)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise
    flush_folder(target.parent)
    return target


def latest(folder: Path, *, clean: bool = True) -> Checkpoint | None:
    """The newest complete checkpoint of a run, or ``None``.

    Half-written ones are removed, unless ``clean`` is off: removing is for the one process that trains. A complete one
    whose files changed since is passed over with a warning, and stays.
    """
    parent = Path(folder, "checkpoints")
    if clean:
        for path in _folders(parent, ".tmp-*") + [path for path in _steps(parent) if not (path / MANIFEST).exists()]:
            shutil.rmtree(path)
    for _ in range(READS):
        steps = _steps(parent)
        with suppress(FileNotFoundError):
            found = _newest(steps)
            if found is not None or steps == _steps(parent):
                return found
        # The process that trains has removed what was listed, and saved something newer.
    return None


def _newest(steps: Sequence[Path]) -> Checkpoint | None:
    for path in reversed(steps):
        if fault := _fault(path):
            warnings.warn(f"checkpoint {path} is passed over: {fault}", RuntimeWarning, stacklevel=3)
            continue
        return Checkpoint(path, _step(path), decode((path / STATE).read_bytes()))
    return None


def prune(folder: Path, keep: int, *, newest: int | None = None) -> None:
    """Remove all but the newest ``keep`` complete checkpoints of a run.

    Those of later steps than ``newest`` go too: they are damaged ones, which were passed over when the run went on.

    Raises:
        ValueError: if ``keep`` is not positive.
    """
    if keep < 1:
        raise ValueError(f"keep must be positive, and is {keep}")
    complete = [path for path in _steps(Path(folder, "checkpoints")) if (path / MANIFEST).exists()]
    later = [path for path in complete if newest is not None and _step(path) > newest]
    for path in [*complete[: len(complete) - len(later)][:-keep], *later]:
        _remove(path)


def _remove(path: Path) -> None:
    """Remove a folder such that no moment shows it complete and half gone."""
    if path.exists():
        (path / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(path)


def _folders(parent: Path, pattern: str) -> list[Path]:
    return [path for path in parent.glob(pattern) if path.is_dir()]


def _steps(parent: Path) -> list[Path]:
    return sorted(_folders(parent, "step-[0-9]*"), key=_step)


def _step(path: Path) -> int:
    return int(path.name.removeprefix("step-"))


def _contents(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and hash of every file but the manifest, by its path in the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {
        path.relative_to(folder).as_posix(): {"bytes": path.stat().st_size, "blake2b": _hash(path)} for path in files
    }


def _hash(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def _fault(folder: Path) -> str:
    """What is wrong with a checkpoint, in words; empty if nothing is."""
    try:
        listed = dict(json.loads((folder / MANIFEST).read_bytes())["files"])
    except FileNotFoundError:
        return "it has no manifest"
    except (ValueError, LookupError, TypeError) as error:
        return f"its manifest cannot be read ({error!r})"
    found = _contents(folder)
    changed = sorted(name for name in {*listed, *found} if listed.get(name) != found.get(name))
    return f"files changed since it was saved: {', '.join(changed)}" if changed else ""


def _flush(folder: Path) -> None:
    """Flush a folder with all it holds to the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with open(path, "rb+") as file:
                os.fsync(file.fileno())
        elif path.is_dir():
            flush_folder(path)
    flush_folder(folder)
