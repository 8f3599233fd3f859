"""A run over the suite: policies by items by algorithms by seeds, cell by cell, and the rows that come of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from selftaught.benchmarks.engines import Engine, here
from selftaught.benchmarks.item import REFERENCES, Item
from selftaught.benchmarks.record import claim_all
from selftaught.benchmarks.suite_cells import (
    NONE,
    RESULT,
    Cell,
    Job,
    Seats,
    Terms,
    finished,
    policy_folder,
    read_result,
    trained_on,
    work,
)
from selftaught.progress import Meter, silent
from selftaught.store import alone, aside

RESULTS: Final = "results.jsonl"
ESTIMATE: Final = ("mean", "low", "high", "count")


@dataclass(frozen=True)
class Plan:
    """What is run. Policies that cannot be trained are evaluated as they are."""

    policies: tuple[str, ...]
    items: tuple[Item, ...]
    algorithms: tuple[str, ...] = (NONE,)
    seeds: tuple[int, ...] = (0,)
    on: tuple[str, ...] = ()
    """The games that are trained on, whatever is evaluated; if none, each item's own."""

    def cells(self, terms: Terms) -> list[Cell]:
        """All cells: those of the references, of the policies as they are, and after training."""
        found: list[Cell] = []
        for item in self.items:
            for seed in self.seeds:
                found += [Cell(kind, item.id, seed=seed) for kind in REFERENCES if kind in item.references]
                found += [Cell(policy, item.id, seed=seed) for policy in self.policies if policy not in REFERENCES]
                found += [
                    Cell(policy, item.id, algorithm, seed, on)
                    for policy in self.policies
                    if policy in terms.starts
                    for algorithm in self.algorithms
                    if algorithm != NONE
                    for on in self.on or (trained_on(algorithm, item),)
                ]
        return sorted(dict.fromkeys(found), key=lambda cell: (self._place(cell), cell.label, cell.seed))

    def _place(self, cell: Cell) -> int:
        """Cells of one policy come together, so that a process loads few models."""
        return self.policies.index(cell.policy) if cell.policy in self.policies else -1


def run(
    plan: Plan,
    terms: Terms,
    seats: Seats,
    *,
    engine: Engine[Job] = here,
    bars: Meter = silent,
    done: Callable[[], object] = int,
) -> list[tuple[Job, str]]:
    """Do what is left of a plan and write ``results.jsonl``; the jobs that failed, with the reason.

    ``done`` is called after every other job.

    Raises:
        ValueError: if there is nothing to run, the folder holds cells with other settings, or another process is at
            work in it.
    """
    cells = plan.cells(terms)
    homes = {policy_folder(terms.folder, policy): policy for policy in plan.policies}
    if shared := [one for one in plan.policies if homes[policy_folder(terms.folder, one)] != one]:
        other = homes[policy_folder(terms.folder, shared[0])]
        raise ValueError(f"{shared[0]} and {other} would have one folder: rename one, or give them two --folder")
    if not cells:
        items = ", ".join(item.id for item in plan.items)
        raise ValueError(f"nobody to evaluate: no program plays {items}, so name a --policy")
    trainings = list(dict.fromkeys(cell.training for cell in cells if cell.training is not None))
    # References first, which stand in every other result; then the trainings, which take long, and what needs none.
    waves: Mapping[str, Sequence[Job]] = {
        "references": [cell for cell in cells if cell.policy in REFERENCES],
        "trainings, policies as they are": [
            # A training whose cells are all there may have been deleted since.
            *dict.fromkeys(cell.training for cell in cells if cell.training and not finished(cell, terms)),
            *(cell for cell in cells if cell.policy not in REFERENCES and cell.training is None),
        ],
        "trained policies": [cell for cell in cells if cell.training is not None],
    }
    if (terms.folder / "config.json").exists():
        raise ValueError(f"{terms.folder} holds a run of another command: name another --folder")
    with alone(terms.folder):
        jobs: Sequence[Job] = (*cells, *trainings)
        claim_all([*_lines(plan, terms), *((job.folder(terms.folder), job.settings(terms)) for job in jobs)])
        return _carried_out(waves, terms, seats, engine=engine, bars=bars, done=done)


def _lines(plan: Plan, terms: Terms) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """What fixes all cells of a policy: one line of the table is of one policy."""
    for policy in plan.policies:
        if policy not in REFERENCES:
            told = {"policy": policy, "temperature": terms.temperature, "start": terms.marks.get(policy, "")}
            yield policy_folder(terms.folder, policy), told


def _carried_out(
    waves: Mapping[str, Sequence[Job]],
    terms: Terms,
    seats: Seats,
    *,
    engine: Engine[Job],
    bars: Meter,
    done: Callable[[], object],
) -> list[tuple[Job, str]]:
    """Do what is left of every wave, and write the results; the jobs that failed, with the reason."""
    failed: list[tuple[Job, str]] = []
    inner = bars if engine is here else silent
    try:
        for name, wave in waves.items():
            left = [job for job in wave if not finished(job, terms)]
            able = [job for job in left if not _needs(job, [job for job, _ in failed])]
            if not able:
                continue
            advance = bars(name, len(able))
            for job, error in engine(partial(work, terms=terms, seats=seats, bars=inner), able):
                advance(1)
                if error is None:
                    done()
                else:
                    failed.append((job, error))
    finally:
        write_results(terms.folder)
    return failed


def _needs(job: Job, failed: Sequence[Job]) -> bool:
    """Whether a job waits for one that failed: a cell for its training, and for the references of its item."""
    if not isinstance(job, Cell):
        return False
    items = {other.item for other in failed if isinstance(other, Cell) and other.policy in REFERENCES}
    return job.training in failed or job.item in items


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """The results of all finished cells of a run.

    Raises:
        FileNotFoundError: if there are none.
        ValueError: if one of them is broken.
    """
    paths = sorted(Path(folder).glob(f"cells/*/*/*/*/{RESULT}"))
    if not paths:
        raise FileNotFoundError(f"no finished cells under {folder}: name the --folder of a `selftaught bench run`")
    return sorted(map(read_result, paths), key=lambda row: (row["policy"], row["item"], row["algorithm"], row["seed"]))


def write_results(folder: Path) -> None:
    """Write the rows of all finished cells as JSONL and, where pyarrow is installed, as Parquet."""
    try:
        rows = rows_of(folder)
    except FileNotFoundError:
        return
    with aside(folder / RESULTS) as file:
        file.write("".join(json.dumps(row) + "\n" for row in rows).encode())
    try:
        to_parquet(rows, (folder / RESULTS).with_suffix(".parquet"))
    except ImportError as error:
        print(f"no results.parquet: {error}", file=sys.stderr)


def to_parquet(rows: Iterable[Mapping[str, Any]], out: Path) -> None:
    """Write rows as one table, figures by name as maps.

    Raises:
        ImportError: without pyarrow.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("Parquet needs pyarrow: pip install 'selftaught[parquet]'") from error
    table = pyarrow.Table.from_pylist(list(rows), schema=_schema(pyarrow))
    with aside(out) as file:
        pyarrow.parquet.write_table(table, file)


def _schema(arrow: Any) -> Any:
    text, integer, figure = arrow.string(), arrow.int64(), arrow.float64()
    estimate = arrow.struct({name: integer if name == "count" else figure for name in ESTIMATE})
    spent = {
        "sampled_tokens": integer,
        "trained_tokens": integer,
        "processor_seconds": figure,
        "labels": arrow.map_(text, integer),
        "dollars_by_hand": arrow.list_(figure),
    }
    cost = {"evaluation": arrow.struct(spent), "training": arrow.struct({"folder": text, **spent})}
    return arrow.schema(
        {
            **dict.fromkeys(("policy", "item", "game", "algorithm", "commit"), text),
            "seed": integer,
            "score": estimate,
            "scores": arrow.list_(figure),
            "tasks": arrow.list_(text),
            "metrics": arrow.map_(text, estimate),
            "references": arrow.map_(text, estimate),
            "cost": arrow.struct(cost),
        }
    )
