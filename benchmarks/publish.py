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
from typing import Any

import numpy as np

from selftaught.benchmarks.record import RESULTS

PAGES = ("README.md", "docs/taboo.md")
_BLOCK = re.compile(r"<!-- (?P<kind>result|transcript):(?P<name>[\w-]+) -->\n.*?<!-- /(?P=kind) -->", re.DOTALL)

Row = Mapping[str, Any]


def fill(page: str, results: Path) -> str:
    """The page with every block made anew.

    Raises:
        FileNotFoundError: if a block names a result that is not there.
        ValueError: if it names one that has no table.
    """

    def block(match: re.Match[str]) -> str:
        name = match["name"]
        content = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
        text = _table(name)(content) if match["kind"] == "result" else transcripts(content)
        return f"<!-- {match['kind']}:{name} -->\n{text}\n<!-- /{match['kind']} -->"

    return _BLOCK.sub(block, page)


def stages_table(content: Mapping[str, Any]) -> str:
    """Stage by seat: share of games won and share played by the rules, against all fixed opponents."""
    rows = [row for row in content["rows"] if row["opponent"] == "all" and "-against-" not in row["stage"]]
    seeds = sorted({row["seed"] for row in rows})
    seats = list(dict.fromkeys(row["seat"] for row in rows))
    head = ["stage"] + [f"{seat}: {what}" for seat in seats for what in ("won", "legal")]
    lines = [head, ["---"] * len(head)]
    for stage in dict.fromkeys(row["stage"] for row in rows):
        cells = [stage]
        for seat in seats:
            mine = [row for row in rows if (row["stage"], row["seat"]) == (stage, seat)]
            cells += [_cell([row[what] for row in mine]) for what in ("won", "legal")]
        lines.append(cells)
    lines += [[f"*{name}*", *cells] for name, cells in _against_past(content["rows"], seats)]
    games = rows[0]["won"]["count"]
    spread = "95 % bootstrap interval over words" if len(seeds) == 1 else f"lowest to highest of {len(seeds)} seeds"
    note = f"{games} games a seat and stage on held-out word families; in brackets the {spread}."
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n\n" + note + _source(content)


def _against_past(rows: Sequence[Row], seats: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Cells of the matches with past selves, a line a match."""
    matches = [row for row in rows if row["opponent"] == "all" and "-against-" in row["stage"]]
    lines = []
    for stage in dict.fromkeys(row["stage"] for row in matches):
        cells = []
        for seat in seats:
            mine = [row for row in matches if (row["stage"], row["seat"]) == (stage, seat)]
            cells += [_cell([row[what] for row in mine]) for what in ("won", "legal")]
        lines.append((stage.replace("-against-", " against "), cells))
    return lines


def transcripts(content: Mapping[str, Any]) -> str:
    """One game of the evaluation, drawn by the seed, at the first and at the last stage."""
    parts = [f"{stage}:\n\n```text\n" + "\n".join(lines) + "\n```" for stage, lines in content["transcripts"].items()]
    return "\n\n".join(parts)


def throughput_table(content: Mapping[str, Any]) -> str:
    """Steps per second of the scripted games."""
    head = ["game", "view", "players", "utterances a game", "steps/s (median)"]
    lines = [head, ["---"] * len(head)]
    for row in content["rows"]:
        lines.append(
            [str(row[key]) for key in ("game", "view", "players", "utterances_per_game")]
            + [f"{row['steps_per_second']:,.0f}"]
        )
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n" + _source(content)


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
        _draw()
    if stale:
        print(f"{'out of date' if checking else 'written'}: {', '.join(stale)}")
    if checking and stale:
        sys.exit(1)


def _table(name: str) -> Callable[[Mapping[str, Any]], str]:
    if name == "throughput":
        return throughput_table
    if name.startswith(("demo", "taboo-")):
        return stages_table
    raise ValueError(f"no table is known for the result {name!r}")


def _draw() -> None:
    from selftaught.benchmarks.plots import learning_curves, win_rates

    for path in sorted(RESULTS.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        if path.stem.startswith(("demo", "taboo-")):
            draw = win_rates if len(content["seeds"]) == 1 else learning_curves
            draw(content["rows"], Path("docs") / f"{path.stem}.png")


def _cell(estimates: Sequence[Row]) -> str:
    if len(estimates) == 1:
        low, high = estimates[0]["low"], estimates[0]["high"]
    else:
        low, high = min(e["mean"] for e in estimates), max(e["mean"] for e in estimates)
    return f"{np.mean([e['mean'] for e in estimates]):.2f} [{low:.2f}, {high:.2f}]"


def _source(content: Mapping[str, Any]) -> str:
    machine = content["machine"]
    return (
        f"\nMade by `{content['command']}` at commit {content['commit'][:10]} on {machine['cores']} cores "
        f"({machine.get('processor', 'unknown processor')})."
    )


if __name__ == "__main__":
    main()
