"""Hardware (arXiv 2403.11202) as a pure game: code that is broken, hidden or described by rule, and proved again.

An engineer gets a problem made from a design alone and replies with code. A compiler and a prover decide how far the
reply comes, so there is no test bench to please. Where the engineer may try again, it sees what the tools say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import Any, Final, Literal, get_args

import numpy as np

from selftaught.envs.hardware import answers, prompts
from selftaught.envs.hardware.designs import LEVELS, SPLITS, Design, draw, tokens
from selftaught.envs.hardware.library import library
from selftaught.envs.hardware.making import make
from selftaught.envs.hardware.problems import KINDS, PAY, RUNGS, Judged, Kind, Problem, judge, pay, problem
from selftaught.hidden import public_part
from selftaught.types import Ask, Message, Outcome, Seat, Task

ENGINEER: Final = "engineer"
DESCRIBER: Final = "describer"
Reply = Literal["module", "lines"]
MOST: Final = 8
"""Attempts."""


@dataclass(frozen=True, slots=True)
class HardwareState:
    """One position: the problem, what the engineer reads, and every attempt so far.

    ``description`` is the describer's where one is wanted; ``pasted``: it has code in it.
    """

    problem: Problem
    thread: tuple[Message, ...]
    attempts: tuple[Judged, ...] = ()
    description: str | None = None
    pasted: bool = False


@dataclass(frozen=True)
class Hardware:
    """Settings and rules; implements ``selftaught.types.Game``.

    Args:
        kinds: of problems: ``repair``, ``complete``, ``round_trip``, ``construct``, ``script``; with ``describe`` a
            second seat writes the description that the engineer builds from.
        level: of the designs: 0 for a few short lines, 1 to 3 for modules of up to 16, 32 and 60 lines.
        attempts: at a problem; from the second on with the compiler's words or a run that shows the difference.
        reply: to a repair: the whole ``module``, or the ``lines`` that change.
        folder: of Verilog files whose designs are taken instead of drawn ones.

    Raises:
        ValueError: on a setting out of range or unknown.
    """

    kinds: tuple[Kind, ...] = ("repair", "complete", "round_trip", "construct", "script")
    level: int = 1
    attempts: int = 1
    reply: Reply = "module"
    folder: str = ""
    name: str = field(default="hardware", init=False)

    def __post_init__(self) -> None:
        # On the command line kinds are one text, as kinds=repair,script.
        kinds: Any = self.kinds
        object.__setattr__(self, "kinds", tuple(kinds.split(",") if isinstance(kinds, str) else kinds))
        if not self.kinds or (unknown := [kind for kind in self.kinds if kind not in KINDS]):
            raise ValueError(f"unknown kinds {unknown if self.kinds else ()}; expected some of {', '.join(KINDS)}")
        if self.level not in LEVELS:
            raise ValueError(f"level must be one of {', '.join(map(str, LEVELS))}, not {self.level}")
        if self.reply not in get_args(Reply):
            raise ValueError(f"reply must be one of {', '.join(get_args(Reply))}, not {self.reply!r}")
        if not 1 <= self.attempts <= MOST:
            raise ValueError(f"attempts must be from 1 to {MOST}, not {self.attempts}")

    @property
    def seats(self) -> tuple[Seat, ...]:
        """Those that the settings ask for."""
        return (*[DESCRIBER] * ("describe" in self.kinds), ENGINEER)

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Endless new problems; ``hard`` is a test on families of designs and kinds of faults that training never has.

        Raises:
            ValueError: if the split is unknown, or the folder has no designs of it.
        """
        if split not in SPLITS:
            raise ValueError(f"unknown split {split!r}; the splits are {', '.join(SPLITS)}")
        designs = partial(_from_folder, self.folder) if self.folder else partial(_drawn, self.level)
        if self.folder:
            designs(np.random.default_rng(0), split)
        return self._tasks(split, seed, designs)

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> HardwareState:
        """The problem; draws nothing.

        Raises:
            ValueError: if ``public`` is no problem, or of a kind with a seat that is not there.
        """
        found = problem(public)
        if found.kind == "describe" and DESCRIBER not in self.seats:
            raise ValueError(f"a problem of kind 'describe' needs kinds={(*self.kinds, 'describe')}")
        state = HardwareState(found, () if found.kind == "describe" else prompts.chat(found))
        answers.keep(state.thread, found.reply)
        return state

    def ask(self, state: HardwareState) -> Ask | None:
        """The describer if there is one to describe, then the engineer; ``None`` when the game is over."""
        if _over(state, self.attempts):
            return None
        found = state.problem
        if not state.thread:
            return Ask(DESCRIBER, prompts.describing(found), {"code": found.shown})
        view = {
            "kind": "round_trip" if found.kind == "describe" else found.kind,
            "told": found.told if state.description is None else state.description,
            "shown": "" if found.kind == "describe" else found.shown,
            "said": state.attempts[-1].said if state.attempts else found.said,
            "holes": len(found.answers) if found.kind == "complete" else 0,
            "lines": found.lines,
        }
        return Ask(ENGINEER, state.thread, view)

    def tell(self, state: HardwareState, text: str) -> HardwareState:
        """Take the description, or judge an attempt.

        Raises:
            ValueError: if the game is over.
        """
        if _over(state, self.attempts):
            raise ValueError("the game is over; start a new one")
        found, said = state.problem, public_part(text)
        if not state.thread:
            thread = prompts.chat(replace(found, told=said, shown=""))
            answers.keep(thread, found.reply)
            return replace(state, thread=thread, description=said, pasted=_pasted(said, found.shown))
        judged = judge(found, said)
        told = replace(state, attempts=(*state.attempts, judged))
        if _over(told, self.attempts):
            return told
        thread = (*state.thread, Message("assistant", text), prompts.again(judged.said))
        answers.keep(thread, found.reply)
        return replace(told, thread=thread)

    def outcome(self, state: HardwareState) -> Outcome:
        """The engineer earns what the last attempt's rung is worth above the floor (``PAY``), the describer the same.

        A description with code in it earns nothing.

        Raises:
            ValueError: if the game is not over.
        """
        last = self._last(state)
        worth = pay(state.problem, last.rung)
        rewards = {ENGINEER: worth}
        if DESCRIBER in self.seats:
            rewards[DESCRIBER] = worth if state.description is not None and not state.pasted else 0.0
        return Outcome(last.rung, rewards, last.said)

    def metrics(self, state: HardwareState, task: Task) -> Mapping[str, float]:
        """How far it came: syntax and function apart, and what was solved by kind of problem and of fault."""
        last, found = self._last(state), state.problem
        solved = float(last.rung == "equal")
        kind, form, fault = (task.sealed.get(name, "") for name in ("kind", "form", "fault"))
        figures = {
            f"end/{last.rung}": 1.0,
            "success": solved,
            "syntax": float(RUNGS.index(last.rung) >= RUNGS.index("elaborated")),
            "function": solved,
            "rung": RUNGS.index(last.rung) / (len(RUNGS) - 1),
            "first": float(state.attempts[0].rung == "equal"),
            "attempts": float(len(state.attempts)),
            "gained": float(PAY[last.rung] > PAY[found.floor]),
            f"solved/{found.kind}": solved,
        }
        if kind and form:
            figures[f"form/{kind}/{form}"] = solved
        if fault:
            figures[f"fault/{fault}"] = solved
        if state.description is not None:
            figures["faithful"] = solved
            figures["pasted"] = float(state.pasted)
        return figures

    def _last(self, state: HardwareState) -> Judged:
        if not _over(state, self.attempts):
            raise ValueError("the game is not over")
        return state.attempts[-1]

    def _tasks(self, split: str, seed: int, designs: Any) -> Iterator[Task]:
        for number in count():
            random = np.random.default_rng(np.random.SeedSequence([seed, SPLITS.index(split)], spawn_key=(number,)))
            kind = self.kinds[int(random.integers(len(self.kinds)))]
            made = make(kind, random, designs=designs, level=self.level, split=split)
            sealed = {"kind": kind, "form": made.form, "fault": made.fault}
            found = replace(made.problem, lines=kind == "repair" and self.reply == "lines")
            yield Task(f"{split}/{seed}-{number}", found.public(), sealed)


def _over(state: HardwareState, attempts: int) -> bool:
    return bool(state.attempts) and (state.attempts[-1].rung == "equal" or len(state.attempts) == attempts)


def _drawn(level: int, random: np.random.Generator, split: str) -> Design:
    return draw(random, level=level, split=split)


def _from_folder(folder: str, random: np.random.Generator, split: str) -> Design:
    """A design of the user's own, of a split.

    Raises:
        ValueError: if there is none of that split.
    """
    found = library(folder).of(split)
    if not found:
        raise ValueError(f"{folder} has no designs of the split {split!r}: {library(folder).summary()}")
    return found[int(random.integers(len(found)))]


def _pasted(text: str, code: str) -> bool:
    """Whether a description shares a run of tokens with the code, or has most of it with other things put between."""
    said, written = tokens(text), tokens(code)
    runs = {tuple(written[place : place + prompts.PASTED]) for place in range(len(written) - prompts.PASTED + 1)}
    run = any(tuple(said[place : place + prompts.PASTED]) in runs for place in range(len(said) - prompts.PASTED + 1))
    return run or _in_order(said, written) >= prompts.KEPT * len(written)


def _in_order(said: list[str], written: list[str]) -> int:
    """The length of the longest common subsequence, by bits (Hyyrö 2004)."""
    places: dict[str, int] = {}
    for place, token in enumerate(written):
        places[token] = places.get(token, 0) | 1 << place
    every = open_ = (1 << len(written)) - 1
    for token in said:
        new = open_ & places.get(token, 0)
        open_ = (open_ + new | open_ - new) & every
    return len(written) - open_.bit_count()
