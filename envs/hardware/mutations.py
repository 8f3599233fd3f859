"""Faults put into a design: what people forget, mistype and confuse (arXiv 2403.11202, section 3.3), each at its place.

The published code has three of its five kinds, and does not check that a changed file is worse. Here every place of a
kind is found in the syntax tree, and what is drawn is a task only if it was shown not to be the same design
(``proved``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np

from selftaught.envs.hardware import judging
from selftaught.envs.hardware.source import Edit, Source, edited, parse, span
from selftaught.envs.hardware.verdicts import Verdict

Places = Callable[[Source, np.random.Generator], Iterator[tuple[Edit, ...]]]

_WORDS: Final = ("then", "reg", "begin", "signal", "module", "let", "end", "int", "foo", "goto", "wire", "1")
_SWAPS: Final[Mapping[str, tuple[str, ...]]] = {
    "+": ("-", "|"),
    "-": ("+",),
    "&": ("|", "^"),
    "|": ("&", "^"),
    "^": ("&", "|"),
    "&&": ("||",),
    "||": ("&&",),
    "==": ("!=", ">="),
    "!=": ("==",),
    "<": (">", "<="),
    ">": ("<", ">="),
    "<=": ("<", ">="),
    ">=": (">", "<="),
    "<<": (">>",),
    ">>": ("<<",),
    "~": ("", "-"),
    "!": ("",),
    "~^": ("^",),
    "~|": ("|",),
    "~&": ("&",),
}
_ASSIGNMENTS: Final = ("AssignmentExpression", "NonblockingAssignmentExpression")
_LITERAL: Final = re.compile(r"(\d+)'([bdhBDH])([0-9a-fA-F]+)$")
_BASES: Final[Mapping[str, tuple[int, str]]] = {"b": (2, "b"), "d": (10, "d"), "h": (16, "x")}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A design with a fault of some kind, and the verdict that shows it."""

    text: str
    kind: str
    verdict: Verdict


def mutate(text: str, kind: str, random: np.random.Generator) -> str | None:
    """The text with one fault of this kind, at a random place; None where it has no place for it.

    Raises:
        ValueError: on an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of mutation {kind!r}; the kinds are {', '.join(KINDS)}")
    source = parse(text)
    places = [] if source is None else list(KINDS[kind](source, random))
    found = edited(text, places[int(random.integers(len(places)))]) if places else text
    return None if found == text else found


def proved(golden: str, mutant: str, kind: str) -> Verdict | None:
    """The verdict on a mutant that is no longer the same design; None if it is, or if nobody can say.

    Two drivers and loops are judged by what they are: no logic has them.
    """
    verdict = judging.judged(golden, mutant)
    broken = verdict.kind == "different" or (kind in WIRING and verdict.stage == "drivers")
    return verdict if broken else None


def draw(golden: str, random: np.random.Generator, kinds: tuple[str, ...], *, attempts: int = 4) -> Mutant | None:
    """A proved mutant of a random kind; None if there was none after so many attempts."""
    for _ in range(attempts):
        kind = kinds[int(random.integers(len(kinds)))]
        text = mutate(golden, kind, random)
        verdict = None if text is None else proved(golden, text, kind)
        if text is not None and verdict is not None:
            return Mutant(text, kind, verdict)
    return None


def _missing(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    for token in source.tokens:
        if token.kind != "EndOfFile":
            yield (Edit(token.start, token.end, ""),)


def _stray(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    for token in source.tokens[1:]:
        word = _WORDS[int(random.integers(len(_WORDS)))]
        yield (Edit(token.start, token.start, f" {word} "),)


def _type(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    for token in source.tokens:
        if token.text in ("reg", "wire"):
            yield (Edit(token.start, token.end, "wire" if token.text == "reg" else "reg"),)
        if token.text == "reg" and source.text[: token.start].rstrip().endswith("output"):
            yield (Edit(token.start, token.end + 1, ""),)


def _width(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    for node in source.of("RangeDimensionSpecifier"):
        high, low = (source.shown(part) for part in (node.selector.left, node.selector.right))
        if high.isdigit() and low.isdigit():
            start, end = span(node.selector.left)
            for other in (int(high) + 1, int(high) - 1, int(high) + 4, int(low)):
                if other >= int(low) and other != int(high):
                    yield (Edit(start, end, str(other)),)


def _condition(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    for node in source.of("ConditionalStatement"):
        if node.elseClause is None:
            yield (Edit(span(node)[0], span(node.statement)[0], ""),)
        else:
            start, end = span(node.elseClause)
            yield (Edit(start, end, ""),)
            yield (Edit(node.openParen.range.start.offset, node.closeParen.range.end.offset, ""),)
    for node in source.of("LogicalAndExpression", "LogicalOrExpression"):
        (start, end), (left, right) = span(node), (source.shown(node.left), source.shown(node.right))
        yield (Edit(start, end, left),)
        yield (Edit(start, end, right),)


def _conflict(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    inputs, outputs = _ports(source, "input"), _ports(source, "output")
    end = next((token.start for token in reversed(source.tokens) if token.text == "endmodule"), None)
    if end is None or not inputs:
        return
    for output in outputs:
        one, other = (inputs[int(random.integers(len(inputs)))] for _ in range(2))
        operator = "&|^"[int(random.integers(3))]
        value = one if one == other else f"{one} {operator} {other}"
        yield (Edit(end, end, f"  assign {output} = {value};\n"),)


def _loop(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    wires = [span(node) for node in source.of("ContinuousAssign")]
    for node in source.of("AssignmentExpression"):
        start, end = span(node)
        if not any(low < start and end < high for low, high in wires):  # in a process it may be a latch
            continue
        target = source.shown(node.left)
        if re.fullmatch(r"\w+", target):
            for name in source.tokens_in(*span(node.right)):
                if name.kind == "Identifier" and name.text != target:
                    yield (Edit(name.start, name.end, target),)


def _port_list(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    ports = source.of("ImplicitAnsiPort")
    for place, node in enumerate(ports):
        start, end = span(node)
        if place + 1 < len(ports):
            yield (Edit(start, span(ports[place + 1])[0], ""),)
        elif place:
            yield (Edit(span(ports[place - 1])[1], end, ""),)
        yield (Edit(end, end, f", {('extra', 'aux', 'spare', 'test')[int(random.integers(4))]}"),)
        shown = source.shown(node)
        for one, other in (("input", "output"), ("output", "input")):
            if shown.startswith(f"{one} "):
                yield (Edit(start, start + len(one), other),)


def _operator(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    for kind, nodes in source.nodes.items():
        if kind in _ASSIGNMENTS or not kind.endswith("Expression"):
            continue
        for node in nodes:
            token = getattr(node, "operatorToken", None)
            if token is None:
                continue
            for other in _SWAPS.get(token.rawText, ()):
                yield (Edit(token.range.start.offset, token.range.end.offset, other),)


def _constant(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    declared = {span(part) for node in source.of("RangeDimensionSpecifier") for part in _ends(node)}
    for node in source.of("IntegerVectorExpression"):
        if found := _LITERAL.match(source.shown(node)):
            base, style = _BASES[found[2].lower()]
            width, value = int(found[1]), int(found[3], base)
            for other in {value + 1, value - 1, value ^ 1 << int(random.integers(min(width, 32)))}:
                digits = f"{other % (1 << width):{style}}".rjust(len(found[3]) if style == "b" else 1, "0")
                yield (Edit(*span(node), f"{width}'{found[2]}{digits}"),)
    for node in source.of("IntegerLiteralExpression"):
        shown = source.shown(node)
        if shown.isdigit() and span(node) not in declared:
            yield (Edit(*span(node), str(int(shown) + 1)),)


def _edge(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    for token in source.tokens:
        if token.text in ("posedge", "negedge"):
            yield (Edit(token.start, token.end, "negedge" if token.text == "posedge" else "posedge"),)


def _branches(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    pairs = [(node.left, node.right) for node in source.of("ConditionalExpression")]
    pairs += [(n.statement, n.elseClause.clause) for n in source.of("ConditionalStatement") if n.elseClause is not None]
    items = source.of("StandardCaseItem")
    pairs += [(one.clause, other.clause) for one, other in pairwise(items)]
    for one, other in pairs:
        first, second = source.shown(one), source.shown(other)
        # An if moved before an else would take it for its own.
        if first != second and not second.startswith("if"):
            yield (Edit(*span(one), second), Edit(*span(other), first))


def _inverted(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    for node in source.of("ConditionalPredicate"):
        start, end = span(node)
        shown = source.text[start:end]
        yield (Edit(start, end, shown[1:] if re.fullmatch(r"!\w+", shown) else f"!({shown})"),)


def _name(source: Source, random: np.random.Generator) -> Iterator[tuple[Edit, ...]]:
    names = sorted({source.shown(node).split("=")[0].split("[")[0].strip() for node in source.of("Declarator")})
    for node in source.of("IdentifierName", "IdentifierSelectName"):
        start, shown = span(node)[0], node.identifier.valueText
        others = [name for name in names if name != shown]
        if others:
            yield (Edit(start, start + len(shown), others[int(random.integers(len(others)))]),)


def _ports(source: Source, direction: str) -> list[str]:
    """The names of all ports of a direction."""
    return [
        node.declarator.name.valueText
        for node in source.of("ImplicitAnsiPort")
        if source.shown(node).startswith(direction)
    ]


def _ends(node: Any) -> tuple[Any, ...]:
    return node.selector.left, node.selector.right


WIRING: Final = ("driver conflict", "loop")
"""Kinds after which nothing is hardware."""
KINDS: Final[Mapping[str, Places]] = {
    "missing token": _missing,
    "stray word": _stray,
    "wrong type": _type,
    "wrong width": _width,
    "dropped condition": _condition,
    "driver conflict": _conflict,
    "loop": _loop,
    "port list": _port_list,
    "operator": _operator,
    "constant": _constant,
    "edge": _edge,
    "branch swap": _branches,
    "inverted condition": _inverted,
    "wrong name": _name,
}
HELD_OUT: Final = ("stray word", "edge", "branch swap")
"""Kinds of the split ``hard`` alone."""
TAUGHT: Final = tuple(kind for kind in KINDS if kind not in HELD_OUT)
