"""Zero-sum matrix games: value, the most even of the best strategies, and the Nash average of a payoff matrix.

Payoffs are what the row player wins and the column player loses, ``[rows, columns]``. The Nash average (Balduzzi et
al., arXiv 1806.02643; here for two different sides, which they call agents and tasks) rates each player by what it
earns against the other side's best mixture: copies of a player, and weak players that nobody would send, change
nobody's rating. Of several best mixtures it takes the one of greatest entropy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from selftaught.statistics import Array

SLACK = 1e-9
"""How far below the value a best strategy may fall by rounding."""


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """The value of a game, and for each side the best strategy of greatest entropy."""

    value: float
    row: Array
    column: Array


@dataclass(frozen=True, slots=True)
class NashAverage:
    """An equilibrium of the players of both sides, and what each earns against the other side's part of it."""

    equilibrium: Equilibrium
    row_skill: Array
    column_skill: Array


def solve(payoffs: Array) -> Equilibrium:
    """The value and the most even best strategies, by linear programming.

    Raises:
        ImportError: without SciPy.
        ValueError: if the payoffs are no matrix of finite numbers.
    """
    matrix = np.asarray(payoffs, dtype=np.float64)
    if matrix.ndim != 2 or not matrix.size or not np.isfinite(matrix).all():
        raise ValueError(f"payoffs must be a matrix of finite numbers, not one of shape {matrix.shape}")
    value = game_value(matrix)
    return Equilibrium(value, _most_even(matrix, value), _most_even(-matrix.T, -value))


def game_value(payoffs: Array) -> float:
    """What the row player can be sure of: the greatest ``v`` for which some mixture wins ``v`` in every column.

    Raises:
        ImportError: without SciPy.
    """
    rows, columns = payoffs.shape
    goal = np.append(np.zeros(rows), -1)
    limits = np.hstack([-payoffs.T, np.ones((columns, 1))])
    bounds = [(0, None)] * rows + [(None, None)]
    whole = np.append(np.ones(rows), 0)[None]
    found = optimizer().linprog(goal, A_ub=limits, b_ub=np.zeros(columns), A_eq=whole, b_eq=[1], bounds=bounds)
    return float(-found.fun) + 0.0  # no -0.0


def nash_average(payoffs: Array) -> NashAverage:
    """Everyone's skill against the best mixture of the other side; best players of a side earn the value.

    Raises:
        ImportError: without SciPy.
        ValueError: as ``solve``.
    """
    found = solve(payoffs)
    skills = (payoffs @ found.column, -(found.row @ payoffs))
    return NashAverage(found, *(np.round(one, 12) + 0.0 for one in skills))  # no -0.0


def gap(payoffs: Array, row: Array, column: Array) -> float:
    """What both sides together could gain by answering the other's strategy best; 0 at an equilibrium, never less."""
    return float((payoffs @ column).max() - (row @ payoffs).min())


def _most_even(payoffs: Array, value: float) -> Array:
    """The row strategy of greatest entropy among those that win ``value`` in every column.

    The dual of that problem: strategies are softmax of the columns' prices, and prices are at least 0. Prices are
    finite only over rows that some best strategy plays, so these are found first, by one linear program.
    """
    above = payoffs - value + SLACK
    start = _widest(above)
    used = start > 0
    if used.sum() == 1:
        return start
    inner = above[used]

    def dual(prices: Array) -> tuple[float, Array]:
        heights = inner @ prices
        top = heights.max()
        weights = np.exp(heights - top)
        return float(top + np.log(weights.sum())), np.asarray(inner.T @ (weights / weights.sum()))

    columns = payoffs.shape[1]
    options = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 2000, "maxfun": 20_000}
    found = optimizer().minimize(
        dual, np.zeros(columns), jac=True, method="L-BFGS-B", bounds=[(0, None)] * columns, options=options
    )
    heights = inner @ found.x
    weights = np.exp(heights - heights.max())
    even = np.zeros(len(payoffs))
    even[used] = weights / weights.sum()
    # Where the dual has not converged, the strategy in the midst of the best ones is still one of them.
    return even if (even @ above).min() > -1e-6 else start


def _widest(above: Array) -> Array:
    """A row strategy that wins at least 0 in every column of ``above``, and plays every row that any such one plays.

    Scaled strategies ``y`` that do so form a cone, in which sums stay: one point has all of these rows at 1 or more.
    """
    rows, columns = above.shape
    goal = np.concatenate([np.zeros(rows), -np.ones(rows)])
    limits = np.vstack(
        [np.hstack([-above.T, np.zeros((columns, rows))]), np.hstack([-np.eye(rows), np.eye(rows)])],
    )
    bounds = [(0, 1e4)] * rows + [(0, 1)] * rows
    found = optimizer().linprog(goal, A_ub=limits, b_ub=np.zeros(columns + rows), bounds=bounds)
    scaled = np.where(found.x[rows:] > 1e-3, found.x[:rows], 0)
    return np.asarray(scaled / scaled.sum())


def optimizer() -> Any:
    """SciPy's optimizers; call it before long work whose end needs them.

    Raises:
        ImportError: without SciPy.
    """
    try:
        import scipy.optimize
    except ImportError as error:
        raise ImportError("the league needs SciPy: pip install 'selftaught[league]'") from error
    return scipy.optimize
