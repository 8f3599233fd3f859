"""``selftaught models``: what a model's name stands for, and building one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from selftaught.agents.local_models import Pocket


@dataclass(frozen=True)
class List:
    """List the models that have a short name, and whether they are on this machine."""


@dataclass(frozen=True)
class Build:
    """Build a model from nothing, on this machine."""

    name: tyro.conf.Positional[Pocket]
    """A small language model trained on a game's own transcripts: pocket on taboo, pocket-plan on graph_plan,
    pocket-judge on self_reward, pocket-reflect on reflect, pocket-study on self_study, pocket-steps on sequence,
    pocket-hardware on hardware, pocket-suite on a share of each."""
    seed: int = 0
    """Fixes the chats, the first weights and the order of training."""
    folder: Path | None = None
    """Where to; the cache, where the name `pocket` finds it, if you do not say."""


@dataclass(frozen=True)
class Models:
    """List the language models, or build one."""

    action: Annotated[List, tyro.conf.subcommand("list")] | Annotated[Build, tyro.conf.subcommand("build")] = field(
        default_factory=List
    )


def run(config: Models) -> None:
    """Do what was asked.

    Raises:
        ValueError: if the folder to build in is taken.
    """
    match config.action:
        case Build() as build:
            _build(build)
        case _:
            _list()


def _list() -> None:
    from rich.console import Console
    from rich.table import Table

    from selftaught.agents.local_models import known

    table = Table(header_style="bold")
    for column in ("name", "here", "size", "origin", "folder"):
        table.add_column(column, overflow="fold")
    for model in known():
        size = "" if model.size is None else f"{model.size / 1e6:.0f} MB"
        table.add_row(model.alias, "yes" if model.cached else "no", size, model.origin, str(model.folder))
    console = Console()
    console.print(table)
    console.print(
        "Any folder with a transformers model, or a Hugging Face hub id, is a model's name, too.", style="dim"
    )


def _build(config: Build) -> None:
    from selftaught.agents.local_models import cache_folder
    from selftaught.benchmarks.pocket import build_pocket
    from selftaught.progress import meter

    folder = config.folder or cache_folder() / "models" / config.name
    if folder.exists():
        raise ValueError(f"{folder} exists already: remove it to build anew, or name another --folder")
    with meter() as stages:
        loss = build_pocket(folder, config.name, seed=config.seed, meter=stages)
    print(f"{folder}: {loss:.3f} nats a token at the end of training")
