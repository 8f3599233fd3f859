"""``selftaught league``: every player of one seat against every player of the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from selftaught.commands.casting import MODEL, Casting, GameName, Speech, find_adapter, make
from selftaught.commands.folders import MADE_OF, command_line, described, open_run
from selftaught.progress import Meter
from selftaught.types import Agent, Seat


@dataclass(frozen=True)
class League:
    """Play all pairings of a zero-sum game of two seats: payoffs, ratings by seat and the Nash average."""

    game: GameName = "taboo"
    """Name of the game."""
    players: tuple[str, ...] = ()
    """seat=PLAYER,PLAYER,... words; a player is a scripted one, model:NAME or model:NAME@FOLDER (a checkpoint, or a run
    for its newest, by whose name it then goes). Seats left out get all scripted players. With --resume there may be
    other players than before."""
    games: int = 100
    """Of every pairing, on the same tasks."""
    split: str = "test"
    """Which tasks."""
    settings: tuple[str, ...] = ()
    """Settings of the game, such as turns=3."""
    over: Literal["auto", "tasks", "games"] = "auto"
    """What intervals draw anew: tasks, or games of the tasks that there are. auto takes games where every task comes
    eight times."""
    probes: int = 400
    """For mini_taboo, whose best strategies are known: how often each player is asked every question of its seat, to
    tell how exploitable it is; 0 for not at all."""
    seed: int = 0
    """Fixes tasks and draws."""
    speech: Speech = field(default_factory=Speech)
    folder: Path = Path("runs/league")
    """Where config.json, the games of every pairing, league.json and league.png go."""
    resume: bool = False
    """Go on with the league in the folder."""


def run(config: League) -> None:
    """Play what the folder lacks, print the tables, write JSON and picture.

    Raises:
        ValueError: on unknown names, numbers that are too small, or a game that is not zero-sum or not of two seats.
        FileNotFoundError: if there is no such model or snapshot.
        ImportError: without SciPy and matplotlib.
    """
    from rich.console import Console

    from selftaught.benchmarks.equilibrium import optimizer
    from selftaught.benchmarks.league import play, table
    from selftaught.benchmarks.plots_league import league
    from selftaught.benchmarks.record import record
    from selftaught.commands import tables_league as tables
    from selftaught.progress import meter

    if config.games < 2 or config.probes < 0:
        raise ValueError(f"games must be at least 2 and probes 0, not {config.games} and {config.probes}")
    optimizer()  # rather now than when all games are played
    game = make(config.game, config.settings)
    chosen = players_of(config.game, config.players, seats=game.seats)
    casting = Casting(config.game, config.speech)
    agents = {seat: [casting.agent(seat, name) for name in names] for seat, names in chosen.items()}
    resolved = {
        "command": "league",
        "game": described(game),
        "players": chosen,
        "games": config.games,
        "split": config.split,
        "over": config.over,
        "probes": config.probes,
        "seed": config.seed,
        "speech": asdict(config.speech),
    }
    if config.game in casting.marks:
        resolved[f"{MADE_OF}{config.game}"] = casting.marks[config.game]
    open_run(config.folder, resolved, resume=config.resume, free=("players", "over", "probes"))
    with meter() as bars:
        seed, split, folder = config.seed, config.split, config.folder
        marks = _marks(casting, chosen, agents)
        played = play(game, agents, games=config.games, seed=seed, split=split, folder=folder, marks=marks, bars=bars)
        values = table(played, over=config.over, seed=config.seed)
        if game.name == "mini_taboo" and config.probes:
            values["exploitability"] = _exploited(agents, marks, config, bars)
    path = record(
        "league",
        command=command_line(),
        seeds=[config.seed],
        values={"config": resolved, **values},
        folder=config.folder,
    )
    picture = league(values, config.folder / "league.png")
    console = Console()
    for one in tables.league(values):
        console.print(one)
    casting.report(console)
    for written in (path, picture, config.folder / "cells"):
        console.print(f"written: {written}", style="dim")


def players_of(game: str, written: Sequence[str], *, seats: Sequence[Seat]) -> dict[Seat, list[str]]:
    """The players of every seat, from ``seat=player,player`` words; all scripted ones where a seat is left out.

    Raises:
        ValueError: on a word without a seat, an unknown seat, or one that is named twice.
        FileNotFoundError: if there is no such snapshot.
    """
    from selftaught.envs.registry import entry

    found: dict[Seat, list[str]] = {}
    for word in written:
        seat, equals, names = word.partition("=")
        if not equals or seat not in seats:
            raise ValueError(f"{word!r}: write seat=player,player; the seats of {game} are {', '.join(seats)}")
        if seat in found:
            raise ValueError(f"seat {seat!r} is given twice; put all of its players into one word, with commas")
        found[seat] = [snapshot(name) for name in names.split(",") if name]
        if not found[seat]:
            raise ValueError(f"{word!r} names no player; leave {seat} out to seat all of its scripted ones")
    return {seat: found.get(seat) or list(entry(game).players[seat]) for seat in seats}


def snapshot(name: str) -> str:
    """A player's name; a run's newest checkpoint by its own, or its games would stand for later ones after a resume.

    Raises:
        FileNotFoundError: if there is no such adapter.
    """
    model, at, folder = name.partition("@")
    if not at or not name.startswith(MODEL):
        return name
    found = find_adapter(Path(folder))
    return f"{model}@{found.parent if found.name == 'adapter' else found}"


def _marks(
    casting: Casting, chosen: Mapping[Seat, Sequence[str]], agents: Mapping[Seat, Sequence[Agent]]
) -> dict[str, str]:
    """The players' fingerprints by the names of the agents: objects of two files may have one."""
    found: dict[str, set[str]] = {}
    for seat, names in chosen.items():
        for agent, name in zip(agents[seat], names, strict=True):
            if mark := casting.marks.get(name):
                found.setdefault(agent.name, set()).add(mark)
    return {name: "-".join(sorted(marks)) for name, marks in found.items()}


def _exploited(
    agents: Mapping[Seat, Sequence[Agent]], marks: Mapping[str, str], config: League, bars: Meter
) -> list[dict[str, Any]]:
    """How exploitable every player is in its seat."""
    from selftaught.benchmarks.exploitability import exploitability, observe, questions
    from selftaught.benchmarks.league import file_name

    rows = []
    for seat, players in agents.items():
        advance = bars(f"probes of the {seat}", len(players) * config.probes * len(questions(seat, config.split)))
        for agent in players:
            strategy = observe(
                agent,
                seat,
                split=config.split,
                samples=config.probes,
                seed=config.seed,
                folder=config.folder / "probes" / f"{config.probes}" / seat / file_name(agent.name),
                mark=marks.get(agent.name, ""),
                progress=advance,
            )
            found = exploitability(strategy, seed=config.seed)
            rows.append({"seat": seat, "player": agent.name, "exploitability": asdict(found), "moves": strategy.counts})
    return rows
