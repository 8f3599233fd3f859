"""Tasks of reasoning-gym as a game of one reply that pays nothing: what a policy can do that nobody trained here.

The extra ``reasoning`` brings reasoning-gym (Apache-2.0); its version is pinned, for its tasks are part of the items.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import count
from typing import Any, Final

import numpy as np

from selftaught.types import Ask, Message, Outcome, Seat, Task

SOLVER: Final = "solver"
SPLITS: Final = ("train", "validation", "test")
FORM: Final = "Reply with the answer alone."
MANY: Final = 10**6
"""Tasks of a kind; each is made when it is asked for."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A question, and the answer once there is one."""

    question: str
    answer: str | None = None


@dataclass(frozen=True)
class Reasoning:
    """Questions of some of reasoning-gym's kinds, in turn; implements ``selftaught.types.Game``.

    Raises:
        ValueError: on a kind that reasoning-gym does not have.
        ImportError: without reasoning-gym.
    """

    kinds: tuple[str, ...]
    name: str = field(default="reasoning", init=False)
    seats: tuple[Seat, ...] = field(default=(SOLVER,), init=False)

    def __post_init__(self) -> None:
        if not self.kinds:
            raise ValueError("name at least one kind of reasoning-gym's tasks")
        for kind in self.kinds:
            _dataset(kind, 0)

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Endless questions; the splits draw from seeds of their own.

        Raises:
            ValueError: if the split is unknown.
        """
        if split not in SPLITS:
            raise ValueError(f"unknown split {split!r}; the splits are {', '.join(SPLITS)}")
        drawn = int(np.random.SeedSequence([seed, SPLITS.index(split)]).generate_state(1)[0] >> 1)
        for number in count():
            kind, place = self.kinds[number % len(self.kinds)], number // len(self.kinds)
            question = str(_dataset(kind, drawn)[place]["question"])
            sealed = {"kind": kind, "seed": drawn, "place": place}
            yield Task(f"{split}/{kind}-{seed}-{place}", {"question": question}, sealed)

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> Answered:
        """The question."""
        return Answered(public["question"])

    def ask(self, state: Answered) -> Ask | None:
        """The solver, once."""
        if state.answer is not None:
            return None
        return Ask(SOLVER, (Message("user", f"{state.question}\n\n{FORM}"),), {"question": state.question})

    def tell(self, state: Answered, text: str) -> Answered:
        """Take the answer."""
        return replace(state, answer=text.strip())

    def outcome(self, state: Answered) -> Outcome:
        """Nothing is paid: what is right is sealed.

        Raises:
            ValueError: if there is no answer yet.
        """
        if state.answer is None:
            raise ValueError("the game is not over: nothing was said")
        return Outcome("answered", {SOLVER: 0.0})

    def metrics(self, state: Answered, task: Task) -> Mapping[str, float]:
        """What reasoning-gym's own check says, from 0 to 1."""
        sealed = task.sealed
        found = _dataset(sealed["kind"], sealed["seed"])
        score = float(found.score_answer(answer=state.answer, entry=found[sealed["place"]]))
        return {"success": score, f"{sealed['kind']}/success": score}


@lru_cache(maxsize=64)
def _dataset(kind: str, seed: int) -> Any:
    try:
        import reasoning_gym
    except ImportError as error:
        raise ImportError("these tasks are reasoning-gym's: pip install 'selftaught[reasoning]'") from error
    try:
        return reasoning_gym.create_dataset(kind, seed=seed, size=MANY)
    except ValueError as error:
        raise ValueError(f"reasoning-gym has no tasks of the kind {kind!r}: {error}") from error
