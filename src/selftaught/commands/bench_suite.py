"""What ``selftaught bench run``, ``table``, ``transfer`` and ``agent`` do."""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from selftaught.commands.bench_options import AgentCommand, RunCommand, Running, TableCommand, TransferCommand
from selftaught.commands.casting import MODEL, Casting, Speech, find_adapter, fingerprint
from selftaught.commands.folders import command_line
from selftaught.types import Agent, Seat

if TYPE_CHECKING:
    from rich.console import RenderableType

    from selftaught.benchmarks.cells import Row
    from selftaught.benchmarks.engines import Engine
    from selftaught.benchmarks.item import Item
    from selftaught.benchmarks.suite_cells import Job, Terms
    from selftaught.benchmarks.suite_run import Plan

TABLE, COMMANDS = "table.md", "commands.txt"


def run_suite(config: RunCommand) -> None:
    """Run what is left, and print the table.

    Raises:
        ValueError: as ``selftaught.commands.bench.run``.
    """
    from selftaught.benchmarks.suite import chosen
    from selftaught.benchmarks.suite_run import Plan

    plan = Plan(config.policies, chosen(config.suite), config.train, tuple(range(config.running.seeds)))
    failed = _carried_out(plan, _terms(plan, config.running, config.folder, " ".join(config.suite)), config.running)
    try:
        _print_table(config.folder, [item.id for item in plan.items], None)
    except FileNotFoundError:
        _complain(failed)
        raise
    _complain(failed)


def show_table(config: TableCommand) -> None:
    """Print the table of a run, and write it.

    Raises:
        FileNotFoundError: if there are no finished cells.
        ValueError: on an unknown suite.
    """
    from selftaught.benchmarks.suite import chosen

    items = [item.id for item in chosen(config.suite)] if config.suite else None
    _print_table(config.folder, items, config.results)


def run_transfer(config: TransferCommand) -> None:
    """Run what is left, and print the matrix of all trainings in the folder.

    Raises:
        ValueError: as ``selftaught.commands.bench.run``, or if a policy cannot be trained.
    """
    from rich.console import Console

    from selftaught.benchmarks.recipes import RECIPE
    from selftaught.benchmarks.record import record
    from selftaught.benchmarks.suite import chosen
    from selftaught.benchmarks.suite_run import Plan, rows_of
    from selftaught.benchmarks.transfer import matrix, transfer_outline

    plan = Plan(config.policies, chosen(config.suite), (RECIPE,), tuple(range(config.running.seeds)), config.train_on)
    if not config.train_on:
        raise ValueError("--train-on names no game to train on")
    if strange := [policy for policy in config.policies if not policy.startswith(MODEL)]:
        raise ValueError(f"only models can be trained, as model:NAME, and not {', '.join(strange)}")
    failed = _carried_out(plan, _terms(plan, config.running, config.folder, "transfer"), config.running)
    rows, folder = rows_of(config.folder), config.results or config.folder
    values = matrix(rows)
    made, seeds = _made_by(config.folder), sorted({row["seed"] for row in rows})
    path = record("transfer", command=made, seeds=seeds, values=values, folder=folder, commits=_commits(rows))
    console = Console()
    console.print(_drawn(transfer_outline(_content(path))))
    console.print(f"written: {path}", style="dim")
    _complain(failed)


def run_agent(config: AgentCommand) -> None:
    """One policy on one suite with one seed, as one W&B run; what a sweep says overrules the arguments.

    Raises:
        ImportError: without wandb.
        ValueError: as ``selftaught.commands.bench.run``.
    """
    from selftaught.benchmarks.suite_cells import finished, log_cell, read_cell
    from selftaught.tracking import WandbTracker

    os.environ.setdefault("WANDB_MODE", "offline")
    given = {name: value for name, value in asdict(config).items() if name != "folder"}
    # Without a sweep, other settings are another run; what cannot be run at all is told before W&B has a run of it.
    folder = config.folder / os.environ.get("WANDB_RUN_ID", f"alone-{zlib.crc32(json.dumps(given).encode()):08x}")
    _asked(config, folder)
    tracker = WandbTracker(folder, mode=os.environ["WANDB_MODE"], config=given, group=config.suite)  # type: ignore[arg-type]
    try:
        told = {name: tracker.run.config[name] for name in given}
        config = replace(config, **told)
        plan, terms, running = _asked(config, folder)
        failed = _carried_out(plan, terms, running)
        scores, last = [], 0
        for cell in plan.cells(terms):
            wanted = cell.policy == config.policy and (config.train == "none" or cell.training is not None)
            if not wanted or not finished(cell, terms):
                continue
            result, rows, episodes = read_cell(cell.folder(terms.folder))
            last = log_cell(tracker, result, rows=rows, episodes=episodes, first=last, prefix=f"{cell.item}/")
            scores.append(result["score"]["mean"])
        if scores and not failed:  # a mean over the cells that happened to finish would be no figure to compare runs by
            tracker.log({"score": sum(scores) / len(scores)}, last + 1)
    finally:
        tracker.finish()
    _complain(failed)


def _asked(config: AgentCommand, folder: Path) -> tuple[Plan, Terms, Running]:
    """What one run of a sweep is to do.

    Raises:
        ValueError, FileNotFoundError: as ``_terms``, or on an unknown suite or a seed below 0.
    """
    from selftaught.benchmarks.suite import chosen
    from selftaught.benchmarks.suite_run import Plan

    if config.seed < 0:
        raise ValueError(f"--seed must be at least 0, not {config.seed}")
    plan = Plan((config.policy,), chosen([config.suite]), (config.train,), (config.seed,))
    running = Running(steps=config.steps, games=config.games, wandb="off")
    return plan, _terms(plan, running, folder, config.suite), running


def seats(
    item: Item, policy: str, temperature: float, *, marks: Mapping[str, str] = MappingProxyType({})
) -> Mapping[Seat, Agent]:
    """The agents of a policy in its seats of an item, whose limit on replies it has; models are loaded once a process.

    ``marks`` are fingerprints, by policy, that must be those of what is loaded.

    Raises:
        ValueError: on an unknown player, or one whose text or weights have changed.
    """
    if ":" not in policy:
        return {seat: item.scripted(seat, policy) for seat in item.seats}
    if not policy.startswith(MODEL):
        casting = _casting(item.game, Speech(temperature=temperature, max_new_tokens=item.tokens))
        found = {seat: casting.agent(seat, policy) for seat in item.seats}
        _unchanged(policy, casting, marks)
        return found
    from selftaught.agents.local import Sampling

    casting = _casting("", Speech())
    agent: Any = casting.agent(item.seats[0], policy)
    _unchanged(policy, casting, marks)
    sampling = Sampling(temperature=temperature, max_new_tokens=item.tokens)
    return dict.fromkeys(item.seats, agent.sibling(name=agent.name, adapter=agent.adapter, sampling=sampling))


def _unchanged(policy: str, casting: Casting, marks: Mapping[str, str]) -> None:
    if policy in marks and marks[policy] != casting.marks.get(policy):
        raise ValueError(f"{policy} was changed while the run went on: run it again, with another --folder")


@cache
def _casting(game: str, speech: Speech) -> Casting:
    return Casting(game, speech)


def _terms(plan: Plan, running: Running, folder: Path, suite: str) -> Terms:
    """The settings of a run, with all adapters found.

    Raises:
        ValueError: on numbers below 1, an unknown player, or models that are to be trained and are none.
        FileNotFoundError: if there is no such adapter.
    """
    from selftaught.benchmarks.item import REFERENCES
    from selftaught.benchmarks.recipes import Cap, recipe_of
    from selftaught.benchmarks.suite_cells import Terms, trained_on

    if running.address is not None and running.engine != "ray":
        raise ValueError("--address is that of a Ray cluster: say --engine ray, too")
    if running.seeds < 1 or running.jobs < 1:
        raise ValueError(f"seeds and jobs must be at least 1, not {running.seeds} and {running.jobs}")
    if not 0 <= running.temperature < math.inf:
        raise ValueError(f"the temperature must be at least 0, not {running.temperature}")
    starts = {}
    for policy in plan.policies:
        if policy.startswith(MODEL):
            model, _, adapter = policy.removeprefix(MODEL).partition("@")
            starts[policy] = (model, str(find_adapter(Path(adapter)).resolve()) if adapter else "")
        elif ":" not in policy and policy not in REFERENCES:
            for item in plan.items:
                for seat in item.seats:
                    item.scripted(seat, policy)
    wanted = [algorithm for algorithm in plan.algorithms if algorithm != "none"]
    if wanted and not starts:
        raise ValueError("only models can be trained: name one with --policy, as model:NAME, or train nothing")
    for algorithm in wanted:
        for item in plan.items:
            for on in plan.on or (trained_on(algorithm, item),):
                recipe_of(algorithm, on)
    cap = Cap(running.steps, running.games)
    # The machines of a cluster have working folders of their own.
    folder = folder.resolve() if running.engine == "ray" else folder
    marks = {policy: mark for policy in plan.policies if (mark := fingerprint(policy))}
    return Terms(folder, running.temperature, cap, starts, marks, suite, _tracking(running))


def _tracking(running: Running) -> Any:
    """Where metrics go; a note where wandb is not installed."""
    import importlib.util
    import sys

    if running.wandb == "offline" and importlib.util.find_spec("wandb") is None:
        print("wandb is not installed: no W&B runs (--wandb off silences this)", file=sys.stderr)
        return "off"
    os.environ.setdefault("WANDB_SILENT", "true")
    return running.wandb


def _carried_out(plan: Plan, terms: Terms, running: Running) -> list[tuple[Job, str]]:
    from selftaught.benchmarks.suite_run import run
    from selftaught.progress import meter
    from selftaught.store import aside

    _check(plan, terms)

    def tell() -> None:
        path = terms.folder / COMMANDS
        with aside(path) as file:
            file.write("".join(f"{line}\n" for line in dict.fromkeys([*_told(path), command_line()])).encode())

    with meter() as bars:
        return run(plan, terms, partial(seats, marks=terms.marks), engine=_engine(running), bars=bars, done=tell)


def _told(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _made_by(folder: Path) -> str:
    """The commands that made a run's figures; how they were printed is of no interest."""
    return "`, `".join(_told(folder / COMMANDS)) or command_line()


def _check(plan: Plan, terms: Terms) -> None:
    """Make sure that the games and policies of all that is left can be had, before anything is played.

    Raises:
        ValueError, FileNotFoundError, ImportError, ConnectionError: as ``Casting.agent``, or without an extra.
    """
    from selftaught.agents.local_models import FAKE, resolve
    from selftaught.benchmarks.suite import ITEMS
    from selftaught.benchmarks.suite_cells import finished

    left = [cell for cell in plan.cells(terms) if not finished(cell, terms)]
    for name in dict.fromkeys(cell.item for cell in left):
        ITEMS[name].made()
    for policy, item in {cell.policy: ITEMS[cell.item] for cell in left}.items():
        if policy not in terms.starts:
            if ":" in policy:
                seats(item, policy, terms.temperature)
        elif (model := terms.starts[policy][0]) != FAKE:
            resolve(model)


def _engine(running: Running) -> Engine[Any]:
    from selftaught.benchmarks.engines import here, on_ray, processes

    if running.engine == "ray":
        return partial(on_ray, address=running.address)
    return here if running.jobs == 1 else partial(processes, count=running.jobs)


def _print_table(folder: Path, items: Sequence[str] | None, results: Path | None) -> None:
    from rich.console import Console

    from selftaught.benchmarks.record import record
    from selftaught.benchmarks.suite_run import rows_of
    from selftaught.benchmarks.tables_suite import cost_table, items_table, suite_table, summary
    from selftaught.store import aside

    rows = [row for row in rows_of(folder) if items is None or row["item"] in items]
    if not rows:
        raise FileNotFoundError(f"{folder} has no finished cells of {', '.join(items or ())}")
    seeds = sorted({row["seed"] for row in rows})
    values, out = summary(rows), results or folder
    path = record("suite", command=_made_by(folder), seeds=seeds, values=values, folder=out, commits=_commits(rows))
    content = _content(path)
    with aside(folder / TABLE) as file:
        file.write("\n\n".join(table(content) for table in (suite_table, items_table, cost_table)).encode() + b"\n")
    console = Console()
    for table in (items_table, cost_table):
        console.print(_drawn(table(content)))
    for written in (path, folder / TABLE, folder / "results.jsonl"):
        console.print(f"written: {written}", style="dim")


def _commits(rows: Sequence[Row]) -> list[str]:
    """Those of the code that made the rows."""
    return sorted({row["commit"] for row in rows if "commit" in row})


def _drawn(text: str) -> RenderableType:
    """A Markdown table with a note, for the terminal: names are never cut."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    lines, _, note = text.partition("\n\n")
    head, _, *rows = ([part.strip() for part in line.strip("|").split("|")] for line in lines.splitlines())
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for place, name in enumerate(head):
        table.add_column(name, no_wrap=not place, overflow="fold", justify="right" if place else "left")
    for row in rows:
        # The interval below its mean: columns stay narrow.
        table.add_row(*(Text(part.replace(" [", "\n[")) for part in row))
    return Group(table, Text(note.strip()))


def _content(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _complain(failed: Sequence[tuple[Job, str]]) -> None:
    if failed:
        job, error = failed[0]
        raise ValueError(
            f"{len(failed)} cells or trainings failed, and what needs them was left out; the first, {job}: {error}. "
            "Run the same command to go on"
        )
