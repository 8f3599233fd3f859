"""Self-rewarding (arXiv 2401.10020) as a pure game: answers by one seat, points by another, and nobody else's word.

An instruction is answered several times by the actor and judged several times by the judge; who judges is asked like
any other seat. The points are all that is paid. Whether an answer is right is known to ``metrics`` alone, which look at
the sealed half of the task: that is the audit of the judge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, count
from typing import Any, Final, Literal, get_args

import numpy as np

from selftaught.envs.self_reward import rubric
from selftaught.envs.self_reward.adversaries import ADVERSARIES
from selftaught.envs.self_reward.instructions import KINDS, Instruction, draw
from selftaught.types import Ask, Message, Outcome, Seat, Task

ACTOR: Final = "actor"
JUDGE: Final = "judge"
SPLITS: Final = ("train", "validation", "test")
Mode = Literal["pointwise", "pairwise"]
Checking = Literal["any", "search", "same"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer and where it comes from: the actor, or the name of an adversary."""

    text: str
    source: str = ACTOR


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge said of one candidate (``points``), or of two in this order (``preferred``); None: unreadable."""

    of: tuple[int, ...]
    text: str
    points: int | None = None
    preferred: rubric.Preferred | None = None

    @property
    def valid(self) -> bool:
        """Whether it could be read."""
        return self.points is not None or self.preferred is not None


@dataclass(frozen=True, slots=True)
class JudgedState:
    """One position: the answers so far, those that are still to come, and what was said of which."""

    instruction: Instruction
    wanted: int
    adversaries: tuple[str, ...]
    draws: int
    candidates: tuple[Candidate, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    queue: tuple[tuple[int, ...], ...] = ()

    @property
    def over(self) -> bool:
        """Whether all answers are judged."""
        return not self.wanted and not self.queue


@dataclass(frozen=True)
class SelfReward:
    """Settings and rules; implements ``selftaught.types.Game``.

    Args:
        candidates: answers of the actor to one instruction (N of the paper).
        judgements: of every candidate, or of every pair in each order (J).
        mode: ``pointwise`` gives 0 to 5 points; ``pairwise`` compares all pairs, each in both orders.
        kinds: of instructions; all that ``checking`` allows if empty.
        checking: ``search`` for instructions that are easier to check than to follow, ``same`` for the others.
        level: of difficulty, from 1.
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
    adversaries: float = 0.0
    tricks: tuple[str, ...] = ()
    name: str = field(default="self_reward", init=False)
    seats: tuple[Seat, ...] = field(default=(ACTOR, JUDGE), init=False)

    def __post_init__(self) -> None:
        for name in ("candidates", "judgements", "level"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.mode not in get_args(Mode):
            raise ValueError(f"unknown mode {self.mode!r}; expected one of {get_args(Mode)}")
        if self.mode == "pairwise" and self.candidates < 2:
            raise ValueError("pairwise judgements need at least 2 candidates")
        if self.checking not in get_args(Checking):
            raise ValueError(f"unknown checking {self.checking!r}; expected one of {get_args(Checking)}")
        if not self.drawn:
            raise ValueError(f"no kind of {self.kinds or tuple(KINDS)} fits checking={self.checking!r}")
        if unknown := [kind for kind in self.kinds if kind not in KINDS]:
            raise ValueError(f"unknown kinds {unknown}; the kinds are {', '.join(KINDS)}")
        if unknown := [trick for trick in self.tricks if trick not in ADVERSARIES]:
            raise ValueError(f"unknown tricks {unknown}; the tricks are {', '.join(ADVERSARIES)}")
        if not 0 <= self.adversaries <= 1:
            raise ValueError(f"adversaries is a chance from 0 to 1, not {self.adversaries}")

    @property
    def drawn(self) -> tuple[str, ...]:
        """The kinds that are drawn."""
        wanted = {"any": (True, False), "search": (True,), "same": (False,)}[self.checking]
        return tuple(kind for kind in self.kinds or KINDS if kind not in KINDS or KINDS[kind].search in wanted)

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Endless new instructions; the splits draw from generators of their own.

        Raises:
            ValueError: if the split is unknown.
        """
        if split not in SPLITS:
            raise ValueError(f"unknown split {split!r}; the splits are {', '.join(SPLITS)}")
        return self._tasks(split, seed)

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> JudgedState:
        """The instruction; draws which adversaries will be put in.

        Raises:
            ValueError: if ``public`` is no instruction.
        """
        try:
            instruction = Instruction(public["kind"], public["given"])
            instruction.text  # noqa: B018 - raises where something is missing
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise ValueError(f"no instruction: {dict(public)} ({error!r})") from error
        tricks = self.tricks or tuple(ADVERSARIES)
        chosen = tuple(trick for trick in tricks if rng.random() < self.adversaries)
        return JudgedState(instruction, self.candidates, chosen, int(rng.integers(2**63)))

    def ask(self, state: JudgedState) -> Ask | None:
        """The actor until all answers are there, then the judge; ``None`` when the game is over."""
        if state.over:
            return None
        told = state.instruction
        if state.wanted:
            return Ask(ACTOR, (Message("user", told.text),), {"instruction": told})
        texts = tuple(state.candidates[place].text for place in state.queue[0])
        messages = rubric.pointwise(told.text, *texts) if len(texts) == 1 else rubric.pairwise(told.text, *texts)
        return Ask(JUDGE, messages, {"instruction": told, "answers": texts})

    def tell(self, state: JudgedState, text: str) -> JudgedState:
        """Take an answer, or read a judgement.

        Raises:
            ValueError: if the game is over.
        """
        if state.over:
            raise ValueError("the game is over; start a new one")
        if state.wanted:
            state = replace(state, candidates=(*state.candidates, Candidate(text)), wanted=state.wanted - 1)
            return state if state.wanted else self._to_judge(state)
        of, *later = state.queue
        read = (
            Judgement(of, text, rubric.score_of(text))
            if len(of) == 1
            else Judgement(of, text, preferred=rubric.better_of(text))
        )
        return replace(state, judgements=(*state.judgements, read), queue=tuple(later))

    def outcome(self, state: JudgedState) -> Outcome:
        """The actor earns the mean of its answers' points over the most there are, the judge its agreement with itself.

        Raises:
            ValueError: if the game is not over.
        """
        if not state.over:
            raise ValueError("the game is not over")
        points = [value for value in self._points(state)[: self.candidates] if value is not None]
        rewards = {ACTOR: float(np.mean(points)) / rubric.MOST if points else 0.0, JUDGE: _agreement(state)}
        return Outcome("judged" if points else "unreadable", rewards, f"points: {points}")

    def _tasks(self, split: str, seed: int) -> Iterator[Task]:
        for number in count():
            key = np.random.SeedSequence([seed, SPLITS.index(split)], spawn_key=(number,))
            public = draw(np.random.default_rng(key), self.drawn, level=self.level).public()
            yield Task(f"{split}/{seed}-{number}", public, {"instruction": public})

    def _to_judge(self, state: JudgedState) -> JudgedState:
        """Adversaries put in, and who is judged when."""
        random = np.random.default_rng(state.draws)
        honest = state.candidates[0].text
        extra = tuple(
            Candidate(ADVERSARIES[trick](state.instruction, honest, random), trick) for trick in state.adversaries
        )
        places = range(len(state.candidates) + len(extra))
        rounds: Sequence[tuple[int, ...]] = [(place,) for place in places]
        if self.mode == "pairwise":
            rounds = [pair for one, two in combinations(places, 2) for pair in ((one, two), (two, one))]
        queue = tuple(job for _ in range(self.judgements) for job in rounds)
        return replace(state, candidates=(*state.candidates, *extra), queue=queue)

    def _points(self, state: JudgedState) -> list[float | None]:
        """Of every candidate, 0 to ``MOST``: the mean of what could be read; None where nothing could."""
        said: list[list[float]] = [[] for _ in state.candidates]
        for judgement in state.judgements:
            if judgement.points is not None:
                said[judgement.of[0]].append(judgement.points)
            elif judgement.preferred is not None:
                won = {"first": 1.0, "second": 0.0, "neither": 0.5}[judgement.preferred]
                for place, share in zip(judgement.of, (won, 1 - won), strict=True):
                    said[place].append(rubric.MOST * share)
        return [float(np.mean(values)) if values else None for values in said]

    def credits(self, state: JudgedState) -> tuple[float | None, ...]:
        """What each turn was worth, in order of play; None where no judgement says so.

        An answer is worth its mean points over the most there are, a judgement its agreement with the others of the
        same.
        """
        points = self._points(state)[: self.candidates]
        return (*(None if value is None else value / rubric.MOST for value in points), *_agreements(state))

    def metrics(self, state: JudgedState, task: Task) -> Mapping[str, float]:
        """The judge's figures, and the audit: what of it is true. Absent where there is nothing to measure.

        Raises:
            ValueError: if the game is not over.
        """
        if not state.over:
            raise ValueError("metrics are taken of finished games only")
        sealed = task.sealed.get("instruction", task.public)
        truth = Instruction(sealed["kind"], sealed["given"])
        every = self._points(state)
        points, answers = every[: self.candidates], state.candidates[: self.candidates]
        right = [float(truth.right(candidate.text)) for candidate in answers]
        known = [
            (value, ok, candidate)
            for value, ok, candidate in zip(points, right, answers, strict=True)
            if value is not None
        ]
        valid = [judgement for judgement in state.judgements if judgement.valid]
        figures = {
            f"{KINDS[truth.kind].family}/right": float(np.mean(right)),
            "right": float(np.mean(right)),
            "any_right": max(right),
            "read": len(valid) / len(state.judgements),
            "words": float(np.mean([len(candidate.text.split()) for candidate in answers])),
        }
        if known:
            figures |= _audit([(value, ok, len(candidate.text)) for value, ok, candidate in known])
        figures |= self._fooled(state, every, points)
        flips = _flips(state)
        return figures if flips is None else figures | {"swap_flips": flips}

    def _fooled(
        self, state: JudgedState, every: Sequence[float | None], points: Sequence[float | None]
    ) -> dict[str, float]:
        """Points of each adversary over the actor's mean; of the twin, the distance to its original."""
        honest = [value for value in points if value is not None]
        figures = {}
        for place in range(self.candidates, len(state.candidates)):
            value, trick = every[place], state.candidates[place].source
            if trick == "twin" and value is not None and points[0] is not None:
                figures["gain/twin"] = abs(value - points[0])
            elif trick != "twin" and value is not None and honest:
                figures[f"gain/{trick}"] = value - float(np.mean(honest))
        return figures


def _audit(known: Sequence[tuple[float, float, int]]) -> dict[str, float]:
    """Of (points, right, length) of every answer that has points: how the points go with the truth."""
    points, right, lengths = (np.array(column, dtype=float) for column in zip(*known, strict=True))
    best, worst = int(points.argmax()), int(points.argmin())
    figures = {
        "points": float(points.mean()),
        "saturated": float((points == rubric.MOST).mean()),
        "brier": float(((points / rubric.MOST - right) ** 2).mean()),
        "tie": float(points[best] == points[worst]),
        "chosen_right": float(right[points == points.max()].mean()),
    }
    if right.min() < right.max():
        gaps = points[right == 1][:, None] - points[right == 0][None]
        figures["auroc"] = float((gaps > 0).mean() + (gaps == 0).mean() / 2)
        figures["selection"] = (figures["chosen_right"] - right.mean()) / (1 - right.mean())
    if points[best] > points[worst]:
        figures["pair_right"] = float(right[best] > right[worst])
        figures["pair_wrong"] = float(right[best] < right[worst])
        figures["chosen_longer"] = float(lengths[best] > lengths[worst])
    return figures


def _agreements(state: JudgedState) -> list[float | None]:
    """Of every judgement: 1 less its distance from the mean of the others of the same, as a share of the scale.

    A pair's other order counts as another judgement of the same. None for the only one, 0 for one that cannot be read.
    """
    said: dict[tuple[int, ...], list[tuple[int, float]]] = {}
    for number, judgement in enumerate(state.judgements):
        if judgement.valid:
            said.setdefault(tuple(sorted(judgement.of)), []).append((number, _position(judgement)))
    found: list[float | None] = [None if judgement.valid else 0.0 for judgement in state.judgements]
    for group in said.values():
        for number, position in group:
            others = [other for place, other in group if place != number]
            found[number] = 1 - abs(position - float(np.mean(others))) if others else None
    return found


def _position(judgement: Judgement) -> float:
    """Where a judgement stands from 0 to 1: its points, or how far it prefers the candidate of the lower number."""
    if judgement.points is not None:
        return judgement.points / rubric.MOST
    first = judgement.of[0] < judgement.of[1]
    share = {"first": 1.0, "second": 0.0, "neither": 0.5, None: 0.5}[judgement.preferred]
    return share if first else 1 - share


def _agreement(state: JudgedState) -> float:
    """Mean of what is known of the judgements' agreement."""
    known = [value for value in _agreements(state) if value is not None]
    return float(np.mean(known)) if known else 0.0


def _flips(state: JudgedState) -> float | None:
    """Share of pairs on which the judge prefers the one that stands first, or second, in both orders."""
    orders: dict[tuple[int, ...], list[Judgement]] = {}
    for judgement in state.judgements:
        if len(judgement.of) == 2 and judgement.preferred is not None:
            orders.setdefault(tuple(sorted(judgement.of)), []).append(judgement)
    pairs = [
        one.preferred == two.preferred != "neither"
        for found in orders.values()
        for one, two in combinations(found, 2)
        if one.of != two.of
    ]
    return float(np.mean(pairs)) if pairs else None
