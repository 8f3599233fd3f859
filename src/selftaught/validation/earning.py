"""What can be earned: hostile text breaks nothing and wins nothing, and who knows the answer earns the most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from statistics import fmean
from typing import Final

import numpy as np

from selftaught.envs.anyone import ANYONE
from selftaught.envs.table import transcript_text
from selftaught.store import encode
from selftaught.types import Ask, Player, Seat
from selftaught.validation.contract import ROUNDING, check_end
from selftaught.validation.streams import SPLITS
from selftaught.validation.subject import Fault, Skip, Subject, Table, by_seat, guarded
from selftaught.validation.texts import HOSTILE, noise

NOISES: Final = 12
"""Players of random pieces of text."""
FEW, ENOUGH = 2, 20
"""Games with each text, and those that make sure where all of the few earned the most."""


def hostile(subject: Subject) -> str:
    """No text raises, takes long, or is worth as much as the oracle's."""
    game, cast, said = subject.make(), subject.default(), 0
    oracles, most = oracles_of(subject), subject.entry.most
    attacks: dict[str, Player] = {name: _saying(text) for name, text in HOSTILE.items()}
    attacks |= {f"noise {number}": _noisy(number) for number in range(NOISES)}
    tasks = subject.tasks(game, FEW)
    for name, attack in attacks.items():
        for seats in dict.fromkeys([tuple(game.seats), *((seat,) for seat in game.seats)]):
            reply = by_seat({**cast, **dict.fromkeys(seats, attack)})
            tables = [Table(subject, game, task, place).finish(reply) for place, task in enumerate(tasks)]
            rewards = [_sound(subject, table) for table in tables]
            said += sum(len(table.texts) for table in tables)
            first, *others = seats
            if not others and first in oracles and fmean(earned[first] for earned in rewards) >= most - ROUNDING:
                _check_poor(subject, first, attack, f"who says {name!r}")
    return f"{len(attacks)} ways of hostile text, {said} replies"


def oracle(subject: Subject) -> str:
    """Who knows the answer earns the most there is, and who knows nothing earns less."""
    oracles = oracles_of(subject)
    if not oracles:
        place = "of these settings" if subject.settings else "in Entry.oracles, or"
        raise Skip(f"nobody is named who earns the most: name one {place} with --oracle SEAT=PLAYER")
    most, rows = subject.entry.most, []
    for seat, best in oracles.items():
        for split in SPLITS:
            for table, earned in _games(subject, seat, best, split, count=2 * subject.games):
                if abs(earned - most) > ROUNDING:
                    raise Fault(
                        f"the oracle of seat {seat!r} earned {earned:g} of {most:g} on task {table.task.id!r}",
                        table.example("outcome(state)"),
                        remedy="let the oracle play better, or pay what it says in full; Entry.most says how much",
                    )
        for name, player in ANYONE.items():
            rows.append(f"{name} {_check_poor(subject, seat, player, f'the player {name!r}, who knows nothing,'):.2f}")
    return f"{', '.join(oracles)} earn {most:g}; {', '.join(rows)}"


def oracles_of(subject: Subject) -> Mapping[Seat, Player]:
    """Who earns the most there is, by seat: those given, or those of the entry, which are of the plain game."""
    if subject.oracles or subject.settings:
        return subject.oracles
    known = subject.entry
    return {seat: known.players[seat][name] for seat, name in known.oracles.items() if seat in subject.make().seats}


def _games(subject: Subject, seat: Seat, player: Player, split: str, *, count: int) -> Iterator[tuple[Table, float]]:
    """Games with a player in one seat, and what it earned, as soon as each is over."""
    game, cast = subject.make(), by_seat({**subject.default(), seat: player})
    for place, task in enumerate(subject.tasks(game, count, split)):
        table = Table(subject, game, task, place, split).finish(cast)
        assert table.ended is not None
        yield table, table.ended.rewards[seat]


def _check_poor(subject: Subject, seat: Seat, player: Player, who: str) -> float:
    """The mean reward of a player that must not earn the most; luck in a few games is forgiven."""
    for count in (FEW, ENOUGH):
        played = list(_games(subject, seat, player, "train", count=count))
        earned = fmean(reward for _, reward in played)
        if earned < subject.entry.most - ROUNDING:
            return earned
    raise Fault(
        f"in seat {seat!r}, {who} earns {earned:g} in {ENOUGH} games, as much as the oracle",
        played[0][0].example("outcome(state)"),
        remedy="pay for what can only be known from the task, and read replies strictly",
    )


def _sound(subject: Subject, table: Table) -> Mapping[Seat, float]:
    """The rewards, which are as they must be, of a game that can be measured, stored and printed."""
    found = check_end(subject, table)
    with guarded("measuring, storing or printing the outcome", lambda: table.example("outcome(state)")):
        encode({"reason": found.reason, "metrics": dict(table.metrics())})
        transcript_text(table.task, [], found).encode()
    return found.rewards


def _saying(text: str) -> Player:
    return lambda ask: text


def _noisy(number: int) -> Callable[[Ask], str]:
    return lambda ask: noise(np.random.default_rng([number, ask.seed]), ask.messages[-1].content)
