"""How to bring a design into a known state: found by trying, with x for all that is not held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from selftaught.envs.hardware.machine import Bit, Machine
from selftaught.envs.hardware.programs import Pair, execute_unknown, program

CYCLES = 4
"""Cycles for which inputs are held at most."""
_PAIRED = 8
"""Single-bit inputs up to which pairs are tried."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Inputs (by node) that are held for a number of steps; none for a design that needs or knows no reset."""

    held: Mapping[int, int]
    steps: int


def find_reset(machine: Machine) -> Reset:
    """The fewest inputs held for the fewest cycles that make most of the golden's registers known.

    All trials run at once, one in each bit of the words of a simulation with x.
    """
    golden = [bit for bit in machine.bits if bit.side == "golden"]
    if all(bit.initial is not None for bit in golden):
        return Reset({}, 0)
    trials = _trials(machine)
    mask = (1 << len(trials)) - 1
    values: dict[int, Pair] = {
        bit.node: (mask, 0) if bit.initial else (0, mask) for bit in golden if bit.initial is not None
    }
    for node in {node for trial in trials for node in trial}:
        ones = sum(1 << place for place, trial in enumerate(trials) if trial.get(node) == 1)
        zeros = sum(1 << place for place, trial in enumerate(trials) if trial.get(node) == 0)
        values[node] = ones, zeros
    if machine.tick is not None:
        values[machine.tick >> 1] = mask, 0
    code = program(machine.graph, [bit.following for bit in golden])
    found, best = Reset({}, 0), (_count(values, golden, 0), 0, 0)
    toggles = [0, 1] if machine.clocks else [0]
    for cycle in range(1, CYCLES + 1):
        for level in toggles:
            for before, after in machine.clocks.values():
                values[before >> 1] = (mask, 0) if level else (0, mask)
                values[after >> 1] = (0, mask) if level else (mask, 0)
            values.update(zip((bit.node for bit in golden), execute_unknown(code, values, mask), strict=True))
        for place, trial in enumerate(trials):
            rank = (_count(values, golden, place), -len(trial), -cycle)
            if rank[0] > best[0] or (rank > best and found.steps):
                best, found = rank, Reset(trial, cycle * len(toggles))
    return found


def _count(values: Mapping[int, Pair], golden: Sequence[Bit], place: int) -> int:
    """How many of the golden's bits are known in one trial."""
    total = 0
    for bit in golden:
        one, zero = values.get(bit.node, (0, 0))
        total += (one | zero) >> place & 1
    return total


def _trials(machine: Machine) -> list[dict[int, int]]:
    """Nothing held, each input of one bit held at either value, and pairs of these where there are few."""
    single = [bits[0] >> 1 for bits in machine.golden.inputs.values() if len(bits) == 1]
    single = [node for node in single if node in machine.inputs]
    trials: list[dict[int, int]] = [{}]
    trials += [{node: value} for node in single for value in (0, 1)]
    if len(single) <= _PAIRED:
        for first, second in combinations(single, 2):
            trials += [{first: a, second: b} for a, b in product((0, 1), repeat=2)]
    return trials
