"""Equality of small machines, exactly: every pair of states that can be reached after the reset, under every input."""

from __future__ import annotations

from typing import Final

from selftaught.envs.hardware.machine import Machine
from selftaught.envs.hardware.programs import Pair, execute, execute_unknown
from selftaught.envs.hardware.resets import Reset
from selftaught.envs.hardware.runs import forced

_INPUTS: Final = 10
"""Free input bits at most."""
_WORK: Final = 1 << 17
"""Pairs of states times patterns of the inputs times bits of state, all in all."""


def explore(machine: Machine, reset: Reset) -> bool:
    """Whether no state that the reset can lead to shows a difference, or lets an x into a register of the golden.

    False also where that is not found out: too many inputs or states, or registers that the reset leaves unknown.
    """
    free, nodes = [*machine.inputs], machine.nodes()
    first = _start(machine, reset)
    if first is None or len(free) > _INPUTS:
        return False
    count = 1 << len(free)
    patterns = [sum(1 << value for value in range(count) if value >> place & 1) for place in range(len(free))]
    seen, frontier = {first}, [first]
    while frontier:
        if len(seen) * count * len(nodes) > _WORK:
            return False
        repeat = sum(1 << place * count for place in range(len(frontier)))
        given = {node: pattern * repeat for node, pattern in zip(free, patterns, strict=True)}
        for place, node in enumerate(nodes):
            given[node] = sum((1 << count) - 1 << at * count for at, state in enumerate(frontier) if state >> place & 1)
        mask = (1 << len(frontier) * count) - 1
        bad, valid, *following = execute(machine.code, given, mask)
        if bad or valid != mask:
            return False
        new = {sum(bits) for bits in zip(*_columns(following, len(frontier) * count), strict=True)} - seen
        seen |= new
        frontier = list(new)
    return True


def _columns(words: list[int], size: int) -> list[list[int]]:
    """For each word, the value that its bit adds to the state, pattern by pattern."""
    return [[(word >> at & 1) << place for at in range(size)] for place, word in enumerate(words)]


def _start(machine: Machine, reset: Reset) -> int | None:
    """The state after the reset, whatever came before, as a number.

    None if a bit of it is not known, or an x may enter a register of the golden on the way.
    """
    states: dict[int, Pair] = {}
    for bit in machine.bits:
        initial = 0 if bit.side == "clock" and reset.steps else bit.initial
        if initial is not None:
            states[bit.node] = initial, initial ^ 1
    for step in range(reset.steps):
        given = {node: (value, value ^ 1) for node, value in forced(machine, reset, step).items()}
        _, (valid, _), *following = execute_unknown(machine.code, {**states, **given}, 1)
        if not valid:
            return None
        states = dict(zip(machine.nodes(), following, strict=True))
    total = 0
    for place, node in enumerate(machine.nodes()):
        one, zero = states.get(node, (0, 0))
        if one == zero:
            return None
        total |= one << place
    return total
