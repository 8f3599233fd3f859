"""Intervals over tasks: of one mean, and of the mean of several that are of the same tasks."""

from __future__ import annotations

import numpy as np
import pytest

from selftaught.summary import bootstrap, bootstrap_mean, draws


def test_the_mean_of_one_column_is_that_columns() -> None:
    values, tasks = [0.0, 1.0, 1.0, 0.5], ["a", "a", "b", "c"]
    one, other = bootstrap(values, tasks), bootstrap_mean([(values, tasks)])
    assert (one.mean, one.count) == (other.mean, other.count)
    assert (other.low, other.high) == pytest.approx((one.low, one.high), abs=0.1)


def test_equal_tasks_are_drawn_together() -> None:
    values, tasks = [float(place % 2) for place in range(60)], [f"task {place}" for place in range(60)]
    alone = bootstrap_mean([(values, tasks)])
    same = bootstrap_mean([(values, tasks), (values, tasks)])
    opposite = bootstrap_mean([(values, tasks), ([1 - value for value in values], tasks)])
    apart = bootstrap_mean([(values, tasks), (values, [f"other {task}" for task in tasks])])
    assert (same.low, same.high) == (alone.low, alone.high)
    assert opposite.low == opposite.high == 0.5
    assert apart.high - apart.low == pytest.approx((alone.high - alone.low) / np.sqrt(2), rel=0.2)


def test_columns_count_alike_whatever_their_length() -> None:
    few, many = ([1.0], ["a"]), ([0.0] * 9, list("bcdefghij"))
    assert bootstrap_mean([few, many]).mean == 0.5
    assert bootstrap_mean([few, many]).low == bootstrap_mean([few, many]).high == 0.5


@pytest.mark.parametrize("columns", [[], [([], [])], [([1.0], ["a", "b"])]])
def test_columns_that_are_none_are_named(columns: list[tuple[list[float], list[str]]]) -> None:
    with pytest.raises(ValueError, match="as many clusters as values"):
        bootstrap_mean(columns)


def test_columns_that_share_some_clusters_cover_the_truth() -> None:
    """Five items, each of which asks 30 of 60 tasks."""
    random, inside = np.random.default_rng(0), 0
    for _ in range(300):
        difficulty, columns = random.normal(0, 1, size=60), []
        for _ in range(5):
            asked = random.choice(60, size=30, replace=False)
            values = difficulty[asked] + random.normal(0, 0.3, size=30)
            columns.append((values.tolist(), [str(task) for task in asked]))
        found = bootstrap_mean(columns, resamples=300)
        inside += found.low <= 0 <= found.high
    assert 0.9 <= inside / 300 <= 0.98


def test_no_column_is_left_without_a_value() -> None:
    found = bootstrap_mean([([0.0, 1.0], ["a", "b"]), ([1.0, 0.0], ["b", "c"])])
    assert found.mean == 0.5 and found.low < 0.5 < found.high
    for counts in draws([["a"], ["a", "b"], ["c", "c"]], resamples=500):
        assert (counts.sum(axis=1) > 0).all()
