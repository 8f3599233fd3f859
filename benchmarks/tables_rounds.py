"""Tables of self-rewarding rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from selftaught.algorithms.gap_alarm import first_fall, first_ring
from selftaught.benchmarks.cells import Row, cell, markdown, short, source, spread
from selftaught.benchmarks.plots import distinct, t95
from selftaught.benchmarks.plots_rounds import first_alarm


def rounds_table(content: Mapping[str, Any]) -> str:
    """The share of right answers on held-out instructions, an arm a line and a round a column."""
    rows = content["rows"]
    rounds = sorted(distinct(rows, "round"))
    heads = ["judge", *("raw" if round_ < 0 else f"round {round_}" for round_ in rounds), "change", "the loop", "alarm"]
    lines = [heads, ["---"] * len(heads)]
    for arm in distinct(rows, "arm"):
        cells = [_of_round(rows, arm, round_, "right") for round_ in rounds]
        rung = first_alarm(rows, arm)
        lines.append([arm, *cells, *verdict(rows, arm), "" if rung is None else f"round {rung}"])
    note = " The change is from the start to the last round, with a 95 % interval: over seeds (Student's t), or of one."
    return markdown(lines) + "\n\n" + spread(content) + note + source(content)


def verdict(rows: Sequence[Row], arm: str) -> tuple[str, str]:
    """How right answers changed from the first round to the last, and whether the loop improves, stalls or collapses.

    With several seeds the interval is over their changes; with one, it is that of two independent shares.
    """
    mine = [row for row in rows if row["arm"] == arm and row["round"] >= 0]
    ends = [min(row["round"] for row in mine), max(row["round"] for row in mine)]
    start, end = ([row["figures"]["right"] for row in mine if row["round"] == round_] for round_ in ends)
    changes = np.array([after["mean"] - before["mean"] for before, after in zip(start, end, strict=True)])
    if len(changes) > 1:
        half = t95(len(changes) - 1) * changes.std(ddof=1) / np.sqrt(len(changes))
    else:
        half = np.hypot(*((one["high"] - one["low"]) / 2 for one in (start[0], end[0])))
    low, high = changes.mean() - half, changes.mean() + half
    name = "improves" if low > 0 else "collapses" if high < 0 else "stalls"
    return f"{changes.mean():+.2f} [{low:+.2f}, {high:+.2f}]", name


AUDIT = {
    "points": "points",
    "saturated": "full points",
    "read": "readable",
    "auroc": "AUROC in a group",
    "selection": "selection",
    "pair_right": "pair right",
    "pair_wrong": "pair wrong",
    "pair": "gives a pair",
    "chosen_longer": "longer chosen",
    "words": "words",
}
"""Figures of a judge, and how a table calls them."""


def audit_table(content: Mapping[str, Any]) -> str:
    """The audit of every judge in the first round and after the last."""
    rows = content["rows"]
    ends = (0, max(row["round"] for row in rows))
    lines = [["judge", "round", *AUDIT.values(), "calibration error"], ["---"] * (len(AUDIT) + 3)]
    for arm in distinct(rows, "arm"):
        for round_ in ends:
            mine = [row for row in rows if (row["arm"], row["round"]) == (arm, round_)]
            errors = [row["pooled"]["ece"] for row in mine if "ece" in row["pooled"]]
            cells = [short(row["figures"][name]["mean"] for row in mine if name in row["figures"]) for name in AUDIT]
            lines.append([arm, str(round_), *cells, short(errors)])
    return markdown(lines) + "\n\nMeans over seeds." + source(content)


def alarm_table(content: Mapping[str, Any]) -> str:
    """How often the alarm rang in every arm, when first, when the truth first fell, and how many rounds lay between."""
    head = ["judge", "rounds with alarm", "first alarm", "truth below the start", "lead"]
    lines = [head, ["---", "---:", "---", "---", "---"]]
    for arm in distinct(content["rows"], "arm"):
        rung, cells = [], []
        for seed in content["seeds"]:
            mine = [row for row in content["rows"] if (row["arm"], row["seed"]) == (arm, seed) and "alarm" in row]
            mine.sort(key=itemgetter("round"))
            alarms = [row["alarm"] for row in mine]
            rung += [alarm["rings"] for alarm in alarms]
            first, fall = first_ring(alarms), first_fall(alarms)
            rung_in, fell_in = (None if place is None else mine[place]["round"] for place in (first, fall))
            cells.append((rung_in, fell_in, None if rung_in is None or fell_in is None else fell_in - rung_in))
        columns = [
            ", ".join("-" if value is None else str(value) for value in column) for column in zip(*cells, strict=True)
        ]
        lines.append([arm, f"{sum(rung)} of {len(rung)}", *columns])
    note = "Rounds of every seed in turn; - is never. The lead is the rounds from the first alarm to the first fall."
    return markdown(lines) + "\n\n" + note + source(content)


def _of_round(rows: Sequence[Row], arm: str, round_: int, name: str) -> str:
    found = [row["figures"][name] for row in rows if (row["arm"], row["round"]) == (arm, round_)]
    return cell(found) if found else ""
