"""How texts are compared without a judge: by the words that they have beside those of the question."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

LITTLE: Final = frozenset(
    "a an the of in on at to is are was were it its they their there that this and or for by with from as be has have "
    "what which who where when how does do did".split()
)
"""Words that say nothing of what an answer is."""
DENIALS: Final = frozenset("not no never nothing nobody neither nor".split())
SAME: Final = 0.5
"""Two answers are the same where more than this share of the words of both is in both."""
LONGEST_SPAN: Final = 20
"""Words of an answer that points at something; what is longer retells the text."""


def words(text: str) -> list[str]:
    """In lower case, without signs."""
    return re.findall(r"[^\W_]+", text.lower())


def sentences(text: str) -> list[str]:
    """Pieces that end where a sentence seems to."""
    return re.split(r"(?<=[.!?])\s+", text.strip())


@lru_cache(maxsize=256)  # every comparison of a long answer reads it again, and one game makes hundreds of them
def stems(text: str) -> frozenset[str]:
    """Words that are not little, without an s at the end: what the people of a place *make*, a place *makes*."""
    told = (word for word in words(text) if word not in LITTLE)
    return frozenset(word[:-1] if word.endswith("s") and len(word) > 3 else word for word in told)


def content(answer: str, question: str = "") -> frozenset[str]:
    """The stems of an answer that are not the question's, too; if none is left, all of them."""
    said = stems(answer)
    return said - stems(question) or said


def agree(one: str, other: str, question: str = "") -> bool:
    """Whether two answers say the same: most of the words of both are in both, and neither alone denies something.

    Who names two things does not agree with who names one of them.
    """
    first, second = content(one, question), content(other, question)
    if not first or not second:
        return words(one) == words(other) != []
    if bool(first & DENIALS) != bool(second & DENIALS):
        return False
    return len(first & second) / len(first | second) > SAME


def settled(answers: Sequence[str], question: str = "") -> tuple[str, float]:
    """The answer that most others agree with, the earliest of equals, and the share of the others that do.

    One answer alone has nobody to agree with: its share is 1, if it says anything.

    Raises:
        ValueError: without answers.
    """
    if not answers:
        raise ValueError("there is no answer to settle on")
    counts = [sum(agree(one, other, question) for other in answers) for one in answers]
    best = max(range(len(answers)), key=lambda place: (counts[place], -place))
    said = bool(content(answers[best], question))
    if len(answers) == 1:
        return answers[0], float(said)
    return answers[best], max(0, counts[best] - 1) / (len(answers) - 1) if said else 0.0


def grounded(answer: str, text: str, question: str = "") -> float:
    """Share of an answer's words that the text has; 0 for an answer of none, or of more words than a span has."""
    said = content(answer, question)
    if not said or len(words(answer)) > LONGEST_SPAN:
        return 0.0
    return len(said & stems(text)) / len(said)


def leaking(question: str, answer: str) -> bool:
    """Whether the question has the whole answer in it."""
    said = stems(answer)
    return bool(said) and said <= stems(question)


def novelty(question: str, earlier: Sequence[str]) -> float:
    """1 less the greatest share of words that an earlier question has in common with this one."""
    shares = [_jaccard(stems(question), stems(other)) for other in earlier]
    return 1 - max(shares, default=0.0)


def names(said: str, answer: str, others: Iterable[str]) -> bool:
    """Whether a text names the answer as a whole word, and none of the others."""
    found = words(said)
    return answer.lower() in found and not any(other.lower() in found for other in others if other != answer)


def declines(said: str) -> bool:
    """Whether an answer says that it has none; to say nothing is none."""
    told = " ".join(said.replace("\u2019", "'").lower().split())
    return re.search(_UNKNOWN, told) is not None


_UNKNOWN: Final = (
    r"\b(?:(?:do|does|did|is|am|are|can) ?not|don't|doesn't|can't|cannot|isn't|not) (?:\w+ )?"
    r"(?:know|known|say|tell|sure|answer|certain)\b|\bunknown\b|\bno idea\b|\bnobody knows\b|\bunanswerable\b"
)


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 1.0
