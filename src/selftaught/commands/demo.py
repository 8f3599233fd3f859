"""``selftaught demo``: the whole way in minutes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from selftaught.commands.folders import Wandb


@dataclass(frozen=True)
class Demo:
    """A small model learns a game, measured before and after. Resumes by itself.

    Taboo: imitation, then self-play. Hardware: data of drawn designs, a little training, what becomes of five faults.
    """

    game: tyro.conf.Positional[Literal["taboo", "hardware"]] = "taboo"
    """What is learned."""
    folder: Path | None = None
    """Where everything goes, if not to runs/demo or runs/demo-hardware."""
    seed: int = 0
    """Fixes everything random."""
    fake: bool = False
    """A tiny random model instead: it learns nothing, but shows in seconds that all parts run."""
    wandb: Wandb = "offline"
    """Also log to Weights & Biases; taboo alone."""


def run(config: Demo) -> None:
    """Run it, or go on with what the folder holds.

    Raises:
        ValueError: if the folder holds another run.
    """
    from dataclasses import replace

    if config.game == "hardware":
        from selftaught.commands import demo_hardware

        demo_hardware.run(config.folder or Path("runs/demo-hardware"), seed=config.seed, fake=config.fake)
        return
    from selftaught.benchmarks.selfplay import PRESETS
    from selftaught.commands.experiment import run_experiment

    plan = replace(PRESETS["fake" if config.fake else "demo"], seed=config.seed)
    run_experiment(plan, config.folder or Path("runs/demo"), name="demo", resume=True, wandb=config.wandb)
