"""``selftaught bench``: policies over the suite, what training transfers, and how fast things are on this machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from selftaught.commands.folders import Wandb

Trained = Literal["none", "recipe", "imitation", "spag", "grpo", "ppo", "dpo"]
Policies = Annotated[tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(name="policy", metavar="POLICY")]


@dataclass(frozen=True)
class Running:
    """How cells are run."""

    seeds: int = 1
    """Runs of every cell, with the seeds from 0 on; the tasks are the same in all of them."""
    steps: int | None = None
    """Of a stage of training, at most; a recipe's own if you do not say."""
    games: int | None = None
    """Of a step of training, at most; likewise."""
    temperature: float = 0.0
    """Of replies in evaluation; 0 is greedy."""
    jobs: int = 1
    """Processes; each loads the models that it needs once."""
    engine: Literal["here", "ray"] = "here"
    """Where cells are run: on this machine, or on a Ray cluster that sees --folder."""
    address: str | None = None
    """Of the Ray cluster; a new one on this machine if you do not say."""
    wandb: Wandb = "offline"
    """One Weights & Biases run a cell, grouped by suite, game, algorithm and seed."""


@dataclass(frozen=True)
class RunCommand:
    """Evaluate policies on the suite, as they are and trained, beside the references; resumes cell by cell."""

    policies: Policies = ()
    """Whom to evaluate, and again for more: a scripted player, model:NAME, model:NAME@ADAPTER_FOLDER, openai:URL#MODEL,
    python:MODULE:NAME. The references (random, scripted, shortcut, oracle) are there in any case."""
    suite: tuple[str, ...] = ("sweep",)
    """sweep, smoke, paper, reasoning, a game, or items such as taboo/0."""
    train: tuple[Trained, ...] = ("none",)
    """How models are trained and evaluated again: by each game's recipe, or by an algorithm on each item."""
    running: Annotated[Running, tyro.conf.OmitArgPrefixes] = field(default_factory=Running)
    folder: Path = Path("runs/bench")
    """Where cells/, training/ and results.jsonl go; other cells may be there already."""


@dataclass(frozen=True)
class TableCommand:
    """The table of a run, policies by items, with intervals and costs."""

    folder: tyro.conf.Positional[Path] = Path("runs/bench")
    """Of the run."""
    suite: tuple[str, ...] = ()
    """Items to show; all that were run if you do not say."""
    results: Path | None = None
    """Publish it: where suite.json goes, from which README is filled."""


@dataclass(frozen=True)
class TransferCommand:
    """Train on one game, evaluate on all of them and on reasoning-gym before and after; resumes."""

    train_on: str
    """The game."""
    policies: Policies
    """A model to train, and again for more."""
    suite: tuple[str, ...] = ("sweep", "reasoning")
    """What to evaluate on; leave reasoning out where reasoning-gym is not installed."""
    running: Annotated[Running, tyro.conf.OmitArgPrefixes] = field(default_factory=Running)
    folder: Path = Path("runs/bench")
    """Where cells/ and training/ go; the matrix has all trainings that are there."""
    results: Path | None = None
    """Publish it: where transfer.json goes."""


@dataclass(frozen=True)
class AgentCommand:
    """One run of a W&B sweep: benchmarks/sweep.yaml has its agents start this, with the settings in wandb.config."""

    policy: str = "model:fake"
    """Whom to evaluate."""
    suite: str = "smoke"
    """A suite, a game or an item."""
    train: Trained = "none"
    """As for run."""
    seed: int = 0
    """Of the run."""
    steps: int | None = None
    """Of a stage of training, at most."""
    games: int | None = None
    """Of a step of training, at most."""
    folder: Path = Path("runs/sweep")
    """Every W&B run has a folder of its own in it."""


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
