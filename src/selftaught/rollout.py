"""Play many games at once: one batched call an agent and tick, or a stream where the agent has one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from selftaught.types import Agent, Ask, Choosy, Crediting, Episode, Game, Reply, Seat, Stream, Streaming, Task, Turn


@dataclass(slots=True)
class _Table:
    """One game in play."""

    index: int
    id: str
    task: Task
    cast: Mapping[Seat, Agent]
    state: Any
    draws: np.random.Generator
    turns: list[Turn] = field(default_factory=list)


def rollout(
    game: Game[Any],
    tasks: Iterable[Task],
    cast: Mapping[Seat, Agent] | Callable[[int], Mapping[Seat, Agent]],
    *,
    seed: int,
    samples: int = 1,
    label: str = "",
    progress: Callable[[int], object] = lambda finished: None,
) -> list[Episode]:
    """Play every task ``samples`` times; episodes come back in the order of tasks and samples.

    Every game draws from its own generator, spawned from ``seed`` by its place in that order, so neither the batching
    nor another game's length changes what it draws.

    Args:
        game: the rules.
        tasks: finitely many tasks; take a slice of ``game.tasks``.
        cast: who sits where; or a function of the game's index, so that one batch may hold many pairings.
        seed: fixes all draws of games and agents.
        samples: games a task; they share the episode's ``group``, which those of the same task later on do not.
        label: put before every episode's id and group, to keep several calls apart: tasks of two settings of a game
            may have the same id.
        progress: called with the number of games that have just ended.

    Raises:
        ValueError: if the cast leaves a seat empty, or seats somebody whom the game does not take, or if an agent
            returns another number of replies than was asked.
    """
    deals = [task for task in tasks for _ in range(samples)]
    tables = []
    for index, task in enumerate(deals):
        draws = _draws(seed, index)
        seated = cast(index) if callable(cast) else cast
        missing = [seat for seat in game.seats if seat not in seated]
        if missing:
            raise ValueError(f"no agent for seats {missing} of {game.name!r}; the cast has {sorted(seated)}")
        _check_required(game, seated)
        name = f"{label}{game.name}/{task.id}/{seed}-{index}"
        tables.append(_Table(index, name, task, seated, game.start(task.public, draws), draws))
    with ExitStack() as opened:
        desk = _Desk(game, opened)
        waiting = tables
        while waiting or desk.open():
            waiting = desk.ask(waiting, progress=progress) or desk.collect()
    return [
        finished(game, one.state, one.task, one.turns, name=one.id, group=f"{label}{one.task.id}/{place // samples}")
        for place, one in enumerate(tables)
    ]


@dataclass(slots=True)
class _Desk:
    """Takes asks from tables to agents and replies back: at once, or through a stream where the agent has one."""

    game: Game[Any]
    opened: ExitStack
    streams: dict[int, Stream] = field(default_factory=dict)
    asked: dict[int, tuple[_Table, Ask, Agent]] = field(default_factory=dict)

    def open(self) -> bool:
        """Whether an ask is under way."""
        return bool(self.asked)

    def ask(self, tables: Sequence[_Table], *, progress: Callable[[int], object]) -> list[_Table]:
        """Ask every table's seat, all tables of one agent in one call; the tables that have their reply already."""
        batches: dict[int, tuple[Agent, list[_Table], list[Ask]]] = {}
        finished = 0
        for table in tables:
            ask = self.game.ask(table.state)
            if ask is None:
                finished += 1
                continue
            agent = table.cast[ask.seat]
            ask = replace(ask, seed=int(table.draws.integers(2**63)))
            if isinstance(agent, Streaming):
                if id(agent) not in self.streams:
                    self.streams[id(agent)] = self.opened.enter_context(agent.stream())
                self.streams[id(agent)].put(table.index, ask)
                self.asked[table.index] = (table, ask, agent)
            else:
                _, seated, asks = batches.setdefault(id(agent), (agent, [], []))
                seated.append(table)
                asks.append(ask)
        progress(finished)
        answered: list[_Table] = []
        for agent, seated, asks in batches.values():
            replies = agent.reply(asks)
            if len(replies) != len(asks):
                raise ValueError(f"agent {agent.name!r} gave {len(replies)} replies to {len(asks)} asks")
            for table, ask, reply in zip(seated, asks, replies, strict=True):
                self._tell(table, ask, reply, agent.name)
            answered += seated
        return answered

    def collect(self) -> list[_Table]:
        """The tables whose reply the fullest stream has next: the others gather asks meanwhile."""
        fullest = max(self.streams.values(), key=len, default=None)
        if not fullest:
            return []
        answered = []
        for index, reply in fullest.take():
            table, ask, agent = self.asked.pop(index)
            self._tell(table, ask, reply, agent.name)
            answered.append(table)
        return answered

    def _tell(self, table: _Table, ask: Ask, reply: Reply, agent: str) -> None:
        before, table.state = table.state, self.game.tell(table.state, reply.text)
        table.turns.append(Turn(ask, reply, agent, turn_reward(self.game, before, table.state, ask.seat)))
        pay_others(self.game, before, table.state, table.turns)


def replayed(game: Game[Any], episode: Episode) -> Episode:
    """The game again, from the task and the texts that an episode of ``rollout`` holds; agents are not asked.

    Raises:
        ValueError: if the episode is not of ``rollout``, or the game asks something else than it did then.
    """
    found = re.search(r"/(\d+)-(\d+)$", episode.id)
    if found is None:
        raise ValueError(f"episode {episode.id!r} has no seed in its id: only those of rollout can be played again")
    draws = _draws(int(found[1]), int(found[2]))
    state, turns = game.start(episode.task.public, draws), list[Turn]()
    for turn in episode.turns:
        ask = game.ask(state)
        told = None if ask is None else (ask.seat, ask.messages, int(draws.integers(2**63)))
        if ask is None or told != (turn.ask.seat, turn.ask.messages, turn.ask.seed):
            raise ValueError(f"turn {len(turns) + 1} of {episode.id!r} was {turn.ask}, and now is {ask}")
        before, state = state, game.tell(state, turn.reply.text)
        reward = turn_reward(game, before, state, ask.seat)
        turns.append(Turn(replace(ask, seed=turn.ask.seed), turn.reply, turn.agent, reward))
        pay_others(game, before, state, turns)
    return finished(game, state, episode.task, turns, name=episode.id, group=episode.group)


def turn_reward(game: Game[Any], before: Any, after: Any, seat: Seat) -> float:
    """What a seat was paid from one state to another before the end; 0 at the end, and in games that pay only there."""
    if not hasattr(game, "paid") or game.ask(after) is None:
        return 0.0
    return float(game.paid(after)[seat] - game.paid(before)[seat])


def pay_others(game: Game[Any], before: Any, after: Any, turns: list[Turn]) -> None:
    """Book what other seats than the one that acted were paid on the latest turn of each; those without one wait."""
    if not hasattr(game, "paid") or game.ask(after) is None:
        return
    paid, known = game.paid(after), game.paid(before)
    for seat in paid.keys() - {turns[-1].ask.seat}:
        gained = float(paid[seat] - known[seat])
        places = [place for place, turn in enumerate(turns) if turn.ask.seat == seat] if gained else []
        if places:
            last = turns[places[-1]]
            turns[places[-1]] = replace(last, reward=last.reward + gained)


def _draws(seed: int, index: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,)))


def _check_required(game: Game[Any], seated: Mapping[Seat, Agent]) -> None:
    """Some games know who must sit where.

    Raises:
        ValueError: if somebody else does.
    """
    for seat, name in game.required.items() if isinstance(game, Choosy) else ():
        if seated[seat].name != name:
            raise ValueError(f"seat {seat!r} of {game.name!r} is for {name!r}, and {seated[seat].name!r} sits there")


def finished(game: Game[Any], state: Any, task: Task, turns: Sequence[Turn], *, name: str, group: str) -> Episode:
    """The episode of a game that has reached its last state; ``name`` is its id.

    Raises:
        ValueError: if the game is not over.
    """
    return Episode(
        id=name,
        env=game.name,
        task=task,
        group=group,
        turns=tuple(turns),
        outcome=game.outcome(state),
        metrics=dict(game.metrics(state, task)),
        credits=tuple(game.credits(state)) if isinstance(game, Crediting) else (),
    )
