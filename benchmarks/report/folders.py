"""The runs that lie under a path: training runs, rollouts, studies, and the cells of a bench."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

Row = Mapping[str, Any]

INSIDE: Final = ("episodes", "checkpoints", "tables", "wandb", "settings", "evaluations", "plots", "start")
"""Folders of a run that hold no other run."""
OWN: Final = ("config.json", "result.json", "seconds.json")
"""Files of every run, which are no results with rows."""
SEED: Final = re.compile(r"seed-(\d+)")
RESULT: Final[Mapping[str, type]] = {
    **dict.fromkeys(("item", "game", "policy", "algorithm"), str),
    "seed": int,
    "score": dict,
    **dict.fromkeys(("scores", "tasks"), list),
}
"""What the result of a bench's cell says at least, and as what."""
AUDIT: Final[Mapping[str, type]] = {
    "round": int,
    **dict.fromkeys(("figures", "pooled"), dict),
    **dict.fromkeys(("points_by_task", "right_by_task"), list),
}
"""What the audit of a round says at least, and as what."""


@dataclass(frozen=True)
class Run:
    """One run folder. ``name`` tells it from the others of a report; runs of one ``arm`` differ by their seed alone."""

    name: str
    folder: Path

    @property
    def arm(self) -> str:
        """The name without the seed."""
        parts = [part for part in self.name.split("/") if not SEED.fullmatch(part)]
        return "/".join(parts) or self.name

    @cached_property
    def seed(self) -> int | None:
        """By the name of the folder, or the settings."""
        found = [match for part in self.name.split("/") if (match := SEED.fullmatch(part))]
        said = self.config.get("seed")
        return int(found[-1][1]) if found else said if isinstance(said, int) else None

    @cached_property
    def config(self) -> Row:
        """The settings, as far as they are known."""
        for path in (self.folder / "config.json", self.folder / "settings" / "config.json"):
            if path.is_file():
                return _object(path)
        return {}

    @cached_property
    def result(self) -> Row | None:
        """Of a cell of a bench: its result."""
        path = self.folder / "result.json"
        return _cell(path) if path.is_file() else None

    @cached_property
    def rows(self) -> Sequence[Row]:
        """The figures of every step; a last line that is still being written is left for the next time."""
        path = self.folder / "metrics.jsonl"
        lines = path.read_bytes().splitlines(keepends=True) if path.is_file() else []
        return [_figures(line, f"{path}, line {at}") for at, line in enumerate(lines, 1) if line.endswith(b"\n")]

    @cached_property
    def seconds(self) -> float | None:
        """How long it took in all, where that is known."""
        path = self.folder / "seconds.json"
        if not path.is_file():
            return None
        spent = _json(path)
        if not (isinstance(spent, list) and _numbers(spent)):
            raise ValueError(f"{path} is no list of seconds: move it out of the run's folder")
        return float(sum(spent))

    @cached_property
    def shards(self) -> Sequence[Path]:
        """Its files of episodes: those of the steps, then those of evaluations."""
        steps = sorted((self.folder / "episodes").rglob("step-[0-9]*.jsonl"))
        evaluated = sorted((self.folder / "evaluations").glob("*.jsonl"))
        return [*steps, *(path for path in evaluated if path.name != "metrics.jsonl")]

    @cached_property
    def audits(self) -> Sequence[Row]:
        """The audits of a self-rewarding run, round by round; the raw model's comes first."""
        found = [
            _with(AUDIT, one, path)
            for path, one in self._evaluated.items()
            if isinstance(one, Mapping) and {"figures", "round"} <= one.keys()
        ]
        return sorted(found, key=lambda one: one["round"])

    @cached_property
    def evaluations(self) -> Sequence[Row]:
        """The rows of evaluations on held-out tasks."""
        lists = [rows for rows in self._evaluated.values() if isinstance(rows, list)]
        return [row for rows in lists for row in rows if isinstance(row, Mapping)]

    @cached_property
    def _evaluated(self) -> Mapping[Path, Any]:
        return {path: _json(path) for path in sorted((self.folder / "evaluations").glob("*.json"))}

    @cached_property
    def records(self) -> Mapping[str, Row]:
        """Results with rows that were written beside the run, by name; files of another kind are not the report's."""
        beside = {path.stem: _json(path) for path in sorted(self.folder.glob("*.json")) if path.name not in OWN}
        found = {
            name: content
            for name, content in beside.items()
            if isinstance(content, Mapping) and isinstance(content.get("rows"), list)
        }
        return found | ({"evaluations": {"rows": self.evaluations}} if self.evaluations else {})

    @property
    def game(self) -> str:
        """By the settings; empty where they do not say."""
        if self.result is not None:
            return str(self.result["game"])
        said = self.config.get("game", "self_reward" if self.audits else "")
        return str(said.get("name", "") if isinstance(said, Mapping) else said)


def runs_under(paths: Iterable[Path]) -> list[Run]:
    """All runs in the given folders, in the order of the folders and then by name.

    Raises:
        FileNotFoundError: if a path is not there, is no folder, or has no run in it.
    """
    given = [Path(os.path.abspath(path)) for path in paths]
    found: dict[Path, Run] = {}
    for path, short in zip(given, short_names(given), strict=True):
        if not path.is_dir():
            lacking = f"{path} is no folder and no .json file" if path.exists() else f"no file or folder {path}"
            raise FileNotFoundError(
                f"{lacking}: name the folder of a run, a study or a bench, or rows of an evaluation"
            )
        folders = list(_folders_of_runs(path))
        if not folders:
            raise FileNotFoundError(
                f"no run in {path}: a run's folder has episodes/, metrics.jsonl, evaluations/ or result.json in it"
            )
        for folder in folders:
            name = "/".join((short, *folder.relative_to(path).parts))
            found.setdefault(folder, Run(name.replace("/cells/", "/"), folder))
    return list(found.values())


def read_record(path: Path) -> Row:
    """A result that was written as a JSON file.

    Raises:
        ValueError: if it has no rows.
    """
    content = _object(path)
    if not isinstance(content.get("rows"), list):
        raise ValueError(f"{path} has no rows: name the file of an evaluation (selftaught eval --out), or a run folder")
    return content


def is_estimate(value: object) -> bool:
    """Whether it is a mean with its interval; what is no number in it is None."""
    return isinstance(value, Mapping) and all(
        part in value and isinstance(value[part], int | float | None) for part in ("mean", "low", "high")
    )


def watched(paths: Iterable[Path]) -> dict[str, tuple[int, int]]:
    """Time and size of every file that a report depends on."""
    paths = list(paths)
    found = [path for path in paths if path.is_file()]
    for run in runs_under(path for path in paths if path.is_dir()):
        found += run.folder.glob("*.json*")
        for name in ("episodes", "evaluations", "settings"):
            found += (run.folder / name).rglob("*.json*")
    seen = {}
    for path in found:
        try:
            status = path.stat()
        except FileNotFoundError:  # renamed since
            continue
        seen[str(path)] = (status.st_mtime_ns, status.st_size)
    return seen


def _folders_of_runs(path: Path) -> Iterator[Path]:
    for parent, names, files in os.walk(path):
        found = "result.json" in files or "metrics.jsonl" in files or {"episodes", "evaluations"} & set(names)
        if found:
            yield Path(parent)
        # Elsewhere such a name is that of a run.
        names[:] = sorted(name for name in names if not (found and name in INSIDE) and not name.startswith("."))


def short_names(paths: Sequence[Path]) -> list[str]:
    """The last parts of every path, as many as tell them apart, and a seed's folder never without its arm's."""
    longest = max((len(path.parts) for path in paths), default=0)
    for length in range(2 if any(SEED.fullmatch(path.name) for path in paths) else 1, longest + 1):
        names = ["/".join(path.parts[-length:]).lstrip("/") for path in paths]
        if len(set(names)) == len(set(paths)):
            return names
    return [str(path) for path in paths]


def _json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        ValueError: if it is none.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}): repair it, or move it out of the run's folder") from error


def _figures(line: bytes, where: str) -> Row:
    """One line of figures."""
    try:
        row = json.loads(line)
    except ValueError as error:
        raise ValueError(f"{where} is no JSON ({error}): delete the line") from error
    if not isinstance(row, dict) or not isinstance(row.get("step"), int):
        raise ValueError(f"{where} has no whole number as its step, but {str(row)[:80]!r}: delete the line")
    return row


def _cell(path: Path) -> Row:
    """The result of a bench's cell.

    Raises:
        ValueError: if it lacks something, or has it in another form.
    """
    content = _with(RESULT, _object(path), path)
    scores, known, spent = content["scores"], content.get("references") or {}, content.get("cost") or {}
    right = {
        "score": is_estimate(content["score"]) and _numbers(content["score"].values()),
        "scores": bool(scores) and len(scores) == len(content["tasks"]) and _numbers(scores),
        "metrics": isinstance(content.get("metrics") or {}, Mapping),
        "references": isinstance(known, Mapping) and all(is_estimate(one) for one in known.values() if one),
        "cost": isinstance(spent, Mapping) and all(isinstance(one, Mapping) for one in spent.values() if one),
    }
    return _right(right, content, path)


def _with(kinds: Mapping[str, type], content: Row, path: Path) -> Row:
    """The content, if it has all that is needed.

    Raises:
        ValueError: if it lacks something, or has it in another form.
    """
    if missing := [name for name in kinds if name not in content]:
        raise ValueError(f"{path} lacks {', '.join(missing)}: make it again, or move it out of the run's folder")
    return _right({name: isinstance(content[name], kind) for name, kind in kinds.items()}, content, path)


def _right(right: Mapping[str, bool], content: Row, path: Path) -> Row:
    """The content, if all of it is as it should be."""
    for name in (name for name, said in right.items() if not said):
        told = f"{path} has {str(content[name])[:80]!r} as its {name}"
        raise ValueError(f"{told}: make it again, or move it out of the run's folder")
    return content


def _numbers(values: Iterable[object]) -> bool:
    return all(isinstance(value, int | float) and math.isfinite(value) for value in values)


def _object(path: Path) -> dict[str, Any]:
    """The object that a JSON file holds.

    Raises:
        ValueError: if it holds none.
    """
    content = _json(path)
    if not isinstance(content, dict):
        raise ValueError(f"{path} holds no JSON object: move it out of the run's folder")
    return content
