"""``selftaught grow``: training data of several steps, grown from single instructions and checked step by step."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selftaught.commands.casting import Speech
from selftaught.commands.dataset import conversation, describe_folder
from selftaught.progress import Meter

if TYPE_CHECKING:
    from selftaught.envs.sequence.grow import Lesson

CARD = """---
language: en
task_categories: [text-generation]
---

# Sequential instructions

{lessons} tasks of one to {most} steps, each with its right reply, made by

    {command}

with selftaught {version}. Every step that was added has a result that its reference function computed; nothing was
written or judged by a person or by another model{own}.

`train.jsonl` has `prompt` and `completion` as chat messages, which TRL's SFTTrainer takes as they are;
`statistics.json` says how the tasks were grown and what failed.

| steps | tasks |
|---|---|
{table}
"""


@dataclass(frozen=True)
class Grow:
    """Grow sequences of instructions (SIT) from generated tasks, or from a file or dataset of your own."""

    source: str | None = None
    """A JSONL file, or a hub dataset's name, with instruction, input and output; generated tasks if you name none."""
    count: int = 1000
    """Tasks; of a source at most so many rows."""
    rounds: int = 3
    """How often each task grows by an option: decompose, prefix, suffix, interpolate or keep."""
    instructor: str | None = None
    """Who writes the new steps instead, say model:smollm2-135m or openai:URL#MODEL; what is no step, or cannot be
    done, is refused."""
    speech: Speech = field(default_factory=Speech)
    seed: int = 0
    """Fixes everything random."""
    folder: Path = Path("runs/grown")
    """Where train.jsonl, statistics.json and README.md go."""


def run(config: Grow) -> None:
    """Write the data.

    Raises:
        ValueError: on numbers below 1, a folder that is not empty, bad rows, or an instructor for a source.
        FileNotFoundError: if there is no such source.
        ImportError: if the source is a dataset and `datasets` is not installed.
    """
    from selftaught.envs.sequence.game import FORMS, RULES
    from selftaught.envs.sequence.grow import statistics
    from selftaught.progress import meter

    if config.count < 1 or config.rounds < 0:
        raise ValueError(f"count must be at least 1 and rounds at least 0, not {config.count} and {config.rounds}")
    if config.source is not None and config.instructor is not None:
        raise ValueError("an instructor writes steps for generated tasks: leave --source or --instructor out")
    if config.folder.exists() and any(config.folder.iterdir()):
        raise ValueError(f"{config.folder} is not empty: name another --folder")
    rules = RULES.format(form=FORMS["reply"])
    with meter() as bars:
        lessons = list(_lessons(config, bars))
    config.folder.mkdir(parents=True, exist_ok=True)
    with open(config.folder / "train.jsonl", "w", encoding="utf-8") as file:
        for one in lessons:
            file.write(json.dumps({**conversation(one.messages(rules)), "options": one.options}) + "\n")
    found = statistics(lessons)
    describe_folder(config.folder, found, _card(config, found))


def _lessons(config: Grow, meter: Meter) -> Iterator[Lesson]:
    import numpy as np

    from selftaught.envs.sequence.drawing import allowed_in, draw
    from selftaught.envs.sequence.grow import grow, grow_row

    if config.instructor is not None:
        yield from _instructed(config, meter)
        return
    advance = meter("grow", config.count)
    rows = None if config.source is None else _rows(config.source)
    for number in range(config.count):
        random = np.random.default_rng(np.random.SeedSequence(config.seed, spawn_key=(number,)))
        if rows is None:
            single = draw(random, length=1, dependencies=("independent", "nested"))
            yield grow(random, single, rounds=config.rounds, allowed=allowed_in("train"))
        else:
            row = next(rows, None)
            if row is None:
                return
            yield grow_row(random, row, rounds=config.rounds, allowed=allowed_in("train"))
        advance(1)


def _instructed(config: Grow, meter: Meter) -> Iterator[Lesson]:
    """Tasks whose further steps an agent wrote: accepted by type, computed by reference."""
    from itertools import islice

    from rich.console import Console

    from selftaught.commands.casting import Casting
    from selftaught.envs.sequence.game import INSTRUCTOR, WORKER, Sequence
    from selftaught.envs.sequence.grow import lesson
    from selftaught.rollout import rollout

    assert config.instructor is not None
    casting = Casting("sequence", config.speech)
    game = Sequence(steps=(1, 1), dependencies=("independent", "nested"), propose=config.rounds)
    cast = {INSTRUCTOR: casting.agent(INSTRUCTOR, config.instructor), WORKER: casting.agent(WORKER, "oracle")}
    tasks = islice(game.tasks("train", config.seed), config.count)
    advance = meter("write", config.count)
    for episode in rollout(game, tasks, cast, seed=config.seed, progress=advance):
        (turn,) = episode.turns_of(WORKER)
        chain = turn.ask.view["chain"]
        taken = len(chain.steps) - 1
        yield lesson(chain, options=("written",) * taken, failed=("written",) * (config.rounds - taken))
    casting.report(Console(stderr=True))


def _rows(source: str) -> Iterator[Mapping[str, Any]]:
    path = Path(source)
    if path.is_file():
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except ValueError as error:
                    raise ValueError(f"{path}, line {number}: no JSON ({error})") from error
                if not isinstance(row, Mapping):
                    raise ValueError(f"{path}, line {number}: a row is an object with instruction, input and output")
                yield row
        return
    if path.suffix in (".json", ".jsonl") or source.count("/") != 1:
        raise FileNotFoundError(f"no file {source}; a hub dataset is named owner/name")
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise ImportError("hub datasets need `datasets`: pip install 'selftaught[train]'") from error
    yield from load_dataset(source, split="train")


def _card(config: Grow, found: Mapping[str, Any]) -> str:
    from selftaught import __version__
    from selftaught.commands.folders import command_line

    own = "" if config.source is None else f", but for the instructions and outputs of `{config.source}`"
    if config.instructor is not None:
        own = f", but for the steps after the first, which {config.instructor} wrote"
    table = "\n".join(f"| {steps} | {count} |" for steps, count in found["steps"].items())
    most = max(found["steps"], default=0)
    return CARD.format(
        lessons=found["lessons"], most=most, command=command_line(), version=__version__, own=own, table=table
    )
