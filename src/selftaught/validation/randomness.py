"""The random numbers of the whole process, which belong to no game."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from selftaught.validation.subject import Fault, Subject, Table, placed
from selftaught.validation.texts import spelled


def randomness(subject: Subject) -> str:
    """No call moves the random numbers of the whole process."""
    with _marked():
        return _watched(subject)


def _watched(subject: Subject) -> str:
    game, cast = subject.make(), subject.default()
    with _unmoved("tasks", subject.tasks_code("train", subject.games)):
        tasks = subject.tasks(game)
    for place, task in enumerate(tasks):
        with _unmoved("start", f"from selftaught.validation import position\n{placed(subject, place, [])}"):
            table = Table(subject, game, task, place)
        while True:
            with _unmoved("ask", table.example("ask(state)")):
                ask = table.ask()
            if ask is None:
                break
            with _unmoved(f"the player of seat {ask.seat!r}", table.reply_example(ask, cast[ask.seat])):
                text = cast[ask.seat](ask)
            with _unmoved("tell", table.example(f"tell(state, {spelled(text)})")):
                table.tell(ask, text)
        with _unmoved("outcome or metrics", table.example("outcome(state), game.metrics(state, task)")):
            table.outcome(), table.metrics()
    return f"random and numpy.random as before, in {len(tasks)} games"


@contextmanager
def _marked() -> Iterator[None]:
    """States that no seed of a game's leads to, so that seeding is seen, too; afterwards those from before."""
    plain, numpys = random.getstate(), np.random.get_state()
    random.seed("a mark of selftaught's")
    np.random.seed([20_231_115, 7])
    try:
        yield
    finally:
        random.setstate(plain)
        np.random.set_state(numpys)


@contextmanager
def _unmoved(call: str, example: str) -> Iterator[None]:
    """Look at the states around a call, which is the last line of the example."""
    before = states()
    yield
    moved = [name for name, state in states().items() if state != before[name]]
    if moved:
        made, _, call_of_it = example.rpartition("\n")
        drawn = "random.random(), numpy.random.random()  # so that seeding is seen, too"
        made = f"import random, numpy\nfrom selftaught.validation.randomness import states\n{made}\n{drawn}"
        raise Fault(
            f"{call} moved the state of {' and '.join(moved)}, which belongs to the whole process",
            f"{made}\nbefore = states()\n{call_of_it}\nstates() == before",
        )


def states() -> dict[str, object]:
    """Of the generators that all of a process shares."""
    state = np.random.get_state(legacy=False)["state"]
    return {"random": random.getstate(), "numpy.random": (state["key"].tobytes(), state["pos"])}
