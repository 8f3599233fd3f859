"""The published benchmark (AsyncHow, arXiv 2402.02805): its rows, their true times, and two scorers.

The data is not part of this package: ``read_pickle`` takes the files of the authors' repository, ``read_jsonl`` rows in
plain JSON. Six of the published answers are wrong since compound times ("2 hours 30 minutes") were read as their last
part; ``true_time`` is recomputed from the texts. A month is 28 to 31 days there and a year 365 or 366, so some answers
are ranges.
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from selftaught.envs.graph_plan.instances import Instance
from selftaught.envs.graph_plan.plans import Edge, Plan, shortest_time
from selftaught.envs.graph_plan.times import SECONDS, SPELLINGS, UNITS, Unit, seconds

Range = tuple[int, int]
"""Seconds, at least and at most."""

DAY: Final = SECONDS["day"]
VAGUE: Final[Mapping[str, Range]] = {"month": (28 * DAY, 31 * DAY), "year": (365 * DAY, 366 * DAY)}
_PART: Final = re.compile(r"(\d{1,9}) ?([a-z]+?)s?\b")
_PUBLISHED_PART: Final = re.compile(r"\b(\d+(?:,\d{3})*(?:\.\d+)?)\s*([a-z]+)")
_PUBLISHED_UNITS: Final[Mapping[str, Range]] = {
    spelling: VAGUE[unit] if unit in VAGUE else (SECONDS[SPELLINGS[unit]],) * 2
    for unit, short in {
        "year": ("y",),
        "month": ("m",),
        "week": ("w",),
        "day": ("d",),
        "hour": ("h",),
        "minute": ("min", "mins"),
        "second": ("sec", "secs"),
    }.items()
    for spelling in (unit, f"{unit}s", *short)
}


@dataclass(frozen=True, slots=True)
class Row:
    """One problem: ``times`` in words, ``edges`` from 0 without start and end, ``published`` the answer as shipped."""

    id: str
    title: str
    steps: tuple[str, ...]
    times: tuple[str, ...]
    edges: tuple[Edge, ...]
    published: Range | None = None


def read_pickle(path: Path) -> list[Row]:
    """The rows of one of the published files, in which all fields are parallel lists.

    Raises:
        ValueError: if the file holds anything but plain data and spans of time (it is not run), or other fields.
    """
    with open(path, "rb") as file:
        try:
            table = _Plain(file).load()
        except (pickle.UnpicklingError, EOFError) as error:
            raise ValueError(f"{path}: {error}") from error
    try:
        columns = [table[name] for name in ("titles", "steps", "time_dic", "edge_list", "task_time")]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is none of the published files: no field {error}") from error
    return [_row(f"{path.stem}-{number}", *fields) for number, fields in enumerate(zip(*columns, strict=True))]


def read_jsonl(path: Path) -> list[Row]:
    """Rows with ``id``, ``title``, ``steps``, ``durations``, ``deps`` (from 1) and perhaps ``gold_upstream_s``."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        gold = row.get("gold_upstream_s")
        edges = tuple((before - 1, after - 1) for before, after in row["deps"])
        published = None if gold is None else (gold[0], gold[1])
        found.append(Row(row["id"], row["title"], tuple(row["steps"]), tuple(row["durations"]), edges, published))
    return found


def true_time(row: Row) -> Range:
    """The longest path, computed from the texts."""
    ranges = [span(text) for text in row.times]
    least, most = (shortest_time(Plan(tuple(ends), row.edges)) for ends in zip(*ranges, strict=True))
    return least, most


def span(text: str) -> Range:
    """A time as the rows have it: ``2 hours 30 minutes``, ``1 month``.

    Raises:
        ValueError: if it is none.
    """
    parts = _PART.findall(text.lower())
    if not parts or _PART.sub("", text.lower()).strip(" ,"):
        raise ValueError(f"no time: {text!r}")
    least = most = 0
    for amount, unit in parts:
        if unit not in VAGUE and unit not in SPELLINGS:
            raise ValueError(f"no unit of time: {unit!r} in {text!r}")
        low, high = VAGUE[unit] if unit in VAGUE else (SECONDS[SPELLINGS[unit]],) * 2
        least, most = least + int(amount) * low, most + int(amount) * high
    return least, most


def as_instance(row: Row) -> Instance | None:
    """The row as an instance of the game; None if a time has no fixed length."""
    amounts, units = [], list[Unit]()
    for text in row.times:
        least, most = span(text)
        if least != most:
            return None
        parts = [SPELLINGS[unit] for _, unit in _PART.findall(text.lower())]
        units.append(min(parts, key=UNITS.index))
        amounts.append(least // SECONDS[units[-1]])
    return Instance(f"how to {row.title.removeprefix('How to ')}", row.steps, tuple(amounts), tuple(units), row.edges)


def ours(answer: str, row: Row) -> bool:
    """Whether one time and nothing else was answered, in any spelling, and it is the true one, range for range.

    So four weeks are no month.
    """
    try:
        found = span(answer)
    except ValueError:
        exact = seconds(answer)
        found = (-1, -1) if exact is None else (exact, exact)
    return found == true_time(row)


def as_published(reply: str, gold: Range) -> bool:
    """Whether the published scorer, at commit 66f9bcf of its repository, takes a reply for right; for comparison.

    It reads the first and the last double-quoted text, so two answers do better than one; knows no ``hr`` and no ``s``,
    and ``m`` as months; and is content with any overlap, so four weeks are a month.
    """
    quoted = re.findall(r'"(.*)"', reply)
    candidates = (quoted[0], quoted[-1]) if quoted else (reply.split("is ")[-1],)
    return any(_overlaps(text.lower(), gold) for text in candidates)


def _overlaps(text: str, gold: Range) -> bool:
    text = text.split("=")[-1].split(" or ")[-1].split("(")[0]
    parts = [(float(amount.replace(",", "")), unit) for amount, unit in _PUBLISHED_PART.findall(text)]
    if " to " in text or not parts or any(unit not in _PUBLISHED_UNITS for _, unit in parts):
        return False
    least = sum(amount * _PUBLISHED_UNITS[unit][0] for amount, unit in parts)
    most = sum(amount * _PUBLISHED_UNITS[unit][1] for amount, unit in parts)
    return least <= gold[1] and gold[0] <= most


def _row(name: str, title: str, steps: Sequence[str], times: Mapping[str, str], edges: Any, gold: Any) -> Row:
    inner = [(int(before) - 1, int(after) - 1) for before, after in edges if before != "START" and after != "END"]
    return Row(
        id=name,
        title=title,
        steps=tuple(steps),
        times=tuple(times[str(number)] for number in range(1, len(steps) + 1)),
        edges=tuple(inner),
        published=(int(gold[0].total_seconds()), int(gold[1].total_seconds())),
    )


class _Plain(pickle.Unpickler):
    """Reads plain data and ``datetime.timedelta``; a pickle could else run anything."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) == ("datetime", "timedelta"):
            return timedelta
        raise pickle.UnpicklingError(f"the file asks for {module_name}.{global_name}, which no published file needs")
