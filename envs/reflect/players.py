"""Scripted thinkers, reflectors and scorers. Those that know what is right do so of the subject ``checkable`` alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from selftaught.envs.reflect.attempts import attempt, working
from selftaught.envs.self_reward.instructions import Instruction, spoil
from selftaught.types import Ask, Player, Seat

LUCK: Final = 0.3
"""How often a trier finds the right answer without a guess."""


def solver(ask: Ask) -> str:
    """Right at once, wherever the view has something that can be solved."""
    told = ask.view.get("instruction", ask.view.get("question"))
    return "I do not know." if told is None or ask.view["phase"] == "know" else str(told.solve())


def guesser(ask: Ask) -> str:
    """Right half of the time."""
    told: Instruction | None = ask.view.get("instruction")
    random = np.random.default_rng(ask.seed)
    if told is None or ask.view["phase"] == "know":
        return "I do not know."
    return told.solve() if random.random() < 0.5 else spoil(told, random)


def checker(ask: Ask) -> str:
    """Sees whether the answer is right, and else guesses again; what it cannot check it submits."""
    told: Instruction | None = ask.view.get("instruction")
    if ask.view["phase"] != "check":
        return guesser(ask)
    right = told is None or told.right(ask.view["drafts"][-1])
    return f"It {'does' if right else 'does not do'} what was asked.\nDecision: {'submit' if right else 'refine'}"


def stubborn(ask: Ask) -> str:
    """Everything stands."""
    return "It is good.\nDecision: submit" if ask.view["phase"] == "check" else guesser(ask)


def doubter(ask: Ask) -> str:
    """Nothing stands."""
    return "Who can be sure.\nDecision: refine" if ask.view["phase"] == "check" else guesser(ask)


def restarter(ask: Ask) -> str:
    """Begins anew as long as it may."""
    return "Let me see.\nDecision: restart" if ask.view["phase"] == "check" else guesser(ask)


def trier(ask: Ask) -> str:
    """Right in a part of the cases, and else guesses; never the same answer twice."""
    told: Instruction | None = ask.view.get("instruction")
    if told is None or ask.view["phase"] == "know":
        return "I do not know."
    return attempt(told, np.random.default_rng(ask.seed), luck=LUCK, avoid=ask.view["drafts"])


def worker(ask: Ask) -> str:
    """Works the answer out, sees whether it is right, and else tries again."""
    told: Instruction | None = ask.view.get("instruction")
    if ask.view["phase"] != "check" or told is None:
        return checker(ask) if told is None else trier(ask)
    return _worked(ask, told, right=told.right(ask.view["drafts"][-1]))


def torn(ask: Ask) -> str:
    """Works the answer out, does not look at what comes out of it, and decides by chance."""
    told: Instruction | None = ask.view.get("instruction")
    if ask.view["phase"] != "check" or told is None:
        return checker(ask) if told is None else trier(ask)
    return _worked(ask, told, right=bool(np.random.default_rng(ask.seed).random() < 0.5))


def _worked(ask: Ask, told: Instruction, *, right: bool) -> str:
    return f"{working(told, ask.view['drafts'][-1])}\nDecision: {'submit' if right else 'refine'}"


def overlap(ask: Ask) -> str:
    """The share of the answer's words that the question has: relevance, as the published loop takes it for truth."""
    asked = set(_words(" ".join(message.content for message in ask.view["question"])))
    said = _words(ask.view["answer"])
    return f"Score: {sum(word in asked for word in said) / len(said) if said else 0:.2f}"


def oracle(ask: Ask) -> str:
    """Knows the truth, where it can be known: a bound for scorers."""
    told: Instruction | None = ask.view.get("instruction")
    return f"Score: {0.5 if told is None else 0.9 if told.right(ask.view['answer']) else 0.1}"


def constant(ask: Ask) -> str:
    """Everything is likely."""
    return "Score: 0.8"


def random_scorer(ask: Ask) -> str:
    """Anything."""
    return f"Score: {np.random.default_rng(ask.seed).random():.2f}"


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


_REFLECTORS: Final[Mapping[str, Callable[[Ask], str]]] = {
    "checker": checker,
    "stubborn": stubborn,
    "doubter": doubter,
    "restarter": restarter,
    "worker": worker,
    "torn": torn,
}
PLAYERS: Final[Mapping[Seat, Mapping[str, Player]]] = {
    "thinker": {"guesser": guesser, "solver": solver, "trier": trier},
    "reflector": _REFLECTORS,
    "scorer": {"overlap": overlap, "oracle": oracle, "constant": constant, "random": random_scorer},
}
TEACHERS: Final[Mapping[Seat, tuple[str, ...]]] = {"thinker": ("solver",), "reflector": ("checker",)}
YARDSTICKS: Final[Mapping[Seat, tuple[str, ...]]] = {
    "thinker": ("guesser",),
    "reflector": ("stubborn", "checker"),
    "scorer": ("overlap",),
}
MEASURES: Final = ("right_first", "right_last", "fixed", "broken", "over_refined", "answers")
