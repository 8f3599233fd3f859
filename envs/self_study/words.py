"""How texts are compared without a judge: by the words that they have beside those of the question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

LITTLE: Final = frozenset(
    "a an the of in on at to is are was were it its they their there that this and or for by with from as be has have "
    "what which who where when how does do did".split()
)
"""Words that say nothing of what an answer is."""
SAME: Final = 0.5
"""Share of the words of two answers that they must have in common to be the same."""


def words(text: str) -> list[str]:
    """In lower case, without signs."""
    return re.findall(r"[^\W_]+", text.lower())


def content(answer: str, question: str = "") -> frozenset[str]:
    """The words of an answer that are neither little nor the question's; if none is left, all that are not little."""
    said = frozenset(words(answer)) - LITTLE
    return said - frozenset(words(question)) or said


def agree(one: str, other: str, question: str = "") -> bool:
    """Whether two answers say the same: half of the words of both, or more, are in both."""
    first, second = content(one, question), content(other, question)
    if not first or not second:
        return words(one) == words(other) != []
    return len(first & second) / len(first | second) >= SAME


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
    return len(said & frozenset(words(text))) / len(said)


LONGEST_SPAN: Final = 20
"""Words of an answer that points at something; what is longer retells the text."""


def leaking(question: str, answer: str) -> bool:
    """Whether the question has the whole answer in it."""
    said = frozenset(words(answer)) - LITTLE
    return bool(said) and said <= frozenset(words(question))


def novelty(question: str, earlier: Sequence[str]) -> float:
    """1 less the greatest share of words that an earlier question has in common with this one."""
    mine = frozenset(words(question)) - LITTLE
    shares = [_jaccard(mine, frozenset(words(other)) - LITTLE) for other in earlier]
    return 1 - max(shares, default=0.0)


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 1.0
