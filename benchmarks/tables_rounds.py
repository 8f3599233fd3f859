"""Tables of self-rewarding rounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from selftaught.algorithms.gap_alarm import blind, first_fall, first_ring
from selftaught.benchmarks.cells import Row, cell, markdown, short, source, spread
from selftaught.benchmarks.plots import distinct, t95
from selftaught.benchmarks.plots_rounds import first_alarm


def rounds_table(content: Mapping[str, Any]) -> str:
    """The share of right answers on held-out instructions, an arm a line and a round a column."""
    rows = content["rows"]
    rounds = sorted(distinct(rows, "round"))
    heads = [
        "judge",
        *("raw" if round_ < 0 else f"round {round_}" for round_ in rounds),
        "change",
        "the loop",
        "judge pleased",
    ]
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
    """When either alarm first rang in every arm, when the truth first fell, and how many rounds lay between."""
    head = ["judge", "pleased", "blind", "truth below the start", "lead"]
    lines = [head, ["---"] * len(head)]
    warned: list[tuple[int | None, int | None]] = []
    for arm in distinct(content["rows"], "arm"):
        cells = [_alarms(content["rows"], arm, seed) for seed in content["seeds"]]
        columns = [
            ", ".join("-" if value is None else str(value) for value in column) for column in zip(*cells, strict=True)
        ]
        lines.append([arm, *columns])
        warned += [(min((one for one in cell[:2] if one is not None), default=None), cell[2]) for cell in cells]
    fallen = [(rang, fell) for rang, fell in warned if fell is not None]
    early = sum(rang is not None and rang < fell for rang, fell in fallen)
    false = sum(rang is not None for rang, fell in warned if fell is None)
    note = (
        "First rounds, of every seed in turn; - is never. The lead is the rounds from the first alarm to the first "
        f"fall. The truth fell in {len(fallen)} of {len(warned)} runs, and an alarm came before that in {early} of "
        f"them; it rang in {false} of the {len(warned) - len(fallen)} others."
    )
    return markdown(lines) + "\n\n" + note + source(content)


def _alarms(rows: Sequence[Row], arm: str, seed: int) -> tuple[int | None, int | None, int | None, int | None]:
    """The first rounds in which the judge is pleased, is blind, and the truth is below the start; and the lead."""
    mine = [row for row in rows if (row["arm"], row["seed"]) == (arm, seed) and row["round"] >= 0]
    mine.sort(key=itemgetter("round"))
    later = [row for row in mine if "alarm" in row]
    alarms = [row["alarm"] for row in later]
    pleased, fell = (
        None if place is None else later[place]["round"] for place in (first_ring(alarms), first_fall(alarms))
    )
    unseeing = next((row["round"] for row in mine if blind(row["figures"].get("auroc"))), None)
    first = min((one for one in (pleased, unseeing) if one is not None), default=None)
    return pleased, unseeing, fell, None if first is None or fell is None else fell - first


def _of_round(rows: Sequence[Row], arm: str, round_: int, name: str) -> str:
    found = [row["figures"][name] for row in rows if (row["arm"], row["round"]) == (arm, round_)]
    return cell(found) if found else ""
