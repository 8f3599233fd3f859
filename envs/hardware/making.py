"""Problems made of designs: faults to repair, holes to fill, descriptions to build from, flows to script."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

import numpy as np

from selftaught.envs.hardware import construct, judging, mutations, scripts
from selftaught.envs.hardware.describe import describe, rebuild
from selftaught.envs.hardware.designs import Design, split_of
from selftaught.envs.hardware.flow_faults import FAULTS
from selftaught.envs.hardware.flows import LEVELS as FLOW_LEVELS
from selftaught.envs.hardware.graph import Unsupported
from selftaught.envs.hardware.problems import MARK, Kind, Problem, Rung, judge, rung_of, words_of
from selftaught.envs.hardware.source import Edit, Source, edited, parse, span

HOLES: Final = ("body", "statement", "token", "mask")
"""Kinds of completion."""
TRIES: Final = 300
"""Draws for one problem; one in ten is of the split ``test``."""
HARD_FAULTS: Final = ("early run", "second run")
"""Faults of flow scripts of the split ``hard`` alone."""
MASKED: Final = (
    "ConditionalPredicate",
    "ExpressionStatement",
    "ConditionalExpression",
    "AddExpression",
    "BinaryAndExpression",
    "EqualityExpression",
    "IntegerVectorExpression",
    "SignalEventExpression",
    "StandardCaseItem",
)
"""Nodes that may be masked, besides keywords of direction and kind and the names of ports."""


@dataclass(frozen=True, slots=True)
class Made:
    """A problem, and what only figures see: its form (which holes, what description) and the kind of its fault."""

    problem: Problem
    form: str
    fault: str = ""


Draw = Callable[[np.random.Generator, str], Design]
"""A design of a split."""


def make(kind: Kind, random: np.random.Generator, *, designs: Draw, level: int, split: str) -> Made:
    """A problem of a kind, of a split. What is drawn and does not work out is drawn anew.

    Raises:
        ValueError: if it never works out, as with designs of somebody's own that nothing can be said of.
    """
    for _ in range(TRIES):
        if kind == "script":
            found = script(random, level=level, split=split)
        elif kind == "construct":
            found = constructed(random, level=level, split=split)
        else:
            found = of_design(kind, designs(random, split).text, random, hard=split == "hard")
        if found is not None:
            return found
    raise ValueError(f"the designs of the split {split!r} allow no problem of kind {kind!r}: leave it out of the kinds")


def of_design(kind: Kind, golden: str, random: np.random.Generator, *, hard: bool = False) -> Made | None:
    """A problem of a kind out of a design; None if it allows none."""
    match kind:
        case "repair":
            return repair(golden, random, mutations.HELD_OUT if hard else mutations.TAUGHT)
        case "complete":
            return completion(golden, random, HOLES[int(random.integers(len(HOLES)))])
        case "round_trip":
            told = described(golden, random)
            problem = Problem("round_trip", golden, (golden,), told=told)
            return Made(_floored(problem), "description") if told else None
        case "describe":
            return Made(_floored(Problem("describe", golden, (golden,), shown=golden)), "design")
    raise ValueError(f"no kind {kind!r} of problems is made of a design")


def repair(golden: str, random: np.random.Generator, kinds: tuple[str, ...]) -> Made | None:
    """A design with a fault that was proved to matter, and what the tools say of it."""
    mutant = mutations.draw(golden, random, kinds)
    if mutant is None:
        return None
    said, floor = words_of(mutant.verdict), rung_of(mutant.verdict)
    return Made(
        Problem("repair", golden, (golden,), shown=mutant.text, said=said, floor=floor), floor, fault=mutant.kind
    )


def completion(golden: str, random: np.random.Generator, form: str) -> Made | None:
    """A design with holes: its body, a statement, a token, or two or three masked pieces (section 3.1)."""
    source = parse(golden)
    holes = [] if source is None else _holes(source, form, random)
    if not holes:
        return None
    cuts = [0, *(place for hole in holes for place in hole), len(golden)]
    pieces = tuple(golden[cuts[place] : cuts[place + 1]] for place in range(0, len(cuts), 2))
    answers = tuple(golden[start:end] for start, end in holes)
    told = described(golden, random) if form == "body" else ""
    marks = [MARK.format(number) for number in range(1, len(holes) + 1)]
    if (form == "body" and not told) or any(mark in golden for mark in marks):  # or a hole could be taken for code
        return None
    shown = edited(golden, [Edit(*hole, mark) for hole, mark in zip(holes, marks, strict=True)])
    return Made(_floored(Problem("complete", golden, answers, pieces=pieces, told=told, shown=shown)), form)


def constructed(random: np.random.Generator, *, level: int, split: str) -> Made | None:
    """A truth table, state machine or waveform and the design that it defines."""
    found = construct.draw(random, construct.LEVELS[level])
    if split_of(found.golden) != ("test" if split == "hard" else split):
        return None
    problem = Problem("construct", found.golden, (found.golden,), told=found.prompt)
    return Made(_floored(problem), found.kind)


def script(random: np.random.Generator, *, level: int, split: str) -> Made | None:
    """A flow to write a script for from its description, or a script with a fault and what the tool says."""
    flow = scripts.draw(random, FLOW_LEVELS[int(random.integers(len(FLOW_LEVELS)))])
    digest = blake2b(json.dumps(flow.as_data(), sort_keys=True).encode(), digest_size=2).digest()
    own = ("validation", "test")[digest[0] % 2] if digest[1] < 51 else "train"
    if own != ("test" if split == "hard" else split):
        return None
    right, told = scripts.write(flow, random), scripts.describe(flow, random)
    problem = Problem("script", right, (right,), told=told, flow=flow.as_data())
    if split != "hard" and random.random() < 0.5:
        return Made(_floored(problem), "written")
    kinds = [kind for kind in FAULTS if (kind in HARD_FAULTS) == (split == "hard")]
    kind = kinds[int(random.integers(len(kinds)))]
    broken = scripts.broken(right, random, kind=kind)
    if broken is None:
        return None
    found = judge(problem, broken)
    if found.rung == "equal":
        return None
    return Made(replace(problem, shown=broken, said=found.said, floor=found.rung), "repaired", fault=kind)


def described(golden: str, random: np.random.Generator, *, attempts: int = 3) -> str:
    """What a design does, in words, by rule; nothing where no words were found from which it can be built again."""
    for _ in range(attempts):
        try:
            told = describe(golden, random)
        except Unsupported:
            return ""
        built = rebuild(told)
        if built is not None and judging.judged(golden, built).kind == "equal":
            return told
    return ""


def _floored(found: Problem) -> Problem:
    """The problem whose floor is what no reply at all would be worth."""
    empty = "\n".join(f"{number}:" for number in range(1, len(found.answers) + 1)) if len(found.answers) > 1 else ""
    rung: Rung = judge(found, empty).rung
    return replace(found, floor="driven" if rung == "equal" else rung)


def _holes(source: Source, form: str, random: np.random.Generator) -> list[tuple[int, int]]:
    """Stretches of the text that are taken out, in order; none where there is nothing of the form."""
    headers = source.of("ModuleHeader")
    if len(headers) != 1:
        return []
    start = span(headers[0])[1]
    end = next(token.start for token in reversed(source.tokens) if token.text == "endmodule")
    if form == "body":
        inside = source.text[start:end]
        return [(end - len(inside.lstrip()), start + len(inside.rstrip()))] if inside.strip() else []
    places = _places(source, form, start, end)
    chosen: list[tuple[int, int]] = []
    wanted = int(random.integers(2, 4)) if form == "mask" else 1
    for number in random.permutation(len(places)):
        low, high = places[int(number)]
        if len(chosen) < wanted and all(high <= other or low >= last for other, last in chosen):
            chosen.append((low, high))
    return sorted(chosen) if len(chosen) >= min(wanted, 2) else []


def _places(source: Source, form: str, start: int, end: int) -> list[tuple[int, int]]:
    """Where a hole of this form may be."""
    if form == "token":
        return [(token.start, token.end) for token in source.tokens_in(start, end)]
    if form == "statement":
        nodes = source.of("ContinuousAssign", "ExpressionStatement", "DataDeclaration", "NetDeclaration")
        return [span(node) for node in nodes]
    words = ("input", "output", "reg", "posedge", "negedge", "case", "if", "<=")
    places = [(token.start, token.end) for token in source.tokens if token.text in words]
    places += [span(node) for node in source.of(*MASKED)]
    return [place for place in places if "\n" not in source.text[slice(*place)]]
