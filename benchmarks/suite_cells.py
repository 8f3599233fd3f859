"""One cell of a run over the suite: a policy on an item, after some training or none, with one seed.

``FOLDER/cells/<policy>/<item>/<algorithm>/seed-<n>/`` is an ordinary run folder with a ``result.json``, written last of
all: a cell that was killed goes on where it was. Trainings lie beside them, in ``FOLDER/training/...``, since several
items share one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final, Literal

from selftaught.agents.server import still_there
from selftaught.benchmarks.cost import Cost, metered, note, noted, sampled
from selftaught.benchmarks.evaluation import seat_figures
from selftaught.benchmarks.item import REFERENCES, Item
from selftaught.benchmarks.recipes import ADAPTER, RECIPE, TRAINED, Cap, recipe_of
from selftaught.benchmarks.record import COMMIT, claim
from selftaught.benchmarks.suite import ITEMS
from selftaught.progress import Meter
from selftaught.rollout import rollout
from selftaught.store import aside, read_run, read_shard, shard_path, write_shard
from selftaught.summary import bootstrap
from selftaught.tracking import WandbTracker
from selftaught.types import Agent, Episode, Seat, Task, Tracker

NONE: Final = "none"
"""The algorithm of a policy that is evaluated as it is."""
RESULT: Final = "result.json"
PART: Final = 64
"""Tasks in one shard: what a kill can lose at most."""
SHOWN: Final = 16
"""Episodes in the table of a W&B run."""

Seats = Callable[[Item, str, float], Mapping[Seat, Agent]]
"""``seats(item, policy, temperature)``: the policy's agents, by seat. A module's own function: processes import it."""


@dataclass(frozen=True)
class Terms:
    """What is the same for all cells of a run."""

    folder: Path
    temperature: float = 0.0
    cap: Cap = field(default_factory=Cap)
    starts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Of policies that can be trained: the model, and the folder of the adapter that it has, or nothing."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """Fingerprints of what lies in policies' files and folders, so that other weights or text are another policy."""
    suite: str = ""
    wandb: Literal["offline", "online", "off"] = "off"


@dataclass(frozen=True)
class Training:
    """One training: on a game by its recipe, or on an item by a plain algorithm."""

    policy: str
    on: str
    algorithm: str
    seed: int

    def __str__(self) -> str:
        return f"{self.policy}, {self.algorithm} on {self.on}, seed {self.seed}"

    def folder(self, root: Path) -> Path:
        """Where it lies."""
        return root / "training" / _safe(self.policy) / _safe(self.on) / self.algorithm / f"seed-{self.seed}"

    def settings(self, terms: Terms) -> Mapping[str, Any]:
        """All that fixes it."""
        model, _ = terms.starts[self.policy]
        settings = {**asdict(self), "recipe": asdict(recipe_of(self.algorithm, self.on)), "cap": asdict(terms.cap)}
        return {**settings, "model": model, "start": terms.marks.get(self.policy, "")}


@dataclass(frozen=True)
class Cell:
    """One cell; ``on`` is what it was trained on, where it was."""

    policy: str
    item: str
    algorithm: str = NONE
    seed: int = 0
    on: str = ""

    def __str__(self) -> str:
        return f"{self.policy} on {self.item}, {self.label}, seed {self.seed}"

    @property
    def label(self) -> str:
        """The algorithm, and what it was trained on if that is something else than what it is evaluated on."""
        own = self.on in ("", self.item, self.item.partition("/")[0])
        return self.algorithm if own else f"{self.algorithm}-on-{_safe(self.on)}"

    @property
    def training(self) -> Training | None:
        """What must be there first."""
        return None if self.algorithm == NONE else Training(self.policy, self.on, self.algorithm, self.seed)

    def folder(self, root: Path) -> Path:
        """Where it lies."""
        return policy_folder(root, self.policy) / _safe(self.item) / self.label / f"seed-{self.seed}"

    def settings(self, terms: Terms) -> Mapping[str, Any]:
        """All that fixes it."""
        item = ITEMS[self.item]
        settings = {**asdict(self), "game": item.game, "settings": asdict(item), "temperature": terms.temperature}
        return {**settings, "start": terms.marks.get(self.policy, "")}


Job = Cell | Training


def trained_on(algorithm: str, item: Item) -> str:
    """What an algorithm is trained on to be evaluated on an item: its game by the recipe, or the item itself."""
    return item.game if algorithm == RECIPE else item.id


def finished(job: Job, terms: Terms) -> bool:
    """Whether there is nothing left to do."""
    return (job.folder(terms.folder) / (RESULT if isinstance(job, Cell) else TRAINED)).exists()


def work(job: Job, *, terms: Terms, seats: Seats, bars: Meter) -> None:
    """Do a job, or go on with it."""
    if finished(job, terms):
        return
    claim(job.folder(terms.folder), job.settings(terms))
    if isinstance(job, Cell):
        _evaluate(job, terms, seats)
        return
    from selftaught.benchmarks.training import train_policy

    model, start = terms.starts[job.policy]
    train_policy(
        recipe_of(job.algorithm, job.on),
        model=model,
        start=Path(start) if start else None,
        cap=terms.cap,
        seed=job.seed,
        folder=job.folder(terms.folder),
        bars=bars,
    )


def _evaluate(cell: Cell, terms: Terms, seats: Seats) -> None:
    """Play all tasks of the item, and write what came of it."""
    item, folder = ITEMS[cell.item], cell.folder(terms.folder)
    spent, rows = None, []
    if cell.training is not None:
        from selftaught.benchmarks.training import cost_of, metrics_of

        source = cell.training.folder(terms.folder)
        # Its folder, for several cells may share one training, which is paid once.
        spent = {"folder": str(source.relative_to(terms.folder)), **cost_of(source).as_data()}
        rows = metrics_of(source)
        with aside(folder / "metrics.jsonl") as file:
            file.write("".join(json.dumps(row) + "\n" for row in rows).encode())
    with metered(folder):
        episodes = list(_episodes(cell, item, terms, seats))
    scores, tasks = [item.score(episode) for episode in episodes], [episode.task.id for episode in episodes]
    figures = seat_figures(item.seats[0], episodes, measures=item.measures, besides=item.seats[1:])
    used = noted(folder) + Cost(sampled(episodes))
    result = {
        "policy": cell.policy,
        "item": cell.item,
        "game": item.game,
        "algorithm": cell.label,
        "seed": cell.seed,
        "score": asdict(bootstrap(scores, tasks)),
        "scores": scores,
        "tasks": tasks,
        "metrics": {name: asdict(figure) for name, figure in figures.items()},
        "references": _references(cell, item, terms),
        "cost": {"evaluation": used.as_data(), "training": spent},
        "commit": COMMIT,
    }
    if terms.wandb != "off" and cell.policy not in REFERENCES:
        _log(cell, result, rows, episodes, terms)
    with aside(folder / RESULT) as file:
        file.write((json.dumps(result) + "\n").encode())


def _episodes(cell: Cell, item: Item, terms: Terms, seats: Seats) -> Iterator[Episode]:
    """The games of all tasks, those of earlier attempts included."""
    folder, tasks, table = cell.folder(terms.folder), _tasks(item.id), None
    for part, first in enumerate(range(0, len(tasks), PART)):
        path = shard_path(folder, part)
        if not path.exists():
            table = table or _Table(_seated(cell, item, terms, seats), item.opponents())
            here, before = tasks[first : first + PART], table.sampled()
            seed, label = cell.seed * 10_000 + part, f"{cell.policy}/{cell.label}/"
            played = rollout(item.made(), here, partial(table.cast, first), seed=seed, label=label)
            if untold := table.sampled() - before - sampled(played):
                note(folder, tokens=untold)
            still_there(table.mine.values(), played)
            write_shard(path, played)
        yield from read_shard(path)


@dataclass(frozen=True)
class _Table:
    """The policy in its seats, and those who take turns in the others."""

    mine: Mapping[Seat, Agent]
    others: Mapping[Seat, Sequence[Agent]]

    def cast(self, first: int, place: int) -> dict[Seat, Agent]:
        """Who sits where in the game of the task at ``place`` from ``first`` on."""
        turn = first + place
        return {**self.mine, **{seat: agents[turn % len(agents)] for seat, agents in self.others.items()}}

    def sampled(self) -> int:
        """Tokens that the policy has sampled so far, by its own count; those of most servers are in no reply."""
        agents = {id(agent): agent for agent in self.mine.values()}
        return sum(getattr(agent, "sampled_tokens", 0) for agent in agents.values())


@lru_cache(maxsize=64)
def _tasks(item: str) -> tuple[Task, ...]:
    """The tasks of an item, drawn once in a process: those of a hard split take a while."""
    return tuple(ITEMS[item].drawn())


def _seated(cell: Cell, item: Item, terms: Terms, seats: Seats) -> Mapping[Seat, Agent]:
    """Who plays the policy's seats."""
    if cell.policy in REFERENCES:
        return {seat: item.scripted(seat, name) for seat, name in item.references[cell.policy].items()}
    policy = cell.policy
    if cell.training is not None:
        model, _ = terms.starts[cell.policy]
        policy = f"model:{model}@{cell.training.folder(terms.folder) / ADAPTER}"
    return seats(item, policy, terms.temperature)


def _references(cell: Cell, item: Item, terms: Terms) -> dict[str, Any]:
    """The scores of the references on the same tasks with the same seed; None where one makes no sense."""
    found: dict[str, Any] = {}
    for kind in REFERENCES if cell.policy not in REFERENCES else ():
        path = Cell(kind, item.id, seed=cell.seed).folder(terms.folder) / RESULT
        found[kind] = read_result(path)["score"] if kind in item.references else None
    return found


def _log(
    cell: Cell, result: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], episodes: Sequence[Episode], terms: Terms
) -> None:
    """One W&B run for the cell."""
    assert terms.wandb != "off"
    grouped = {name: result[name] for name in ("policy", "item", "game", "algorithm", "seed")}
    tracker = WandbTracker(
        cell.folder(terms.folder),
        mode=terms.wandb,
        config={"suite": terms.suite, **grouped, "temperature": terms.temperature},
        name=str(cell),
        group=terms.suite or None,
        tags=[cell.label, str(result["game"])],
    )
    try:
        log_cell(tracker, result, rows=rows, episodes=episodes)
    finally:
        tracker.finish()


def log_cell(
    tracker: Tracker,
    result: Mapping[str, Any],
    *,
    rows: Sequence[Mapping[str, Any]],
    episodes: Sequence[Episode],
    first: int = 0,
    prefix: str = "",
) -> int:
    """The figures of a cell's training, its scores with the references', and a table of episodes; the last step."""
    for place, row in enumerate(rows, first + 1):
        tracker.log({f"{prefix}{name}": value for name, value in row.items() if name != "step"}, place)
    last = first + len(rows) + 1
    estimates = {f"{prefix}metrics/{name}": figure["mean"] for name, figure in result["metrics"].items()}
    known = {f"{prefix}reference/{kind}": one["mean"] for kind, one in result["references"].items() if one}
    tracker.log({f"{prefix}score": result["score"]["mean"], **estimates, **known}, last)
    item = ITEMS[result["item"]]
    tracker.table(f"{prefix}episodes", [_shown(one, item) for one in episodes[:SHOWN]], last)
    return last


def read_cell(folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]], list[Episode]]:
    """The result of a finished cell, the figures of its training, and its episodes."""
    metrics = folder / "metrics.jsonl"
    rows = [json.loads(line) for line in metrics.read_text().splitlines()] if metrics.exists() else []
    return read_result(folder / RESULT), rows, list(read_run(folder))


def read_result(path: Path) -> dict[str, Any]:
    """What a finished cell wrote.

    Raises:
        ValueError: if it is broken.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is broken ({error}): delete it, and run the same command again") from error
    return found


def _shown(episode: Episode, item: Item) -> dict[str, Any]:
    transcript = "\n".join(f"{turn.ask.seat} ({turn.agent}): {turn.reply.text}" for turn in episode.turns)
    return {"task": episode.task.id, "score": item.score(episode), "end": episode.outcome.end, "transcript": transcript}


def policy_folder(root: Path, policy: str) -> Path:
    """Where the cells of a policy lie."""
    return root / "cells" / _safe(policy)


def _safe(name: str) -> str:
    return re.sub(r"[^\w.,-]+", "-", name)
