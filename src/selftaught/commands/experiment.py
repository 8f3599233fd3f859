"""What ``demo`` and ``train --preset`` share: an experiment of ``selftaught.benchmarks.selfplay`` with its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from selftaught.commands.folders import Wandb, command_line, metric_rows, open_run, tracked
from selftaught.types import Episode, Tracker

if TYPE_CHECKING:
    from selftaught.benchmarks.selfplay import Plan


def run_experiment(plan: Plan, folder: Path, *, name: str, resume: bool, wandb: Wandb) -> None:
    """Run or resume the experiment; print its table and a game before and after; write JSON and pictures.

    Raises:
        ValueError: if the folder holds another run.
    """
    from rich.console import Console
    from rich.text import Text

    from selftaught.benchmarks import plots
    from selftaught.benchmarks.record import record
    from selftaught.benchmarks.selfplay import Experiment, describe
    from selftaught.commands.tables import stages
    from selftaught.progress import meter
    from selftaught.transcript import transcript

    resumed = open_run(folder, {"command": name, **describe(plan)}, resume=resume)
    clock = perf_counter()

    def track(stage: Path) -> AbstractContextManager[Tracker]:
        return tracked(stage, wandb=wandb, config=describe(plan), group=folder.name)

    with meter() as bars:
        rows = Experiment(plan, folder, track, bars).run()
    spent = {"seconds": round(_seconds(folder, rows), 1)}
    if not resumed:
        spent["wall_seconds"] = round(perf_counter() - clock, 1)
    first, *_, last = dict.fromkeys(row["stage"] for row in rows if "-against-" not in row["stage"])
    place, games = _pair(folder, first, last, seed=plan.seed)
    transcripts = {stage: _plain(episode) for stage, episode in games.items()}
    values = {"plan": describe(plan), **spent, "rows": rows, "transcripts": transcripts}
    pictures = [plots.win_rates(rows, folder / f"{name}-win-rates.png")]
    pictures += [
        plots.training(path, path.parent / "training.png")
        for path in sorted(folder.glob("*/metrics.jsonl"))
        if path.parent.name != "evaluations"
    ]
    result = record(name, command=command_line(), seeds=[plan.seed], values=values, folder=folder)
    console = Console(highlight=False)
    console.print(stages(rows, title=f"{plan.model} on held-out {plan.game} tasks, against scripted players"))
    console.print("won: share of games, with its 95 % interval over tasks; legal: share played by the rules\n")
    for stage, episode in games.items():
        console.print(Text(f"Game {place} of the evaluation, drawn at random, with {stage}:", style="bold"))
        console.print(transcript(episode))
    console.print(f"seconds of play, learning and evaluation: {spent['seconds']:.0f}")
    for path in (result, *pictures, folder / "evaluations"):
        console.print(f"written: {path}", style="dim")


def _pair(folder: Path, *names: str, seed: int) -> tuple[int, Mapping[str, Episode]]:
    """The same task in the evaluations of several stages, drawn by ``seed`` so that nobody chose it for its looks."""
    from selftaught.store import read_shard

    evaluations = {name: list(read_shard(folder / "evaluations" / f"{name}.jsonl")) for name in names}
    place = int(np.random.default_rng(seed).integers(min(map(len, evaluations.values()))))
    return place, {name: episodes[place] for name, episodes in evaluations.items()}


def _plain(episode: Episode) -> list[str]:
    """A transcript as lines of plain text."""
    lines = [f"task {episode.task.id}"]
    lines += [f"{turn.ask.seat} ({turn.agent}): {' '.join(turn.reply.text.split())}" for turn in episode.turns]
    return [*lines, f"{episode.outcome.end}: {episode.outcome.reason}"]


def _seconds(folder: Path, rows: Sequence[Mapping[str, Any]]) -> float:
    """Seconds of all stages, by what they recorded themselves, so that a resumed experiment counts its first parts."""
    evaluations = {row["stage"]: float(row["seconds"]) for row in rows}
    return sum(evaluations.values()) + sum(
        float(value)
        for path in folder.glob("*/metrics.jsonl")
        for row in metric_rows(path)
        for key, value in row.items()
        if key.startswith("time/")
    )
