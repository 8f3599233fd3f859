"""Markdown tables of what the data of ``hardware`` are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def data_table(result: Mapping[str, Any]) -> str:
    """Speeds by level, then verdicts by kind of fault."""
    lines = [
        "| level | lines | distinct of 10,000 | designs a second | rows a second |",
        "|---|---|---|---|---|",
    ]
    for level, found in result["levels"].items():
        cells = f"{found['distinct_of_10000']:,} | {found['designs_a_second']:,} | {found['rows_a_second']:,}"
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
    for kind, verdicts in result["faults"]["verdicts"].items():
        lines.append(f"| {kind} | {' | '.join(str(verdicts.get(name, 0)) for name in names)} |")
    lines += ["", f"{result['faults']['mutants_a_second']:,} faults made and judged a second."]
    return "\n".join(lines)
