"""The small values that a chain of operations works on, and how they are written."""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["text", "number", "words", "numbers", "table"]
Table = tuple[tuple[str, ...], ...]
"""Rows of cells; the first row has the names of the columns."""
Value = str | int | tuple[str, ...] | tuple[int, ...] | Table

LONGEST: Final = 400
"""Characters of a value, as it is written."""
LARGEST: Final = 10**9
"""Number in a value, either way from 0."""
NAMES: Final = {"text": "text", "number": "number", "words": "list", "numbers": "list", "table": "table"}
"""How a task speaks of a value."""


def write(kind: Kind, value: Value) -> str:
    """The one way in which a value is written, on one line."""
    match kind:
        case "words" | "numbers":
            assert isinstance(value, tuple)
            return ", ".join(map(str, value))
        case "table":
            assert isinstance(value, tuple)
            return " | ".join(", ".join(map(str, row)) for row in value if isinstance(row, tuple))
    return str(value)


def read(kind: Kind, text: str) -> Value | None:
    """The value that the text is, as ``write`` has it; None if it is none."""
    text = text.strip()
    if not text or len(text) > LONGEST or "\n" in text:
        return None
    found: Value | None = text
    match kind:
        case "number":
            found = _number(text)
        case "words":
            found = tuple(part.strip() for part in text.split(","))
        case "numbers":
            numbers = [_number(part.strip()) for part in text.split(",")]
            found = tuple(number for number in numbers if number is not None)
        case "table":
            found = tuple(tuple(cell.strip() for cell in row.split(",")) for row in text.split("|"))
    if found is None or write(kind, found) != text or not whole(kind, found):
        return None
    return found


def whole(kind: Kind, value: Value) -> bool:
    """Whether operations can work on it: not empty, not too long, and a table with a cell for every column."""
    match kind:
        case "number":
            return isinstance(value, int) and abs(value) <= LARGEST
        case "numbers":
            return bool(value) and isinstance(value, tuple) and all(whole("number", one) for one in value)
        case "words":
            return bool(value) and isinstance(value, tuple) and all(isinstance(one, str) and one for one in value)
        case "table":
            rows = [row for row in value if isinstance(row, tuple)] if isinstance(value, tuple) else []
            return len(rows) > 1 and len({len(row) for row in rows}) == 1 and all(cell for row in rows for cell in row)
    return isinstance(value, str) and bool(value.strip()) and value == value.strip() and "\n" not in value


def _number(text: str) -> int | None:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else None
