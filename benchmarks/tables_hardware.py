"""Markdown tables of the hardware results: hostile designs, public problems by two judges, and what data teach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from selftaught.benchmarks.cells import cell, markdown, short, source, spread
from selftaught.benchmarks.plots import distinct
from selftaught.benchmarks.plots_studies import by_stage


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


def learning_table(content: Mapping[str, Any]) -> str:
    """What the likeliest replies solve by kind of problem and split, a line a stage; scripted players last."""
    rows = [row for row in by_stage(content) if "fault" not in row]
    first = content["rows"][0]
    played = [row for row in content["players"] if (row["arm"], row["seed"]) == (first["arm"], first["seed"])]
    everybody = [*rows, *({**row, "arm": row["player"]} for row in played)]
    columns = list(dict.fromkeys((row["kind"], row["split"]) for row in rows))
    lines = [["learned from", *(f"{kind.replace('_', ' ')}, {split}" for kind, split in columns), "repair compiles"]]
    lines.append(["---"] * len(lines[0]))
    for name in distinct(everybody, "arm"):
        mine = [row for row in everybody if row["arm"] == name]
        of = {column: [row for row in mine if (row["kind"], row["split"]) == column] for column in columns}
        cells = [cell([row["success"] for row in some]) for some in of.values()]
        lines.append([name, *cells, cell([row["syntax"] for row in of[columns[0]]])])
    taught = {row["arm"]: row for row in content["taught"] if row["seed"] == content["seeds"][0]}
    told = "; ".join(f"{arm}: {row['lessons']:,} rows, {row['all']:,} tokens" for arm, row in taught.items())
    return f"{markdown(lines)}\n\n{spread(content)} Taught (first seed): {told}.{source(content)}"


def fault_table(content: Mapping[str, Any]) -> str:
    """``pass@k`` of sampled repairs by kind of fault, at every stage."""
    rows = [row for row in by_stage(content) if "fault" in row]
    names = [name for name in rows[0] if name.startswith("pass@")]
    stages = distinct(rows, "arm")
    lines = [["fault", *stages], ["---"] * (len(stages) + 1)]
    faults = list(dict.fromkeys((row["split"], row["fault"]) for row in rows))
    for split, fault in sorted(faults, key=lambda key: (key[0] == "hard", key[1] != "all", key[1])):
        mine = [row for row in rows if (row["split"], row["fault"]) == (split, fault)]
        of = [[row for row in mine if row["arm"] == stage] for stage in stages]
        means = [" / ".join(short(row[name]["mean"] for row in some) for name in names) if some else "" for some in of]
        lines.append([f"{fault} ({split})", *means])
    return f"{markdown(lines)}\n\n{' / '.join(names)}, means over problems and seeds."
