"""Scripted taboo players: the imitation teachers and the fixed yardsticks. Each is a pure function of its ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from selftaught.envs.taboo.judge import judge
from selftaught.envs.taboo.measures import content_words
from selftaught.envs.taboo.words import Entry, lexicon
from selftaught.types import Ask, Player, Seat

Scores = npt.NDArray[np.float64]

QUESTIONS: Final = (
    "Is it bigger than a person?",
    "Would I see it every day?",
    "Is it something people buy?",
    "Could I lift it alone?",
    "Is it found indoors?",
    "Was it around a hundred years ago?",
    "Is it alive?",
    "Does it cost a lot?",
    "What is it used for?",
    "Where would I come across it?",
    "Is it heavy?",
    "What does it look like?",
)
BEGGING: Final = (
    "Give me another hint, please.",
    "I need more clues.",
    "Can you tell me more?",
    "Hmm, another hint?",
    "Go on, say more.",
)
SURE: Final = 0.85
"""The posterior at which the Bayesian defender guesses before its last turn."""
CLEAR: Final = float(np.log(1000))
"""Evidence (nats) that an utterance must hold for the impatient and the polite defender to take it for a clue."""
ON_TOPIC: Final = 0.25
"""Odds at which the defenders think that a clue word was chosen for the target and not as common talk."""


def fact_giver(ask: Ask) -> str:
    """Attacker: names the category, then states true facts from vague to telling."""
    entry = _entry(ask.view["target"])
    turn = ask.view["turn"]
    facts = entry.facts
    order = min(len(facts) - 1, turn + pick(ask, 2, salt=1))
    if turn == 0:
        return _legal((f"It is a kind of {entry.category} that {facts[order]}.", f"It {facts[order]}."), entry.word)
    start = ("It", "This one", "The thing I mean")[pick(ask, 3, salt=2)]
    return _legal((f"{start} {facts[order]}.", f"It {facts[order]}."), entry.word)


def leading_questioner(ask: Ask) -> str:
    """Attacker: asks for the name of what a telling fact describes, to be answered unawares."""
    entry = _entry(ask.view["target"])
    order = len(entry.facts) - 1 - (ask.view["turn"] + pick(ask, 2, salt=1)) % len(entry.facts)
    fact = entry.facts[order]
    questions = (
        f"Which {entry.category} {fact}?",
        f"What do you call the {entry.category} that {fact}?",
        f"Name the {entry.category} that {fact}.",
    )
    return _legal((questions[pick(ask, 3, salt=2)], *questions, f"Which one {fact}?"), entry.word)


def misleader(ask: Ask) -> str:
    """Attacker: tells the truth of another word, so that whoever believes it guesses wrong."""
    entry = _other(ask.view["target"])
    fact = entry.facts[-1 - ask.view["turn"] % len(entry.facts)]
    return _legal((f"It is a kind of {entry.category} that {fact}.", f"It {fact}.", "Hm."), ask.view["target"])


def leaker(ask: Ask) -> str:
    """Attacker: breaks the rules by its third turn at the latest."""
    if ask.view["turn"] < 2 and pick(ask, 3, salt=5) > 0:
        return fact_giver(ask)
    return f"Well, it is the {ask.view['target']} of course."


def gibberish(ask: Ask) -> str:
    """Attacker: legal nonsense, drawn syllable by syllable."""
    syllables = ("zor", "plim", "vek", "tru", "nax", "obli", "quen", "firp", "dus", "gwo")
    text = " ".join(
        syllables[pick(ask, 10, salt=2 * place)] + syllables[pick(ask, 10, salt=2 * place + 1)] for place in range(5)
    )
    return f"{text.capitalize()}."


def bayes(ask: Ask) -> str:
    """Defender: keeps a posterior over the lexicon; guesses when sure, at even odds on its last turn; else asks."""
    word, probability = _likeliest(ask.view["history"])
    last = ask.view["turn"] == ask.view["turns"] - 1
    if probability >= (0.5 if last else SURE):
        return f"Guess: {word}"
    return _question(ask)


def patient(ask: Ask) -> str:
    """Defender: the Bayesian one, but it hears all clues before it guesses on its last turn."""
    return bayes(ask) if ask.view["turn"] == ask.view["turns"] - 1 else _question(ask)


def frequency(ask: Ask) -> str:
    """Defender: impatient; from its second turn on, guesses the commonest word that fits the last clue a little."""
    if ask.view["turn"] < 1:
        return _question(ask)
    index = _index()
    evidence = _evidence(content_words(ask.view["history"][-1][1]))
    if evidence.max() < CLEAR:
        return _question(ask)
    fits = evidence > evidence.max() / 3
    return f"Guess: {index.words[int(np.where(fits, index.prior, -np.inf).argmax())]}"


def answerer(ask: Ask) -> str:
    """Defender: politely answers a question with the word it thinks of, and so walks into the trap."""
    text = ask.view["history"][-1][1]
    asked = text.endswith("?") or text.lower().startswith("name ")
    if not asked or _evidence(content_words(text)).max() < CLEAR:
        return _question(ask)
    word, _ = _likeliest(ask.view["history"])
    return (f"I think it is {_article(word)}.", f"That would be {_article(word)}.", f"Easy, {_article(word)}.")[
        pick(ask, 3, salt=3)
    ]


def hint_beggar(ask: Ask) -> str:
    """Defender: never risks a word, only begs."""
    return BEGGING[pick(ask, len(BEGGING), salt=4)]


def echo(ask: Ask) -> str:
    """Defender: repeats what it heard."""
    return str(ask.view["history"][-1][1])


PLAYERS: Final[Mapping[Seat, Mapping[str, Player]]] = {
    "attacker": {
        "fact_giver": fact_giver,
        "leading_questioner": leading_questioner,
        "misleader": misleader,
        "leaker": leaker,
        "gibberish": gibberish,
    },
    "defender": {
        "bayes": bayes,
        "patient": patient,
        "frequency": frequency,
        "answerer": answerer,
        "hint_beggar": hint_beggar,
        "echo": echo,
    },
}

TEACHERS: Final[Mapping[Seat, tuple[str, ...]]] = {
    "attacker": ("fact_giver", "leading_questioner"),
    "defender": ("patient",),
}
"""The players whose wins are worth imitating; the impatient ``frequency`` wins too, but by luck."""

YARDSTICKS: Final[Mapping[Seat, tuple[str, ...]]] = {
    "attacker": ("fact_giver", "leading_questioner"),
    "defender": ("bayes", "frequency", "answerer"),
}
"""The players that decide games by skill, against which a policy in the other seat is measured."""


def pick(ask: Ask, choices: int, *, salt: int) -> int:
    """A number below ``choices``, fixed by the ask's seed, its turn and ``salt``.

    This is splitmix64; building a numpy generator for each reply costs more than the reply.
    """
    value = ask.seed * 0xBF58476D1CE4E5B9 + ask.view["turn"] * 0x94D049BB133111EB + (salt + 1) * 0x9E3779B97F4A7C15
    value &= 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return int((value ^ (value >> 31)) % choices)


@lru_cache(maxsize=65_536)
def _entry(target: str) -> Entry:
    known = lexicon().get(target)
    if known is None:
        return Entry(word=target, category="word", facts=_plain_facts(target))
    return known


@lru_cache(maxsize=65_536)
def _other(target: str) -> Entry:
    """What the lexicon has half of it further on."""
    entries = tuple(lexicon().values())
    place = next((place for place, entry in enumerate(entries) if entry.word == target), len(target))
    return entries[(place + len(entries) // 2) % len(entries)]


def _plain_facts(target: str) -> tuple[str, ...]:
    """Something true to say of a word that has no facts, vague to telling, the target's own forms left out."""
    facts = (
        "stands in most dictionaries",
        "can be said aloud",
        f"has {len(target)} characters",
        f"starts with {target[0].upper()}",
        f"ends with {target[-1].upper()}",
    )
    return tuple(fact for fact in facts if judge(fact, target, "strict+derivations").legal)


@lru_cache(maxsize=65_536)
def _legal(sentences: tuple[str, ...], target: str) -> str:
    """The first sentence that no rules forbid: words without facts may be those of the sentences (kind, name)."""
    return next((one for one in sentences if judge(one, target, "strict+derivations").legal), sentences[-1])


def _question(ask: Ask) -> str:
    return QUESTIONS[pick(ask, len(QUESTIONS), salt=6)]


def _article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


@dataclass(frozen=True, slots=True)
class _Index:
    """The lexicon as the defenders know it.

    ``prior`` [W] is the log frequency of each word. ``evidence`` gives for a clue word the rows of the words that it
    fits and by how much (nats) it speaks for each: ``log(1 + ON_TOPIC * p(clue | word) / p(clue))``, with the clue
    uniform over what is known of the word, and its frequency in English as background. Common talk so proves little.
    """

    words: tuple[str, ...]
    prior: Scores
    evidence: Mapping[str, tuple[npt.NDArray[np.intp], Scores]]


@cache
def _index() -> _Index:
    from wordfreq import word_frequency, zipf_frequency

    entries = tuple(lexicon().values())
    known = [content_words(" ".join((entry.category, *entry.facts))) for entry in entries]
    rows: dict[str, list[int]] = {}
    for row, clues in enumerate(known):
        for clue in clues:
            rows.setdefault(clue, []).append(row)
    shares = np.array([1 / len(clues) for clues in known], dtype=np.float64)
    evidence = {}
    for clue, found in rows.items():
        places = np.array(found, dtype=np.intp)
        background = max(word_frequency(clue, "en"), 1e-7)
        evidence[clue] = (places, np.log1p(ON_TOPIC * shares[places] / background))
    prior = np.array([zipf_frequency(entry.word, "en") for entry in entries], dtype=np.float64)
    return _Index(tuple(entry.word for entry in entries), prior * np.log(10), evidence)


@lru_cache(maxsize=8_192)
def _evidence(clues: frozenset[str]) -> Scores:
    """How much (nats) the clue words speak for each word of the lexicon: [W]."""
    index = _index()
    found = [index.evidence[clue] for clue in sorted(clues) if clue in index.evidence]
    if not found:
        return np.zeros(len(index.words))
    places, gains = zip(*found, strict=True)
    scores = np.bincount(np.concatenate(places), np.concatenate(gains), minlength=len(index.words)).astype(np.float64)
    scores.setflags(write=False)
    return scores


def _likeliest(history: Sequence[tuple[Seat, str]]) -> tuple[str, float]:
    """The likeliest word given all clue words of the attacker, and its posterior probability under a flat prior.

    A clue counts once, however often it is repeated.
    """
    clues = frozenset[str]().union(*(content_words(text) for seat, text in history if seat == "attacker"))
    scores = _evidence(clues)
    best = int(scores.argmax())
    return _index().words[best], float(1 / np.exp(scores - scores[best]).sum())
