"""The random numbers of the whole process, which belong to no game."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from selftaught.validation.subject import Fault, Subject, Table


def randomness(subject: Subject) -> str:
    """No call moves the random numbers of the whole process."""
    with _marked():
        return _watched(subject)


def _watched(subject: Subject) -> str:
    game, cast = subject.make(), subject.default()
    with _unmoved("tasks", f"{subject.code()}\nnext(game.tasks('train', {subject.seed}))"):
        tasks = subject.tasks(game)
    for place, task in enumerate(tasks):
        with _unmoved("start", f"{subject.code()}\n# start the game at place {place} of the stream"):
            table = Table(subject, game, task, place)
        while True:
            with _unmoved("ask", table.example("ask(state)")):
                ask = table.ask()
            if ask is None:
                break
            with _unmoved(f"the player of seat {ask.seat!r}", table.example("ask(state)")):
                text = cast[ask.seat](ask)
            with _unmoved("tell", table.example(f"tell(state, {text!r})")):
                table.tell(ask, text)
        with _unmoved("outcome or metrics", table.example("outcome(state)")):
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
    before = _states()
    yield
    moved = [name for name, state in _states().items() if state != before[name]]
    if moved:
        raise Fault(f"{call} moved the state of {' and '.join(moved)}, which belongs to the whole process", example)


def _states() -> dict[str, object]:
    state = np.random.get_state(legacy=False)["state"]
    return {"random": random.getstate(), "numpy.random": (state["key"].tobytes(), state["pos"])}
