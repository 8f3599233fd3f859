"""The learner: a policy, its optimiser, and one update over examples.

Log-probabilities are taken at trained tokens only: hidden states there go through the vocabulary product in chunks, and
[B, T, V] is never held. The reference needs no second model: it is the policy as it was before the update, or the model
with its adapter off, and its log-probabilities are computed once, before the first step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from selftaught.algorithms.examples import Batch, Example, collate
from selftaught.algorithms.losses import Figures
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.packing import Packed, apart, chunks, pack
from selftaught.types import Codec, Episode

MOST_KEPT_LOGITS = 2**26

Reference = Literal["start", "base", "none"]
"""Whose log-probabilities a loss compares with: the policy before the update, the model without its adapter, nobody."""


class Algorithm(Protocol):
    """What a training algorithm is: two pure functions and their settings."""

    @property
    def reference(self) -> Reference:
        """The reference that the loss wants."""

    def examples(
        self, episodes: Sequence[Episode], memory: Mapping[str, Any], *, codec: Codec
    ) -> tuple[list[Example], Mapping[str, Any]]:
        """Training sequences of a round, and the (JSON) memory that the next round gets."""

    def loss(self, logprobs_BT: Tensor, batch: Batch) -> tuple[Tensor, Figures]:
        """A scalar and figures for the log. It must be a mean over spans of terms that depend on one span each."""


@dataclass
class Learner:
    """Updates ``model`` (any transformers causal model; its trainable parameters are learned)."""

    model: Any
    config: Optimisation = field(default_factory=Optimisation)

    def __post_init__(self) -> None:
        self.parameters = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        if not self.parameters:
            raise ValueError("the model has no trainable parameter; add an adapter or unfreeze it")
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=self.config.learning_rate, weight_decay=self.config.weight_decay, betas=(0.9, 0.95)
        )
        self.steps = 0

    def logprobs(self, batch: Batch) -> Tensor:
        """Log-probability [B, T] of every trained token given those before it; 0 elsewhere."""
        packed = pack(batch.tokens_BT, batch.length_B, ratio=key_price(self.model))
        return token_logprobs(self.model, batch, packed=packed)

    def update(
        self,
        examples: Sequence[Example],
        loss: Callable[[Tensor, Batch], tuple[Tensor, Figures]],
        *,
        seed: int,
        reference: Reference = "start",
        progress: Callable[[int], object] = lambda sequences: None,
    ) -> dict[str, float]:
        """One round: reference log-probabilities, then ``epochs`` passes in an order that ``seed`` fixes.

        Returns the figures of the loss averaged over spans, with ``loss``, ``grad_norm`` and counts.
        """
        if not examples:
            return {"sequences": 0.0, "trained_tokens": 0.0}
        if reference != "none":
            examples = self.with_reference(examples, bare=reference == "base")
        order = np.random.default_rng(seed)
        totals: dict[str, float] = {}
        norms: list[float] = []
        for _ in range(self.config.epochs):
            shuffled = order.permutation(len(examples))
            for start in range(0, len(examples), self.config.batch):
                chosen = [examples[index] for index in shuffled[start : start + self.config.batch]]
                norms.append(self._step(chosen, loss, totals))
                progress(len(chosen))
        spans = totals.pop("spans")
        figures = {name: value / spans for name, value in totals.items()}
        figures["grad_norm"] = float(np.mean(norms))
        figures["sequences"] = float(len(examples))
        figures["trained_tokens"] = float(sum(span.stop - span.start for e in examples for span in e.spans))
        return figures

    def save(self, folder: Path) -> None:
        """Write the optimiser's state; the model's is written by whoever owns the model."""
        torch.save({"optimiser": self.optimiser.state_dict(), "steps": self.steps}, folder / "optimiser.pt")

    def load(self, folder: Path) -> None:
        """Read what ``save`` wrote."""
        state = torch.load(folder / "optimiser.pt", weights_only=True)
        self.optimiser.load_state_dict(state["optimiser"])
        self.steps = state["steps"]

    def _step(
        self,
        examples: Sequence[Example],
        loss: Callable[[Tensor, Batch], tuple[Tensor, Figures]],
        totals: dict[str, float],
    ) -> float:
        spans = sum(len(example.spans) for example in examples)
        self.optimiser.zero_grad(set_to_none=True)
        for chunk in chunks(examples, tokens=self.config.tokens, ratio=key_price(self.model)):
            batch = collate(chunk)
            share = len(batch.value_N)
            value, figures = loss(self.logprobs(batch), batch)
            torch.autograd.backward(value * (share / spans))
            for name, figure in {"loss": float(value.detach()), **figures}.items():
                totals[name] = totals.get(name, 0.0) + figure * share
            totals["spans"] = totals.get("spans", 0.0) + share
        norm = float(torch.nn.utils.clip_grad_norm_(self.parameters, self.config.clip_norm))
        self.steps += 1
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.learning_rate * min(1.0, self.steps / max(1, self.config.warmup))
        self.optimiser.step()
        return norm

    def with_reference(self, examples: Sequence[Example], *, bare: bool) -> list[Example]:
        """The examples with log-probabilities under the model as it is, or with its adapter off (``bare``).

        Raises:
            ValueError: if a model without adapter is to have it off.
        """
        if bare and not hasattr(self.model, "disable_adapter"):
            raise ValueError("the base as reference needs a model with an adapter; use with_lora, or the start")
        found: list[Example] = []
        with torch.no_grad(), self.model.disable_adapter() if bare else nullcontext():
            for chunk in chunks(examples, tokens=self.config.tokens, ratio=key_price(self.model)):
                logprobs_BT = self.logprobs(collate(chunk))
                for example, row_T in zip(chunk, logprobs_BT, strict=True):
                    found.append(replace(example, reference=tuple(row_T[: len(example.tokens)].tolist())))
        return found


def token_logprobs(model: Any, batch: Batch, *, packed: Packed | None = None, chunk: int = 2048) -> Tensor:
    """Log-probability [B, T] of the batch's trained tokens under a transformers causal model; 0 elsewhere.

    ``packed`` is the batch with common beginnings computed once (``selftaught.algorithms.packing``); the figures are
    the same.
    """
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    packed = packed or apart(batch.tokens_BT)
    # Right padding under a causal mask: no real token sees a pad, so no padding mask is needed.
    hidden_PND = causal.base_model(
        input_ids=packed.tokens_PN,
        position_ids=packed.positions_PN,
        attention_mask=None if packed.visible_PNN is None else packed.visible_PNN[:, None],
        use_cache=False,
    ).last_hidden_state
    rows, places = batch.mask_BT.nonzero(as_tuple=True)
    targets = batch.tokens_BT[rows, places]
    hidden = hidden_PND[packed.pack_B[rows], packed.place_BT[rows, places - 1]]
    head = causal.get_output_embeddings()
    # Where the vocabulary product of all chunks would be large to keep for the backward pass, it is computed twice.
    twice = torch.is_grad_enabled() and len(targets) * head.weight.shape[0] > MOST_KEPT_LOGITS
    pieces = [
        checkpoint(_target_logprobs, part, head.weight, wanted, use_reentrant=False)
        if twice
        else _target_logprobs(part, head.weight, wanted)
        for part, wanted in zip(torch.split(hidden, chunk), torch.split(targets, chunk), strict=True)
    ]
    flat = torch.cat(pieces)
    return torch.zeros(batch.tokens_BT.shape, dtype=flat.dtype).index_put((rows, places), flat)


def key_price(model: Any) -> float:
    """How many keys a query sees at the price of one token in a layer's linear products."""
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    config = causal.config
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    weights = sum(p.numel() for p in causal.base_model.parameters()) - causal.get_input_embeddings().weight.numel()
    return float(weights / config.num_hidden_layers / (2 * config.num_attention_heads * width))


def _target_logprobs(hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    logits = torch.nn.functional.linear(hidden, head).float()
    return logits.gather(1, targets[:, None])[:, 0] - logits.logsumexp(-1)
