"""Verilog designs drawn from families of blocks: thousands of distinct ones, split by what they are, not by chance."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np

from selftaught.envs.hardware.blocks import COMBINATIONAL, Block
from selftaught.envs.hardware.registers import SEQUENTIAL
from selftaught.envs.hardware.sheet import Sheet

FAMILIES: Final[Mapping[str, Block]] = {**COMBINATIONAL, **SEQUENTIAL}
HELD_OUT: Final = ("rotation", "gray", "feedback", "ring", "modulation")
"""Families of the split ``hard`` alone."""
SPLITS: Final = ("train", "validation", "test", "hard")
LEVELS: Final[Mapping[int, tuple[int, int]]] = {0: (5, 9), 1: (8, 16), 2: (17, 32), 3: (33, 60)}
"""Lines of a module, at least and at most, by level."""
LARGE: Final = ("queue",)
"""Families that have no small form."""

_TOKEN: Final = re.compile(
    r"//[^\n]*|/\*.*?(?:\*/|\Z)|\d*'[sS]?[bBoOdDhH]\s*[\w?]+|[A-Za-z_][\w$]*|\d[\w.]*|\S", re.DOTALL
)
KEYWORDS: Final = frozenset(
    "module endmodule input output inout reg wire logic assign always always_comb always_ff always_latch if else case "
    "casez casex endcase default begin end posedge negedge or integer for initial parameter localparam signed function "
    "endfunction genvar generate endgenerate bit int and not nand nor xor xnor buf".split()
)


@dataclass(frozen=True, slots=True)
class Design:
    """A module that is right by itself, and the families of its blocks (or the file that it came from)."""

    text: str
    families: tuple[str, ...]


def draw(random: np.random.Generator, *, level: int, split: str) -> Design:
    """A design of a split: as many blocks as its lines allow.

    Raises:
        ValueError: on an unknown level or split.
    """
    if level not in LEVELS:
        raise ValueError(f"unknown level {level!r}; the levels are {', '.join(map(str, LEVELS))}")
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}; the splits are {', '.join(SPLITS)}")
    usual = [name for name in FAMILIES if name not in HELD_OUT and (level or name not in LARGE)]
    while True:
        found = _built(random, level, usual, split == "hard")
        if found is not None and (split == "hard" or split_of(found.text) == split):
            return found


def split_of(text: str) -> str:
    """The split of a design, whatever its names and layout: eight in ten are of ``train``, one each of the others."""
    digest = blake2b(canonical(text).encode(), digest_size=8).digest()
    return ("validation", "test").__getitem__(digest[0] % 2) if digest[1] < 51 else "train"


def canonical(text: str) -> str:
    """The tokens of a text, its names replaced by numbers in the order they come; comments are nothing."""
    numbers: dict[str, str] = {}
    found = []
    for token in tokens(text):
        named = (token[0].isalpha() or token[0] == "_") and token not in KEYWORDS
        found.append(numbers.setdefault(token, f"n{len(numbers)}") if named else token)
    return " ".join(found)


def tokens(text: str) -> list[str]:
    """The tokens of a text, comments left out."""
    return [token for token in _TOKEN.findall(text) if not token.startswith(("//", "/*"))]


def _built(random: np.random.Generator, level: int, usual: list[str], hard: bool) -> Design | None:
    """Blocks until there are enough lines; None if there are too many."""
    low, high = LEVELS[level]
    goal = int(random.integers(low, high + 1))
    sheet, names = Sheet(random, tiny=level == 0), list[str]()
    while True:
        pool = list(HELD_OUT) if hard and not names else usual
        name = pool[int(random.integers(len(pool)))]
        FAMILIES[name](sheet)
        sheet.settle()
        names.append(name)
        # A tiny module lists its ports in one line.
        count = 2 + len(sheet.signals) + len(sheet.body) + (len(sheet.ports) + 1 if level else 0)
        if count > high:
            return None
        if count >= (goal if level else low):
            called = sheet.pick("core", "unit", "block", "top_module", "dut", "stage_logic") if level else "top"
            return Design(sheet.text(called), tuple(names))
