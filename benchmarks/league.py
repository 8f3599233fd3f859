"""A league of two seats: every player of one seat against every player of the other, on the same tasks.

Payoffs are what the first seat wins; the game must be zero-sum. Every pairing plays the same tasks with the same seeds,
and its games are a run of their own under ``cells/``: a league that was stopped goes on with the pairings it lacks.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from selftaught import statistics
from selftaught.agents.server import still_there
from selftaught.benchmarks.equilibrium import NashAverage, nash_average
from selftaught.benchmarks.ratings import rate
from selftaught.benchmarks.record import claim
from selftaught.progress import Meter, silent
from selftaught.rollout import rollout
from selftaught.statistics import RESAMPLES, Array
from selftaught.store import read_shard, shard_path, write_shard
from selftaught.types import Agent, Episode, Game, Seat

Over = Literal["auto", "tasks", "games"]
"""What is drawn anew for intervals: tasks with all their games; or, where the tasks are all there are, the games."""

OFTEN = 8
"""Games of every task from which ``auto`` takes the tasks for given, and draws their games anew."""

EQUILIBRIA = 200
"""Resamples of the Nash average: each takes a few linear programs."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the first seat won, ``[first, second, games]``; the games of all pairings are on ``tasks``."""

    seats: tuple[Seat, Seat]
    players: Mapping[Seat, tuple[str, ...]]
    tasks: tuple[str, ...]
    payoffs: Array
    failed: Mapping[str, int] = field(default_factory=dict)
    """Replies that a player's server failed to give, which count as empty; of players that had some."""


def play(
    game: Game[Any],
    players: Mapping[Seat, Sequence[Agent]],
    *,
    games: int,
    seed: int = 0,
    split: str = "test",
    folder: Path | None = None,
    marks: Mapping[str, str] = MappingProxyType({}),
    bars: Meter = silent,
) -> Played:
    """Play every pairing that ``folder`` does not hold yet; without a folder, all of them.

    ``marks`` are fingerprints of players whose text or weights may be others tomorrow, by their names.

    Raises:
        ValueError: if there are to be no games, the game has not two seats, a seat has no player or one twice, a game
            was not zero-sum, or ``folder`` has games of a player with another mark.
        ConnectionError: if a player's server went away, whose silence is no loss.
    """
    if games < 1:
        raise ValueError(f"a league plays at least 1 game of every pairing, not {games}")
    first, second = _checked(game, players)
    tasks = list(islice(game.tasks(split, seed), games))
    advance = bars("league", games * len(players[first]) * len(players[second]))
    payoffs, failed = np.empty((len(players[first]), len(players[second]), games)), Counter[str]()
    for row, one in enumerate(players[first]):
        for column, two in enumerate(players[second]):
            path = None if folder is None else _claimed(folder, one.name, two.name, marks=marks)
            if path is not None and path.exists():
                episodes = list(read_shard(path))
                advance(len(episodes))
            else:
                cast = {first: one, second: two}
                episodes = rollout(game, tasks, cast, seed=seed, label=f"{one.name}/{two.name}/", progress=advance)
                still_there(cast.values(), episodes)
                if path is not None:
                    write_shard(path, episodes)
            failed.update(turn.agent for one_ in episodes for turn in one_.turns if turn.reply.stop == "failed")
            payoffs[row, column] = _payoffs(episodes, first, tasks=[task.id for task in tasks])
    names = {seat: tuple(agent.name for agent in players[seat]) for seat in (first, second)}
    return Played((first, second), names, tuple(task.id for task in tasks), payoffs, dict(failed))


def _claimed(folder: Path, *names: str, marks: Mapping[str, str]) -> Path:
    """The file of a pairing's games, seen to be of the same text or weights."""
    home = cell(folder, *names)
    path = shard_path(home, 0)
    if own := {name: marks[name] for name in names if name in marks}:
        claim(home / "settings", own, anew=not path.exists())
    return path


def cell(folder: Path, *names: str) -> Path:
    """The folder of a pairing's games."""
    return folder.joinpath("cells", *map(file_name, names))


def file_name(player: str) -> str:
    """A player's name as that of a folder: what no folder may have is left out, and a checksum tells it from others."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", player).strip(".-")
    return player if plain == player else f"{plain}-{zlib.crc32(player.encode()):08x}"


def table(played: Played, *, over: Over = "auto", seed: int = 0, resamples: int = RESAMPLES) -> dict[str, Any]:
    """All that the games tell, as plain data: payoffs, ratings and the Nash average, with 95 % intervals.

    Raises:
        ImportError: without SciPy.
        ValueError: if there is one alone of what is to be drawn anew: one task, or one game of a task.
    """
    seats, players = played.seats, played.players
    drawn = over if over != "auto" else "games" if _least(played.tasks) >= OFTEN else "tasks"
    counts = _counts(played.tasks, drawn, seed=seed, resamples=resamples)
    means = played.payoffs.mean(axis=-1)
    replicates = np.einsum("fsg,bg->bfs", played.payoffs, counts) / counts.sum(axis=1)[:, None, None]
    count = len(played.tasks)
    pairings = [
        {
            **dict(zip(seats, names, strict=True)),
            "payoff": asdict(statistics.interval(means[place], replicates[:, *place], count=count)),
            **{end: float((sign * played.payoffs[place] > 0).mean()) for end, sign in (("won", 1), ("lost", -1))},
        }
        for place in np.ndindex(means.shape)
        for names in [[players[seat][at] for seat, at in zip(seats, place, strict=True)]]
    ]
    best = nash_average(means)
    some = [nash_average(one) for one in replicates[:EQUILIBRIA]]
    values = np.array([one.equilibrium.value for one in some])
    return {
        "seats": list(seats),
        "players": {seat: list(names) for seat, names in players.items()},
        "games": count,
        "failed": dict(played.failed),
        "over": drawn,
        "pairings": pairings,
        **_rated(played, means, replicates),
        "nash": {
            "value": asdict(statistics.interval(best.equilibrium.value, values, count=count)),
            "players": _nash_rows(played, best, some),
        },
    }


def _rated(played: Played, means: Array, replicates: Array) -> dict[str, Any]:
    """Ratings by seat, what the first seat is worth, and how far the ratings are from what was played."""
    count = len(played.tasks)
    shares = (1 + np.concatenate([means[None], replicates])) / 2
    found = rate(np.clip(shares, 0, 1), count)
    rows = []
    for seat, points in zip(played.seats, (found.first, found.second), strict=True):
        for place, name in enumerate(played.players[seat]):
            estimate = statistics.interval(points[0, place], points[1:, place], count=count)
            rows.append({"seat": seat, "player": name, "points": asdict(estimate)})
    return {
        "ratings": rows,
        "seat_points": asdict(statistics.interval(found.seat[0], found.seat[1:], count=count)),
        "misfit": float(np.abs(2 * found.shares[0] - 1 - means).max()),
    }


def _nash_rows(played: Played, best: NashAverage, some: Sequence[NashAverage]) -> list[dict[str, Any]]:
    """The part in the best mixture and the skill against the other side's, of every player."""
    sides = (
        (best.equilibrium.row, best.row_skill, np.array([one.row_skill for one in some])),
        (best.equilibrium.column, best.column_skill, np.array([one.column_skill for one in some])),
    )
    rows = []
    for seat, (parts, skills, replicates) in zip(played.seats, sides, strict=True):
        for place, name in enumerate(played.players[seat]):
            skill = statistics.interval(skills[place], replicates[:, place], count=len(played.tasks))
            rows.append({"seat": seat, "player": name, "part": float(parts[place]), "skill": asdict(skill)})
    return rows


def _counts(tasks: Sequence[str], drawn: str, *, seed: int, resamples: int) -> Array:
    """How often every resample has every game, ``[resamples, games]``."""
    random = np.random.default_rng(seed)
    _, place = np.unique(np.asarray(tasks), return_inverse=True)
    kinds = int(place.max()) + 1
    if (kinds if drawn == "tasks" else _least(tasks)) < 2:
        remedy = "play more games" if drawn == "tasks" else "draw tasks anew (--over tasks), or play more games"
        raise ValueError(f"{len(tasks)} games of {kinds} tasks leave no {drawn} to draw anew for intervals: {remedy}")
    if drawn == "tasks":
        counts = random.multinomial(kinds, np.full(kinds, 1 / kinds), size=resamples)[:, place].astype(np.float64)
    else:
        counts = np.empty((resamples, len(tasks)))
        for kind in range(kinds):
            mine = np.flatnonzero(place == kind)
            counts[:, mine] = random.multinomial(len(mine), np.full(len(mine), 1 / len(mine)), size=resamples)
    return counts


def _least(tasks: Sequence[str]) -> int:
    return int(np.unique(np.asarray(tasks), return_counts=True)[1].min())


def _payoffs(episodes: Sequence[Episode], seat: Seat, *, tasks: Sequence[str]) -> list[float]:
    """What a seat won.

    Raises:
        ValueError: if a game was not zero-sum or its stakes are above 1, or the games are on other tasks.
    """
    if [episode.task.id for episode in episodes] != list(tasks):
        raise ValueError("the folder holds games on other tasks: name another --folder")
    for episode in episodes:
        rewards = episode.outcome.rewards
        if abs(sum(rewards.values())) > 1e-9 or max(map(abs, rewards.values())) > 1:
            raise ValueError(
                f"a league needs a zero-sum game with rewards of at most 1, and {episode.id} paid {dict(rewards)}"
            )
    return [float(episode.outcome.rewards[seat]) for episode in episodes]


def _checked(game: Game[Any], players: Mapping[Seat, Sequence[Agent]]) -> tuple[Seat, Seat]:
    if len(game.seats) != 2:
        raise ValueError(f"a league needs a game of two seats, and {game.name} has {', '.join(game.seats)}")
    first, second = game.seats
    for seat in (first, second):
        names = [agent.name for agent in players.get(seat, ())]
        twice = sorted({name for name in names if names.count(name) > 1})
        if not names or twice:
            raise ValueError(f"seat {seat!r} needs players, each once: {f'{twice} twice' if twice else 'it has none'}")
    return first, second
