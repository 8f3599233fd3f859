"""``selftaught eval``: a policy against the game's yardsticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from selftaught.commands.casting import WRITTEN, Casting, GameName, Speech, make
from selftaught.commands.folders import command_line, described
from selftaught.types import Agent, Episode, Seat


@dataclass(frozen=True)
class Eval:
    """Measure a policy in every seat against the game's fixed players, on held-out tasks."""

    policy: str
    """A scripted player (measured in the seats that have one of that name), model:NAME,
    model:NAME@ADAPTER_FOLDER, openai:URL#MODEL, python:MODULE:NAME or python:FILE.py:NAME."""
    game: GameName = "taboo"
    """Name of the game."""
    games: int = 100
    """Games a seat and seed."""
    seeds: tuple[int, ...] = (0,)
    """Each seed is an evaluation of its own, with other tasks or another order of them."""
    seats: tuple[Seat, ...] = ()
    """Seats that it is measured in; all that it can play if you name none."""
    split: str = "test"
    """Which tasks: train, validation or test, or others that the game has (graph_plan: hard)."""
    settings: tuple[str, ...] = ()
    """Settings of the game, such as turns=3."""
    speech: Speech = field(default_factory=lambda: Speech(temperature=0.0))
    out: Path | None = None
    """A JSON file for the rows, with all that is needed to make them again."""


def run(config: Eval) -> None:
    """Play, print the table, write the file.

    Raises:
        ValueError: on unknown names or numbers below 1.
    """
    from rich.console import Console

    from selftaught.agents.scripted import Scripted
    from selftaught.benchmarks.evaluation import ALL, Evaluation, Row, evaluate, seat_figures
    from selftaught.benchmarks.record import record
    from selftaught.commands import tables
    from selftaught.envs.registry import entry
    from selftaught.progress import meter

    if config.games < 1 or not config.seeds:
        raise ValueError(f"an evaluation needs games and seeds, not games {config.games} and seeds {config.seeds}")
    if config.out is not None and config.out.suffix != ".json":
        raise ValueError(f"--out must be a .json file, not {config.out}")
    game, known = make(config.game, config.settings), entry(config.game)
    opponents = {
        seat: [Scripted(name, known.players[seat][name]) for name in names] for seat, names in known.yardsticks.items()
    }
    casting = Casting(config.game, config.speech)
    policy, seats = _policy(config, casting)
    rows: list[dict[str, Any]] = []
    played: dict[Seat, list[Episode]] = {seat: [] for seat in seats}
    with meter() as stages:
        for seed in config.seeds:
            advance = stages(f"seed {seed}", config.games * len(seats))
            result = evaluate(
                game,
                policy,
                opponents,
                games=config.games,
                seed=seed,
                split=config.split,
                seats=seats,
                measures=known.measures,
                progress=advance,
            )
            rows += [{"seed": seed, **row} for row in result.as_data()]
            for place, seat in enumerate(seats):
                played[seat] += result.episodes[place * config.games : (place + 1) * config.games]
    if len(config.seeds) > 1:
        pooled = [
            Row(seat, ALL, seat_figures(seat, episodes, measures=known.measures)) for seat, episodes in played.items()
        ]
        rows += [{"seed": "all", **row} for row in Evaluation(policy.name, tuple(pooled), ()).as_data()]
    console = Console()
    show = tables.measures if known.measures else tables.evaluation
    console.print(show(rows, title=f"{config.game}, split {config.split}; 95 % intervals over tasks"))
    casting.report(console)
    if config.out is not None:
        values = {"config": {**asdict(replace(config, out=None)), "game": described(game)}, "rows": rows}
        name, folder = config.out.stem, config.out.parent
        path = record(name, command=command_line(), seeds=config.seeds, values=values, folder=folder)
        console.print(f"written: {path}", style="dim")


def _policy(config: Eval, casting: Casting) -> tuple[Agent, Sequence[Seat]]:
    """The policy as one agent for the seats that it is measured in."""
    from selftaught.agents.scripted import Scripted
    from selftaught.envs.registry import entry

    known = entry(config.game)
    if ":" in config.policy:
        able: Sequence[Seat] = known.seats
    else:
        able = [seat for seat in known.seats if config.policy in known.players[seat]]
    if not able:
        names = sorted({name for players in known.players.values() for name in players})
        raise ValueError(f"{config.game} has no player {config.policy!r}: known are {', '.join(names)}, or {WRITTEN}")
    if strange := [seat for seat in config.seats if seat not in able]:
        raise ValueError(f"{config.policy} plays no seats {strange} of {config.game}; it plays {', '.join(able)}")
    seats = config.seats or able
    if ":" in config.policy:
        return casting.agent(able[0], config.policy), seats
    players = {seat: known.players[seat][config.policy] for seat in able}
    return Scripted(config.policy, lambda ask: players[ask.seat](ask)), seats
