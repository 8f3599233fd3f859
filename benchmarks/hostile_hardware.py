"""Ten thousand corrupted or malicious designs judged: nothing crashes, hangs or touches a file.

``python -m selftaught.benchmarks.hostile_hardware`` writes ``benchmarks/results/hostile_hardware.json``. One text
in ten is tried as the golden, the others as candidates, in a folder with one file that texts try to read and to change.
That the worker cannot open a file at all is a test's matter.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import tyro

from selftaught.benchmarks.hostile_texts import ATTACKS
from selftaught.benchmarks.prover_designs import DESIGNS
from selftaught.benchmarks.record import RESULTS, record
from selftaught.envs.hardware.judging import Judge
from selftaught.progress import Advance, meter

CANARY: Final = "canary.v"
_NUMBERS: Final = re.compile(r"\d+")


@dataclass(frozen=True)
class Hostile:
    """Judge hostile texts and count what comes of it."""

    count: int = 10_000
    """Texts."""
    seed: int = 0
    """Fixes all texts."""
    seconds: float = 2.0
    """Of the processor, for one text."""
    megabytes: float = 512.0
    """Of memory, for one text."""
    results: Path = RESULTS
    """Where hostile_hardware.json goes."""


def run(config: Hostile) -> Path:
    """Judge and write; where the result lies.

    Raises:
        RuntimeError: if a file was made or changed.
    """
    results, home = config.results.absolute(), Path.cwd()
    judge = Judge(seconds=config.seconds, megabytes=config.megabytes)
    with tempfile.TemporaryDirectory() as folder, meter() as stages:
        os.chdir(folder)
        try:
            Path(CANARY).write_text(DESIGNS["counter"], encoding="utf-8")
            values = _counted(config, judge, stages("texts", config.count))
            if [path.name for path in Path().iterdir()] != [CANARY] or Path(CANARY).read_text() != DESIGNS["counter"]:
                raise RuntimeError(f"a text touched a file: {sorted(path.name for path in Path().iterdir())}")
        finally:
            os.chdir(home)
            judge.close()
    command = f"python -m selftaught.benchmarks.hostile_hardware --count {config.count} --seed {config.seed}"
    command += f" --seconds {config.seconds:g} --megabytes {config.megabytes:g}"
    return record("hostile_hardware", command=command, seeds=[config.seed], values=values, folder=results)


def _counted(config: Hostile, judge: Judge, advance: Advance) -> dict[str, Any]:
    """The counts, by attack and verdict."""
    rng, designs, kinds = np.random.default_rng(config.seed), list(DESIGNS.values()), list(ATTACKS)
    counts = {kind: Counter[str]() for kind in kinds}
    ends, times = Counter[str](), list[float]()
    for number in range(config.count):
        kind, design = kinds[number % len(kinds)], designs[int(rng.integers(len(designs)))]
        text = ATTACKS[kind](design, rng)
        lost, start = judge.lost, time.perf_counter()
        pair = (text, design) if rng.random() < 0.1 else (design, text)
        verdict = judge.judged(*pair, top="top")
        times.append(time.perf_counter() - start)
        counts[kind][f"{verdict.kind} at {verdict.stage}"] += 1
        if judge.lost > lost:
            ends[_NUMBERS.sub("N", verdict.reason)] += 1
        advance(1)
    times.sort()
    return {
        "texts": config.count,
        "files_touched": 0,
        "workers_lost": judge.lost,
        "why": dict(ends),
        "slowest_seconds": round(times[-1], 2),
        "median_milliseconds": round(times[len(times) // 2] * 1000, 2),
        "seconds": round(sum(times), 1),
        "limit_seconds": config.seconds,
        "verdicts": {kind: dict(sorted(found.items())) for kind, found in counts.items()},
    }


if __name__ == "__main__":
    print(run(tyro.cli(Hostile)))
