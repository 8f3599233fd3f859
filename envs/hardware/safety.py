"""The gate for text: what is refused before any parser sees it.

The compiler runs inside this process. A macro can make it work without end, an include makes it open files, a long
chain of operators makes it quadratic and later fatal; all of that is told from the text alone, in linear time.
"""

from __future__ import annotations

import re
from typing import Final

LARGEST: Final = 16_384
"""Bytes of a source text."""
DEEPEST: Final = 48
"""Brackets, blocks and statements without an end that may be open at once."""
LONGEST: Final = 400
"""Operators, commas, dots and brackets between two semicolons: the compiler takes the square of their number."""
BRANCHES: Final = 400
"""Branches of a chain of ``else if``: each one is a level deeper for whoever walks the tree."""
DIRECTIVES: Final = frozenset({"timescale", "default_nettype"})
"""What may follow a back-tick."""
FUNCTIONS: Final = frozenset({"signed", "unsigned", "clog2", "bits"})
"""What may follow a dollar sign."""
REFUSED: Final = frozenset(
    "bind checker class clocking config covergroup defparam export force fork import inside interface library "
    "primitive program randsequence release specify table".split()
)
"""Keywords of which no design here has need: verification, other modules' insides, libraries, scheduling."""

_BLANK = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"[^\"\n]*\"", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*|[0-9]+|[^\sA-Za-z_0-9]")
_NUMBER = re.compile(r"[0-9][0-9_]{7,}")
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_BLOCKS = {"begin": 1, "case": 1, "casex": 1, "casez": 1, "end": -1, "endcase": -1, "generate": 1, "endgenerate": -1}
_WORDS = frozenset({"or", "and", "matches", "dist", "with"})
_PREFIXES = frozenset({"if", "for", "while", "repeat", "do", "forever", "@", "#", "foreach"})


def refusal(text: str) -> str | None:
    """Why this text is not to be parsed, in words for its author; None if it may be. Never raises, linear time."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "the text holds characters that are no Unicode text"
    if size > LARGEST:
        return f"the text has {size} bytes, more than {LARGEST}"
    if _CONTROL.search(text):
        return "the text holds control characters"
    if any(found[0].startswith("/*") and not found[0].endswith("*/", 2) for found in _BLANK.finditer(text)):
        return "a comment has no end"
    if (mark := _marked(text)) is not None:
        return mark
    return _shape(_BLANK.sub(" ", text))


def _marked(text: str) -> str | None:
    """Directives, system calls and escapes; back-ticks count inside comments too, so that no reader can disagree."""
    if "\\" in text:
        return "backslashes are not allowed"
    for found in re.finditer(r"`(\w*)", text):
        if found[1] not in DIRECTIVES:
            return f"the directive `{found[1][:40]} is not allowed"
    code = _BLANK.sub(" ", text)
    for found in re.finditer(r"\$(\w*)", code):
        if found[1] not in FUNCTIONS:
            return f"the system call ${found[1][:40]} is not allowed"
    if found_number := _NUMBER.search(re.sub(r"'[sS]?[bBoOdDhH]\s*\w+", "'", code)):
        return f"the number {found_number[0][:40]} is too large"
    return None


def _shape(code: str) -> str | None:
    """Nesting and lengths, of code without comments and strings."""
    depth = chain = prefixes = branches = 0
    for token in _TOKEN.findall(code):
        if token == ";":
            chain = prefixes = 0
        elif token in _PREFIXES:
            prefixes += 1
        elif token in REFUSED:
            return f"the keyword {token} is not allowed"
        elif token == "else":
            branches += 1
        elif token in _OPENING:
            depth, chain = depth + 1, chain + 1
        elif token in _CLOSING:
            depth = max(depth - 1, 0)
        elif token in _BLOCKS:
            depth, prefixes = max(depth + _BLOCKS[token], 0), 0
        elif token in _WORDS or not (token[0].isalnum() or token[0] == "_"):
            chain += 1
        if depth + prefixes > DEEPEST:
            return f"more than {DEEPEST} levels of nesting"
        if chain > LONGEST:
            return f"more than {LONGEST} operators in one statement"
        if branches > BRANCHES:
            return f"more than {BRANCHES} branches"
    return None
