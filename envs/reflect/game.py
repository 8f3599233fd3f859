"""Interactive self-reflection (arXiv 2310.06271) as a Markov decision process: know, answer, check, and again.

The published loop is fixed: whatever a scorer dislikes is written anew, up to a budget. Here the decision is an action:
after each answer a reflector submits, refines, or starts all over; with ``gate="threshold"`` a scorer decides as in the
published loop, and the reflector is told what it said. What is reflected on is any game of one reply, so that each
answer has that game's own reward.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np

from selftaught.envs.reflect.audit import changed
from selftaught.envs.reflect.report import licensed
from selftaught.envs.reflect.state import (
    AGREES,
    ANSWER,
    CHECK,
    CHECK_NOTES,
    KNOW,
    REFINE,
    REFINE_NOTES,
    REFLECTOR,
    SAID,
    SCALE,
    SCORER,
    SCORES,
    THINKER,
    Aspect,
    Decision,
    Draft,
    Note,
    ReflectState,
    decision_of,
    score_of,
    told,
)
from selftaught.envs.reflect.subjects import subject
from selftaught.hidden import public_part
from selftaught.types import Ask, Game, Message, Outcome, Seat, Task

Gate = Literal["policy", "threshold", "budget", "oracle"]
Keep = Literal["last", "best"]
Reward = Literal["final", "improvement", "potential"]
Worth = Literal["subject", "scorer"]
Context = Literal["shared", "fresh"]
Rewriter = Literal["reflector", "thinker"]


@dataclass(frozen=True)
class Reflect:
    """Settings and rules; implements ``selftaught.types.Game``.

    Args:
        subject: ``checkable``, ``world``, or a registered game of one seat and one reply.
        settings: of the subject.
        know: whether knowledge is written down before the first answer of a round.
        notes: drafts of that knowledge in one round, at most (the published loop: 3, or 1).
        answers: in one round, at most (published: 3, or 1).
        rounds: that begin anew, at most (published: 3, or 1).
        gate: who says when it is enough: the reflector (``policy``), a scorer's ``threshold``, nobody (``budget``: all
            answers are used up), or the truth (``oracle``: a bound that no policy may be compared with as an equal).
        threshold: of the scorer, from 0 to 1.
        thresholds: the same for ``knowledge``, ``answer`` and ``round``, where they differ.
        keep: the ``last`` answer counts, or the ``best`` by the scorer.
        reward: ``final``: what the kept answer is worth; ``improvement``: and ``bonus`` times its gain over the first
            (SCoRe, arXiv 2409.12917, equation 4); ``potential``: its gain over the first alone, paid answer by answer.
        worth: of an answer: what the ``subject`` pays, or what the ``scorer`` says, where nothing else is known.
        scorer: the scorer's name in the report.
        report: file with its AUROC on the subject, without which it may not pay.
        bonus: of ``improvement``.
        cost: of every answer after the first.
        context: what the reflector sees: all that was said (``shared``), or question and answer alone (``fresh``).
        rewriter: who writes the answers after the first; ``thinker`` leaves the reflector the checks alone.

    Raises:
        ValueError: on a setting out of range or unknown, a subject of several replies, or a scorer without a report.
    """

    subject: str = "checkable"
    settings: Mapping[str, Any] = field(default_factory=dict)
    know: bool = False
    notes: int = 1
    answers: int = 3
    rounds: int = 1
    gate: Gate = "policy"
    threshold: float = 0.5
    thresholds: Mapping[str, float] = field(default_factory=dict)
    keep: Keep = "last"
    reward: Reward = "final"
    worth: Worth = "subject"
    scorer: str = ""
    report: str = ""
    bonus: float = 1.0
    cost: float = 0.02
    context: Context = "shared"
    rewriter: Rewriter = "reflector"
    name: str = field(default="reflect", init=False)

    def __post_init__(self) -> None:
        budgets = (self.notes, self.answers, self.rounds)
        if min(budgets) < 1 or (self.notes > 1 and not self.know):
            raise ValueError(f"notes, answers and rounds must be at least 1, and notes need know=True, not {budgets}")
        choices = {"gate": Gate, "keep": Keep, "reward": Reward, "worth": Worth, "context": Context}
        for name, known in {**choices, "rewriter": Rewriter}.items():
            if getattr(self, name) not in get_args(known):
                raise ValueError(f"unknown {name} {getattr(self, name)!r}; expected one of {get_args(known)}")
        if unknown := set(self.thresholds) - set(get_args(Aspect)):
            raise ValueError(f"unknown thresholds {sorted(unknown)}; they are of {get_args(Aspect)}")
        if not all(0 <= one <= 1 for one in (self.threshold, *self.thresholds.values())):
            raise ValueError(f"threshold is from 0 to 1, not {self.threshold} and {dict(self.thresholds)}")
        if self.cost < 0 or self.bonus < 0:
            raise ValueError(f"cost and bonus are from 0, not {self.cost} and {self.bonus}")
        if self.gate == "oracle" and self.subject == "world":
            raise ValueError("gate='oracle' needs a subject that knows what is right, and 'world' does not")
        _ = self.inner, self.auroc

    @cached_property
    def inner(self) -> Game[Any]:
        """The game that is reflected on."""
        return subject(self.subject, self.settings)

    @cached_property
    def auroc(self) -> float | None:
        """Of the scorer that pays; None if none does."""
        if self.worth != "scorer":
            return None
        return licensed(self.report, scorer=self.scorer, subject=self.subject, settings=self.settings)

    @property
    def required(self) -> Mapping[Seat, str]:
        """Who must sit where: the scorer that pays is the one that was measured."""
        return {SCORER: self.scorer} if self.worth == "scorer" else {}

    @property
    def scored(self) -> bool:
        """Whether anything needs a scorer."""
        return self.gate == "threshold" or self.keep == "best" or self.worth == "scorer"

    @property
    def seats(self) -> tuple[Seat, ...]:
        """The thinker answers first, the reflector checks and writes what comes after; a scorer where one is needed."""
        reflects = max(self.answers * self.rounds, self.notes) > 1
        return (THINKER, *([REFLECTOR] if reflects else []), *([SCORER] if self.scored else []))

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
        return self._begun(ReflectState(ask.messages, ask.view, begun, "know", ask.messages))

    def ask(self, state: ReflectState) -> Ask | None:
        """Whoever acts in this phase; ``None`` when the game is over."""
        if state.phase == "over":
            return None
        # No more than the messages tell: a new round knows of no other, and a fresh context of the last answer alone.
        seen = min(state.answers, 1) if self.context == "fresh" else state.answers
        drafts = tuple(draft.answer for draft in state.drafts[len(state.drafts) - seen :])
        view = {**state.view, "phase": state.phase, "aspect": state.aspect, "drafts": drafts}
        if state.phase == "score":
            return self._scoring(state, view)
        later = bool(state.drafts) or (state.phase == "know" and bool(state.notes))
        reflects = state.phase == "check" or (later and self.rewriter == REFLECTOR)
        return Ask(REFLECTOR if reflects else THINKER, state.thread, view)

    def tell(self, state: ReflectState, text: str) -> ReflectState:
        """Take knowledge, an answer, a decision or a score.

        Raises:
            ValueError: if the game is over.
        """
        text = public_part(text)
        said = replace(state, thread=(*state.thread, Message("assistant", text)))
        match state.phase:
            case "over":
                raise ValueError("the game is over; start a new one")
            case "know":
                return self._noted(replace(said, notes=(*state.notes, Note(text))))
            case "answer":
                return self._answered(said, text)
            case "score":
                score = score_of(text)
                return self._scored(replace(state, unreadable=state.unreadable + (score is None)), score)
            case "check":
                decision = decision_of(text)
                said = replace(said, unreadable=state.unreadable + (decision is None))
                # Who says nothing that can be read has nothing more to say.
                if state.aspect == "knowledge":
                    return self._known(said) if decision in ("submit", None) else self._again(said, REFINE_NOTES)
                return self._decided(said, decision or "submit")

    def outcome(self, state: ReflectState) -> Outcome:
        """The thinker earns what its first answer is worth, the reflector what became of it, the scorer nothing.

        Raises:
            ValueError: if the game is not over.
        """
        if state.phase != "over":
            raise ValueError("the game is not over")
        first, kept = state.drafts[0], self.kept(state)
        rewards = {THINKER: self._value(first), REFLECTOR: self._earned(state, kept)}
        found = {seat: rewards.get(seat, 0.0) for seat in self.seats}
        end = "first" if kept is first else "later"
        return Outcome(
            end, found, f"{len(state.drafts)} answers; the first is worth {first.worth:g}, the kept {kept.worth:g}"
        )

    def paid(self, state: ReflectState) -> Mapping[Seat, float]:
        """What was paid so far: with ``reward="potential"`` the gain of the last answer over the first, less costs."""
        if state.phase == "over":
            return self.outcome(state).rewards
        found = dict.fromkeys(self.seats, 0.0)
        valued = [draft for draft in state.drafts if self.worth == "subject" or draft.score is not None]
        if self.reward == "potential" and valued and REFLECTOR in found:
            found[REFLECTOR] = self._earned(replace(state, drafts=tuple(valued)), valued[-1])
        return found

    def metrics(self, state: ReflectState, task: Task) -> Mapping[str, float]:
        """What reflection changed (``selftaught.envs.reflect.audit``)."""
        if state.phase != "over":
            raise ValueError("metrics are taken of finished games only")
        audits = [self.inner.metrics(draft.finished, task) for draft in state.drafts]
        kept = next(place for place, draft in enumerate(state.drafts) if draft is self.kept(state))
        licence = {} if self.auroc is None else {"scorer_auroc": self.auroc}
        return {f"end/{self.outcome(state).end}": 1.0, **changed(state, audits, kept, task), **licence}

    def kept(self, state: ReflectState) -> Draft:
        """The answer that counts; of equal scores the earlier."""
        if self.keep == "last":
            return state.drafts[-1]
        return max(state.drafts, key=lambda draft: -1.0 if draft.score is None else draft.score)

    def _begun(self, state: ReflectState, rounds: int = 1) -> ReflectState:
        """The beginning of a round: a conversation that knows of no other."""
        begun = replace(state, rounds=rounds, notes=(), knowledge="", answers=0)
        if self.know:
            return replace(begun, phase="know", aspect="knowledge", thread=self._asked_to_know(state))
        return replace(begun, phase="answer", aspect="answer", thread=state.question)

    def _asked_to_know(self, state: ReflectState) -> tuple[Message, ...]:
        return (*state.question[:-1], Message("user", f"{state.question[-1].content}\n\n{KNOW}"))

    def _noted(self, state: ReflectState) -> ReflectState:
        """After a note: whether it is to be scored or checked, written anew, or answered from."""
        left = len(state.notes) < self.notes
        if self.notes > 1 and self.gate == "threshold":  # the last one as well: the best is kept
            return replace(state, phase="score", aspect="knowledge")
        if left and self.gate == "policy":
            return replace(state, phase="check", aspect="knowledge", thread=self._shown(state, CHECK_NOTES))
        return self._again(state, REFINE_NOTES) if left and self.gate == "budget" else self._known(state)

    def _known(self, state: ReflectState) -> ReflectState:
        """Go on to the answer from the note that is kept, as if it had been the only one."""
        best = max(state.notes, key=lambda note: -1.0 if note.score is None else note.score)
        note = best if best.score is not None else state.notes[-1]
        thread = (*self._asked_to_know(state), Message("assistant", note.text), Message("user", ANSWER))
        return replace(state, phase="answer", aspect="answer", knowledge=note.text, thread=thread)

    def _answered(self, state: ReflectState, text: str) -> ReflectState:
        finished = self.inner.tell(state.begun, text)
        if self.inner.ask(finished) is not None:
            raise ValueError(
                f"the subject {self.subject!r} asks again after a reply; reflection takes games of one reply"
            )
        (worth,) = self.inner.outcome(finished).rewards.values()
        draft = Draft(text, state.knowledge, float(worth), finished)
        state = replace(state, drafts=(*state.drafts, draft), answers=state.answers + 1, aspect="answer")
        return replace(state, phase="score") if self.scored else self._gated(state)

    def _scoring(self, state: ReflectState, view: Mapping[str, Any]) -> Ask:
        """What a scorer is asked: of knowledge alone, or of an answer with the knowledge that it stands on."""
        knowledge = state.notes[-1].text if state.aspect == "knowledge" else state.knowledge
        parts = [told(state.question), *([f"Written down: {knowledge}"] if knowledge else [])]
        said = knowledge if state.aspect == "knowledge" else state.drafts[-1].answer
        if state.aspect != "knowledge":
            parts.append(f"Answer: {said}")
        question = AGREES if state.aspect == "answer" and knowledge else SCORES[state.aspect]
        parts.append(f"\n{question} {SCALE}")
        seen = {**view, "question": state.question, "answer": said, "knowledge": knowledge}
        return Ask(SCORER, (Message("user", "\n".join(parts)),), seen)

    def _scored(self, state: ReflectState, score: float | None) -> ReflectState:
        """Take a score, None if it could not be read."""
        if state.aspect == "knowledge":
            state = replace(state, notes=(*state.notes[:-1], replace(state.notes[-1], score=score)))
            if len(state.notes) == self.notes or self._passes("knowledge", score):
                return self._known(state)
            return self._again(state, self._reproach("knowledge", score) + REFINE_NOTES)
        draft = state.drafts[-1]
        scores = draft.scores if score is None else {**draft.scores, state.aspect: score}
        state = replace(state, drafts=(*state.drafts[:-1], replace(draft, scores=scores)))
        if state.aspect == "round":
            return self._decided(state, "submit" if self._passes("round", score) else "restart")
        return self._gated(state)

    def _gated(self, state: ReflectState) -> ReflectState:
        """After an answer: who is to decide, and what if that is nobody."""
        used, last = state.answers >= self.answers, state.rounds >= self.rounds
        if used and last:
            return replace(state, phase="over")
        draft = state.drafts[-1]
        match self.gate:
            case "policy":
                return replace(state, phase="check", thread=self._shown(state, CHECK))
            case "oracle":
                return self._decided(state, "submit" if draft.worth == 1 else "refine")
            case "threshold":
                if (passed := self._passes("answer", draft.scores.get("answer"))) and last:
                    return self._decided(state, "submit")
                return replace(state, phase="score", aspect="round") if passed or used else self._refined(state)
            case "budget":
                return self._decided(state, "refine")

    def _decided(self, state: ReflectState, decision: Decision) -> ReflectState:
        """Carry out a decision; what the budget does not allow becomes the nearest that it does."""
        if decision == "refine" and state.answers >= self.answers:
            decision = "restart"
        if decision == "restart" and state.rounds >= self.rounds:
            decision = "refine" if state.answers < self.answers else "submit"
        if decision == "refine":
            return self._refined(state)
        state = replace(state, decisions=(*state.decisions, decision))
        return replace(state, phase="over") if decision == "submit" else self._begun(state, rounds=state.rounds + 1)

    def _refined(self, state: ReflectState) -> ReflectState:
        reproach = "" if self.gate != "threshold" else self._reproach("answer", state.drafts[-1].scores.get("answer"))
        thread = self._shown(state, reproach + REFINE)
        return replace(state, phase="answer", decisions=(*state.decisions, "refine"), thread=thread)

    def _again(self, state: ReflectState, asked: str) -> ReflectState:
        """Write the knowledge anew."""
        return replace(state, phase="know", aspect="knowledge", thread=self._shown(state, asked))

    def _shown(self, state: ReflectState, asked: str) -> tuple[Message, ...]:
        """What is read before doing what is asked."""
        if self.context == "shared":
            return (*state.thread, Message("user", asked))
        kind, said = ("Answer", state.drafts[-1].answer) if state.answers else ("Written down", state.notes[-1].text)
        return (Message("user", f"{told(state.question)}\n{kind}: {said}\n\n{asked}"),)

    def _limit(self, aspect: Aspect) -> float:
        return self.thresholds.get(aspect, self.threshold)

    def _passes(self, aspect: Aspect, score: float | None) -> bool:
        return score is not None and score >= self._limit(aspect)

    def _reproach(self, aspect: Aspect, score: float | None) -> str:
        return "" if score is None else SAID.format(score=score, threshold=self._limit(aspect))

    def _earned(self, state: ReflectState, kept: Draft) -> float:
        """What the reflector has earned if ``kept`` counts, of all answers so far."""
        gain = self._value(kept) - self._value(state.drafts[0])
        spent = self.cost * (len(state.drafts) - 1)
        by_reward = {"final": 0.0, "improvement": self.bonus * gain}
        return (gain if self.reward == "potential" else self._value(kept) + by_reward[self.reward]) - spent

    def _value(self, draft: Draft) -> float:
        return draft.worth if self.worth == "subject" else draft.score or 0.0
