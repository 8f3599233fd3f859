"""The same game again: in another process, beside other games, from a file."""

from __future__ import annotations

from collections.abc import Iterable

from selftaught.types import Player
from selftaught.validation.apart import apart
from selftaught.validation.subject import Fault, Subject, Table, by_seat, shown, tables


def determinism(subject: Subject) -> str:
    """Two fresh processes play the same games from the same seed, whatever their hash seeds."""
    found = apart(subject)
    if found.played:
        raise Fault(f"two processes with one seed play different games: {found.played}", _rerun(subject))
    return f"{found.games} games alike in two processes"


def replay(subject: Subject) -> str:
    """From the file of its episodes alone, a process that never drew a task plays every game to the same end."""
    found = apart(subject)
    if found.again:
        raise Fault(f"from what was stored, a game does not come out as it did: {found.again}", _rerun(subject))
    return f"{found.games} games again from their texts"


def isolation(subject: Subject) -> str:
    """Games in play at the same time, on one object and on several, go as they go alone."""
    cast = by_seat(subject.default())
    alone = [table.finish(cast) for table in tables(subject, subject.make())]
    together, others = list(tables(subject, subject.make())), list(tables(subject, subject.make()))
    in_turn((table, cast) for table in [*together, *others])
    for one, *rest in zip(alone, together, others, strict=True):
        for other in rest:
            if one.record() != other.record():
                raise Fault(
                    f"game {one.place} goes another way beside others: {first_difference(one, other)}",
                    f"{one.example('ask(state)')}  # and start another game before this call",
                )
    return f"{len(alone)} games alone, and {len(together) + len(others)} in turns"


def in_turn(games: Iterable[tuple[Table, Player]]) -> None:
    """Play all games to their ends, one turn of each after the other."""
    live = list(games)
    while live:
        live = [(table, reply) for table, reply in live if table.step(reply)]


def first_difference(one: Table, other: Table) -> str:
    """Where two records of the same game part, in words."""
    for turn, (left, right) in enumerate(zip(one.asks, other.asks, strict=False), start=1):
        for name in ("seat", "messages", "view", "seed"):
            if getattr(left, name) != getattr(right, name):
                return f"turn {turn}: {name} {shown(getattr(left, name))} and {shown(getattr(right, name))}"
        if one.texts[turn - 1] != other.texts[turn - 1]:
            return f"turn {turn}: the player said {shown(one.texts[turn - 1])} and {shown(other.texts[turn - 1])}"
    if len(one.asks) != len(other.asks):
        return f"{len(one.asks)} and {len(other.asks)} turns"
    return f"{shown(one.ended)} and {shown(other.ended)}"


def _rerun(subject: Subject) -> str:
    settings = "".join(f" {name}={value}" for name, value in subject.settings.items())
    words = f"selftaught rollout {subject.spec} --games {subject.games} --seed {subject.seed}"
    return f"{words}{' --settings' + settings if settings else ''}  # into two folders, with PYTHONHASHSEED=1 and =2"
