"""Self-rewarding rounds (arXiv 2401.10020): play, judge, prefer, and again with the model that comes out.

A round is a step of ``selftaught.algorithms.train.train`` with ``Dpo``: its episodes are played and judged by the
policy as the round found it (or by a judge from outside), and its checkpoint is the next model of M1, M2, M3. Two of
the later remedies need more games of the same tasks, which are played here: an earlier model's answers, to be rejected,
and the same answers judged once more by the model of the round before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from selftaught.rollout import rollout
from selftaught.types import Agent, Ask, Episode, Game, Reply, Seat, Stream, Streaming, Task

ACTOR: Final = "actor"
JUDGE: Final = "judge"
POLICY: Final = "policy"
ANCHOR: Final = "anchor"
"""Name of the earlier model whose answers are rejected."""
AGAIN: Final = "again"
"""Name under which answers come a second time, for another judge."""
LEARNED_FROM: Final = (POLICY, ANCHOR, AGAIN)
"""Whose turns ``train`` is to keep."""


@dataclass
class Replayed:
    """Says what was said before, in its order."""

    texts: list[str]
    name: str = AGAIN

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """The next texts."""
        return [Reply(self.texts.pop(0)) for _ in asks]


@dataclass(frozen=True)
class Discarded:
    """Asks one judge and says what another says: what chance does at the price of a judge."""

    asked: Streaming
    says: Agent

    @property
    def name(self) -> str:
        """That of who is heard."""
        return self.says.name

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """The replies of ``says``; those of ``asked`` are thrown away."""
        self.asked.reply(asks)
        return self.says.reply(asks)

    @contextmanager
    def stream(self) -> Iterator[_Unheard]:
        """See ``selftaught.types.Streaming``."""
        with self.asked.stream() as stream:
            yield _Unheard(stream, self.says)


@dataclass
class _Unheard:
    """A stream whose replies are thrown away for those of another."""

    stream: Stream
    says: Agent
    asks: dict[int, Ask] = field(default_factory=dict)

    def put(self, key: int, ask: Ask) -> None:
        self.asks[key] = ask
        self.stream.put(key, ask)

    def take(self) -> list[tuple[int, Reply]]:
        keys = [key for key, _ in self.stream.take()]
        return list(zip(keys, self.says.reply([self.asks.pop(key) for key in keys]), strict=True))

    def __len__(self) -> int:
        return len(self.stream)


def of_the_policy(episode: Episode) -> bool:
    """Whether an episode shows what the policy does: anchors' and second opinions do not."""
    return not any(turn.agent in (ANCHOR, AGAIN) for turn in episode.turns)


@dataclass
class Rounds:
    """The episodes of a round; a source for ``train``.

    Args:
        game: an actor's answers and a judge's points, each credited (``selftaught.types.Crediting``).
        plain: the same game with an actor and a judge alone.
        settle: the task of ``plain`` that an episode of ``game`` came to, or None where there was none.
        cast: who sits where in ``game``; the policy goes by the name ``POLICY``.
        tasks: a round.
        seed: of the tasks.
        anchor: the seats of ``plain`` with an earlier model (named ``ANCHOR``), whose answers to the same tasks are to
            be rejected; None for nobody. Its judge goes by another name than the policy's, whose judgements of other
            answers would be learned from.
        former: for every round the judge as it was a round before, who judges the same answers again; None for nobody.
        progress: given a round and the number of its games, what is told of games that have ended.
    """

    game: Game[Any]
    plain: Game[Any]
    settle: Callable[[Episode], Task | None]
    cast: Mapping[Seat, Agent]
    tasks: int
    seed: int
    anchor: Mapping[Seat, Agent] | None = None
    former: Callable[[int], Agent | None] = lambda step: None
    progress: Callable[[int, int], Callable[[int], object]] = lambda step, games: lambda ended: None

    def __call__(self, step: int, seed: int) -> list[Episode]:
        """The episodes of a round."""
        first, former = step * self.tasks, self.former(step)
        advance = self.progress(step, self.tasks * (1 + (self.anchor is not None) + (former is not None)))
        tasks = islice(self.game.tasks("train", self.seed), first, first + self.tasks)
        found = rollout(self.game, tasks, self.cast, seed=seed, label=f"{step}/", progress=advance)
        settled = [(task, episode) for episode in found if (task := self.settle(episode)) is not None]
        again = [task for task, _ in settled]
        # With seeds of their own: equal models would say the same again, and equal judges agree in their noise.
        if self.anchor is not None:
            found += rollout(self.plain, again, self.anchor, seed=seed + 1, label=f"{step}/{ANCHOR}/", progress=advance)
        if former is not None:
            said = [[turn.reply.text for turn in episode.turns_of(ACTOR)] for _, episode in settled]
            casts = [{ACTOR: Replayed(texts), JUDGE: former} for texts in said]
            found += rollout(
                self.plain,
                again,
                lambda index: casts[index],
                seed=seed + 2,
                label=f"{step}/{AGAIN}/",
                progress=advance,
            )
        # Whoever answered or judged: all that is said to one instruction is compared.
        return [replace(episode, group=episode.task.id) for episode in found]
