"""Environment steps a second on one core, with scripted players: ``selftaught bench throughput``.

An AEC step is ``last`` and ``step`` with the observation built; a Gymnasium step is ``step`` of the default seat, in
which the other seats play, too. Resets and the scripted players' own time are inside; ``steps_per_second`` is the
median of the repeats. Rows with ``fixed texts`` say the same in every turn and so leave the players' own time out.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice, product
from pathlib import Path
from typing import Any

from selftaught.agents.scripted import Scripted
from selftaught.benchmarks.record import RESULTS, record
from selftaught.envs.aec_view import AecView
from selftaught.envs.entry import Entry
from selftaught.envs.gym_view import SeatEnv
from selftaught.envs.registry import games
from selftaught.rollout import rollout
from selftaught.types import Game, Player, Seat

SEED = 0
WARM_UP = 200


def run(entries: Sequence[Entry] | None = None, *, repeats: int = 7, seconds: float = 1.0) -> list[dict[str, Any]]:
    """Measure every entry (all registered games where ``None``): one row a game, view and cast.

    Args:
        entries: what to measure.
        repeats: timed runs a row.
        seconds: length of one timed run.
    """
    rows = []
    for entry in games().values() if entries is None else entries:
        for players, cast in _casts(entry).items():
            utterances = _utterances(entry, cast)
            for view, step in (("aec", aec_steps(entry.make(), cast)), ("gymnasium", _gym_steps(entry, cast))):
                rates = [rate(step, seconds) for _ in range(repeats)]
                rows.append(
                    {
                        "game": entry.name,
                        "view": view,
                        "players": players,
                        "utterances_per_game": utterances,
                        "steps_per_second": round(statistics.median(rates)),
                        "repeats": [round(rate) for rate in rates],
                    }
                )
    return rows


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a Markdown table."""
    lines = ["| game | view | players | steps/s |", "|---|---|---|---|"]
    for row in rows:
        lines.append(f"| {row['game']} | {row['view']} | {row['players']} | {row['steps_per_second']:,} |")
    return "\n".join(lines)


def publish(*, repeats: int, seconds: float, folder: Path = RESULTS) -> Path:
    """Measure on one core, print the table, write the JSON file."""
    if hasattr(os, "sched_setaffinity"):
        # Linear algebra in a player must not take a second core.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows = run(repeats=repeats, seconds=seconds)
    print(table(rows))
    path = record(
        "throughput", command="selftaught bench throughput", seeds=[SEED], values={"rows": rows}, folder=folder
    )
    print(path)
    return path


def _casts(entry: Entry) -> dict[str, dict[Seat, Player]]:
    """The default players, those whose games are the longest, and ones that cost nothing."""
    casts = {
        " + ".join(names): {seat: entry.players[seat][name] for seat, name in zip(entry.seats, names, strict=True)}
        for names in product(*(entry.players[seat] for seat in entry.seats))
    }
    default = " + ".join(entry.default_others[seat] for seat in entry.seats)
    longest = max(casts, key=lambda name: _utterances(entry, casts[name]))
    return {default: casts[default], longest: casts[longest], "fixed texts": dict.fromkeys(entry.seats, _fixed)}


def _utterances(entry: Entry, players: Mapping[Seat, Player]) -> float:
    """Mean utterances of a game between these players, over 20 games."""
    game = entry.make()
    cast = {seat: Scripted(seat, player) for seat, player in players.items()}
    episodes = rollout(game, islice(game.tasks("train", SEED), 20), cast, seed=SEED)
    return statistics.mean(len(episode.turns) for episode in episodes)


def _fixed(_: object) -> str:
    return "It is hard to say."


def aec_steps(game: Game[Any], cast: Mapping[Seat, Player]) -> Callable[[], None]:
    """A step of the PettingZoo view with these players, to be called again and again."""
    env = AecView(game)
    env.reset(seed=SEED)

    def step() -> None:
        _, _, terminated, _, info = env.last()
        if terminated:
            env.reset()
            *_, info = env.last()
        env.step(cast[env.agent_selection](info["ask"]))

    return step


def _gym_steps(entry: Entry, cast: Mapping[Seat, Player]) -> Callable[[], None]:
    seat = entry.default_seat
    env = SeatEnv(entry.make(), seat=seat, others={other: cast[other] for other in entry.seats if other != seat})
    _, info = env.reset(seed=SEED)
    player = cast[seat]

    def step() -> None:
        nonlocal info
        *_, terminated, _, info = env.step(player(info["ask"]))
        if terminated:
            _, info = env.reset()

    return step


def rate(step: Callable[[], None], seconds: float, *, warm_up: int = WARM_UP) -> float:
    """Calls a second, after a warm-up."""
    for _ in range(warm_up):
        step()
    calls = 0
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        for _ in range(50):
            step()
        calls += 50
    return calls / passed
