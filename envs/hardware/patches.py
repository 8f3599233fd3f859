"""Repairs told as the lines that change: shorter than a module, and all a small model has to get right."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import Final

_LINE: Final = re.compile(r"^ *(\d{1,5}):(?: ?(.*))$", re.MULTILINE)


def numbered(code: str) -> str:
    """The code with a number before each line, from 1."""
    return "\n".join(f"{number}: {line}" for number, line in enumerate(code.rstrip("\n").split("\n"), 1))


def patched(code: str, reply: str) -> str:
    """The code with the lines that a reply names replaced; a number that comes twice makes two lines of one.

    What is no numbered line, or of a line that is not there, changes nothing.
    """
    new: dict[int, list[str]] = {}
    for number, text in _LINE.findall(reply):
        new.setdefault(int(number), []).append(text)
    return "\n".join("\n".join(new.get(number, [line])) for number, line in enumerate(code.rstrip("\n").split("\n"), 1))


def patch(code: str, wanted: str) -> str:
    """A reply that makes of the code what is wanted, but for empty lines."""
    old, new = code.rstrip("\n").split("\n"), wanted.rstrip("\n").split("\n")
    said: list[str] = []
    for tag, start, end, low, high in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        replacing = new[low:high]
        if start == end:  # new lines go with the one before them, or with the first
            replacing = [old[start - 1], *replacing] if start else [*replacing, old[0]]
            start, end = (start - 1, start) if start else (0, 1)
        of_each = [[line] for line in replacing[: end - start - 1]] + [replacing[end - start - 1 :]]
        for number in range(start, end):
            lines = of_each[number - start] if number - start < len(of_each) else []
            said += [f"{number + 1}: {line}".rstrip() for line in lines or [""]]
    return "\n".join(said)
