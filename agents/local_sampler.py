"""Sampling with a cache of keys and values that a caller may keep between calls.

The cache holds a row's token ``t`` at column ``t``, whatever the other rows' lengths are, so its keys and values can be
taken out and put back as one block. transformers' own dynamic cache grows by concatenation and pads in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import Cache

from selftaught.types import Stop

MOST_LIVE_TO_COMPACT = 0.7
"""The share of rows still sampling at which the others' slots are given up."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How replies are drawn; ``temperature`` 0 is greedy, ``top_k`` 0 and ``top_p`` 1 mean no truncation.

    Raises:
        ValueError: if a setting is out of range.
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    max_new_tokens: int = 32

    def __post_init__(self) -> None:
        if self.temperature < 0 or not 0 < self.top_p <= 1 or self.top_k < 0 or self.max_new_tokens < 1:
            raise ValueError(
                f"sampling needs temperature >= 0, 0 < top_p <= 1, top_k >= 0, max_new_tokens >= 1: {self}"
            )


@dataclass(slots=True)
class Row:
    """One sequence in the making.

    ``tokens`` is the prompt; ``kv`` ([layers, 2, heads, n, width] or None) covers its first ``n`` tokens. ``sampled``,
    ``logprobs`` (at temperature 1, nats) and ``stop`` are filled by ``sample``, which then leaves in ``kv`` all but the
    last token.
    """

    tokens: list[int]
    seed: int
    kv: Tensor | None = None
    sampled: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    stop: Stop = "length"


class Slab(Cache):
    """Keys and values of a batch in preallocated blocks [B, heads, columns, width], one pair a layer."""

    def __init__(self, columns: int) -> None:
        super().__init__(layers=[])
        self.columns = columns
        self.blocks: list[tuple[Tensor, Tensor]] = []
        self.rows_N = self.places_N = self.columns_N = torch.empty(0, dtype=torch.long)
        self.width = 0

    def update(self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **kwargs: Any) -> Any:
        """Store the new keys and values and return all up to the longest row."""
        if layer_idx == len(self.blocks):
            shape = (key_states.shape[0], key_states.shape[1], self.columns, key_states.shape[3])
            self.blocks.append((key_states.new_zeros(shape), value_states.new_zeros(shape)))
        keys, values = self.blocks[layer_idx]
        keys[self.rows_N, :, self.columns_N] = key_states[self.rows_N, :, self.places_N]
        values[self.rows_N, :, self.columns_N] = value_states[self.rows_N, :, self.places_N]
        return keys[:, :, : self.width], values[:, :, : self.width]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Columns in use."""
        return self.width

    def put(self, row: int, kv: Tensor, *, rows: int) -> None:
        """Lay a block taken with ``take`` into a row of a slab of ``rows`` rows."""
        for layer in range(kv.shape[0]):
            if layer == len(self.blocks):
                shape = (rows, kv.shape[2], self.columns, kv.shape[4])
                self.blocks.append((kv.new_zeros(shape), kv.new_zeros(shape)))
            for block, part in zip(self.blocks[layer], kv[layer], strict=True):
                block[row, :, : kv.shape[3]] = part

    def take(self, row: int, columns: int) -> Tensor:
        """A copy of the first ``columns`` of a row: [layers, 2, heads, columns, width]."""
        return torch.stack([torch.stack([block[row, :, :columns] for block in pair]) for pair in self.blocks])

    def keep(self, rows: Tensor) -> None:
        """Drop all but these rows."""
        self.blocks = [(keys[rows], values[rows]) for keys, values in self.blocks]


def model_logits(model: torch.nn.Module, slab: Slab, rows: Sequence[Sequence[int]], done: Sequence[int]) -> Tensor:
    """Feed each row its new tokens after ``done`` cached ones; the logits [B, V] after each row's last token."""
    device = next(model.parameters()).device
    longest = max(len(row) for row in rows)
    starts_B = torch.tensor([longest - len(row) for row in rows], device=device)
    done_B = torch.tensor(done, device=device)
    # Left padding puts every row's last token in the last place, where alone logits are wanted.
    tokens_BT = torch.tensor([[0] * (longest - len(row)) + list(row) for row in rows], device=device)
    places_T = torch.arange(longest, device=device)
    real_BT = places_T >= starts_B[:, None]
    columns_BT = (done_B[:, None] + places_T - starts_B[:, None]).clamp(min=0)
    slab.rows_N, slab.places_N = real_BT.nonzero(as_tuple=True)
    slab.columns_N = columns_BT[slab.rows_N, slab.places_N]
    slab.width = int((done_B + longest - starts_B).max())
    mask_BTC = torch.arange(slab.width, device=device) <= columns_BT[:, :, None]
    output = model(
        input_ids=tokens_BT,
        position_ids=columns_BT,
        attention_mask=mask_BTC[:, None],
        past_key_values=slab,
        use_cache=True,
        logits_to_keep=1,
    )
    logits_BV: Tensor = output.logits[:, -1].float()
    return logits_BV


@torch.inference_mode()
def sample(
    model: torch.nn.Module,
    rows: Sequence[Row],
    *,
    settings: Sampling,
    end_tokens: frozenset[int],
    progress: Callable[[int], object] = lambda finished: None,
) -> None:
    """Continue every row until an end token or the token limit. Fills the rows in place."""
    limit = settings.max_new_tokens
    slab = Slab(max(len(row.tokens) for row in rows) + limit)
    for index, row in enumerate(rows):
        if row.kv is not None:
            slab.put(index, row.kv, rows=len(rows))
    done = [0 if row.kv is None else row.kv.shape[3] for row in rows]
    logits_BV = model_logits(model, slab, [row.tokens[n:] for row, n in zip(rows, done, strict=True)], done)
    slots = list(rows)
    draws = [np.random.default_rng(row.seed).random(limit) for row in rows]
    uniform = {id(row): numbers for row, numbers in zip(rows, draws, strict=True)}
    pending = set(uniform)
    for step in range(limit):
        chosen = _draw(logits_BV, np.array([uniform[id(row)][step] for row in slots]), settings)
        for slot, (row, token, logprob) in enumerate(zip(slots, *chosen, strict=True)):
            if id(row) not in pending:
                continue
            row.sampled.append(token)
            row.logprobs.append(logprob)
            if token in end_tokens or step == limit - 1:
                row.stop = "end" if token in end_tokens else "length"
                row.kv = slab.take(slot, len(row.tokens) + step)
                pending.remove(id(row))
                progress(1)
        if not pending:
            return
        feed = chosen[0]
        if len(pending) <= MOST_LIVE_TO_COMPACT * len(slots):
            kept = [slot for slot, row in enumerate(slots) if id(row) in pending]
            slab.keep(torch.tensor(kept))
            slots, feed = [slots[slot] for slot in kept], [feed[slot] for slot in kept]
        # A row that has ended fills its slot till then: computing on for nothing is cheaper than copying the slab.
        logits_BV = model_logits(model, slab, [[token] for token in feed], [len(row.tokens) + step for row in slots])


def _draw(logits_BV: Tensor, uniform_B: np.ndarray[Any, Any], settings: Sampling) -> tuple[list[int], list[float]]:
    """One token a row, and its log-probability under the untruncated model at temperature 1."""
    logprobs_BV = logits_BV.log_softmax(-1)
    if settings.temperature == 0:
        tokens_B = logits_BV.argmax(-1)
    else:
        kept_BK, ids_BK = _truncate(logits_BV / settings.temperature, settings)
        cumulative_BK = kept_BK.softmax(-1).double().cumsum(-1)
        points_B1 = torch.from_numpy(uniform_B).to(cumulative_BK)[:, None] * cumulative_BK[:, -1:]
        places_B = torch.searchsorted(cumulative_BK, points_B1, right=True)[:, 0].clamp(max=kept_BK.shape[1] - 1)
        tokens_B = places_B if ids_BK is None else ids_BK.gather(1, places_B[:, None])[:, 0]
    return tokens_B.tolist(), logprobs_BV.gather(1, tokens_B[:, None])[:, 0].tolist()


def _truncate(logits_BV: Tensor, settings: Sampling) -> tuple[Tensor, Tensor | None]:
    """The logits that may be drawn, and their token ids (None: all, in order)."""
    if settings.top_k == 0 and settings.top_p == 1:
        return logits_BV, None
    count = min(settings.top_k or logits_BV.shape[1], logits_BV.shape[1])
    top_BK, ids_BK = logits_BV.topk(count, dim=-1)
    if settings.top_p < 1:
        probs_BK = top_BK.softmax(-1)
        before_BK = probs_BK.cumsum(-1) - probs_BK
        top_BK = top_BK.masked_fill(before_BK >= settings.top_p, float("-inf"))
    return top_BK, ids_BK
