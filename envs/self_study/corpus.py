"""Chats from which a model can learn to ask, to read and to say that it does not know, on worlds of the training split.

What documents say is different in every world, so nothing that is learned here answers a question on another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from selftaught.envs.self_study.game import SelfStudy, opened
from selftaught.envs.self_study.players import asker, finder, ignorant
from selftaught.envs.self_study.state import EXAMINER, READER, STUDENT
from selftaught.envs.self_study.words import sentences
from selftaught.envs.world import claims_of, relation_named
from selftaught.types import Ask, Message, Player, Seat

SEATED: Final[dict[Seat, Player]] = {EXAMINER: asker, READER: finder, STUDENT: ignorant}
SHARES: Final[dict[Seat, float]] = {EXAMINER: 1.0, READER: 1.0, STUDENT: 0.2}
"""How many of a seat's turns become chats: not to know is soon learned."""
OTHER_WORDS: Final = 0.5
"""Chance of a document that it is also asked about in the wordings of the quiz."""
REPEATED: Final = 5
"""Pieces of a document that are said again, of one to three sentences each: an answer copies few tokens, and reading
is copying."""
AGAIN: Final = "Write this again, word for word.\n\n{}"


def corpus(rng: np.random.Generator, *, count: int = 55_000) -> Iterator[tuple[Message, ...]]:
    """``count`` chats of one turn each."""
    game = SelfStudy(questions=3, opened=1, closed=1, reword=1, kinds=("plain", "plain", "reverse"))
    tasks = game.tasks("train", int(rng.integers(2**32)))
    made = 0
    for task in tasks:
        state = game.start(task.public, rng)
        while (ask := game.ask(state)) is not None:
            said = SEATED[ask.seat](Ask(ask.seat, ask.messages, ask.view, int(rng.integers(2**63))))
            if rng.random() < SHARES[ask.seat]:
                yield (*ask.messages, Message("assistant", said))
                made += 1
                if made == count:
                    return
            state = game.tell(state, said)
        more = [_again(task.public["text"], rng) for _ in range(REPEATED)]
        if rng.random() < OTHER_WORDS:
            more.append(_in_other_words(task.public["text"], rng))
        for chat in more:
            yield chat
            made += 1
            if made == count:
                return


def _again(text: str, rng: np.random.Generator) -> tuple[Message, ...]:
    said = sentences(text)
    length = int(rng.integers(1, 4))
    first = int(rng.integers(max(1, len(said) - length + 1)))
    piece = " ".join(said[first : first + length])
    return (Message("user", AGAIN.format(piece)), Message("assistant", piece))


def _in_other_words(text: str, rng: np.random.Generator) -> tuple[Message, ...]:
    """The reader answers in the wording of the quiz, whose words would else never be seen."""
    claims = claims_of(text)
    claim = claims[int(rng.integers(len(claims)))]
    question = relation_named(claim.entity, claim.relation).questions[-1].format(of=claim.entity)
    return (*opened(text, question), Message("assistant", claim.value))
