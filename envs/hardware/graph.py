"""And-inverter graphs: every function of single bits as ands and inversions, each built only once.

A literal is an int: twice the number of a node, plus one for its inverse; 0 is false and 1 is true. Nodes are numbered
so that a node's inputs come before it. Two functions with the same literal are the same function; the reverse need not
hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

FALSE: Final = 0
TRUE: Final = 1
LARGEST: Final = 60_000
"""Nodes of a graph; a design that needs more is not decided."""


class Unsupported(Exception):
    """The design holds what the prover does not follow; the text says what, and the verdict is ``unknown``."""


@dataclass(slots=True)
class Graph:
    """Nodes in two columns, the index of them by content, and the variables by name; grown only through ``conjoin``."""

    left: list[int] = field(default_factory=lambda: [-1])
    right: list[int] = field(default_factory=lambda: [-1])
    index: dict[int, int] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    limit: int = LARGEST

    def variable(self, name: str) -> int:
        """The literal of the variable of this name, made at its first mention."""
        found = self.names.get(name)
        if found is None:
            found = self.names[name] = 2 * len(self.left)
            self.left.append(-1)
            self.right.append(-1)
        return found

    def conjoin(self, first: int, second: int) -> int:
        """The literal of ``first`` and ``second``."""
        if first > second:
            first, second = second, first
        if first <= 1:
            return second if first else FALSE
        if first ^ second <= 1:
            return first if first == second else FALSE
        key = first << 32 | second
        found = self.index.get(key)
        if found is not None:
            return found
        short = self._absorb(first, second)
        if short is None:
            short = self._absorb(second, first)
        if short is None:
            short = 2 * len(self.left)
            if short > 2 * self.limit:
                raise Unsupported(f"the design needs more than {self.limit} gates")
            self.left.append(first)
            self.right.append(second)
        self.index[key] = short
        return short

    def _absorb(self, one: int, other: int) -> int | None:
        """``one`` and ``other`` where the inputs of ``other`` make it simpler, else None."""
        a = self.left[other >> 1]
        if a < 0:
            return None
        b = self.right[other >> 1]
        if not other & 1:
            return other if one in (a, b) else FALSE if one ^ 1 in (a, b) else None
        if one ^ 1 in (a, b):
            return one
        if one == a:
            return self.conjoin(one, b ^ 1)
        return self.conjoin(one, a ^ 1) if one == b else None

    def disjoin(self, first: int, second: int) -> int:
        """The literal of ``first`` or ``second``."""
        return self.conjoin(first ^ 1, second ^ 1) ^ 1

    def differ(self, first: int, second: int) -> int:
        """The literal of ``first`` exclusive-or ``second``."""
        flip = (first ^ second) & 1
        first, second = first & -2, second & -2
        if first == second:
            return flip
        if first > second:
            first, second = second, first
        if not first:
            return second ^ flip
        both, neither = self.conjoin(first, second), self.conjoin(first ^ 1, second ^ 1)
        return self.conjoin(both ^ 1, neither ^ 1) ^ flip

    def choose(self, condition: int, then: int, other: int) -> int:
        """The literal of ``then`` where ``condition`` holds, else of ``other``."""
        if then == other:
            return then
        if condition <= 1:
            return then if condition else other
        if then ^ other == 1:
            return self.differ(condition, other)
        return self.conjoin(self.conjoin(condition, then) ^ 1, self.conjoin(condition ^ 1, other) ^ 1) ^ 1

    def every(self, literals: Iterable[int]) -> int:
        """The conjunction of all, as a balanced tree."""
        level = list(literals) or [TRUE]
        while len(level) > 1:
            pairs = [self.conjoin(a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
            level = pairs + level[len(pairs) * 2 :]
        return level[0]

    def some(self, literals: Iterable[int]) -> int:
        """The disjunction of all, as a balanced tree."""
        return self.every(literal ^ 1 for literal in literals) ^ 1

    def mark(self) -> tuple[int, int, int]:
        """Where the graph is now, for ``restore``."""
        return len(self.left), len(self.index), len(self.names)

    def restore(self, mark: tuple[int, int, int]) -> None:
        """Forget all that was added since the mark was taken: dictionaries give up their newest entries first."""
        nodes, entries, names = mark
        del self.left[nodes:], self.right[nodes:]
        while len(self.index) > entries:
            self.index.popitem()
        while len(self.names) > names:
            self.names.popitem()


def cone(graph: Graph, roots: Iterable[int]) -> list[int]:
    """The nodes that the literals depend on, in ascending order, without the constant."""
    first = [root >> 1 for root in roots]
    left, right, top = graph.left, graph.right, max(first, default=0)
    marks, nodes = bytearray(top + 1), []
    for node in first:
        marks[node] = 1
    for node in range(top, 0, -1):
        if marks[node]:
            nodes.append(node)
            a = left[node]
            if a >= 0:
                marks[a >> 1] = marks[right[node] >> 1] = 1
    nodes.reverse()
    return nodes


def support(graph: Graph, roots: Iterable[int]) -> set[int]:
    """The nodes of the variables that the literals depend on."""
    return {node for node in cone(graph, roots) if graph.left[node] < 0}


def rebuild(source: Graph, target: Graph, roots: Sequence[int], images: Mapping[int, int]) -> list[int]:
    """The roots again, built in ``target`` (which may be ``source``) with variables' nodes replaced by literals.

    A variable without an image stays itself, which only makes sense in the same graph.
    """
    image = {0: FALSE, **images}
    left, right, conjoin = source.left, source.right, target.conjoin
    for node in cone(source, roots):
        if node not in image:
            a, b = left[node], right[node]
            image[node] = 2 * node if a < 0 else conjoin(image[a >> 1] ^ a & 1, image[b >> 1] ^ b & 1)
    return [image[root >> 1] ^ root & 1 for root in roots]
