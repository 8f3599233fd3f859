"""How many candidates the prover of ``hardware`` judges a second on one core, and whether Yosys agrees.

``python -m selftaught.benchmarks.prover`` judges mutants of hand-written designs, with a worker and without one, asks
Yosys (extra ``formal``) about those that get as far as the proof, and writes ``benchmarks/results/prover.json``.
"""

from __future__ import annotations

import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import shake_256
from pathlib import Path
from typing import Any

import tyro

from selftaught.benchmarks.prover_designs import DESIGNS
from selftaught.benchmarks.prover_large import LARGE
from selftaught.benchmarks.record import RESULTS, record
from selftaught.envs.hardware import Verdict, compare, prepare
from selftaught.envs.hardware.confirm import confirm
from selftaught.envs.hardware.judging import judged
from selftaught.progress import Advance, meter

SWAPS = {
    "+": "-",
    "-": "+",
    "&": "|",
    "|": "&",
    "^": "&",
    "&&": "||",
    "||": "&&",
    "==": "!=",
    "!=": "==",
    "<": ">",
    ">": "<",
    ">=": ">",
    "<<": ">>",
    ">>": "<<",
    "~": "",
    "!": "",
    "posedge": "negedge",
    "negedge": "posedge",
    "else": "",
}
_TOKEN = re.compile(r"\d+'[bdh]\w+|\w+|>>>|<<|>>|&&|\|\||[=!<>]=|[-+&|^~!<>]")
_LITERAL = re.compile(r"(\d+)'([bdh])([0-9a-f]+)$")
_BASES = {"b": 2, "d": 10, "h": 16}
_FORMATS = {"b": "b", "d": "d", "h": "x"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A design with one edit, and the edit in words."""

    design: str
    edit: str
    text: str


def mutants(design: str, text: str) -> Iterator[Mutant]:
    """Every single edit of the kinds known here."""
    declared = re.findall(r"\b(?:input|output|reg|wire)\b[^;,)]*?(\w+)\s*(?=[;,)=])", text)
    names = sorted(set(declared) - {"clk"})
    start = text.index(";", text.rindex("module top")) if design != "ripple" else 0
    for found in _TOKEN.finditer(text):
        token, place = found[0], found.start()
        for other in _edits(token, names if place > start else []):
            line = text.count("\n", 0, place)
            yield Mutant(
                design, f"line {line}: {token} -> {other or 'nothing'}", text[:place] + other + text[found.end() :]
            )
    for found in re.finditer(r" or negedge rst_n", text):
        yield Mutant(design, "no asynchronous reset", text[: found.start()] + text[found.end() :])
    for found in re.finditer(r"if \(([^()]+)\)", text):
        yield Mutant(
            design, f"if ({found[1]}) inverted", text[: found.start()] + f"if (!({found[1]}))" + text[found.end() :]
        )


def _edits(token: str, names: list[str]) -> Iterator[str]:
    if token in SWAPS:
        yield SWAPS[token]
    if token == "<=":
        yield "="
        yield "<"
    if literal := _LITERAL.match(token):
        width, base, value = int(literal[1]), literal[2], int(literal[3], _BASES[literal[2]])
        size = 1 << width
        for new in {(value + 1) % size, (value - 1) % size, value ^ size // 2} - {value}:
            yield f"{width}'{base}{new:{_FORMATS[base]}}"
    elif token.isdigit():
        yield from (str(new) for new in (int(token) + 1, int(token) - 1) if new >= 0)
    elif token in names:
        yield from (other for other in names if other != token)


def chosen(designs: Mapping[str, str], limit: int) -> list[Mutant]:
    """Up to ``limit`` mutants of each design, the same in every process."""
    found = []
    for design, text in designs.items():
        every = list({mutant.text: mutant for mutant in mutants(design, text) if mutant.text != text}.values())
        every.sort(key=lambda mutant: shake_256((mutant.design + mutant.text).encode()).hexdigest(8))
        found += every[:limit]
    return found


@dataclass(frozen=True)
class Prover:
    """Judge mutants of hand-written designs, and see whether Yosys agrees."""

    mutants: int = 40
    """Of each design, that are timed."""
    oracle: int = 30
    """Of each small design, that Yosys is asked about; 0 asks none."""
    repeats: int = 5
    """Timed rounds; the median counts."""
    results: Path = RESULTS
    """Where prover.json goes."""

    def __post_init__(self) -> None:
        for name, value, least in (
            ("mutants", self.mutants, 1),
            ("oracle", self.oracle, 0),
            ("repeats", self.repeats, 1),
        ):
            if value < least:
                raise ValueError(f"{name} must be at least {least}, not {value}")


def run(config: Prover) -> Path:
    """Measure, ask and write; where the result lies."""
    sets = {"small": DESIGNS, "large": LARGE}
    with meter() as stages:
        asked = chosen(DESIGNS, config.oracle)
        found = agreement(asked, stages("Yosys", len(asked))) if asked else None  # first, for it may not be installed
        advance = stages("speed", config.repeats * len(sets))
        speeds = [
            {"designs": name, **_speed(designs, config.mutants, config.repeats, advance)}
            for name, designs in sets.items()
        ]
    command = (
        f"python -m selftaught.benchmarks.prover --mutants {config.mutants} --oracle {config.oracle} "
        f"--repeats {config.repeats}"
    )
    values = {"speeds": speeds, "agreement": found}
    return record("prover", command=command, seeds=[], values=values, folder=config.results)


def _speed(designs: Mapping[str, str], limit: int, repeats: int, advance: Advance) -> dict[str, Any]:
    """Candidates judged a second, each from its text to the verdict: in this process, and in a worker."""
    goldens = {design: prepare(text, top="top") for design, text in designs.items()}
    every = [*chosen(designs, limit), *(Mutant(design, "the same", text) for design, text in designs.items())]
    spent: dict[str, list[float]] = {"here": [], "worker": []}
    judged(designs[every[0].design], every[0].text, top="top")  # starts the worker
    for _ in range(repeats):
        here = _judge(every, lambda mutant: compare(goldens[mutant.design], mutant.text))
        there = _judge(every, lambda mutant: judged(designs[mutant.design], mutant.text, top="top"))
        assert [verdict for _, verdict in here] == [verdict for _, verdict in there]
        spent["here"].append(sum(seconds for seconds, _ in here))
        spent["worker"].append(sum(seconds for seconds, _ in there))
        advance(1)
    to_the_end = sorted(seconds for seconds, verdict in here if verdict.stage == "logic")
    return {
        "count": len(designs),
        "lines": round(statistics.mean(text.strip().count("\n") + 1 for text in designs.values()), 1),
        "candidates": len(every),
        "verdicts": dict(Counter(verdict.kind for _, verdict in here).most_common()),
        "judged_a_second": round(len(every) / statistics.median(spent["here"])),
        "in_a_worker_a_second": round(len(every) / statistics.median(spent["worker"])),
        "to_the_end_a_second": round(len(to_the_end) / sum(to_the_end)),
        "median_ms": round(1000 * statistics.median(to_the_end), 2),
        "p95_ms": round(1000 * to_the_end[len(to_the_end) * 95 // 100], 2),
    }


def _judge(every: Sequence[Mutant], judge: Callable[[Mutant], Verdict]) -> list[tuple[float, Verdict]]:
    """Seconds and verdict of each."""
    found = []
    for mutant in every:
        begun = time.perf_counter()
        verdict = judge(mutant)
        found.append((time.perf_counter() - begun, verdict))
    return found


def agreement(every: Sequence[Mutant], advance: Advance) -> dict[str, Any]:
    """What both say of the mutants that have a circuit, and every mutant on which they disagree."""
    goldens = {design: prepare(text, top="top") for design, text in DESIGNS.items()}
    table, why, disagreements = Counter[str](), Counter[str](), []
    seconds: list[float] = []
    for mutant in every:
        advance(1)
        verdict = compare(goldens[mutant.design], mutant.text)
        if verdict.stage in ("text", "syntax", "ports"):
            table[f"{verdict.kind} at {verdict.stage}, not asked"] += 1
            continue
        begun = time.perf_counter()
        opinion = confirm(DESIGNS[mutant.design], mutant.text, top="top")
        seconds.append(time.perf_counter() - begun)
        by_x = _by_x(verdict)
        table[f"{verdict.kind}{' by x alone' if by_x else ''}, {opinion.kind}"] += 1
        if verdict.kind == "unknown":
            why[verdict.reason] += 1
        elif opinion.kind not in (verdict.kind, "unknown") and not by_x:
            shown = {"design": mutant.design, "edit": mutant.edit, "prover": verdict.kind, "yosys": opinion.kind}
            disagreements.append({**shown, "trace": verdict.trace.text() if verdict.trace else ""})
    return {
        "mutants": len(every),
        "verdicts": dict(sorted(table.items())),
        "disagreements": disagreements,
        "unknown": dict(why.most_common()),
        "yosys_median_ms": round(1000 * statistics.median(seconds)),
    }


def _by_x(verdict: Verdict) -> bool:
    """Whether the difference is an x of the candidate's, which the oracle takes for a value of its choice."""
    if verdict.trace is None:
        return False
    last = verdict.trace.steps[-1]
    return all(
        wanted in ("x", found) or found == "x"
        for name in last.golden
        for wanted, found in zip(last.golden[name], last.candidate[name], strict=True)
    )


if __name__ == "__main__":
    print(run(tyro.cli(Prover)))
