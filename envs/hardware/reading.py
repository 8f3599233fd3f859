"""From text to an elaborated module, or to the compiler's complaint. In process, well under a millisecond."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyslang
from pyslang import ast, syntax

from selftaught.envs.hardware.safety import refusal

_ERRORS: Final = 8
"""Complaints that are reported at most."""
_FILE: Final = "design.v"
_SHOWN: Final = 160
_HINT: Final = re.compile(r"; did you mean '[^']*'\?")
"""The parser's guesses at keywords, which no option turns off."""


@dataclass(frozen=True, slots=True)
class Port:
    """One port as the outside sees it."""

    name: str
    direction: str
    width: int
    signed: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What the compiler says of a text.

    ``refused`` is the gate's reason, ``errors`` the compiler's own words with line and column; both are empty for good
    text. ``parsed``: the module is there, and no error is one of syntax. ``top`` is the elaborated module and lives as
    long as this object, which keeps the ``compilation``.
    """

    refused: str = ""
    errors: str = ""
    parsed: bool = True
    top: ast.InstanceSymbol | None = None
    ports: tuple[Port, ...] = ()
    compilation: ast.Compilation | None = None


def read(text: str, *, top: str | None = None) -> Reading:
    """Parses and elaborates; never raises on any text.

    ``top`` names the module that is wanted; without it there must be only one that no other instantiates.
    """
    reason = refusal(text)
    if reason is not None:
        return Reading(refused=reason)
    try:
        return _elaborated(text, top)
    except RuntimeError:  # the compiler's own limit on nesting, without a message
        return Reading(refused="the compiler gave up on the text: it is nested too deeply")


def _elaborated(text: str, top: str | None) -> Reading:
    tree = syntax.SyntaxTree.fromText(text, _FILE)
    compilation = ast.Compilation(_options(top))
    compilation.addSyntaxTree(tree)
    return _checked(text, tree, compilation, top)


def _checked(text: str, tree: syntax.SyntaxTree, compilation: ast.Compilation, top: str | None) -> Reading:
    """A function of its own, because what it gets from the compilation must be gone before that is."""
    found = [entry for entry in compilation.getAllDiagnostics() if entry.isError()]
    if found:
        # A text without the module has nothing to elaborate: an empty one must not be worth more than a typo.
        there = bool(compilation.getRoot().topInstances)
        parsed = there and not any(entry.isError() for entry in tree.diagnostics)
        return Reading(errors=_report(text, tree, found), parsed=parsed)
    tops = list(compilation.getRoot().topInstances)
    if top is not None:
        tops = [instance for instance in tops if instance.name == top]
    if len(tops) != 1:
        names = ", ".join(instance.name for instance in tops[:_ERRORS]) or "none"
        return Reading(errors=f"there is no single top module{f' {top}' if top else ''}: {names}\n")
    ports = tuple(_port(port) for port in tops[0].body.portList)
    return Reading(top=tops[0], ports=ports, compilation=compilation)


def _options(top: str | None) -> pyslang.Bag:
    options = ast.CompilationOptions()
    options.typoCorrectionLimit = 0  # a guess at the right name gives the repair away
    options.errorLimit = _ERRORS
    options.maxInstanceDepth, options.maxInstanceArray = 16, 256
    options.maxGenerateSteps, options.maxConstexprSteps, options.maxConstexprDepth = 2048, 20_000, 32
    if top is not None:
        options.topModules = {top}
    bag = pyslang.Bag()
    bag.compilationOptions = options
    return bag


def _report(text: str, tree: syntax.SyntaxTree, found: Sequence[pyslang.Diagnostic]) -> str:
    """The complaints with place, line and a caret.

    Written here and not by the compiler: its own report of an error at the end of a text can have a gigabyte of blanks.
    """
    sources = tree.sourceManager
    engine, lines, report = pyslang.DiagnosticEngine(sources), text.split("\n"), []
    for entry in found[:_ERRORS]:
        message = _HINT.sub("", engine.formatMessage(entry))
        line, column = sources.getLineNumber(entry.location), sources.getColumnNumber(entry.location)
        shown = lines[line - 1][:_SHOWN].replace("\t", " ") if 0 < line <= len(lines) else ""
        caret = f"\n{' ' * (column - 1)}^" if 0 < column <= len(shown) + 1 else ""
        report.append(f"{_FILE}:{line}:{column}: error: {message}\n{shown}{caret}\n")
    return "".join(report)


def _port(port: Any) -> Port:
    direction = getattr(port, "direction", None)
    kind = getattr(port, "type", None)
    return Port(
        name=port.name,
        direction="none" if direction is None else str(direction.name).lower(),
        width=0 if kind is None else int(kind.bitstreamWidth),
        signed=bool(kind is not None and kind.isIntegral and kind.isSigned),
    )
