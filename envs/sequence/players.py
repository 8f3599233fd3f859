"""Scripted workers and instructors: what a policy is placed beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from selftaught.envs.sequence.chains import Chain
from selftaught.envs.sequence.drawing import allowed_in, longer_chain
from selftaught.envs.sequence.values import Value, write
from selftaught.types import Ask, Player, Seat


def oracle(ask: Ask) -> str:
    """Does every step."""
    return _said(ask, _results(ask.view["chain"]))


def sloppy(ask: Ask, *, wrong: float = 0.3) -> str:
    """Does every step, some of them wrongly, and goes on from what it has."""
    return _said(ask, _results(ask.view["chain"], random=np.random.default_rng(ask.seed), wrong=wrong))


def last_only(ask: Ask) -> str:
    """Thinks, and says the last result alone, as models do that were never taught several steps."""
    lines = oracle(ask).split("\n")
    return lines[-1]


def skipper(ask: Ask) -> str:
    """Leaves out the second step."""
    found: Chain = ask.view["chain"]
    lines = oracle(ask).split("\n")
    return "\n".join(line for place, line in enumerate(lines) if place != 1 or len(found.steps) < 2)


def echo(ask: Ask) -> str:
    """Repeats the datum at every step."""
    found: Chain = ask.view["chain"]
    return _said(ask, [write(found.kind, found.datum)] * len(found.steps))


def inventor(ask: Ask) -> str:
    """Adds a step that can be done."""
    found: Chain = ask.view["chain"]
    random, allowed = np.random.default_rng(ask.seed), allowed_in(ask.view["split"])
    longer = longer_chain(random, found, dependencies=("chained", "back", "nested", "select"), allowed=allowed)
    return "Repeat the result of step 1." if longer is None else longer.instruction(len(longer.steps))


def copier(ask: Ask) -> str:
    """Says the last step again."""
    found: Chain = ask.view["chain"]
    return found.instruction(len(found.steps))


def _results(found: Chain, *, random: np.random.Generator | None = None, wrong: float = 0.0) -> list[str]:
    """All results as they are written; with ``random`` some are wrong, and what follows is right for them."""
    values: list[Value | None] = [found.datum]
    said = []
    for place, step in enumerate(found.steps):
        value = found.result(place, values)
        value = found.results[place] if value is None else value
        assert value is not None
        if random is not None and random.random() < wrong:
            value = _spoilt(value, random)
        values.append(value)
        said.append(write(step.gives, value))
    return said


def _spoilt(value: Value, random: np.random.Generator) -> Value:
    """A value of the same kind that is a little off: a part of it more or less."""
    if isinstance(value, int):
        return value + int(random.choice([-2, -1, 1, 2]))
    if isinstance(value, str):
        place = int(random.integers(len(value)))
        return (value[:place] + value[place + 1 :]).strip() if len(value) > 1 else value * 2
    shorter, longer = value[:-1], (*value, value[-1])
    least = 2 if isinstance(value[0], tuple) else 1
    return shorter if len(shorter) >= least else longer


def _said(ask: Ask, results: list[str]) -> str:
    step: int | None = ask.view["step"]
    if step is not None:
        return results[step - 1]
    return "\n".join(f"{number}: {result}" for number, result in enumerate(results, 1))


PLAYERS: Final[Mapping[Seat, Mapping[str, Player]]] = {
    "worker": {"oracle": oracle, "sloppy": sloppy, "last_only": last_only, "skipper": skipper, "echo": echo},
    "instructor": {"inventor": inventor, "copier": copier},
}
TEACHERS: Final[Mapping[Seat, tuple[str, ...]]] = {"worker": ("oracle",)}
YARDSTICKS: Final[Mapping[Seat, tuple[str, ...]]] = {"worker": (), "instructor": ("inventor",)}
MEASURES: Final = ("success", "following", "quality", "depth", "carried", "final_right")
