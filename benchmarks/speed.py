"""How fast sampling and learning are, beside transformers, TRL and the machine's own limits.

``make bench-speed`` (``selftaught bench speed``) measures every line back to back, each side in a process of its own so
that its peak memory is its own, ours and the peer's in turn over several repeats. Every measurement is kept in
``runs/speed/measurements.jsonl`` as it is made, so an interrupted run goes on; then ``benchmarks/results/speed.json``
is written from all of them. ``docs/performance.md`` is made from there by ``selftaught.benchmarks.publish``.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tyro

from selftaught.benchmarks.record import COMMIT, RESULTS, record
from selftaught.progress import meter

PROMPTS, SAMPLES = 16, 8
GAMES = 64
TOKENS = 700
"""Padded tokens of one forward pass of our learner: a group of eight with its prompt."""


@dataclass(frozen=True)
class Speed:
    """Measure speed and write the result."""

    model: str = "smollm2-135m"
    """Of all lines but the scripted games."""
    repeats: int = 3
    """Of every measurement; medians are published."""
    only: tuple[str, ...] = ()
    """Names of measurements to make; all if empty. The result is written from all that there are."""
    peers_python: Path = Path(".venv-peers/bin/python")
    """An interpreter with the extra `peers`, which for GEM's sake has older packages: `make bench-speed` makes it."""
    folder: Path = Path("runs/speed")
    """Where measurements are kept."""
    results: Path = RESULTS
    """Where the result goes."""
    child: str = ""
    """Make this one measurement and print it: what the processes of a run are called with."""


def run(config: Speed) -> Path | None:
    """Measure whatever is missing and write the result; as a child, print one measurement.

    Raises:
        ValueError: on an unknown name.
    """
    if config.child:
        print(json.dumps(_measure(config.child, config.model)))
        return None
    known = (*MEASUREMENTS, *GAMES_OF)
    unknown = [name for name in config.only if name not in known]
    if unknown:
        raise ValueError(f"no measurements {unknown}; known are {', '.join(known)}")
    if not config.peers_python.exists() and GAMES_OF.keys() & set(config.only or known):
        raise ValueError(
            f"no {config.peers_python}: python -m venv .venv-peers && .venv-peers/bin/pip install -e '.[peers]'"
        )
    kept = config.folder / "measurements.jsonl"
    kept.parent.mkdir(parents=True, exist_ok=True)
    made = _made(kept, config.model)
    wanted = [
        name
        for repeat in range(config.repeats)
        for name in (config.only or known)
        if len(made.get(name, [])) <= repeat and (repeat == 0 or name not in ONCE)
    ]
    with meter() as stages:
        advance = stages("measurements", len(wanted))
        for name in wanted:
            row = _in_a_process(name, config)
            made.setdefault(name, []).append(row)
            with open(kept, "a", encoding="utf-8") as file:
                file.write(json.dumps({"name": name, "model": config.model, "commit": COMMIT, **row}) + "\n")
            advance(1)
    return record(
        "speed",
        command="selftaught bench speed",
        seeds=[0],
        values={"model": config.model, "rows": rows(made), "growth": growth(made), "measurements": made},
        folder=config.results,
    )


def rows(made: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """A row for each line of the table whose two sides are measured: ours, the peer's, their ratio and the target."""
    found = []
    for work, ours, peer, peer_name, figure, target, unit in LINES:
        if ours in made and peer in made:
            a, b = (_median(made[name], figure) for name in (ours, peer))
            ratio = a / b
            found.append(
                {
                    "work": work,
                    "ours": a,
                    "peer": b,
                    "peer_name": peer_name,
                    "ratio": ratio,
                    "target": target,
                    "unit": unit,
                }
            )
    if "limits" in made and "dialogues" in made:
        found[1:1] = [_roofline(made), _share_of_rules(made)]
    return found + _game_rows(made)


def growth(made: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """How cost grows with concurrency, the length of a dialogue, and that of a prompt."""
    found = []
    for name in GROWTH:
        for row in made.get(name, [])[:1]:
            kind, value = name.rsplit("-", 1)
            new = row["amount"] + row["read"]
            found.append(
                {
                    "kind": kind,
                    "value": int(value),
                    "sampled_per_second": row["amount"] / row["seconds"],
                    "milliseconds_per_new_token": 1e3 * row["seconds"] / new,
                    "peak_gigabytes": row["peak_gigabytes"],
                }
            )
    return found


def _roofline(made: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Sampled tokens a second if every product ran at the machine's best and every byte came at its bandwidth.

    The products are those of the tokens that a perfect cache must read and of those that are sampled; the bytes are the
    weights once a step of all games, and the keys and values of all that each sampled token attends to.
    """
    limits, row = made["limits"][0], made["dialogues"][0]
    body, head = limits["body_weights"], limits["head_weights"]
    products = 2 * (body * (row["read"] + row["amount"]) + head * row["amount"])
    steps = row["amount"] / GAMES
    bytes_ = 4 * (steps * (body + head) + row["seen"] * limits["kv_numbers"])
    seconds = max(products / limits["flops"], bytes_ / limits["bandwidth"])
    limit = row["amount"] / seconds
    ours = _median(made["dialogues"], "rate")
    return {
        "work": f"the same {GAMES} games",
        "ours": ours,
        "peer": limit,
        "peer_name": "roofline of this machine",
        "ratio": ours / limit,
        "target": 0.5,
        "unit": "sampled tokens/s",
    }


def _share_of_rules(made: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """What part of a rollout with a model is the game's own code, in percent."""
    share = 100 * statistics.median(row["rules"] / row["seconds"] for row in made["dialogues"])
    names = {"work": f"the same {GAMES} games: time in the game's own code", "peer_name": "at most"}
    return {**names, "ours": share, "peer": 1.0, "ratio": share, "target": 1.0, "unit": "%"}


def _game_rows(made: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Our game of ten utterances beside each of the peers' games, everybody saying fixed texts."""
    if not GAMES_OF.keys() <= made.keys():
        return []

    def rates(name: str) -> dict[str, float]:
        found: dict[str, list[float]] = {}
        for row in made[name]:
            for game in row["games"]:
                found.setdefault(game["game"], []).append(game["steps_per_second"])
        return {game: float(statistics.median(values)) for game, values in found.items()}

    (fixed,) = (game for game in rates("games-ours") if game.endswith("fixed texts"))
    ours = rates("games-ours")[fixed]
    return [
        {
            "work": f"{fixed}, 10 utterances",
            "ours": ours,
            "peer": peer,
            "peer_name": f"{system} {game}",
            "ratio": ours / peer,
            "target": 1.0 if game in LIKE else None,
            "unit": "steps/s on one core",
        }
        for system, name in (("GEM", "games-gem"), ("TextArena", "games-textarena"))
        for game, peer in rates(name).items()
    ]


def _median(made: Sequence[Mapping[str, Any]], figure: str) -> float:
    values = [row["amount"] / row["seconds"] if figure == "rate" else row[figure] for row in made]
    return float(statistics.median(values))


def _made(kept: Path, model: str) -> dict[str, list[dict[str, Any]]]:
    made: dict[str, list[dict[str, Any]]] = {}
    if kept.exists():
        for line in kept.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["model"] == model:
                made.setdefault(row["name"], []).append(row)
    return made


def _in_a_process(name: str, config: Speed) -> dict[str, Any]:
    command = [sys.executable, "-m", "selftaught.benchmarks.speed", "--child", name, "--model", config.model]
    if name in GAMES_OF:
        command = [str(config.peers_python), "-m", "selftaught.benchmarks.speed_games", GAMES_OF[name]]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "TRL_EXPERIMENTAL_SILENCE": "1"})
    if done.returncode:
        raise RuntimeError(f"measurement {name!r} failed:\n{done.stderr[-2000:]}")
    if name in GAMES_OF:
        return {"games": [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]}
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def _measure(name: str, model: str) -> dict[str, Any]:
    """One measurement in this process, after a small warm-up, with the process's peak memory."""
    row = MEASUREMENTS[name](model)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return {**row, "peak_gigabytes": round(peak, 3)}


def _limits(model: str) -> dict[str, Any]:
    from selftaught.benchmarks import speed_work

    return speed_work.limits(model)


def _timed(work: str, **options: Any) -> Callable[[str], dict[str, Any]]:
    """A measurement: a function of ``speed_work`` on the model, warmed up on a small instance where it takes one."""

    def measure(model: str) -> dict[str, Any]:
        from selftaught.benchmarks import speed_work

        loaded = speed_work.model(model)
        function: Any = getattr(speed_work, work)
        if "games" in options or work.startswith("groups"):
            small = {**options, **({"games": 2, "turns": 1} if "games" in options else {"prompts": 1, "samples": 2})}
            function(loaded, **small)
            return asdict(function(loaded, **options))
        return asdict(function(loaded, **options)())

    return measure


_GROUPS: Mapping[str, Any] = {"prompts": PROMPTS, "samples": SAMPLES}
GROWTH: Mapping[str, Callable[[str], dict[str, Any]]] = {
    **{f"concurrency-{n}": _timed("dialogues", games=n, turns=2, batch=n) for n in (1, 4, 16, 64, 256)},
    **{f"utterances-{n}": _timed("dialogues", games=8, turns=n // 2, batch=8) for n in (2, 6, 12, 24, 40)},
    **{f"prompt-{n}": _timed("groups", prompts=8, samples=1, tokens=n) for n in (64, 256, 1024, 2048)},
}
MEASUREMENTS: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "limits": _limits,
    "dialogues": _timed("dialogues", games=GAMES),
    "dialogues-generate": _timed("dialogues_by_generate", games=GAMES),
    "groups": _timed("groups", **_GROUPS),
    "groups-generate": _timed("groups_by_generate", **_GROUPS),
    "update": _timed("Update", **_GROUPS, tokens=TOKENS),
    "update-trl": _timed("Trl", **_GROUPS, fixed=True, checkpointing=False),
    "update-trl-checkpointing": _timed("Trl", **_GROUPS, fixed=True, checkpointing=True),
    "iteration": _timed("Iteration", **_GROUPS, tokens=TOKENS),
    "iteration-trl": _timed("Trl", **_GROUPS, fixed=False, checkpointing=False),
    **GROWTH,
}
GAMES_OF: Mapping[str, str] = {"games-ours": "ours", "games-gem": "gem", "games-textarena": "textarena"}
"""Scripted games, by the side of ``selftaught.benchmarks.speed_games``."""
ONCE = frozenset({"limits", "update-trl-checkpointing", *GROWTH})
"""Measured once: nothing is to be reached there."""

_SAMPLED, _TRAINED, _MEMORY = "sampled tokens/s", "tokens/s", "GB"
_GENERATE, _CHECKPOINTING = "transformers.generate", "TRL, gradient checkpointing"
_TALK, _PROMPTS = f"{GAMES} taboo games of 10 utterances, both seats", "8 samples x 16 prompts of 300 tokens"
_UPDATE = "GRPO update, 128 sequences of 350 tokens, 40 trained"
_FULL = "full GRPO iteration, 16 prompts x 8 samples"
LINES: Sequence[tuple[str, str, str, str, str, float | None, str]] = (
    (_TALK, "dialogues", "dialogues-generate", _GENERATE, "rate", 3.0, _SAMPLED),
    (_PROMPTS, "groups", "groups-generate", _GENERATE, "rate", 2.0, _SAMPLED),
    (_UPDATE, "update", "update-trl", "TRL", "rate", 1.5, _TRAINED),
    ("its peak memory", "update", "update-trl", "TRL", "peak_gigabytes", 0.6, _MEMORY),
    (_UPDATE, "update", "update-trl-checkpointing", _CHECKPOINTING, "rate", None, _TRAINED),
    ("its peak memory", "update", "update-trl-checkpointing", _CHECKPOINTING, "peak_gigabytes", None, _MEMORY),
    (_FULL, "iteration", "iteration-trl", "TRL", "rate", 2.0, _TRAINED),
)
"""Work, our measurement, the peer's, its name, the figure, the ratio to reach (None: for information), and the unit."""
LIKE = frozenset({"game:Hangman-v0-easy", "Taboo-v0", "SimpleNegotiation-v0"})
"""The peers' games of like size, with some ten texts in each; the others are there for information."""


if __name__ == "__main__":
    if written := run(tyro.cli(Speed)):
        print(written)
