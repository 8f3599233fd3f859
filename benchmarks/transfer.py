"""Transfer: what training on one game does to all the others, and to tasks that nothing here trains on.

A policy is trained on a game by its recipe and evaluated on every item before and after. The pairs are taken task by
task, so that the interval is of the gain itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from selftaught.benchmarks.cells import Row, markdown, source
from selftaught.benchmarks.recipes import RECIPE
from selftaught.benchmarks.suite import ITEMS
from selftaught.benchmarks.suite_cells import NONE
from selftaught.benchmarks.tables_suite import averaged, averaged_of, game_of
from selftaught.summary import bootstrap

ON: Final = f"{RECIPE}-on-"


def matrix(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """A row for each policy, game that it was trained on, and item: the scores before and after, and the gain.

    Only tasks and seeds count that have been played both before and after.
    """
    known = {(row["policy"], row["algorithm"], row["item"], row["seed"]): row for row in rows}
    found: dict[tuple[str, str, str], dict[str, list[Any]]] = {}
    for (policy, algorithm, item, seed), row in known.items():
        before = known.get((policy, NONE, item, seed))
        on = _trained_on(algorithm, item)
        if before is None or on is None:
            continue
        columns = found.setdefault((policy, on, item), {"before": [], "after": [], "tasks": []})
        columns["before"] += before["scores"]
        columns["after"] += row["scores"]
        columns["tasks"] += row["tasks"]
    order = list(ITEMS)
    return [
        {"policy": policy, "on": on, "item": item, **_estimates(columns)}
        for (policy, on, item), columns in sorted(found.items(), key=lambda one: (*one[0][:2], order.index(one[0][2])))
    ]


def transfer_table(content: Mapping[str, Any]) -> str:
    """Policies and games trained on by games evaluated on: the gain, with its interval over tasks."""
    rows = content["rows"]
    games = list(dict.fromkeys(game_of(row["item"]) for row in rows))
    lines = [["policy", "trained on", *games], ["---", "---", *["---:"] * len(games)]]
    for policy, on in dict.fromkeys((row["policy"], row["on"]) for row in rows):
        mine = [row for row in rows if (row["policy"], row["on"]) == (policy, on)]
        found = [[row["gain"] for row in mine if game_of(row["item"]) == game] for game in games]
        gains = [averaged(some, form="+.2f") if some else "–" for some in found]
        lines.append(
            [policy, on, *(f"**{gain}**" if game == on else gain for game, gain in zip(games, gains, strict=True))]
        )
    note = "Score after training less score before, mean over the items of a game, with 95 % intervals over tasks."
    return markdown(lines) + f"\n\n{note} Bold: the game that was trained on." + source(content)


def transfer_outline(content: Mapping[str, Any]) -> str:
    """The same turned round and without intervals, for the terminal; a star is a gain or a loss beyond its interval."""
    rows = content["rows"]
    games = list(dict.fromkeys(game_of(row["item"]) for row in rows))
    trained = list(dict.fromkeys((row["policy"], row["on"]) for row in rows))
    alone = len({policy for policy, _ in trained}) == 1
    lines = [["evaluated on", *(on if alone else f"{policy}: {on}" for policy, on in trained)]]
    lines.append(["---", *["---:"] * len(trained)])
    for game in games:
        found = [
            [row["gain"] for row in rows if (row["policy"], row["on"]) == one and game_of(row["item"]) == game]
            for one in trained
        ]
        lines.append([game, *(_starred(some) if some else "–" for some in found)])
    note = "Score after training less score before, mean over a game's items; * where the 95 % interval is clear of 0."
    return markdown(lines) + f"\n\n{note}" + source(content)


def _starred(gains: Sequence[Mapping[str, float]]) -> str:
    mean, low, high = averaged_of(gains)
    return f"{mean:+.2f}" + "*" * (low > 0 or high < 0)


def _trained_on(algorithm: str, item: str) -> str | None:
    """The game of a recipe, by the label of a cell; None where there was none."""
    if algorithm == RECIPE:
        return game_of(item)
    return algorithm.removeprefix(ON) if algorithm.startswith(ON) else None


def _estimates(columns: Mapping[str, list[Any]]) -> dict[str, Any]:
    gain = list(np.subtract(columns["after"], columns["before"]))
    told = {"before": columns["before"], "after": columns["after"], "gain": gain}
    return {name: asdict(bootstrap(values, columns["tasks"])) for name, values in told.items()}
