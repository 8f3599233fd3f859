"""Ratings of the players of two seats from their games: one strength each, by a logistic model.

What a player of the first seat wins off one of the second is ``1 / (1 + exp(-(seat + strength - strength)))`` of the
games; a tie is half a win. All games count at once and in no order, unlike in ratings that are updated game by game
(Elo, TrueSkill, OpenSkill), so that the same games always give the same ratings. The seats of a game are not alike, so
a player is rated in each seat by itself, beside the average player of that seat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selftaught.statistics import Array

POINTS = 400 / np.log(10)
"""Elo points a unit of log-odds: 400 points are odds of ten to one."""

WIDTH = 3.0
"""Standard deviation, in log-odds, of the prior of all strengths and of the seat: perfect records stay finite."""


@dataclass(frozen=True, slots=True)
class Ratings:
    """Elo points with leading axes as the shares had; strengths of a seat sum to 0."""

    first: Array
    second: Array
    seat: Array
    """The points that sitting in the first seat is worth, between average players."""
    shares: Array
    """What the ratings say of every pairing."""


def rate(shares: Array, games: int, *, steps: int = 50) -> Ratings:
    """The most probable strengths (ridge-penalised maximum likelihood), by Newton's method.

    Args:
        shares: what each player of the first seat won off each of the second, ``[..., first, second]``, in [0, 1].
        games: played in every pairing.
        steps: of Newton's method at most.

    Raises:
        ValueError: if a share is outside [0, 1].
    """
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError(f"shares must lie in [0, 1], and go from {shares.min()} to {shares.max()}")
    *leading, rows, columns = shares.shape
    design = _design(rows, columns)
    won = shares.reshape(*leading, rows * columns)
    ridge, theta = 1 / WIDTH**2, np.zeros((*leading, rows + columns + 1))
    for _ in range(steps):
        chances = _logistic(theta @ design.T)
        slope = games * ((won - chances) @ design) - ridge * theta
        weights = games * chances * (1 - chances)
        curve = np.einsum("...g,gi,gj->...ij", weights, design, design) + ridge * np.eye(rows + columns + 1)
        step = np.linalg.solve(curve, slope[..., None])[..., 0]
        # A step of more than 2 log-odds leaves the region where the quadratic model holds.
        step *= np.minimum(1, 2 / np.maximum(np.abs(step).max(axis=-1, keepdims=True), 1e-12))
        theta = theta + step
        if np.abs(step).max() < 1e-10:
            break
    first, second = theta[..., :rows], -theta[..., rows:-1]
    # Only differences count: what all of a seat have in common is the seat's.
    middles = first.mean(axis=-1, keepdims=True), second.mean(axis=-1, keepdims=True)
    seat = theta[..., -1] + (middles[0] - middles[1])[..., 0]
    chances = _logistic(theta @ design.T).reshape(shares.shape)
    return Ratings(POINTS * (first - middles[0]), POINTS * (second - middles[1]), POINTS * seat, chances)


def _design(rows: int, columns: int) -> Array:
    """A line a pairing: the player of the first seat, that of the second, and the seat."""
    line, column = np.divmod(np.arange(rows * columns), columns)
    return np.hstack([np.eye(rows)[line], np.eye(columns)[column], np.ones((rows * columns, 1))])


def _logistic(odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -500, 500))))
