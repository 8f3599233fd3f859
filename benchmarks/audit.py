"""The audit of a judge over many games: figures with intervals, and how its points go with the sealed truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.envs.self_reward.instructions import Instruction
from selftaught.envs.self_reward.state import ACTOR
from selftaught.hidden import public_part
from selftaught.summary import bootstrap
from selftaught.types import Episode

BINS = 6
"""Of confidence, for the calibration error: one around each number of points."""


def audited(episodes: Sequence[Episode]) -> Mapping[str, Any]:
    """All metrics of the games as means with intervals over tasks, those pooled over answers, and two columns by task.

    ``points_by_task`` is the judge's mean, from 0 to 1 and None where nothing could be read, ``right_by_task`` the
    verifier's.
    """
    names = sorted({name for episode in episodes for name in episode.metrics})
    figures = {}
    for name in names:
        found = [(episode.metrics[name], episode.task.id) for episode in episodes if name in episode.metrics]
        values, tasks = zip(*found, strict=True)
        figures[name] = asdict(bootstrap(values, tasks))
    points = [episode.metrics.get("points") for episode in episodes]
    return {
        "figures": figures,
        "pooled": pooled(episodes),
        "points_by_task": [None if value is None else value / 5 for value in points],
        "right_by_task": [episode.metrics.get("right", 0.0) for episode in episodes],
    }


def pooled(episodes: Sequence[Episode]) -> Mapping[str, float]:
    """Over all answers together: accuracy, AUROC, expected calibration error, and correlation with length among equals.

    ``accuracy``: more than half of the points to a right answer, or not to a wrong one. The calibration error is the
    mean distance between the points' share of the scale and the share of right answers, by the bins that the points
    fall into. The correlation (``length``) is of points and length less what truth explains of both.
    """
    found = judged_answers(episodes)
    if not found:
        return {}
    credit, right, length = (np.array(column) for column in zip(*found, strict=True))
    accuracy = float(((credit > 0.5) == (right == 1)).mean())
    result = {"answers": float(len(found)), "accuracy": accuracy, "ece": _calibration_error(credit, right)}
    if 0 < right.mean() < 1:
        result["auroc"] = auroc(credit, right)
        points, words = _less_explained(credit, right), _less_explained(length, right)
        if points.std() > 0 and words.std() > 0:
            result["length"] = float(np.corrcoef(points, words)[0, 1])
    return result


def judged_answers(episodes: Iterable[Episode]) -> list[tuple[float, float, float]]:
    """Of every answer that has points: these as a share of the scale, whether it is right, its length in characters."""
    return [
        (credit, float(truth.right(public_part(turn.reply.text))), float(len(turn.reply.text)))
        for episode in episodes
        if (sealed := episode.task.sealed.get("instruction")) is not None
        for truth in [Instruction(sealed["kind"], sealed["given"])]
        for turn, credit in zip(episode.turns, episode.credits, strict=True)
        if turn.ask.seat == ACTOR and credit is not None
    ]


def auroc(scores: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> float:
    """Chance that a right answer has more points than a wrong one; equal ones count half."""
    wrong = np.sort(scores[right == 0])
    below, upto = (np.searchsorted(wrong, scores[right == 1], side) for side in ("left", "right"))
    return float((below + upto).mean() / 2 / len(wrong))


def _calibration_error(scores: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> float:
    bins = np.rint(scores * (BINS - 1)).astype(int)
    weights = np.bincount(bins, minlength=BINS)
    gaps = np.abs(np.bincount(bins, weights=scores - right, minlength=BINS))
    return float(gaps.sum() / weights.sum())


def _less_explained(values: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The values less the mean of those that are as right."""
    means = [values[right == truth].mean() for truth in (0.0, 1.0)]
    rest: npt.NDArray[np.float64] = values - np.where(right == 1, means[1], means[0])
    return rest
