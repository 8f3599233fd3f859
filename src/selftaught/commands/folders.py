"""Run folders: ``config.json`` first, nothing overwritten by accident, and the trackers that write there."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any, Literal

from selftaught.checkpoint import latest
from selftaught.store import alone, aside, read_settings
from selftaught.tracking import Fan, JsonlTracker, WandbTracker
from selftaught.types import Game, Tracker

Wandb = Literal["offline", "online", "off"]
CONFIG = "config.json"
MADE_OF = "fingerprint of "
"""What begins the name of a setting that says of what file or weights something is made."""
_opened: dict[str, object] = {}
"""The lock on the folder that this process works in, until it opens another."""


def open_run(folder: Path, config: Mapping[str, Any], *, resume: bool, free: tuple[str, ...] = ()) -> bool:
    """Claim ``folder`` for a run with ``config``, or find that run there; whether it had been started before.

    Args:
        folder: made if need be.
        config: plain data; written as ``config.json``.
        resume: whether a run in the folder may be gone on with.
        free: settings that may change between the parts of a run.

    Raises:
        ValueError: if the folder is not empty and ``resume`` is off, holds no run, or one of another configuration, or
            another process is at work in it.
    """
    wanted = json.loads(json.dumps(config, default=str))
    path = folder / CONFIG
    # A configuration alone is left by a start that failed, say for want of the model; nothing is lost with it.
    taken = folder.exists() and any(item.name != CONFIG and item.name[0] != "." for item in folder.iterdir())
    if taken and not resume:
        raise ValueError(
            f"{folder} is not empty: add --resume to go on with the run in it, or name another folder with --folder"
        )
    if taken:
        if not path.is_file():
            raise ValueError(f"{folder} is not empty and holds no {CONFIG}, so there is no run in it to resume")
        started = read_settings(path)
        changed = [name for name in _differing(started, wanted) if name.split(".")[0] not in free]
        # A run of an earlier version did not say what it was made of.
        changed = [name for name in changed if not (name.startswith(MADE_OF) and name not in started)]
        if changed:
            raise ValueError(
                f"the run in {folder} was started with other settings: {_told(changed, started, wanted)}. "
                f"Give the same ones{_except(free)}, or name another folder with --folder"
            )
    _opened["lock"] = alone(folder)
    with aside(path) as file:
        file.write((json.dumps(wanted, indent=1) + "\n").encode())
    return taken


def command_line() -> str:
    """The command as it was typed, for the record."""
    return shlex.join(["selftaught", *sys.argv[1:]])


def described(game: Game[Any]) -> dict[str, Any]:
    """All settings of a game, defaults included."""
    if not is_dataclass(game) or isinstance(game, type):
        return {"name": game.name}
    return {name: value for name, value in asdict(game).items() if name != "seats"}


@contextmanager
def tracked(
    folder: Path, *, wandb: Wandb, config: Mapping[str, Any], name: str = "", group: str | None = None
) -> Iterator[Tracker]:
    """The trackers of a run, which drop what they hold of steps after its newest checkpoint; closed at the end.

    Raises:
        ImportError: if ``wandb`` is ``online`` and not installed; offline, a note says so and JSONL remains.
    """
    found = latest(folder)
    trackers: list[Tracker] = [JsonlTracker(folder, resume_step=found.step if found else 0)]
    if wandb == "offline" and importlib.util.find_spec("wandb") is None:
        print("wandb is not installed: metrics go to metrics.jsonl only (--wandb off silences this)", file=sys.stderr)
    elif wandb != "off":
        os.environ.setdefault("WANDB_SILENT", "true")
        trackers.append(WandbTracker(folder, mode=wandb, config=config, name=name or folder.name, group=group))
    fan = Fan(trackers)
    try:
        yield fan
    finally:
        fan.finish()


def metric_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a ``metrics.jsonl``."""
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, dict) or not value:
        return {prefix: value}
    return {
        key: leaf
        for name, item in value.items()
        for key, leaf in _flat(item, f"{prefix}.{name}" if prefix else name).items()
    }


def _differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    before, after = _flat(dict(first)), _flat(dict(second))
    missing = object()
    return [name for name in {**before, **after} if before.get(name, missing) != after.get(name, missing)]


def _told(changed: list[str], first: Mapping[str, Any], second: Mapping[str, Any]) -> str:
    before, after = _flat(dict(first)), _flat(dict(second))
    return ", ".join(f"{name} (then {before.get(name)!r}, now {after.get(name)!r})" for name in changed)


def _except(free: tuple[str, ...]) -> str:
    return f" ({' and '.join(free)} may change)" if free else ""
