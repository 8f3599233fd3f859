"""Trackers: JSONL in the run folder always, Weights & Biases beside it where wanted."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from selftaught.store import aside
from selftaught.types import Tracker

if TYPE_CHECKING:
    import wandb

Mode = Literal["offline", "online", "disabled"]


class JsonlTracker:
    """Appends to ``metrics.jsonl`` and ``tables/<name>.jsonl`` in the run folder, a line a record, flushed.

    With ``resume_step`` lines of later steps are dropped first, so that no step is recorded twice. A last line that a
    kill tore is always dropped.
    """

    def __init__(self, folder: Path, *, resume_step: int | None = None) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in [self.folder / "metrics.jsonl", *sorted((self.folder / "tables").rglob("*.jsonl"))]:
            if path.exists():
                _rewind(path, resume_step)

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record scalars of one step; one that is not finite becomes ``null``.

        Raises:
            ValueError: on a metric called ``step``.
        """
        self._append("metrics.jsonl", [{name: float(value) for name, value in metrics.items()}], step)

    def table(self, name: str, rows: Sequence[Mapping[str, Any]], step: int) -> None:
        """Record rows; a value that JSON lacks becomes text.

        Raises:
            ValueError: on a column called ``step``, or a name that does not do as a file name.
        """
        if not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)*", name):
            raise ValueError(
                f"the table name {name!r} must be words of letters, digits, '_', '.' and '-', joined by '/'"
            )
        self._append(f"tables/{name}.jsonl", rows, step)

    def artifact(self, path: str, name: str) -> None:
        """Nothing to do: the folder is on this disk already."""

    def finish(self) -> None:
        """Nothing to do: every line is flushed."""

    def _append(self, name: str, rows: Sequence[Mapping[str, Any]], step: int) -> None:
        for row in rows:
            if "step" in row:
                raise ValueError(f"{name}: the name 'step' is taken by the step itself")
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(_finite({"step": step, **row}), default=str) + "\n" for row in rows]
        with open(path, "a", encoding="ascii") as file:
            file.writelines(lines)


class WandbTracker:
    """Logs to Weights & Biases; ``offline`` keeps all of it under ``<folder>/wandb``, for a later ``wandb sync``.

    The run's id is kept in ``<folder>/wandb-run-id``; a run that starts again in the same folder goes on under it.

    Raises:
        ImportError: without wandb.
    """

    def __init__(
        self,
        folder: Path,
        *,
        mode: Mode = "offline",
        config: Mapping[str, Any] | None = None,
        project: str = "selftaught",
        name: str | None = None,
        group: str | None = None,
        tags: Sequence[str] = (),
    ) -> None:
        self._wandb = _import_wandb()
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        id_file = folder / "wandb-run-id"
        run_id = id_file.read_text(encoding="ascii").strip() if id_file.exists() else None
        self.run: wandb.Run = self._wandb.init(
            dir=os.fspath(folder),
            mode=mode,
            config=dict(config or {}),
            project=project,
            name=name,
            group=group,
            tags=list(tags),
            id=run_id,
            resume="allow" if run_id else None,
        )
        if run_id is None:
            with aside(id_file) as file:
                file.write(f"{self.run.id}\n".encode("ascii"))

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record scalars of one step. Steps must not go back: W&B drops what is logged to an earlier one."""
        self.run.log(dict(metrics), step=step)

    def table(self, name: str, rows: Sequence[Mapping[str, Any]], step: int) -> None:
        """Record rows as a ``wandb.Table``; a value that is no scalar becomes JSON text."""
        columns = list(dict.fromkeys(column for row in rows for column in row))
        data = [[_cell(row.get(column)) for column in columns] for row in rows]
        self.run.log({name: self._wandb.Table(columns=columns, data=data, allow_mixed_types=True)}, step=step)

    def artifact(self, path: str, name: str) -> None:
        """Record a checkpoint's folder under a name in which only letters, digits and ``_-.`` survive."""
        artifact = self._wandb.Artifact(re.sub(r"[^\w.-]", "-", name, flags=re.ASCII), type="checkpoint")
        artifact.add_dir(path)
        self.run.log_artifact(artifact)

    def finish(self) -> None:
        """Flush and close the run."""
        self.run.finish()


@dataclass(frozen=True, slots=True)
class Fan:
    """Several trackers as one."""

    trackers: Sequence[Tracker]

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record scalars in each."""
        for tracker in self.trackers:
            tracker.log(metrics, step)

    def table(self, name: str, rows: Sequence[Mapping[str, Any]], step: int) -> None:
        """Record a table in each."""
        for tracker in self.trackers:
            tracker.table(name, rows, step)

    def artifact(self, path: str, name: str) -> None:
        """Record a folder in each."""
        for tracker in self.trackers:
            tracker.artifact(path, name)

    def finish(self) -> None:
        """Close each, even if one fails."""
        with ExitStack() as stack:
            for tracker in reversed(self.trackers):
                stack.callback(tracker.finish)


def _import_wandb() -> Any:
    try:
        import wandb
    except ImportError as error:
        raise ImportError("logging to Weights & Biases needs wandb: pip install 'selftaught[log]'") from error
    return wandb


def _rewind(path: Path, step: int | None) -> None:
    """Keep the whole lines of a JSONL file, and of those only the ones up to ``step``."""
    lines = path.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if line.endswith(b"\n") and (step is None or json.loads(line)["step"] <= step)]
    if kept != lines:
        with aside(path) as file:
            file.writelines(kept)


def _finite(value: Any) -> Any:
    """The value with ``None`` for every float that JSON lacks."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(key): _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
    return value


def _cell(value: Any) -> str | int | float | None:
    return value if value is None or isinstance(value, (str, int, float)) else json.dumps(_finite(value), default=str)
