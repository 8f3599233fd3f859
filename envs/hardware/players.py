"""Scripted engineers and describers: what a policy is placed beside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np

from selftaught.envs.hardware import answers
from selftaught.envs.hardware.describe import rebuild
from selftaught.envs.hardware.fixer import fixed
from selftaught.envs.hardware.making import described
from selftaught.envs.hardware.patches import patch
from selftaught.types import Ask, Player, Seat

_TOKEN: Final = re.compile(r"\d*'[bdh]\w+|\w+|[<=!>&|~^]+|\S")


def oracle(ask: Ask) -> str:
    """Knows the answer; where it does not, what it was shown."""
    found = answers.known(ask.messages)
    return identity(ask) if found is None else found


def identity(ask: Ask) -> str:
    """Returns what it was shown, unchanged."""
    return str(ask.view["shown"])


def random_edit(ask: Ask) -> str:
    """Changes what it was shown somewhere: a token goes, comes twice, or two change places."""
    random, shown = np.random.default_rng(ask.seed), str(ask.view["shown"])
    found = list(_TOKEN.finditer(shown))
    if len(found) < 2:
        return shown
    place = int(random.integers(len(found) - 1))
    one, two = found[place], found[place + 1]
    between = shown[one.end() : two.start()]
    new = ("", f"{one[0]} {one[0]}", f"{two[0]}{between}{one[0]}")[int(random.integers(3))]
    end = two.end() if new.endswith(one[0]) and new.startswith(two[0]) else one.end()
    return _said(ask, shown[: one.start()] + new + shown[end:])


def hint_fixer(ask: Ask) -> str:
    """Does to a faulty module what the tools' words suggest; see ``fixer``."""
    shown = str(ask.view["shown"])
    return _said(ask, fixed(shown, str(ask.view["said"]))) if ask.view["kind"] == "repair" else shown


def _said(ask: Ask, code: str) -> str:
    """The code as it was asked for: whole, or the lines that change."""
    return patch(str(ask.view["shown"]), code) if ask.view["lines"] else code


def builder(ask: Ask) -> str:
    """Builds a module from a description that was made by rule; of other problems it returns what it was shown."""
    return rebuild(str(ask.view["told"])) or identity(ask)


def by_rule(ask: Ask) -> str:
    """Describes by rule."""
    return described(str(ask.view["code"]), np.random.default_rng(ask.seed))


def paster(ask: Ask) -> str:
    """Pastes the code."""
    return str(ask.view["code"])


PLAYERS: Final[Mapping[Seat, Mapping[str, Player]]] = {
    "engineer": {
        "oracle": oracle,
        "identity": identity,
        "random_edit": random_edit,
        "hint_fixer": hint_fixer,
        "builder": builder,
    },
    "describer": {"by_rule": by_rule, "paster": paster},
}
TEACHERS: Final[Mapping[Seat, tuple[str, ...]]] = {"engineer": ("oracle",)}
YARDSTICKS: Final[Mapping[Seat, tuple[str, ...]]] = {"engineer": (), "describer": ("by_rule",)}
MEASURES: Final = ("success", "syntax", "function", "rung", "gained", "attempts")
