"""``selftaught bench``: policies over the suite, what training transfers, and how fast things are on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from selftaught.commands.bench_options import AgentCommand, RunCommand, TableCommand, TransferCommand


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
    """Policies over the suite, transfer, and speed."""

    action: (
        Annotated[RunCommand, tyro.conf.subcommand("run")]
        | Annotated[TableCommand, tyro.conf.subcommand("table")]
        | Annotated[TransferCommand, tyro.conf.subcommand("transfer")]
        | Annotated[AgentCommand, tyro.conf.subcommand("agent")]
        | Annotated[SpeedCommand, tyro.conf.subcommand("speed")]
        | Annotated[ThroughputCommand, tyro.conf.subcommand("throughput")]
    )


def run(config: Bench) -> None:
    """Run, show, or measure.

    Raises:
        ValueError: on unknown names, numbers below 1, a folder with other settings, or cells that failed.
    """
    match config.action:
        case RunCommand() as action:
            from selftaught.commands.bench_suite import run_suite

            run_suite(action)
        case TableCommand() as action:
            from selftaught.commands.bench_suite import show_table

            show_table(action)
        case TransferCommand() as action:
            from selftaught.commands.bench_suite import run_transfer

            run_transfer(action)
        case AgentCommand() as action:
            from selftaught.commands.bench_suite import run_agent

            run_agent(action)
        case SpeedCommand(model, repeats, only, results):
            from selftaught.benchmarks.speed import Speed
            from selftaught.benchmarks.speed import run as measure

            print(measure(Speed(model=model, repeats=repeats, only=only, results=results)))
        case ThroughputCommand(repeats, seconds, results):
            from selftaught.benchmarks.throughput import publish

            publish(repeats=repeats, seconds=seconds, folder=results)
