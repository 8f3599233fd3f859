"""What a game of reflection goes through, what its seats are told, and how their decisions and scores are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np

from selftaught.envs.self_reward.rubric import last_line
from selftaught.types import Message

THINKER: Final = "thinker"
REFLECTOR: Final = "reflector"
SCORER: Final = "scorer"
Phase = Literal["know", "answer", "check", "score", "over"]
Aspect = Literal["knowledge", "answer", "round"]
"""What is scored or checked: what was written down before the answer, an answer, or what a round came to."""
Decision = Literal["submit", "refine", "restart"]

KNOW: Final = "Before you answer, write down in a sentence or two what you know that bears on the question."
ANSWER: Final = "Now give your answer, in the form that was asked for."
CHECK: Final = (
    "Check the answer that you gave. Say in a line what you find. Then end with a line of its own: Decision: submit, "
    "if it stands; Decision: refine, to write a better one; or Decision: restart, to begin anew."
)
CHECK_NOTES: Final = (
    "Check what you wrote down. Say in a line what you find. Then end with a line of its own: Decision: submit, to "
    "answer from it, or Decision: refine, to write it anew."
)
REFINE: Final = "Write a better answer, in the form that was asked for."
REFINE_NOTES: Final = "Write down anew what you know that bears on the question."
SAID: Final = "It scored {score}, and {threshold:g} is wanted. "
SCORES: Final[Mapping[Aspect, str]] = {
    "knowledge": "How likely is it that what is written down is true?",
    "answer": "How likely is it that this answer is right?",
    "round": "How fully does this answer what was asked?",
}
AGREES: Final = "How well does this answer agree with what was written down?"
"""What is asked of an answer that stands on knowledge, as in the published loop."""
SCALE: Final = "Reply with one line: Score: and a number from 0 (not at all) to 1 (wholly)."
_DECISION: Final = re.compile(r"[ \t*]*decision[ \t*]*:[ \t*]*(submit|refine|restart)[ \t*]*\.?[ \t*]*", re.IGNORECASE)
_SCORE: Final = re.compile(r"[ \t*]*score[ \t*]*:[ \t*]*(0(?:\.[0-9]+)?|1(?:\.0+)?)[ \t*]*\.?[ \t*]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Note:
    """Knowledge that was written down, and what the scorer said of it."""

    text: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer with the knowledge that it stands on, what the subject pays for it, and its scores by aspect."""

    answer: str
    knowledge: str
    worth: float
    finished: Any
    scores: Mapping[Aspect, float] = field(default_factory=dict)

    @property
    def score(self) -> float | None:
        """The mean of its scores; None if it has none."""
        return float(np.mean(list(self.scores.values()))) if self.scores else None


@dataclass(frozen=True, slots=True)
class ReflectState:
    """One position: where in the loop, the running conversation, this round's notes, and all answers so far."""

    question: tuple[Message, ...]
    view: Mapping[str, Any]
    begun: Any
    phase: Phase
    thread: tuple[Message, ...]
    aspect: Aspect = "answer"
    notes: tuple[Note, ...] = ()
    knowledge: str = ""
    drafts: tuple[Draft, ...] = ()
    decisions: tuple[Decision, ...] = ()
    answers: int = 0
    rounds: int = 1
    unreadable: int = 0


def decision_of(text: str) -> Decision | None:
    """The decision of the last line; None if it is none."""
    said = _DECISION.fullmatch(last_line(text))
    known: Mapping[str, Decision] = {"submit": "submit", "refine": "refine", "restart": "restart"}
    return known[said[1].lower()] if said else None


def score_of(text: str) -> float | None:
    """The number from 0 to 1 of the last line; None if it is no such score."""
    said = _SCORE.fullmatch(last_line(text))
    return float(said[1]) if said else None


def told(messages: tuple[Message, ...]) -> str:
    """The texts of messages, one under the other."""
    return "\n".join(message.content for message in messages)
