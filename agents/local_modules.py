"""A step of sampling through transformers' own modules, for architectures that ``local_fused`` does not know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import Cache

from selftaught.agents.local_adapters import merged
from selftaught.agents.local_slab import Feed, Slab
from selftaught.attention import mask_of, windowed


@dataclass(frozen=True, slots=True)
class ModuleSteps:
    """The model with one adapter (or none); ``__call__`` is a step of all rows, as that of ``FusedLlama``.

    Raises:
        ValueError: if its layers see a window of the last tokens alone.
    """

    model: Any
    adapter: str | None

    def __post_init__(self) -> None:
        if windowed(config := self.model.config):
            raise ValueError(
                f"{config.model_type} sees the last {config.sliding_window} tokens alone in some layers, and sampling "
                "here keeps all: serve it (openai:URL#MODEL), or set sliding_window=None where games are shorter"
            )

    @torch.inference_mode()
    def __call__(self, slab: Slab, feeds: Sequence[Feed]) -> Tensor:
        """Feed each of the first slots its new tokens; the logits [A, V] after each row's last one."""
        with merged(self.model, self.adapter):
            for slot, (held, new) in enumerate(feeds):
                if len(new) > 1:
                    self._forward(slab, slice(slot, slot + 1), [new[:-1]], [held])
            last = [new[-1:] for _, new in feeds]
            return self._forward(slab, slice(0, len(feeds)), last, [held + len(new) - 1 for held, new in feeds])

    def _forward(self, slab: Slab, slots: slice, tokens: Sequence[Sequence[int]], held: Sequence[int]) -> Tensor:
        """One call of the model on rows of equally many tokens; the logits [A, V] after their last ones."""
        device = slab.block.device
        tokens_BT = torch.tensor(tokens, device=device)
        places_BT = torch.tensor(held, device=device)[:, None] + torch.arange(tokens_BT.shape[1], device=device)
        cache = _View(slab, slots, places_BT)
        seen_BTC = torch.arange(cache.width, device=device) <= places_BT[:, :, None]
        output = self.model(
            input_ids=tokens_BT,
            position_ids=places_BT,
            attention_mask=mask_of(self.model, seen_BTC[:, None]),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        logits_BV: Tensor = output.logits[:, -1].float()
        return logits_BV


class _View(Cache):
    """Some slots of a slab as the cache that transformers' attention layers write to and read from."""

    def __init__(self, slab: Slab, slots: slice, places_BT: Tensor) -> None:
        super().__init__(layers=[])
        self.block = slab.block[:, :, slots]
        self.rows_B1 = torch.arange(len(places_BT), device=places_BT.device)[:, None]
        self.places_BT = places_BT
        self.width = int(places_BT.max()) + 1

    def update(self, key_states: Tensor, value_states: Tensor, layer_idx: int, *args: Any, **kwargs: Any) -> Any:
        """Store the new keys and values and return all up to the longest row."""
        keys, values = self.block[layer_idx]
        keys[self.rows_B1, :, self.places_BT] = key_states.transpose(1, 2)
        values[self.rows_B1, :, self.places_BT] = value_states.transpose(1, 2)
        return keys[:, :, : self.width], values[:, :, : self.width]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Columns in use."""
        return self.width
