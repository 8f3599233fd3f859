"""Aggregates of many runs on many items, with intervals: the definitions of rliable (Agarwal et al., arXiv 2108.13264).

Scores are arrays ``[..., runs, items]``; every figure takes the last two axes, so a bootstrap is one call on all
resamples. A run of an item is drawn anew from the runs of that item alone: the items are the strata.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from selftaught.summary import Estimate, draws

Array = npt.NDArray[np.float64]
Figure = Callable[[Array], Array]
"""From scores ``[..., runs, items]`` to one number for each of the leading places."""

RESAMPLES = 2000


def mean(scores: Array) -> Array:
    """The mean over items of the mean over runs."""
    return np.asarray(scores.mean(axis=(-2, -1)))


def median(scores: Array) -> Array:
    """The median over items of the mean over runs."""
    return np.asarray(np.median(scores.mean(axis=-2), axis=-1))


def interquartile_mean(scores: Array) -> Array:
    """The mean of the middle half of all scores of all items; a quarter of them, rounded down, is cut at each end."""
    flat = np.sort(scores.reshape(*scores.shape[:-2], -1), axis=-1)
    cut = flat.shape[-1] // 4
    return np.asarray(flat[..., cut : flat.shape[-1] - cut].mean(axis=-1))


def optimality_gap(scores: Array) -> Array:
    """How far scores are from 1 on average; what is above 1 counts as 1."""
    return 1 - mean(np.minimum(scores, 1))


AGGREGATES: Mapping[str, Figure] = {
    "mean": mean,
    "median": median,
    "iqm": interquartile_mean,
    "optimality_gap": optimality_gap,
}


def probability_of_improvement(first: Array, second: Array) -> Array:
    """How likely a run of ``second`` beats one of ``first`` on an item, ties counting half; mean over items.

    The Mann-Whitney statistic of each item over its greatest value. The numbers of runs may differ.
    """
    better = np.round(second[..., :, None, :] - first[..., None, :, :], 12)  # means of equal scores are a tie
    return np.asarray(((np.sign(better) + 1) / 2).mean(axis=(-3, -2, -1)))


def profile(scores: Array, thresholds: Array) -> Array:
    """The share of all scores above each threshold, ``[..., thresholds]``: the run-score distribution."""
    flat = scores.reshape(*scores.shape[:-2], -1)
    return np.stack([(flat > threshold).mean(axis=-1) for threshold in thresholds], axis=-1)


def checked(scores: object) -> Array:
    """Scores as an array ``[runs, items]``.

    Raises:
        ValueError: if they are no such array, are empty, or hold what is no finite number.
    """
    try:
        array = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"scores must be numbers, as many runs on every item: {error}") from error
    if array.ndim != 2 or not array.size:
        raise ValueError(f"scores must be an array of runs by items, not one of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"scores must be finite, and {int((~np.isfinite(array)).sum())} of {array.size} are not")
    return array


def resampled_runs(scores: Array, *, seed: int = 0, resamples: int = RESAMPLES) -> Array:
    """The stratified bootstrap: each item's runs drawn anew with replacement, ``[resamples, runs, items, ...]``.

    Whatever axes follow the first two are kept together, so that what is paired stays so.
    """
    runs, items = scores.shape[:2]
    places = np.random.default_rng(seed).integers(runs, size=(resamples, runs, items))
    return np.asarray(scores[places, np.arange(items)])


def resampled_tasks(
    scores: Sequence[Array], tasks: Sequence[Sequence[str]], *, seed: int = 0, resamples: int = RESAMPLES
) -> Array:
    """For items with one run: each item's tasks drawn anew, and their mean, ``[resamples, 1, items, ...]``.

    Args:
        scores: an array ``[tasks, ...]`` an item; whatever axes follow the first are kept together.
        tasks: the names of each item's; those of one name are drawn together (``summary.draws``).
        seed: fixes the draws.
        resamples: how many.
    """
    means = []
    for one, counts in zip(scores, draws(tasks, seed=seed, resamples=resamples), strict=True):
        # Sums before the division: two sides with as many tasks right are then a tie, whichever tasks these are.
        sums = np.tensordot(counts, one, axes=1)
        means.append(sums / counts.sum(axis=1).reshape(-1, *[1] * (sums.ndim - 1)))
    return np.stack(means, axis=1)[:, None]


def interval(point: float, replicates: Array, *, count: int) -> Estimate:
    """A figure with the 95 % percentile interval of its values on resamples."""
    low, high = np.percentile(replicates, [2.5, 97.5])
    return Estimate(float(point), float(low), float(high), count)


def aggregate(scores: Array, figure: Figure, *, seed: int = 0, resamples: int = RESAMPLES) -> Estimate:
    """A figure of ``[runs, items]`` scores with its 95 % stratified bootstrap interval.

    With one run an item there is nothing to draw from, and the interval has no width: see ``resampled_tasks``.

    Raises:
        ValueError: as ``checked``.
    """
    array = checked(scores)
    return interval(
        float(figure(array)), figure(resampled_runs(array, seed=seed, resamples=resamples)), count=array.size
    )


def improvement(first: Array, second: Array, *, seed: int = 0, resamples: int = RESAMPLES) -> Estimate:
    """``probability_of_improvement`` with its 95 % interval; the runs of the two are drawn anew by themselves.

    Raises:
        ValueError: as ``checked``, or if the items are not as many.
    """
    one, two = checked(first), checked(second)
    if one.shape[1] != two.shape[1]:
        raise ValueError(f"both must be scores of the same items, not of {one.shape[1]} and {two.shape[1]}")
    # Of one seed, two with as many runs would be drawn in step, as if they were paired.
    seeds = np.random.SeedSequence(seed).generate_state(2)
    drawn = [resampled_runs(x, seed=int(s), resamples=resamples) for x, s in zip((one, two), seeds, strict=True)]
    return interval(
        float(probability_of_improvement(one, two)), probability_of_improvement(*drawn), count=one.size + two.size
    )


def performance_profile(
    scores: Array, thresholds: Array, *, seed: int = 0, resamples: int = RESAMPLES
) -> list[Estimate]:
    """``profile`` with a 95 % stratified bootstrap interval at every threshold.

    Raises:
        ValueError: as ``checked``.
    """
    array = checked(scores)
    replicates = profile(resampled_runs(array, seed=seed, resamples=resamples), thresholds)
    points = profile(array, thresholds)
    return [interval(float(point), replicates[:, place], count=array.size) for place, point in enumerate(points)]
