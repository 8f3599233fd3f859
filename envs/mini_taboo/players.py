"""Scripted players of mini-taboo: the best strategies, and some whose faults are known. They draw by the ask's seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

import numpy as np

from selftaught.envs.mini_taboo.game import ATTACKER, DEFENDER, Action, clues_of, words_of, write_reply
from selftaught.types import Ask, Player, Seat

T = TypeVar("T")


def nash_clue(ask: Ask) -> str:
    """Attacker: the best strategy. The first word's clues are equally likely, of the others' the wide one is at 2/3.

    A narrow clue then leaves the odds of its two words even (1/4 of 1/3 each), and a wide one those of its three.
    """
    clues = _clues(ask)
    wide = [2 / 3 if len(ask.view["table"][clue]) == 3 else 1 / 3 for clue in clues]
    return f"{draw(ask, clues, weights=wide)}."


def uniform_clue(ask: Ask) -> str:
    """Attacker: any true clue."""
    return f"{draw(ask, _clues(ask))}."


def narrow_clue(ask: Ask) -> str:
    """Attacker: the first true clue, which is always a narrow one, and so tells who reads it what the word is."""
    return f"{_clues(ask)[0]}."


def wide_clue(ask: Ask) -> str:
    """Attacker: the last true clue, the wide one for all words that have it."""
    return f"{_clues(ask)[-1]}."


def nash_reply(ask: Ask) -> str:
    """Defender: the best strategy: guesses the first word at 2/3 after a narrow clue, any at all after a wide one."""
    words = _words(ask)
    if len(words) == 2:
        first = words_of(ask.view["table"])[0]
        weights = [2 / 3 if word == first else 1 / 3 for word in words]
        return write_reply(("guess", draw(ask, words, weights=weights)))
    return write_reply(("guess", draw(ask, words)))


def uniform_reply(ask: Ask) -> str:
    """Defender: any legal reply."""
    actions: list[Action] = [("say", word) for word in _words(ask)] + [("guess", word) for word in _words(ask)]
    return write_reply(draw(ask, actions))


def first_guess(ask: Ask) -> str:
    """Defender: guesses the first word that fits."""
    return write_reply(("guess", _words(ask)[0]))


def chatty(ask: Ask) -> str:
    """Defender: never guesses, and says any word that fits."""
    return write_reply(("say", draw(ask, _words(ask))))


PLAYERS: Final[Mapping[Seat, Mapping[str, Player]]] = {
    ATTACKER: {
        "nash_clue": nash_clue,
        "uniform_clue": uniform_clue,
        "narrow_clue": narrow_clue,
        "wide_clue": wide_clue,
    },
    DEFENDER: {
        "nash_reply": nash_reply,
        "uniform_reply": uniform_reply,
        "first_guess": first_guess,
        "chatty": chatty,
    },
}
YARDSTICKS: Final[Mapping[Seat, tuple[str, ...]]] = {
    ATTACKER: ("uniform_clue", "wide_clue"),
    DEFENDER: ("uniform_reply", "nash_reply"),
}
TEACHERS: Final[Mapping[Seat, tuple[str, ...]]] = {ATTACKER: ("nash_clue",), DEFENDER: ("nash_reply",)}


def draw(ask: Ask, choices: Sequence[T], *, weights: Sequence[float] | None = None) -> T:
    """One of ``choices``, by the seed of the ask; equally likely without ``weights``, which need not sum to 1."""
    shares = np.asarray([1.0] * len(choices) if weights is None else weights)
    at = np.random.default_rng(ask.seed).random() * shares.sum()
    return choices[min(int(np.searchsorted(np.cumsum(shares), at, side="right")), len(choices) - 1)]


def _clues(ask: Ask) -> tuple[str, ...]:
    return clues_of(ask.view["secret"], ask.view["table"])


def _words(ask: Ask) -> tuple[str, ...]:
    words: tuple[str, ...] = ask.view["table"][ask.view["clue"]]
    return words
