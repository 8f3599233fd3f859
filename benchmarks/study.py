"""Study: from passages to lessons to an adapter that knows them, in parts, with replay; for users and for benchmarks.

A part is a set of passages. Its questions are asked and answered by the policy as it then is; what it says with the
book open is learned without the book, first alone (stage one of arXiv 2406.00606), then in preference to its own closed
answers (stage two).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

import numpy as np

from selftaught.agents.local import LocalAgent
from selftaught.algorithms.dpo import Dpo
from selftaught.algorithms.imitation import Imitation
from selftaught.algorithms.learner import Algorithm, Learner
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.reading import Reading
from selftaught.algorithms.train import Loop, train
from selftaught.benchmarks.studies import resumed
from selftaught.envs.self_study.audit import taught
from selftaught.envs.self_study.game import SelfStudy
from selftaught.envs.self_study.lessons import OPEN, Choice, lessons
from selftaught.progress import Meter
from selftaught.rollout import rollout
from selftaught.store import read_run, shard_path, write_shard
from selftaught.types import Agent, Ask, Codec, Episode, Outcome, Reply, Seat, Task, Turn

STEPS: Final = 4
"""Parts of a stage, each with a checkpoint: what a kill can lose at most."""


@dataclass(frozen=True)
class Method:
    """How a model learns what is in texts.

    Args:
        choice: of lessons; None: it reads the texts as they are (continued pre-training).
        preferred: share of the tokens that goes to stage two.
        replay: share of the lessons of a part that come from earlier parts, where there are any.
        asks: who asks and reads in later parts: the policy as it was at the ``start``, or the ``student`` that it
            became and that unlearns to read.
    """

    choice: Choice | None = field(default_factory=Choice)
    preferred: float = 0.25
    replay: float = 0.0
    asks: Literal["start", "student"] = "start"

    def __post_init__(self) -> None:
        if not 0 <= self.preferred < 1 or not 0 <= self.replay < 1:
            raise ValueError(f"preferred and replay are shares from 0 to below 1: {self}")


@dataclass(frozen=True)
class Course:
    """What is common to all methods."""

    game: SelfStudy
    tokens: int
    """That each method may learn from in a part: prompts and replies, of every pass."""
    learning: Optimisation


def ask(
    cast: Mapping[Seat, Agent], game: SelfStudy, passages: Sequence[Task], *, seed: int, folder: Path, bars: Meter
) -> list[Episode]:
    """Play the game on every passage, or find it played in ``folder``."""
    if not shard_path(folder, 0).exists():
        advance = bars("ask and answer", len(passages))
        episodes = rollout(game, passages, cast, seed=seed, progress=advance)
        write_shard(shard_path(folder, 0), episodes)
    return list(read_run(folder))


def learn(
    agent: LocalAgent,
    method: Method,
    course: Course,
    asked: Sequence[Episode],
    *,
    earlier: Sequence[Episode] = (),
    seed: int,
    folder: Path,
    bars: Meter,
) -> dict[str, float]:
    """Learn one part by a method, or go on; how many lessons there were, and what was read of them.

    ``asked`` and ``earlier`` are games of this part and of those before it. Without any lesson nothing is learned.
    """
    if method.choice is None:
        pool, old = [as_text(episode) for episode in asked], [as_text(episode) for episode in earlier]
        stages: list[tuple[str, Algorithm, Sequence[Episode], float]] = [("read", Reading(), pool, 1.0)]
    else:
        pool, old = (lessons(some, course.game, method.choice) for some in (asked, earlier))
        told = [_open(lesson) for lesson in pool]
        pairs = [lesson for lesson in pool if len(lesson.turns) > 1]
        share = method.preferred if pairs else 0.0
        stages = [("told", Imitation(kl=0.0, normalise="token"), told, 1 - share)]
        if share:
            stages.append(("preferred", Dpo(nll=0.1), pairs, share))
    figures = taught(pool) if method.choice is not None else {"taught/lessons": float(len(pool))}
    for name, algorithm, mine, share in stages:
        before = [_open(lesson) for lesson in old] if name == "told" else old if name == "read" else []
        budget = int(course.tokens * share)
        parts = portions(mine, before, method.replay, budget, codec=agent.codec, seed=seed) if mine else []
        figures[f"{name}/passes"] = sum(map(len, parts)) / max(1, len(mine))
        if not parts:
            continue
        train(
            folder=folder / name,
            agent=agent,
            algorithm=algorithm,
            learner=Learner(agent.model, _learning(course, algorithm)),
            source=lambda step, seed_, parts=parts: parts[step],  # type: ignore[misc]
            tracker=resumed(folder / name),
            loop=Loop(steps=len(parts), seed=seed),
            meter=bars,
        )
    return figures


def _learning(course: Course, algorithm: Algorithm) -> Optimisation:
    """A preference is learned more carefully than a text."""
    slow = isinstance(algorithm, Dpo)
    return replace(course.learning, learning_rate=course.learning.learning_rate * (0.2 if slow else 1.0))


def portions(
    mine: Sequence[Episode], earlier: Sequence[Episode], replay: float, budget: int, *, codec: Codec, seed: int
) -> list[list[Episode]]:
    """Lessons pass after pass until their tokens are spent, in ``STEPS`` parts."""
    found: list[Episode] = []
    for number, episode in enumerate(_passes(mine, earlier, replay, seed)):
        budget -= tokens_of(episode, codec)
        if budget < 0 and found:
            break
        # A lesson that comes twice in a part is two: replies in one group are compared with each other.
        found.append(replace(episode, id=f"{episode.id}/{number}", group=f"{episode.group}/{number}"))
    cuts = np.linspace(0, len(found), STEPS + 1).astype(int)
    return [found[start:stop] for start, stop in pairwise(cuts) if stop > start]


def _passes(mine: Sequence[Episode], earlier: Sequence[Episode], replay: float, seed: int) -> Iterator[Episode]:
    """Every lesson once before any comes twice, in random order; between them, earlier ones."""
    random = np.random.default_rng(seed)
    while True:
        for place in random.permutation(len(mine)):
            while earlier and random.random() < replay:
                yield earlier[int(random.integers(len(earlier)))]
            yield mine[place]


def tokens_of(episode: Episode, codec: Codec) -> int:
    """Of prompts, where there are any, and replies."""
    asked = [turn.ask.messages for turn in episode.turns if turn.ask.messages]
    return sum(len(codec.prompt(one)) for one in asked) + sum(len(codec.reply(t.reply.text)) for t in episode.turns)


def _open(lesson: Episode) -> Episode:
    """The open answer alone."""
    turns = tuple(turn for turn in lesson.turns if turn.agent == OPEN)
    return replace(lesson, turns=turns, credits=(1.0,) * len(turns))


def as_text(episode: Episode) -> Episode:
    """A document as a turn that was asked nothing."""
    turn = Turn(Ask("student", ()), Reply(episode.task.public["text"]), "text")
    return replace(episode, turns=(turn,), outcome=Outcome("text", {"student": 1.0}), credits=())
