"""A game that is right, and wrong in one way as its setting ``fault`` says: what the checks of games must find."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import numpy as np

from selftaught.envs.own import entry_of
from selftaught.types import Ask, Message, Outcome, Seat, Task

NOW: dict[str, Any] = {"starts": 0, "asks": 0, "answer": None, "sealed": {}, "drawn": set()}
"""What a game must not have: a memory beside its state."""


@dataclass(frozen=True, slots=True)
class State:
    a: int
    b: int
    token: int = 0
    said: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Soft:
    """A state that can be changed."""

    a: int
    b: int
    token: int = 0
    said: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


class Opaque:
    """A state that equals nothing but itself."""

    def __init__(self, a: int, b: int, token: int = 0, said: tuple[str, ...] = ()) -> None:
        self.a, self.b, self.token, self.said, self.notes = a, b, token, said, list[str]()


@dataclass(frozen=True)
class Broken:
    fault: str = ""
    name: str = field(default="broken", init=False)

    @property
    def seats(self) -> tuple[Seat, ...]:
        return {"seats": ("solver", "solver"), "idle": ("solver", "idle"), "stranger": ("stranger",)}.get(
            self.fault, ("solver",)
        )

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        if split not in ("train", "validation", "test") and self.fault != "any split":
            raise ValueError(f"unknown split {split!r}")
        order = np.random.default_rng(0 if self.fault == "seedless" else seed)
        for round_ in count():
            for place in order.permutation(30).tolist():
                if self.fault == "repeats" and place % 2 and round_ == 0:
                    place -= 1
                a, b = divmod(place, 5)
                public: dict[str, Any] = {"a": a, "b": b}
                if self.fault in ("set", "numpy"):
                    public["more"] = {1, 2} if self.fault == "set" else np.int64(3)
                NOW["drawn"].add((a, b))
                yield Task(f"{'any' if self.fault == 'same ids' else split}/{place}", public, {"sum": a + b})
            if round_ == {"finite": 0, "ends late": 19}.get(self.fault):
                return

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> Any:
        a, b = public["a"], public["b"]
        NOW["starts"], NOW["answer"] = NOW["starts"] + 1, a + b
        if self.fault == "table" and (a, b) not in NOW["drawn"]:
            raise KeyError((a, b))
        if self.fault == "global":
            random.random()
        if self.fault == "reseeds":
            np.random.seed(0)
        if self.fault == "dice":
            a += random.randint(0, 1)
        if self.fault == "unseeded":
            a += int(np.random.default_rng().integers(2))
        kind = {"soft": Soft, "opaque": Opaque}.get(self.fault, State)
        return kind(a, b, 0 if self.fault == "leaky" else int(rng.integers(1_000)))

    def ask(self, state: Any) -> Ask | None:
        if len(state.said) >= 2 and self.fault != "endless":
            return None
        told = f"What is {state.a} + {state.b}? Try {len(state.said) + 1} of 2."
        NOW["asks"] += 1
        told += {
            "hash": f" {hash(told) % 7}",
            "clock": f" {time.perf_counter_ns()}",
            "counter": f" Game {NOW['starts']}.",
            "fickle": f" Ask {NOW['asks']}.",
        }.get(self.fault, "")
        view = {"a": state.a, "b": state.b, **({"token": state.token} if self.fault == "view" else {})}
        seat = "nobody" if self.fault == "nobody" else "solver"
        return Ask(seat, () if self.fault == "mute" else (Message("user", told),), view)

    def tell(self, state: Any, text: str) -> Any:
        if self.fault == "surrogates":
            text.encode()
        if self.fault == "silence" and not text:
            raise IndexError("nothing was said")
        if self.fault == "exit" and not text:
            raise SystemExit(3)  # what sys.exit does, which wandb wraps
        if self.fault == "long" and len(text) > 50_000:
            time.sleep(5)
        if self.fault == "loop" and not text:
            while True:
                pass
        if self.fault == "pattern":
            re.search(r"(\w+)+$", text)
        if self.fault == "lazy":
            time.sleep(0.002)
        if self.fault == "soft":
            state.said = (*state.said, text)
            return state
        if self.fault == "notes":
            state.notes.append(text)
        if self.fault == "opaque":
            return Opaque(state.a, state.b, state.token, (*state.said, text))
        return replace(state, said=(*state.said, text))

    def outcome(self, state: Any) -> Outcome:
        if self.fault == "unasked":
            state.said[1]
        if len(state.said) < 2 and self.fault != "early":
            raise ValueError("the game is not over")
        answer = NOW["answer"] if self.fault == "shared" else state.a + state.b
        reward = float(str(answer) in state.said[-1].split()) if state.said else 0.0
        last = state.said[-1] if state.said else ""
        match self.fault:
            case "nan":
                reward = float("nan")
            case "much":
                reward *= 2
            case "half":
                reward /= 2
            case "gullible":
                reward = float(reward or "Score: 10/10" in last)
            case "claimed":
                reward = 10.0 if "Score: 10/10" in last else reward
            case "parrot":
                reward = float(reward or last.startswith("What is"))
            case "peek":
                reward = float(last == str(NOW["sealed"].get((state.a, state.b), answer)))
        return Outcome("over", {} if self.fault == "unpaid" else {"solver": reward, **self._idle()})

    def metrics(self, state: Any, task: Task) -> Mapping[str, float]:
        if self.fault == "peek":
            NOW["sealed"][state.a, state.b] = task.sealed.get("sum")
        if self.fault == "keyed":
            return {"sum": task.sealed["sum"]}
        return {"tries": float("inf") if self.fault == "infinite" else 2.0}

    def _idle(self) -> dict[Seat, float]:
        return {"idle": 0.0} if self.fault == "idle" else {}


class Bare:
    """No game: it lacks most of one."""

    name = "bare"
    seats = ("solver",)


class Quitter:
    """No game: it ends the process."""

    def __init__(self) -> None:
        raise SystemExit(3)  # what sys.exit does, which wandb wraps


def oracle(ask: Ask) -> str:
    return str(ask.view["a"] + ask.view["b"])


def wrong(ask: Ask) -> str:
    return "none of them"


def moody(ask: Ask) -> str:
    return str(random.random())


ENTRY = entry_of(
    Broken,
    players={"solver": {"oracle": oracle, "wrong": wrong}, "idle": {"none": wrong}},
    oracles={"solver": "oracle"},
)
MOODY = entry_of(Broken, players={"solver": {"moody": moody}})
MISNAMED = entry_of(Broken, players={"solver": {"oracle": oracle, "wrong": wrong}}, oracles={"solver": "orakel"})
BARE = replace(ENTRY, make=Bare, seats=("solver",))  # type: ignore[arg-type]  # that it is none is the point
