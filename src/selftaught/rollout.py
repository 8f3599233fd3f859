"""Play many games at once: one batched call an agent and tick."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from selftaught.types import Agent, Episode, Game, Seat, Task, Turn


@dataclass(slots=True)
class _Table:
    """One game in play."""

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
        samples: games a task; they share the episode's ``group``.
        label: put before every episode's id, to keep ids of several calls apart.
        progress: called with the number of games that have just ended.

    Raises:
        ValueError: if the cast leaves a seat empty, or an agent returns another number of replies than was asked.
    """
    deals = [task for task in tasks for _ in range(samples)]
    tables = []
    for index, task in enumerate(deals):
        draws = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,)))
        seated = cast(index) if callable(cast) else cast
        missing = [seat for seat in game.seats if seat not in seated]
        if missing:
            raise ValueError(f"no agent for seats {missing} of {game.name!r}; the cast has {sorted(seated)}")
        name = f"{label}{game.name}/{task.id}/{seed}-{index}"
        tables.append(_Table(name, task, seated, game.start(task.public, draws), draws))
    live = list(tables)
    while live:
        live = _tick(game, live, progress=progress)
    return [_episode(game, table) for table in tables]


def _tick(game: Game[Any], live: list[_Table], *, progress: Callable[[int], object]) -> list[_Table]:
    """Ask every live table's seat once, all tables of one agent in one call; return those still live."""
    asked: dict[int, tuple[Agent, list[_Table], list[Any]]] = {}
    still = []
    for table in live:
        ask = game.ask(table.state)
        if ask is None:
            continue
        still.append(table)
        agent = table.cast[ask.seat]
        _, tables, asks = asked.setdefault(id(agent), (agent, [], []))
        tables.append(table)
        asks.append(replace(ask, seed=int(table.draws.integers(2**63))))
    for agent, tables, asks in asked.values():
        replies = agent.reply(asks)
        if len(replies) != len(asks):
            raise ValueError(f"agent {agent.name!r} gave {len(replies)} replies to {len(asks)} asks")
        for table, ask, reply in zip(tables, asks, replies, strict=True):
            table.turns.append(Turn(ask, reply, agent.name))
            table.state = game.tell(table.state, reply.text)
    progress(len(live) - len(still))
    return still


def _episode(game: Game[Any], table: _Table) -> Episode:
    return Episode(
        id=table.id,
        env=game.name,
        task=table.task,
        group=table.task.id,
        turns=tuple(table.turns),
        outcome=game.outcome(table.state),
        metrics=game.metrics(table.state, table.task),
    )
