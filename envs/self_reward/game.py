"""Self-rewarding (arXiv 2401.10020) as a pure game: answers by one seat, points by another, and nobody else's word.

An instruction is answered several times by the actor and judged several times by the judge; who judges is asked like
any other seat. The points are all that is paid. Whether an answer is right is known to ``metrics`` alone, which look at
the sealed half of the task: that is the audit of the judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, count
from typing import Any, Final, Literal, get_args

import numpy as np

from selftaught.envs.self_reward import audit, proposals, rubric
from selftaught.envs.self_reward.adversaries import ADVERSARIES
from selftaught.envs.self_reward.instructions import KINDS, Instruction, draw_in, split_of
from selftaught.envs.self_reward.state import (
    ACTOR,
    JUDGE,
    META_JUDGE,
    PROPOSER,
    Candidate,
    JudgedState,
    Judgement,
)
from selftaught.hidden import public_part
from selftaught.types import Ask, Message, Outcome, Seat, Task

SPLITS: Final = ("train", "validation", "test")
SHOWN: Final = 3
"""Examples that the proposer sees."""
FOREIGN: Final = "the instruction belongs to another split"
"""Why a proposal is refused that is as good as any other."""
HARDEST: Final = 6
"""Level of difficulty."""
Mode = Literal["pointwise", "pairwise"]
Checking = Literal["any", "search", "same"]


@dataclass(frozen=True)
class SelfReward:
    """Settings and rules; implements ``selftaught.types.Game``.

    Args:
        candidates: answers of the actor to one instruction (N of the paper).
        judgements: of every candidate, or of every pair in each order (J).
        mode: ``pointwise`` gives 0 to 5 points; ``pairwise`` compares all pairs, each in both orders.
        kinds: of instructions; all that ``checking`` allows if empty.
        checking: ``search`` for instructions that are easier to check than to follow, ``same`` for the others.
        level: of difficulty, from 1 to 6.
        propose: a seat of its own writes the instruction, after a few examples.
        review: a meta-judge compares the judgements of one candidate, and they are worth what it says.
        adversaries: chance that an answer made to fool the judge is put in, for every kind of them.
        tricks: which kinds of adversaries; all if empty.

    Raises:
        ValueError: on a setting out of range or unknown.
    """

    candidates: int = 4
    judgements: int = 3
    mode: Mode = "pointwise"
    kinds: tuple[str, ...] = ()
    checking: Checking = "any"
    level: int = 1
    propose: bool = False
    review: bool = False
    adversaries: float = 0.0
    tricks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("candidates", "judgements", "level"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.level > HARDEST:
            raise ValueError(f"level is at most {HARDEST}, not {self.level}")
        for name, known in (("mode", get_args(Mode)), ("checking", get_args(Checking))):
            if getattr(self, name) not in known:
                raise ValueError(f"unknown {name} {getattr(self, name)!r}; expected one of {known}")
        if self.mode == "pairwise" and self.candidates < 2:
            raise ValueError("pairwise judgements need at least 2 candidates")
        if self.review and (self.mode == "pairwise" or self.judgements < 2):
            raise ValueError("a review compares judgements of one candidate: it needs mode=pointwise and judgements=2")
        if unknown := [kind for kind in self.kinds if kind not in KINDS]:
            raise ValueError(f"unknown kinds {unknown}; the kinds are {', '.join(KINDS)}")
        if not self.drawn:
            raise ValueError(f"no kind of {self.kinds} fits checking={self.checking!r}")
        if unknown := [trick for trick in self.tricks if trick not in ADVERSARIES]:
            raise ValueError(f"unknown tricks {unknown}; the tricks are {', '.join(ADVERSARIES)}")
        if not 0 <= self.adversaries <= 1:
            raise ValueError(f"adversaries is a chance from 0 to 1, not {self.adversaries}")

    @property
    def name(self) -> str:
        """Short name."""
        return "self_reward"

    @property
    def seats(self) -> tuple[Seat, ...]:
        """Those that the settings ask for."""
        return (*[PROPOSER] * self.propose, ACTOR, JUDGE, *[META_JUDGE] * self.review)

    @property
    def drawn(self) -> tuple[str, ...]:
        """The kinds that are drawn."""
        wanted = {"any": (True, False), "search": (True,), "same": (False,)}[self.checking]
        return tuple(kind for kind in self.kinds or KINDS if KINDS[kind].search in wanted)

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Endless instructions, or examples for one; no instruction is in two splits, nor one that is proposed.

        Raises:
            ValueError: if the split is unknown.
        """
        if split not in SPLITS:
            raise ValueError(f"unknown split {split!r}; the splits are {', '.join(SPLITS)}")
        return self._tasks(split, seed)

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> JudgedState:
        """The instruction, or examples of such; draws which adversaries will be put in.

        Raises:
            ValueError: if ``public`` is no instruction.
        """
        try:
            shown = [Instruction(one["kind"], one["given"]) for one in public.get("examples", [public])]
            for one in shown:
                one.text  # noqa: B018 - raises where something is missing
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f"no instruction: {dict(public)} ({error!r})") from error
        if ("examples" in public) != self.propose or not shown:
            raise ValueError(f"propose={self.propose} does not go with this task: {dict(public)}")
        tricks = tuple(trick for trick in self.tricks or ADVERSARIES if rng.random() < self.adversaries)
        draws, split = int(rng.integers(2**63)), str(public.get("split", ""))
        state = JudgedState(None, self.candidates, tricks, draws, examples=tuple(shown), split=split)
        return state if self.propose else replace(state, instruction=shown[0], examples=())

    def ask(self, state: JudgedState) -> Ask | None:
        """The proposer, the actor until all answers are there, then the judges; ``None`` when the game is over."""
        if state.over:
            return None
        told = state.instruction
        if told is None:
            view = {"examples": state.examples, "split": state.split}
            return Ask(PROPOSER, proposals.question(state.examples), view)
        if state.wanted:
            return Ask(ACTOR, (Message("user", told.text),), {"instruction": told})
        seat, of = state.queue[0]
        if seat == META_JUDGE:
            judged = [state.judgements[place] for place in of]
            answer = state.candidates[judged[0].of[0]].text
            texts = tuple(judgement.text for judgement in judged)
            return Ask(
                META_JUDGE,
                rubric.meta(told.text, answer, *texts),
                {"instruction": told, "answer": answer, "judgements": texts},
            )
        texts = tuple(state.candidates[place].text for place in of)
        messages = rubric.pointwise(told.text, *texts) if len(texts) == 1 else rubric.pairwise(told.text, *texts)
        return Ask(JUDGE, messages, {"instruction": told, "answers": texts})

    def tell(self, state: JudgedState, text: str) -> JudgedState:
        """Take an instruction or an answer, or read a judgement.

        Raises:
            ValueError: if the game is over.
        """
        if state.over:
            raise ValueError("the game is over; start a new one")
        text = public_part(text)
        if state.instruction is None:
            return self._proposed(state, text)
        if state.wanted:
            state = replace(state, candidates=(*state.candidates, Candidate(text)), wanted=state.wanted - 1)
            return state if state.wanted else self._to_judge(state)
        (seat, of), *later = state.queue
        read = (
            Judgement(of, text, rubric.score_of(text), seat=seat)
            if len(of) == 1
            else Judgement(of, text, preferred=rubric.better_of(text), seat=seat)
        )
        state = replace(state, judgements=(*state.judgements, read), queue=tuple(later))
        return replace(state, queue=state.reviewed()) if self.review and seat == JUDGE and not later else state

    def outcome(self, state: JudgedState) -> Outcome:
        """What the judgements alone say.

        The actor earns the mean of its answers' points over the most there are (0 where none could be read, which
        ``end`` says, and ``credits`` leaves open), the judges the mean of their credits.
        The proposer earns ``1 - |2 m - 1|`` of the actor's ``m``: most for what is neither done nor missed every time.

        Raises:
            ValueError: if the game is not over.
        """
        if not state.over:
            raise ValueError("the game is not over")
        points = [value for value in state.points()[: self.candidates] if value is not None]
        mean = float(np.mean(points)) / rubric.MOST if points else 0.0
        rewards = {ACTOR: mean, JUDGE: self._worth(state, JUDGE)}
        if self.propose:
            rewards[PROPOSER] = 1 - abs(2 * mean - 1)
        if self.review:
            rewards[META_JUDGE] = self._worth(state, META_JUDGE)
        if state.refused:
            return Outcome("refused", dict.fromkeys(self.seats, 0.0), state.refused)
        told = ", ".join(f"{value:.2g}" for value in points)
        return Outcome("judged" if points else "unreadable", rewards, f"points: {told or 'none'}")

    def credits(self, state: JudgedState) -> tuple[float | None, ...]:
        """What each turn was worth, in order of play; None where no judgement says so.

        An answer is worth its mean points over the most there are; for judgements see ``JudgedState.credits``.
        """
        points = state.points()[: self.candidates]
        # Nobody knows the worth of a proposal where nothing could be read, or where it belongs to another split; any
        # other refused one is worth nothing.
        known = state.refused != FOREIGN if state.refused else any(value is not None for value in points)
        proposed = [self.outcome(state).rewards[PROPOSER] if known else None] if self.propose else []
        return (*proposed, *(None if value is None else value / rubric.MOST for value in points), *state.credits())

    def metrics(self, state: JudgedState, task: Task) -> Mapping[str, float]:
        """The judge's figures, and the audit: what of it is true (``selftaught.envs.self_reward.audit``).

        Raises:
            ValueError: if the game is not over.
        """
        if not state.over:
            raise ValueError("metrics are taken of finished games only")
        if state.instruction is None:
            return {"proposed": 0.0}
        sealed = task.sealed.get("instruction")
        truth = state.instruction if sealed is None else Instruction(sealed["kind"], sealed["given"])
        return {**audit.figures(state, truth), **({"proposed": 1.0} if self.propose else {})}

    def _tasks(self, split: str, seed: int) -> Iterator[Task]:
        for number in count():
            key = np.random.SeedSequence([seed, SPLITS.index(split)], spawn_key=(number,))
            random = np.random.default_rng(key)
            count_ = SHOWN if self.propose else 1
            shown = [draw_in(random, self.drawn, level=self.level, split=split).public() for _ in range(count_)]
            name = f"{split}/{seed}-{number}"
            yield (
                Task(name, {"examples": shown, "split": split})
                if self.propose
                else Task(name, shown[0], {"instruction": shown[0]})
            )

    def _proposed(self, state: JudgedState, text: str) -> JudgedState:
        found = proposals.read(text)
        if found is None:
            return replace(state, proposal=text, refused="no instruction of a known kind that has an answer")
        if found in state.examples:
            return replace(state, proposal=text, refused="the instruction was among the examples")
        if state.split and split_of(found) != state.split:
            return replace(state, proposal=text, refused=FOREIGN)
        return replace(state, proposal=text, instruction=found)

    def _to_judge(self, state: JudgedState) -> JudgedState:
        """Adversaries put in, and who is judged when."""
        assert state.instruction is not None
        told, honest, random = state.instruction, state.candidates[0].text, np.random.default_rng(state.draws)
        extra = tuple(Candidate(ADVERSARIES[trick](told, honest, random), trick) for trick in state.tricks)
        places = range(len(state.candidates) + len(extra))
        rounds: Sequence[tuple[int, ...]] = [(place,) for place in places]
        if self.mode == "pairwise":
            rounds = [pair for one, two in combinations(places, 2) for pair in ((one, two), (two, one))]
        queue = tuple((JUDGE, of) for _ in range(self.judgements) for of in rounds)
        return replace(state, candidates=(*state.candidates, *extra), queue=queue)

    def _worth(self, state: JudgedState, seat: Seat) -> float:
        """Mean of what is known of a judge's credits."""
        both = zip(state.judgements, state.credits(), strict=True)
        known = [credit for judgement, credit in both if judgement.seat == seat and credit is not None]
        return float(np.mean(known)) if known else 0.0
