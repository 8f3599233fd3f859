"""The published judge (arXiv 2404.10642, ``tools/assign_rewards.py``), faults included: the rules ``spag-v1``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

_GUESS = "i know the word! it.{1,8}"


def find_form(text: str, target: str) -> tuple[str, tuple[int, int]] | None:
    """The first forbidden string in the lower-cased ``text``: why (``target``, ``inflection``) and where in ``text``.

    Raises:
        ImportError: TextBlob is not installed.
    """
    lowered = text.lower()
    for form in _forms(target):
        start = lowered.find(form)
        if start < 0:
            continue
        reason = "target" if form == target.lower() else "inflection"
        places = _lowered_places(text)
        return reason, (places[start], places[start + len(form) - 1] + 1)
    return None


def find_guess(text: str) -> tuple[int, int] | None:
    """Where in ``text`` the words of a guess stand: from the ``it`` of the published sentence to the line's end."""
    match = re.search(_GUESS, text.lower())
    if match is None:
        return None
    first = _lowered_places(text)[match.start() + len("i know the word! it")]
    last = text.find("\n", first)
    return first, len(text) if last < 0 else last


def read_sentence(text: str, target: str) -> Literal["correct", "wrong"] | None:
    """What ``text`` is as a guess of ``target``; any forbidden string soon after the ``it`` makes it correct.

    Raises:
        ImportError: TextBlob is not installed.
    """
    lowered = text.lower()
    if re.search(_GUESS, lowered) is None:
        return None
    return "correct" if any(re.search(_GUESS + form, lowered) for form in _forms(target)) else "wrong"


@lru_cache(maxsize=4096)
def _forms(target: str) -> tuple[str, ...]:
    """The published list of forbidden strings, less its quoted copies, which all contain one of these."""
    try:
        from textblob.en.inflect import pluralize
    except ImportError as error:
        raise ImportError("the spag-v1 rules need TextBlob's plurals: pip install 'selftaught[spag]'") from error
    word = target.lower()
    return word, word + "ing", word + "ed", str(pluralize(word))


def _lowered_places(text: str) -> Sequence[int]:
    """For each character of ``text.lower()`` the index in ``text`` that it comes from; lower-casing lengthens a few."""
    if text.isascii():
        return range(len(text))
    return [index for index, character in enumerate(text) for _ in character.lower()]
