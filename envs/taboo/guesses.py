"""The defender's explicit guess: what counts as one, and whether it is right."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from selftaught.envs.taboo import published
from selftaught.envs.taboo.families import same_family
from selftaught.envs.taboo.letters import TOKEN, fold

Rules = Literal["strict", "strict+derivations", "spag-v1"]
Reading = Literal["correct", "wrong", "multiple"]


@dataclass(frozen=True, slots=True)
class Guess:
    """An explicit guess: its words, NFKC-normalised and case-folded, and where they stand in the original text."""

    words: tuple[str, ...]
    span: tuple[int, int]


# ``Guess: word`` or the published sentence in any punctuation, as the whole utterance.
# Possessive, for many blanks in a row must cost linear time.
_EDGE = r"[\s*_`\"'\u2018\u2019\u201c\u201d()\[\]{}<>]*+"
_THE_WORD = r"the (?:secret |target )?word\b"
_LEAD = rf"(?:it|{_THE_WORD})(?:\s++(?:is|must be)\b|['\u2019]s\b)(?:{_EDGE}{_THE_WORD})?+\s*+:?+"
_OPENING = rf"i know {_THE_WORD}{_EDGE}[!.,;:\u2014-]*+{_EDGE}(?:and )?"
_GUESS = re.compile(
    rf"{_EDGE}(?:guess{_EDGE}[:\uff1a]{_EDGE}(?:{_LEAD})?+|{_OPENING}{_LEAD})(?P<words>.*)", re.IGNORECASE | re.DOTALL
)
_TRIMMED = " \t\r\n*_`\"'\u2018\u2019\u201c\u201d()[]{}<>.!"
_GUESS_WORD = re.compile(r"[^\s,/;&|\"\u201c\u201d*`()\[\]{}<>]+")
_SENTENCE_END = re.compile(r"[.!?:]|\n")
_NO_GUESSES = frozenset({"a", "an", "the", "or", "and"})


def parse_guess(text: str, rules: Rules = "strict") -> Guess | None:
    """The guess that is the whole of ``text``: ``Guess: word`` or ``I know the word! It is word``, else None.

    Articles, quotes, brackets, Markdown signs and closing ``.`` or ``!`` are ignored; ``or`` and ``and`` only separate.
    A two-word target must be joined (ice-cream, icecream). Under ``spag-v1`` the published pattern decides, anywhere in
    the text, and the words are all those on the line after its ``it``.
    """
    if rules == "spag-v1":
        place = published.find_guess(text)
        if place is None:
            return None
        first, last = place
    else:
        match = _GUESS.match(text)
        if match is None:
            return None
        first, last = match.span("words")
        while first < last and text[last - 1] in _TRIMMED:
            last -= 1
        if _SENTENCE_END.search(text, first, last):
            return None
    found = [part for part in _GUESS_WORD.finditer(text, first, last) if _normal(part[0]) not in _NO_GUESSES]
    found = [part for part in found if TOKEN.search(part[0])]
    if not found:
        return None
    return Guess(words=tuple(_normal(part[0]) for part in found), span=(found[0].start(), found[-1].end()))


def read_guess(text: str, target: str, rules: Rules = "strict") -> Reading | None:
    """What a defender's utterance is as a guess of ``target``; None if it is no guess.

    ``multiple``: more than one word was named, so none is judged (never under ``spag-v1``, which takes any of them).
    """
    if rules == "spag-v1":
        return published.read_sentence(text, target)
    guess = parse_guess(text, rules)
    if guess is None:
        return None
    if len(guess.words) > 1:
        return "multiple"
    said, wanted = (re.sub(r"[\W_]", "", "".join(map(fold, word))) for word in (guess.words[0], target))
    return "correct" if said == wanted or same_family(said, wanted) else "wrong"


def _normal(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold().strip("'\u2018\u2019_-.!")
