"""Keys and values: of the rows that are being continued in one block, of dialogues between their turns in pages."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor

Feed = tuple[int, Sequence[int]]
"""For one slot in a step: how many tokens it holds, and the new ones."""

PAGE = 64
"""Columns of a page."""
AHEAD = 8
"""Columns set aside for each one asked for, where memory costs nothing before it is written."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """The size of one token's keys and values: ``layers`` x 2 x ``heads`` (of keys) x ``width`` numbers."""

    layers: int
    heads: int
    width: int

    @property
    def numbers(self) -> int:
        """Numbers a token."""
        return 2 * self.layers * self.heads * self.width


def geometry(config: Any) -> Geometry:
    """That of a transformers configuration."""
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return Geometry(config.num_hidden_layers, heads, width)


@dataclass(slots=True, eq=False)
class Held:
    """Keys and values of a row that is in no slot: its first ``count`` tokens, in pages [layers, 2, heads, 64, width].

    Pages are of one size so that one that is given back serves any row: fresh memory costs several times the copying.
    """

    count: int
    pages: list[Tensor]

    @property
    def nbytes(self) -> int:
        """Bytes of all pages."""
        return sum(page.nbytes for page in self.pages)

    def parts(self) -> Iterator[tuple[slice, Tensor]]:
        """The columns, page by page, and where the page has them."""
        for page, start in zip(self.pages, range(0, self.count, PAGE), strict=True):
            stop = min(start + PAGE, self.count)
            yield slice(start, stop), page[:, :, :, : stop - start]


class Slab:
    """``block`` [layers, 2, slots, heads, columns, width]: the row in slot ``s`` holds its token ``t`` in column ``t``.

    The rows in use stand in the first slots, so that a batch is a view and nothing is copied for a step.

    Args:
        size: of a token.
        device: where it lies.
        dtype: of its numbers.
        bytes: bound on the block.
    """

    def __init__(self, size: Geometry, *, device: torch.device, dtype: torch.dtype, bytes: int) -> None:
        self.size = size
        self._bytes = bytes
        self._memory = torch.zeros(self._shape(0, 0), device=device, dtype=dtype)
        self._spare: list[Tensor] = []
        self.block = self._memory

    @property
    def slots(self) -> int:
        """Slots there are."""
        return self.block.shape[2]

    @property
    def columns(self) -> int:
        """Columns there are."""
        return self.block.shape[4]

    @property
    def room(self) -> int:
        """Columns that there may be, of all slots together."""
        return self._bytes // (self.size.numbers * self.block.element_size())

    @property
    def nbytes(self) -> int:
        """Bytes of the block and of spare pages."""
        return self.block.nbytes + sum(page.nbytes for page in self._spare)

    def clear(self) -> None:
        """Have no slots and no columns again."""
        self.block = self._memory = self._memory.new_zeros(self._shape(0, 0))

    def trim(self) -> None:
        """Give up spare pages."""
        self._spare.clear()

    def reserve(self, slots: int, columns: int) -> None:
        """Have at least so many; what the slots hold stays."""
        slots, columns = max(slots, self.slots), max(columns, self.columns)
        if slots > self._memory.shape[2] or columns > self._memory.shape[4]:
            grown = self._zeros(slots, columns)
            grown[:, :, : self.slots, :, : self.columns] = self.block
            self._memory = grown
        self.block = self._memory[:, :, :slots, :, :columns]

    def put(self, slot: int, held: Held) -> None:
        """Lay what ``take`` has given into a slot; the pages are spare then."""
        for columns, part in held.parts():
            self.block[:, :, slot, :, columns] = part
        self._spare += held.pages
        held.pages = []

    def take(self, slot: int, columns: int) -> Held:
        """A copy of a slot's first columns."""
        held = Held(columns, [self._page() for _ in range(0, columns, PAGE)])
        for place, part in held.parts():
            part.copy_(self.block[:, :, slot, :, place])
        return held

    def copy(self, source: int, target: int, columns: int) -> None:
        """Copy a slot's first columns into another slot."""
        self.block[:, :, target, :, :columns] = self.block[:, :, source, :, :columns]

    def _page(self) -> Tensor:
        shape = (self.size.layers, 2, self.size.heads, PAGE, self.size.width)
        return self._spare.pop() if self._spare else self._memory.new_empty(shape)

    def _shape(self, slots: int, columns: int) -> tuple[int, ...]:
        return (self.size.layers, 2, slots, self.size.heads, columns, self.size.width)

    def _zeros(self, slots: int, columns: int) -> Tensor:
        """Zeroed, not just allocated: a column that was never written is masked, and zero times a stray NaN is NaN.

        On a processor the system hands out zeroed memory as it is first written, so columns are set aside there that
        may never be used, and a block is seldom copied into a larger one.
        """
        if self._memory.device.type != "cpu":
            return self._memory.new_zeros(self._shape(slots, columns))
        shape = self._shape(slots, max(columns, min(AHEAD * columns, self.room // slots)))
        pages = mmap.mmap(-1, prod(shape) * self._memory.element_size(), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        if hasattr(mmap, "MADV_NOHUGEPAGE"):
            pages.madvise(mmap.MADV_NOHUGEPAGE)  # a huge page would have a column written where it is only set aside
        return torch.frombuffer(pages, dtype=self._memory.dtype).view(shape)
