"""Figures of what the data of ``hardware`` teach: repairs by kind of fault."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from selftaught.benchmarks.plots import COLOURS, distinct, styled
from selftaught.benchmarks.plots_studies import by_stage


def repairs(content: Mapping[str, Any], path: Path) -> Path:
    """Sampled repairs that are proved right, a group of bars a kind of fault and a colour a stage; points are seeds.

    ``content`` is a result of ``selftaught.benchmarks.hardware_learning``. A panel a split; faults by the last stage.
    """
    measure, shares = rates(content)
    arms = list(next(iter(next(iter(shares.values())).values())))
    widths = [len(found) for found in shares.values()]
    with styled(path, width=2 + 0.75 * sum(widths), height=3.8) as figure:
        panels = figure.subplots(1, len(shares), sharey=True, width_ratios=widths, squeeze=False)[0]
        for axes, (split, found) in zip(panels, shares.items(), strict=True):
            faults = sorted(found, key=lambda fault: (fault != "all", -_best(found[fault])))
            for number, arm in enumerate(arms):
                for place, fault in enumerate(faults):
                    if not (seeds := found[fault][arm]):
                        continue
                    at = place + (number - (len(arms) - 1) / 2) * 0.8 / len(arms)
                    bar = {"width": 0.7 / len(arms), "color": COLOURS[number], "alpha": 0.6}
                    axes.bar([at], [np.mean(seeds)], label=None if place else arm, **bar)
                    axes.plot([at] * len(seeds), seeds, linestyle="none", marker=".", color="#000000", markersize=3)
            axes.set_xticks(range(len(faults)), faults, rotation=40, ha="right")
            axes.grid(axis="x", visible=False)
            axes.set(ylim=(0, 1.03), title=split)
        panels[0].set_ylabel(f"repairs proved right, {measure}")
        panels[-1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title="learned from")
    return path


def rates(content: Mapping[str, Any]) -> tuple[str, dict[str, dict[str, dict[str, list[float]]]]]:
    """The measure, and its values by split, kind of fault and stage: one a seed."""
    rows = [row for row in by_stage(content) if "fault" in row and row["stage"] != "base"]
    arms, measure = distinct(rows, "arm"), next(name for name in rows[0] if name.startswith("pass@"))
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for row in rows:
        by_arm = found.setdefault(row["split"], {}).setdefault(row["fault"], {arm: [] for arm in arms})
        by_arm[row["arm"]].append(row[measure]["mean"])
    return measure, found


def _best(by_arm: Mapping[str, list[float]]) -> float:
    return max(float(np.mean(seeds)) for seeds in by_arm.values() if seeds)
