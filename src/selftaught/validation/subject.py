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
REMEDIES: Final = {
    "making the game": "let the game be made without arguments: give every setting a default",
    "pickling the game": "keep only plain settings in the game: no open files, generators or functions",
    "pickling the state": "keep only plain data in the state: no open files, generators or functions",
    "tasks": "yield tasks that are drawn from numpy.random.default_rng(seed), in an endless loop",
    "start": "let start take the public half of every task that is drawn",
    "ask": "let ask answer in every state that start and tell give, with None at the end",
    "tell": "read replies by code that stands any text, of any length",
    "outcome": "let outcome pay in every state at which ask gives None, whatever was said",
    "metrics": "let metrics measure every finished game, and read task.sealed with .get",
    "paid": "let paid answer in every state that start and tell give",
    "player": "let a player answer every Ask of its seat with a text",
}
"""What to do about an exception in each call."""
SLOWNESS: Final = "let every call end soon: no endless loop, and no work that grows faster than the text"

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
        count = self.games if count is None else count
        with guarded("tasks", lambda: self.tasks_code(split, count)):
            return list(islice(game.tasks(split, self.seed), count))

    def tasks_code(self, split: str, count: int) -> str:
        """Python that draws tasks."""
        return f"from itertools import islice\n{self.code()}\nlist(islice(game.tasks({split!r}, {self.seed}), {count}))"

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
    split: str = "train"
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
        player = reply.cast[ask.seat] if isinstance(reply, Seated) else reply
        call = f"the player of seat {ask.seat!r}"
        with guarded(call, lambda: self.reply_example(ask, player), remedy=REMEDIES["player"]):
            text = player(ask)
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
        with self._guarded("metrics(state, task)" if task is None else f"metrics(state, {resealed(task)})"):
            return self.game.metrics(self.state, task or self.task)

    def record(self) -> tuple[Any, ...]:
        """All that was asked and said, and how it ended."""
        return tuple(self.asks), tuple(self.texts), self.ended

    def example(self, call: str = "") -> str:
        """Python that comes to this position, and makes one more call."""
        line = f"game, task, state = {self.position()}"
        names = "HOSTILE, position" if "HOSTILE[" in line + call else "position"
        return f"from selftaught.validation import {names}\n{line}" + (f"\ngame.{call}" if call else "")

    def reply_example(self, ask: Ask, player: Player) -> str:
        """Python that comes to this position, and has a player reply if it is one of the entry's."""
        for name, one in self.subject.entry.players.get(ask.seat, {}).items():
            if one is player:
                called = f"player({self.subject.spec!r}, {ask.seat!r}, {name!r})"
                return (
                    f"from dataclasses import replace\nfrom selftaught.envs.registry import player\n{self.example()}\n"
                    f"{called}(replace(game.ask(state), seed={ask.seed}))"
                )
        return self.example("ask(state)")

    def start_example(self) -> str:
        """Python that comes to this position again and again, and says whether it is always the same."""
        return f"{self.example()}\nall({self.position()}[2] == state for _ in range(20))"

    def position(self, turns: int | None = None) -> str:
        """The call of ``position`` that comes here, or where the game was after some turns."""
        return placed(self.subject, self.place, self.texts[:turns], split=self.split)

    def _guarded(self, call: str) -> AbstractContextManager[None]:
        return guarded(call.partition("(")[0], lambda: self.example(call))


def position(
    spec: str,
    *,
    texts: Sequence[str],
    seed: int = 0,
    place: int = 0,
    split: str = "train",
    drawn: int | None = None,
    settings: Mapping[str, Any] | None = None,
) -> tuple[Game[Any], Task, Any]:
    """The game, the task and the state after ``texts`` were told, as findings show them.

    ``drawn`` is the seed of what ``start`` draws, if it is another than that of the tasks.
    """
    game = Subject(spec, settings or {}).make()
    task = next(islice(game.tasks(split, seed), place, None))
    state = game.start(task.public, draws(seed if drawn is None else drawn, place))
    for text in texts:
        state = game.tell(state, text)
    return game, task, state


def draws(seed: int, place: int) -> np.random.Generator:
    """What the game at a place in the stream draws from."""
    return np.random.default_rng([seed, place])


def placed(subject: Subject, place: int, texts: Sequence[str], *, split: str = "train", drawn: int = -1) -> str:
    """Python that calls ``position``; ``drawn`` is told if it is a seed."""
    told = [spelled(text) for text in texts]
    many = f"[{told[0]}] * {len(told)}" if len(told) > 3 and len(set(told)) == 1 else f"[{', '.join(told)}]"
    more = f", split={split!r}" if split != "train" else ""
    more += f", drawn={drawn}" if drawn >= 0 else ""
    more += f", settings={dict(subject.settings)!r}" if subject.settings else ""
    return f"position({subject.spec!r}, seed={subject.seed}, place={place}, texts={many}{more})"


def resealed(task: Task) -> str:
    """Python for a task that is ``task`` but for its sealed half."""
    return f"type(task)(task.id, task.public, {dict(task.sealed)!r})"


@dataclass(frozen=True, slots=True)
class Seated:
    """One player that answers for every seat."""

    cast: Mapping[Seat, Player]

    def __call__(self, ask: Ask) -> str:
        """The reply of whoever sits in the seat."""
        return self.cast[ask.seat](ask)


def by_seat(cast: Mapping[Seat, Player]) -> Player:
    """One player that answers for every seat."""
    return Seated(cast)


def tables(subject: Subject, game: Game[Any], *, count: int | None = None) -> Iterator[Table]:
    """The first games, not yet played."""
    for place, task in enumerate(subject.tasks(game, count)):
        yield Table(subject, game, task, place)


def shown(value: object) -> str:
    """A value for people, on one line and not too long."""
    text = ascii(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN // 2]}...{text[-SHOWN // 2 :]} ({len(text)} characters)"


@contextmanager
def guarded(call: str, example: Callable[[], str], *, seconds: float | None = None, remedy: str = "") -> Iterator[None]:
    """Turn what the game raises, or does not finish in ``SECONDS_A_CALL`` or those given, into a ``Fault``.

    Its remedy is that of ``REMEDIES`` for the call, if no other is given.
    """
    seconds = SECONDS_A_CALL if seconds is None else seconds
    try:
        with within(seconds):
            yield
    except (Fault, Skip):
        raise
    except _TooSlow:
        raise Fault(f"{call} took longer than {seconds:g} seconds", example(), remedy=SLOWNESS) from None
    except (Exception, SystemExit) as error:  # whatever the user's code raises
        raise Fault(f"{call} raised {told(error)}", example(), remedy=remedy or REMEDIES.get(call, "")) from error


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
