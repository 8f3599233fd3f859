"""The published planning benchmark: shortcuts, oracle and models on its rows, by two scorers.

``python -m selftaught.benchmarks.asynchow --data async_benchmark.pkl --models smollm2-135m`` reads the authors' file
(or rows in plain JSON) and writes ``benchmarks/results/asynchow.json``. Rows whose times have no fixed length (months,
years) are for shortcuts alone. The numbers that the paper has (its table 2) stand beside ours in the documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal

import tyro

from selftaught.agents.local import LocalAgent, Sampling, load_adapter, with_lora
from selftaught.agents.local_models import load
from selftaught.agents.scripted import Scripted
from selftaught.benchmarks.record import RESULTS, record
from selftaught.envs.graph_plan.asynchow import Row, as_instance, as_published, read_jsonl, read_pickle, true_time
from selftaught.envs.graph_plan.shortcuts import SHORTCUTS
from selftaught.envs.registry import entry, make_game
from selftaught.progress import meter
from selftaught.rollout import rollout
from selftaught.summary import bootstrap
from selftaught.types import Agent, Task

SEAT = "planner"


@dataclass(frozen=True)
class AsyncHow:
    """Score players on the published rows."""

    data: Path
    """A published .pkl file, or rows as JSON lines."""
    models: tuple[str, ...] = ()
    """Names of models, or NAME@FOLDER with an adapter; each is called as it is listed here."""
    most: int = 0
    """Rows to take; 0 for all."""
    modes: tuple[Literal["answer", "build"], ...] = ("answer",)
    """What models are asked for: the time alone, or graph, schedule and path as well."""
    max_new_tokens: int = 200
    """For ``build``; 32 for the time alone."""
    results: Path = RESULTS


def run(config: AsyncHow) -> Path:
    """Play and write; where the result lies.

    Raises:
        ValueError: if the data is none of the known forms.
    """
    rows = (read_pickle if config.data.suffix == ".pkl" else read_jsonl)(config.data)
    rows = rows[: config.most or None]
    wrong = sum(row.published != true_time(row) for row in rows if row.published is not None)
    playable = [row for row in rows if as_instance(row) is not None]
    players = entry("graph_plan").players[SEAT]
    scripted = [Scripted(name, players[name]) for name in ("oracle", "random", *SHORTCUTS)]
    found = [_score(player, playable, mode="answer") for player in scripted]
    for name, mode in product(config.models, config.modes):
        tokens = 32 if mode == "answer" else config.max_new_tokens
        found.append(_score(policy(name, max_new_tokens=tokens), playable, mode=mode))
    arguments = f"--data {config.data.name}" + (f" --most {config.most}" if config.most else "")
    if config.models:
        arguments += f" --models {' '.join(config.models)} --modes {' '.join(config.modes)}"
        arguments += f" --max-new-tokens {config.max_new_tokens}"
    return record(
        "asynchow",
        command=f"python -m selftaught.benchmarks.asynchow {arguments}",
        seeds=[0],
        values={"rows": len(rows), "playable": len(playable), "published_answers_wrong": wrong, "players": found},
        folder=config.results,
    )


def _score(agent: Agent, rows: Sequence[Row], *, mode: str) -> dict[str, Any]:
    """How often a player is right, by our scorer and by the published one with the published answer."""
    game = make_game("graph_plan", mode=mode, band=None)
    tasks = []
    for row in rows:
        found = as_instance(row)
        assert found is not None
        tasks.append(Task(row.id, found.public()))
    with meter() as stages:
        episodes = rollout(game, tasks, {SEAT: agent}, seed=0, progress=stages(agent.name, len(tasks)))
    scorers: Mapping[str, Callable[[int], float]] = {
        "ours": lambda place: episodes[place].metrics["answer_right"],
        "certified": lambda place: episodes[place].metrics["success"] if mode == "build" else 0.0,
        "answered": lambda place: episodes[place].metrics["answered"],
        "published": lambda place: float(
            as_published(_quoted(episodes[place].turns[0].reply.text), rows[place].published or true_time(rows[place]))
        ),
    }
    names = [row.id for row in rows]
    return {
        "player": agent.name,
        "mode": mode,
        **{
            name: asdict(bootstrap([score(place) for place in range(len(rows))], names))
            for name, score in scorers.items()
        },
    }


def _quoted(text: str) -> str:
    """A reply in the form that the published prompt asks for: the answer in double quotes."""
    return f'"{text.rsplit(":", 1)[-1].strip()}"'


def policy(name: str, *, max_new_tokens: int, temperature: float = 0.0) -> LocalAgent:
    """The model called NAME, or NAME@FOLDER with the adapter in that folder.

    Raises:
        FileNotFoundError: if there is no such model or adapter.
    """
    model, _, folder = name.partition("@")
    loaded: Any = with_lora(load(model))
    if folder:
        load_adapter(loaded.model, Path(folder), name="trained")
    sampling = Sampling(temperature=temperature, max_new_tokens=max_new_tokens)
    return LocalAgent(loaded, name=name, adapter="trained" if folder else None, sampling=sampling)


if __name__ == "__main__":
    print(run(tyro.cli(AsyncHow)))
