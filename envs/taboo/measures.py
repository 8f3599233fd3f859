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


@lru_cache(maxsize=16_384)
def begs(text: str) -> bool:
    """Whether an utterance only asks for another hint."""
    return _BEGGING.search(text.lower()) is not None


def measure(heard: Sequence[tuple[Seat, str]], *, facts: Sequence[str]) -> Mapping[str, float]:
    """Figures of one dialogue.

    ``<seat>_length``: words an utterance. ``<seat>_copying``: share of its content words that were all said before in
    the dialogue. ``hint_begging``: share of the defender's utterances that only beg. ``relevance``: share of the
    attacker's content words that stand in the target's ``facts`` (left out when there are none).
    """
    known = content_words(" ".join(facts)) if facts else frozenset()
    figures: dict[str, float] = {}
    before: set[str] = set()
    copied: dict[str, int] = {}
    for seat, text in heard:
        words = content_words(text)
        copied[seat] = copied.get(seat, 0) + len(words & before)
        before |= words
    for seat, copies in copied.items():
        texts = [text for speaker, text in heard if speaker == seat]
        said = [content_words(text) for text in texts]
        count = sum(map(len, said))
        figures[f"{seat}_length"] = sum(map(_length, texts)) / len(texts)
        figures[f"{seat}_copying"] = copies / max(1, count)
        if seat == "defender":
            figures["hint_begging"] = sum(map(begs, texts)) / len(texts)
        elif known:
            figures["relevance"] = sum(len(words & known) for words in said) / max(1, count)
    return figures


@lru_cache(maxsize=16_384)
def _length(text: str) -> int:
    return len(text.split())


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
