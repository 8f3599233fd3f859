"""``selftaught demo``: the whole way in minutes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from selftaught.commands.folders import Wandb


@dataclass(frozen=True)
class Demo:
    """A small model learns taboo: imitation, then self-play, each stage measured. Resumes by itself."""

    folder: Path = Path("runs/demo")
    """Where everything goes."""
    seed: int = 0
    """Fixes everything random."""
    fake: bool = False
    """A tiny random model instead: it learns nothing, but shows in seconds that all parts run."""
    wandb: Wandb = "offline"
    """Also log to Weights & Biases."""


def run(config: Demo) -> None:
    """Run it, or go on with what the folder holds.

    Raises:
        ValueError: if the folder holds another run.
    """
    from dataclasses import replace

    from selftaught.benchmarks.selfplay import PRESETS
    from selftaught.commands.experiment import run_experiment

    plan = replace(PRESETS["fake" if config.fake else "demo"], seed=config.seed)
    run_experiment(plan, config.folder, name="demo", resume=True, wandb=config.wandb)
