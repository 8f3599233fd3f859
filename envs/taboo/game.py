"""Adversarial taboo (SPAG, arXiv 2404.10642, section 3) as a pure game.

The attacker knows a target word and leads the defender to say it unawares; the defender may make one explicit guess.
The published judge matched substrings offline; here every reply is judged as it is said, by whole words and inflection
families (``selftaught.envs.taboo.judge``), and the game ends at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args

import numpy as np

from selftaught.envs.taboo.judge import Rules, judge, read_guess
from selftaught.envs.taboo.measures import measure
from selftaught.envs.taboo.words import Source, Split, lexicon, words
from selftaught.hidden import public_part
from selftaught.types import Ask, Message, Outcome, Seat, Task

ATTACKER: Final = "attacker"
DEFENDER: Final = "defender"

WINNERS: Final[Mapping[str, Seat | None]] = {
    "defender_uttered": ATTACKER,
    "wrong_guess": ATTACKER,
    "multiple_guess": ATTACKER,
    "defender_empty": ATTACKER,
    "defender_too_long": ATTACKER,
    "correct_guess": DEFENDER,
    "attacker_leaked": DEFENDER,
    "attacker_guessed": DEFENDER,
    "attacker_empty": DEFENDER,
    "attacker_too_long": DEFENDER,
    "tie": None,
}
"""Every way a game can end, and who wins by it."""

BROKEN_BY: Final[Mapping[str, Seat]] = {
    "multiple_guess": DEFENDER,
    "defender_empty": DEFENDER,
    "defender_too_long": DEFENDER,
    "attacker_leaked": ATTACKER,
    "attacker_guessed": ATTACKER,
    "attacker_empty": ATTACKER,
    "attacker_too_long": ATTACKER,
}
"""The ends that are a breach of the rules, and whose breach it is. None of them is a win for that seat."""


@dataclass(frozen=True, slots=True)
class TabooState:
    """One position. ``threads`` holds what each seat reads; ``heard`` the public utterances in order."""

    target: str
    threads: Mapping[Seat, tuple[Message, ...]]
    heard: tuple[tuple[Seat, str], ...] = ()
    end: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Taboo:
    """Settings and rules of adversarial taboo; implements ``selftaught.types.Game``.

    Args:
        turns: utterances of each seat before the game is a tie.
        rules: the judge's rules; ``spag-v1`` reproduces the published judge and has no forfeits.
        source: ``lexicon`` (concrete nouns with facts) or ``vocabulary`` (tens of thousands of words).
        longest: characters of one public utterance; a longer one breaks the rules.
        payoffs: ``end -> (attacker's, defender's reward)``, over the zero-sum default of +1 and -1, tie 0.
        private: whether ``<think>...</think>`` is cut from what the other seat and the judge see.

    Raises:
        ValueError: on a setting out of range or unknown, a payoff for an unknown end, or one that is not such a pair.
    """

    turns: int = 5
    rules: Rules = "strict"
    source: Source = "lexicon"
    longest: int = 600
    payoffs: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    private: bool = True
    name: str = field(default="taboo", init=False)
    seats: tuple[Seat, ...] = field(default=(ATTACKER, DEFENDER), init=False)

    def __post_init__(self) -> None:
        if self.rules not in get_args(Rules):
            raise ValueError(f"unknown rules {self.rules!r}; expected one of {get_args(Rules)}")
        if self.source not in get_args(Source):
            raise ValueError(f"unknown source {self.source!r}; expected one of {get_args(Source)}")
        if self.turns < 1:
            raise ValueError(f"turns must be at least 1, not {self.turns}")
        if self.longest < 1:
            raise ValueError(f"longest must be at least 1 character, not {self.longest}")
        unknown = sorted(set(self.payoffs) - set(WINNERS))
        if unknown:
            raise ValueError(f"payoffs name unknown ends {unknown}; the ends are {sorted(WINNERS)}")
        for end, pair in self.payoffs.items():
            if len(pair) != 2 or not all(map(math.isfinite, pair)):
                raise ValueError(f"the payoff of {end!r} must be two finite numbers, not {pair!r}")

    @property
    def zero_sum(self) -> bool:
        """Whether the two rewards sum to zero at every end."""
        return all(sum(self._rewards(end).values()) == 0 for end in WINNERS)

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Endless shuffled passes over the words of ``train``, ``validation`` or ``test`` (split by family).

        Raises:
            ValueError: if the split is unknown.
        """
        pool = words(_checked_split(split), source=self.source)
        entries = lexicon()
        generator = np.random.default_rng(np.random.SeedSequence([seed, len(pool)]))
        while True:
            for index in generator.permutation(len(pool)):
                word = pool[index]
                entry = entries.get(word)
                sealed = {"category": entry.category, "facts": list(entry.facts)} if entry else {}
                yield Task(id=f"{split}/{word}", public={"target": word}, sealed=sealed)

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> TabooState:
        """The attacker's first move on ``public["target"]``; draws nothing from ``rng``.

        Raises:
            ValueError: if the target is missing or is not one word of letters.
            ImportError: ``spag-v1`` without TextBlob.
        """
        target = public.get("target")
        if not isinstance(target, str) or not target.isalpha():
            raise ValueError(f"a taboo task needs public['target'], one word of letters, not {target!r}")
        judge("", target, self.rules)  # raises here, not on a later move, for what the judge cannot take
        threads = {
            ATTACKER: (Message("system", attacker_rules(target, turns=self.turns)), Message("user", "You begin.")),
            DEFENDER: (Message("system", defender_rules(turns=self.turns)),),
        }
        return TabooState(target=target, threads=threads)

    def ask(self, state: TabooState) -> Ask | None:
        """The seat whose turn it is, or ``None`` when the game is over."""
        if state.end is not None:
            return None
        said = len(state.heard)
        seat = DEFENDER if said % 2 else ATTACKER
        view: dict[str, Any] = {"history": state.heard, "turn": said // 2, "turns": self.turns}
        if seat == ATTACKER:
            view["target"] = state.target
        return Ask(seat, state.threads[seat], view)

    def tell(self, state: TabooState, text: str) -> TabooState:
        """Judge ``text`` as the next utterance.

        Raises:
            ValueError: if the game is over.
        """
        if state.end is not None:
            raise ValueError(f"the game is over ({state.end}); start a new one")
        said = len(state.heard)
        seat, other = (DEFENDER, ATTACKER) if said % 2 else (ATTACKER, DEFENDER)
        public = public_part(text) if self.private else text
        threads = {
            seat: (*state.threads[seat], Message("assistant", text)),
            other: (*state.threads[other], Message("user", public)),
        }
        end, reason = self._verdict(seat, public, target=state.target)
        if end is None and said + 1 == 2 * self.turns:
            end, reason = "tie", f"no decision in {self.turns} turns"
        return TabooState(state.target, threads, (*state.heard, (seat, public)), end, reason)

    def outcome(self, state: TabooState) -> Outcome:
        """End, rewards and reason of a finished game."""
        if state.end is None:
            raise ValueError(f"the game is not over: {len(state.heard)} utterances of {2 * self.turns} were made")
        return Outcome(state.end, self._rewards(state.end), state.reason)

    def metrics(self, state: TabooState, task: Task) -> Mapping[str, float]:
        """Result by seat, legality, and the measures of ``selftaught.envs.taboo.measures``."""
        if state.end is None:
            raise ValueError("metrics are taken of finished games only")
        winner, breaker = WINNERS[state.end], BROKEN_BY.get(state.end)
        figures = {
            f"end/{state.end}": 1.0,
            "tie": float(winner is None),
            "turns": (len(state.heard) + 1) // 2,
        }
        for seat in self.seats:
            # A win through the other seat's breach says nothing about one's own play, so it is kept apart.
            figures[f"{seat}_win"] = float(winner == seat)
            figures[f"{seat}_earned"] = float(winner == seat and breaker is None)
            figures[f"{seat}_legal"] = float(breaker != seat)
        return {**figures, **measure(state.heard, facts=task.sealed.get("facts", ()))}

    def _verdict(self, seat: Seat, text: str, *, target: str) -> tuple[str | None, str]:
        if self.rules != "spag-v1":
            if not text.strip():
                return f"{seat}_empty", "nothing was said"
            if len(text) > self.longest:
                return f"{seat}_too_long", f"{len(text)} characters, {self.longest} allowed"
        guess = read_guess(text, target, self.rules)
        if seat == DEFENDER and guess is not None:
            return f"{guess}_guess", f"the guess was {guess}"
        if seat == ATTACKER and guess is not None:
            return "attacker_guessed", "only the defender may guess"
        verdict = judge(text, target, self.rules)
        if verdict.legal:
            return None, ""
        end = "attacker_leaked" if seat == ATTACKER else "defender_uttered"
        where = "" if verdict.span is None else f": {text[slice(*verdict.span)]!r}"
        return end, f"{verdict.reason}{where}"

    def _rewards(self, end: str) -> Mapping[Seat, float]:
        if end in self.payoffs:
            return dict(zip(self.seats, self.payoffs[end], strict=True))
        winner = WINNERS[end]
        return {seat: 0.0 if winner is None else (1.0 if winner == seat else -1.0) for seat in self.seats}


def attacker_rules(target: str, *, turns: int) -> str:
    """The attacker's instructions. The word comes last, so that all games share the tokens before it."""
    return (
        f"Word game, {turns} turns each. You are the attacker and know a secret word. Lead the defender to say it "
        "unawares or to guess wrong. Never use the word or a form of it. One short sentence a turn. "
        f"Secret word: {target}"
    )


def defender_rules(*, turns: int) -> str:
    """The defender's instructions."""
    return (
        f"Word game, {turns} turns each. You are the defender. The attacker has a secret word. If you say it in plain "
        "talk, you lose. You have one guess; when sure, reply only: Guess: <word>. One short sentence a turn."
    )


def _checked_split(split: str) -> Split:
    match split:
        case "train" | "validation" | "test":
            return split
    raise ValueError(f"unknown split {split!r}; the splits are train, validation, test")
