"""Equality of designs whose registers differ: facts that hold in every reachable state, found by example and proved.

A fact is a clause over state bits. All that hold in random runs are candidates: constants, equal bits, pairs that are
never both one, triples for small state machines. Those that the start does not guarantee, or a step from states where
the others hold breaks, are dropped until none is; what is left is an invariant, and under it the outputs must be equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations, product

from pysat.solvers import Cadical153

from selftaught.envs.hardware.graph import FALSE, TRUE, Graph, rebuild
from selftaught.envs.hardware.machine import Bit, Machine
from selftaught.envs.hardware.resets import Reset
from selftaught.envs.hardware.runs import simulate_runs
from selftaught.envs.hardware.satisfy import clauses, signed
from selftaught.envs.hardware.search import start_literals, step_inputs

CONFLICTS = 20_000
_ROUNDS = 200
_STEPS = 48
_PAIRED, _TRIPLED = 56, 12
"""Bits up to which pairs, and triples of the golden's, are tried."""

Fact = tuple[int, ...]
"""A clause, as literals of state variables."""


def prove(machine: Machine, reset: Reset) -> bool:
    """Whether the outputs are equal in every state that can be reached after the reset; False if that is not proved."""
    facts = _guaranteed(machine, reset, _candidates(machine, reset))
    if facts is None:
        return False
    following = {bit.node: bit.following for bit in machine.bits}
    graph = machine.graph
    images = {fact: graph.some(following[literal >> 1] ^ literal & 1 for literal in fact) for fact in facts}
    return _suffices(machine, _lasting(graph, images, inductive=True))


def _candidates(machine: Machine, reset: Reset) -> list[Fact]:
    """All clauses of the kinds tried that hold in every state seen."""
    seen, width, patterns, every = dict.fromkeys((bit.node for bit in machine.bits), 0), 0, 64, 0
    for _, alive, run in simulate_runs(machine, reset, steps=_STEPS, patterns=patterns):
        for node in seen:
            seen[node] |= run.states[-1][node] << width
        every |= alive << width
        width += patterns

    def holds(fact: Fact) -> bool:
        missing = every
        for literal in fact:
            value = seen[literal >> 1]
            missing &= value if literal & 1 else ~value
        return not missing

    facts, bits = _same(machine, holds)
    single = [fact for bit in bits for fact in ((2 * bit.node,), (2 * bit.node + 1,)) if holds(fact)]
    facts += single
    fixed = {fact[0] >> 1 for fact in single}
    loose = [bit for bit in bits if bit.node not in fixed]
    if len(loose) <= _PAIRED:
        facts += [fact for fact in _combined(loose, 2) if holds(fact)]
    if len(loose) <= _TRIPLED:
        pairs = set(facts)
        facts += [fact for fact in _combined(loose, 3) if holds(fact) and pairs.isdisjoint(combinations(fact, 2))]
    # Bits that only seemed constant may still be equal.
    still = [bit for bit in bits if bit.node in fixed][:_PAIRED]
    return facts + [fact for fact in _combined(still, 2) if holds(fact)]


def _same(machine: Machine, holds: Callable[[Fact], bool]) -> tuple[list[Fact], list[Bit]]:
    """The equalities of bits of one name, and the bits that are left to be tried against each other."""
    first = {bit.name: bit for bit in machine.bits if bit.side == "golden"}
    facts, left = list[Fact](), list[Bit]()
    for bit in machine.bits:
        other = first.get(bit.name) if bit.side == "candidate" else None
        pair = [] if other is None else [(2 * other.node, 2 * bit.node + 1), (2 * other.node + 1, 2 * bit.node)]
        if pair and all(holds(fact) for fact in pair):
            facts += pair
        else:
            left.append(bit)
    return facts, left


def _combined(bits: Sequence[Bit], size: int) -> Iterable[Fact]:
    for some in combinations(bits, size):
        for signs in product((0, 1), repeat=size):
            yield tuple(2 * bit.node + sign for bit, sign in zip(some, signs, strict=True))


def _guaranteed(machine: Machine, reset: Reset, facts: list[Fact]) -> list[Fact] | None:
    """The facts that hold after the reset whatever came before; None if an x may enter a register during it."""
    unrolled = Graph()
    states, sure = start_literals(machine, reset, unrolled), TRUE
    for step in range(reset.steps):
        given = step_inputs(machine, reset, unrolled, step)
        _, valid, *following = rebuild(machine.graph, unrolled, machine.roots(), {**states, **given})
        sure = unrolled.conjoin(sure, valid)
        states = {bit.node: literal for bit, literal in zip(machine.bits, following, strict=True)}
    if sure != TRUE:
        return None
    images = {fact: unrolled.some(states[literal >> 1] ^ literal & 1 for literal in fact) for fact in facts}
    return _lasting(unrolled, images, inductive=False)


def _lasting(graph: Graph, images: Mapping[Fact, int], *, inductive: bool) -> list[Fact]:
    """The facts whose images cannot be false; where ``inductive``, in states where all the facts that last hold."""
    kept = {fact: image for fact, image in images.items() if image != FALSE}
    fresh = len(graph.left)
    numbers = {fact: fresh + number for number, fact in enumerate(kept)}
    gates = clauses(graph, kept.values())
    if inductive:
        gates += [[-number, *(signed(literal) for literal in fact)] for fact, number in numbers.items()]
    fresh += len(kept)
    with Cadical153(bootstrap_with=gates) as solver:
        for turn in range(_ROUNDS):
            open_images = [-signed(image) for image in kept.values() if image != TRUE]
            if not open_images:
                return list(kept)
            solver.add_clause([-(fresh + turn), *open_images])
            solver.conf_budget(CONFLICTS // 10)
            found = solver.solve_limited(assumptions=[fresh + turn, *(numbers[fact] for fact in kept if inductive)])
            if found is None:
                return []
            if not found:
                return list(kept)
            true = {number for number in solver.get_model() or () if number > 0}
            kept = {fact: image for fact, image in kept.items() if image == TRUE or (image >> 1 in true) ^ (image & 1)}
    return []


def _suffices(machine: Machine, facts: Sequence[Fact]) -> bool:
    """Whether no state in which the facts hold shows a difference, or lets an x into a register of the golden."""
    graph = machine.graph
    wrong = graph.disjoin(machine.bad, machine.valid ^ 1)
    if wrong <= 1:
        return wrong == FALSE
    gates = [*clauses(graph, [wrong]), [signed(wrong)], *([signed(literal) for literal in fact] for fact in facts)]
    with Cadical153(bootstrap_with=gates) as solver:
        solver.conf_budget(CONFLICTS)
        return solver.solve_limited() is False
