"""The same game again: in another process, beside other games, from a file."""

from __future__ import annotations

import pickle
from collections.abc import Iterable

from selftaught.types import Player
from selftaught.validation.apart import apart
from selftaught.validation.subject import Fault, Subject, Table, by_seat, placed, shown, tables


def determinism(subject: Subject) -> str:
    """A task starts one game; two fresh processes play the same games from one seed, whatever their hash seeds."""
    game = subject.make()
    for table in tables(subject, game, count=4 * subject.games):
        twin = Table(subject, game, table.task, table.place)
        if _differ(table.state, twin.state):
            raise Fault(
                f"one task and equal generators start two games: {shown(table.state)} and {shown(twin.state)}",
                table.start_example(),
                remedy="let start draw from the generator that it is given alone, and look at no clock",
            )
    found = apart(subject)
    if found.played:
        said = f"two processes with one seed play different games: {found.played}"
        raise Fault(said, f"{_rerun(subject, 1)}\n{_rerun(subject, 2)}\ndiff -r runs/1/episodes runs/2/episodes")
    return f"{found.games} games alike in two processes"


def replay(subject: Subject) -> str:
    """From the file of its episodes alone, a process that never drew a task plays every game to the same end."""
    found = apart(subject)
    if found.again:
        raise Fault(
            f"from what was stored, a game does not come out as it did: {found.again}",
            f"{_rerun(subject, 1)}  # and then, in Python\n"
            "from pathlib import Path\nfrom selftaught.rollout import replayed\nfrom selftaught.store import read_run\n"
            f"{subject.code()}\n[replayed(game, one).outcome == one.outcome for one in read_run(Path('runs/1'))]",
        )
    return f"{found.games} games again from their texts"


def _differ(one: object, other: object) -> bool:
    """Whether two states differ that are compared by what is in them: a copy equals such a state."""
    try:
        return bool(one != other) and bool(pickle.loads(pickle.dumps(one)) == one)
    except Exception:  # whatever the user's code raises; what a state must be is another check's
        return False


def isolation(subject: Subject) -> str:
    """Games in play at the same time, on one object and on several, go as they go alone."""
    cast = by_seat(subject.default())
    alone = [table.finish(cast) for table in tables(subject, subject.make())]
    together, others = list(tables(subject, subject.make())), list(tables(subject, subject.make()))
    in_turn((table, cast) for table in [*together, *others])
    for one, *rest in zip(alone, together, others, strict=True):
        for other in rest:
            if one.record() != other.record():
                turns = [left == right for left, right in zip(one.asks, other.asks, strict=False)]
                after = turns.index(False) if False in turns else None
                call = "outcome(state)" if after is None else "ask(state)"
                beside = placed(subject, (one.place + 1) % len(alone), [])
                raise Fault(
                    f"game {one.place} goes another way beside others: {first_difference(one, other)}",
                    f"from selftaught.validation import HOSTILE, position\ngame, task, state = {one.position(after)}\n"
                    f"before = game.{call}\n{beside}\nbefore == game.{call}",
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


def _rerun(subject: Subject, hash_seed: int) -> str:
    settings = "".join(f" {name}={value}" for name, value in subject.settings.items())
    words = (
        f"PYTHONHASHSEED={hash_seed} selftaught rollout {subject.spec} --games {subject.games} --seed {subject.seed}"
    )
    return f"{words} --folder runs/{hash_seed}{' --settings' + settings if settings else ''}"
