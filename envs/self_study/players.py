"""Scripted examiners, readers, students and comparers. Those that understand texts do so of invented worlds alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np

from selftaught.envs.self_study.gaps import clozer, filler
from selftaught.envs.self_study.words import agree, sentences, words
from selftaught.envs.world import claims_of, questioned, relation_named, reversed_question
from selftaught.types import Ask, Player, Seat


def asker(ask: Ask) -> str:
    """Asks for something that the text says and that was not asked before, in a wording of the world."""
    random = np.random.default_rng(ask.seed)
    if "text" not in ask.view:
        return _reworded(ask, random)
    asked = set(ask.view["earlier"])
    questions = [
        question
        for claim in claims_of(ask.view["text"])
        for question in (
            [reversed_question(claim)] if ask.view["kind"] == "reverse" else _wordings(claim.entity, claim.relation)[:1]
        )
        if question not in asked
    ]
    return questions[int(random.integers(len(questions)))] if questions else "What else is there to know?"


def _reworded(ask: Ask, random: np.random.Generator) -> str:
    """The question in another wording of the world that people may study; itself where there is none."""
    found = questioned(ask.view["question"])
    known = {ask.view["question"], *ask.view["earlier"]}
    others = [one for one in _wordings(*found)[:-1] if one not in known] if found else []
    return others[int(random.integers(len(others)))] if others else str(ask.view["question"])


def _wordings(entity: str, relation: str) -> list[str]:
    return [question.format(of=entity) for question in relation_named(entity, relation).questions]


def leaker(ask: Ask) -> str:
    """Turns a sentence into a question that has its answer in it."""
    if "text" not in ask.view:
        return str(ask.view["question"])
    said = sentences(ask.view["text"])
    return f"Is it so that {said[len(ask.view['earlier']) % len(said)].rstrip('.!?')}?"


def repeater(ask: Ask) -> str:
    """Asks the same over and over."""
    return "What does the text say?"


def finder(ask: Ask) -> str:
    """Looks it up in the text; where it understands nothing, gives the sentence that has most words of the question."""
    found = questioned(ask.view["question"])
    for claim in claims_of(ask.view["text"]):
        if (claim.entity, claim.relation) == found:
            return claim.value
        if reversed_question(claim) == ask.view["question"]:
            return claim.entity
    asked = set(words(ask.view["question"]))
    return max(sentences(ask.view["text"]), key=lambda sentence: len(asked & set(words(sentence))))


def guesser(ask: Ask) -> str:
    """Says any word of the text, or of the question where there is no text."""
    said = words(ask.view.get("text", ask.view["question"])) or ["nothing"]
    return said[int(np.random.default_rng(ask.seed).integers(len(said)))]


def first_number(ask: Ask) -> str:
    """Says the first number of the text: right without reading wherever a text has a single one and it is asked for."""
    found = re.search("[0-9]+", ask.view["text"])
    return found[0] if found else "nothing"


def ignorant(ask: Ask) -> str:
    """Knows nothing, and says so."""
    return "I do not know."


def strict(ask: Ask) -> str:
    """Compares by words."""
    one, other = ask.view["answers"]
    return "yes" if agree(one, other, ask.view["question"]) else "no"


def agreeable(ask: Ask) -> str:
    """Finds everything the same."""
    return "yes"


PLAYERS: Final[Mapping[Seat, Mapping[str, Player]]] = {
    "examiner": {"asker": asker, "clozer": clozer, "leaker": leaker, "repeater": repeater},
    "reader": {"finder": finder, "filler": filler, "guesser": guesser, "first_number": first_number},
    "student": {"ignorant": ignorant, "guesser": guesser},
    "comparer": {"strict": strict, "agreeable": agreeable},
}
TEACHERS: Final[Mapping[Seat, tuple[str, ...]]] = {"examiner": ("asker",), "reader": ("finder",), "student": ()}
YARDSTICKS: Final[Mapping[Seat, tuple[str, ...]]] = {
    "examiner": ("asker",),
    "reader": ("finder",),
    "student": ("ignorant",),
    "comparer": ("strict",),
}
MEASURES: Final = ("worth", "sound", "answerable", "grounded", "known", "leaking")
