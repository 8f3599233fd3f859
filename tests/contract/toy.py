"""A second, tiny game: the contract tests run over it too, which proves them and the views generic.

The keeper knows a number, and the guesser asks for it. The keeper opens and then answers every guess; it must neither
say the number nor stay silent. Unlike taboo, the first state is drawn from the generator, not only from the task.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np

from selftaught.envs.entry import Entry
from selftaught.envs.gym_view import SeatEnv
from selftaught.types import Ask, Message, Outcome, Player, Seat, Task

GYM_ID = "tests/Toy-v0"
KEEPER, GUESSER = "keeper", "guesser"


@dataclass(frozen=True, slots=True)
class ToyState:
    """``heard`` holds the texts in order, the keeper's first."""

    high: int
    secret: int
    heard: tuple[str, ...] = ()
    end: str | None = None


@dataclass(frozen=True, slots=True)
class Toy:
    """Guess a number in ``guesses`` tries; zero-sum."""

    guesses: int = 5
    name: str = "toy"
    seats: tuple[Seat, ...] = (KEEPER, GUESSER)
    zero_sum: bool = True

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Ranges to guess in; the sealed half holds the number of guesses that bisection needs."""
        if split not in ("train", "validation", "test"):
            raise ValueError(f"unknown split {split!r}")
        order = np.random.default_rng(seed)
        while True:
            for high in order.permutation(np.arange(5, 35)).tolist():
                yield Task(f"{split}/{high}", {"high": high}, {"par": int(np.ceil(np.log2(high + 1)))})

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> ToyState:
        """Draw the number."""
        return ToyState(high=public["high"], secret=int(rng.integers(1, public["high"] + 1)))

    def ask(self, state: ToyState) -> Ask | None:
        """Keeper and guesser in turn."""
        if state.end is not None:
            return None
        if len(state.heard) % 2 == 0:
            rules = f"You hold the number {state.secret} of 1 to {state.high}. Answer higher or lower. Never say it."
            return Ask(KEEPER, _chat(rules, state.heard, own=0), {"secret": state.secret, "heard": state.heard})
        rules = f"Guess a number of 1 to {state.high}. Say one number."
        return Ask(GUESSER, _chat(rules, state.heard, own=1), {"high": state.high, "heard": state.heard})

    def tell(self, state: ToyState, text: str) -> ToyState:
        """Judge one text."""
        keeper = len(state.heard) % 2 == 0
        heard = (*state.heard, text)
        numbers = re.findall(r"[0-9]{1,9}", text)
        end = None
        if keeper and (not text.strip() or str(state.secret) in numbers):
            end = "keeper_broke"
        elif not keeper and numbers and int(numbers[0]) == state.secret:
            end = "found"
        elif len(heard) == 2 * self.guesses:
            end = "not_found"
        return ToyState(state.high, state.secret, heard, end)

    def outcome(self, state: ToyState) -> Outcome:
        """The guesser wins if it finds the number or the keeper breaks the rules."""
        if state.end is None:
            raise ValueError("the game is not over")
        reward = -1.0 if state.end == "not_found" else 1.0
        return Outcome(state.end, {KEEPER: -reward, GUESSER: reward}, f"the number was {state.secret}")

    def metrics(self, state: ToyState, task: Task) -> Mapping[str, float]:
        """Guesses made, and how many more than bisection."""
        made = len(state.heard) // 2
        return {"guesses": float(made), "over_par": float(made - task.sealed.get("par", 0))}


def honest(ask: Ask) -> str:
    """Keeper: says truly where the number lies."""
    heard = ask.view["heard"]
    numbers = re.findall(r"[0-9]{1,9}", heard[-1]) if heard else []
    if not numbers:
        return "Go on."
    return "higher" if int(numbers[0]) < ask.view["secret"] else "lower"


def blabbing(ask: Ask) -> str:
    """Keeper: opens with the number in half of the games, so that the guesser never acts."""
    return f"It is {ask.view['secret']}." if ask.seed % 2 else honest(ask)


def random_guess(ask: Ask) -> str:
    """Guesser: any number of the range, drawn by the ask's seed."""
    return f"I say {1 + ask.seed % ask.view['high']}."


def bisect(ask: Ask) -> str:
    """Guesser: halves the range."""
    low, high, guess = 1, ask.view["high"], 0
    for text in ask.view["heard"][1:]:
        if text == "higher":
            low = guess + 1
        elif text == "lower":
            high = guess - 1
        else:
            guess = int((re.findall(r"[0-9]{1,9}", text) or ["0"])[0])
    return str((low + high) // 2)


PLAYERS: Mapping[Seat, Mapping[str, Player]] = {
    KEEPER: {"honest": honest, "blabbing": blabbing},
    GUESSER: {"random_guess": random_guess, "bisect": bisect},
}

ENTRY = Entry(
    name="toy",
    id=GYM_ID,
    make=Toy,
    seats=(KEEPER, GUESSER),
    players=PLAYERS,
    default_seat=GUESSER,
    default_others={KEEPER: "honest", GUESSER: "random_guess"},
    yardsticks={KEEPER: ("honest",), GUESSER: ("random_guess", "bisect")},
    teachers={KEEPER: ("honest",), GUESSER: ("bisect",)},
)


def make_toy_env(
    *, seat: Seat = GUESSER, others: Any = None, render_mode: str | None = None, **options: Any
) -> SeatEnv:
    """What ``gymnasium.make`` calls; players go by function, for the toy is not in the registry."""
    if others is None:
        others = {other: PLAYERS[other][name] for other, name in ENTRY.default_others.items() if other != seat}
    return SeatEnv(Toy(), seat=seat, others=others, render_mode=render_mode, **options)


if GYM_ID not in gymnasium.registry:
    gymnasium.register(id=GYM_ID, entry_point=make_toy_env)


def _chat(rules: str, heard: tuple[str, ...], *, own: int) -> tuple[Message, ...]:
    said = [Message("assistant" if place % 2 == own else "user", text) for place, text in enumerate(heard)]
    return (Message("system", rules), *said)
