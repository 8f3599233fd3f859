"""What a finished taboo dialogue was like: figures beside the reward, by simple counts that need no model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from selftaught.types import Seat

_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_BEGGING: Final = re.compile(
    r"\b(hints?|clues?|(tell me|say) more|more (about|details?)|go on|another one|keep going|(what|anything) else)\b"
)
FUNCTION_WORDS: Final = frozenset(
    "a about an and are as at be been but by can could do does for from had has have he her his i if in into is it its "
    "just like may me might more most my no not of off often on one or our out over she so some that the their them "
    "then there these they thing things think this to too up us very was way we were what when where which who will "
    "with word would yes you your".split()
)
"""Words that carry no clue."""


@lru_cache(maxsize=16_384)
def content_words(text: str) -> frozenset[str]:
    """The lower-case words of ``text`` that could be a clue, each shorn of a plain plural or verb ``s``."""
    return frozenset(_stem(word) for word in _WORD.findall(text.lower()) if word not in FUNCTION_WORDS)


def begs(text: str) -> bool:
    """Whether an utterance only asks for another hint."""
    return _BEGGING.search(text.lower()) is not None


def measure(heard: Sequence[tuple[Seat, str]], *, facts: Sequence[str]) -> Mapping[str, float]:
    """Figures of one dialogue.

    ``<seat>_length``: words an utterance. ``<seat>_copying``: share of its content words that were all said before in
    the dialogue. ``hint_begging``: share of the defender's utterances that only beg. ``relevance``: share of the
    attacker's content words that stand in the target's ``facts`` (left out when there are none).
    """
    lengths: dict[Seat, list[int]] = {"attacker": [], "defender": []}
    fresh: dict[Seat, list[int]] = {"attacker": [0, 0], "defender": [0, 0]}
    before: set[str] = set()
    known = content_words(" ".join(facts)) if facts else frozenset()
    clues = relevant = begging = 0
    for seat, text in heard:
        words = content_words(text)
        lengths[seat].append(len(text.split()))
        fresh[seat][0] += len(words & before)
        fresh[seat][1] += len(words)
        if seat == "attacker":
            clues += len(words)
            relevant += len(words & known)
        else:
            begging += begs(text)
        before |= words
    figures: dict[str, float] = {}
    for seat, counts in lengths.items():
        if counts:
            figures[f"{seat}_length"] = sum(counts) / len(counts)
            figures[f"{seat}_copying"] = fresh[seat][0] / max(1, fresh[seat][1])
    if lengths["defender"]:
        figures["hint_begging"] = begging / len(lengths["defender"])
    if known:
        figures["relevance"] = relevant / max(1, clues)
    return figures


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
