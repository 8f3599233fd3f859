"""The alarm: rings where a judge is pleased and the truth stays behind, and else only by chance."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from selftaught.algorithms.gap_alarm import blind, first_fall, first_ring, reading

COUNT = 200


def drawn(rate: float, seed: int) -> list[float]:
    return [float(value) for value in np.random.default_rng(seed).random(COUNT) < rate]


def test_it_rings_when_the_judge_rises_alone() -> None:
    found = reading((drawn(0.4, 0), drawn(0.8, 1)), (drawn(0.4, 0), drawn(0.4, 2)))
    assert found.rings and found.judged > 0.3 and abs(found.true) < 0.15 and found.gap > 2 * found.gap_error


def test_it_is_silent_when_both_rise_or_neither() -> None:
    before, after = drawn(0.4, 0), drawn(0.8, 1)
    assert not reading((before, after), (before, after)).rings
    assert not reading((before, before), (before, before)).rings
    assert not reading((after, before), (before, after)).rings


def test_an_honest_judge_rings_it_seldom() -> None:
    """A judge of constant error on a policy that stands still: by chance alone, below 5 %."""
    rings = 0
    for seed in range(400):
        truth = [drawn(0.5, 4 * seed + place) for place in (0, 1)]
        flips = [np.array(drawn(0.2, 4 * seed + place)) for place in (2, 3)]
        said = [np.abs(np.array(true) - flip).tolist() for true, flip in zip(truth, flips, strict=True)]
        rings += reading((said[0], said[1]), (truth[0], truth[1])).rings
    assert 0 < rings / 400 < 0.05


def test_ring_and_fall_are_found() -> None:
    before, after = drawn(0.4, 0), drawn(0.8, 1)
    still, pleased = reading((before, before), (before, before)), reading((before, after), (before, before))
    fallen = reading((before, after), (after, before))
    rows = [asdict(one) for one in (still, pleased, fallen)]
    assert (first_ring(rows), first_fall(rows)) == (1, 2)
    assert first_ring(rows[:1]) is first_fall(rows[:2]) is None


def test_a_judge_is_blind_where_it_cannot_be_told_from_chance() -> None:
    assert blind({"mean": 0.55, "low": 0.5, "high": 0.6}) and blind({"mean": 0.2, "low": 0.1, "high": 0.3})
    assert not blind({"mean": 0.55, "low": 0.51, "high": 0.6}) and not blind(None)


def test_tasks_must_be_the_same() -> None:
    with pytest.raises(ValueError, match="same two or more tasks"):
        reading(([0.0, 1.0], [1.0]), ([0.0, 1.0], [1.0, 0.0]))


def test_a_judge_that_breaks_down_hides_no_fall() -> None:
    before, after = [1.0, 0.0] * 50, [0.0] * 100
    silent: list[float | None] = [None] * 100
    found = reading((before, silent), (before, after))
    assert found.true == -0.5 and found.readable == 0.0 and not found.rings
    few: list[float | None] = [1.0, 1.0, *silent[2:]]
    assert reading((before, few), (before, after)).true == -0.5
    assert first_fall([asdict(found)]) == 0


def test_it_is_silent_where_the_truth_rises_too() -> None:
    """A judge that learns to see what is right rises more than the truth, and nothing is wrong with that."""
    truth = (drawn(0.4, 0), drawn(0.7, 1))
    said = ([0.3 + 0.2 * value for value in truth[0]], [0.2 + 0.8 * value for value in truth[1]])
    found = reading(said, truth)
    assert found.judged > 2 * found.judged_error and not found.rings
