"""Repairs that need no understanding: what the words of the tools suggest, and what makes the compiler content.

A policy that is worth anything is better than this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from selftaught.envs.hardware import judging

_PLACE: Final = re.compile(r"design\.v:(\d+):(\d+): error")
_TWICE: Final = re.compile(r"(\w+) is driven more than once")
_PORT: Final = re.compile(r"the port (\w+) must be (in|out) of (\d+) bits, not")
_MORE: Final = re.compile(r"there must be no port (\w+)")
_INSERTED: Final = (
    ";",
    ")",
    "(",
    "]",
    "[",
    ",",
    "end",
    "begin",
    "endcase",
    "=",
    "<=",
    ":",
    "else",
    "endmodule",
    "1'b0",
)
_TOKEN: Final = re.compile(r"\d*'[bdh]\w+|\w+|[<=!>&|~^]+|\S")


def fixed(shown: str, said: str) -> str:
    """The code after what the words suggest; as it was where they suggest nothing."""
    if place := _PLACE.search(said):
        return _compiling(shown, int(place[1]), int(place[2]))
    if twice := _TWICE.search(said):
        found = list(re.finditer(rf"^\s*assign {twice[1]}\s*=[^;]*;\n?", shown, re.MULTILINE))
        return shown[: found[-1].start()] + shown[found[-1].end() :] if found else shown
    for name, direction, width in _PORT.findall(said):
        bits = f"[{int(width) - 1}:0] " if int(width) > 1 else ""
        shown = re.sub(
            rf"\b(?:in|out)put(\s+reg)?\s+(?:\[[^\]]*\]\s*)?{name}\b", rf"{direction}put\1 {bits}{name}", shown
        )
    for name in _MORE.findall(said):
        shown = re.sub(rf",\s*{name}\b", "", shown, count=1)
    return shown


def _compiling(shown: str, line: int, column: int) -> str:
    """The first edit near a place after which the compiler has no complaint; the code as it was if there is none."""
    offset = sum(len(text) + 1 for text in shown.split("\n")[: line - 1]) + column - 1
    for candidate in _tried(shown, min(offset, len(shown))):
        if not judging.complaints(candidate).errors:
            return candidate
    return shown


def _tried(shown: str, offset: int) -> Iterator[str]:
    """Edits at a place, the likeliest first: something put in, something taken out, the other kind of signal."""
    spots = [match.span() for match in _TOKEN.finditer(shown)]
    near = [spot for spot in spots if spot[0] <= offset][-2:] + [spot for spot in spots if spot[0] > offset][:1]
    for word in _INSERTED:
        yield f"{shown[:offset]} {word} {shown[offset:]}"
    for start, end in near:
        yield shown[:start] + shown[end:]
    for name in re.findall(r"\w+", shown[offset : offset + 40])[:1]:
        yield re.sub(rf"\bwire(\s+(?:\[[^\]]*\]\s*)?{name}\b)", r"reg\1", shown)
        yield re.sub(rf"\boutput(\s+(?:\[[^\]]*\]\s*)?{name}\b)", r"output reg\1", shown)
        yield re.sub(rf"\binput(\s+(?:\[[^\]]*\]\s*)?{name}\b)", r"output\1", shown)
    for start, _ in near:
        for word in _INSERTED:
            yield f"{shown[:start]} {word} {shown[start:]}"
