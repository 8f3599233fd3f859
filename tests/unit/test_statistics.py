"""Aggregates by hand, beside rliable's own figures and SciPy's; intervals that cover what they should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import mannwhitneyu, trim_mean

from selftaught import statistics
from selftaught.statistics import Array

SCORES = arrays.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.floats(0, 1, width=16))

FIRST = np.array([[0.1, 0.5, 0.9], [0.3, 0.5, 0.2], [0.2, 0.8, 0.4], [0.0, 0.7, 0.6], [0.6, 0.1, 1.0]])
SECOND = np.array([[0.2, 0.9, 0.9], [0.4, 0.6, 1.0], [0.1, 0.8, 0.7], [0.5, 0.5, 0.3]])
# Made with rliable 1.2.0, arch 7.2.0 and pandas 2.3.3; its intervals with 50,000 resamples.
RLIABLE = {
    "mean": (0.46, 0.3333333, 0.5866667),
    "median": (0.52, 0.3, 0.68),
    "iqm": (0.4444444, 0.2888889, 0.6111111),
    "optimality_gap": (0.54, 0.4133333, 0.6666667),
}


def test_by_hand() -> None:
    scores = np.array([[0.0, 0.2, 0.4, 1.5], [0.2, 0.6, 0.8, 0.7]])
    # Means of items 0.1, 0.4, 0.6, 1.1; sorted 0 .2 | .2 .4 .6 .7 | .8 1.5; clipped at 1 the last is 1.
    assert statistics.mean(scores) == pytest.approx(4.4 / 8)
    assert statistics.median(scores) == pytest.approx(0.5)
    assert statistics.interquartile_mean(scores) == pytest.approx((0.2 + 0.4 + 0.6 + 0.7) / 4)
    assert statistics.optimality_gap(scores) == pytest.approx(1 - 3.9 / 8)
    assert statistics.profile(scores, np.array([0.0, 0.2, 1.5])).tolist() == [7 / 8, 5 / 8, 0.0]
    one, two = np.array([[0.5, 0.1], [0.5, 0.3]]), np.array([[0.5, 0.2], [0.7, 0.0], [0.6, 0.1]])
    # First item: ties 2 of 6, better 4 of 6: 5/6. Second: 0.2 beats 0.1, and 0.1 ties it: 1.5 of 6.
    assert statistics.probability_of_improvement(one, two) == pytest.approx((5 / 6 + 1.5 / 6) / 2)


@pytest.mark.parametrize("name", RLIABLE)
def test_rliable_agrees(name: str) -> None:
    point, low, high = RLIABLE[name]
    found = statistics.aggregate(FIRST, statistics.AGGREGATES[name], resamples=20_000)
    assert found.mean == pytest.approx(point, abs=1e-6)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.012)
    assert found.count == FIRST.size


def test_rliable_agrees_on_improvement_and_profile() -> None:
    found = statistics.improvement(FIRST, SECOND, resamples=5000)
    assert found.mean == pytest.approx(0.6416667, abs=1e-6)
    assert (found.low, found.high) == pytest.approx((0.425, 0.8416667), abs=0.02)
    profile = statistics.performance_profile(FIRST, np.array([0.25, 0.55]))
    assert [one.mean for one in profile] == pytest.approx([10 / 15, 6 / 15])
    assert [one.low for one in profile] == pytest.approx([0.4666667, 0.2], abs=0.07)
    assert [one.high for one in profile] == pytest.approx([0.8666667, 0.6666667], abs=0.07)


@settings(max_examples=30, deadline=None)
@given(SCORES)
def test_scipy_agrees(scores: Array) -> None:
    assert statistics.interquartile_mean(scores) == pytest.approx(trim_mean(scores, 0.25, axis=None), abs=1e-12)
    twin = 1 - scores
    expected = [
        mannwhitneyu(two, one).statistic / len(one) / len(two) for one, two in zip(scores.T, twin.T, strict=True)
    ]
    assert statistics.probability_of_improvement(scores, twin) == pytest.approx(np.mean(expected))


@settings(max_examples=30, deadline=None)
@given(SCORES, st.floats(-2, 2, width=16))
def test_invariances(scores: Array, shift: float) -> None:
    order = np.random.default_rng(0).permutation(scores.shape[0]), np.random.default_rng(1).permutation(scores.shape[1])
    shuffled = scores[order[0]][:, order[1]]
    for figure in (statistics.mean, statistics.median, statistics.interquartile_mean):
        assert figure(shuffled) == pytest.approx(figure(scores), abs=1e-9)
        assert figure(scores + shift) == pytest.approx(figure(scores) + shift, abs=1e-9)
        assert scores.min() - 1e-12 <= figure(scores) <= scores.max() + 1e-12
    better = statistics.probability_of_improvement(scores, shuffled[:, np.argsort(order[1])])
    assert better == pytest.approx(0.5)
    assert statistics.probability_of_improvement(scores, scores + 2) == 1


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1), st.integers(1, 4), st.integers(1, 5))
def test_of_constants_every_figure_is_certain(value: float, runs: int, items: int) -> None:
    scores = np.full((runs, items), value)
    for figure in (statistics.mean, statistics.median, statistics.interquartile_mean):
        found = statistics.aggregate(scores, figure, resamples=20)
        assert (found.mean, found.low, found.high) == pytest.approx((value, value, value))


@settings(max_examples=30, deadline=None)
@given(SCORES, st.integers(0, 2**32))
def test_resamples_stay_in_their_stratum(scores: Array, seed: int) -> None:
    drawn = statistics.resampled_runs(scores, seed=seed, resamples=20)
    assert drawn.shape == (20, *scores.shape)
    for item in range(scores.shape[1]):
        assert np.isin(drawn[..., item], scores[:, item]).all()
    assert (drawn == statistics.resampled_runs(scores, seed=seed, resamples=20)).all()


def test_what_is_paired_stays_paired() -> None:
    pairs = np.stack([FIRST, FIRST + 1], axis=-1)
    drawn = statistics.resampled_runs(pairs, resamples=50)
    assert np.allclose(drawn[..., 1] - drawn[..., 0], 1)
    tasks = [np.array([[0.0, 1.0], [1.0, 2.0]]), np.array([[0.5, 1.5]])]
    means = statistics.resampled_tasks(tasks, [["a", "b"], ["c"]], resamples=400)
    assert means.shape == (400, 1, 2, 2) and np.allclose(means[..., 1] - means[..., 0], 1)
    assert set(means[:, 0, 0, 0]) == {0.0, 0.5, 1.0} and set(means[:, 0, 1, 0]) == {0.5}
    same = statistics.resampled_tasks([tasks[0], tasks[0][::-1]], [["a", "b"], ["b", "a"]], resamples=400)
    assert (same[:, 0, 0] == same[:, 0, 1]).all()


@pytest.mark.parametrize(("runs", "least"), [(3, 0.8), (10, 0.88)])
def test_intervals_cover_the_truth(runs: int, least: float) -> None:
    """Ten items of different difficulty. Few runs make the percentile bootstrap narrow, as the page says."""
    random = np.random.default_rng(runs)
    truth = random.uniform(0.2, 0.8, size=10)
    inside = 0
    for trial in range(300):
        scores = random.normal(truth, 0.15, size=(runs, 10))
        found = statistics.aggregate(scores, statistics.mean, seed=trial, resamples=400)
        inside += found.low <= truth.mean() <= found.high
    assert least <= inside / 300 <= 0.98


def test_bad_scores_are_named() -> None:
    with pytest.raises(ValueError, match="shape"):
        statistics.aggregate(np.zeros(3), statistics.mean)
    with pytest.raises(ValueError, match="1 of 2 are not"):
        statistics.aggregate(np.array([[0.0, np.nan]]), statistics.mean)
    with pytest.raises(ValueError, match="as many runs"):
        statistics.checked([[0.1], [0.2, 0.3]])
    with pytest.raises(ValueError, match="3 and 2"):
        statistics.improvement(FIRST, FIRST[:, :2])


def test_means_that_differ_by_rounding_alone_are_ties() -> None:
    first, second = np.array([[0.1 + 0.2 + 0.3]]), np.array([[0.3 + 0.2 + 0.1]])
    assert first[0, 0] != second[0, 0]
    assert statistics.probability_of_improvement(first, second) == 0.5
