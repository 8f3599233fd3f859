"""Markdown tables of what the data of ``hardware`` are made of, and of the prover that judges them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any


def data_table(result: Mapping[str, Any]) -> str:
    """Speeds by level, then verdicts by kind of fault."""
    lines = [
        "| level | lines | distinct of 10,000 | designs a second | faults made and judged a second | rows a second |",
        "|---|---|---|---|---|---|",
    ]
    for level, found in result["levels"].items():
        speeds = found["designs_a_second"], result["faults"][level]["mutants_a_second"], found["rows_a_second"]
        cells = " | ".join(f"{count:,}" for count in (found["distinct_of_10000"], *speeds))
        lines.append(f"| {level} | {found['lines']:.0f} | {cells} |")
    names = {
        "refused": "refused by the compiler, or other ports",
        "no hardware": "two drivers or a loop",
        "different": "other outputs",
        "equal": "no fault",
        "unknown": "not known",
        "no place": "no place for it",
    }
    lines += ["", f"| fault | {' | '.join(names.values())} |", f"|---|{'---|' * len(names)}"]
    of_levels = [level["verdicts"] for level in result["faults"].values()]
    for kind in of_levels[0]:
        verdicts = sum((Counter(verdicts[kind]) for verdicts in of_levels), Counter[str]())
        lines.append(f"| {kind} | {' | '.join(str(verdicts[name]) for name in names)} |")
    return "\n".join(lines)


def prover_table(result: Mapping[str, Any]) -> str:
    """Candidates judged a second, and where Yosys agrees."""
    heads = ["designs", "lines", "candidates", "judged a second", "in a worker", "with logic", "median", "95 %"]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for row in result["speeds"]:
        rates = [f"{row[name]:,}" for name in ("judged_a_second", "in_a_worker_a_second", "to_the_end_a_second")]
        times = f"{row['median_ms']:.1f} ms | {row['p95_ms']:.1f} ms"
        named = f"{row['count']} {row['designs']} | {row['lines']:.0f} | {row['candidates']:,}"
        lines.append(f"| {named} | {' | '.join(rates)} | {times} |")
    found = result["agreement"]
    if found is None:
        return "\n".join(lines)
    lines += ["", f"| prover, Yosys | of {found['mutants']:,} mutants |", "|---|---|"]
    lines += [f"| {said} | {count} |" for said, count in found["verdicts"].items()]
    clash = f"{len(found['disagreements'])} disagreements apart from x"
    lines += ["", f"{clash}; Yosys takes {found['yosys_median_ms']} ms (median)."]
    return "\n".join(lines)
