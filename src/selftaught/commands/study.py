"""``selftaught study``: read a folder, ask, close the book, find the gaps, study them, and show what is known now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from selftaught.algorithms.optimisation import Optimisation
from selftaught.commands.folders import Wandb, command_line, open_run, tracked

if TYPE_CHECKING:
    from selftaught.types import Task

REPORT = """# What {model} studied in {source}

{count} questions of {passages} passages; `{command}`

| | before | after |
|---|---|---|
| asked as they were studied | {before:.0%} | {after:.0%} |
| asked in words that were not studied | {before_reworded} | {after_reworded} |

An answer counts where it says what was said with the text open. Nobody checked whether that is what the text says:
read the answers below beside their sources. One and the same answer to all questions would count in {constant:.0%}
of them at best: what is not above that need not be knowledge.

| question | with the book open | closed, before | closed, after | source |
|---|---|---|---|---|
{rows}
"""


@dataclass(frozen=True)
class Study:
    """Autonomous learning: a model studies your texts by itself, and you see which gaps closed."""

    source: tyro.conf.Positional[Annotated[str, tyro.conf.arg(metavar="SOURCE")]]
    """A file or folder of txt, md, rst or pdf, or hub:DATASET with a column text."""
    model: str = "smollm2-135m"
    """A short name (`selftaught models`), a folder, or a Hugging Face hub id."""
    passages: int = 20
    """Pieces of the texts that are studied at most, evenly spread over them."""
    examiner: Literal["gaps", "model"] = "gaps"
    """Who asks and reads: a program that leaves words out of sentences, or the model itself."""
    questions: int = 4
    """Asked of each."""
    reword: int = 2
    """Other wordings of each question; the last one that holds is kept for the test."""
    tokens: int = 150_000
    """To learn from, every pass counted."""
    rank: int = 32
    """Of the adapter."""
    learning: Optimisation = field(default_factory=lambda: Optimisation(learning_rate=5e-4, batch=16, tokens=4096))
    skip: bool = False
    """Leave out what cannot be read."""
    seed: int = 0
    """Fixes everything random."""
    folder: Path = Path("runs/study")
    """Where config.json, the questions, adapter/, report.md, report.json and gaps.png go."""
    wandb: Wandb = "offline"
    """Weights & Biases; offline keeps its files in the folder."""
    resume: bool = False
    """Go on with the run in the folder."""


def run(config: Study) -> None:
    """Study, or go on; write the report and print where it is.

    Raises:
        FileNotFoundError: if there is no such source.
        ValueError: on numbers below 1, texts that cannot be read, or a folder that holds another run.
        ImportError: if a library that the source needs is not installed.
    """
    from rich.console import Console

    from selftaught.benchmarks.record import record
    from selftaught.benchmarks.studied import gaps, studied
    from selftaught.envs.self_study.documents import passages, read
    from selftaught.progress import meter

    if min(config.passages, config.questions, config.tokens) < 1 or config.reword < 0:
        raise ValueError("passages, questions and tokens must be at least 1, and reword from 0")
    console = Console(stderr=True)
    whole = passages(read(config.source, skip=config.skip))
    if not whole:
        raise ValueError(f"no passage of {config.source} is long enough to ask about")
    tasks = spread(whole, config.passages)
    if len(tasks) < len(whole):
        console.print(f"{len(whole)} passages; {len(tasks)} of them are studied (--passages)", style="dim")
    settings = {name: value for name, value in asdict(config).items() if name not in ("folder", "resume")}
    resolved = {"command": "study", **settings, "texts": [task.public["text"] for task in tasks]}
    open_run(config.folder, resolved, resume=config.resume, free=("wandb",))
    with meter() as bars, tracked(config.folder, wandb=config.wandb, config=resolved) as tracker:
        rows = studied(
            tasks,
            model=config.model,
            rank=config.rank,
            examiner=config.examiner,
            questions=config.questions,
            reword=config.reword,
            tokens=config.tokens,
            learning=config.learning,
            seed=config.seed,
            folder=config.folder,
            bars=bars,
        )
        if not (config.folder / "report.json").exists():  # a run that was gone on with is logged once
            tracker.log(known(rows), 0)
            tracker.table("questions", rows, 0)
    (config.folder / "report.md").write_text(report(config, rows, passages=len(tasks)), encoding="utf-8")
    written = record("report", command=command_line(), seeds=[config.seed], values={"rows": rows}, folder=config.folder)
    picture = gaps(rows, config.folder / "gaps.png")
    told = known(rows)
    if not rows:
        console.print(
            "no question has an answer to be trusted, so nothing was studied: use a larger model, or --examiner gaps",
            style="yellow",
        )
    Console().print(f"{len(rows)} questions: {told['before']:.0%} known before, {told['after']:.0%} after")
    for path in (config.folder / "report.md", written, picture):
        Console().print(f"written: {path}", style="dim")


def spread(tasks: Sequence[Task], most: int) -> list[Task]:
    """At most so many, evenly spread."""
    count = min(most, len(tasks))
    return [tasks[place * len(tasks) // count] for place in range(count)]


def known(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Shares of questions that were known before and are after, and of their kept wordings where there are any."""
    found = {}
    for name in ("before", "after", "before_reworded", "after_reworded"):
        values = [row[name]["known"] for row in rows if row.get(name)]
        if values or name in ("before", "after"):
            found[name] = sum(values) / max(1, len(values))
    return found


def constant(rows: Sequence[Mapping[str, Any]]) -> float:
    """The share of questions to which the best answer that is the same for all of them would count."""
    from selftaught.envs.self_study.words import agree

    counts = [sum(agree(row["open"], one["open"], row["question"]) for row in rows) for one in rows]
    return max(counts, default=0) / max(1, len(rows))


def report(config: Study, rows: Sequence[Mapping[str, Any]], *, passages: int) -> str:
    """The report as Markdown: figures, then every question with its answers and its source."""
    shares = known(rows)
    lines = []
    for row in rows:
        cells = (row["question"], row["open"], row["before"]["answer"], row["after"]["answer"], row["source"])
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    reworded = {name: f"{shares[name]:.0%}" if name in shares else "" for name in ("before_reworded", "after_reworded")}
    return REPORT.format(
        model=config.model,
        source=config.source,
        count=len(rows),
        passages=passages,
        command=command_line(),
        constant=constant(rows),
        before=shares["before"],
        after=shares["after"],
        rows="\n".join(lines),
        **reworded,
    )


def _cell(text: str) -> str:
    """Text within a table."""
    return " ".join(text.split()).replace("|", "\\|")
