"""Chats from which a model can learn language and knowledge for taboo from nothing.

Facts are told of *every* word of the lexicon, held-out families too, as a large model knows them from its pre-training.
Games are played on words of the training split only, by all kinds of scripted players, good and bad.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from selftaught.envs.taboo.game import ATTACKER, DEFENDER, Taboo
from selftaught.envs.taboo.players import PLAYERS
from selftaught.envs.taboo.words import lexicon
from selftaught.types import Ask, Message

Chat = tuple[Message, ...]


def corpus(rng: np.random.Generator, *, passes: int = 3, count: int = 2000) -> Iterator[Chat]:
    """``passes`` times all facts, then ``count`` games: what the pocket model learns from."""
    for _ in range(passes):
        yield from facts(rng)
    yield from games(rng, count=count)


def facts(rng: np.random.Generator) -> Iterator[Chat]:
    """Every fact of every word once as a statement and once as a question, in shuffled order."""
    pairs = [(entry, fact) for entry in lexicon().values() for fact in entry.facts]
    for place in rng.permutation(len(pairs)):
        entry, fact = pairs[place]
        yield (
            Message("user", f"Say something true of: {entry.word}"),
            Message("assistant", f"It is a kind of {entry.category} that {fact}."),
        )
        yield (Message("user", f"Which {entry.category} {fact}?"), Message("assistant", f"Guess: {entry.word}"))


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
