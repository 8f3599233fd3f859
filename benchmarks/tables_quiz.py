"""Tables of what study taught: the quiz before and after, and what later parts did to earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from selftaught.benchmarks.cells import Row, cell, markdown, short, source, spread
from selftaught.benchmarks.plots import distinct
from selftaught.benchmarks.plots_quiz import pooled
from selftaught.summary import bootstrap

ABOUT_LEARNING = (
    "audit/coverage",
    "taught/lessons",
    "taught/right",
    "taught/pairs",
    "taught/harmful",
    "taught/wasted",
)


def quiz_table(content: Mapping[str, Any]) -> str:
    """Right answers by the form of the question, before and after, a line a method; then what was learned from."""
    rows = content["rows"]
    forms = distinct(rows, "form")
    last = max(row["after"] for row in rows)
    lines = [["method", "", *(form.replace("_", " ") for form in forms), "says what is false"]]
    lines.append(["---"] * len(lines[0]))
    for arm in distinct(rows, "arm"):
        for after in sorted({0, last} & {row["after"] for row in rows if row["arm"] == arm}):
            mine = [row for row in rows if (row["arm"], row["after"]) == (arm, after)]
            cells = [_over_parts([row for row in mine if row["form"] == form], "right") for form in forms]
            misled = _over_parts([row for row in mine if row["form"] == "plain"], "misled")
            lines.append([arm, "after" if after else "before", *cells, misled])
    table = markdown(lines) + f"\n\n{spread(content)}"
    return f"{table}\n\n{_learned(content)}" + source(content)


def forgetting_table(content: Mapping[str, Any]) -> str:
    """Right answers to plain and reworded questions on every part (column) after each (line), an arm after another.

    Below, how many lessons every part had, and how many of the open answers that made them were right.
    """
    rows = [row for row in content["rows"] if row["form"] in ("plain", "paraphrase")]
    parts, stages = sorted(distinct(rows, "part")), sorted(distinct(rows, "after"))
    numbers = [str(part + 1) for part in parts]
    lines = [["method", "after part", *numbers, "all"], ["---"] * (len(parts) + 3)]
    for arm in distinct(rows, "arm"):
        for after in stages:
            matrix = [
                [row["right"]["mean"] for row in rows if (row["arm"], row["after"], row["part"]) == (arm, after, part)]
                for part in parts
            ]
            mine = [row for row in rows if (row["arm"], row["after"]) == (arm, after)]
            lines.append([arm, str(after), *map(short, matrix), _over_parts(mine, "right")])
    told = "Means over seeds and both wordings; of all parts with the least and the greatest seed."
    return f"{markdown(lines)}\n\n{told}\n\n{_asked_by_part(content, numbers)}" + source(content)


def _asked_by_part(content: Mapping[str, Any], numbers: Sequence[str]) -> str:
    """Lessons, and right open answers where a question was understood."""
    lines = [["method", "of every part", *numbers], ["---"] * (len(numbers) + 2)]
    for arm in distinct(content["learned"], "arm"):
        for name, figure in (("lessons", "taught/lessons"), ("open answers right", "audit/open_right")):
            mine = [row for row in content["learned"] if row["arm"] == arm and figure in row]
            found = [[row[figure] for row in mine if row["part"] == part] for part in range(len(numbers))]
            lines.append([arm, name, *map(short, found)])
    return markdown(lines)


def known_table(content: Mapping[str, Any]) -> str:
    """What was known of one's own texts before and after study, asked as studied and otherwise."""
    lines = [["", "questions", "before", "after"], ["---"] * 4]
    for told, suffix in (("asked as they were studied", ""), ("asked otherwise", "_reworded")):
        rows = [row for row in content["rows"] if row.get("after" + suffix)]
        ids = [str(number) for number in range(len(rows))]
        cells = [
            cell([asdict(bootstrap([float(row[stage + suffix]["known"]) for row in rows], ids))])
            for stage in ("before", "after")
        ]
        lines.append([told, str(len(rows)), *cells])
    return f"{markdown(lines)}\n\nWith 95 % intervals over questions." + source(content)


def _over_parts(rows: Sequence[Row], name: str) -> str:
    """The estimates of one part as they are; of several parts the means over seeds, with the least and the greatest."""
    found = [row for row in rows if name in row]
    if not found:
        return ""
    by_seed: dict[int, list[Row]] = {}
    for row in found:
        by_seed.setdefault(row["seed"], []).append(row[name])
    if all(len(some) == 1 for some in by_seed.values()):
        return cell([some[0] for some in by_seed.values()])
    means = [pooled(some) for some in by_seed.values()]
    return f"{np.mean(means):.2f} [{min(means):.2f}, {max(means):.2f}]" if len(means) > 1 else short(means)


def _learned(content: Mapping[str, Any]) -> str:
    """How many lessons every method had, and how good its questions and answers were by the sealed world."""
    rows = content["learned"]
    lines = [["method", *(name.rpartition("/")[2] for name in ABOUT_LEARNING)]]
    lines.append(["---"] * len(lines[0]))
    for arm in distinct(rows, "arm"):
        mine = [row for row in rows if row["arm"] == arm]
        lines.append([arm, *(short(row[name] for row in mine if name in row) for name in ABOUT_LEARNING)])
    return markdown(lines)
