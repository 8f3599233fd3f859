"""Markdown tables of the hardware results: hostile designs, and public problems by two judges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any


def hostile_table(result: Mapping[str, Any]) -> str:
    """Verdicts by attack, and what became of the workers."""
    stages = ("text", "syntax", "ports")
    lines = [
        "| attack | refused by the gate | by the compiler | different | equal | unknown |",
        "|---|---|---|---|---|---|",
    ]
    for attack, verdicts in result["verdicts"].items():
        counts = Counter[str]()
        for said, count in verdicts.items():
            kind, _, stage = said.partition(" at ")
            counts[stage if kind == "different" and stage in stages[:2] else kind] += count
        cells = " | ".join(f"{counts[name]:,}" for name in (*stages[:2], "different", "equal", "unknown"))
        lines.append(f"| {attack} | {cells} |")
    why = ", ".join(f"{count} because {reason}" for reason, count in result["why"].items()) or "none"
    lines += [
        "",
        f"{result['texts']:,} texts in {result['seconds']:g} s, the slowest {result['slowest_seconds']:g} s; files "
        f"touched: {result['files_touched']}. Texts that ended a worker: {why} (N: the limit).",
    ]
    return "\n".join(lines)


def problems_table(result: Mapping[str, Any]) -> str:
    """References by judge, exclusions with their reasons, agreement on mutants, and players."""
    lines = [f"{result['problems']} problems, Icarus {result['icarus'] or 'not used'}.", ""]
    lines += ["| judge | references that pass | unexplained |", "|---|---|---|"]
    for judge, count in result["references_usable"].items():
        lines.append(f"| {judge} | {count} | {len(result['unexplained'][judge])} |")
    lines += ["", "| excluded | by | why |", "|---|---|---|"]
    for judge, names in result["excluded"].items():
        lines += [f"| {name} | {judge} | {entry['why']} |" for name, entry in names.items()]
    if result["agreement"]:
        lines += ["", f"| prover, testbench | of {result['agreement']['mutants']} edits |", "|---|---|"]
        lines += [f"| {said} | {count} |" for said, count in result["agreement"]["verdicts"].items()]
        for found in result["agreement"]["disagreements"]:
            lines += ["", f"{found['problem']}, {found['edit']}: {found['prover']}, yet {found['testbench']}."]
    if result["players"]:
        lines += ["", "| player | judge | k | pass@k |", "|---|---|---|---|"]
    for row in result["players"]:
        for judge, rates in row["pass_at_k"].items():
            for k, rate in rates.items():
                interval = f"{rate['mean']:.2f} [{rate['low']:.2f}, {rate['high']:.2f}]"
                lines.append(f"| {row['player']} | {judge} | {k} | {interval} |")
    return "\n".join(lines)
