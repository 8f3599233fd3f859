"""A league as a picture: the payoff matrix, and beside it the ratings of each seat."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from selftaught.benchmarks.plots import COLOURS, styled


def league(content: Mapping[str, Any], path: Path) -> Path:
    """Draw a result of ``selftaught.benchmarks.league.table``."""
    first, second = content["seats"]
    rows, columns = (content["players"][seat] for seat in (first, second))
    matrix = np.array([one["payoff"]["mean"] for one in content["pairings"]]).reshape(len(rows), len(columns))
    tall = max(2.4, 0.45 * max(len(rows), len(rows) + len(columns)) + 1)
    with styled(path, width=5 + 0.9 * len(columns), height=tall) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(1 + 0.5 * len(columns), 2.2))
        left.imshow(matrix, cmap="PuOr", vmin=-1, vmax=1, aspect="auto")
        for (line, column), value in np.ndenumerate(matrix):
            colour = "#ffffff" if abs(value) > 0.6 else "#000000"
            left.text(column, line, f"{value:+.2f}", ha="center", va="center", fontsize=8, color=colour)
        left.set_xticks(range(len(columns)), [_short(name) for name in columns], rotation=30, ha="right")
        left.set_yticks(range(len(rows)), [_short(name) for name in rows])
        left.set(title=f"what the {first} wins", xlabel=second, ylabel=first)
        left.grid(visible=False)
        for place, row in enumerate(content["ratings"]):
            points = row["points"]
            spread = [[points["mean"] - points["low"]], [points["high"] - points["mean"]]]
            colour = COLOURS[content["seats"].index(row["seat"])]
            right.errorbar([points["mean"]], [place], xerr=np.maximum(spread, 0), fmt="o", color=colour, capsize=3)
        names = [f"{_short(row['player'])} ({row['seat']})" for row in content["ratings"]]
        right.set_yticks(range(len(names)), names)
        right.invert_yaxis()
        right.set(title="ratings by seat", xlabel="points, 95 % intervals")
    return path


def _short(name: str) -> str:
    """The end of a long name, which tells snapshots of one run apart."""
    return name if len(name) <= 28 else f"…{name[-27:]}"
