"""Questions that leave a word out: they can be asked of any text, and what was left out is found in it again."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from selftaught.agents.scripted import Scripted
from selftaught.envs.self_study.game import SelfStudy
from selftaught.envs.self_study.gaps import GAP, clozer, filler, questions
from selftaught.envs.self_study.library import Library
from selftaught.envs.self_study.players import PLAYERS
from selftaught.envs.self_study.words import leaking
from selftaught.rollout import rollout
from selftaught.types import Ask

TEXT = "The old mill by the river Soone grinds corn for nine villages. It burned in 1911, they say."


def asked(text: str, question: str) -> Ask:
    return Ask("reader", (), {"text": text, "question": question}, 0)


@given(st.text(max_size=200) | st.lists(st.sampled_from(TEXT.split()), max_size=40).map(" ".join))
def test_what_was_left_out_is_found_again(text: str) -> None:
    for question in questions(text):
        answer = filler(asked(text, question))
        quoted = question.partition('"')[2].rpartition('"')[0]
        assert answer and question.count(GAP) == 1 and not leaking(question, answer)
        assert quoted.replace(GAP, answer) in " ".join(text.split())


def test_numbers_names_and_long_words_are_asked_for() -> None:
    found = [filler(asked(TEXT, question)) for question in questions(TEXT)]
    assert found == ["Soone", "grinds", "villages", "burned", "1911"]
    assert not list(questions("Too few words here.")) and not list(questions('He said "yes" to all of the questions.'))


def test_another_wording_keeps_the_gap_and_fewer_words() -> None:
    question = next(iter(questions(TEXT)))
    view = {"question": question, "earlier": ()}
    first = clozer(Ask("examiner", (), view, 0))
    second = clozer(Ask("examiner", (), {**view, "earlier": (first,)}, 0))
    told = [len(one.partition('"')[2].split()) for one in (question, first, second)]
    assert told[0] >= told[1] > told[2]
    assert {filler(asked(TEXT, one)) for one in (question, first, second)} == {"Soone"}


@pytest.mark.parametrize(
    "question", ["What is it?", 'Which word is missing in "not ____ there"?', f'"{GAP}{GAP}"?', ""]
)
def test_what_has_no_such_gap_is_answered_with_nothing(question: str) -> None:
    assert filler(asked(TEXT, question)) == ""
    assert clozer(Ask("examiner", (), {"question": "What is it?", "earlier": ()}, 0)) == "What is it?"


def test_of_documents_nearly_everything_can_be_trusted() -> None:
    cast = {"examiner": "clozer", "reader": "filler", "student": "ignorant"}
    seated = {seat: Scripted(name, PLAYERS[seat][name]) for seat, name in cast.items()}
    episodes = rollout(SelfStudy(questions=2, reword=1), Library(documents=5).shelf("train", 0), seated, seed=0)
    for name in ("sound", "answerable", "grounded"):
        assert sum(episode.metrics[name] for episode in episodes) / len(episodes) > 0.95
