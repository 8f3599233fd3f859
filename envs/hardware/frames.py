"""What a process knows while it runs symbolically: values so far, values to come, and jumps taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pyslang import ast

from selftaught.envs.hardware import words
from selftaught.envs.hardware.graph import FALSE, TRUE, Graph, Unsupported
from selftaught.envs.hardware.words import Word

STEPS = 30_000
"""Statements and expressions that one design may take to run."""
DEEPEST = 24
"""Calls of functions within each other."""

Key = ast.Symbol | str


@dataclass(slots=True)
class Budget:
    """Work left before a design counts as too large."""

    steps: int = STEPS

    def spend(self, steps: int = 1) -> None:
        """Takes steps away; raises ``Unsupported`` at the end."""
        self.steps -= steps
        if self.steps < 0:
            raise Unsupported("the design takes too many steps to unroll")


@dataclass(slots=True)
class Frame:
    """The state of one process.

    ``outer`` reads bits of what other processes drive. ``load`` gives the value at the start of what this one drives,
    ``call`` runs a function. ``now`` holds values after blocking assignments, ``later`` after non-blocking ones,
    ``jumps`` the literals that say on which paths a break, a return or a disable was met. ``reference`` is the old
    value in ``a += b``, ``routine`` the function that runs, if any.
    """

    graph: Graph
    budget: Budget
    outer: Callable[[Frame, ast.Symbol, int, int], Word]
    load: Callable[[ast.Symbol], Word]
    call: Callable[[Frame, ast.CallExpression], Word]
    own: frozenset[ast.Symbol] = frozenset()
    now: dict[ast.Symbol, Word] = field(default_factory=dict)
    later: dict[ast.Symbol, Word] = field(default_factory=dict)
    jumps: dict[Key, int] = field(default_factory=dict)
    reference: Word | None = None
    depth: int = 0
    routine: ast.SubroutineSymbol | None = None

    def read(self, symbol: ast.Symbol, low: int, width: int) -> Word:
        """Bits of a signal as this process sees it at this point."""
        found = self.now.get(symbol)
        if found is None:
            if symbol not in self.own:
                return self.outer(self, symbol, low, width)
            found = self.now[symbol] = self.load(symbol)
        return found.slice(low, width)

    def current(self, symbol: ast.Symbol) -> Word:
        """The whole value at this point of a signal that the process assigns to."""
        if symbol not in self.now:
            self.now[symbol] = self.load(symbol)
        return self.now[symbol]

    def coming(self, symbol: ast.Symbol) -> Word:
        """The whole value that non-blocking assignments have set so far, or the one at the start."""
        if symbol not in self.later:
            self.later[symbol] = self.load(symbol)
        return self.later[symbol]

    def live(self) -> int:
        """The literal of this point being reached, given that the branch was entered."""
        return self.graph.every(literal ^ 1 for literal in self.jumps.values()) if self.jumps else TRUE

    def branch(self, condition: int, then: Callable[[], None], other: Callable[[], None]) -> None:
        """Runs both sides from the same state and joins what they leave; one side where the condition is constant."""
        if condition <= 1:
            (then if condition else other)()
            return
        before = dict(self.now), dict(self.later), dict(self.jumps)
        then()
        after = self.now, self.later, self.jumps
        self.now, self.later, self.jumps = before
        other()
        self._join(self.now, after[0], condition, self.load_owned)
        self._join(self.later, after[1], condition, self.load)
        for key in self.jumps.keys() | after[2].keys():
            taken, passed = after[2].get(key, FALSE), self.jumps.get(key, FALSE)
            self.jumps[key] = self.graph.choose(condition, taken, passed)

    def load_owned(self, symbol: ast.Symbol) -> Word | None:
        """The value at the start if the process drives the signal; None for what only lives inside a branch."""
        return self.load(symbol) if symbol in self.own or self.routine is not None else None

    def _join(
        self,
        kept: dict[ast.Symbol, Word],
        other: dict[ast.Symbol, Word],
        condition: int,
        start: Callable[[ast.Symbol], Word | None],
    ) -> None:
        for symbol in [*kept, *(symbol for symbol in other if symbol not in kept)]:
            then, without = other.get(symbol), kept.get(symbol)
            if then is without:
                continue
            then, without = then or start(symbol), without or start(symbol)
            if then is None or without is None:
                kept.pop(symbol, None)
            elif then is not without:
                kept[symbol] = words.choose(self.graph, condition, then, without)
