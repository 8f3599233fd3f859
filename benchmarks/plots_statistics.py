"""Performance profiles of policies on a suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from selftaught.benchmarks.comparison import Over, Run, scores_of
from selftaught.benchmarks.plots import COLOURS, styled
from selftaught.statistics import profile

THRESHOLDS = np.linspace(0, 1, 51)


def profiles(runs: Mapping[str, Sequence[Run]], path: Path, *, over: Over = "auto") -> Path:
    """The share of runs, of all items, that score more than each threshold; a colour a policy, the shade its interval.

    Raises:
        ValueError: as ``scores_of``.
    """
    with styled(path, width=6.4, height=3.6) as figure:
        axes = figure.subplots()
        for place, (name, mine) in enumerate(runs.items()):
            points, replicates, drawn = scores_of(mine, over=over)
            low, high = np.percentile(profile(replicates, THRESHOLDS), [2.5, 97.5], axis=0)
            colour = COLOURS[place % len(COLOURS)]
            label = f"{name}\n{points.shape[1]} items, over {drawn}"
            axes.plot(THRESHOLDS, profile(points, THRESHOLDS), color=colour, label=label)
            axes.fill_between(THRESHOLDS, low, high, color=colour, alpha=0.15, linewidth=0)
        axes.set(xlim=(0, 1), ylim=(-0.02, 1.02), xlabel="score", ylabel="share of runs above")
        axes.set_title("Performance profiles, 95 % intervals")
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return path
