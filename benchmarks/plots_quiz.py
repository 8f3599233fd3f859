"""Figures of what study taught: right answers by form, and a forgetting matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from selftaught.benchmarks.plots import COLOURS, distinct, styled

Row = Mapping[str, Any]


def quiz_bars(content: Mapping[str, Any], path: Path) -> Path:
    """Right answers after study, a group of bars a form of question and a colour a method; points are seeds.

    ``content`` is a result of ``selftaught.benchmarks.studying``. A line is what was right before.
    """
    rows = content["rows"]
    forms, arms = distinct(rows, "form"), distinct(rows, "arm")
    with styled(path, width=2.5 + 1.6 * len(forms), height=3.6) as figure:
        axes = figure.subplots()
        for number, arm in enumerate(arms):
            last = max(row["after"] for row in rows if row["arm"] == arm)
            for place, form in enumerate(forms):
                at = place + (number - (len(arms) - 1) / 2) * 0.8 / len(arms)
                shares = _by_seed(rows, arm, form, last)
                style = {"width": 0.7 / len(arms), "color": COLOURS[number], "alpha": 0.6}
                axes.bar([at], [np.mean(shares)], label=None if place else arm, **style)
                axes.plot([at] * len(shares), shares, linestyle="none", marker=".", color="#000000", markersize=3)
        for place, form in enumerate(forms):
            before = np.mean([share for arm in arms for share in _by_seed(rows, arm, form, 0)])
            axes.plot([place - 0.45, place + 0.45], [before, before], color="#555555", linestyle=":", linewidth=1)
        axes.set_xticks(range(len(forms)), [form.replace("_", " ") for form in forms])
        axes.grid(axis="x", visible=False)
        axes.set(ylim=(0, 1.03), ylabel="right answers, book closed\n(dotted: before)")
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return path


def forgetting(content: Mapping[str, Any], path: Path) -> Path:
    """A matrix an arm: right answers on every part (column) after each was studied (line)."""
    rows = [row for row in content["rows"] if row["form"] in ("plain", "paraphrase")]
    arms, parts, stages = distinct(rows, "arm"), sorted(distinct(rows, "part")), sorted(distinct(rows, "after"))
    with styled(path, width=1 + 4.2 * len(arms), height=4.2) as figure:
        for axes, arm in zip(np.atleast_1d(figure.subplots(1, len(arms))), arms, strict=True):
            matrix = np.array([[_mean(rows, arm, after, part) for part in parts] for after in stages])
            axes.imshow(matrix, cmap="Blues", vmin=0, vmax=1, aspect="auto")
            for (line, column), value in np.ndenumerate(matrix):
                colour = "#ffffff" if value > 0.6 else "#000000"
                axes.text(column, line, f"{value:.2f}", ha="center", va="center", fontsize=7, color=colour)
            axes.set_xticks(range(len(parts)), [str(part + 1) for part in parts])
            axes.set_yticks(range(len(stages)), ["start", *map(str, stages[1:])])
            axes.set(title=arm, xlabel="questions on part", ylabel="after studying part")
            axes.grid(visible=False)
    return path


def _by_seed(rows: Sequence[Row], arm: str, form: str, after: int) -> list[float]:
    """The share of right answers of each seed, over all parts."""
    found: dict[int, list[Row]] = {}
    for row in rows:
        if (row["arm"], row["form"], row["after"]) == (arm, form, after):
            found.setdefault(row["seed"], []).append(row["right"])
    return [pooled(some) for some in found.values()]


def pooled(estimates: Sequence[Row]) -> float:
    """The mean over all that several estimates are of."""
    weights = [estimate["count"] for estimate in estimates]
    return float(np.average([estimate["mean"] for estimate in estimates], weights=weights))


def _mean(rows: Sequence[Row], arm: str, after: int, part: int) -> float:
    wanted = (arm, after, part)
    found = [row["right"]["mean"] for row in rows if (row["arm"], row["after"], row["part"]) == wanted]
    return float(np.mean(found)) if found else float("nan")
