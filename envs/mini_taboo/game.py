"""Adversarial taboo with one clue and one reply, whose minimax value is known: +1/6 to the attacker.

The rules keep what makes taboo a game of hidden information: the attacker must give a true clue, and whoever answers it
may say the secret word unawares, or guess it. Four words and four clues make each seat's strategies few enough to list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final, Literal

import numpy as np

from selftaught.hidden import public_part
from selftaught.types import Ask, Message, Outcome, Seat, Task

ATTACKER: Final = "attacker"
DEFENDER: Final = "defender"

VALUE: Final = Fraction(1, 6)
"""What the attacker wins and the defender loses, on average over the words, when both play their best."""

Table = Mapping[str, tuple[str, ...]]
"""The words that each clue is true of."""

Action = tuple[Literal["say", "guess"], str]
"""A defender's legal reply: a word in plain talk, or as the guess."""

TABLES: Final[Mapping[str, Table]] = {
    "train": {
        "It swims in the sea": ("penguin", "shark"),
        "It is a bird": ("penguin", "parrot"),
        "It is black and white": ("penguin", "zebra"),
        "It lives where it is warm": ("shark", "parrot", "zebra"),
    },
    "validation": {
        "It shines": ("moon", "lamp"),
        "It is round": ("moon", "ball"),
        "It comes out at night": ("moon", "bat"),
        "You could carry it home": ("lamp", "ball", "bat"),
    },
    "test": {
        "It lies beside a plate": ("knife", "fork"),
        "It cuts": ("knife", "saw"),
        "It fits in a pocket": ("knife", "comb"),
        "It has a row of points": ("fork", "saw", "comb"),
    },
}
"""One game in three vocabularies: a word with a narrow clue beside each of three others, and a wide clue for these."""

WINNERS: Final[Mapping[str, Seat | None]] = {
    "defender_uttered": ATTACKER,
    "wrong_guess": ATTACKER,
    "defender_unclear": ATTACKER,
    "correct_guess": DEFENDER,
    "attacker_untrue": DEFENDER,
    "attacker_unclear": DEFENDER,
    "tie": None,
}
"""Every way a game can end, and who wins by it."""

BROKEN_BY: Final[Mapping[str, Seat]] = {
    "defender_unclear": DEFENDER,
    "attacker_untrue": ATTACKER,
    "attacker_unclear": ATTACKER,
}
"""The ends that are a breach of the rules, and whose breach it is."""

_GUESS: Final = re.compile(r"\bguess\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MiniTabooState:
    """One position; ``clue`` is None until the attacker has given a true one."""

    secret: str
    table: Table
    clue: str | None = None
    end: str | None = None


@dataclass(frozen=True)
class MiniTaboo:
    """The rules; implements ``selftaught.types.Game``. There is nothing to set, or the value would be another one."""

    name: str = field(default="mini_taboo", init=False)
    seats: tuple[Seat, ...] = field(default=(ATTACKER, DEFENDER), init=False)
    zero_sum: bool = field(default=True, init=False)

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Endless shuffled passes over the four words of the split's vocabulary, all equally often.

        Raises:
            ValueError: if the split is unknown.
        """
        words = words_of(table_of(split))
        generator = np.random.default_rng(np.random.SeedSequence([seed, len(words)]))
        while True:
            for place in generator.permutation(len(words)):
                yield Task(f"{split}/{words[place]}", public={"split": split, "secret": words[place]})

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> MiniTabooState:
        """The attacker's move; draws nothing from ``rng``.

        Raises:
            ValueError: if the split is unknown or has no such word.
        """
        table = table_of(public.get("split", ""))
        if public.get("secret") not in words_of(table):
            raise ValueError(f"public['secret'] must be one of {words_of(table)}, not {public.get('secret')!r}")
        return MiniTabooState(public["secret"], table)

    def ask(self, state: MiniTabooState) -> Ask | None:
        """The attacker for a clue, then the defender for a reply. Both know the table."""
        if state.end is not None:
            return None
        view: dict[str, Any] = {"table": dict(state.table)}
        if state.clue is None:
            view["secret"] = state.secret
            told = f"Secret word: {state.secret}"
            return Ask(ATTACKER, (Message("system", _rules(ATTACKER, state.table)), Message("user", told)), view)
        view["clue"] = state.clue
        told = f"Clue: {state.clue}."
        return Ask(DEFENDER, (Message("system", _rules(DEFENDER, state.table)), Message("user", told)), view)

    def tell(self, state: MiniTabooState, text: str) -> MiniTabooState:
        """The clue goes on to the defender, and nothing else of what the attacker said; a reply ends the game.

        Raises:
            ValueError: if the game is over.
        """
        if state.end is not None:
            raise ValueError(f"the game is over ({state.end}); start a new one")
        if state.clue is None:
            clue = read_clue(text, state.table)
            if clue is None:
                return replace(state, end="attacker_unclear")
            if state.secret not in state.table[clue]:
                return replace(state, end="attacker_untrue")
            return replace(state, clue=clue)
        match read_reply(text, state.table[state.clue]):
            case None:
                end = "defender_unclear"
            case "guess", word:
                end = "correct_guess" if word == state.secret else "wrong_guess"
            case _, word:
                end = "defender_uttered" if word == state.secret else "tie"
        return replace(state, end=end)

    def outcome(self, state: MiniTabooState) -> Outcome:
        """+1 and -1 to winner and loser, 0 for a tie.

        Raises:
            ValueError: if the game is not over.
        """
        if state.end is None:
            raise ValueError("the game is not over")
        winner = WINNERS[state.end]
        rewards = {seat: 0.0 if winner is None else 1.0 if winner == seat else -1.0 for seat in self.seats}
        return Outcome(state.end, rewards, f"the secret word was {state.secret}")

    def metrics(self, state: MiniTabooState, task: Task) -> Mapping[str, float]:
        """Result and legality by seat; a win that the other seat gave away by a breach is not earned."""
        if state.end is None:
            raise ValueError("metrics are taken of finished games only")
        winner, breaker = WINNERS[state.end], BROKEN_BY.get(state.end)
        figures = {f"end/{state.end}": 1.0, "tie": float(winner is None)}
        for seat in self.seats:
            figures[f"{seat}_win"] = float(winner == seat)
            figures[f"{seat}_earned"] = float(winner == seat and breaker is None)
            figures[f"{seat}_legal"] = float(breaker != seat)
        return figures


def table_of(split: str) -> Table:
    """The words and clues of a split.

    Raises:
        ValueError: if the split is unknown.
    """
    if split not in TABLES:
        raise ValueError(f"unknown split {split!r}; the splits are {', '.join(TABLES)}")
    return TABLES[split]


def words_of(table: Table) -> tuple[str, ...]:
    """All words of a table, in the order of their first clue: the one with the three narrow clues comes first."""
    return tuple(dict.fromkeys(word for words in table.values() for word in words))


def clues_of(secret: str, table: Table) -> tuple[str, ...]:
    """The clues that are true of a word."""
    return tuple(clue for clue, words in table.items() if secret in words)


def read_clue(text: str, table: Table) -> str | None:
    """The one clue that a text has in it, whatever stands around it but thoughts; None if it has none or several."""
    plain = " ".join(public_part(text).casefold().split())
    found = [clue for clue in table if clue.casefold() in plain]
    return found[0] if len(found) == 1 else None


def read_reply(text: str, words: tuple[str, ...]) -> Action | None:
    """The one word of ``words`` that a text has in it, and whether it is a guess; None if it has none or several."""
    text = public_part(text)
    said = set(re.findall(r"[a-z]+", text.casefold()))
    found = [word for word in words if word in said]
    if len(found) != 1:
        return None
    return ("guess" if _GUESS.search(text) else "say", found[0])


def write_reply(action: Action) -> str:
    """The text that ``read_reply`` reads as an action."""
    kind, word = action
    return f"Guess: {word}" if kind == "guess" else f"{word.capitalize()}."


def _rules(seat: Seat, table: Table) -> str:
    """A seat's instructions: the same for all words, so that games share their first tokens."""
    known = "\n".join(f"{clue}: {', '.join(words)}" for clue, words in table.items())
    if seat == ATTACKER:
        moves = (
            "Give one clue that is true of your secret word, copied from this list. The defender then names a word "
            "that it is true of, or guesses. You win if it names your word or guesses wrong, and lose if it guesses it."
        )
    else:
        moves = (
            "The attacker gives a true clue of a secret word. Name one word that it is true of: you lose if that is "
            "the secret one. Or reply Guess: <word>, which wins if it is right and loses if it is wrong."
        )
    return f"{moves} The clues, and the words that each is true of:\n{known}"
