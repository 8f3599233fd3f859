"""``selftaught bench``: how fast things are on this machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True)
class SpeedCommand:
    """Sampling and learning beside transformers, TRL and the machine's limits; takes about an hour, and resumes."""

    model: str = "smollm2-135m"
    """Of all lines but the scripted games."""
    repeats: int = 3
    """Of every measurement; medians are published."""
    only: tuple[str, ...] = ()
    """Names of measurements; all that are missing if you do not say."""
    results: Path = Path("benchmarks/results")
    """Where speed.json goes."""


@dataclass(frozen=True)
class ThroughputCommand:
    """Steps a second of the scripted games on one core."""

    repeats: int = 7
    """Timed runs a row."""
    seconds: float = 1.0
    """Length of one."""
    results: Path = Path("benchmarks/results")
    """Where throughput.json goes."""


@dataclass(frozen=True)
class Bench:
    """Measure speed."""

    action: (
        Annotated[SpeedCommand, tyro.conf.subcommand("speed")]
        | Annotated[ThroughputCommand, tyro.conf.subcommand("throughput")]
    ) = field(default_factory=SpeedCommand)


def run(config: Bench) -> None:
    """Measure, and say where the result is."""
    match config.action:
        case SpeedCommand(model, repeats, only, results):
            from selftaught.benchmarks.speed import Speed
            from selftaught.benchmarks.speed import run as measure

            print(measure(Speed(model=model, repeats=repeats, only=only, results=results)))
        case ThroughputCommand(repeats, seconds, results):
            from selftaught.benchmarks.throughput import publish

            publish(repeats=repeats, seconds=seconds, folder=results)
