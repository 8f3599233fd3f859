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
from selftaught.benchmarks.tables_suite import game_of
from selftaught.summary import bootstrap, bootstrap_mean

ON: Final = f"{RECIPE}-on-"


def matrix(rows: Sequence[Row]) -> dict[str, list[dict[str, Any]]]:
    """What each training of a policy did: by item (``rows``: before, after and gain) and by game (``games``: gain).

    Only tasks and seeds count that have been played both before and after.
    """
    found = _pairs(rows)
    order, games = list(ITEMS), dict[tuple[str, str, str], list[tuple[list[float], list[str]]]]()
    by_item = []
    for (policy, on, item), columns in sorted(found.items(), key=lambda one: (*one[0][:2], order.index(one[0][2]))):
        gain = [float(one) for one in np.subtract(columns["after"], columns["before"])]
        told = {"before": columns["before"], "after": columns["after"], "gain": gain}
        estimates = {name: asdict(bootstrap(values, columns["tasks"])) for name, values in told.items()}
        by_item.append({"policy": policy, "on": on, "item": item, **estimates})
        games.setdefault((policy, on, game_of(item)), []).append((gain, columns["tasks"]))
    by_game = [
        {"policy": policy, "on": on, "game": game, "gain": asdict(bootstrap_mean(gains))}
        for (policy, on, game), gains in games.items()
    ]
    return {"rows": by_item, "games": by_game}


def _pairs(rows: Sequence[Row]) -> dict[tuple[str, str, str], dict[str, list[Any]]]:
    """Scores before and after, with their tasks, of each policy, game trained on, and item."""
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
    return found


def transfer_table(content: Mapping[str, Any]) -> str:
    """Policies and games trained on by games evaluated on: the gain, with its interval over tasks."""
    gains, games, trained = _gains(content)
    lines = [["policy", "trained on", *games], ["---", "---", *["---:"] * len(games)]]
    for policy, on in trained:
        cells = [_interval(gains.get((policy, on, game))) for game in games]
        lines.append(
            [policy, on, *(f"**{gain}**" if game == on else gain for game, gain in zip(games, cells, strict=True))]
        )
    note = "Score after training less score before, mean over the items of a game, with 95 % intervals over tasks."
    return markdown(lines) + f"\n\n{note} Bold: the game that was trained on." + source(content)


def transfer_outline(content: Mapping[str, Any]) -> str:
    """The same turned round and without intervals, for the terminal; a star is a gain or a loss beyond its interval."""
    gains, games, trained = _gains(content)
    alone = len({policy for policy, _ in trained}) == 1
    lines = [["evaluated on", *(on if alone else f"{policy}: {on}" for policy, on in trained)]]
    lines.append(["---", *["---:"] * len(trained)])
    lines += [[game, *(_starred(gains.get((*one, game))) for one in trained)] for game in games]
    note = "Score after training less score before, mean over a game's items; * where the 95 % interval is clear of 0."
    return markdown(lines) + f"\n\n{note}" + source(content)


Gain = Mapping[str, float]


def _gains(content: Mapping[str, Any]) -> tuple[dict[tuple[str, str, str], Gain], list[str], list[tuple[str, str]]]:
    """The gains by policy, game trained on and game evaluated on; the latter; the trainings."""
    rows = content["games"]
    gains = {(row["policy"], row["on"], row["game"]): row["gain"] for row in rows}
    games = list(dict.fromkeys(game_of(row["item"]) for row in content["rows"]))
    return gains, games, list(dict.fromkeys((row["policy"], row["on"]) for row in rows))


def _interval(gain: Gain | None) -> str:
    return "–" if gain is None else f"{gain['mean']:+.2f} [{gain['low']:+.2f}, {gain['high']:+.2f}]"


def _starred(gain: Gain | None) -> str:
    return "–" if gain is None else f"{gain['mean']:+.2f}" + "*" * (gain["low"] > 0 or gain["high"] < 0)


def _trained_on(algorithm: str, item: str) -> str | None:
    """The game of a recipe, by the label of a cell; None where there was none."""
    if algorithm == RECIPE:
        return game_of(item)
    return algorithm.removeprefix(ON) if algorithm.startswith(ON) else None
