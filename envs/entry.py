"""What the registry knows of a game; every game's folder has an ``entry.py`` with its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np

from selftaught.marks import Marker
from selftaught.types import Game, Message, Player, Seat


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered game.

    ``make`` takes the game's settings as keywords. ``seats`` are those of the plain game. ``players`` are the scripted
    ones by seat and name, of the seats that settings bring as well. ``default_seat`` and ``default_others`` are what
    ``gymnasium.make`` takes where the caller names none. ``yardsticks`` names the players that a policy in another seat
    is measured against, ``teachers`` those whose wins are worth imitating (``lessons``). ``corpus`` draws the chats
    from which a model can learn the game from nothing, if there are any. ``measures`` are the metrics that an
    evaluation reports, where winning and losing say little. ``levels`` are settings of rising difficulty, for games
    whose metric ``success`` says whether a task was mastered. ``most`` is what a seat can earn at the most, ``oracles``
    names the player that earns it in the plain game against the default players, by seat (``selftaught validate``).
    ``scores`` names for each seat the metric, from 0 to 1, that says how well whoever sits there has played.
    ``marks`` says what stretches of an episode's replies mean by the rules, to people who read it. ``beside`` names for
    a seat those players that differ from ``default_others``, beside which it would never be asked.
    """

    name: str
    id: str
    make: Callable[..., Game[Any]]
    seats: tuple[Seat, ...]
    players: Mapping[Seat, Mapping[str, Player]]
    default_seat: Seat
    default_others: Mapping[Seat, str]
    yardsticks: Mapping[Seat, tuple[str, ...]]
    teachers: Mapping[Seat, tuple[str, ...]]
    corpus: Callable[[np.random.Generator], Iterator[tuple[Message, ...]]] | None = None
    measures: tuple[str, ...] = ()
    levels: tuple[Mapping[str, Any], ...] = ()
    oracles: Mapping[Seat, str] = field(default_factory=dict)
    most: float = 1.0
    scores: Mapping[Seat, str] = field(default_factory=dict)
    marks: Marker | None = None
    beside: Mapping[Seat, Mapping[Seat, str]] = field(default_factory=dict)

    def others(self, seat: Seat) -> Mapping[Seat, str]:
        """The players of all seats that a learner in ``seat`` meets where nobody names any."""
        return {**self.default_others, **self.beside.get(seat, {})}

    def lessons(self) -> list[Mapping[Seat, str]]:
        """Every table at which a teacher sits in one seat and yardsticks in the others: the player of each seat."""
        tables: list[Mapping[Seat, str]] = []
        for seat in self.seats:
            others = [other for other in self.seats if other != seat]
            for teacher, *facing in product(self.teachers[seat], *(self.yardsticks[other] for other in others)):
                tables.append({seat: teacher, **dict(zip(others, facing, strict=True))})
        return tables

    def teacher_names(self) -> tuple[str, ...]:
        """All teachers, whatever their seat."""
        return tuple(dict.fromkeys(name for seat in self.seats for name in self.teachers[seat]))
