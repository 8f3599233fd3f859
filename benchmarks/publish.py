"""Tables and pictures of README and docs from ``benchmarks/results/*.json``, so that no number is typed twice.

``python -m selftaught.benchmarks.publish`` fills every block ``<!-- result:NAME -->`` ... ``<!-- /result -->`` of the
Markdown files, and draws the pictures into ``docs/``. With ``--check`` it changes nothing and fails where a block
differs.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from selftaught.benchmarks import plots, plots_hardware, plots_quiz, plots_rounds, plots_studies
from selftaught.benchmarks.record import RESULTS
from selftaught.benchmarks.tables import (
    exploitability_table,
    growth_table,
    precision_table,
    speech_table,
    speed_table,
    stages_table,
    throughput_table,
    transcripts,
)
from selftaught.benchmarks.tables_hardware import fault_table, hostile_table, learning_table, problems_table
from selftaught.benchmarks.tables_hardware_data import data_table, prover_table
from selftaught.benchmarks.tables_quiz import forgetting_table, known_table, quiz_table
from selftaught.benchmarks.tables_rounds import alarm_table, audit_table, rounds_table
from selftaught.benchmarks.tables_studies import (
    asynchow_table,
    encodings_table,
    lengths_table,
    reflection_table,
    study_table,
)
from selftaught.benchmarks.tables_suite import cost_table, items_table, suite_table
from selftaught.benchmarks.transfer import transfer_table

DOCS: Final = (
    "benchmarks",
    "taboo",
    "graph_plan",
    "self_reward",
    "sequence",
    "reflect",
    "self_study",
    "hardware",
    "hardware_tools",
    "performance",
    "statistics",
)
PAGES: Final = ("README.md", *(f"docs/{name}.md" for name in DOCS))


Table = Callable[[Mapping[str, Any]], str]
Picture = Callable[[Mapping[str, Any], Path], Path]

TABLES: Final[Mapping[str, Table]] = {
    "demo": stages_table,
    "cpu": stages_table,
    "taboo-pocket": stages_table,
    "throughput": throughput_table,
    "speed": speed_table,
    "precision": precision_table,
    "planning": study_table,
    "planning-smollm2": study_table,
    "graph-first": study_table,
    "encodings": encodings_table,
    "asynchow": asynchow_table,
    "hostile_hardware": hostile_table,
    "verilog_eval": problems_table,
    "sequence": lengths_table,
    "sequence-smollm2": lengths_table,
    "reflect": reflection_table,
    "reflect-rewards": reflection_table,
    "reflect-smollm2": reflection_table,
    "self-study": quiz_table,
    "self-study-poison": quiz_table,
    "self-study-smollm2": quiz_table,
    "self-study-parts": forgetting_table,
    "study-docs": known_table,
    "self-reward-phases": rounds_table,
    "self-reward-judges": rounds_table,
    "self-reward-smollm2": rounds_table,
    "hardware-data": data_table,
    "prover": prover_table,
    "hardware": learning_table,
    "hardware-smollm2": learning_table,
    "suite": suite_table,
    "transfer": transfer_table,
    "transfer-smollm2": transfer_table,
    "mini-taboo-league": exploitability_table,
}
"""The table of every result, which a block ``result:NAME`` holds."""
MORE: Final[Mapping[str, Table]] = {
    "audit": audit_table,
    "alarm": alarm_table,
    "speech": speech_table,
    "transcript": transcripts,
    "growth": growth_table,
    "faults": fault_table,
    "items": items_table,
    "cost": cost_table,
}
"""What else a block can hold of a result."""
PICTURES: Final[Mapping[str, Picture]] = {
    "demo": plots.stages,
    "cpu": plots.stages,
    "taboo-pocket": plots.stages,
    "planning": plots_studies.planning,
    "planning-smollm2": plots_studies.planning,
    "graph-first": plots_studies.planning,
    "sequence": plots_studies.lengths,
    "sequence-smollm2": plots_studies.lengths,
    "reflect": plots_studies.reflection,
    "reflect-rewards": plots_studies.reflection,
    "self-study": plots_quiz.quiz_bars,
    "self-study-smollm2": plots_quiz.quiz_bars,
    "self-study-parts": plots_quiz.forgetting,
    "self-reward-phases": plots_rounds.phases,
    "self-reward-judges": plots_rounds.rounds,
    "self-reward-smollm2": plots_rounds.rounds,
    "hardware": plots_hardware.repairs,
    "hardware-smollm2": plots_hardware.repairs,
    "speed": plots.speed,
}
"""``docs/NAME.png`` of a result."""
_BLOCK: Final = re.compile(
    rf"<!-- (?P<kind>{'|'.join(['result', *MORE])}):(?P<name>[\w-]+) -->\n(?:(?!<!-- ).)*?<!-- /(?P=kind) -->",
    re.DOTALL,
)
_MARK: Final = re.compile(r"<!--\s*/?\w+\b[^>\n]*-->")
"""What is, or was meant to be, an end of a block: pages have no other comments."""


def fill(page: str, results: Path) -> str:
    """The page with every block made anew.

    Raises:
        FileNotFoundError: if a block names a result that is not there.
        ValueError: if it names one that has no table, or if a mark belongs to no block.
    """
    if stray := _MARK.findall(_BLOCK.sub("", page)):
        raise ValueError(f"{stray[0]} is in no block: one is <!-- result:NAME -->, its lines, <!-- /result -->")

    def block(match: re.Match[str]) -> str:
        kind, name = match["kind"], match["name"]
        if kind == "result" and name not in TABLES:
            raise ValueError(f"no table is known for the result {name!r}; there are {', '.join(TABLES)}")
        content = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
        table = TABLES[name] if kind == "result" else MORE[kind]
        return f"<!-- {kind}:{name} -->\n{table(content)}\n<!-- /{kind} -->"

    return _BLOCK.sub(block, page)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write all pages, or with ``--check`` exit with 1 where one is out of date."""
    checking = "--check" in (sys.argv[1:] if arguments is None else arguments)
    stale = []
    for name in PAGES:
        path = Path(name)
        before = path.read_text(encoding="utf-8")
        after = fill(before, RESULTS)
        if after != before:
            stale.append(name)
            if not checking:
                path.write_text(after, encoding="utf-8")
    if not checking:
        for name, draw in PICTURES.items():
            if (path := RESULTS / f"{name}.json").exists():
                draw(json.loads(path.read_text(encoding="utf-8")), Path("docs") / f"{name}.png")
    if stale:
        print(f"{'out of date' if checking else 'written'}: {', '.join(stale)}")
    if checking and stale:
        sys.exit(1)


if __name__ == "__main__":
    main()
