"""The measures of a taboo dialogue, each by hand."""

from __future__ import annotations

import numpy as np
import pytest

from selftaught.envs.taboo.game import ATTACKER, DEFENDER, Taboo
from selftaught.envs.taboo.measures import begs, measure
from selftaught.types import Task


def test_measures_of_a_small_dialogue() -> None:
    """By hand. Content words: eat bamboo leave | another hint please | bamboo green | green bamboo leave."""
    texts = ("It eats bamboo leaves.", "Another hint, please.", "The bamboo is so green.", "Green bamboo leaves?")
    facts = ["eats bamboo all day", "is black and white"]
    game = Taboo(turns=2)
    state = game.start({"target": "panda"}, np.random.default_rng(0))
    for text in texts:
        state = game.tell(state, text)
    figures = game.metrics(state, Task("train/panda", {}, {"facts": facts}))
    assert figures == {
        "end/tie": 1,
        "tie": 1,
        "turns": 2,
        **{f"{seat}_{figure}": 0 for seat in (ATTACKER, DEFENDER) for figure in ("win", "earned")},
        **{f"{seat}_legal": 1 for seat in (ATTACKER, DEFENDER)},
        "attacker_length": (4 + 5) / 2,
        "defender_length": 3,
        "attacker_copying": 1 / 5,  # bamboo, of eat bamboo leave bamboo green
        "defender_copying": 3 / 6,  # the whole of its second utterance
        "hint_begging": 1 / 2,
        "relevance": 3 / 5,  # eat, bamboo, bamboo
    }


def test_measures_without_words() -> None:
    assert measure((), facts=()) == {}
    assert measure(((ATTACKER, "..."),), facts=("is soft",)) == {
        **{"attacker_length": 1, "attacker_copying": 0, "relevance": 0}
    }


@pytest.mark.parametrize(
    ("text", "begging"),
    [
        ("Give me another hint, please.", True),
        ("TELL ME MORE", True),
        ("More details?", True),
        ("Anything else?", True),
        ("Is it more than a metre long?", False),
        ("Does it shine?", False),
        ("", False),
    ],
)
def test_begging(text: str, begging: bool) -> None:
    assert begs(text) is begging
