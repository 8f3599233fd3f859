"""``selftaught augment``: the design-data framework on one's own Verilog, or on drawn designs, every row proved."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import tyro

from selftaught.commands.dataset import conversation, describe_folder
from selftaught.progress import Meter

if TYPE_CHECKING:
    from selftaught.envs.hardware.dataset import Row
    from selftaught.envs.hardware.designs import Design

TRIES: Final = 1000
"""Draws for one new design."""
CHUNK: Final = 50
"""Designs between two points from which an interrupted run goes on."""
SETTINGS: Final = "settings.json"
CARD: Final = """---
language: en
task_categories: [text-generation]
tags: [verilog]
---

# Verilog: completion, repair, description, construction, flow scripts

{rows} rows made from {designs} designs by

    {command}

with selftaught {version}. No row was written or judged by a person or by a model. `proof` says what is known of a row:
*equal*: the output in its place, or the module that a program built from the description, was proved to do what the
design does, and the faulty code of a repair was shown not to; *recorded*: the calls of the flow script are those of the
description.

A file has the rows of `completion` first and the `aligned` ones after them: train in this order (progressive training,
arXiv 2403.11202). Each row has `instruction`, `input` and `output`, and the same as chat messages in `prompt` and
`completion`, which TRL's SFTTrainer takes as they are. `statistics.json` counts rows by stage, kind, form and fault,
and says which files were left out and why.

| kind | rows |
|---|---|
{table}
"""


@dataclass(frozen=True)
class Augment:
    """Make training data out of designs: Verilog of your own, drawn ones, or both."""

    game: tyro.conf.Positional[Literal["hardware"]]
    """Which technique's data."""
    path: tyro.conf.Positional[Path | None] = None
    """A folder of .v and .sv files, or one such file."""
    generate: int = 0
    """Designs to draw besides."""
    level: int = 1
    """Of drawn designs: 0 for a few short lines, 1 to 3 for up to 16, 32 and 60 lines."""
    holes: int = 2
    """Rows of each design and kind of completion: statement, token, mask."""
    repairs: int = 3
    """Faults of each design."""
    reply: Literal["module", "lines"] = "module"
    """Of a repair: the whole module, or only the lines that change."""
    every_fault: bool = False
    """Also the kinds of faults that the game keeps for its split `hard`."""
    constructs: int = 0
    """Rows of truth tables, state machines and waveforms."""
    scripts: int = 0
    """Rows of flow scripts."""
    seed: int = 0
    """Fixes everything random."""
    folder: Path = field(default=Path("runs/augmented"))
    """Where the files go; an interrupted run goes on there."""


def run(config: Augment) -> None:
    """Write the data.

    Raises:
        ValueError: on numbers below 0, nothing to do, a folder that is taken, or files without a usable design.
        FileNotFoundError: if there is no such path.
    """
    from selftaught.envs.hardware.designs import LEVELS
    from selftaught.progress import meter

    for name in ("generate", "holes", "repairs", "constructs", "scripts"):
        if getattr(config, name) < 0:
            raise ValueError(f"{name} must be at least 0, not {getattr(config, name)}")
    if config.level not in LEVELS:
        raise ValueError(f"level must be one of {', '.join(map(str, LEVELS))}, not {config.level}")
    if config.path is None and not config.generate + config.constructs + config.scripts:
        raise ValueError("name a folder of Verilog, or say --generate 1000")
    parts, settings = config.folder / "parts", _settings(config)
    _check_folder(config.folder, settings)
    with meter() as bars:
        designs, left_out = _designs(config, bars)
        parts.mkdir(parents=True, exist_ok=True)
        (parts / SETTINGS).write_text(settings, encoding="utf-8")
        _write_parts(config, parts, designs, bars)
    _join(config, parts, len(designs), left_out)


def _settings(config: Augment) -> str:
    """What must be the same for an interrupted run to go on."""
    return json.dumps({**asdict(config), "folder": "", "path": str(config.path)}, indent=1) + "\n"


def _check_folder(folder: Path, settings: str) -> None:
    """Whether the folder is new, empty, or has an unfinished run with the same settings.

    Raises:
        ValueError: if not.
    """
    claim = folder / "parts" / SETTINGS
    if claim.exists():
        if claim.read_text(encoding="utf-8") != settings:
            raise ValueError(f"{folder} has an unfinished run with other settings: name another --folder")
    elif folder.exists() and any(folder.iterdir()):
        raise ValueError(f"{folder} is not empty: name another --folder")


def _designs(config: Augment, bars: Meter) -> tuple[list[Design], Mapping[str, str]]:
    """All designs, and the files that have none with the reason.

    Raises:
        ValueError: if a path is named and has no usable design, or there are not as many to draw.
    """
    import numpy as np

    from selftaught.envs.hardware.designs import canonical, draw
    from selftaught.envs.hardware.library import files_of, gather

    designs: list[Design] = []
    left_out: Mapping[str, str] = {}
    if config.path is not None:
        found = gather(config.path, bars("read", len(files_of(config.path))))
        left_out = found.left_out
        designs += found.designs
        if not designs:
            path, reason = next(iter(left_out.items()))
            raise ValueError(f"no file of {config.path} has a design that can be proved, as {path}: {reason}")
    random = np.random.default_rng(np.random.SeedSequence(config.seed))
    seen = {canonical(design.text) for design in designs}
    advance = bars("draw", config.generate)
    for number in range(config.generate):
        for _ in range(TRIES):
            found_one = draw(random, level=config.level, split="train")
            if (key := canonical(found_one.text)) not in seen:
                break
        else:
            raise ValueError(
                f"only {number} designs of level {config.level} were found: generate fewer, or of a higher level"
            )
        seen.add(key)
        designs.append(found_one)
        advance(1)
    return designs, left_out


def _write_parts(config: Augment, parts: Path, designs: list[Design], bars: Meter) -> None:
    """A file for each chunk of designs and of what is drawn without one; those that are there are left."""
    import numpy as np

    from selftaught.envs.hardware.dataset import Amounts, drawn_row, rows_of
    from selftaught.envs.hardware.designs import split_of
    from selftaught.envs.hardware.mutations import KINDS, TAUGHT

    faults = tuple(KINDS) if config.every_fault else TAUGHT
    amounts = Amounts(config.holes, config.repairs, faults, lines=config.reply == "lines")
    jobs: list[Design | str] = [*designs, *["construct"] * config.constructs, *["script"] * config.scripts]
    advance = bars("augment", len(jobs))
    for start in range(0, len(jobs), CHUNK):
        chunk, part = jobs[start : start + CHUNK], parts / f"{start:09}.jsonl"
        if not part.exists():
            lines = []
            for number, job in enumerate(chunk, start):
                random = np.random.default_rng(np.random.SeedSequence(config.seed, spawn_key=(number,)))
                if isinstance(job, str):
                    lines += [_line(row, "train", job) for row in drawn_row(job, random, level=config.level)]
                else:
                    source = " ".join(job.families)
                    split = split_of(job.text)
                    lines += [_line(row, split, source) for row in rows_of(job.text, random, amounts)]
            aside = part.with_suffix(".tmp")
            aside.write_text("".join(lines), encoding="utf-8")
            os.replace(aside, part)
        advance(len(chunk))


def _line(row: Row, split: str, source: str) -> str:
    return json.dumps({**conversation(row.messages), **row.data(), "split": split, "source": source}) + "\n"


def _join(config: Augment, parts: Path, designs: int, left_out: Mapping[str, str]) -> None:
    """One file a split, in the order of the stages; then what is told of them, and the parts go."""
    from selftaught import __version__
    from selftaught.commands.folders import command_line
    from selftaught.envs.hardware.dataset import STAGES, statistics

    for split in ("train", "validation", "test"):
        path = config.folder / f"{split}.jsonl"
        with open(path, "w", encoding="utf-8") as file:
            for stage in STAGES:
                of_stage = (row for row in _rows(parts) if (row["split"], row["stage"]) == (split, stage))
                file.writelines(json.dumps(row) + "\n" for row in of_stage)
        if not path.stat().st_size:
            path.unlink()
    found = {"designs": designs, **statistics(_rows(parts)), "left_out": left_out}
    table = "\n".join(f"| {kind} | {count} |" for kind, count in found["kind"].items())
    card = CARD.format(rows=found["rows"], designs=designs, command=command_line(), version=__version__, table=table)
    describe_folder(config.folder, found, card)
    shutil.rmtree(parts)


def _rows(parts: Path) -> Iterator[dict[str, Any]]:
    for part in sorted(parts.glob("*.jsonl")):
        with open(part, encoding="utf-8") as file:
            yield from map(json.loads, file)
