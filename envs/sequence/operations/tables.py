"""Operations on a small table: the first row has the names of the columns."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np

from selftaught.envs.sequence.operation import Draw, Operation, no_arguments
from selftaught.envs.sequence.values import Kind, Table


def column(value: Table, name: str) -> tuple[str, ...]:
    """The cells of a column.

    Raises:
        ValueError: if there is none of that name.
    """
    place = value[0].index(name)
    return tuple(row[place] for row in value[1:])


def numeric(value: Table, name: str) -> tuple[int, ...]:
    """The cells of a column of numbers.

    Raises:
        ValueError: if it has others, or is not there.
    """
    return tuple(int(cell) for cell in column(value, name))


def described(value: Table) -> str:
    """A sentence a row: what is in the first column has this in the second, and so on."""
    head, *rows = value
    told = [
        f"{row[0]}: " + ", ".join(f"{name} {cell}" for name, cell in zip(head[1:], row[1:], strict=True))
        for row in rows
    ]
    return "; ".join(told)


def _numeric_columns(value: Table) -> list[str]:
    return [name for name in value[0] if all(cell.lstrip("-").isdigit() for cell in column(value, name))]


def _draw_number_column(random: np.random.Generator, value: Table) -> dict[str, Any]:
    return {"column": str(random.choice(_numeric_columns(value)))}


def _draw_text_column(random: np.random.Generator, value: Table) -> dict[str, Any]:
    numbers = _numeric_columns(value)
    return {"column": str(random.choice([name for name in value[0] if name not in numbers]))}


def _draw_above(random: np.random.Generator, value: Table) -> dict[str, Any]:
    chosen = _draw_number_column(random, value)
    return chosen | {"n": max(0, min(9999, int(random.choice(numeric(value, chosen["column"])))))}


def _draw_name(random: np.random.Generator, value: Table) -> dict[str, Any]:
    named = str(random.choice(value[0]))
    return {
        "column": named,
        "name": str(random.choice([name for name in ("label", "item", "field") if name not in value[0]])),
    }


def _rows_above(value: Table, column: str, n: int) -> Table:
    kept = numeric(value, column)
    return (value[0], *(row for row, cell in zip(value[1:], kept, strict=True) if cell > n))


def _sorted_by(value: Table, column: str) -> Table:
    keys = numeric(value, column)
    order = sorted(range(len(keys)), key=lambda place: keys[place])
    return (value[0], *(value[1 + place] for place in order))


def _without(value: Table, column: str) -> Table:
    place = value[0].index(column)
    return tuple(row[:place] + row[place + 1 :] for row in value)


def _renamed(value: Table, column: str, name: str) -> Table:
    place = value[0].index(column)
    if name in value[0]:
        raise ValueError(f"there is a column {name!r} already")
    return ((*value[0][:place], name, *value[0][place + 1 :]), *value[1:])


def _best(value: Table, column: str) -> str:
    keys = numeric(value, column)
    return value[1 + keys.index(max(keys))][0]


def _json(value: Table) -> str:
    return json.dumps([dict(zip(value[0], row, strict=True)) for row in value[1:]])


def _of(
    id: str,
    family: str,
    gives: Kind,
    wordings: tuple[str, ...],
    apply: Any,
    draw: Draw = no_arguments,
    *,
    takes: Kind = "table",
) -> Operation:
    return Operation(id, family, takes, gives, wordings, apply, draw)


OPERATIONS: Final = (
    _of(
        "column_words",
        "extract",
        "words",
        ("List what stands in column {column} of {of}.", "Give column {column} of {of} as a list."),
        lambda value, column: _column(value, column),
        _draw_text_column,
    ),
    _of(
        "column_numbers",
        "extract",
        "numbers",
        ("List the numbers in column {column} of {of}.", "Give the numbers of column {column} of {of} as a list."),
        lambda value, column: numeric(value, column),
        _draw_number_column,
    ),
    _of(
        "count_rows",
        "count",
        "number",
        ("How many rows has {of} below its head?", "Count the rows of {of}, without its head."),
        lambda value: len(value) - 1,
    ),
    _of(
        "column_sum",
        "arithmetic",
        "number",
        ("Add up column {column} of {of}.", "What is the sum of column {column} of {of}?"),
        lambda value, column: sum(numeric(value, column)),
        _draw_number_column,
    ),
    _of(
        "rows_above",
        "filter",
        "table",
        ("Keep the rows of {of} with {column} above {n}.", "Leave out the rows of {of} with {column} up to {n}."),
        _rows_above,
        _draw_above,
    ),
    _of(
        "sorted_by",
        "sort",
        "table",
        ("Sort the rows of {of} by {column}, least first.", "Put the rows of {of} in rising order of {column}."),
        _sorted_by,
        _draw_number_column,
    ),
    _of(
        "without_column",
        "filter",
        "table",
        ("Leave column {column} out of {of}.", "Give {of} without its column {column}."),
        _without,
        lambda random, value: {"column": str(random.choice(value[0][1:]))},
    ),
    _of(
        "rename",
        "replace",
        "table",
        ("Call column {column} of {of} {name} instead.", "In {of}, give column {column} the name {name}."),
        _renamed,
        _draw_name,
    ),
    _of(
        "best_row",
        "extract",
        "text",
        (
            "Which row of {of} has the largest {column}? Give its first cell; of equals the first.",
            "Give the first cell of the row of {of} with most {column}, the first of equals.",
        ),
        _best,
        _draw_number_column,
    ),
    _of(
        "to_json",
        "reformat",
        "text",
        (
            'Write {of} as JSON, in the form [{{"name": "Bo", "age": "9"}}].',
            'Turn {of} into a JSON list such as [{{"name": "Bo", "age": "9"}}].',
        ),
        _json,
    ),
    _of(
        "to_lines",
        "reformat",
        "text",
        (
            "Write {of} as CSV, in the form 'name,age; Bo,9'.",
            "Turn {of} into CSV rows, as in 'name,age; Bo,9'.",
        ),
        lambda value: "; ".join(",".join(row) for row in value),
    ),
    _of(
        "describe",
        "describe",
        "text",
        (
            "Describe {of} row by row, as in 'Bo: age 9, score 4; Ida: age 7, score 8'.",
            "Put {of} into words, in the form 'Bo: age 9, score 4; Ida: age 7, score 8'.",
        ),
        described,
    ),
)


def _column(value: Table, name: str) -> tuple[str, ...]:
    return column(value, name)
