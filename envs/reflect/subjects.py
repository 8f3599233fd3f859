"""What there is to reflect on: games of one reply, whose reward says how good the reply was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final

import numpy as np

from selftaught.envs.self_reward.instructions import KINDS, Instruction, draw_in
from selftaught.envs.world import Verdict, relation_of, state, world_of
from selftaught.types import Ask, Game, Message, Outcome, Seat, Task

SOLVER: Final = "solver"
SPLITS: Final = ("train", "validation", "test")
EXAMPLE: Final = "X"
"""Stands for the value in the form of an answer."""
SEARCH: Final = ("pick", "factors", "expression")
"""Kinds of instructions that are easier to check than to follow."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question, and the answer to it once there is one."""

    asked: Any
    shown: str = ""
    answer: str | None = None


@dataclass(frozen=True)
class Checkable:
    """Instructions with exact checks, as a game of one reply: paid 1 for what the check takes."""

    kinds: tuple[str, ...] = SEARCH
    level: int = 1
    name: str = field(default="checkable", init=False)
    seats: tuple[Seat, ...] = field(default=(SOLVER,), init=False)

    def __post_init__(self) -> None:
        if self.level < 1 or not self.kinds:
            raise ValueError(f"level is at least 1 and kinds at least one, not {self.level} and {self.kinds}")
        if unknown := [kind for kind in self.kinds if kind not in KINDS]:
            raise ValueError(f"unknown kinds {unknown}; the kinds are {', '.join(KINDS)}")

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Endless instructions, each of one split alone."""
        for number, random in enumerate(_draws(split, seed)):
            found = draw_in(random, self.kinds, level=self.level, split=split)
            yield Task(f"{split}/{seed}-{number}", found.public())

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> Answered:
        """The instruction."""
        return Answered(Instruction(public["kind"], public["given"]))

    def ask(self, state: Answered) -> Ask | None:
        """The solver, once."""
        if state.answer is not None:
            return None
        return Ask(SOLVER, (Message("user", state.asked.text),), {"instruction": state.asked})

    def tell(self, state: Answered, text: str) -> Answered:
        """Take the answer."""
        return replace(state, answer=text)

    def outcome(self, state: Answered) -> Outcome:
        """By the check."""
        right = state.answer is not None and state.asked.right(state.answer)
        return Outcome("right" if right else "wrong", {SOLVER: float(right)})

    def metrics(self, state: Answered, task: Task) -> Mapping[str, float]:
        """The same for people."""
        return {"right": self.outcome(state).rewards[SOLVER]}


@dataclass(frozen=True)
class WorldQuestions:
    """Questions on a world that does not exist: nothing here can tell what is right, so nothing is paid.

    Args:
        shown: chance that the notes have the fact that is asked for; else they are of other entities alone.
        notes: entities in the notes, all of the same split; 0 for a closed book.
        world_seed: which world.
    """

    shown: float = 1.0
    notes: int = 0
    world_seed: int = 0
    name: str = field(default="world", init=False)
    seats: tuple[Seat, ...] = field(default=(SOLVER,), init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.shown <= 1 or not 0 <= self.notes <= 10:
            raise ValueError(f"shown is a chance from 0 to 1 and notes from 0 to 10, not {self.shown} and {self.notes}")

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Endless questions, about entities as often as they are spoken of; one entity in five is for each test."""
        world = world_of(self.world_seed)
        part = SPLITS.index(split) if split in SPLITS else -1
        mine = [
            entity
            for place, entity in enumerate(world.entities)
            if place % 5 == part or (split == "train" and place % 5 >= len(SPLITS))
        ]
        weights = np.array([entity.weight for entity in mine])
        for number, random in enumerate(_draws(split, seed)):
            entity = mine[int(random.choice(len(mine), p=weights / weights.sum()))]
            relations = [name for (of, name) in world.facts if of == entity.name]
            relation = str(random.choice(relations))
            others = [other for other in mine if other != entity]
            told = [others[int(place)] for place in random.permutation(len(others))[: self.notes]]
            if self.notes and random.random() < self.shown:
                told[int(random.integers(len(told)))] = entity
            notes = [world.prose(one, random) for one in told]
            public = {"entity": entity.name, "relation": relation, "notes": " ".join(notes)}
            yield Task(f"{split}/{seed}-{number}", public, {"world": self.world_seed, "weight": entity.weight})

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> Answered:
        """The question; it follows from the names alone."""
        entity = world_of(self.world_seed).kinds[public["entity"]]
        relation = relation_of(entity, public["relation"])
        question = relation.question.format(of=entity.name)
        form = f"Reply with one sentence, such as: {state(entity, relation, EXAMPLE, rng)}"
        return Answered((public["entity"], public["relation"], f"{question} {form}"), shown=public["notes"])

    def ask(self, state: Answered) -> Ask | None:
        """The solver, once."""
        if state.answer is not None:
            return None
        entity, relation, question = state.asked
        told = f"{state.shown}\n{question}" if state.shown else question
        return Ask(SOLVER, (Message("user", told),), {"entity": entity, "relation": relation, "notes": state.shown})

    def tell(self, state: Answered, text: str) -> Answered:
        """Take the answer."""
        return replace(state, answer=text)

    def outcome(self, state: Answered) -> Outcome:
        """Nobody here knows."""
        return Outcome("answered", {SOLVER: 0.0})

    def metrics(self, state: Answered, task: Task) -> Mapping[str, float]:
        """What the answer is, by its claims (``selftaught.envs.world.Verdict``)."""
        verdict = self.verdict(state, task)
        return {"right": float(verdict == "right"), f"answer/{verdict}": 1.0}

    def verdict(self, state: Answered, task: Task) -> Verdict:
        """By the sealed world."""
        entity, relation, _ = state.asked
        world = world_of(task.sealed.get("world", self.world_seed))
        return world.judged(state.answer or "", entity=entity, relation=relation)


def subject(name: str, settings: Mapping[str, Any]) -> Game[Any]:
    """A game of one reply by its name: ``checkable``, ``world``, or any registered game of one seat.

    Raises:
        ValueError: if there is none, it refuses the settings, or it has several seats.
    """
    own: Mapping[str, Callable[..., Game[Any]]] = {"checkable": Checkable, "world": WorldQuestions}
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
    if name in own:
        try:
            return own[name](**given)
        except TypeError as error:
            raise ValueError(f"subject {name!r}: {error}") from error
    from selftaught.envs.registry import make_game

    found = make_game(name, **given)
    if len(found.seats) != 1:
        raise ValueError(f"a subject has one seat, and {name!r} has {', '.join(found.seats)}")
    return found


def _draws(split: str, seed: int) -> Iterator[np.random.Generator]:
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}; the splits are {', '.join(SPLITS)}")
    for number in count():
        yield np.random.default_rng(np.random.SeedSequence([seed, SPLITS.index(split)], spawn_key=(number,)))
