"""All operations by name, and the families that only tests have."""

from collections.abc import Mapping
from typing import Final

from selftaught.envs.sequence.operation import Operation
from selftaught.envs.sequence.operations import counts, letters, numbers, tables, words

OPERATIONS: Final[Mapping[str, Operation]] = {
    one.id: one for module in (letters, words, counts, numbers, tables) for one in module.OPERATIONS
}
HELD_OUT: Final = ("ciphers", "units", "reformat")
"""Families that no training chain has."""


def operation(id: str) -> Operation:
    """An operation by its name.

    Raises:
        ValueError: if there is none.
    """
    if id not in OPERATIONS:
        raise ValueError(f"unknown operation {id!r}; the operations are {', '.join(OPERATIONS)}")
    return OPERATIONS[id]
