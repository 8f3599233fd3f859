"""How fast designs, faults and rows of ``hardware`` are made and proved, and which faults are faults.

``python -m selftaught.benchmarks.hardware_data`` writes ``benchmarks/results/hardware-data.json``.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import tyro

from selftaught.benchmarks.record import RESULTS, record
from selftaught.envs.hardware.dataset import Amounts, rows_of
from selftaught.envs.hardware.designs import LEVELS, canonical, draw
from selftaught.envs.hardware.judging import judged
from selftaught.envs.hardware.mutations import KINDS, WIRING, mutate
from selftaught.progress import Advance, meter

DISTINCT: Final = 10_000
"""Designs of each level among which the distinct ones are counted."""


@dataclass(frozen=True)
class Data:
    """Make designs, faults and rows, and count them."""

    designs: int = 100
    """Of each level, whose faults and rows are made."""
    seed: int = 0
    """Fixes everything random."""
    results: Path = RESULTS
    """Where hardware-data.json goes."""


def run(config: Data) -> Path:
    """Measure and write; where the result lies."""
    with meter() as stages:
        levels = {str(level): _level(config, level, stages(f"level {level}", config.designs)) for level in LEVELS}
        faults = {
            level: _faults(config, int(level), stages(f"faults, level {level}", config.designs)) for level in levels
        }
    command = f"python -m selftaught.benchmarks.hardware_data --designs {config.designs} --seed {config.seed}"
    values = {"designs": config.designs, "levels": levels, "faults": faults}
    return record("hardware-data", command=command, seeds=[config.seed], values=values, folder=config.results)


def _level(config: Data, level: int, advance: Advance) -> dict[str, Any]:
    """Speeds of one level; a row is made and judged."""
    random = np.random.default_rng([config.seed, level])
    begun = time.perf_counter()
    texts = [draw(random, level=level, split="train").text for _ in range(DISTINCT)]
    drawn = time.perf_counter() - begun
    rows, spent = Counter[str](), 0.0
    rows_of(texts[0], random, Amounts())  # starts the judge
    for text in texts[: config.designs]:
        begun = time.perf_counter()
        found = rows_of(text, random, Amounts())
        spent += time.perf_counter() - begun
        rows.update(row.kind for row in found)
        advance(1)
    return {
        "lines": float(np.mean([text.count("\n") for text in texts])),
        "distinct_of_10000": len({canonical(text) for text in texts}),
        "designs_a_second": round(DISTINCT / drawn),
        "rows": dict(rows),
        "rows_a_second": round(rows.total() / spent),
    }


def _faults(config: Data, level: int, advance: Advance) -> dict[str, Any]:
    """The verdicts on one fault of each kind in each design, by kind; the time is that of making and judging it."""
    random = np.random.default_rng([config.seed, level, 1])
    counts = {kind: Counter[str]() for kind in KINDS}
    spent, tried = 0.0, 0
    for _ in range(config.designs):
        golden = draw(random, level=level, split="train").text
        for kind, counter in counts.items():
            begun = time.perf_counter()
            text = mutate(golden, kind, random)
            if text is None:
                counter["no place"] += 1
                continue
            verdict = judged(golden, text)
            spent, tried = spent + time.perf_counter() - begun, tried + 1
            broken = kind in WIRING and verdict.stage == "drivers"
            refused = verdict.kind == "different" and verdict.stage != "logic"
            counter["refused" if refused else "no hardware" if broken else verdict.kind] += 1
        advance(1)
    return {"mutants_a_second": round(tried / spent), "verdicts": {kind: dict(found) for kind, found in counts.items()}}


if __name__ == "__main__":
    print(run(tyro.cli(Data)))
