"""Means over episodes, and bootstrap intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from selftaught.types import Episode, Reply


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval over ``count`` games."""

    mean: float
    low: float
    high: float
    count: int

    def __str__(self) -> str:
        return f"{self.mean:.2f} [{self.low:.2f}, {self.high:.2f}]"


def bootstrap(values: Sequence[float], clusters: Sequence[str], *, seed: int = 0, resamples: int = 2000) -> Estimate:
    """Percentile bootstrap of the mean that resamples whole clusters: games on one word are not independent.

    Raises:
        ValueError: if there are no values, or not one cluster a value.
    """
    if not values or len(values) != len(clusters):
        raise ValueError(f"bootstrap needs as many clusters as values and at least one: {len(values)}, {len(clusters)}")
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.bincount(place, weights=np.asarray(values, dtype=np.float64), minlength=len(names))
    counts = np.bincount(place, minlength=len(names)).astype(np.float64)
    draws = np.random.default_rng(seed).integers(len(names), size=(resamples, len(names)))
    means: npt.NDArray[np.float64] = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Estimate(float(np.mean(values)), float(low), float(high), len(values))


def bootstrap_mean(columns: Sequence[tuple[Sequence[float], Sequence[str]]], *, resamples: int = 2000) -> Estimate:
    """The mean of several means, each of values with their clusters, where equal clusters are drawn together.

    Raises:
        ValueError: as ``bootstrap``.
    """
    if not columns or any(not values or len(values) != len(clusters) for values, clusters in columns):
        raise ValueError("bootstrap needs at least one column, and as many clusters as values in each")
    drawn = draws([clusters for _, clusters in columns], resamples=resamples)
    means = [
        counts @ np.asarray(values) / counts.sum(axis=1) for counts, (values, _) in zip(drawn, columns, strict=True)
    ]
    low, high = np.percentile(np.mean(means, axis=0), [2.5, 97.5])
    mean = float(np.mean([np.mean(values) for values, _ in columns]))
    return Estimate(mean, float(low), float(high), sum(len(values) for values, _ in columns))


def draws(columns: Sequence[Sequence[str]], *, seed: int = 0, resamples: int = 2000) -> list[npt.NDArray[np.float64]]:
    """How often a bootstrap draws the values of each column, ``[resamples, values]``, by the names of their clusters.

    Items of one game often ask the same tasks, and as independent estimates would seem surer than they are: clusters of
    one name are drawn together, wherever they stand. They are drawn among those of all columns that share any, directly
    or by way of others; no column is ever left without a value.
    """
    names, places = np.unique([name for clusters in columns for name in clusters], return_inverse=True)
    of_column = np.split(places, np.cumsum([len(clusters) for clusters in columns])[:-1])
    stands = np.stack([np.isin(np.arange(len(names)), mine) for mine in of_column], axis=1)
    random, drawn = np.random.default_rng(seed), np.zeros((resamples, len(names)))
    for columns_ in _connected(stands):
        mine = np.flatnonzero(stands[:, columns_].any(axis=1))
        left = np.arange(resamples)
        while len(left):
            drawn[np.ix_(left, mine)] = random.multinomial(len(mine), np.full(len(mine), 1 / len(mine)), size=len(left))
            left = left[((drawn[left] @ stands[:, columns_]) == 0).any(axis=1)]
    return [drawn[:, mine] for mine in of_column]


def _connected(stands: npt.NDArray[np.bool_]) -> list[list[int]]:
    """Groups of columns ``[names, columns]`` that share names, directly or by way of others."""
    left, found = list(range(stands.shape[1])), []
    while left:
        group = [left.pop(0)]
        names = stands[:, group[0]].copy()
        while more := [column for column in left if (stands[:, column] & names).any()]:
            group += more
            left = [column for column in left if column not in more]
            names |= stands[:, more].any(axis=1)
        found.append(group)
    return found


def summarise(episodes: Sequence[Episode]) -> dict[str, float]:
    """Scalars of a set of episodes: mean rewards by seat, rates of each end, mean metrics.

    Of sampled replies also the mean number of tokens, the entropy estimate (mean negative log-probability of a token,
    nats) and the share cut short; of a server's, the share that it failed to give.
    """
    if not episodes:
        return {"episodes": 0.0}
    figures: dict[str, float] = {"episodes": float(len(episodes))}
    for seat in sorted({seat for episode in episodes for seat in episode.outcome.rewards}):
        rewards = [episode.outcome.rewards[seat] for episode in episodes if seat in episode.outcome.rewards]
        figures[f"reward/{seat}"] = float(np.mean(rewards))
    for name in sorted({name for episode in episodes for name in episode.metrics}):
        found = [_metric(episode, name) for episode in episodes]
        present = [value for value in found if value is not None]
        figures[f"metric/{name}"] = float(np.mean(present))
    replies = [turn.reply for episode in episodes for turn in episode.turns if _sampled(turn.reply)]
    told = [reply for reply in replies if reply.tokens]
    if told:
        logprobs = np.concatenate([reply.logprobs for reply in told])
        figures["sampled/tokens"] = float(np.mean([len(reply.tokens) for reply in told]))
        figures["sampled/entropy"] = float(-logprobs.mean())
    if replies:
        figures["sampled/cut_short"] = float(np.mean([reply.stop == "length" for reply in replies]))
    if len(told) < len(replies):
        figures["sampled/failed"] = float(np.mean([reply.stop == "failed" for reply in replies]))
    return figures


def _sampled(reply: Reply) -> bool:
    """Whether a model was asked for it."""
    return bool(reply.tokens) or reply.stop != "scripted"


def _metric(episode: Episode, name: str) -> float | None:
    """An end that did not happen counts as 0; any other figure that is missing is left out."""
    return episode.metrics.get(name, 0.0 if name.startswith("end/") else None)


def means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each key over the rows that have it."""
    names = sorted({name for row in rows for name in row})
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}
