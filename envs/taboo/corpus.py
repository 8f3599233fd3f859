"""Chats from which a model can learn language and knowledge for taboo from nothing.

Facts are told of *every* word of the lexicon, held-out families too, as a large model knows them from its pre-training,
but never in the form of the game. Games are played on words of the training split only, by all kinds of scripted
players, good and bad.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import numpy as np

from selftaught.envs.taboo.game import ATTACKER, DEFENDER, Taboo
from selftaught.envs.taboo.players import PLAYERS
from selftaught.envs.taboo.words import lexicon
from selftaught.types import Ask, Message

Chat = tuple[Message, ...]

RIDDLES: Final = (
    "It {fact}.",
    "This one {fact}.",
    "The thing I mean {fact}.",
    "It is a kind of {category} that {fact}.",
    "Which {category} {fact}?",
    "What do you call the {category} that {fact}?",
    "Name the {category} that {fact}.",
)
MOST_FACTS: Final = 4
"""Facts in one riddle; a game's defender hears up to five."""


def corpus(rng: np.random.Generator, *, passes: int = 8, count: int = 1200) -> Iterator[Chat]:
    """``passes`` times all facts, then ``count`` games: what the pocket model learns from."""
    for _ in range(passes):
        yield from facts(rng)
    yield from games(rng, count=count)


def facts(rng: np.random.Generator) -> Iterator[Chat]:
    """Every fact of every word in a riddle of its own or with others, and told of the word."""
    for entry in lexicon().values():
        for place in range(len(entry.facts)):
            others = [other for other in rng.permutation(len(entry.facts)) if other != place]
            count = int(rng.integers(1, MOST_FACTS)) if rng.random() < 0.5 else 0
            chosen = rng.permutation([place, *others[:count]])
            riddle = " ".join(
                RIDDLES[rng.integers(len(RIDDLES))].format(category=entry.category, fact=entry.facts[fact])
                for fact in chosen
            )
            yield (Message("user", riddle), Message("assistant", f"Answer: {entry.word}"))
        order = rng.permutation(len(entry.facts))
        for start in range(0, len(order), 3):
            told = " ".join(f"It {entry.facts[fact]}." for fact in order[start : start + 3])
            yield (
                Message("user", f"What is true of: {entry.word}"),
                Message("assistant", f"It is a kind of {entry.category}. {told}"),
            )


def games(rng: np.random.Generator, *, count: int) -> Iterator[Chat]:
    """``count`` games between random scripted players, each seen from both seats."""
    game = Taboo()
    for task in islice(game.tasks("train", int(rng.integers(2**31))), count):
        players = {seat: list(PLAYERS[seat].values())[rng.integers(len(PLAYERS[seat]))] for seat in game.seats}
        state = game.start(task.public, rng)
        while (ask := game.ask(state)) is not None:
            seeded = Ask(ask.seat, ask.messages, ask.view, int(rng.integers(2**62)))
            state = game.tell(state, players[ask.seat](seeded))
        for seat in (ATTACKER, DEFENDER):
            if any(message.role == "assistant" for message in state.threads[seat]):
                yield state.threads[seat]
