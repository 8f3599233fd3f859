"""The learning rate over a run."""

import pytest

from selftaught.algorithms.optimisation import Optimisation


def test_a_rate_rises_and_stays() -> None:
    config = Optimisation(learning_rate=1e-3, warmup=4)
    assert [config.rate(step) for step in (1, 2, 4, 1000)] == pytest.approx([2.5e-4, 5e-4, 1e-3, 1e-3])


def test_a_rate_falls_to_a_tenth_and_no_further() -> None:
    config = Optimisation(learning_rate=1e-3, warmup=1, fade=100)
    assert [config.rate(step) for step in (50, 100, 500)] == pytest.approx([5.5e-4, 1e-4, 1e-4])


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("clip_norm", -1),
        ("clip_norm", 0),
        ("clip_norm", float("nan")),
        ("batch", 0),
        ("epochs", -1),
        ("tokens", 0),
        ("warmup", -3),
        ("learning_rate", float("inf")),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(setting: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"{setting} must be .*, not {value}"):
        Optimisation(**{setting: value})  # type: ignore[arg-type]  # a number, whichever
