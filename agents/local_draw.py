"""Drawing tokens: temperature, top-k, top-p, and one uniform number a token, so that a seed fixes a reply."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

BLOCK = 256
"""Tokens of the vocabulary whose probabilities are summed before any is looked at singly."""


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
        if not 0 <= self.temperature < math.inf or not 0 < self.top_p <= 1 or self.top_k < 0 or self.max_new_tokens < 1:
            raise ValueError(
                f"sampling needs temperature >= 0, 0 < top_p <= 1, top_k >= 0, max_new_tokens >= 1: {self}"
            )


@torch.inference_mode()
def draw(logits_BV: Tensor, uniform_B: Tensor, settings: Sampling) -> tuple[Tensor, Tensor]:
    """One token a row [B], and its log-probability [B] under the untruncated model at temperature 1, in nats.

    ``uniform_B`` in [0, 1) decides: the token at which the cumulated probability first exceeds it. ``logits_BV`` may be
    overwritten: memory for as many numbers again would cost more than the arithmetic.
    """
    truncated = settings.top_k or settings.top_p < 1
    if settings.temperature == 1 and not truncated:
        weights_BV = logits_BV.sub_(logits_BV.amax(-1, keepdim=True)).exp_()
        tokens_B = _invert(weights_BV, uniform_B)
        return tokens_B, (weights_BV.gather(1, tokens_B[:, None])[:, 0] / weights_BV.sum(-1)).log()
    if settings.temperature == 0:
        tokens_B = logits_BV.argmax(-1)
    elif truncated:
        kept_BK, ids_BK = _truncate(logits_BV / settings.temperature, settings)
        tokens_B = ids_BK.gather(1, _invert(kept_BK.softmax(-1), uniform_B)[:, None])[:, 0]
    else:
        tokens_B = _invert((logits_BV / settings.temperature).softmax(-1), uniform_B)
    chosen_B = logits_BV.gather(1, tokens_B[:, None])[:, 0]
    return tokens_B, chosen_B - logits_BV.logsumexp(-1)


def _invert(probs_BK: Tensor, uniform_B: Tensor) -> Tensor:
    """Where the cumulated probabilities exceed the uniform numbers; they may be ones up to a factor.

    First which block, then where in it: sums over the whole vocabulary in double precision would cost as much as a
    layer of the model.
    """
    count = probs_BK.shape[1]
    padded_BNK = torch.nn.functional.pad(probs_BK, (0, -count % BLOCK)).view(len(probs_BK), -1, BLOCK)
    cumulated_BN = padded_BNK.sum(-1, dtype=torch.float64).cumsum(-1)
    points_B1 = uniform_B.to(cumulated_BN)[:, None] * cumulated_BN[:, -1:]
    block_B1 = torch.searchsorted(cumulated_BN, points_B1, right=True).clamp(max=cumulated_BN.shape[1] - 1)
    before_B1 = torch.where(block_B1 > 0, cumulated_BN.gather(1, (block_B1 - 1).clamp(min=0)), 0.0)
    inside_BK = padded_BNK[torch.arange(len(probs_BK), device=probs_BK.device), block_B1[:, 0]].double().cumsum(-1)
    places_B1 = torch.searchsorted(inside_BK, points_B1 - before_B1, right=True).clamp(max=BLOCK - 1)
    return (block_B1 * BLOCK + places_B1)[:, 0].clamp(max=count - 1)


def _truncate(logits_BV: Tensor, settings: Sampling) -> tuple[Tensor, Tensor]:
    """The logits that may be drawn, best first, and their token ids."""
    count = min(settings.top_k or logits_BV.shape[1], logits_BV.shape[1])
    top_BK, ids_BK = logits_BV.topk(count, dim=-1)
    if settings.top_p < 1:
        probs_BK = top_BK.softmax(-1)
        before_BK = probs_BK.cumsum(-1) - probs_BK
        top_BK = top_BK.masked_fill(before_BK >= settings.top_p, float("-inf"))
    return top_BK, ids_BK
