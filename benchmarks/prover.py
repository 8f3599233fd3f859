"""The prover of ``hardware`` against a second opinion, on mutants of small designs, and how many it judges a second.

python -m selftaught.benchmarks.prover --oracle 30    # mutants of each design; needs pyosys
python -m selftaught.benchmarks.prover --worker       # what a worker costs beside judging in process
python -m selftaught.benchmarks.prover                # throughput
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import shake_256

from selftaught.benchmarks.prover_designs import DESIGNS
from selftaught.benchmarks.prover_large import LARGE
from selftaught.envs.hardware import Verdict, compare, prepare
from selftaught.envs.hardware.confirm import confirm
from selftaught.envs.hardware.judging import judged

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


def agreement(limit: int) -> None:
    """Prints both sides' verdicts on the mutants, and every mutant on which they disagree."""
    table, times, oracle_times = Counter[tuple[str, str]](), list[float](), list[float]()
    reasons = Counter[str]()
    goldens = {design: prepare(text, top="top") for design, text in DESIGNS.items()}
    for mutant in chosen(DESIGNS, limit):
        begun = time.perf_counter()
        verdict = compare(goldens[mutant.design], mutant.text)
        times.append(time.perf_counter() - begun)
        if verdict.stage in ("text", "syntax", "ports"):
            table[f"no candidate ({verdict.stage})", "-"] += 1
            continue
        begun = time.perf_counter()
        opinion = confirm(DESIGNS[mutant.design], mutant.text, top="top")
        other, why = opinion.kind, opinion.reason
        oracle_times.append(time.perf_counter() - begun)
        mine = f"{verdict.kind}{' (only by x)' if _by_x(verdict) else ''}"
        table[mine, other] += 1
        if verdict.kind == "unknown":
            reasons[verdict.reason] += 1
        elif mine != other and other != "unknown" and not _by_x(verdict):
            shown = verdict.trace.text() if verdict.trace else ""
            print(f"{mutant.design}, {mutant.edit}: {verdict.kind} ({verdict.reason}), oracle {other} {why}\n{shown}")
            sys.stdout.flush()
    for (ours, other_kind), count in sorted(table.items()):
        print(f"ours {ours:24} oracle {other_kind:10} {count}")
    print(f"median {statistics.median(times) * 1000:.2f} ms, oracle {statistics.median(oracle_times) * 1000:.0f} ms")
    for reason, count in reasons.most_common():
        print(f"unknown {count:4}: {reason}")


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


def speed(designs: Mapping[str, str]) -> None:
    """Prints candidates judged a second: mutants, each checked as text, parsed, elaborated, compared and decided."""
    goldens = {design: prepare(text, top="top") for design, text in designs.items()}
    every = [*chosen(designs, 40), *(Mutant(design, "the same", text) for design, text in designs.items())]
    begun, kinds, times = time.perf_counter(), Counter[str](), list[tuple[float, Mutant, Verdict]]()
    for mutant in every:
        start = time.perf_counter()
        verdict = compare(goldens[mutant.design], mutant.text)
        times.append((time.perf_counter() - start, mutant, verdict))
        kinds[f"{verdict.kind} at {verdict.stage}"] += 1
    seconds = time.perf_counter() - begun
    lines = statistics.mean(text.count("\n") for text in designs.values())
    print(f"{len(designs)} designs of {lines:.0f} lines on average, {dict(kinds)}")
    print(f"{len(every)} candidates in {seconds:.2f} s: {len(every) / seconds:.0f} a second")
    ends = sorted(entry[0] for entry in times if entry[2].stage == "logic")
    print(
        f"judged to the end: {len(ends) / sum(ends):.0f} a second, median {ends[len(ends) // 2] * 1000:.2f} ms, "
        f"95% {ends[len(ends) * 95 // 100] * 1000:.1f} ms"
    )
    for taken, mutant, verdict in sorted(times, key=lambda entry: -entry[0])[:5]:
        print(f"  {taken * 1000:.0f} ms {mutant.design}, {mutant.edit}: {verdict.kind} ({verdict.reason})")


def worker(designs: Mapping[str, str], *, repeats: int = 5) -> None:
    """Prints the time of judging in a worker against that in this process, on the same candidates."""
    goldens = {design: prepare(text, top="top") for design, text in designs.items()}
    every, times = chosen(designs, 30), dict[str, list[float]](here=[], worker=[])
    judged(designs[every[0].design], every[0].text, top="top")
    for _ in range(repeats):
        begun = time.perf_counter()
        here = [compare(goldens[mutant.design], mutant.text) for mutant in every]
        times["here"].append(time.perf_counter() - begun)
        begun = time.perf_counter()
        there = [judged(designs[mutant.design], mutant.text, top="top") for mutant in every]
        times["worker"].append(time.perf_counter() - begun)
        assert here == there
    medians = {name: statistics.median(found) for name, found in times.items()}
    rates = ", ".join(f"{name} {len(every) / seconds:.0f} a second" for name, seconds in medians.items())
    print(f"{len(every)} candidates: {rates}, ratio {medians['worker'] / medians['here']:.2f}")


if __name__ == "__main__":
    if "--worker" in sys.argv:
        worker(DESIGNS)
    elif "--oracle" in sys.argv:
        agreement(int(sys.argv[2]) if len(sys.argv) > 2 else 30)
    else:
        speed(DESIGNS)
        speed(LARGE)
