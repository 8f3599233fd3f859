"""Designs told in plain English, by rule, and built again from the text: faithful, because both ways are checked.

The framework's second stage (arXiv 2403.11202, section 3.2) tells a design by rule over its syntax tree, and pastes the
code of branches into the text. Here nothing is pasted: every statement and operator has words, several for each, and a
strict parser of the same language makes Verilog of a text again, so that a proof says whether anything was lost.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from selftaught.envs.hardware.grammar import Node, hear, speak
from selftaught.envs.hardware.graph import Unsupported
from selftaught.envs.hardware.outline import outline
from selftaught.envs.hardware.reading import read
from selftaught.envs.hardware.roles import tell_roles
from selftaught.envs.hardware.safety import LARGEST, refusal
from selftaught.envs.hardware.verilog import verilog

_LONGEST: Final = 16 * LARGEST
"""Characters of a description that is read."""


def describe(code: str, rng: np.random.Generator) -> str:
    """The design in words: modules, ports, signals, registers with clock and reset, and all that drives them.

    One fact a line, what belongs to it indented beneath; wordings are drawn. Names and numbers stand as in the code,
    names that are words of the text in quotes. Widths of what an expression computes are those of Verilog's rules.
    Raises ``Unsupported`` for a text that the compiler refuses or that has a construct without words.
    """
    reading = read(code)
    if reading.top is None:
        raise Unsupported(f"a description of a text that does not compile: {reading.refused or reading.errors}")
    try:
        modules = [tell_roles(module) for module in outline(code)]
    except RecursionError as reason:
        raise Unsupported("a description of expressions nested so deeply") from reason
    note = [Node("note")] if any(_any(module, "later") for module in modules) else []
    return speak([*note, *modules], "document", rng)


def rebuild(text: str) -> str | None:
    """Verilog for a text that ``describe`` could have written; None for any other. Never raises on any text."""
    if len(text) > _LONGEST:
        return None
    try:
        modules = hear(text, "document")
        code = verilog(modules) if modules else None
    except (RecursionError, ValueError, IndexError, KeyError):
        return None
    return code if code is None or refusal(code) is None else None


def _any(node: Node, kind: str) -> bool:
    return node.kind == kind or any(_any(line, kind) for line in node.body)
