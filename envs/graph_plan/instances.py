"""One planning problem as data, and drawing them: a graph, durations in units, a goal, steps that nobody needs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np

from selftaught.envs.graph_plan.plans import Edge, Plan, closure, earliest, graph_size, makespan, neighbours, reduction
from selftaught.envs.graph_plan.shortcuts import shortcuts
from selftaught.envs.graph_plan.texts import draw_texts
from selftaught.envs.graph_plan.times import SECONDS, UNITS, Unit
from selftaught.envs.graph_plan.workers import MOST_STEPS, best_schedule, tails

Split = Literal["train", "validation", "test", "hard"]
BANDS: Final = ((0, 9), (10, 13), (14, 17), (18, 23), (24, 40), (41, 10**6))
"""Bands of difficulty by |V| + |E|, both ends included; the published data begins with the second."""
TRIES: Final = 20_000
"""Candidates that are drawn for one instance before the settings are called impossible."""
HARD_STEPS: Final = 5
HARD_SIZE: Final = 14
"""Steps, and |V| + |E|, of the smallest plans on which every shortcut fails; five steps of a lesser size are a row."""


@dataclass(frozen=True)
class Instance:
    """A problem, all of it public.

    ``amounts[i]`` of ``units[i]`` is the duration of step ``i``; ``edges`` are those that are told, redundant ones too;
    ``spare`` steps are named and not needed, and have no edges. ``wording`` seeds how it is put into words.
    """

    goal: str
    steps: tuple[str, ...]
    amounts: tuple[int, ...]
    units: tuple[Unit, ...]
    edges: tuple[Edge, ...]
    spare: tuple[int, ...] = ()
    workers: int | None = None
    wording: int = 0
    held_out: bool = False

    @cached_property
    def seconds(self) -> tuple[int, ...]:
        """Durations of all steps in seconds."""
        return tuple(amount * SECONDS[unit] for amount, unit in zip(self.amounts, self.units, strict=True))

    @cached_property
    def needed(self) -> tuple[int, ...]:
        """The steps that are needed, in order."""
        return tuple(step for step in range(len(self.steps)) if step not in self.spare)

    @property
    def unit(self) -> Unit:
        """The smallest unit: what a bare number means."""
        return min(self.units, key=UNITS.index)

    @cached_property
    def plan(self) -> Plan:
        """The needed steps, numbered among themselves.

        Raises:
            ValueError: as ``Plan``, or if a spare step has an edge.
        """
        place = {step: number for number, step in enumerate(self.needed)}
        try:
            edges = tuple((place[before], place[after]) for before, after in self.edges)
        except KeyError as error:
            raise ValueError(f"step {error} is not needed and yet has an edge: {self.edges}") from None
        return Plan(tuple(self.seconds[step] for step in self.needed), edges)

    def public(self) -> dict[str, Any]:
        """As JSON data; ``instance`` makes an equal one of it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()} | {
            "edges": [list(edge) for edge in self.edges]
        }


def instance(public: Mapping[str, Any]) -> Instance:
    """The instance of a task.

    Raises:
        ValueError: if a field is missing or the data is no plan; the message says what is wrong.
    """
    names = {one.name for one in fields(Instance)}
    missing = {"goal", "steps", "amounts", "units", "edges"} - public.keys()
    if missing or (unknown := public.keys() - names):
        raise ValueError(f"a plan needs the fields {sorted(names)}; missing {sorted(missing) or sorted(unknown)}")
    found = Instance(
        **{
            **public,
            **{name: tuple(public[name]) for name in ("steps", "amounts", "units")},
            "edges": tuple((int(before), int(after)) for before, after in public["edges"]),
            "spare": tuple(public.get("spare", ())),
        }
    )
    if not len(found.steps) == len(found.amounts) == len(found.units):
        raise ValueError(
            f"{len(found.steps)} steps, {len(found.amounts)} amounts and {len(found.units)} units: one of each a step"
        )
    if unknown_units := set(found.units) - set(UNITS):
        raise ValueError(f"unknown units {sorted(unknown_units)}; the units are {UNITS}")
    if not found.plan.durations:
        raise ValueError("a plan needs at least one step that is needed")
    return found


@dataclass(frozen=True)
class Knobs:
    """What instances are drawn. All ranges include both ends.

    Raises:
        ValueError: if a setting is out of range; the message names it.
    """

    steps: tuple[int, int] = (3, 5)
    """Steps that are needed."""
    size: tuple[int, int] = (0, 10**6)
    """|V| + |E| with start and end, without redundant edges; ``band`` names usual ranges."""
    width: int = 3
    """Most steps of one stage, all of which could run at once."""
    density: float = 0.2
    """Chance of an edge that is not needed to hold the stages together."""
    redundant: float = 0.0
    """Chance that an edge that follows from others is told as well."""
    spread: int = 0
    """Units of time in one instance, less one: 0 is all minutes, or all hours ..."""
    most: int = 60
    """Largest number of units; hours stop at 24, days at 14, weeks at 8 in any case."""
    ties: float = 0.0
    """Chance that a step lasts exactly as long as an earlier one."""
    spare: int = 0
    """Steps that are named and not needed."""
    workers: int | None = None
    """Steps that can run at once; None is as many as one likes."""
    hard: bool = False
    """Only plans on which every shortcut fails."""
    units: tuple[Unit, ...] = field(default=UNITS)
    """Units to draw from, next to each other in this order."""

    def __post_init__(self) -> None:
        low, high = self.steps
        checks = {
            "steps": 1 <= low <= high,
            "width": self.width >= 1,
            "density": 0 <= self.density <= 1,
            "redundant": 0 <= self.redundant <= 1,
            "ties": 0 <= self.ties <= 1,
            "spare": self.spare >= 0,
            "most": self.most >= 1,
            "spread": 0 <= self.spread < len(self.units),
            "units": bool(self.units) and set(self.units) <= set(UNITS),
            "workers": self.workers is None or self.workers >= 1,
        }
        for name, right in checks.items():
            if not right:
                raise ValueError(
                    f"{name} = {getattr(self, name)!r} is out of range: see selftaught.envs.graph_plan.Knobs"
                )
        if self.workers is not None and high > MOST_STEPS:
            raise ValueError(
                f"with few workers a plan has at most {MOST_STEPS} steps, not {high}: set steps, or a band below 4"
            )


MOST: Final[Mapping[Unit, int]] = {"second": 60, "minute": 60, "hour": 24, "day": 14, "week": 8}


def draw(rng: np.random.Generator, knobs: Knobs, *, split: Split = "train") -> Instance:
    """One instance of a split: no plan is in two of them, and ``test`` and ``hard`` have words of their own.

    Raises:
        ValueError: if none was found in thousands of tries, or plans so small are never hard.
    """
    home = "test" if split == "hard" else split
    hard = knobs.hard or split == "hard"
    if hard:
        _check_hard(knobs, split)
    for _ in range(TRIES):
        amounts, units, edges = _draw_graph(rng, knobs)
        if not knobs.size[0] <= graph_size(len(amounts), edges) <= knobs.size[1]:
            continue
        plan = Plan(tuple(amount * SECONDS[unit] for amount, unit in zip(amounts, units, strict=True)), edges)
        if _home(plan) != home:
            continue
        found = _dress(rng, knobs, amounts=amounts, units=units, edges=edges, held_out=home == "test")
        if not hard or not _some_shortcut_works(found.plan, knobs.workers):
            return found
    raise ValueError(f"no instance of split {split!r} in {TRIES} tries with {knobs}: widen steps, size or width")


def solved(plan: Plan, workers: int | None) -> dict[str, bool]:
    """Which shortcuts give the right number on a plan."""
    right = makespan(plan, best_schedule(plan, workers))
    return {name: shortcut(plan, workers) == right for name, shortcut in shortcuts(workers).items()}


def _check_hard(knobs: Knobs, split: Split) -> None:
    start = f"no instance of split {split!r} is one on which every shortcut fails"
    if knobs.workers == 1:
        raise ValueError(f"{start} with workers = 1, which always takes the total time: set workers to 2 or None")
    if knobs.workers is None and (knobs.steps[1] < HARD_STEPS or knobs.size[1] < HARD_SIZE):
        band = f" (band {BANDS.index(knobs.size)})" if knobs.size in BANDS else ""
        raise ValueError(
            f"{start} with steps = {knobs.steps} and size = {knobs.size}{band}: it takes {HARD_STEPS} steps and "
            f"a size of {HARD_SIZE}; set band to 2 or more, widen steps and size, or set workers to 2"
        )


def _some_shortcut_works(plan: Plan, workers: int | None) -> bool:
    right = makespan(plan, best_schedule(plan, workers))
    return any(shortcut(plan, workers) == right for shortcut in shortcuts(workers).values())


def _home(plan: Plan) -> str:
    """The split of a plan: a fifth test, a tenth validation. Plans that differ in their numbering alone share it."""
    before, after = neighbours(len(plan.durations), plan.edges)
    steps = zip(plan.durations, earliest(plan), tails(plan), map(len, before), map(len, after), strict=True)
    digest = hashlib.sha256(repr(sorted(steps)).encode()).digest()[0]
    return "test" if digest < 51 else "validation" if digest < 77 else "train"


def _draw_graph(rng: np.random.Generator, knobs: Knobs) -> tuple[list[int], list[Unit], tuple[Edge, ...]]:
    """Amounts, units and edges of the needed steps: stages of random width, each step after one of the stage before."""
    count = int(rng.integers(knobs.steps[0], knobs.steps[1] + 1))
    stage: list[int] = []
    while len(stage) < count:
        stage += [stage[-1] + 1 if stage else 0] * int(rng.integers(1, knobs.width + 1))
    stage = stage[:count]
    edges: set[Edge] = set()
    for step in range(count):
        before = [other for other in range(step) if stage[other] == stage[step] - 1]
        if before:
            edges.add((before[rng.integers(len(before))], step))
        edges.update(
            (other, step) for other in range(step) if stage[other] < stage[step] and rng.random() < knobs.density
        )
    window = int(rng.integers(len(knobs.units) - knobs.spread))
    some = knobs.units[window : window + knobs.spread + 1]
    units: list[Unit] = [some[rng.integers(len(some))] for _ in range(count)]
    amounts = [int(rng.integers(1, min(knobs.most, MOST[unit]) + 1)) for unit in units]
    for step in range(1, count):
        if rng.random() < knobs.ties:
            other = int(rng.integers(step))
            units[step], amounts[step] = units[other], amounts[other]
    return amounts, units, tuple(sorted(reduction(count, edges)))


def _dress(
    rng: np.random.Generator,
    knobs: Knobs,
    *,
    amounts: list[int],
    units: list[Unit],
    edges: tuple[Edge, ...],
    held_out: bool,
) -> Instance:
    """Add what follows or is not needed, shuffle the numbers of the steps, and put all into words."""
    count = len(amounts)
    told = {*edges, *(pair for pair in closure(count, edges) - set(edges) if rng.random() < knobs.redundant)}
    for _ in range(knobs.spare):
        unit = units[rng.integers(count)]
        units = [*units, unit]
        amounts = [*amounts, int(rng.integers(1, min(knobs.most, MOST[unit]) + 1))]
    place = [int(step) for step in rng.permutation(len(amounts))]
    goal, steps = draw_texts(rng, len(amounts), held_out=held_out)
    order = sorted(range(len(amounts)), key=lambda step: place[step])
    return Instance(
        goal=goal,
        steps=tuple(steps),
        amounts=tuple(amounts[step] for step in order),
        units=tuple(units[step] for step in order),
        edges=tuple(sorted((place[before], place[after]) for before, after in told)),
        spare=tuple(sorted(place[step] for step in range(count, len(amounts)))),
        workers=knobs.workers,
        wording=int(rng.integers(2**31)),
        held_out=held_out,
    )
