"""Play a policy in every seat of a game against fixed players on held-out tasks; rates with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from math import comb
from typing import Any

import numpy as np

from selftaught.rollout import rollout
from selftaught.summary import Estimate, bootstrap
from selftaught.types import Agent, Episode, Game, Seat

Opponents = Mapping[Seat, Sequence[Agent]]
"""For each seat, the agents that a policy in another seat meets there."""

ALL = "all"


@dataclass(frozen=True, slots=True)
class Row:
    """The policy in one seat against one opponent (or all of them): one estimate a figure."""

    seat: Seat
    opponent: str
    figures: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All rows of one policy, with the episodes behind them."""

    policy: str
    rows: tuple[Row, ...]
    episodes: tuple[Episode, ...]

    def of(self, seat: Seat, figure: str, *, opponent: str = ALL) -> Estimate:
        """One estimate.

        Raises:
            KeyError: if there is no such row or figure.
        """
        for row in self.rows:
            if (row.seat, row.opponent) == (seat, opponent):
                return row.figures[figure]
        raise KeyError(f"no row for seat {seat!r} against {opponent!r}")

    def as_data(self) -> list[dict[str, Any]]:
        """Plain rows for a JSON file."""
        return [
            {"policy": self.policy, "seat": row.seat, "opponent": row.opponent}
            | {name: asdict(estimate) for name, estimate in row.figures.items()}
            for row in self.rows
        ]


def evaluate(
    game: Game[Any],
    policy: Agent,
    opponents: Opponents,
    *,
    games: int,
    seed: int,
    split: str = "test",
    seats: Sequence[Seat] | None = None,
    measures: Sequence[str] = (),
    progress: Callable[[int], object] = lambda finished: None,
) -> Evaluation:
    """Play ``games`` games in each of ``seats`` (``None``: all), the opponents taking turns.

    Tasks are the same for every policy and seat. ``measures`` are metrics of the game to report as well, together with
    those that begin with ``shortcut/``: what a known wrong way would have scored on the same tasks.

    ``won`` counts games whose reward to the policy is positive; breaking the rules never is. Intervals are 95 %
    bootstraps over tasks.
    """
    tasks = list(islice(game.tasks(split, seed), games))
    cast: list[Mapping[Seat, Agent]] = []
    labels: list[tuple[Seat, str]] = []
    seats = game.seats if seats is None else seats
    for seat in seats:
        others = [other for other in game.seats if other != seat]
        for place in range(games):
            # Each pass over the tasks shifts the opponents, so that every task meets all of them in turn.
            facing = {other: opponents[other][place % len(opponents[other])] for other in others}
            cast.append({seat: policy, **facing})
            labels.append((seat, "+".join(agent.name for agent in facing.values())))
    episodes = rollout(
        game, tasks * len(seats), lambda index: cast[index], seed=seed, label=f"{policy.name}/", progress=progress
    )
    rows = []
    for seat in seats:
        mine = [(label, episode) for (at, label), episode in zip(labels, episodes, strict=True) if at == seat]
        names = sorted({label for label, _ in mine})
        for name in (ALL, *(names if len(names) > 1 else ())):
            faced = [episode for label, episode in mine if name in (ALL, label)]
            rows.append(Row(seat, name, seat_figures(seat, faced, measures=measures)))
    return Evaluation(policy.name, tuple(rows), tuple(episodes))


def pass_at(k: int, samples: int, solved: int) -> float:
    """The chance that one of ``k`` replies is right if ``solved`` of ``samples`` are (arXiv 2107.03374, section 2.1).

    Raises:
        ValueError: if there are fewer samples than ``k``, or than were solved.
    """
    if not 1 <= k <= samples or not 0 <= solved <= samples:
        raise ValueError(f"pass@{k} needs at least {k} samples and at most as many solved: {samples}, {solved}")
    return 1.0 - comb(samples - solved, k) / comb(samples, k)


def seat_figures(
    seat: Seat, episodes: Sequence[Episode], *, measures: Sequence[str] = (), besides: Sequence[Seat] = ()
) -> Mapping[str, Estimate]:
    """What is measured of the policy in one seat, over all of ``episodes``; a metric that a game lacks counts as 0.

    Only where a server failed to reply is there ``failed``, the share of such replies: they count as played. Those of
    the seats ``besides``, which the policy has, too, are among them.
    """
    words = [episode.task.id for episode in episodes]
    columns: dict[str, list[float]] = {"won": [], "lost": [], "legal": [], "words": [], "entropy": []}
    failures: list[float] = []
    for episode in episodes:
        reward = episode.outcome.rewards[seat]
        replies = [turn.reply for turn in episode.turns_of(seat)]
        logprobs = [value for reply in replies for value in reply.logprobs]
        columns["won"].append(float(reward > 0))
        columns["lost"].append(float(reward < 0))
        columns["legal"].append(episode.metrics.get(f"{seat}_legal", 1.0))
        columns["words"].append(float(np.mean([len(reply.text.split()) for reply in replies] or [0])))
        columns["entropy"].append(-float(np.mean(logprobs)) if logprobs else 0.0)
        asked = [turn.reply.stop == "failed" for turn in episode.turns if turn.ask.seat in (seat, *besides)]
        failures.append(float(np.mean(asked or [False])))
    if any(failures):
        columns["failed"] = failures
    if measures:
        columns["reward"] = [episode.outcome.rewards[seat] for episode in episodes]
        known = {name for episode in episodes for name in episode.metrics if name.startswith("shortcut/")}
        for name in (*measures, *sorted(known)):
            columns[name] = [episode.metrics.get(name, 0.0) for episode in episodes]
    return {name: bootstrap(values, words) for name, values in columns.items()}
