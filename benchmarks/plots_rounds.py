"""Figures of self-rewarding studies: what the judge says and what is true, round by round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from selftaught.benchmarks.plots import COLOURS, draw_curves, styled

Row = Mapping[str, Any]

PANELS: Sequence[tuple[str, str]] = (
    ("right", "truth: share of right answers"),
    ("points", "the judge's points, as a share of 5"),
    ("words", "words an answer"),
)


def rounds(content: Mapping[str, Any], path: Path) -> Path:
    """A panel each for the truth, the judge's points and the length: an arm a colour, a seed a thin line.

    ``content`` is a result of ``selftaught.benchmarks.self_rewarding``. A bell stands where the alarm first rings in
    most seeds.
    """
    rows = [row for row in content["rows"] if row["round"] >= 0]
    arms, seeds = _distinct(rows, "arm"), _distinct(rows, "seed")
    with styled(path, width=11.5, height=3.4) as figure:
        panels = figure.subplots(1, len(PANELS))
        for axes, (name, title) in zip(panels, PANELS, strict=True):
            for place, arm in enumerate(arms):
                curves = [_curve(rows, arm, seed, name) for seed in seeds]
                draw_curves(axes, [curve for curve in curves if curve], place=place, name=arm)
                rung = first_alarm(rows, arm)
                if name == "points" and rung is not None:
                    height = np.mean([curve[rung] for curve in curves if rung in curve])
                    style = {"color": COLOURS[place % len(COLOURS)], "markersize": 16, "markerfacecolor": "none"}
                    axes.plot([rung], [height], marker="o", linestyle="none", **style)
            axes.set(title=title, xlabel="round")
            axes.xaxis.get_major_locator().set_params(integer=True)
        for axes in panels[:2]:
            axes.set_ylim(-0.03, 1.03)
        panels[-1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title=f"{len(seeds)} seeds\n(ring: alarm)")
    return path


def phases(content: Mapping[str, Any], path: Path) -> Path:
    """How the share of right answers moves by round and by the rate at which the judge is flipped."""
    rows = [row for row in content["rows"] if row["round"] >= 0]
    arms, seeds = _distinct(rows, "arm"), _distinct(rows, "seed")
    steps = sorted(_distinct(rows, "round"))
    change = np.array([[_mean(rows, arm, step) - _mean(rows, arm, 0) for step in steps] for arm in arms])
    with styled(path, width=9.5, height=3.6) as figure:
        left, right = figure.subplots(1, 2)
        for place, arm in enumerate(arms):
            draw_curves(left, [_curve(rows, arm, seed, "right") for seed in seeds], place=place, name=arm)
        left.set(title="share of right answers", xlabel="round", ylim=(-0.03, 1.03))
        left.xaxis.get_major_locator().set_params(integer=True)
        left.legend(fontsize=7, ncols=2)
        most = float(np.abs(change).max()) or 1.0
        shown = right.imshow(change, cmap="RdBu", vmin=-most, vmax=most, aspect="auto", origin="lower")
        for (row, column), value in np.ndenumerate(change):
            right.text(column, row, f"{value:+.2f}", ha="center", va="center", fontsize=7)
        right.set(title="change from the start", xlabel="round", xticks=range(len(steps)), yticks=range(len(arms)))
        right.set_xticklabels(steps)
        right.set_yticklabels(arms)
        right.grid(visible=False)
        figure.colorbar(shown, ax=right)
    return path


def first_alarm(rows: Sequence[Row], arm: str) -> int | None:
    """The first round in which the alarm rings in most seeds."""
    rung: dict[int, list[bool]] = {}
    for row in rows:
        if row["arm"] == arm and row.get("alarm") is not None:
            rung.setdefault(row["round"], []).append(row["alarm"]["rings"])
    return next((round_ for round_ in sorted(rung) if np.mean(rung[round_]) > 0.5), None)


def _curve(rows: Sequence[Row], arm: str, seed: int, name: str) -> dict[int, float]:
    scale = 5 if name == "points" else 1
    return {
        row["round"]: row["figures"][name]["mean"] / scale
        for row in rows
        if (row["arm"], row["seed"]) == (arm, seed) and name in row["figures"]
    }


def _mean(rows: Sequence[Row], arm: str, step: int) -> float:
    return float(
        np.mean([row["figures"]["right"]["mean"] for row in rows if (row["arm"], row["round"]) == (arm, step)])
    )


def _distinct(rows: Sequence[Row], key: str) -> list[Any]:
    return list(dict.fromkeys(row[key] for row in rows))
