"""Environment steps a second on one core, with scripted players: ``python -m selftaught.benchmarks.throughput``.

An AEC step is ``last`` and ``step`` with the observation built; a Gymnasium step is ``step`` of the default seat, in
which the other seats play, too. Resets and the scripted players' own time are inside; ``steps_per_second`` is the
median of the repeats. Rows with ``fixed texts`` say the same in every turn and so leave the players' own time out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from selftaught.envs.aec_view import AecView
from selftaught.envs.gym_view import SeatEnv
from selftaught.envs.registry import Entry, games
from selftaught.types import Player, Seat

RESULTS = Path("benchmarks/results/throughput.json")
SEED = 0
WARM_UP = 200


def run(entries: Sequence[Entry] | None = None, *, repeats: int = 7, seconds: float = 1.0) -> dict[str, Any]:
    """Measure every entry (all registered games where ``None``) and return the result as it is written to JSON.

    Args:
        entries: what to measure.
        repeats: timed runs a row.
        seconds: length of one timed run.
    """
    rows = []
    for entry in games().values() if entries is None else entries:
        for players, cast in _casts(entry).items():
            for view, measure in (("aec", _aec_steps), ("gymnasium", _gym_steps)):
                step = measure(entry, cast)
                rates = [_rate(step, seconds) for _ in range(repeats)]
                rows.append(
                    {
                        "game": entry.name,
                        "view": view,
                        "players": players,
                        "steps_per_second": round(statistics.median(rates)),
                        "repeats": [round(rate) for rate in rates],
                    }
                )
    return {
        "name": "throughput",
        "command": "python -m selftaught.benchmarks.throughput",
        "commit": _commit(),
        "machine": {"cpu": _cpu(), "cores": os.cpu_count(), "python": platform.python_version()},
        "seeds": [SEED],
        "rows": rows,
    }


def table(result: Mapping[str, Any]) -> str:
    """The rows as a Markdown table."""
    lines = ["| game | view | players | steps/s |", "|---|---|---|---|"]
    for row in result["rows"]:
        lines.append(f"| {row['game']} | {row['view']} | {row['players']} | {row['steps_per_second']:,} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(
            0, {min(os.sched_getaffinity(0))}
        )  # linear algebra in a player must not take a second core
    result = run(repeats=options.repeats, seconds=options.seconds)
    print(table(result))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")


def _casts(entry: Entry) -> dict[str, dict[Seat, Player]]:
    """The default players, and players that cost nothing and say what the default ones said first."""
    names = {seat: entry.default_others[seat] for seat in entry.seats}
    scripted = {seat: entry.players[seat][name] for seat, name in names.items()}
    return {" + ".join(names.values()): scripted, "fixed texts": dict.fromkeys(entry.seats, _fixed)}


def _fixed(_: object) -> str:
    return "It is hard to say."


def _aec_steps(entry: Entry, cast: Mapping[Seat, Player]) -> Callable[[], None]:
    env = AecView(entry.make())
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


def _rate(step: Callable[[], None], seconds: float) -> float:
    """Calls a second, after a warm-up."""
    for _ in range(WARM_UP):
        step()
    calls = 0
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        for _ in range(50):
            step()
        calls += 50
    return calls / passed


def _commit() -> str:
    """The commit of the working directory, with ``-dirty`` where files were changed; empty outside a repository."""
    answer = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=40"], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip()


def _cpu() -> str:
    """The processor's name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
