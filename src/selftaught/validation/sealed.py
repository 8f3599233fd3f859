"""What nobody at the table may know: the sealed half of a task, and what only another seat was told."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

from selftaught.types import Seat
from selftaught.validation.repeating import first_difference
from selftaught.validation.subject import Fault, Skip, Subject, Table, by_seat, draws, placed, resealed, shown

LOOKS = 40
"""Tasks whose first positions are compared."""
SAID = ("Go on.", "Fine.") * 3
"""What anybody may say; the default players' replies lead further where a game ends at words like these."""


def sealed(subject: Subject) -> str:
    """Another sealed half, or none, changes metrics only: no ask, no reward, no end."""
    game, reply = subject.make(), by_seat(subject.default())
    tasks = subject.tasks(game, subject.games + 1)
    if not any(task.sealed for task in tasks):
        raise Skip("no task has a sealed half: there is nothing to audit rewards by")
    for place, task in enumerate(tasks):
        swaps = [replace(task, sealed=tasks[place - 1].sealed), replace(task, sealed={})]
        plain = Table(subject, game, task, place).finish(reply)
        plain.metrics()
        for swap in swaps:
            table = Table(subject, game, swap, place).finish(reply)
            example = table.example(f"outcome(state), game.metrics(state, {resealed(swap)}), game.outcome(state)")
            if table.record() != plain.record():
                raise Fault(f"with another sealed half the game differs: {first_difference(plain, table)}", example)
            table.metrics(swap)
            if (after := table.outcome()) != table.ended:
                raise Fault(f"metrics changed the outcome from {shown(table.ended)} to {shown(after)}", example)
    return f"{len(tasks)} games with {2 * len(tasks)} other sealed halves"


def knowledge(subject: Subject) -> str:
    """A seat's view holds no more than its messages: where it reads the same, its view is the same, too."""
    game, cast = subject.make(), by_seat(subject.default())
    seen: dict[tuple[Seat, Any], tuple[Any, Any, str]] = {}
    compared = 0
    for place, task in enumerate(subject.tasks(game, LOOKS)):
        for seed, scripted in product(range(subject.games), (False, True)):
            random = draws(seed, place)
            state, texts = game.start(task.public, random), list[str]()
            for text in SAID:
                ask = game.ask(state)
                if ask is None:
                    break
                here = placed(subject, place, texts, drawn=seed)
                view, other, there = seen.setdefault((ask.seat, ask.messages), (ask.view, state, here))
                compared += other != state
                if view != ask.view:
                    raise Fault(
                        f"seat {ask.seat!r} reads the same and has views {shown(view)} and {shown(ask.view)}",
                        f"from selftaught.validation import HOSTILE, position\npositions = [{there}, {here}]\n"
                        "[game.ask(state) for game, _, state in positions]",
                    )
                said = cast(replace(ask, seed=int(random.integers(2**63)))) if scripted else text
                state = game.tell(state, said)
                texts.append(said)
    if not compared:
        raise Skip("no two different positions looked alike to a seat: nothing was compared")
    return f"{compared} pairs of different positions that look alike to a seat"
