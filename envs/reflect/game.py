"""Interactive self-reflection (arXiv 2310.06271) as a Markov decision process: know, answer, check, and again.

The published loop is fixed: whatever a scorer dislikes is written anew, up to a budget. Here the decision is an action:
after each answer a reflector submits, refines, or starts all over; with ``gate="threshold"`` a scorer decides, and the
reflector is told what it said, as in the published loop of answers. What is reflected on is any game of one reply, so
that each answer has that game's own reward.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Literal, get_args

import numpy as np

from selftaught.envs.reflect.subjects import subject
from selftaught.envs.self_reward.rubric import last_line
from selftaught.types import Ask, Game, Message, Outcome, Seat, Task

THINKER: Final = "thinker"
REFLECTOR: Final = "reflector"
SCORER: Final = "scorer"
Phase = Literal["know", "answer", "check", "score", "over"]
Gate = Literal["policy", "threshold", "budget", "oracle"]
Keep = Literal["last", "best"]
Reward = Literal["final", "improvement", "score"]
Decision = Literal["submit", "refine", "restart"]

KNOW: Final = "Before you answer, write down in a sentence or two what you know that bears on the question."
ANSWER: Final = "Now give your answer, in the form that was asked for."
CHECK: Final = (
    "Check the answer that you gave. Say in a line what you find. Then end with a line of its own: Decision: submit, "
    "if it stands; Decision: refine, to write a better one; or Decision: restart, to begin anew."
)
REFINE: Final = "Write a better answer, in the form that was asked for."
SAID: Final = "The answer scored {score}, and {threshold:g} is wanted. "
SCORE: Final = (
    "How likely is it that this answer is right? Reply with one line: Score: and a number from 0 (surely not) to 1 "
    "(surely)."
)
_DECISION: Final = re.compile(r"[ \t*]*decision[ \t*]*:[ \t*]*(submit|refine|restart)[ \t*]*\.?[ \t*]*", re.IGNORECASE)
_SCORE: Final = re.compile(r"[ \t*]*score[ \t*]*:[ \t*]*(0(?:\.[0-9]+)?|1(?:\.0+)?)[ \t*]*\.?[ \t*]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer with what was written before it, what the subject pays for it, and what the scorer said."""

    answer: str
    knowledge: str
    worth: float
    finished: Any
    score: float | None = None


@dataclass(frozen=True, slots=True)
class ReflectState:
    """One position: where in the loop, the running conversation, and all answers so far."""

    question: tuple[Message, ...]
    view: Mapping[str, Any]
    begun: Any
    phase: Phase
    thread: tuple[Message, ...]
    knowledge: str = ""
    drafts: tuple[Draft, ...] = ()
    decisions: tuple[Decision, ...] = ()
    answers: int = 0
    rounds: int = 1
    unreadable: int = 0


@dataclass(frozen=True)
class Reflect:
    """Settings and rules; implements ``selftaught.types.Game``.

    Args:
        subject: ``checkable``, ``world``, or a registered game of one seat and one reply.
        settings: of the subject.
        know: whether knowledge is written down before the first answer of a round.
        answers: in one round, at most (the published loop: 3, or 1).
        rounds: that begin anew, at most (published: 3, or 1).
        gate: who says when it is enough: the reflector (``policy``), a scorer's ``threshold``, nobody (``budget``: all
            answers are used up), or the truth (``oracle``: a bound that no policy may be compared with as an equal).
        threshold: of the scorer, from 0 to 1.
        keep: the ``last`` answer counts, or the ``best`` by the scorer.
        reward: ``final``: what the kept answer is worth; ``improvement``: and ``bonus`` times its gain over the first
            (SCoRe, arXiv 2409.12917, equation 4); ``score``: what the scorer says of it, where nothing else is known.
        bonus: of ``improvement``.
        cost: of every answer after the first.
        context: what the reflector sees: all that was said (``shared``), or question and answer alone (``fresh``).

    Raises:
        ValueError: on a setting out of range or unknown, or a subject of several replies.
    """

    subject: str = "checkable"
    settings: Mapping[str, Any] = field(default_factory=dict)
    know: bool = False
    answers: int = 3
    rounds: int = 1
    gate: Gate = "policy"
    threshold: float = 0.5
    keep: Keep = "last"
    reward: Reward = "final"
    bonus: float = 1.0
    cost: float = 0.02
    context: Literal["shared", "fresh"] = "shared"
    name: str = field(default="reflect", init=False)

    def __post_init__(self) -> None:
        if min(self.answers, self.rounds) < 1:
            raise ValueError(f"answers and rounds must be at least 1, not {self.answers} and {self.rounds}")
        for name, known in (("gate", Gate), ("keep", Keep), ("reward", Reward)):
            if getattr(self, name) not in get_args(known):
                raise ValueError(f"unknown {name} {getattr(self, name)!r}; expected one of {get_args(known)}")
        if self.context not in ("shared", "fresh"):
            raise ValueError(f"unknown context {self.context!r}; expected shared or fresh")
        if not 0 <= self.threshold <= 1 or self.cost < 0 or self.bonus < 0:
            raise ValueError(f"threshold is from 0 to 1, cost and bonus from 0: {self}")
        if self.gate == "oracle" and self.subject == "world":
            raise ValueError("gate='oracle' needs a subject that knows what is right, and 'world' does not")
        _ = self.inner

    @cached_property
    def inner(self) -> Game[Any]:
        """The game that is reflected on."""
        return subject(self.subject, self.settings)

    @property
    def scored(self) -> bool:
        """Whether anything needs a scorer."""
        return self.gate == "threshold" or self.keep == "best" or self.reward == "score"

    @property
    def seats(self) -> tuple[Seat, ...]:
        """The thinker answers first, the reflector checks and writes what comes after; a scorer where one is needed."""
        return (THINKER, *([REFLECTOR] if self.answers * self.rounds > 1 else []), *([SCORER] if self.scored else []))

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Those of the subject."""
        return self.inner.tasks(split, seed)

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> ReflectState:
        """The subject's question.

        Raises:
            ValueError: if ``public`` is no task of the subject.
        """
        begun = self.inner.start(public, rng)
        ask = self.inner.ask(begun)
        if ask is None:
            raise ValueError(f"the subject {self.subject!r} asks nothing: {dict(public)}")
        state = ReflectState(ask.messages, ask.view, begun, "know", ask.messages)
        return self._begun(state)

    def ask(self, state: ReflectState) -> Ask | None:
        """Whoever acts in this phase; ``None`` when the game is over."""
        if state.phase == "over":
            return None
        # No more than the messages tell: a new round knows of no other, and a fresh context of the last answer alone.
        seen = min(state.answers, 1) if self.context == "fresh" else state.answers
        drafts = tuple(draft.answer for draft in state.drafts[len(state.drafts) - seen :])
        view = {**state.view, "phase": state.phase, "drafts": drafts}
        if state.phase == "score":
            draft = state.drafts[-1]
            told = f"{_told(state.question)}\nAnswer: {draft.answer}\n\n{SCORE}"
            return Ask(SCORER, (Message("user", told),), {**view, "answer": draft.answer, "question": state.question})
        later = state.phase == "check" or bool(state.drafts)
        return Ask(REFLECTOR if later else THINKER, state.thread, view)

    def tell(self, state: ReflectState, text: str) -> ReflectState:
        """Take knowledge, an answer, a decision or a score.

        Raises:
            ValueError: if the game is over.
        """
        said = (*state.thread, Message("assistant", text))
        match state.phase:
            case "over":
                raise ValueError("the game is over; start a new one")
            case "know":
                asked = Message("user", ANSWER)
                return replace(state, phase="answer", knowledge=text, thread=(*said, asked))
            case "answer":
                return self._answered(replace(state, thread=said), text)
            case "score":
                score = score_of(text)
                draft = replace(state.drafts[-1], score=score)
                state = replace(
                    state, drafts=(*state.drafts[:-1], draft), unreadable=state.unreadable + (score is None)
                )
                return self._gated(state)
            case "check":
                decision = decision_of(text)
                # Who says nothing that can be read has nothing more to say.
                state = replace(state, thread=said, unreadable=state.unreadable + (decision is None))
                return self._decided(state, decision or "submit")

    def outcome(self, state: ReflectState) -> Outcome:
        """The thinker earns what its first answer is worth, the reflector what became of it, the scorer nothing.

        Raises:
            ValueError: if the game is not over.
        """
        if state.phase != "over":
            raise ValueError("the game is not over")
        first, kept = state.drafts[0], self._kept(state)
        rewards = {THINKER: self._value(first), REFLECTOR: self._value(kept) - self.cost * (len(state.drafts) - 1)}
        if self.reward == "improvement":
            rewards[REFLECTOR] += self.bonus * (kept.worth - first.worth)
        found = {seat: rewards.get(seat, 0.0) for seat in self.seats}
        end = "first" if kept is first else "later"
        return Outcome(
            end, found, f"{len(state.drafts)} answers; the first is worth {first.worth:g}, the kept {kept.worth:g}"
        )

    def metrics(self, state: ReflectState, task: Task) -> Mapping[str, float]:
        """What reflection changed, by the subject's own audit: ``right`` if it has it, else ``success``."""
        if state.phase != "over":
            raise ValueError("metrics are taken of finished games only")
        told = [self.inner.metrics(draft.finished, task) for draft in state.drafts]
        right = [figures.get("right", figures.get("success", 0.0)) for figures in told]
        kept = next(place for place, draft in enumerate(state.drafts) if draft is self._kept(state))
        figures = {
            f"end/{self.outcome(state).end}": 1.0,
            "right_first": right[0],
            "right_last": right[kept],
            "fixed": float(right[0] == 0 and right[kept] == 1),
            "broken": float(right[0] == 1 and right[kept] == 0),
            "over_refined": float(1 in right[:-1]),
            "answers": float(len(right)),
            "restarts": float(state.rounds - 1),
            "unreadable": float(state.unreadable),
            **{f"subject/{name}": value for name, value in told[kept].items() if name.startswith("answer/")},
        }
        if state.decisions:
            # A decision is right where what is right is submitted and what is not is not.
            judged = [(choice == "submit") == (ok == 1) for choice, ok in zip(state.decisions, right, strict=False)]
            figures["decision_right"] = float(np.mean(judged))
        first, last = state.drafts[0].score, state.drafts[kept].score
        if first is not None and last is not None:
            figures["score_first"], figures["score_last"] = first, last
            figures["score_gain_untrue"] = (last - first) - (right[kept] - right[0])
        return {**figures, **self._grounded(state, kept, right, task)}

    def _grounded(self, state: ReflectState, kept: int, right: list[float], task: Task) -> Mapping[str, float]:
        """Whether a wrong answer says what the knowledge before it said: consistent, with what is not so."""
        if not self.know or "world" not in task.sealed or right[kept] == 1:
            return {}
        from selftaught.envs.reflect.subjects import world_of

        world, draft = world_of(task.sealed["world"]), state.drafts[kept]
        noted = {claim for claim in world.claims(draft.knowledge) if not world.true(claim)}
        return {"consistent_with_wrong": float(any(claim in noted for claim in world.claims(draft.answer)))}

    def _begun(self, state: ReflectState) -> ReflectState:
        """The beginning of a round: a conversation that knows of no other."""
        phase: Phase = "know" if self.know else "answer"
        thread = (*state.question[:-1], Message("user", f"{state.question[-1].content}\n\n{KNOW}"))
        return replace(state, phase=phase, knowledge="", answers=0, thread=thread if self.know else state.question)

    def _answered(self, state: ReflectState, text: str) -> ReflectState:
        finished = self.inner.tell(state.begun, text)
        if self.inner.ask(finished) is not None:
            raise ValueError(
                f"the subject {self.subject!r} asks again after a reply; reflection takes games of one reply"
            )
        (worth,) = self.inner.outcome(finished).rewards.values()
        draft = Draft(text, state.knowledge, float(worth), finished)
        state = replace(state, drafts=(*state.drafts, draft), answers=state.answers + 1)
        return replace(state, phase="score") if self.scored else self._gated(state)

    def _gated(self, state: ReflectState) -> ReflectState:
        """After an answer: who is to decide, and what if that is nobody."""
        if state.answers >= self.answers and state.rounds >= self.rounds:
            return replace(state, phase="over")
        draft = state.drafts[-1]
        match self.gate:
            case "policy":
                return replace(state, phase="check", thread=self._shown(state, CHECK))
            case "oracle":
                return self._decided(state, "submit" if draft.worth == 1 else "refine")
            case "threshold":
                good = draft.score is not None and draft.score >= self.threshold
                return self._decided(state, "submit" if good else "refine")
            case "budget":
                return self._decided(state, "refine")

    def _decided(self, state: ReflectState, decision: Decision) -> ReflectState:
        """Carry out a decision; what the budget does not allow becomes the nearest that it does."""
        if decision == "refine" and state.answers >= self.answers:
            decision = "restart"
        if decision == "restart" and state.rounds >= self.rounds:
            decision = "refine" if state.answers < self.answers else "submit"
        state = replace(state, decisions=(*state.decisions, decision))
        if decision == "submit":
            return replace(state, phase="over")
        if decision == "restart":
            return self._begun(replace(state, rounds=state.rounds + 1))
        score = state.drafts[-1].score
        said = "" if self.gate != "threshold" else SAID.format(score=score, threshold=self.threshold)
        return replace(state, phase="answer", thread=self._shown(state, said + REFINE))

    def _shown(self, state: ReflectState, asked: str) -> tuple[Message, ...]:
        """What the reflector reads before it does what is asked."""
        if self.context == "shared":
            return (*state.thread, Message("user", asked))
        told = f"{_told(state.question)}\nAnswer: {state.drafts[-1].answer}\n\n{asked}"
        return (Message("user", told),)

    def _kept(self, state: ReflectState) -> Draft:
        """The answer that counts; of equal scores the earlier."""
        if self.keep == "last":
            return state.drafts[-1]
        return max(state.drafts, key=lambda draft: -1.0 if draft.score is None else draft.score)

    def _value(self, draft: Draft) -> float:
        return draft.worth if self.reward != "score" else draft.score or 0.0


def decision_of(text: str) -> Decision | None:
    """The decision of the last line; None if it is none."""
    said = _DECISION.fullmatch(last_line(text))
    known: Mapping[str, Decision] = {"submit": "submit", "refine": "refine", "restart": "restart"}
    return known[said[1].lower()] if said else None


def score_of(text: str) -> float | None:
    """The number from 0 to 1 of the last line; None if it is no such score."""
    said = _SCORE.fullmatch(last_line(text))
    return float(said[1]) if said else None


def _told(messages: tuple[Message, ...]) -> str:
    return "\n".join(message.content for message in messages)
