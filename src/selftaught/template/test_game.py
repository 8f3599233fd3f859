"""The rules by example, and all that ``selftaught validate`` checks: run ``pytest`` beside this folder."""

from __future__ import annotations

import numpy as np
import pytest

from selftaught.template.game import ENTRY, Template, number_in
from selftaught.validation import Subject
from selftaught.validation.checks import findings


@pytest.mark.parametrize(
    ("said", "reward"), [(["Answer: 5"], 1.0), (["4", "It is 5."], 0.5), (["4", "6"], 0.0), (["", "five"], 0.0)]
)
def test_rewards(said: list[str], reward: float) -> None:
    game = Template()
    state = game.start({"first": 2, "second": 3}, np.random.default_rng(0))
    for text in said:
        assert game.ask(state) is not None
        state = game.tell(state, text)
    assert game.ask(state) is None
    assert game.outcome(state).rewards == {"solver": reward}


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("so -3.", -3), ("1 or 2", 2), ("2.5", None), ("seven", None)])
def test_the_last_number_counts(text: str, number: int | None) -> None:
    assert number_in(text) == number


def test_the_game_is_valid() -> None:
    assert not [found for found in findings(Subject(f"{ENTRY.make.__module__}:ENTRY")) if found.status == "failed"]
