"""Losses as pure functions of log-probabilities [B, T] and a batch. Each returns a scalar and figures for the log."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from selftaught.algorithms.examples import Batch, span_means

Figures = Mapping[str, float]


class Mean(float):
    """A mean that knows of how many it is, so that a step's is the same however its examples were cut into chunks."""

    count: int

    def __new__(cls, values: Tensor) -> Mean:
        """The mean of the values; 0 of none."""
        found = super().__new__(cls, float(values.detach().mean()) if values.numel() else 0.0)
        found.count = values.numel()
        return found


def imitation_loss(logprobs_BT: Tensor, batch: Batch, *, kl: float) -> tuple[Tensor, Figures]:
    """Imitation of winners with a pull to the reference (SPAG, arXiv 2404.10642, equation 9 as published in code).

    For each span with mean log-probabilities ``l`` and ``r`` (reference): ``-l + kl * exp(l) * (l - r)``, weighted.
    """
    means_N = span_means(logprobs_BT, batch)
    reference_N = span_means(batch.reference_BT, batch)
    pull_N = means_N.exp() * (means_N - reference_N)
    loss = (batch.weight_N * (kl * pull_N - means_N)).mean()
    return loss, {"nll": Mean(-means_N), **({"kl": Mean(means_N - reference_N)} if kl else {})}


def spag_loss(
    logprobs_BT: Tensor, batch: Batch, *, kl: float, clip: float, sft: float, detach_kl: bool = False
) -> tuple[Tensor, Figures]:
    """The offline self-play objective of SPAG (arXiv 2404.10642, equation 14 as published in code).

    Per span, ``rho = exp(l - r)`` with mean log-probabilities, ``A = value - kl * (l - r)`` and the term
    ``-min(A rho, A clip(rho, 1 - clip, 1 + clip))``. The published code lets gradients pass through the KL inside
    ``A``; ``detach_kl`` stops them. Spans of kind ``sft`` contribute ``-sft * l`` instead.
    """
    means_N = span_means(logprobs_BT, batch)
    reference_N = span_means(batch.reference_BT, batch)
    gap_N = means_N - reference_N
    ratio_N = gap_N.exp()
    advantage_N = batch.value_N - kl * (gap_N.detach() if detach_kl else gap_N)
    clipped_N = ratio_N.clamp(1 - clip, 1 + clip)
    surrogate_N = torch.minimum(advantage_N * ratio_N, advantage_N * clipped_N)
    loss_N = torch.where(batch.sft_N, -sft * means_N, -surrogate_N)
    policy_N = ~batch.sft_N
    figures = {
        "kl": Mean(gap_N[policy_N]),
        "ratio": Mean(ratio_N[policy_N]),
        "clipped": Mean((ratio_N != clipped_N)[policy_N].float()),
        "advantage": Mean(batch.value_N[policy_N]),
    }
    if batch.sft_N.any():
        figures["sft_nll"] = Mean(-means_N[batch.sft_N])
    return (batch.weight_N * loss_N).mean(), figures


def grpo_loss(
    logprobs_BT: Tensor, batch: Batch, *, clip_low: float, clip_high: float, kl: float
) -> tuple[Tensor, Figures]:
    """The clipped token-level objective of GRPO (arXiv 2402.03300, equation 3), with the k3 estimate of the KL.

    Per token, ``rho = exp(l - s)`` against the log-probability ``s`` at sampling, and the term
    ``-min(A rho, A clip(rho, 1 - clip_low, 1 + clip_high)) + kl (exp(r - l) - (r - l) - 1)`` with the reference ``r``.
    A span is the mean over its tokens times its weight, so ``weight_N`` says how sequences are normalised.

    Raises:
        ValueError: if a trained token was sampled by no model.
    """
    inside = batch.mask_BT
    losses, figures = _policy_terms(
        logprobs_BT,
        batch,
        advantage=batch.value_N[batch.span_BT[inside]],
        clip_low=clip_low,
        clip_high=clip_high,
        kl=kl,
    )
    means_N = span_means(torch.zeros_like(logprobs_BT).masked_scatter(inside, losses), batch)
    return (batch.weight_N * means_N).mean(), figures


def ppo_loss(
    logprobs_BT: Tensor,
    batch: Batch,
    *,
    clip: float,
    value_clip: float | None,
    value_weight: float,
    kl: float,
) -> tuple[Tensor, Figures]:
    """The clipped objective of PPO (arXiv 1707.06347, equations 7 and 9) token by token, with a critic.

    Policy: as in ``grpo_loss``, with the token's own advantage. Critic: half the squared error of the value to the
    return; with ``value_clip``, the larger one of that and of the value held within so much of the old one.

    Raises:
        ValueError: if a trained token was sampled by no model, or there are no values.
    """
    if batch.value_BT is None:
        raise ValueError("PPO needs the values of a critic: make the learner with critic=True")
    inside = batch.mask_BT
    policy, figures = _policy_terms(
        logprobs_BT, batch, advantage=batch.advantage_BT[inside], clip_low=clip, clip_high=clip, kl=kl
    )
    value, old, wanted = batch.value_BT[inside], batch.old_value_BT[inside], batch.return_BT[inside]
    errors = (value - wanted) ** 2
    if value_clip is not None:
        errors = torch.maximum(errors, (old + (value - old).clamp(-value_clip, value_clip) - wanted) ** 2)
    losses = policy + value_weight * errors / 2
    means_N = span_means(torch.zeros_like(logprobs_BT).masked_scatter(inside, losses), batch)
    figures |= {"value_error": Mean(errors), "value": Mean(value), "return": Mean(wanted)}
    return (batch.weight_N * means_N).mean(), figures


def dpo_loss(logprobs_BT: Tensor, batch: Batch, *, beta: float, nll: float = 0.0) -> tuple[Tensor, Figures]:
    """Direct preference optimisation (arXiv 2305.18290, equation 7): spans come in pairs, the preferred one first.

    The value of a preferred span is the chance that it is rightly so (1 in the paper): the two ways round count by it,
    as in arXiv 2410.12735. ``nll`` adds so much of its mean negative log-likelihood (arXiv 2404.19733, equation 1).

    Raises:
        ValueError: if the number of spans is odd.
    """
    if len(batch.value_N) % 2:
        raise ValueError(f"preference pairs need an even number of spans, not {len(batch.value_N)}")
    gap_BT = logprobs_BT - batch.reference_BT
    margins = beta * gap_BT.new_zeros(len(batch.value_N)).index_add(
        0, batch.span_BT[batch.mask_BT], gap_BT[batch.mask_BT]
    ).view(-1, 2)
    margin = margins[:, 0] - margins[:, 1]
    sure, log_sigmoid = batch.value_N[::2], torch.nn.functional.logsigmoid
    loss = -(sure * log_sigmoid(margin) + (1 - sure) * log_sigmoid(-margin)).mean()
    figures = {"margin": Mean(margin), "accuracy": Mean((margin > 0).float())}
    if nll:
        preferred_N = -span_means(logprobs_BT, batch)[::2]
        loss = loss + nll * preferred_N.mean()
        figures["nll"] = Mean(preferred_N)
    return loss, figures


def sft_loss(logprobs_BT: Tensor, batch: Batch) -> tuple[Tensor, Figures]:
    """Mean negative log-likelihood of the trained tokens of one batch; for a ``Learner``, ``Imitation`` counts them."""
    inside = batch.mask_BT
    loss = -logprobs_BT[inside].mean()
    return loss, {"nll": Mean(-logprobs_BT[inside])}


def _policy_terms(
    logprobs_BT: Tensor, batch: Batch, *, advantage: Tensor, clip_low: float, clip_high: float, kl: float
) -> tuple[Tensor, dict[str, float]]:
    """The clipped surrogate with the k3 pull to the reference, for every trained token [M], and figures."""
    inside = batch.mask_BT
    logprobs, sampled = logprobs_BT[inside], batch.sampled_BT[inside]
    if sampled.isnan().any():
        raise ValueError("a policy gradient is of sampled tokens, and some were not: learn from the policy's own turns")
    moved = logprobs - sampled
    ratio = moved.exp()
    clipped = ratio.clamp(1 - clip_low, 1 + clip_high)
    losses = -torch.minimum(advantage * ratio, advantage * clipped)
    gap = batch.reference_BT[inside] - logprobs
    divergence = gap.exp() - gap - 1
    if kl:
        losses = losses + kl * divergence
    figures: dict[str, float] = {
        "ratio": Mean(ratio),
        "clipped": Mean((ratio != clipped).float()),
        "advantage": Mean(advantage),
        "entropy": Mean(-sampled),
        "kl_sampled": Mean(ratio - 1 - moved),
    }
    return losses, figures | ({"kl": Mean(divergence)} if kl else {})
