"""Tables of what study taught: the quiz before and after, and what later parts did to earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from selftaught.benchmarks.cells import Row, cell, markdown, short, source, spread
from selftaught.benchmarks.plots import distinct
from selftaught.benchmarks.plots_quiz import pooled

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
    """Right answers to plain and reworded questions on every part (column) after each (line), an arm after another."""
    rows = [row for row in content["rows"] if row["form"] in ("plain", "paraphrase")]
    parts, stages = sorted(distinct(rows, "part")), sorted(distinct(rows, "after"))
    lines = [["method", "after part", *(str(part + 1) for part in parts)], ["---"] * (len(parts) + 2)]
    for arm in distinct(rows, "arm"):
        for after in stages:
            matrix = [
                [row["right"]["mean"] for row in rows if (row["arm"], row["after"], row["part"]) == (arm, after, part)]
                for part in parts
            ]
            lines.append([arm, str(after), *map(short, matrix)])
    return markdown(lines) + "\n\nMeans over seeds and both wordings." + source(content)


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
