"""A Llama's forward pass for sampling: fewer, larger products, and no padding.

transformers runs seven products a layer and pads all rows of a batch to the longest prompt. Here queries, keys and
values are one product, gate and up another, an adapter is folded in beforehand, and the new tokens of all rows, be it
one or a whole prompt, go through the layers as one flat list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from selftaught.agents.local_products import Product, product
from selftaught.agents.local_slab import Feed, Slab


@dataclass(frozen=True, slots=True)
class _Layer:
    """``qkv`` gives (heads + 2 kv heads) x width numbers a token, ``gate_up`` 2 F, the others D; norms are [D]."""

    attention_norm: Tensor
    qkv: Product
    out: Product
    mlp_norm: Tensor
    gate_up: Product
    down: Product


@dataclass(frozen=True, slots=True)
class FusedLlama:
    """Weights of a Llama with one adapter (or none) folded in. ``__call__`` is a step of all rows."""

    layers: tuple[_Layer, ...]
    embedding: Tensor
    head: Product
    norm: Tensor
    inverse_frequencies: Tensor
    heads: int
    epsilon: float

    @torch.inference_mode()
    def __call__(self, slab: Slab, feeds: Sequence[Feed]) -> Tensor:
        """Feed each of the first slots its new tokens; the logits [A, V] after each row's last one."""
        step = _Step.of(feeds, slab, self.inverse_frequencies)
        x = functional.embedding(step.tokens, self.embedding)
        for index, layer in enumerate(self.layers):
            h = functional.rms_norm(x, (x.shape[1],), layer.attention_norm, self.epsilon)
            qkv = layer.qkv(h).view(len(x), -1, slab.size.width)
            x = x + layer.out(self._attend(qkv, slab.block[index], step))
            h = functional.rms_norm(x, (x.shape[1],), layer.mlp_norm, self.epsilon)
            gate, up = layer.gate_up(h).chunk(2, dim=1)
            x = x + layer.down(functional.silu(gate) * up)
        x = functional.rms_norm(x[: len(feeds)], (x.shape[1],), self.norm, self.epsilon)
        return self.head(x).float()

    def _attend(self, qkv: Tensor, block: Tensor, step: _Step) -> Tensor:
        """Write keys and values into the layer's ``block`` [2, slots, kv heads, C, width], and attend: [N, D]."""
        kv_heads, width = block.shape[2], block.shape[4]
        group = self.heads // kv_heads
        rotated = _rotate(qkv[:, : self.heads + kv_heads], step.cos, step.sin)
        queries, keys = torch.split(rotated, [self.heads, kv_heads], dim=1)
        block[0, step.slots, :, step.columns] = keys
        block[1, step.slots, :, step.columns] = qkv[:, self.heads + kv_heads :]
        keys, values = block[:, : step.count, :, : step.width]
        # The query heads that share a key head stand as rows of one query, so that no key is copied for them.
        last = queries[: step.count].reshape(step.count, kv_heads, group, width)
        attended = functional.scaled_dot_product_attention(last, keys, values, attn_mask=step.mask)
        outputs = [attended.reshape(step.count, self.heads * width)]
        for part in step.parts:
            query = queries[part.places].reshape(-1, kv_heads, group, width).permute(1, 2, 0, 3)
            keys, values = block[:, part.slot, :, : part.mask.shape[1]]
            mask = part.mask.repeat(group, 1)
            attended = functional.scaled_dot_product_attention(
                query.reshape(1, kv_heads, -1, width), keys[None], values[None], attn_mask=mask
            )
            outputs.append(attended.view(self.heads, -1, width).transpose(0, 1).reshape(-1, self.heads * width))
        return torch.cat(outputs)


@dataclass(frozen=True, slots=True)
class _Part:
    """The tokens of one row before its last one: their places in the flat list, their slot, and who sees whom."""

    places: slice
    slot: int
    mask: Tensor


@dataclass(frozen=True, slots=True)
class _Step:
    """Where every token of a step belongs: first each row's last token, in the order of the slots, then all others."""

    count: int
    tokens: Tensor
    slots: Tensor
    columns: Tensor
    cos: Tensor
    sin: Tensor
    width: int
    mask: Tensor
    parts: tuple[_Part, ...]

    @staticmethod
    def of(feeds: Sequence[Feed], slab: Slab, inverse_frequencies: Tensor) -> _Step:
        device, dtype = slab.block.device, slab.block.dtype
        tokens = [new[-1] for _, new in feeds]
        slots = list(range(len(feeds)))
        columns = [held + len(new) - 1 for held, new in feeds]
        lengths = torch.tensor(columns, device=device)
        width = max(columns) + 1
        parts = []
        for slot, (held, new) in enumerate(feeds):
            if len(new) > 1:
                count = len(new) - 1
                mask = torch.ones(count, held + count, dtype=torch.bool, device=device).tril(held)
                parts.append(_Part(slice(len(tokens), len(tokens) + count), slot, mask))
                tokens += new[:-1]
                slots += [slot] * count
                columns += range(held, held + count)
        places = torch.tensor(columns, device=device)
        angles = places.float()[:, None] * inverse_frequencies
        unseen = torch.arange(width, device=device) > lengths[:, None]
        return _Step(
            count=len(feeds),
            tokens=torch.tensor(tokens, device=device),
            slots=torch.tensor(slots, device=device),
            columns=places,
            cos=angles.cos().to(dtype)[:, None],
            sin=angles.sin().to(dtype)[:, None],
            width=width,
            mask=torch.zeros(unseen.shape, device=device, dtype=dtype).masked_fill(unseen, -torch.inf)[:, None, None],
            parts=tuple(parts),
        )


def fuse(model: Any, adapter: str | None) -> FusedLlama | None:
    """The weights for sampling as ``adapter``, in their own memory; None where the model is no plain Llama."""
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    config = causal.config
    plain = (
        config.model_type == "llama"
        and config.hidden_act == "silu"
        and not config.attention_bias
        and not config.mlp_bias
        and causal.model.rotary_emb.rope_type == "default"
        and all(weight.is_floating_point() for weight in causal.parameters())  # quantised ones are packed
    )
    if not plain:
        return None
    with torch.no_grad():
        return FusedLlama(
            layers=tuple(_fuse_layer(layer, adapter) for layer in causal.model.layers),
            embedding=causal.get_input_embeddings().weight.detach(),
            head=product(_weight(causal.get_output_embeddings(), adapter)),
            norm=causal.model.norm.weight.detach(),
            inverse_frequencies=causal.model.rotary_emb.inv_freq,
            heads=config.num_attention_heads,
            epsilon=config.rms_norm_eps,
        )


def _fuse_layer(layer: Any, adapter: str | None) -> _Layer:
    attention, mlp = layer.self_attn, layer.mlp
    projections = (attention.q_proj, attention.k_proj, attention.v_proj)
    return _Layer(
        attention_norm=layer.input_layernorm.weight.detach(),
        qkv=product(torch.cat([_weight(linear, adapter) for linear in projections])),
        out=product(_weight(attention.o_proj, adapter)),
        mlp_norm=layer.post_attention_layernorm.weight.detach(),
        gate_up=product(torch.cat([_weight(mlp.gate_proj, adapter), _weight(mlp.up_proj, adapter)])),
        down=product(_weight(mlp.down_proj, adapter)),
    )


def _weight(linear: Any, adapter: str | None) -> Tensor:
    """The weight of a linear layer with what the adapter adds to it."""
    adapted = hasattr(linear, "lora_A")
    weight: Tensor = (linear.get_base_layer() if adapted else linear).weight.detach()
    return weight + linear.get_delta_weight(adapter) if adapted and adapter in linear.lora_A else weight


def _rotate(heads_NHW: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions, the halves of a head being the two coordinates."""
    first, second = heads_NHW.chunk(2, dim=2)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=2)
