"""One preset experiment over several seeds, published as one result.

``python -m selftaught.benchmarks.seeds --preset pocket --name taboo-pocket --seeds 0 1 2`` resumes what is in
``runs/<name>/seed-<n>``, then writes ``benchmarks/results/<name>.json`` with the evaluations and the training figures
of all seeds. Tables and pictures are made from there by ``selftaught.benchmarks.publish``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import tyro

from selftaught.benchmarks.record import RESULTS, record
from selftaught.benchmarks.selfplay import PRESETS, Experiment, describe
from selftaught.checkpoint import latest
from selftaught.progress import meter
from selftaught.tracking import JsonlTracker
from selftaught.types import Tracker

KEPT = ("sampled/entropy", "sampled/tokens", "sampled/cut_short", "learn/kl", "learn/clipped", "learn/sequences")
"""Training figures that are published: scalars of a round's own games and update, before anything is held out."""


@dataclass(frozen=True)
class Seeds:
    """Run a preset experiment once a seed and publish all of it as one result."""

    preset: str = "pocket"
    """One of the presets of ``selftaught train``."""
    name: str = "taboo-pocket"
    """Of the result, and of the folder under ``runs/``."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """One experiment each."""
    folder: Path = Path("runs")
    """Where the run folders go."""
    results: Path = RESULTS
    """Where the result goes."""


def run(config: Seeds) -> Path:
    """Run or resume all seeds; where the result lies.

    Raises:
        ValueError: on an unknown preset, or without seeds.
    """
    if config.preset not in PRESETS or not config.seeds:
        raise ValueError(f"need a preset out of {sorted(PRESETS)} and at least one seed, not {config}")
    rows: list[dict[str, Any]] = []
    training: list[dict[str, Any]] = []
    seconds: dict[str, float] = {}
    for seed in config.seeds:
        plan = replace(PRESETS[config.preset], seed=seed)
        folder = config.folder / config.name / f"seed-{seed}"
        clock = perf_counter()
        with meter() as bars:
            rows += Experiment(plan, folder, _tracked, bars).run()
        seconds[str(seed)] = _kept_seconds(folder, perf_counter() - clock)
        training += _training(folder, seed)
    chosen = " ".join(str(seed) for seed in config.seeds)
    return record(
        config.name,
        command=f"python -m selftaught.benchmarks.seeds --preset {config.preset} --name {config.name} --seeds {chosen}",
        seeds=config.seeds,
        values={
            "plan": describe(PRESETS[config.preset]),
            "wall_seconds": seconds,
            "rows": rows,
            "training": training,
        },
        folder=config.results,
    )


@contextmanager
def _tracked(folder: Path) -> Iterator[Tracker]:
    found = latest(folder)
    yield JsonlTracker(folder, resume_step=found.step if found else 0)


def _training(folder: Path, seed: int) -> list[dict[str, Any]]:
    """The kept figures of every round of every training stage."""
    found = []
    for path in sorted(folder.glob("*/metrics.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            figures = {name: row[name] for name in row if name in KEPT or name.startswith("metric/")}
            if "learn/sequences" in row:
                found.append({"seed": seed, "series": path.parent.name, "step": row["step"], **figures})
    return found


def _kept_seconds(folder: Path, more: float) -> float:
    """Wall seconds spent in a folder over all sittings."""
    path = folder / "wall-seconds.txt"
    total = more + (float(path.read_text(encoding="ascii")) if path.exists() else 0.0)
    path.write_text(f"{total:.1f}\n", encoding="ascii")
    return round(total, 1)


if __name__ == "__main__":
    print(run(tyro.cli(Seeds)))
