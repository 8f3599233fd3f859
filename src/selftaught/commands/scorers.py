"""``selftaught scorers``: whether what says how good an answer is knows it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro

from selftaught.commands.casting import Casting, Speech, settings_of


@dataclass(frozen=True)
class Scorers:
    """Measure the AUROC of scorers against the sealed truth, and write the report without which none may pay."""

    subject: tyro.conf.Positional[Annotated[str, tyro.conf.arg(metavar="SUBJECT")]] = "checkable"
    """What is answered: checkable, world, or a game of one reply."""
    settings: tuple[str, ...] = ()
    """Of the subject, such as level=2."""
    thinker: str = "model:smollm2-135m"
    """Whose answers are scored: a scripted thinker, model:NAME, model:NAME@ADAPTER_FOLDER, openai:URL#MODEL,
    python:MODULE:NAME or python:FILE.py:NAME."""
    scorers: tuple[str, ...] = ("overlap", "random")
    """Scripted scorers, or likelihood:NAME, p_true:NAME, relevance:NAME, agreement:NAME and model:NAME of a language
    model, or entailment:NAME of an NLI model."""
    answers: int = 200
    """How many."""
    split: str = "test"
    """Of the tasks."""
    seed: int = 0
    """Fixes tasks and draws."""
    speech: Speech = field(default_factory=Speech)
    report: Path = Path("runs/scorers.json")
    """Where the report goes; rows of other scorers and subjects stay in it."""


def run(config: Scorers) -> None:
    """Measure, write, and show.

    Raises:
        ValueError: on unknown names, or answers that are all right or all wrong.
    """
    from rich.console import Console
    from rich.table import Table

    from selftaught.benchmarks.record import record
    from selftaught.benchmarks.scorers import measured
    from selftaught.envs.reflect.report import key, rows_of
    from selftaught.progress import meter

    if config.answers < 2 or not config.scorers:
        raise ValueError(f"need at least two answers and one scorer, not {config.answers} and {config.scorers}")
    casting = Casting("reflect", config.speech)
    scorers = {name: casting.agent("scorer", name) for name in config.scorers}
    with meter() as bars:
        advance = bars("scorers", len(scorers))
        rows = measured(
            config.subject,
            settings_of(config.settings),
            casting.agent("thinker", config.thinker),
            scorers,
            answers=config.answers,
            split=config.split,
            seed=config.seed,
            progress=lambda scorer: advance(1),
        )
    new = {key(row["scorer"], row["subject"], row["settings"]) for row in rows}
    known = rows_of(config.report) if config.report.exists() else []
    kept = [row for row in known if key(row["scorer"], row["subject"], row["settings"]) not in new]
    words = [config.subject, *(["--settings", *config.settings] if config.settings else [])]
    words += ["--thinker", config.thinker, "--scorers", *config.scorers, "--answers", str(config.answers)]
    command = f"selftaught scorers {shlex.join(words)} --split {config.split} --seed {config.seed}"
    rows = [{**row, "command": command} for row in rows]
    path = record(
        config.report.stem,
        command=command,
        seeds=[config.seed],
        values={"rows": [*kept, *rows]},
        folder=config.report.parent,
    )
    table = Table("scorer", "AUROC", "Brier", "read", title=f"{rows[0]['right']:.0%} of the answers are right")
    for row in rows:
        estimate = row["auroc"]
        auroc = f"{estimate['mean']:.2f} [{estimate['low']:.2f}, {estimate['high']:.2f}]"
        table.add_row(row["scorer"], auroc, f"{row['brier']:.3f}", f"{row['read']:.0%}")
    console = Console()
    console.print(table)
    casting.report(console)
    print(path)
