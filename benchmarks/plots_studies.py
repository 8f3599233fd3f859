"""Figures of studies: planning over the steps of training, and what is done by the number of instructions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from selftaught.benchmarks.plots import COLOURS, distinct, draw_arms, styled


def planning(content: Mapping[str, Any], path: Path) -> Path:
    """Certified success on held-out plans over the steps, with the shortcuts' right numbers, and the training figures.

    ``content`` is a result of ``selftaught.benchmarks.planning``: an arm a colour, a seed a thin line, the mean a thick
    one, the 95 % interval of the mean over seeds the shade.
    """
    rows = [row for row in content["rows"] if row["temperature"] == 1.0 and row["step"] >= 0]
    drawn = content["training"]
    kinds = list(dict.fromkeys((row["band"], row["split"]) for row in rows))
    seeds = distinct(rows, "seed")
    curves = [(name, label) for name, label in TRAINED if any(name in row for row in drawn)]
    with styled(path, width=3.3 * max(len(kinds), len(curves)) + 1.6, height=5.4) as figure:
        top, bottom = figure.subfigures(2, 1)
        panels = top.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
        for axes, (band, split) in zip(panels, kinds, strict=True):
            mine = [row for row in rows if (row["band"], row["split"]) == (band, split)]
            draw_arms(axes, mine, over="step", value=lambda row: row["success"]["mean"])
            for name in ("most_hops", "greedy", "stage_barrier") if split != "hard" else ():
                axes.axhline(mine[0][f"shortcut/{name}"]["mean"], color="#888888", linestyle=":", linewidth=1)
                axes.annotate(name, (0, mine[0][f"shortcut/{name}"]["mean"]), fontsize=7, color="#555555", va="bottom")
            axes.set(title=f"band {band}, {split}", ylim=(-0.03, 1.03))
            axes.xaxis.get_major_locator().set_params(integer=True)
        panels[0].set_ylabel("certified success\n(dotted: a shortcut's right numbers)")
        counted = f"{len(seeds)} seed{'s' * (len(seeds) > 1)}"
        panels[-1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title=counted)
        for axes, (name, label) in zip(bottom.subplots(1, len(curves), squeeze=False)[0], curves, strict=True):
            draw_arms(axes, drawn, over="step", value=itemgetter(name), have=name)
            axes.set(title=label, xlabel="step")
            axes.xaxis.get_major_locator().set_params(integer=True)
    return path


TRAINED: Sequence[tuple[str, str]] = (
    ("reward/planner", "mean reward in training"),
    ("sampled/entropy", "entropy, nats a token"),
    ("learn/kl", "KL from the start, nats a token"),
)


DONE: Sequence[tuple[str, str]] = (("following", "every step has its line"), ("quality", "share of right steps"))
"""Figures of chains, and what they say."""


def lengths(content: Mapping[str, Any], path: Path) -> Path:
    """Following and quality by the number of steps, a column a split: an arm a colour, as it is at its last stage.

    ``content`` is a result of ``selftaught.benchmarks.sequences``.
    """
    rows = by_stage(content)
    splits = distinct(rows, "split")
    with styled(path, width=3.3 * len(splits) + 2, height=5.2) as figure:
        grid = figure.subplots(len(DONE), len(splits), sharex=True, sharey=True, squeeze=False)
        for line, (name, title) in zip(grid, DONE, strict=True):
            for axes, split in zip(line, splits, strict=True):
                mine = [{**row, name: row[name]["mean"]} for row in rows if row["split"] == split]
                draw_arms(axes, mine, over="length", value=itemgetter(name))
                axes.set(ylim=(-0.03, 1.03))
                axes.xaxis.get_major_locator().set_params(integer=True)
            line[0].set_ylabel(title)
        for axes, split in zip(grid[0], splits, strict=True):
            axes.set_title(split)
        for axes in grid[-1]:
            axes.set_xlabel("steps of a chain")
        seeds = len(distinct(rows, "seed"))
        grid[0, -1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title=f"{seeds} seed{'s' * (seeds > 1)}")
    return path


def by_stage(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of every stage as arms of their own: ``nothing`` (once), ``grown``, and ``grown, rewarded``."""
    rows = content["rows"]
    first = rows[0]
    named = {"base": "nothing", "taught": "{arm}", "rewarded": "{arm}, rewarded"}
    return [
        {**row, "arm": named[row["stage"]].format(arm=row["arm"])}
        for row in rows
        if row["stage"] != "base" or (row["arm"], row["seed"]) == (first["arm"], first["seed"])
    ]


CHANGED: Sequence[tuple[str, str]] = (
    ("right_first", "first answer"),
    ("voted", "most frequent of\nas many tokens"),
    ("right_last", "last answer"),
    ("oracle_stop", "stopped by\nthe truth"),
)
"""Figures of reflection that stand beside each other, and their names; the last is a bound."""


def reflection(content: Mapping[str, Any], path: Path) -> Path:
    """First and last answers beside what the same tokens buy, by stage: a panel a set of kinds, a colour an arm.

    ``content`` is a result of ``selftaught.benchmarks.reflection``; points are seeds, bars their mean.
    """
    rows = content["rows"]
    kinds, arms = distinct(rows, "kinds"), distinct(rows, "arm")
    stages = distinct(rows, "stage")
    with styled(path, width=4.2 * len(kinds) + 2, height=2.4 * len(stages) + 0.8) as figure:
        grid = figure.subplots(len(stages), len(kinds), sharex=True, sharey=True, squeeze=False)
        for (place, stage), (column, kind) in product(enumerate(stages), enumerate(kinds)):
            axes = grid[place, column]
            for number, arm in enumerate(arms):
                mine = [row for row in rows if (row["stage"], row["kinds"], row["arm"]) == (stage, kind, arm)]
                for bar, (name, _) in enumerate(CHANGED):
                    values = [row[name]["mean"] for row in mine]
                    at = bar + (number - (len(arms) - 1) / 2) * 0.8 / len(arms)
                    style = {"color": COLOURS[number], "width": 0.7 / len(arms), "alpha": 0.6}
                    axes.bar([at], [np.mean(values) if values else 0.0], label=arm if bar == 0 else None, **style)
                    axes.plot([at] * len(values), values, linestyle="none", marker=".", color="#000000", markersize=3)
            axes.set(title=f"{stage}: {kind}", ylim=(0, 1.03))
            axes.set_xticks(range(len(CHANGED)), [label for _, label in CHANGED], fontsize=7)
            axes.grid(axis="x", visible=False)
        grid[0, -1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title="paid by")
    return path
