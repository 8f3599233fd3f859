"""Two numbers, their sum, two tries; the reward is computed from what was asked, and audited by what is sealed.

A game is pure functions of a frozen state. It never calls a model: it *asks* a seat, and is *told* what the seat said.
So any player can sit there, and the same code plays, trains, evaluates and replays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from selftaught.envs.own import entry_of
from selftaught.hidden import public_part
from selftaught.template.players import PLAYERS
from selftaught.types import Ask, Message, Outcome, Seat, Task

SOLVER = "solver"
SPLITS = {"train": (0, 1, 2), "validation": (3,), "test": (4,)}
RULES = "Answer with one line that ends in the number, such as: Answer: 7"


@dataclass(frozen=True, slots=True)
class State:
    """One position: the two numbers, and what was said so far. Frozen: a move makes a new one."""

    first: int
    second: int
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Template:
    """Settings and rules. Whatever is a setting here can be given as ``--settings tries=3`` on the command line.

    Raises:
        ValueError: on a setting out of range.
    """

    tries: int = 2
    largest: int = 50
    name: str = field(default="template", init=False)
    seats: tuple[Seat, ...] = field(default=(SOLVER,), init=False)

    def __post_init__(self) -> None:
        if self.tries < 1 or self.largest < 10:
            raise ValueError(f"tries must be at least 1 and largest at least 10: {self.tries}, {self.largest}")

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Endless; every task comes once before any comes twice. The splits share none."""
        if split not in SPLITS:
            raise ValueError(f"unknown split {split!r}; the splits are {', '.join(SPLITS)}")
        numbers = range(self.largest)
        pairs = [(a, b) for a in numbers for b in numbers if (3 * a + b) % 5 in SPLITS[split]]
        random = np.random.default_rng(seed)
        while True:
            for place in random.permutation(len(pairs)):
                a, b = pairs[int(place)]
                # ``public`` is all that the game may know. ``sealed`` is for ``metrics`` alone.
                yield Task(f"{split}/{a}+{b}", public={"first": a, "second": b}, sealed={"sum": a + b})

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> State:
        """The first position. A game with chance in it would draw from ``rng``, and from nothing else."""
        return State(public["first"], public["second"])

    def ask(self, state: State) -> Ask | None:
        """Who acts next, and what that seat sees: as chat for a model, as data (``view``) for a scripted player."""
        if self._over(state):
            return None
        messages = [Message("user", f"What is {state.first} + {state.second}? {RULES}")]
        for text in state.said:
            messages += [Message("assistant", text), Message("user", f"That is not it. Try again. {RULES}")]
        view = {"first": state.first, "second": state.second, "said": state.said}
        return Ask(SOLVER, tuple(messages), view)

    def tell(self, state: State, text: str) -> State:
        """The position after the seat said ``text``. Any text is legal, so nothing here may raise.

        What a reasoning model thinks aloud is left out: it is private.
        """
        return replace(state, said=(*state.said, public_part(text)))

    def outcome(self, state: State) -> Outcome:
        """A reward for every seat: 1 for the sum at once, less for each try more, 0 without it."""
        if not self._over(state):
            raise ValueError("the game is not over")
        right = number_in(state.said[-1]) == state.first + state.second
        reward = 1 - (len(state.said) - 1) / self.tries if right else 0.0
        return Outcome("right" if right else "wrong", {SOLVER: reward}, f"{len(state.said)} tries")

    def metrics(self, state: State, task: Task) -> Mapping[str, float]:
        """Figures for people. Only this function may look at ``task.sealed``: what is not trained on is not gamed."""
        figures = {"success": float(self.outcome(state).end == "right"), "tries": float(len(state.said))}
        if "sum" in task.sealed:
            figures["audit/right"] = float(number_in(state.said[-1]) == task.sealed["sum"])
        return figures

    def _over(self, state: State) -> bool:
        right = bool(state.said) and number_in(state.said[-1]) == state.first + state.second
        return right or len(state.said) >= self.tries


def number_in(text: str) -> int | None:
    """The number that a reply ends in; None where there is none. Read strictly: what is not there is not guessed."""
    found = re.search(r"(?<![\d.,-])(-?[0-9]{1,9})[.]?\s*\Z", text[-40:])
    return None if found is None else int(found[1])


ENTRY = entry_of(Template, players=PLAYERS, oracles={SOLVER: "oracle"})
"""What the commands know of the game beside its rules: who plays by name, and who of them earns the most (1)."""
