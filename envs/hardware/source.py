"""A Verilog text as its compiler's parser sees it: tokens and nodes with their places, for edits of the text itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pyslang import parsing, syntax

from selftaught.envs.hardware.safety import refusal


class Token(NamedTuple):
    """A token: kind and text, and its place in the text."""

    kind: str
    text: str
    start: int
    end: int


class Edit(NamedTuple):
    """``text`` in place of what stands from ``start`` to ``end``."""

    start: int
    end: int
    text: str


@dataclass(slots=True)
class Source:
    """A parsed text; ``nodes`` are by kind, in order. It lives no longer than the edits are drawn."""

    text: str
    tokens: list[Token] = field(default_factory=list)
    nodes: dict[str, list[Any]] = field(default_factory=dict)
    tree: syntax.SyntaxTree | None = None

    def of(self, *kinds: str) -> list[Any]:
        """All nodes of these kinds."""
        return [node for kind in kinds for node in self.nodes.get(kind, ())]

    def shown(self, node: Any) -> str:
        """The text of a node."""
        start, end = span(node)
        return self.text[start:end]

    def tokens_in(self, start: int, end: int) -> list[Token]:
        """The tokens of a stretch."""
        return [token for token in self.tokens if start <= token.start and token.end <= end]


def parse(text: str) -> Source | None:
    """Reads a design; None for what the gate refuses, what has errors of syntax, and what is not ASCII."""
    if not text.isascii() or refusal(text) is not None:
        return None
    try:
        tree = syntax.SyntaxTree.fromText(text, "design.v")
    except RuntimeError:  # the parser's own limit on nesting, without a message
        return None
    if any(found.isError() for found in tree.diagnostics):
        return None
    source = Source(text, tree=tree)

    def visit(found: Any) -> None:
        if isinstance(found, parsing.Token):
            start, end = found.range.start.offset, found.range.end.offset
            if end > start and not found.isMissing:
                source.tokens.append(Token(found.kind.name, text[start:end], start, end))
        else:
            source.nodes.setdefault(found.kind.name, []).append(found)

    tree.root.visit(visit)
    return source


def span(node: Any) -> tuple[int, int]:
    """Where a node stands."""
    return node.sourceRange.start.offset, node.sourceRange.end.offset


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits that do not overlap."""
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text
