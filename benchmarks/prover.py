"""The prover of ``hardware`` against a second opinion, on mutants of small designs, and how many it judges a second.

python -m selftaught.benchmarks.prover --oracle    # needs pyosys
python -m selftaught.benchmarks.prover --speed
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import shake_256

from selftaught.benchmarks.prover_designs import DESIGNS
from selftaught.benchmarks.prover_oracle import opinion
from selftaught.envs.hardware import Verdict, compare, prepare

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
    names = sorted({name for name in re.findall(r"\b(?:input|output|reg|wire)\b[^;,)]*?(\w+)\s*(?=[;,)=])", text)} - {"clk"})
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


def chosen(limit: int) -> list[Mutant]:
    """Up to ``limit`` mutants of each design, the same in every process."""
    found = []
    for design, text in DESIGNS.items():
        every = list({mutant.text: mutant for mutant in mutants(design, text) if mutant.text != text}.values())
        every.sort(key=lambda mutant: shake_256((mutant.design + mutant.text).encode()).hexdigest(8))
        found += every[:limit]
    return found


def agreement(limit: int) -> None:
    """Prints both sides' verdicts on the mutants, and every mutant on which they disagree."""
    table, times, oracle_times = Counter[tuple[str, str]](), list[float](), list[float]()
    reasons = Counter[str]()
    goldens = {design: prepare(text, top="top") for design, text in DESIGNS.items()}
    for mutant in chosen(limit):
        begun = time.perf_counter()
        verdict = compare(goldens[mutant.design], mutant.text)
        times.append(time.perf_counter() - begun)
        if verdict.stage in ("text", "syntax", "ports"):
            table[f"no candidate ({verdict.stage})", "-"] += 1
            continue
        begun = time.perf_counter()
        other, why = opinion(DESIGNS[mutant.design], mutant.text)
        oracle_times.append(time.perf_counter() - begun)
        table[verdict.kind, other] += 1
        if verdict.kind == "unknown":
            reasons[verdict.reason] += 1
        elif verdict.kind != other:
            print(f"{mutant.design}, {mutant.edit}: {verdict.kind} ({verdict.reason}), oracle {other} {why}")
            sys.stdout.flush()
    for (ours, other), count in sorted(table.items()):
        print(f"ours {ours:24} oracle {other:10} {count}")
    print(f"median {statistics.median(times) * 1000:.2f} ms, oracle {statistics.median(oracle_times) * 1000:.0f} ms")
    for reason, count in reasons.most_common():
        print(f"unknown {count:4}: {reason}")


def speed() -> None:
    """Prints candidates judged a second: mutants of all designs, each parsed, elaborated, compared and decided."""
    goldens = {design: prepare(text, top="top") for design, text in DESIGNS.items()}
    every = chosen(40)
    begun, kinds, times = time.perf_counter(), Counter[str](), list[tuple[float, Mutant, Verdict]]()
    for mutant in every:
        start = time.perf_counter()
        verdict = compare(goldens[mutant.design], mutant.text)
        times.append((time.perf_counter() - start, mutant, verdict))
        kinds[f"{verdict.kind} at {verdict.stage}"] += 1
    seconds = time.perf_counter() - begun
    print(f"{len(every)} candidates in {seconds:.2f} s: {len(every) / seconds:.0f} a second; {dict(kinds)}")
    judged = sorted(entry[0] for entry in times if entry[2].stage == "logic")
    print(
        f"judged to the end: median {judged[len(judged) // 2] * 1000:.2f} ms, 95% {judged[len(judged) * 95 // 100] * 1000:.1f} ms"
    )
    for taken, mutant, verdict in sorted(times, key=lambda entry: -entry[0])[:8]:
        print(f"  {taken * 1000:.0f} ms {mutant.design}, {mutant.edit}: {verdict.kind} ({verdict.reason})")


if __name__ == "__main__":
    if "--oracle" in sys.argv:
        agreement(30)
    else:
        speed()
