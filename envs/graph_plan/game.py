"""Asynchronous planning (PLaG, arXiv 2402.02805, section 3) as a pure game in three modes on one engine.

``answer`` asks for the time alone, as the published benchmark does. ``build`` is its Build-a-Graph prompt made
checkable: edges and durations, a schedule and its critical path, then the time. ``dispatch`` runs a clock: steps are
started one by one. A number is never paid for a plan that cannot be carried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, get_args

import numpy as np

from selftaught.envs.graph_plan.dispatch import Clock, act, over, show
from selftaught.envs.graph_plan.encodings import ENCODINGS, Encoding, render
from selftaught.envs.graph_plan.instances import BANDS, Instance, Knobs, Split, draw, instance
from selftaught.envs.graph_plan.plans import makespan
from selftaught.envs.graph_plan.replies import Handed, read
from selftaught.envs.graph_plan.scoring import Score, score
from selftaught.envs.graph_plan.shortcuts import shortcuts
from selftaught.envs.graph_plan.times import say
from selftaught.envs.graph_plan.workers import best_schedule
from selftaught.hidden import public_part
from selftaught.types import Ask, Message, Outcome, Seat, Task

PLANNER: Final = "planner"
Mode = Literal["answer", "build", "dispatch"]
BAND_STEPS: Final[Mapping[int, tuple[int, int]]] = {1: (3, 5), 2: (4, 7), 3: (6, 9), 4: (8, 16), 5: (15, 30)}
"""Steps that are tried for a band of |V| + |E|."""

LEVELS: Final[tuple[Mapping[str, Any], ...]] = (
    *({"band": band, "encoding": "edges"} for band in (1, 2, 3)),
    {"band": 3, "encoding": "edges", "knobs": {"spread": 1}},
    {"band": 3, "encoding": "english", "knobs": {"spread": 1}},
    {"band": 4, "encoding": "english", "knobs": {"spread": 1, "spare": 2}},
)
"""A curriculum: larger graphs, then several units, then plain English (graph text before prose: arXiv 2602.03542)."""

STAGES: Final = (
    ("edges", "times"),
    ("schedule", "path"),
    ("answer",),
)
"""What is handed in turn by turn where ``turns`` is 3."""
FORMS: Final[Mapping[str, str]] = {
    "edges": "edges: which step comes right before which, as 1>3 2>3",
    "times": "times: how long each step takes, as 1=10 2=5 3=20",
    "schedule": "schedule: from when to when each step runs, as 1=0-10 2=0-5 3=10-30",
    "path": "path: the chain of steps that takes longest, as 1>3",
    "answer": "answer: the shortest total time, as 30 minutes",
}


@dataclass(frozen=True, slots=True)
class PlanState:
    """One position: what was handed in so far, or where the clock of the dispatch mode stands."""

    instance: Instance
    shortest: int
    thread: tuple[Message, ...]
    handed: Handed = field(default_factory=Handed)
    score: Score | None = None
    clock: Clock = field(default_factory=Clock)
    turn: int = 0
    end: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class GraphPlan:
    """Settings and rules of asynchronous planning; implements ``selftaught.types.Game``.

    Args:
        mode: ``answer``, ``build`` or ``dispatch``.
        turns: of ``build``: 1 for everything in one reply, 3 for graph, schedule and answer one after the other.
        encoding: how plans are told; several are drawn from, task by task.
        band: |V| + |E| of ``BANDS`` from 1 (10 to 13) to 5 (more than 40), over ``steps`` and ``size`` of the knobs.
        knobs: what instances are drawn; a mapping of ``Knobs`` fields will do.
        partly: what a plan that can be carried out, without being proved the shortest, is paid: at most so much, times
            shortest time over its own.

    Raises:
        ValueError: on a setting out of range or unknown.
    """

    mode: Mode = "build"
    turns: int = 1
    encoding: Encoding | tuple[Encoding, ...] = "english"
    band: int | None = 1
    knobs: Knobs | Mapping[str, Any] = field(default_factory=Knobs)
    partly: float = 0.3
    name: str = field(default="graph_plan", init=False)
    seats: tuple[Seat, ...] = field(default=(PLANNER,), init=False)

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise ValueError(f"unknown mode {self.mode!r}; expected one of {get_args(Mode)}")
        if self.turns not in (1, len(STAGES)):
            raise ValueError(f"turns must be 1 or {len(STAGES)}, not {self.turns}")
        for encoding in self.encodings:
            if encoding not in ENCODINGS:
                raise ValueError(f"unknown encoding {encoding!r}; the encodings are {', '.join(ENCODINGS)}")
        if not isinstance(self.knobs, Knobs):
            try:
                given: dict[str, Any] = {
                    name: tuple(value) if isinstance(value, list) else value for name, value in self.knobs.items()
                }
                object.__setattr__(self, "knobs", Knobs(**given))
            except TypeError as error:
                raise ValueError(f"knobs {dict(self.knobs)}: {error}") from error
        if not 0 <= self.partly < 1:
            raise ValueError(f"partly must be from 0 to below 1, not {self.partly}")
        if self.band is not None and self.band not in BAND_STEPS:
            raise ValueError(f"unknown band {self.band!r}; the bands are {list(BAND_STEPS)}, or None")

    @property
    def encodings(self) -> tuple[Encoding, ...]:
        """All encodings that tasks are told in."""
        return (self.encoding,) if isinstance(self.encoding, str) else tuple(self.encoding)

    @property
    def drawn(self) -> Knobs:
        """The knobs with the band's ranges."""
        assert isinstance(self.knobs, Knobs)
        if self.band is None:
            return self.knobs
        return replace(self.knobs, steps=BAND_STEPS[self.band], size=BANDS[self.band])

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Endless new instances of ``train``, ``validation`` or ``test``, or of ``hard``: test without shortcuts.

        Raises:
            ValueError: if the split is unknown, or holds no such instances (few steps are never hard).
        """
        checked = _checked_split(split)
        for number, spawned in enumerate(_seeds(seed, checked)):
            random = np.random.default_rng(spawned)
            found = draw(random, self.drawn, split=checked)
            encoding = self.encodings[random.integers(len(self.encodings))]
            shortest = _shortest(found)
            hits = {
                name: shortcut(found.plan, found.workers) == shortest
                for name, shortcut in shortcuts(found.workers).items()
            }
            public = {**found.public(), "encoding": encoding}
            yield Task(f"{split}/{seed}-{number}", public, {"shortest": shortest, "shortcuts": hits})

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> PlanState:
        """The instance, told; draws nothing from ``rng``.

        Raises:
            ValueError: if ``public`` is no instance, or its encoding is unknown.
        """
        fields = dict(public)
        encoding = fields.pop("encoding", self.encodings[0])
        found = instance(fields)
        told = f"Goal: {found.goal}.\n{render(found, encoding)}\nCount in {found.unit}s."
        if self.mode == "dispatch":
            told += f"\n{show(Clock(), found)}"
        if self.mode == "build" and self.turns > 1:
            told += f"\n{_wanted(0)}"
        rules = Message("system", rules_of(self.mode, workers=found.workers, turns=self.turns))
        return PlanState(found, _shortest(found), (rules, Message("user", told)))

    def ask(self, state: PlanState) -> Ask | None:
        """The planner, or ``None`` when the game is over."""
        if state.end is not None:
            return None
        view = {
            "instance": state.instance,
            "clock": state.clock,
            "handed": state.handed,
            "mode": self.mode,
            "labels": self._labels(state.turn),
        }
        return Ask(PLANNER, state.thread, view)

    def tell(self, state: PlanState, text: str) -> PlanState:
        """Read ``text`` as what was asked for.

        Raises:
            ValueError: if the game is over.
        """
        if state.end is not None:
            raise ValueError(f"the game is over ({state.end}); start a new one")
        said = public_part(text)
        told = replace(state, turn=state.turn + 1, thread=(*state.thread, Message("assistant", text)))
        if self.mode == "dispatch":
            return self._dispatched(told, said)
        handed = read(said, unit=state.instance.unit, before=state.handed)
        found = score(told.instance, handed, shortest=told.shortest)
        told = replace(told, handed=handed, score=found)
        if self.mode == "build" and told.turn < self.turns:
            return replace(told, thread=(*told.thread, Message("user", _wanted(told.turn))))
        if self.mode == "answer":
            end = "right" if found.answer_right else "wrong" if handed.answer is not None else "unreadable"
            return replace(told, end=end, reason=f"the shortest time is {say(state.shortest)}")
        if found.certified:
            return replace(told, end="certified", reason="path, schedule and answer agree")
        if found.fault is not None:
            return replace(told, end="infeasible", reason=found.fault)
        return replace(told, end="feasible", reason="the schedule can be carried out; nothing proves it the shortest")

    def outcome(self, state: PlanState) -> Outcome:
        """End, reward and reason of a finished game."""
        if state.end is None:
            raise ValueError(f"the game is not over after {state.turn} replies")
        return Outcome(state.end, {PLANNER: self._reward(state)}, state.reason)

    def paid(self, state: PlanState) -> Mapping[Seat, float]:
        """What a game is worth so far: a potential (Ng, Harada and Russell, 1999), then the reward itself.

        The differences turn by turn sum to the reward, so the best policy is that of the reward alone.
        """
        if state.end is not None:
            return {PLANNER: self._reward(state)}
        return {PLANNER: state.score.potential(self.partly) if state.score is not None else 0.0}

    def metrics(self, state: PlanState, task: Task) -> Mapping[str, float]:
        """What was right, and which shortcuts would have hit the number of this very instance."""
        if state.end is None:
            raise ValueError("metrics are taken of finished games only")
        hits = task.sealed.get("shortcuts", {})
        figures = {
            f"end/{state.end}": 1.0,
            "turns": float(state.turn),
            "success": float(self._reward(state) == 1.0),
            "hard": float(bool(hits) and not any(hits.values())),
            **{f"shortcut/{name}": float(hit) for name, hit in hits.items()},
        }
        found = state.score
        if found is None:
            return figures | {"speed": self._dispatch_speed(state)}
        figures["answer_right"] = float(found.answer_right)
        figures["answered"] = float(state.handed.answer is not None)
        if self.mode == "build":
            figures["feasible"] = float(found.fault is None)
            figures["lucky"] = float(found.answer_right and found.fault is not None)
            figures["speed"] = found.speed
            figures["path_real"] = float(found.path_real)
            figures["edges_f1"] = found.edges_f1
            figures["times_right"] = found.times_right
        return figures

    def _labels(self, turn: int) -> tuple[str, ...]:
        if self.mode == "dispatch":
            return ()
        if self.mode == "answer":
            return ("answer",)
        return STAGES[turn] if self.turns > 1 else tuple(FORMS)

    def _dispatched(self, state: PlanState, text: str) -> PlanState:
        clock = act(state.clock, state.instance, text)
        if isinstance(clock, str):
            return replace(state, end="illegal", reason=clock)
        state = replace(state, clock=clock)
        if not over(clock, state.instance):
            return replace(state, thread=(*state.thread, Message("user", show(clock, state.instance))))
        best = clock.now == state.shortest
        took = f"{say(clock.now)}; the shortest time is {say(state.shortest)}"
        return replace(state, end="best" if best else "slow", reason=took)

    def _dispatch_speed(self, state: PlanState) -> float:
        return state.shortest / state.clock.now if state.end in ("best", "slow") else 0.0

    def _reward(self, state: PlanState) -> float:
        if state.score is None:
            return 1.0 if state.end == "best" else self.partly * self._dispatch_speed(state)
        return float(state.score.answer_right) if self.mode == "answer" else state.score.reward(self.partly)


def rules_of(mode: Mode, *, workers: int | None, turns: int) -> str:
    """The planner's instructions."""
    at_once = "any number of steps" if workers is None else f"at most {workers} step{'s' * (workers > 1)}"
    rules = f"A plan of steps. A step may run once all that it waits for are done, {at_once} at a time. "
    if mode == "dispatch":
        return (
            f"{rules}Be done as soon as possible. One action a turn: start and step numbers, as start 1 3; wait, until "
            "the next step ends; or finish, once all needed steps are started."
        )
    rules += "Find the shortest total time. "
    if mode == "answer":
        return f"{rules}Reply with one line, {FORMS['answer']}"
    how = "Reply line by line, in this order:" if turns == 1 else "You will be asked for these lines, part by part:"
    return f"{rules}{how}\n" + "\n".join(FORMS.values())


def _wanted(turn: int) -> str:
    return f"Now write: {', '.join(STAGES[turn])}."


def _shortest(found: Instance) -> int:
    return makespan(found.plan, best_schedule(found.plan, found.workers))


def _seeds(seed: int, split: Split) -> Iterator[np.random.SeedSequence]:
    number = 0
    while True:
        yield np.random.SeedSequence([seed, get_args(Split).index(split)], spawn_key=(number,))
        number += 1


def _checked_split(split: str) -> Split:
    match split:
        case "train" | "validation" | "test" | "hard":
            return split
    raise ValueError(f"unknown split {split!r}; the splits are {', '.join(get_args(Split))}")
