"""What a report shows besides transcripts, as plain data: scores, runs, learning curves, shortcuts, cost."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from selftaught.benchmarks.cost import Cost, of_data
from selftaught.benchmarks.plots import t95
from selftaught.benchmarks.report.folders import Row, Run, is_estimate, short_names
from selftaught.benchmarks.report.transcripts import short
from selftaught.summary import bootstrap
from selftaught.types import Episode

REFERENCES: Final = ("random", "scripted", "shortcut", "oracle")
OWN: Final = ("answer_right", "success")
"""What shortcuts are compared with: the right number, and all that was asked for."""
SHORTCUT: Final = "shortcut/"
UNTOLD: Final = ("seed", "seconds", "policy")
"""What does not tell which tasks a row of an evaluation is of."""
POINTS: Final = 1_000
"""Of a curve at most: a page of all steps of a long run would be hundreds of megabytes."""
LEAST_SEEDS: Final = 3
"""Of an interval over seeds: that of two is wider than what it is about."""


class Point(NamedTuple):
    """A figure with its interval, where it has one."""

    mean: float | None
    low: float | None = None
    high: float | None = None


def scores(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """The cells of benches, seeds together: one row an item, policy, algorithm and bench, beside the references.

    References have rows of their own only where nobody else played the item. ``bench`` is empty where there is one.
    """
    cells: dict[tuple[str, str, str, str], list[Row]] = {}
    for bench, result in _results(runs):
        item, policy, algorithm = (str(result[name]) for name in ("item", "policy", "algorithm"))
        cells.setdefault((item, policy, algorithm, bench), []).append(result)
    measured = {item for item, policy, *_ in cells if policy not in REFERENCES}
    found = []
    for (item, policy, algorithm, bench), results in sorted(cells.items()):
        if policy in REFERENCES and item in measured:
            continue
        values = [float(value) for result in results for value in result["scores"]]
        tasks = [str(task) for result in results for task in result["tasks"]]
        first = results[0]
        score = asdict(bootstrap(values, tasks)) if len(results) > 1 else first["score"]
        seeds = [{"seed": result["seed"], "mean": result["score"]["mean"]} for result in results]
        known = _references(item, results, cells, bench)
        found.append(
            {
                "item": item,
                "game": str(first["game"]),
                "policy": policy,
                "algorithm": algorithm,
                "bench": bench,
                "score": score,
                "seeds": sorted(seeds, key=lambda one: one["seed"]),
                "references": known,
            }
        )
    return found


def _references(
    item: str, results: Sequence[Row], cells: Mapping[tuple[str, str, str, str], Sequence[Row]], bench: str
) -> dict[str, Any]:
    """What the references score over the same seeds; where their cells are not there, what the first result says."""
    seeds, found = {result["seed"] for result in results}, {}
    for name in REFERENCES:
        mine = [row for row in cells.get((item, name, "none", bench), ()) if row["seed"] in seeds]
        told = (results[0].get("references") or {}).get(name)
        if len(mine) > 1:
            values = [float(value) for row in mine for value in row["scores"]]
            told = asdict(bootstrap(values, [str(task) for row in mine for task in row["tasks"]]))
        if told:
            found[name] = told
    return found


def cells(runs: Iterable[Run]) -> Iterator[dict[str, Any]]:
    """The other figures of benches' cells, a table a game."""
    by_game: dict[str, list[Row]] = {}
    for bench, result in _results(runs):
        names = {name: result[name] for name in ("item", "policy", "algorithm", "seed")}
        told = {**names, **({"bench": bench} if bench else {}), **(result.get("metrics") or {})}
        by_game.setdefault(str(result["game"]), []).append(told)
    yield from tables("cells", {game: {"rows": rows} for game, rows in by_game.items()})


def learning(runs: Iterable[Run], *, games: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every figure of training by step, a series an arm: the single seeds, their mean, and its 95 % interval.

    The interval is Student's t over seeds, None where fewer than ``LEAST_SEEDS`` have a value; a single seed's results
    on held-out tasks keep their intervals over tasks. ``games`` names the game of every arm. A bench's cells have the
    curves of the training that they share only where that training is not among the runs.
    """
    runs = list(runs)
    folders = [f"{run.folder.as_posix()}/" for run in runs]
    arms: dict[str, list[Run]] = {}
    for run in runs:
        home = "/".join(_training(run) or ())
        if home and any(folder.startswith(f"{home}/") for folder in folders):
            continue
        if any(name.startswith("learn/") for row in run.rows for name in row):
            arms.setdefault(run.arm, []).append(run)
    return [{"arm": arm, "game": games.get(arm, ""), **_curves(some)} for arm, some in arms.items()]


def overview(run: Run, episodes: Sequence[Episode], *, total: int) -> dict[str, Any]:
    """One run in a row: who played, how long, what it earned and how its games ended.

    The rewards are those of the first and the last step where something was learned, and otherwise means over the
    given episodes with 95 % bootstraps over tasks.
    """
    config, rows = run.config, run.rows
    result = run.result or {}
    learned = [row for row in rows if any(name.startswith("learn/") for name in row)]
    taught = str(result.get("algorithm") or _name(config.get("algorithm")) or "")
    return {
        "name": run.name,
        "arm": run.arm,
        "seed": run.seed,
        "game": run.game or (episodes[0].env if episodes else ""),
        "players": _players(run, {seat for episode in episodes for seat in episode.outcome.rewards}),
        "algorithm": "" if taught == "none" else taught,
        "steps": len(learned),
        "episodes": total,
        "read": len(episodes),
        "rewards": _first_and_last(learned) if learned else _rewards(episodes),
        "ends": dict(Counter(episode.outcome.end for episode in episodes).most_common()),
        "settings": json.dumps(config, indent=1, ensure_ascii=False, default=str) if config else "",
    }


def shortcuts(arm: str, episodes: Sequence[Episode]) -> dict[str, Any] | None:
    """What an arm got right beside what known wrong procedures get right on the same tasks; None in other games."""
    names = sorted({name for episode in episodes for name in episode.metrics if name.startswith(SHORTCUT)})
    if not names:
        return None
    rows = []
    for name in (*OWN, *names):
        found = [(episode.metrics[name], episode.task.id) for episode in episodes if name in episode.metrics]
        if found:
            values, tasks = zip(*found, strict=True)
            rows.append({"name": name.removeprefix(SHORTCUT), "own": name in OWN, **asdict(bootstrap(values, tasks))})
    return {"arm": arm, "rows": rows}


def costs(runs: Sequence[Run]) -> list[dict[str, float]]:
    """What is known of every run's price: as its result says, or seconds and trained tokens from its figures.

    That of a bench's cell is of its evaluation and the whole training before it; ``cells_of_training`` says how many of
    the runs have the same one, where they are several.

    Raises:
        ValueError: on a cost of another form.
    """
    shared = Counter(_training(run) for run in runs)
    found = []
    for run in runs:
        if run.result is None:
            spent = {name: value for name, value in _summed(run.rows).items() if value}
            found.append(spent | ({} if run.seconds is None else {"wall_seconds": run.seconds}))
            continue
        cells = shared[training] if (training := _training(run)) else 1
        found.append(_spent(run) | ({"cells_of_training": cells} if cells > 1 else {}))
    return found


def tables(name: str, records: Mapping[str, Row]) -> Iterator[dict[str, Any]]:
    """Rows of results that hold estimates, as tables: what names a row, then its estimates."""
    for title, content in records.items():
        rows = [row for row in content["rows"] if isinstance(row, Mapping)]
        estimates = list(dict.fromkeys(key for row in rows for key, value in row.items() if is_estimate(value)))
        heads = [
            key
            for key in dict.fromkeys(key for row in rows for key in row)
            if all(isinstance(row.get(key, ""), str | int | float) for row in rows)
        ]
        if estimates:
            kept = [{key: row[key] for key in (*heads, *estimates) if key in row} for row in rows]
            yield {"title": f"{name}/{title}", "heads": heads, "estimates": estimates, "rows": kept}


def _results(runs: Iterable[Run]) -> list[tuple[str, Row]]:
    """The cells, each with the name of its bench where there are several."""
    found = [(_bench(run.folder), run.result) for run in runs if run.result is not None]
    benches = list(dict.fromkeys(bench for bench, _ in found))
    names = dict(zip(benches, short_names(benches), strict=True)) if len(benches) > 1 else {}
    return [(names.get(bench, ""), result) for bench, result in found]


def _bench(cell: Path) -> Path:
    """The folder of the bench that a cell is of; of one that was taken out of it, the folder where it lies."""
    return next((folder.parent for folder in cell.parents if folder.name == "cells"), cell.parent)


def _curves(runs: Sequence[Run]) -> dict[str, Any]:
    known = [_by_step(run) for run in runs]
    metrics = {}
    for name in dict.fromkeys(name for some in known for name in some):
        by_run = [some.get(name, {}) for some in known]
        steps = sorted({step for values in by_run for step in values})
        if len(steps) < 2:
            continue
        steps = steps[:: -math.ceil(len(steps) / POINTS)][::-1]  # the last one is kept
        lines = [[values[step].mean if step in values else None for step in steps] for values in by_run]
        spread = (
            [by_run[0][step] for step in steps]
            if len(runs) == 1
            else [_over_seeds([value for value in column if value is not None]) for column in zip(*lines, strict=True)]
        )
        mean, low, high = (list(column) for column in zip(*spread, strict=True))
        metrics[name] = {"steps": steps, "runs": lines, "mean": mean, "low": low, "high": high}
    return {"seeds": [run.seed for run in runs], "metrics": metrics}


def _by_step(run: Run) -> dict[str, dict[int, Point]]:
    """Every figure of training by step; those on held-out tasks are called ``evaluation/<which tasks>/<figure>``."""
    found: dict[str, dict[int, Point]] = {}
    for row in run.rows:
        for name, value in row.items():
            if name != "step" and isinstance(value, int | float):
                found.setdefault(name, {})[row["step"]] = Point(short(value))
    rows = [row for row in run.evaluations if isinstance(row.get("step"), int) and row["step"] >= 0]
    heads = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in ("step", *UNTOLD)]
    told = [name for name in heads if len({str(row.get(name)) for row in rows if not is_estimate(row.get(name))}) > 1]
    for row in rows:
        tasks = ", ".join(f"{name} {row[name]}" for name in told if name in row)
        for name in heads:
            if is_estimate(row.get(name)):
                title = "/".join(filter(None, ("evaluation", tasks, name)))
                parts = (short(row[name][part]) for part in Point._fields)
                found.setdefault(title, {})[row["step"]] = Point(*parts)
    return found


def _over_seeds(values: Sequence[float]) -> Point:
    """Mean and interval."""
    if not values:
        return Point(None)
    mean = float(np.mean(values))
    if len(values) < LEAST_SEEDS:
        return Point(short(mean))
    reach = t95(len(values) - 1) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Point(short(mean), short(mean - reach), short(mean + reach))


def _players(run: Run, seats: Set[str]) -> str:
    """Who played, in words; of a cast those in seats that were there."""
    config = run.config
    if run.result is not None:
        return str(run.result["policy"])
    cast = config.get("cast")
    if isinstance(cast, Mapping):
        return ", ".join(f"{seat}: {player}" for seat, player in cast.items() if not seats or seat in seats)
    plan = config.get("plan")
    return str(config.get("model") or (plan.get("model", "") if isinstance(plan, Mapping) else ""))


def _name(said: object) -> str:
    return str(said.get("name", "") if isinstance(said, Mapping) else said or "")


def _first_and_last(rows: Sequence[Row]) -> list[dict[str, Any]]:
    names = [name for name in rows[0] if name.startswith("reward/")]
    return [
        {"seat": name.removeprefix("reward/"), "first": short(rows[0].get(name)), "last": short(rows[-1].get(name))}
        for name in names
    ]


def _rewards(episodes: Sequence[Episode]) -> list[dict[str, Any]]:
    found: dict[str, list[tuple[float, str]]] = {}
    for episode in episodes:
        for seat, reward in episode.outcome.rewards.items():
            found.setdefault(seat, []).append((reward, episode.task.id))
    return [
        {"seat": seat, **asdict(bootstrap([value for value, _ in pairs], [task for _, task in pairs]))}
        for seat, pairs in found.items()
    ]


def _training(run: Run) -> tuple[str, str] | None:
    """What tells the training of a bench's cell from all others: the bench, and the training's folder in it."""
    spent = ((run.result or {}).get("cost") or {}).get("training")
    return (run.folder.as_posix().rpartition("/cells/")[0], str(spent.get("folder"))) if spent else None


def _spent(run: Run) -> dict[str, float]:
    """The cost of a bench's cell, as numbers alone; that of labels only where it made some."""
    known = (run.result or {}).get("cost") or {}
    if not known:
        return {}
    try:
        parts = (of_data(known[part]) for part in ("evaluation", "training") if known.get(part))
        spent = sum(parts, Cost()).as_data()
    except (AttributeError, KeyError, TypeError) as error:
        path = run.folder / "result.json"
        told = f"{path} has a cost of another form ({type(error).__name__}: {error})"
        raise ValueError(f"{told}: make it again, or move it out of the run's folder") from error
    labels, (low, high) = sum(spent.pop("labels").values()), spent.pop("dollars_by_hand")
    return spent | ({"labels": labels, "dollars_by_hand_from": low, "dollars_by_hand_to": high} if labels else {})


def _summed(rows: Sequence[Row]) -> dict[str, float]:
    names = {"time/play_seconds": "play_seconds", "time/learn_seconds": "learn_seconds"}
    names["learn/trained_tokens"] = "trained_tokens"
    known = {said: [row.get(name) for row in rows] for name, said in names.items()}
    return {said: float(sum(one for one in some if isinstance(one, int | float))) for said, some in known.items()}
