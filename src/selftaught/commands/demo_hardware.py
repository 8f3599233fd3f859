"""``selftaught demo hardware``: proved data of drawn designs, a little training, what becomes of five faults."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from selftaught.commands.folders import command_line
from selftaught.types import Episode, Message

if TYPE_CHECKING:
    from rich.console import RenderableType

    from selftaught.agents.local import LocalAgent
    from selftaught.envs.hardware.game import Hardware

SHOWN: Final = 5
"""Repairs on the screen, drawn from those that are evaluated: nobody chose them."""


@dataclass(frozen=True)
class Lessons:
    """How much is learned, and from what."""

    model: str = "smollm2-135m"
    rank: int = 16
    designs: int = 400
    repairs: int = 4
    """Faults of each design."""
    rows: int = 600
    """Of repairs that are learned."""
    games: int = 60
    """Held-out repairs, before and after."""
    learning_rate: float = 1e-3
    batch: int = 4
    reply_tokens: int = 100


FAKE: Final = Lessons(model="fake", rank=2, designs=8, repairs=2, rows=8, games=5, batch=4, reply_tokens=4)


def run(folder: Path, *, seed: int, fake: bool) -> None:
    """Make the data, learn, and show what is repaired; goes on with what the folder holds.

    Raises:
        ValueError: if the folder holds another run.
    """
    from rich.console import Console

    from selftaught.agents.local import LocalAgent, with_lora
    from selftaught.agents.local_draw import Sampling
    from selftaught.agents.local_models import load
    from selftaught.algorithms.optimisation import Optimisation
    from selftaught.benchmarks.record import claim, record
    from selftaught.benchmarks.studies import of_chats, teach
    from selftaught.commands import augment
    from selftaught.envs.hardware.game import Hardware
    from selftaught.progress import meter
    from selftaught.summary import bootstrap

    lessons = FAKE if fake else Lessons()
    claim(folder / "settings", {**asdict(lessons), "seed": seed})
    data = folder / "data"
    if not (data / "statistics.json").exists():
        wanted = augment.Augment("hardware", generate=lessons.designs, level=0, repairs=lessons.repairs, reply="lines")
        augment.run(replace(wanted, seed=seed, folder=data))
    chats = list(islice(_repairs(data / "train.jsonl"), lessons.rows))
    game = Hardware(kinds=("repair",), level=0, reply="lines")
    with meter() as bars:
        loaded = with_lora(load(lessons.model), rank=lessons.rank, alpha=2 * lessons.rank, seed=seed)
        agent = LocalAgent(loaded, sampling=Sampling(max_new_tokens=lessons.reply_tokens), batch=64)
        before = _played(game, agent, lessons.games, folder / "before")
        learning = Optimisation(
            learning_rate=lessons.learning_rate, batch=lessons.batch, tokens=4096, precision="bfloat16"
        )
        lesson = of_chats(chats)
        teach(agent, lambda: lesson, learning=learning, seed=seed, folder=folder / "taught", bars=bars)
        after = _played(game, agent, lessons.games, folder / "after")
    console = Console(highlight=False)
    for place in _drawn(seed, lessons.games):
        console.print(_repair(before[place], after[place]))
    rates = {}
    for name, episodes in (("before", before), ("after", after)):
        solved = [episode.metrics["success"] for episode in episodes]
        rates[name] = bootstrap(solved, [episode.task.id for episode in episodes])
        console.print(f"{name}: {rates[name]} of {len(episodes)} held-out faulty modules repaired, each proved")
    values = {"lessons": asdict(lessons), "rows": {name: asdict(rate) for name, rate in rates.items()}}
    path = record("demo-hardware", command=command_line(), seeds=[seed], values=values, folder=folder)
    console.print(f"written: {path}, {data}", style="dim")


def _repairs(path: Path) -> Any:
    """The repairs among the rows, as chats."""
    with open(path, encoding="utf-8") as file:
        for row in map(json.loads, file):
            if row["kind"] == "repair":
                yield tuple(Message(one["role"], one["content"]) for one in (*row["prompt"], *row["completion"]))


def _played(game: Hardware, agent: LocalAgent, games: int, folder: Path) -> list[Episode]:
    """The likeliest replies to held-out repairs, or what they were."""
    from selftaught.envs.hardware.game import ENGINEER
    from selftaught.rollout import rollout
    from selftaught.store import read_run, shard_path, write_shard

    if not shard_path(folder, 0).exists():
        greedy = agent.sibling(name=folder.name, adapter="default", sampling=replace(agent.sampling, temperature=0.0))
        tasks = islice(game.tasks("test", 0), games)
        write_shard(shard_path(folder, 0), rollout(game, tasks, {ENGINEER: greedy}, seed=0))
    return list(read_run(folder))


def _drawn(seed: int, games: int) -> Sequence[int]:
    import numpy as np

    return sorted(int(place) for place in np.random.default_rng(seed).choice(games, size=SHOWN, replace=False))


def _repair(before: Episode, after: Episode) -> RenderableType:
    """A faulty module, what the tools say of it, and both replies with their verdicts."""
    from rich.console import Group
    from rich.rule import Rule
    from rich.text import Text

    from selftaught.envs.hardware.problems import problem
    from selftaught.transcript import printable

    found = problem(after.task.public)
    parts: list[RenderableType] = [Rule(f"{after.task.sealed['fault']} ({after.task.id})")]
    parts += [Text(printable(found.shown.rstrip())), Text(printable(found.said), style="dim")]
    for name, episode in (("before", before), ("after", after)):
        proved = episode.metrics["success"] == 1
        said = printable(episode.turns[-1].reply.text.strip())
        verdict = "proved equal" if proved else f"{episode.outcome.end}: {printable(episode.outcome.reason)}"
        parts += [Text(f"{name}:", style="bold"), Text(said, style="cyan")]
        parts.append(Text(verdict, style="green" if proved else "red"))
    return Group(*parts, Text())
