"""What the commands of the suite can be told; apart, so that help needs nothing that is heavy."""

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
    """Train on a game, evaluate on all of them and on reasoning-gym before and after; resumes."""

    train_on: tuple[str, ...]
    """The game; several: one training for each."""
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
