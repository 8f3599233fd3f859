"""Figures of self-rewarding studies: what the judge says and what is true, round by round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from selftaught.benchmarks.plots import COLOURS, distinct, draw_arms, styled
from selftaught.envs.self_reward.rubric import MOST

Row = Mapping[str, Any]

PANELS: Sequence[tuple[str, str]] = (
    ("right", "truth: share of right answers"),
    ("points", "the judge's points, as a share of 5"),
    ("words", "words an answer"),
)


def rounds(content: Mapping[str, Any], path: Path) -> Path:
    """A panel each for the truth, the judge's points and the length: an arm a colour, a seed a thin line.

    ``content`` is a result of ``selftaught.benchmarks.self_rewarding``. A ring stands where the alarm first rings in
    most seeds.
    """
    rows = _flat(content)
    with styled(path, width=11.5, height=3.4) as figure:
        panels = figure.subplots(1, len(PANELS))
        for axes, (name, title) in zip(panels, PANELS, strict=True):
            draw_arms(axes, rows, over="round", value=itemgetter(name), have=name)
            axes.set(title=title, xlabel="round")
            axes.xaxis.get_major_locator().set_params(integer=True)
        for place, arm in enumerate(distinct(rows, "arm")):
            rung = first_alarm(content["rows"], arm)
            if rung is not None:
                style = {"color": COLOURS[place % len(COLOURS)], "markersize": 16, "markerfacecolor": "none"}
                panels[1].plot([rung], [_mean(rows, arm, rung, "points")], marker="o", linestyle="none", **style)
        for axes in panels[:2]:
            axes.set_ylim(-0.03, 1.03)
        seeds = len(distinct(rows, "seed"))
        panels[-1].legend(
            loc="center left", bbox_to_anchor=(1.01, 0.5), title=f"{seeds} seed{'s' * (seeds > 1)}\n(ring: pleased)"
        )
    return path


def phases(content: Mapping[str, Any], path: Path) -> Path:
    """How the share of right answers moves by round and by the rate at which the judge is flipped."""
    rows = _flat(content)
    arms, steps = distinct(rows, "arm"), sorted(distinct(rows, "round"))
    change = np.array(
        [[_mean(rows, arm, step, "right") - _mean(rows, arm, 0, "right") for step in steps] for arm in arms]
    )
    with styled(path, width=9.5, height=3.6) as figure:
        left, right = figure.subplots(1, 2)
        draw_arms(left, rows, over="round", value=itemgetter("right"))
        left.set(title="share of right answers", xlabel="round", ylim=(-0.03, 1.03))
        left.xaxis.get_major_locator().set_params(integer=True)
        left.legend(fontsize=7, ncols=2)
        most = float(np.abs(change).max()) or 1.0
        shown = right.imshow(change, cmap="RdBu", vmin=-most, vmax=most, aspect="auto", origin="lower")
        for (row, column), value in np.ndenumerate(change):
            colour = "white" if abs(value) > 0.6 * most else "black"
            right.text(column, row, f"{value:+.2f}", ha="center", va="center", fontsize=7, color=colour)
        right.set(title="change from the start", xlabel="round", xticks=range(len(steps)), yticks=range(len(arms)))
        right.set_xticklabels(steps)
        right.set_yticklabels(arms)
        right.grid(visible=False)
        figure.colorbar(shown, ax=right)
    return path


def first_alarm(rows: Sequence[Row], arm: str) -> int | None:
    """The first round in which the alarm rings in most seeds."""
    mine = [row for row in rows if row["arm"] == arm]
    seeds = len(distinct(mine, "seed"))
    rung: dict[int, int] = {}
    for row in mine:
        rung[row["round"]] = rung.get(row["round"], 0) + ("alarm" in row and row["alarm"]["rings"])
    return next((round_ for round_ in sorted(rung) if rung[round_] > seeds / 2), None)


def _flat(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row a round from the first on, with the means of its figures; points as a share of the most there are."""
    found = []
    for row in content["rows"]:
        if row["round"] >= 0:
            means = {name: figure["mean"] for name, figure in row["figures"].items()}
            if "points" in means:
                means["points"] /= MOST
            found.append({**{name: row[name] for name in ("arm", "seed", "round")}, **means})
    return found


def _mean(rows: Sequence[Row], arm: str, step: int, name: str) -> float:
    return float(np.mean([row[name] for row in rows if (row["arm"], row["round"]) == (arm, step) and name in row]))
