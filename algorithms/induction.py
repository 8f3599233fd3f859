"""Weights from which a small transformer can copy before it has learned anything.

Attention heads that look at the token before, and heads that find where the present token stood last and read what came
after it (induction heads, Olsson et al. 2022, arXiv 2209.11895), form by themselves only after far more text than a
small model sees on a processor. Setting them at the start is mimetic initialisation (Trockman and Kolter 2023, arXiv
2305.09828). What it is worth is in docs/log.md.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

FAST, SLOW = 12, 12
"""Of a head's pairs of rotary dimensions: those whose angles tell neighbours apart, and those that hardly turn within
a text."""
NEIGHBOUR = 5.0
"""By how many nats the token looked for is ahead of the one beside it, in the heads that look back."""
MATCH = 14.0
"""Nats of a token that is the same, in the heads that look for it."""


@torch.no_grad()
def set_induction(model: LlamaForCausalLM, *, seed: int) -> None:
    """Overwrite the first two layers' attention, the embedding's common direction, and what every layer adds.

    In the first layer, head 0 writes what stood one token before into a subspace of its own, head 1 what stood two
    before. In the second, every head compares the present token with what stood before each earlier one, and adds the
    token found there. All other heads and the feed-forward layers add nothing at first.

    Raises:
        ValueError: if a head has too few dimensions, heads share keys, or there are not two layers.
    """
    config = model.config
    width, heads = config.hidden_size, config.num_attention_heads
    size = width // heads
    half = size // 2
    if size < 2 * max(FAST, SLOW) or heads < 2 or config.num_key_value_heads != heads or len(model.model.layers) < 2:
        raise ValueError(
            f"induction needs two layers, two heads with keys of their own and {2 * max(FAST, SLOW)} dimensions a head "
            f"at least, not {len(model.model.layers)}, {heads} and {size}"
        )
    draw = torch.Generator().manual_seed(seed)
    rope: Any = config.rope_parameters
    turned = torch.as_tensor(rope["rope_theta"]) ** (-torch.arange(half) / half)  # radians a token, of each pair
    axes = _orthonormal(width, width, draw)
    common, apart = axes[:, 0], axes[:, 1:]  # a direction that all tokens share, and the rest
    length = _with_direction(model.get_input_embeddings(), common)
    for layer in model.model.layers:
        layer.self_attn.o_proj.weight.zero_()
        layer.mlp.down_proj.weight.zero_()

    back, found = model.model.layers[0].self_attn, model.model.layers[1].self_attn
    scale = math.sqrt(width / 2)  # of the token's part and of the common part, after the norm
    reads, writes = [], []
    for head in range(2):
        rows = slice(head * size, (head + 1) * size)
        asks, offers = _looking_back(head + 1, turned, size)
        back.q_proj.weight[rows] = torch.outer(asks, common) / scale
        back.k_proj.weight[rows] = torch.outer(offers, common) / scale
        reads.append((apart @ _orthonormal(width - 1, size, draw)).T)
        writes.append(apart @ _orthonormal(width - 1, size, draw))
        back.v_proj.weight[rows] = reads[head]
        back.o_proj.weight[:, rows] = writes[head] * length / (scale * math.sqrt(size / (width - 1)))

    scale = math.sqrt(width) / 2  # of each of the four parts: token, common, one before, two before
    slow = torch.cat([torch.arange(half - SLOW, half), torch.arange(size - SLOW, size)])
    seen = math.sqrt(len(slow) / size)
    strength = math.sqrt(MATCH * math.sqrt(size) / (scale**2 * seen**2 * math.sqrt(size / (width - 1))))
    for head in range(heads):
        rows = slice(head * size, (head + 1) * size)
        compared = _orthonormal(size, len(slow), draw).T
        for weight, part in ((found.q_proj.weight, reads[0]), (found.k_proj.weight, writes[0].T)):
            weight[rows] = 0.0
            weight[head * size + slow] = strength * compared @ part
        copied = axes[:, rows.start + 1 : rows.stop + 1] if head < heads - 1 else axes[:, -size:]
        found.v_proj.weight[rows] = copied.T
        found.o_proj.weight[:, rows] = copied * 2 * length / scale


def _with_direction(embedding: Any, common: Tensor) -> float:
    """Give every token the same component along ``common``, as long as its own part; the mean length of that."""
    weight = embedding.weight
    weight -= torch.outer(weight @ common, common)
    length = float(weight.norm(dim=1).mean())
    weight += length * common
    return length


def _looking_back(tokens: int, turned: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """A query and a key whose product after rotation is greatest ``tokens`` apart."""
    gap = float((1 - torch.cos(turned[:FAST])).sum())
    strength = math.sqrt(NEIGHBOUR * math.sqrt(size) / gap)
    asks, offers = torch.zeros(size), torch.zeros(size)
    asks[:FAST] = strength
    offers[:FAST] = strength * torch.cos(turned[:FAST] * tokens)
    offers[size // 2 : size // 2 + FAST] = strength * torch.sin(turned[:FAST] * tokens)
    return asks, offers


def _orthonormal(rows: int, columns: int, draw: torch.Generator) -> Tensor:
    found: Tensor = torch.linalg.qr(torch.randn(rows, columns, generator=draw))[0]
    return found
