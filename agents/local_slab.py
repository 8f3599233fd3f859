"""Keys and values of the rows that are being continued, in one preallocated block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Feed = tuple[int, Sequence[int]]
"""For one slot in a step: how many tokens it holds, and the new ones."""


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


class Slab:
    """``block`` [layers, 2, slots, heads, columns, width]: the row in slot ``s`` holds its token ``t`` in column ``t``.

    The rows in use stand in the first slots, so that a batch is a view and nothing is copied for a step.
    """

    def __init__(self, size: Geometry, *, device: torch.device, dtype: torch.dtype) -> None:
        self.size = size
        self.block = torch.zeros(size.layers, 2, 0, size.heads, 0, size.width, device=device, dtype=dtype)

    @property
    def slots(self) -> int:
        """Slots there are."""
        return self.block.shape[2]

    @property
    def columns(self) -> int:
        """Columns there are."""
        return self.block.shape[4]

    @property
    def token_bytes(self) -> int:
        """Bytes of one token's keys and values."""
        return self.size.numbers * self.block.element_size()

    def clear(self) -> None:
        """Have no slots and no columns again."""
        self.block = self.block[:, :, :0, :, :0].clone()

    def reserve(self, slots: int, columns: int) -> None:
        """Have at least so many; what the slots hold stays.

        Zeroed, not just allocated: a column that was never written is masked, and zero times a stray NaN is NaN.
        """
        slots, columns = max(slots, self.slots), max(columns, self.columns)
        if (slots, columns) != (self.slots, self.columns):
            grown = self.block.new_zeros(self.size.layers, 2, slots, self.size.heads, columns, self.size.width)
            grown[:, :, : self.slots, :, : self.columns] = self.block
            self.block = grown

    def put(self, slot: int, kv: Tensor) -> None:
        """Lay a block [layers, 2, heads, n, width], as ``take`` gives it, into a slot."""
        self.block[:, :, slot, :, : kv.shape[3]] = kv

    def take(self, slot: int, columns: int) -> Tensor:
        """A copy of a slot's first columns: [layers, 2, heads, columns, width]."""
        return self.block[:, :, slot, :, :columns].clone(memory_format=torch.contiguous_format)

    def copy(self, source: int, target: int, columns: int) -> None:
        """Copy a slot's first columns into another slot."""
        self.block[:, :, target, :, :columns] = self.block[:, :, source, :, :columns]
