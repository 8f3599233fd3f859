"""``selftaught rollout``: many games with any players, kept as episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from selftaught.commands.casting import Casting, GameName, Speech, make, seats_of
from selftaught.commands.folders import MADE_OF, described, open_run


@dataclass(frozen=True)
class Rollout:
    """Play many games between any players and keep the episodes."""

    game: GameName = "taboo"
    """Name of the game."""
    cast: tuple[str, ...] = ()
    """seat=player words, or one player for all seats. A player is a scripted one, model:NAME,
    model:NAME@ADAPTER_FOLDER, openai:URL#MODEL, python:MODULE:NAME or python:FILE.py:NAME. Seats left out get the
    game's default players."""
    games: int = 100
    """How many; with --resume there may be more than before."""
    settings: tuple[str, ...] = ()
    """Settings of the game, such as turns=3."""
    split: str = "train"
    """Which tasks: train, validation or test."""
    seed: int = 0
    """Fixes tasks and draws."""
    shard: int = 256
    """Games played at once and kept in one file."""
    speech: Speech = field(default_factory=Speech)
    folder: Path = Path("runs/rollout")
    """Where config.json, episodes/ and metrics.jsonl go."""
    resume: bool = False
    """Go on with what is in the folder."""


def run(config: Rollout) -> None:
    """Play the games that the folder does not hold yet, and print the summary of all.

    Raises:
        ValueError: on unknown names, numbers below 1, or a folder that holds something else.
    """
    from rich.console import Console

    from selftaught.commands.tables import summary
    from selftaught.progress import meter
    from selftaught.rollout import rollout
    from selftaught.store import read_run, shard_path, write_shard
    from selftaught.summary import summarise
    from selftaught.tracking import JsonlTracker

    if config.games < 1 or config.shard < 1:
        raise ValueError(f"games and shard must be at least 1, not {config.games} and {config.shard}")
    game = make(config.game, config.settings)
    chosen = seats_of(config.game, config.cast)
    resolved = {
        "command": "rollout",
        "game": described(game),
        "cast": chosen,
        "games": config.games,
        "split": config.split,
        "seed": config.seed,
        "shard": config.shard,
        "speech": asdict(config.speech),
    }
    tasks = game.tasks(config.split, config.seed)
    casting = Casting(config.game, config.speech)
    cast = casting.cast(chosen)
    resolved |= {f"{MADE_OF}{name}": mark for name, mark in casting.marks.items()}
    sizes = [min(config.shard, config.games - start) for start in range(0, config.games, config.shard)]
    done = _whole(config.folder, sizes) if config.resume else 0
    open_run(config.folder, resolved, resume=config.resume, free=("games",))
    tracker = JsonlTracker(config.folder, resume_step=done)
    with meter() as stages:
        advance = stages("games", config.games)
        for step, size in enumerate(sizes):
            mine = list(islice(tasks, size))
            if step < done:
                advance(size)
                continue
            episodes = rollout(game, mine, cast, seed=_seed(config.seed, step), label=f"{step}/", progress=advance)
            # Logged first: a row without its shard is dropped on resuming, a shard without its row would stay so.
            tracker.log(summarise(episodes), step + 1)
            write_shard(shard_path(config.folder, step), episodes)
    console = Console()
    console.print(summary(list(read_run(config.folder)), chosen))
    casting.report(console)
    console.print(f"episodes: {config.folder / 'episodes'}   read them: selftaught show {config.folder}", style="dim")


def _whole(folder: Path, sizes: Sequence[int]) -> int:
    """How many shards, from the first on, hold all their games; a last one that was shorter then is played again."""
    from selftaught.store import shard_path, shards

    held = [path.read_bytes().count(b"\n") for path in shards(folder)]
    if sum(held) > sum(sizes) or len(held) > len(sizes):
        raise ValueError(
            f"{folder} holds more than {sum(sizes)} games already: ask for as many, or name another folder"
        )
    for step, size in enumerate(sizes):
        path = shard_path(folder, step)
        if not path.exists() or path.read_bytes().count(b"\n") != size:
            return step
    return len(sizes)


def _seed(seed: int, step: int) -> int:
    import numpy as np

    return int(np.random.SeedSequence(seed, spawn_key=(step,)).generate_state(1, np.uint64)[0] >> 1)
