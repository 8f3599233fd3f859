"""What questions are worth by what they teach: a weight update on each document's lessons, and a test after it.

As in SEAL (arXiv 2506.10943), but without labels: the test asks the document's questions in rewordings that were not
studied, and an answer counts where it says what the open one said. An update takes seconds to minutes, so a step makes
no more than ``most`` of them; the policy is put back after each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from selftaught.agents.local import LocalAgent
from selftaught.agents.local_adapters import restored
from selftaught.algorithms.imitation import Imitation
from selftaught.algorithms.learner import Learner
from selftaught.algorithms.train import Source
from selftaught.algorithms.turns import decisions
from selftaught.benchmarks.study import Course, portions
from selftaught.envs.self_study.game import closed
from selftaught.envs.self_study.lessons import TESTED, asked_in, lessons
from selftaught.envs.self_study.state import EXAMINER, STUDENT, Asked, is_question, question_of
from selftaught.envs.self_study.words import agree
from selftaught.types import Ask, Episode, Turn


@dataclass
class UpdateReward:
    """A source of games of ``self_study`` whose examiner earns the gain of an inner update; wraps another source.

    Args:
        source: of the games, which need rewordings (``reword`` of 1 or more) to be tested by.
        agent: the policy that studies and is tested.
        course: the game, the tokens of an inner update, and how it learns.
        most: inner updates a step: the cap on the cost. Documents beyond it, and those without a rewording that is left
            for the test, teach the examiner nothing.
    """

    source: Source
    agent: LocalAgent
    course: Course
    most: int = 8

    def __call__(self, step: int, seed: int) -> list[Episode]:
        """The games of a step; every question of a document is worth what its update gained, from -1 to 1."""
        found, made = [], 0
        for episode in self.source(step, seed):
            gain = None
            if made < self.most and any(len(one.wordings) > 1 for one in asked_in(episode, self.course.game)):
                gain = self.gain(episode, seed=seed)
                made += 1
            earned = [
                self._earned(turn, credit, gain) for turn, credit in zip(episode.turns, episode.credits, strict=True)
            ]
            found.append(replace(episode, credits=tuple(earned)))
        return found

    def _earned(self, turn: Turn, credit: float | None, gain: float | None) -> float | None:
        """Sound questions earn the gain; what is no question earns nothing, and all else what it did."""
        asking = turn.ask.seat == EXAMINER and "text" in turn.ask.view
        if not asking:
            return credit
        sound = is_question(question_of(turn.reply.text), turn.ask.view["earlier"])
        return gain if sound else 0.0

    def gain(self, episode: Episode, *, seed: int) -> float:
        """Share of held-out rewordings answered as with the book open, after an update less before it."""
        held = [one for one in asked_in(episode, self.course.game) if len(one.wordings) > 1]
        told = lessons([episode], self.course.game, TESTED)
        if not held or not told:
            return 0.0
        before = self._known(held)
        with restored(self.agent.model):
            learner = Learner(self.agent.model, self.course.learning)
            single = [replace(lesson, turns=lesson.turns[:1], credits=lesson.credits[:1]) for lesson in told]
            for part in portions(single, [], 0.0, self.course.tokens, codec=self.agent.codec, seed=seed):
                algorithm = Imitation(kl=0.0, normalise="token")
                examples, _ = algorithm.examples(decisions(part), {}, codec=self.agent.codec)
                learner.update(examples, algorithm.loss, seed=seed, reference="none")
            self.agent.forget()
            after = self._known(held)
        self.agent.forget()
        return after - before

    def _known(self, held: Sequence[Asked]) -> float:
        greedy = self.agent.sibling(
            name="student", adapter="default", sampling=replace(self.agent.sampling, temperature=0.0)
        )
        replies = greedy.reply([Ask(STUDENT, closed(one.wordings[-1])) for one in held])
        same = [agree(one.answer, reply.text, one.wordings[-1]) for one, reply in zip(held, replies, strict=True)]
        return float(np.mean(same))
