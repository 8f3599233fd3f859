"""What a student may study after a game: questions with the open answer, preferred to its own closed ones.

As published, the open answer is always right and always preferred. Here only answers that can be trusted are studied,
and only where the student said something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from selftaught.envs.self_study.game import SelfStudy, closed
from selftaught.envs.self_study.state import STUDENT, Asked
from selftaught.envs.self_study.words import grounded, leaking, words
from selftaught.types import Ask, Episode, Outcome, Reply, Turn

Pairs = Literal["always", "disagree"]
OPEN: Final = "open"
CLOSED: Final = "closed"
"""Names of the agents of a lesson's turns: what was said with the book open, and with it closed."""


@dataclass(frozen=True)
class Choice:
    """Which questions are studied.

    Args:
        pairs: ``always``: every question, as published; ``disagree``: those to which the student said something else.
        trust: how sure the open answer must be, as its agreement times its grounding: 0 as published, 1 for consensus.
        reworded: whether the rewordings that hold are studied as well.
        held: whether the last of them is left out, for a test in other words.

    Raises:
        ValueError: on a trust out of range.
    """

    pairs: Pairs = "disagree"
    trust: float = 0.5
    reworded: bool = True
    held: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.trust <= 1:
            raise ValueError(f"trust is from 0 to 1, not {self.trust}")

    def takes(self, asked: Asked, text: str) -> bool:
        """Whether a question is studied."""
        if not asked.sound or not asked.answer:
            return False
        if self.pairs == "always" and not self.trust:
            return True
        sure = asked.answerable * grounded(asked.answer, text, asked.question)
        differs = self.pairs == "always" or asked.known < 1
        return differs and sure >= self.trust and not leaking(asked.question, asked.answer)

    def wordings(self, asked: Asked) -> tuple[str, ...]:
        """Those of a question that are studied."""
        others = asked.wordings[1:] if self.reworded else ()
        return (asked.question, *(others[:-1] if self.held else others))


PUBLISHED: Final = Choice("always", 0.0, reworded=False)
"""The pairs of arXiv 2406.00606."""
TESTED: Final = Choice(pairs="always", held=True)
"""All questions with an open answer that can be trusted, known or not, less one wording of each for a test."""


def asked_in(episode: Episode, game: SelfStudy) -> tuple[Asked, ...]:
    """The questions of a finished game, with all answers."""
    state = game.start(episode.task.public, np.random.default_rng(0))
    for turn in episode.turns:
        state = game.tell(state, turn.reply.text)
    return state.asked


def lessons(episodes: Sequence[Episode], game: SelfStudy, choice: Choice) -> list[Episode]:
    """Every chosen question, with the open answer in the student's seat and one of its own beside it.

    The own answer is the first that says something else, with ``pairs="always"`` the first in other words; there may be
    none. Credits are 1 and 0, so that imitation learns from the former and preference from both. A wording that is held
    for the test of one question is studied in no other.
    """
    found = []
    chosen = [
        (episode, number, asked)
        for episode in episodes
        for number, asked in enumerate(asked_in(episode, game))
        if choice.takes(asked, episode.task.public["text"])
    ]
    held = {tuple(words(text)) for *_, asked in chosen for text in set(asked.wordings) - set(choice.wordings(asked))}
    for episode, number, asked in chosen:
        for place, question in enumerate(choice.wordings(asked)):
            if not choice.held or tuple(words(question)) not in held:
                found.append(_lesson(episode, f"{number}/{place}", question, asked, always=choice.pairs == "always"))
    return found


def _lesson(episode: Episode, name: str, question: str, asked: Asked, *, always: bool) -> Episode:
    ask = Ask(STUDENT, closed(question), {"question": question})
    pairs = zip(asked.closed, asked.same, strict=True)
    others = [said for said, same in pairs if (said.strip() != asked.answer if always else not same)]
    turns = (Turn(ask, Reply(asked.answer), OPEN), *(Turn(ask, Reply(said), CLOSED) for said in others[:1]))
    return Episode(
        id=f"{episode.id}/{name}",
        env=episode.env,
        task=episode.task,
        group=f"{episode.id}/{name}",
        turns=turns,
        outcome=Outcome("lesson", {STUDENT: 1.0}),
        metrics={},
        credits=(1.0, *(0.0 for _ in turns[1:])),
    )
