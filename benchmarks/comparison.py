"""Results of the suite: pooled over items, and two sets of them compared on what both have.

A row is what a cell's ``result.json`` holds: policy, item, algorithm, seed, and the score of every task. Rows of the
same item and seed are paired, and in them the tasks of the same id; whatever has no partner is listed, never guessed.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from selftaught import statistics
from selftaught.statistics import Array
from selftaught.summary import Estimate, bootstrap

Row = Mapping[str, Any]
Over = Literal["auto", "runs", "tasks"]
"""What is drawn anew for intervals: the runs of each item, or its tasks where there are too few runs for that."""

Drawn = Literal["runs", "tasks"]
ALL = "all items"

FEWEST_RUNS = 3
"""Runs of every item from which ``auto`` draws runs anew, if they differ: intervals of two cover half of the claim."""


@dataclass(frozen=True, slots=True)
class Run:
    """One cell: what was measured of a policy on an item with a seed."""

    policy: str
    algorithm: str
    item: str
    seed: int
    scores: Mapping[tuple[str, int], float]
    """By task and how often the task had come before."""

    @property
    def name(self) -> str:
        """The policy, and what trained it."""
        return self.policy if self.algorithm == "none" else f"{self.policy} + {self.algorithm}"


@dataclass(frozen=True, slots=True)
class Pair:
    """What two runs of one item and seed have in common, in the same order."""

    item: str
    seed: int
    tasks: tuple[str, ...]
    first: Array
    second: Array


@dataclass(frozen=True, slots=True)
class Pairing:
    """All pairs of two result sets, and in words what found no partner."""

    names: tuple[str, str]
    pairs: tuple[Pair, ...]
    unpaired: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """``figure`` of both on an item, or on all of them, and the difference: the second less the first."""

    where: str
    figure: str
    first: float
    second: float
    difference: Estimate


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table of differences; ``over`` says what was drawn anew for the intervals."""

    names: tuple[str, str]
    rows: tuple[Compared, ...]
    improvement: Estimate
    over: str
    unpaired: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Aggregates:
    """One policy's figures by name; ``over`` as in ``Comparison``, ``left_out`` in words the runs that do not count."""

    name: str
    figures: Mapping[str, Estimate]
    over: str
    left_out: tuple[str, ...]


def read_rows(path: Path) -> list[Row]:
    """The rows of a bench folder or of a ``results.jsonl``; of a sweep under way, those of its finished cells.

    Raises:
        FileNotFoundError: if there is neither.
        ValueError: on a line or file that is not JSON, or a table without rows.
    """
    if path.is_dir():
        table = path / "results.jsonl"
        cells = sorted(path.glob("cells/**/result.json"))
        if not cells and not table.is_file():
            raise FileNotFoundError(f"no results in {path}: name the folder of `selftaught bench run`, or a .jsonl")
        # The table is written after the cells, so that the cells are never the older ones.
        return [row for cell in cells for row in _decoded(cell)] or read_rows(table)
    if not path.is_file():
        raise FileNotFoundError(f"no results at {path}: name the folder of `selftaught bench run`, or a .jsonl")
    return _decoded(path)


def runs_of(rows: Iterable[Row], *, of: str | None = None) -> tuple[list[Run], list[str]]:
    """The usable runs of the policy ``of`` (or ``POLICY + ALGORITHM``; None: all), and what is wrong with other rows.

    A policy's name is that of its untrained runs; where it has none, of all its runs. A cell that comes twice counts as
    it came last.
    """
    found: dict[tuple[str, str, str, int], Run] = {}
    refused = []
    for row in rows:
        where = f"{row.get('policy', '?')}, {row.get('item', '?')}, seed {row.get('seed', '?')}"
        try:
            scores = [float(score) for score in row["scores"]]
            tasks = [str(task) for task in row["tasks"]]
            policy, algorithm, item = (_text(row, key) for key in ("policy", "algorithm", "item"))
            run = Run(policy, algorithm, item, int(row["seed"]), _numbered(tasks, scores))
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            refused.append(f"{where}: no whole result ({error!r})")
            continue
        found[run.policy, run.algorithm, run.item, run.seed] = run
    runs = list(found.values())
    if of is not None:
        runs = [run for run in runs if run.name == of] or [run for run in runs if run.policy == of]
    return runs, refused


def pair(first: Sequence[Run], second: Sequence[Run], *, names: tuple[str, str] = ("first", "second")) -> Pairing:
    """Pair runs of the same item and seed, each side being one policy trained one way.

    Raises:
        ValueError: if a side holds several policies or algorithms, or nothing can be paired.
    """
    for side, runs in zip(names, (first, second), strict=True):
        known = sorted({run.name for run in runs})
        if len(known) > 1:
            raise ValueError(f"{side} holds several policies ({', '.join(known)}): say which one is meant")
    one, two = ({(run.item, run.seed): run for run in runs} for runs in (first, second))
    unpaired = []
    for side, mine, others in ((names[0], one, two), (names[1], two, one)):
        alone = [key for key in mine if key not in others]
        unpaired += [f"{item}, seed {seed}: only in {side}" for item, seed in sorted(alone)]
    pairs = []
    for item, seed in sorted(one.keys() & two.keys()):
        left, right = one[item, seed].scores, two[item, seed].scores
        both = [key for key in left if key in right]
        for side, known_scores in zip(names, (left, right), strict=True):
            if len(known_scores) > len(both):
                missing = len(known_scores) - len(both)
                unpaired.append(f"{item}, seed {seed}: {missing} of {len(known_scores)} tasks only in {side}")
        if both:
            values = (np.array([scores[key] for key in both]) for scores in (left, right))
            pairs.append(Pair(item, seed, tuple(task for task, _ in both), *values))
    if not pairs:
        raise ValueError(f"nothing to pair: {'; '.join(unpaired[:10]) or 'no results on either side'}")
    return Pairing(names, tuple(pairs), tuple(unpaired))


def compare(pairing: Pairing, *, over: Over = "auto", seed: int = 0) -> Comparison:
    """Differences by item and over all items, with 95 % intervals.

    An item's figure is the mean over its runs, or over its tasks (those of one id together); its interval draws these
    anew. Over all items the draw is stratified by item; pairs stay together, and so do tasks that several items of a
    game ask. Where runs are drawn and items have
    differently many, as many of each go into the figures over all items as the least has; where tasks are drawn, all
    runs of an item are one. Counts are of pairs of scores.

    Raises:
        ValueError: if ``over`` is ``runs`` and an item has one alone.
    """
    items = _by_item(pairing.pairs)
    drawn = _drawn(items, over)
    even, left_out = _even(items, drawn)
    points, replicates = _matrices(even, drawn, seed=seed)
    count = sum(len(one.tasks) for pairs in even.values() for one in pairs)
    rows = [_item_row(item, pairs, drawn, seed=seed) for item, pairs in items.items()]
    for name in ("mean", "iqm"):
        figure = statistics.AGGREGATES[name]
        first, second = (float(figure(points[..., side])) for side in (0, 1))
        spread = figure(replicates[..., 1]) - figure(replicates[..., 0])
        difference = statistics.interval(second - first, spread, count=count)
        rows.append(Compared(ALL, name, first, second, difference))
    better = statistics.probability_of_improvement
    improvement = statistics.interval(
        float(better(points[..., 0], points[..., 1])), better(replicates[..., 0], replicates[..., 1]), count=count
    )
    return Comparison(pairing.names, tuple(rows), improvement, drawn, (*pairing.unpaired, *left_out))


def scores_of(runs: Sequence[Run], *, over: Over = "auto", seed: int = 0) -> tuple[Array, Array, str]:
    """One policy's scores ``[runs, items]``, the same on resamples, and what these drew anew.

    With tasks drawn anew, all runs of an item are one: the mean of each task over them.

    Raises:
        ValueError: if there are no runs, or those of several policies; and as ``compare``.
    """
    even, drawn, _ = _used(runs, over)
    points, replicates = _matrices(even, drawn, seed=seed)
    return points[..., 0], replicates[..., 0], drawn


def aggregates(runs: Sequence[Run], *, over: Over = "auto", seed: int = 0) -> Aggregates:
    """Every aggregate of ``statistics`` over one policy's runs, with 95 % intervals. Counts are of the runs used.

    Raises:
        ValueError: as ``scores_of``.
    """
    even, drawn, left_out = _used(runs, over)
    points, replicates = (scores[..., 0] for scores in _matrices(even, drawn, seed=seed))
    count = sum(map(len, even.values()))
    figures = {
        name: statistics.interval(float(figure(points)), figure(replicates), count=count)
        for name, figure in statistics.AGGREGATES.items()
    }
    return Aggregates(runs[0].name, figures, drawn, tuple(left_out))


def _used(runs: Sequence[Run], over: Over) -> tuple[Mapping[str, Sequence[Pair]], Drawn, list[str]]:
    """One policy's runs by item, paired with themselves; what is drawn anew, and in words which runs are left out."""
    items = _by_item(pair(runs, runs).pairs)
    drawn = _drawn(items, over)
    even, left_out = _even(items, drawn)
    return even, drawn, left_out


def _by_item(pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    found: dict[str, list[Pair]] = {}
    for one in pairs:
        found.setdefault(one.item, []).append(one)
    return found


def _drawn(items: Mapping[str, Sequence[Pair]], over: Over) -> Drawn:
    fewest = min(map(len, items.values()))
    if over == "runs" and fewest < 2:
        alone = [item for item, pairs in items.items() if len(pairs) < 2]
        raise ValueError(f"one run alone tells nothing of other runs ({', '.join(alone)}): draw tasks anew instead")
    if over == "auto":
        return "runs" if fewest >= FEWEST_RUNS and all(map(_differ, items.values())) else "tasks"
    return over


def _differ(pairs: Sequence[Pair]) -> bool:
    """Whether the runs of an item are not all alike, as those of a greedy policy are: draws of these tell nothing."""
    first, *others = pairs
    return any(
        not np.array_equal(getattr(one, side), getattr(first, side)) for one in others for side in ("first", "second")
    )


def _even(items: Mapping[str, Sequence[Pair]], drawn: Drawn) -> tuple[Mapping[str, Sequence[Pair]], list[str]]:
    """As many runs of every item, if runs are drawn; and in words which are left out."""
    if drawn == "tasks":
        return items, []
    fewest = min(map(len, items.values()))
    left_out = [
        f"{item}: {len(pairs) - fewest} of {len(pairs)} runs not in the figures over all items"
        for item, pairs in items.items()
        if len(pairs) > fewest
    ]
    return {item: pairs[:fewest] for item, pairs in items.items()}, left_out


def _matrices(items: Mapping[str, Sequence[Pair]], drawn: Drawn, *, seed: int) -> tuple[Array, Array]:
    """Scores ``[runs, items, side]``, and the same of resamples."""
    if drawn == "tasks":
        by_task = {item: _by_task(pairs) for item, pairs in items.items()}
        means = [np.array(list(scores.values())) for scores in by_task.values()]
        tasks = [[f"{item.partition('/')[0]}: {task}" for task in scores] for item, scores in by_task.items()]
        points = np.stack([one.mean(axis=0) for one in means])[None]
        return points, statistics.resampled_tasks(means, tasks, seed=seed)
    points = np.stack([_by_run(pairs) for pairs in items.values()], axis=1)
    return points, statistics.resampled_runs(points, seed=seed)


def _by_run(pairs: Sequence[Pair]) -> Array:
    """Scores ``[runs, side]``: the mean of each run."""
    return np.array([(one.first.mean(), one.second.mean()) for one in pairs])


def _by_task(pairs: Sequence[Pair]) -> dict[str, Array]:
    """Scores ``[side]`` of every task: the mean over runs and over repetitions."""
    found: dict[str, list[tuple[float, float]]] = {}
    for one in pairs:
        for task, *both in zip(one.tasks, one.first, one.second, strict=True):
            found.setdefault(task, []).append((float(both[0]), float(both[1])))
    return {task: np.mean(scores, axis=0) for task, scores in found.items()}


def _item_row(item: str, pairs: Sequence[Pair], drawn: Drawn, *, seed: int) -> Compared:
    units = np.array(list(_by_task(pairs).values())) if drawn == "tasks" else _by_run(pairs)
    first, second = (float(side) for side in units.mean(axis=0))
    difference = bootstrap((units[:, 1] - units[:, 0]).tolist(), [str(place) for place in range(len(units))], seed=seed)
    count = sum(len(one.tasks) for one in pairs)
    return Compared(item, "mean", first, second, replace(difference, count=count))


def _text(row: Row, key: str) -> str:
    if not isinstance(value := row[key], str):
        raise TypeError(f"{key} must be text, not {value!r}")
    return value


def _numbered(tasks: Sequence[str], scores: Sequence[float]) -> dict[tuple[str, int], float]:
    """Scores by task and how often the task came before: a task that was played twice has two."""
    if not scores or len(tasks) != len(scores):
        raise ValueError(f"{len(scores)} scores of {len(tasks)} tasks")
    if not all(map(math.isfinite, scores)):
        raise ValueError("a score is not finite")
    times: Counter[str] = Counter()
    found = {}
    for task, score in zip(tasks, scores, strict=True):
        found[task, times[task]] = score
        times[task] += 1
    return found


def _decoded(path: Path) -> list[Row]:
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except ValueError as error:
        raise ValueError(f"{path}: not rows of results, an object in JSON on every line ({error})") from error
    if odd := [row for row in rows if not isinstance(row, dict)]:
        raise ValueError(f"{path}: a row of results is an object, not {str(odd[0])[:40]!r}")
    if not rows:
        raise ValueError(f"{path} is empty: it should hold a row of results on every line")
    return rows
