"""What is checked, what a check may find, and a game in play that can be shown again."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from time import monotonic
from traceback import extract_tb
from types import FrameType
from typing import Any, Final, Literal

import numpy as np

from selftaught.envs.entry import Entry
from selftaught.envs.registry import entry
from selftaught.types import Ask, Choosy, Game, Outcome, Paying, Player, Seat, Task
from selftaught.validation.texts import spelled

SECONDS_A_CALL = 20.0
"""Longest that one call of a game may take before it counts as endless."""
MOST_TURNS: Final = 1_000
"""Asks after which a game counts as endless."""
SHOWN: Final = 100
"""Characters of a text or a value that a finding shows."""

Status = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: what it saw, and where it failed, an example in Python and what to do about it."""

    check: str
    status: Status
    said: str
    example: str = ""
    remedy: str = ""
    seconds: float = 0.0


class Fault(Exception):
    """A promise of ``Game`` that is broken; ``example`` is Python that shows it."""

    def __init__(self, said: str, example: str = "", *, remedy: str = "") -> None:
        super().__init__(said)
        self.example, self.remedy = example, remedy


class Skip(Exception):
    """The check cannot be made, and why."""


class _TooSlow(BaseException):
    """Raised by the alarm; no ``Exception``, so that no handler of the game's takes it for one of its own."""


@dataclass(frozen=True)
class Subject:
    """A game and how thoroughly it is checked.

    Args:
        spec: the game, as ``selftaught.envs.registry.entry`` takes it; fresh processes load it by that.
        settings: of the game.
        seed: fixes tasks and draws.
        games: how many games a check plays with each cast.
        oracles: who earns the most there is, by seat, instead of those of the entry.
    """

    spec: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    games: int = 5
    oracles: Mapping[Seat, Player] = field(default_factory=dict)

    @property
    def entry(self) -> Entry:
        """Of the game."""
        return entry(self.spec)

    def make(self) -> Game[Any]:
        """A new game."""
        return self.entry.make(**self.settings)

    def tasks(self, game: Game[Any], count: int | None = None, split: str = "train") -> list[Task]:
        """The first tasks of a split."""
        with guarded("tasks", lambda: f"{self.code()}\nlist(islice(game.tasks({split!r}, {self.seed}), 1))"):
            return list(islice(game.tasks(split, self.seed), self.games if count is None else count))

    def casts(self) -> list[dict[Seat, str]]:
        """Who sits where by name: the default players, and more tables until every player has sat somewhere.

        Raises:
            Skip: if a seat is for somebody who is no scripted player.
        """
        known, game = self.entry, self.make()
        required = game.required if isinstance(game, Choosy) else {}
        for seat, name in required.items():
            if name not in known.players[seat]:
                raise Skip(f"seat {seat!r} is for {name!r}, which is no scripted player")
        named = {seat: [required[seat]] if seat in required else list(known.players[seat]) for seat in game.seats}
        first = {seat: required.get(seat, known.default_others[seat]) for seat in game.seats}
        more = range(max(len(names) for names in named.values()))
        found = [first, *({seat: names[place % len(names)] for seat, names in named.items()} for place in more)]
        return [cast for place, cast in enumerate(found) if cast not in found[:place]]

    def seated(self, names: Mapping[Seat, str]) -> dict[Seat, Player]:
        """The scripted players of these names."""
        return {seat: self.entry.players[seat][name] for seat, name in names.items()}

    def default(self) -> dict[Seat, Player]:
        """The default players."""
        return self.seated(self.casts()[0])

    def code(self) -> str:
        """Python that makes the game."""
        made = "".join(f", {name}={value!r}" for name, value in self.settings.items())
        return f"from selftaught.envs.registry import make_game\ngame = make_game({self.spec!r}{made})"


@dataclass(slots=True)
class Table:
    """One game in play. Whatever the game raises becomes a ``Fault`` that shows how to come there."""

    subject: Subject
    game: Game[Any]
    task: Task
    place: int
    state: Any = None
    asks: list[Ask] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    ended: Outcome | None = None
    draws: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.draws = draws(self.subject.seed, self.place)
        with guarded("start", self.example):
            self.state = self.game.start(self.task.public, self.draws)

    def ask(self) -> Ask | None:
        """Who acts next; with a seed, as whoever drives a game gives it."""
        with self._guarded("ask(state)"):
            ask = self.game.ask(self.state)
        return None if ask is None else Ask(ask.seat, ask.messages, ask.view, int(self.draws.integers(2**63)))

    def tell(self, ask: Ask, text: str) -> None:
        """Reply."""
        with guarded("tell", lambda: self.example(f"tell(state, {spelled(text)})")):
            self.state = self.game.tell(self.state, text)
        if isinstance(self.game, Paying):
            with self._guarded("paid(state)"):
                self.game.paid(self.state)
        self.asks.append(ask)
        self.texts.append(text)

    def step(self, reply: Player) -> bool:
        """One ask and its reply; whether the game goes on.

        Raises:
            Fault: if something raises, or the game has gone on for too long.
        """
        ask = self.ask()
        if ask is None:
            self.ended = self.outcome()  # at once: other games may follow before anybody looks
            return False
        if len(self.texts) >= MOST_TURNS:
            raise Fault(f"the game goes on after {MOST_TURNS} turns", self.example("ask(state)"))
        with guarded(f"the player of seat {ask.seat!r}", lambda: self.example("ask(state)")):
            text = reply(ask)
        self.tell(ask, text)
        return True

    def finish(self, reply: Player) -> Table:
        """Play to the end."""
        while self.step(reply):
            pass
        return self

    def outcome(self) -> Outcome:
        """Of the finished game."""
        with self._guarded("outcome(state)"):
            return self.game.outcome(self.state)

    def metrics(self, task: Task | None = None) -> Mapping[str, float]:
        """Of the finished game; by another task's sealed half, if one is given."""
        with self._guarded("metrics(state, task)" if task is None else f"metrics(state, {shown(task)})"):
            return self.game.metrics(self.state, task or self.task)

    def record(self) -> tuple[Any, ...]:
        """All that was asked and said, and how it ended."""
        return tuple(self.asks), tuple(self.texts), self.ended

    def example(self, call: str = "") -> str:
        """Python that comes to this position, and makes one more call."""
        spec, seed, settings = self.subject.spec, self.subject.seed, dict(self.subject.settings)
        texts = [spelled(text) for text in self.texts]
        many = f"[{texts[0]}] * {len(texts)}" if len(texts) > 3 and len(set(texts)) == 1 else f"[{', '.join(texts)}]"
        more = f", settings={settings!r}" if settings else ""
        line = f"game, task, state = position({spec!r}, seed={seed}, place={self.place}, texts={many}{more})"
        names = "HOSTILE, position" if "HOSTILE[" in many + call else "position"
        return f"from selftaught.validation import {names}\n{line}" + (f"\ngame.{call}" if call else "")

    def _guarded(self, call: str) -> AbstractContextManager[None]:
        return guarded(call.partition("(")[0], lambda: self.example(call))


def position(
    spec: str, *, texts: Sequence[str], seed: int = 0, place: int = 0, settings: Mapping[str, Any] | None = None
) -> tuple[Game[Any], Task, Any]:
    """The game, the task and the state after ``texts`` were told, as findings show them."""
    subject = Subject(spec, settings or {}, seed=seed)
    game = subject.make()
    task = next(islice(game.tasks("train", seed), place, None))
    state = game.start(task.public, draws(seed, place))
    for text in texts:
        state = game.tell(state, text)
    return game, task, state


def draws(seed: int, place: int) -> np.random.Generator:
    """What the game at a place in the stream draws from."""
    return np.random.default_rng([seed, place])


def by_seat(cast: Mapping[Seat, Player]) -> Player:
    """One player that answers for every seat."""
    return lambda ask: cast[ask.seat](ask)


def tables(subject: Subject, game: Game[Any], *, count: int | None = None) -> Iterator[Table]:
    """The first games, not yet played."""
    for place, task in enumerate(subject.tasks(game, count)):
        yield Table(subject, game, task, place)


def shown(value: object) -> str:
    """A value for people, on one line and not too long."""
    text = ascii(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN // 2]}...{text[-SHOWN // 2 :]} ({len(text)} characters)"


@contextmanager
def guarded(call: str, example: Callable[[], str], *, seconds: float | None = None) -> Iterator[None]:
    """Turn what the game raises, or does not finish in ``SECONDS_A_CALL`` or those given, into a ``Fault``."""
    seconds = SECONDS_A_CALL if seconds is None else seconds
    try:
        with within(seconds):
            yield
    except (Fault, Skip):
        raise
    except _TooSlow:
        raise Fault(f"{call} took longer than {seconds:g} seconds", example()) from None
    except Exception as error:  # whatever the user's code raises
        raise Fault(f"{call} raised {told(error)}", example()) from error


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Stop what takes longer, where the system has an alarm and this is the main thread."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise _TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    left, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    began = monotonic()
    try:
        yield
    finally:
        # An alarm of somebody else's, such as a test's own limit, goes on.
        signal.setitimer(signal.ITIMER_REAL, max(left - (monotonic() - began), 0.001) if left else 0)
        signal.signal(signal.SIGALRM, before)


def told(error: BaseException) -> str:
    """An exception with the line of the user's code that it came from."""
    frames = extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {ascii(' '.join(str(error).split())[: 3 * SHOWN])[1:-1]}{where}"
