"""Autonomous learning (arXiv 2406.00606) as a game: read, ask, answer with the book open, close it, find the gap.

An episode is one document. An examiner asks about it; a reader answers with the text before its eyes, and a student
without; where they disagree is a gap, and what the reader said is what the student may study. Nothing but the text is
needed. Every turn has a worth of its own (``Crediting``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, get_args

import numpy as np

from selftaught.envs.self_study.audit import audited
from selftaught.envs.self_study.library import Library
from selftaught.envs.self_study.state import (
    COMPARE,
    COMPARER,
    EXAMINE,
    EXAMINER,
    FEW,
    LONGEST,
    READ,
    READER,
    REWORD,
    STUDENT,
    Asked,
    Kind,
    StudyState,
    asked_of,
    is_question,
    question_of,
    says_same,
)
from selftaught.envs.self_study.words import agree, grounded, leaking, novelty
from selftaught.hidden import public_part
from selftaught.types import Ask, Message, Outcome, Seat, Task

Gap = Literal["unknown", "frontier"]
Compare = Literal["words", "model"]


@dataclass(frozen=True)
class SelfStudy:
    """Settings and rules; implements ``selftaught.types.Game`` and ``Crediting``.

    Args:
        questions: asked of a document.
        opened: answers of the reader to each question; where they differ, it cannot be answered from the text.
        closed: answers of the student to each.
        kinds: of questions, in turn: ``plain`` ones, and ``reverse`` ones that are answered by what the text is about.
        reword: other wordings of each question; those hold to which the reader gives the same answer.
        compare: who says whether two answers are the same: their ``words``, or a ``model`` in the seat of the comparer.
        gap: what the examiner is paid for: what the student does not know (``unknown``), or what it sometimes knows
            and sometimes does not (``frontier``: nothing at both ends).
        library: where documents come from, if no task brings one: settings of ``Library``.

    Raises:
        ValueError: on a setting out of range or unknown.
    """

    questions: int = 4
    opened: int = 2
    closed: int = 2
    kinds: tuple[Kind, ...] = ("plain",)
    reword: int = 0
    compare: Compare = "words"
    gap: Gap = "unknown"
    library: Mapping[str, Any] = field(default_factory=dict)
    name: str = field(default="self_study", init=False)

    def __post_init__(self) -> None:
        if min(self.questions, self.opened, self.closed) < 1:
            counts = (self.questions, self.opened, self.closed)
            raise ValueError(f"questions, opened and closed must be at least 1, not {counts}")
        object.__setattr__(self, "kinds", tuple(self.kinds))
        if self.reword < 0 or not self.kinds or not set(self.kinds) <= set(EXAMINE):
            raise ValueError(
                f"kinds are some of {tuple(EXAMINE)} and reword is from 0, not {self.kinds}, {self.reword}"
            )
        for name, known in (("compare", Compare), ("gap", Gap)):
            if getattr(self, name) not in get_args(known):
                raise ValueError(f"unknown {name} {getattr(self, name)!r}; expected one of {get_args(known)}")
        try:
            Library(**self.library)
        except TypeError as error:
            raise ValueError(f"library: {error}") from error

    @property
    def seats(self) -> tuple[Seat, ...]:
        """Those that the settings ask for."""
        return (EXAMINER, READER, STUDENT, *([COMPARER] if self.compare == "model" else []))

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Documents of a world that does not exist, endlessly; every split has a world of its own."""
        return Library(**self.library).tasks(split, seed)

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> StudyState:
        """The document; draws nothing.

        Raises:
            ValueError: if ``public`` has no text.
        """
        text = public.get("text")
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"a document needs a text that is not empty, not {text!r}")
        return StudyState(text)

    def ask(self, state: StudyState) -> Ask | None:
        """Whoever acts next; ``None`` when all questions are through."""
        match state.phase:
            case "over":
                return None
            case "ask":
                earlier = tuple(asked.question for asked in state.asked)
                before = "".join(f"\n- {question}" for question in earlier)
                told = f"Text:\n{state.text}" + (f"\n\nAsked before:{before}" if earlier else "")
                kind = self._kind(state)
                messages = (Message("system", EXAMINE[kind]), Message("user", told))
                return Ask(EXAMINER, messages, {"text": state.text, "earlier": earlier, "kind": kind})
            case "open" | "verify":
                asked = state.asked[-1]
                question = asked.question if state.phase == "open" else asked.reworded[-1]
                return Ask(READER, opened(state.text, question), {"text": state.text, "question": question})
            case "closed":
                question = state.asked[-1].question
                return Ask(STUDENT, closed(question), {"question": question})
            case "reword":
                question, others = state.asked[-1].question, state.asked[-1].reworded
                told = "\n".join((question, *others))
                view = {"question": question, "earlier": others}
                return Ask(EXAMINER, (Message("system", REWORD), Message("user", told)), view)
        asked = state.asked[-1]
        one, other = asked.answer, asked.closed[len(asked.same)]
        told = f"Question: {asked.question}\nOne answer: {one}\nAnother answer: {other}"
        view = {"question": asked.question, "answers": (one, other)}
        return Ask(COMPARER, (Message("system", COMPARE), Message("user", told)), view)

    def tell(self, state: StudyState, text: str) -> StudyState:
        """Take a question, an answer or a comparison.

        Raises:
            ValueError: if the game is over.
        """
        text = public_part(text)
        match state.phase:
            case "over":
                raise ValueError("the game is over; start a new one")
            case "ask":
                state = replace(state, asked=(*state.asked, asked_of(text, self._kind(state), state)))
                # What is no question is not answered.
                return replace(state, phase="open") if state.asked[-1].sound else self._next(state)
            case "open":
                state = _with(state, opened=(*state.asked[-1].opened, text))
                return state if len(state.asked[-1].opened) < self.opened else replace(state, phase="closed")
            case "closed":
                state = _with(state, closed=(*state.asked[-1].closed, text))
                if len(state.asked[-1].closed) < self.closed:
                    return state
                if self.compare == "model":
                    return replace(state, phase="compare")
                asked = state.asked[-1]
                return self._asked(_with(state, same=tuple(self._same(asked, said) for said in asked.closed)))
            case "reword":
                return self._reworded(state, question_of(text))
            case "verify":
                asked = state.asked[-1]
                return self._asked(_with(state, kept=(*asked.kept, self._same(asked, text))))
        state = _with(state, same=(*state.asked[-1].same, says_same(text)))
        return state if len(state.asked[-1].same) < self.closed else self._asked(state)

    def credits(self, state: StudyState) -> tuple[float | None, ...]:
        """What every turn was worth, in the order of play; a comparer's is not known.

        A question is worth answerable x grounded x gap x new, and nothing if its answer stands in it; an open answer
        its agreement with the others, as far as it stands in the text and not in the question; a closed one 1 if it is
        the settled open answer, or nobody can say where that is not worth much; a rewording its novelty, if it holds.
        """
        return tuple(worth for _, worth in self._credited(state))

    def _credited(self, state: StudyState) -> Iterator[tuple[Seat, float | None]]:
        """Who acted, and what it was worth."""
        for asked in state.asked:
            yield EXAMINER, self.worth(asked, state.text)
            for said in asked.opened:
                stands = grounded(said, state.text, asked.question) * (not leaking(asked.question, said))
                yield READER, stands * _support(asked, said)
            trusted = asked.answerable * grounded(asked.answer, state.text, asked.question) >= TRUSTED
            for same in asked.same:
                yield STUDENT, float(same) if trusted else None
            if self.compare == "model":
                yield from ((COMPARER, None) for _ in asked.same)
            for place, text in enumerate(asked.reworded):
                yield EXAMINER, self._reworded_worth(asked, place)
                if is_question(text, (asked.question, *asked.reworded[:place])):
                    yield READER, None

    def outcome(self, state: StudyState) -> Outcome:
        """Every seat earns the mean worth of its turns, of those that have one.

        Raises:
            ValueError: if the game is not over.
        """
        if state.phase != "over":
            raise ValueError("the game is not over")
        found: dict[Seat, list[float]] = {seat: [] for seat in self.seats}
        for seat, worth in self._credited(state):
            found[seat] += [] if worth is None else [worth]
        rewards = {seat: float(np.mean(worths)) if worths else 0.0 for seat, worths in found.items()}
        sound = [asked for asked in state.asked if asked.sound]
        gaps = sum(asked.known < 1 for asked in sound)
        return Outcome("studied" if sound else "nothing_asked", rewards, f"{gaps} gaps in {len(state.asked)} questions")

    def metrics(self, state: StudyState, task: Task) -> Mapping[str, float]:
        """What was asked and answered, and how that is by the sealed world (``selftaught.envs.self_study.audit``)."""
        if state.phase != "over":
            raise ValueError("metrics are taken of finished games only")
        sound = [asked for asked in state.asked if asked.sound]
        figures = {
            f"end/{self.outcome(state).end}": 1.0,
            "sound": len(sound) / len(state.asked),
            "worth": float(np.mean([self.worth(asked, state.text) for asked in state.asked])),
        }
        if sound:
            figures |= {
                "answerable": float(np.mean([asked.answerable for asked in sound])),
                "grounded": float(np.mean([grounded(one.answer, state.text, one.question) for one in sound])),
                "leaking": float(np.mean([leaking(asked.question, asked.answer) for asked in sound])),
                "known": float(np.mean([asked.known for asked in sound])),
            }
        return {**figures, **audited(sound, task)}

    def worth(self, asked: Asked, text: str) -> float:
        """What a question is worth, from 0 to 1."""
        if not asked.sound or leaking(asked.question, asked.answer):
            return 0.0
        unknown = 1 - asked.known
        gap = unknown if self.gap == "unknown" else 1 - abs(2 * unknown - 1)
        earlier = novelty(asked.question, asked.earlier)
        return asked.answerable * grounded(asked.answer, text, asked.question) * gap * earlier

    def _kind(self, state: StudyState) -> Kind:
        return self.kinds[len(state.asked) % len(self.kinds)]

    def _same(self, asked: Asked, said: str) -> bool:
        return agree(asked.answer, said, asked.question)

    def _reworded(self, state: StudyState, question: str) -> StudyState:
        """Take another wording; one that is no question is not verified, and not kept."""
        asked, question = state.asked[-1], question[:LONGEST]
        state = _with(state, reworded=(*asked.reworded, question))
        if is_question(question, (asked.question, *asked.reworded)):
            return replace(state, phase="verify")
        return self._asked(_with(state, kept=(*asked.kept, False)))

    def _reworded_worth(self, asked: Asked, place: int) -> float:
        """A rewording that asks for the same is worth its novelty."""
        return asked.kept[place] * novelty(asked.reworded[place], (asked.question, *asked.reworded[:place]))

    def _asked(self, state: StudyState) -> StudyState:
        """After the answers to a question: another wording of it, or the next one."""
        wanted = len(state.asked[-1].reworded) < self.reword
        return replace(state, phase="reword") if wanted else self._next(state)

    def _next(self, state: StudyState) -> StudyState:
        return replace(state, phase="ask" if len(state.asked) < self.questions else "over")


TRUSTED: Final = 0.5
"""Answerability times grounding from which an open answer counts as something to learn."""


def opened(text: str, question: str) -> tuple[Message, ...]:
    """What a reader reads."""
    return Message("system", READ), Message("user", f"Text:\n{text}\n\nQuestion: {question}")


def closed(question: str) -> tuple[Message, ...]:
    """What a student reads: the question alone."""
    return (Message("user", f"{question} {FEW}"),)


def _support(asked: Asked, said: str) -> float:
    """Share of the other open answers that agree; 1 where there is no other."""
    others = len(asked.opened) - 1
    return (sum(agree(said, other, asked.question) for other in asked.opened) - 1) / others if others else 1.0


def _with(state: StudyState, **changes: Any) -> StudyState:
    """The state with the last question changed."""
    return replace(state, asked=(*state.asked[:-1], replace(state.asked[-1], **changes)))
