"""Questions that a program can ask of any text: a sentence with one word left out.

They need no model, and their answers are right by the way they are made. That is where to begin with a model that is
too small to ask and to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np

from selftaught.envs.self_study.state import LONGEST
from selftaught.envs.self_study.words import LITTLE, sentences, stems
from selftaught.types import Ask

GAP: Final = "____"
SHORTEST: Final = 5
"""Words of a sentence that is asked about."""
NEAR: Final = (12, 6, 4, 3)
"""Words on either side of the gap that a question and its rewordings keep at most."""
_ASKED: Final = 'Which word is missing in "{}"?'
_REWORDED: Final = 'What belongs in the gap of "{}"?'
_QUOTED: Final = re.compile(r'"(.*)"\?$', re.DOTALL)
_WORD: Final = re.compile(r"[^\W_]{2,}|\d+")


def clozer(ask: Ask) -> str:
    """Leaves a word out of a sentence of the text, or of fewer words around it where another wording is wanted."""
    if "text" not in ask.view:
        return _narrower(ask.view["question"], len(ask.view["earlier"]))
    found = [question for question in questions(ask.view["text"]) if question not in ask.view["earlier"]]
    return str(np.random.default_rng(ask.seed).choice(found)) if found else "What else is there to know?"


def filler(ask: Ask) -> str:
    """Finds in the text what was left out; nothing where the question has no gap, or the text no such place."""
    quoted = _QUOTED.search(ask.view["question"])
    if quoted is None or quoted[1].count(GAP) != 1:
        return ""
    before, after = (re.escape(part) for part in quoted[1].split(GAP))
    place = re.search(rf"(?<![^\W_]){before}([^\W_]+){after}(?![^\W_])", " ".join(ask.view["text"].split()))
    return place[1] if place else ""


def questions(text: str) -> Iterator[str]:
    """A question for every word of the text that is worth asking for, and that its sentence says once."""
    for sentence in sentences(" ".join(text.split())):
        if '"' in sentence or GAP in sentence or len(sentence.split()) < SHORTEST:
            continue
        for match in islice(_WORD.finditer(sentence), 1, None):
            left = sentence[: match.start()] + GAP + sentence[match.end() :]
            if _telling(match[0]) and not stems(match[0]) & stems(left):
                question = _ASKED.format(_near(left, NEAR[0]))
                if len(question) <= LONGEST:
                    yield question


def _telling(word: str) -> bool:
    """Numbers, names and long words: what a sentence is about, rather than how it is built."""
    return word.isdigit() or (word.lower() not in LITTLE and (word[0].isupper() or len(word) > 5))


def _narrower(question: str, earlier: int) -> str:
    """The gap with fewer words around it; the question itself where there is nothing to leave out."""
    quoted = _QUOTED.search(question)
    if quoted is None or GAP not in quoted[1]:
        return question
    return _REWORDED.format(_near(quoted[1], NEAR[min(earlier + 1, len(NEAR) - 1)]))


def _near(told: str, most: int) -> str:
    """The words around the gap."""
    said = told.split()
    at = next(place for place, word in enumerate(said) if GAP in word)
    return " ".join(said[max(0, at - most) : at + most + 1])
