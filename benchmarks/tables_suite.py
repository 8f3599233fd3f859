"""The tables of the suite and of transfer: from the rows of a run's cells to estimates, and from these to Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from selftaught.benchmarks.cells import Row, cell, markdown, source
from selftaught.benchmarks.cost import PRICE, Cost, of_data
from selftaught.benchmarks.item import REFERENCES
from selftaught.benchmarks.suite import ITEMS
from selftaught.benchmarks.suite_cells import NONE
from selftaught.statistics import interquartile_mean, interval, resampled_tasks
from selftaught.summary import Estimate, bootstrap, bootstrap_mean

MILLION: Final = 1e6

OF_SOME: Final = " (k/n): over k of the game's n items, which may be easier or harder than the others."


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """What the table says, as data: a line a policy and algorithm, with an estimate an item and one over all items.

    A score's interval is a bootstrap over tasks. The one over all items, of lines that have them all, is of the mean of
    the middle half of the items' scores (the interquartile mean of arXiv 2108.13264).
    """
    items = [name for name in ITEMS if any(row["item"] == name for row in rows)]
    lines = []
    for policy, algorithm in _order(rows):
        mine = [row for row in rows if (row["policy"], row["algorithm"]) == (policy, algorithm)]
        scores = {item: pooled([row for row in mine if row["item"] == item]) for item in items}
        found = {item: asdict(one) for item, one in scores.items() if one is not None}
        line = {"policy": policy, "algorithm": algorithm, "scores": found, "games": _games(mine)}
        if any(_whole(mine, items, seed) for seed in {row["seed"] for row in mine}):
            line["overall"] = asdict(overall(mine, items))
        shares = {item: [_failed(row) for row in mine if row["item"] == item] for item in found}
        if failed := {item: float(np.mean(of_seeds)) for item, of_seeds in shares.items() if any(of_seeds)}:
            line["failed"] = failed
        lines.append({**line, "seeds": len({row["seed"] for row in mine}), **_cost(mine)})
    return {"items": items, "lines": lines}


def _games(rows: Sequence[Row]) -> dict[str, Any]:
    """The mean over each game's items, whose tasks may be the same."""
    found: dict[str, dict[str, tuple[list[float], list[str]]]] = {}
    for row in rows:
        values, tasks = found.setdefault(game_of(row["item"]), {}).setdefault(row["item"], ([], []))
        values += row["scores"]
        tasks += row["tasks"]
    return {game: asdict(bootstrap_mean(list(columns.values()))) for game, columns in found.items()}


def _failed(row: Row) -> float:
    """The share of the replies that a server failed to give."""
    return float(row["metrics"].get("failed", {"mean": 0.0})["mean"])


def _whole(rows: Sequence[Row], items: Sequence[str], seed: int) -> bool:
    return {row["item"] for row in rows if row["seed"] == seed} >= set(items)


def pooled(rows: Sequence[Row]) -> Estimate | None:
    """The score over all seeds of an item, whose tasks are the same for all of them; None without rows."""
    values = [score for row in rows for score in row["scores"]]
    return bootstrap(values, [task for row in rows for task in row["tasks"]]) if values else None


def overall(rows: Sequence[Row], items: Sequence[str]) -> Estimate:
    """The interquartile mean over items and seeds that have all of them; tasks that items share are drawn together."""
    known = {(row["seed"], row["item"]): np.asarray(row["scores"]) for row in rows}
    tasks = {row["item"]: [f"{game_of(row['item'])}: {task}" for task in row["tasks"]] for row in rows}
    seeds = [seed for seed in sorted({row["seed"] for row in rows}) if _whole(rows, items, seed)]
    scores = [np.stack([known[seed, item] for seed in seeds], axis=1) for item in items]  # tasks by seeds
    means = np.stack([one.mean(axis=0) for one in scores], axis=1)
    drawn = np.moveaxis(resampled_tasks(scores, [tasks[item] for item in items])[:, 0], -1, -2)
    return interval(float(interquartile_mean(means)), interquartile_mean(drawn), count=means.size)


def suite_table(content: Mapping[str, Any]) -> str:
    """Policies by games: the mean over a game's items."""
    games = {
        game_of(item): [one for one in content["items"] if game_of(one) == game_of(item)] for item in content["items"]
    }
    lines = [["policy", *games, "all items (IQM)"], ["---", *["---:"] * (len(games) + 1)]]
    for line in content["lines"]:
        cells = [
            _of_some(cell([line["games"][game]]), line, mine) if game in line["games"] else _absent(line, mine)
            for game, mine in games.items()
        ]
        lines.append([_named(line), *cells, cell([line["overall"]]) if "overall" in line else ""])
    some = any(0 < _count(line, mine) < len(mine) for line in content["lines"] for mine in games.values())
    return markdown(lines) + "\n\n" + _note(content) + (OF_SOME if some else "") + source(content)


def items_table(content: Mapping[str, Any]) -> str:
    """Items by policies, and all of them together."""
    lines = [["item", *map(_named, content["lines"])], ["---", *["---:"] * len(content["lines"])]]
    for item in content["items"]:
        scores = [(line["scores"].get(item), line) for line in content["lines"]]
        lines.append([item, *(cell([one]) if one else _absent(line, [item]) for one, line in scores)])
    whole = [cell([line["overall"]]) if "overall" in line else "" for line in content["lines"]]
    return markdown([*lines, ["all items (IQM)", *whole]]) + "\n\n" + _note(content) + source(content)


def cost_table(content: Mapping[str, Any]) -> str:
    """What each line cost, and what its labels would have cost by hand."""
    head = ["policy", "tokens sampled (M)", "tokens trained (M)", "processor hours", "labels it made", "by hand ($)"]
    lines = [head, ["---", *["---:"] * 5]]
    for line in content["lines"]:
        spent = line["cost"]
        labels = ", ".join(f"{count:,} {kind}" for kind, count in spent["labels"].items() if count)
        low, high = spent["dollars_by_hand"]
        tokens = [f"{spent[name] / MILLION:.2f}" for name in ("sampled_tokens", "trained_tokens")]
        price = f"{low:,.0f} to {high:,.0f}" if labels else ""
        lines.append([_named(line), *tokens, f"{spent['processor_seconds'] / 3600:.2f}", labels, price])
    price = f"${PRICE[0]:.2f} to ${PRICE[1]:.2f}"
    note = f"By hand a label is taken at {price}. A training that several items share counts once."
    return markdown(lines) + "\n\n" + note + source(content)


def _order(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """The lines: references first, then policies by name, each as it is and then trained."""
    found = dict.fromkeys((row["policy"], row["algorithm"]) for row in rows)
    places = {kind: place for place, kind in enumerate(REFERENCES)}
    return sorted(found, key=lambda one: (places.get(one[0], len(places)), one[0], one[1] != NONE, one[1]))


def _cost(rows: Sequence[Row]) -> dict[str, Any]:
    """All evaluations, and every training once, though several items share one."""
    found, counted = Cost(), set[tuple[Any, ...]]()
    for row in rows:
        found += of_data(row["cost"]["evaluation"])
        training = row["cost"]["training"]
        if training is not None and (key := (training["folder"],)) not in counted:
            counted.add(key)
            found += of_data(training)
    return {"cost": found.as_data()}


def _named(line: Row) -> str:
    return str(line["policy"]) if line["algorithm"] == NONE else f"{line['policy']}, {line['algorithm']}"


def _of_some(text: str, line: Row, items: Sequence[str]) -> str:
    """A mean, and over how many of a game's items it is if it is not over all of them."""
    count = _count(line, items)
    return text if count == len(items) else f"{text} ({count}/{len(items)})"


def _count(line: Row, items: Sequence[str]) -> int:
    return sum(item in line["scores"] for item in items)


def _absent(line: Row, items: Sequence[str]) -> str:
    nowhere = all(line["policy"] not in ITEMS[item].references for item in items)
    return "none" if line["policy"] in REFERENCES and nowhere else "–"


def game_of(item: str) -> str:
    """The game of an item, by its id."""
    return item.partition("/")[0]


def _note(content: Mapping[str, Any]) -> str:
    counts = [line.get("seeds", len(content["seeds"])) for line in content["lines"]]
    least, most = min(counts, default=0), max(counts, default=0)
    seeds = f"{least} to {most}" if least < most else str(most)
    return (
        f"Scores from 0 to 1 over {seeds} seed{'s' * (most > 1)}, with 95 % intervals over tasks. *none*: a reference "
        "that makes no sense there."
        + "".join(
            f" {_named(line)}: {share:.1%} of the replies on {item} failed at its server and count as empty."
            for line in content["lines"]
            for item, share in line.get("failed", {}).items()
        )
    )
