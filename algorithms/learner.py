"""The learner: a policy, its optimiser, and one update over examples.

Log-probabilities are taken at trained tokens only: hidden states there go through the vocabulary product in chunks, and
[B, T, V] is never held. The reference needs no second model: it is the policy as it was before the update, or the model
with its adapter off or with another one on, and its log-probabilities are computed once, before the first step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from selftaught.algorithms.examples import Batch, Example, Span, collate
from selftaught.algorithms.losses import Figures, Mean
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.packing import Packed, apart, chunks, pack
from selftaught.attention import mask_of, windowed
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


@runtime_checkable
class ActorCritic(Algorithm, Protocol):
    """An algorithm that wants a critic: the learner's values are there before the first step, and in every batch."""

    @property
    def stop_kl(self) -> float | None:
        """Stop the update where the policy has gone so far from the one that sampled (``kl_sampled`` of the loss)."""

    def estimate(self, examples: Sequence[Example]) -> list[Example]:
        """The examples with ``advantages`` and ``returns`` made of their ``values``; the order is that of play."""


@dataclass
class Learner:
    """Updates ``model`` (any transformers causal model; its trainable parameters are learned).

    ``critic`` adds a value head, one linear layer on the policy's own last hidden state, for an ``ActorCritic``. Where
    a loss wants the base as reference, ``base`` names an adapter to be put on: the policy from which rewards began, if
    it has learned anything before; None is the bare model.
    """

    model: Any
    config: Optimisation = field(default_factory=Optimisation)
    critic: bool = False
    base: str | None = None

    def __post_init__(self) -> None:
        self.parameters = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        if not self.parameters:
            raise ValueError("the model has no trainable parameter; add an adapter or unfreeze it")
        _check_head(self.model)
        self.head: Tensor | None = None
        if self.critic:
            width = _causal(self.model).get_output_embeddings().weight.shape[1]
            self.head = torch.zeros(width, requires_grad=True, device=self.device)
            self.parameters.append(self.head)
        self.optimiser = torch.optim.AdamW(
            self.parameters, lr=self.config.learning_rate, weight_decay=self.config.weight_decay, betas=(0.9, 0.95)
        )
        self.steps = 0

    @property
    def device(self) -> torch.device:
        """Where the model is, and batches are moved."""
        return torch.device(self.parameters[0].device)

    def logprobs(self, batch: Batch) -> Tensor:
        """Log-probability [B, T] of every trained token given those before it; 0 elsewhere."""
        return self._forward(batch.to(self.device))[0]

    def update(
        self,
        examples: Sequence[Example],
        loss: Callable[[Tensor, Batch], tuple[Tensor, Figures]],
        *,
        seed: int,
        reference: Reference = "start",
        estimate: Callable[[Sequence[Example]], Sequence[Example]] | None = None,
        stop_kl: float | None = None,
        progress: Callable[[int], object] = lambda sequences: None,
    ) -> dict[str, float]:
        """One round: reference log-probabilities, then ``epochs`` passes in an order that ``seed`` fixes.

        ``estimate`` and ``stop_kl`` are an ``ActorCritic``'s. Returns the figures of the loss, averaged over what each
        is a mean of, with ``loss``, ``grad_norm`` and counts: ``sequences`` are examples, ``trained_tokens`` count
        again in each epoch.

        Raises:
            ValueError: if there is something to estimate and no critic, or a gradient is not finite.
        """
        if not examples:
            return {"sequences": 0.0, "trained_tokens": 0.0}
        if reference != "none":
            examples = self.with_reference(examples, bare=reference == "base")
        if estimate is not None:
            examples = estimate(self.with_values(examples))
        order = np.random.default_rng(seed)
        totals: dict[str, tuple[float, int]] = {}
        norms: list[float] = []
        tokens = 0
        for chosen in self._batches(examples, order):
            before = totals.get("kl_sampled", (0.0, 0))
            norms.append(self._step(chosen, loss, totals))
            tokens += sum(span.stop - span.start for example in chosen for span in example.spans)
            progress(len(chosen))
            total, count = (now - then for now, then in zip(totals.get("kl_sampled", (0.0, 0)), before, strict=True))
            if stop_kl is not None and count and total / count > stop_kl:
                break
        figures = {name: total / count if count else 0.0 for name, (total, count) in totals.items()}
        figures["grad_norm"] = float(np.mean(norms))
        figures["steps"] = float(len(norms))
        figures["sequences"] = float(len(examples))
        figures["trained_tokens"] = float(tokens)
        return figures

    def save(self, folder: Path) -> None:
        """Write the optimiser's state; the model's is written by whoever owns the model."""
        head = None if self.head is None else self.head.detach()
        torch.save(
            {"optimiser": self.optimiser.state_dict(), "steps": self.steps, "head": head}, folder / "optimiser.pt"
        )

    def load(self, folder: Path) -> None:
        """Read what ``save`` wrote.

        Raises:
            ValueError: if one of the two has a critic and the other has not.
        """
        state = torch.load(folder / "optimiser.pt", weights_only=True, map_location="cpu")
        if (state.get("head") is None) != (self.head is None):
            raise ValueError(
                f"{folder} was saved {'with' if self.head is None else 'without'} a critic, unlike this one"
            )
        self.optimiser.load_state_dict(state["optimiser"])
        self.steps = state["steps"]
        if self.head is not None:
            with torch.no_grad():
                self.head.copy_(state["head"])

    def _forward(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Log-probabilities and, if there is a critic, values, both [B, T] and of trained tokens alone."""
        packed = pack(batch.tokens_BT, batch.length_B, ratio=key_price(self.model))
        short = self.config.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=short):
            hidden = trained_hidden(self.model, batch, packed=packed)
        values = None if self.head is None else _spread(hidden.float() @ self.head, batch)
        return hidden_logprobs(self.model, hidden, batch), values

    def _batches(self, examples: Sequence[Example], order: np.random.Generator) -> Iterator[list[Example]]:
        groups = _groups(examples, by_prompt=self.config.grouped)
        for _ in range(self.config.epochs):
            batch: list[Example] = []
            for index in order.permutation(len(groups)):
                batch += groups[index]
                if len(batch) >= self.config.batch:
                    yield batch
                    batch = []
            if batch:
                yield batch

    def _step(
        self,
        examples: Sequence[Example],
        loss: Callable[[Tensor, Batch], tuple[Tensor, Figures]],
        totals: dict[str, tuple[float, int]],
    ) -> float:
        spans = sum(len(example.spans) for example in examples)
        self.optimiser.zero_grad(set_to_none=True)
        for chunk in chunks(examples, tokens=self.config.tokens, ratio=key_price(self.model)):
            batch = collate(chunk).to(self.device)
            share = len(batch.value_N)
            logprobs_BT, value_BT = self._forward(batch)
            value, figures = loss(logprobs_BT, replace(batch, value_BT=value_BT))
            torch.autograd.backward(value * (share / spans))
            for name, figure in {"loss": float(value.detach()), **figures}.items():
                count = figure.count if isinstance(figure, Mean) else share
                total, of = totals.get(name, (0.0, 0))
                totals[name] = (total + figure * count, of + count)
        norm = float(torch.nn.utils.clip_grad_norm_(self.parameters, self.config.clip_norm))
        if not math.isfinite(norm):
            raise ValueError(
                f"step {self.steps + 1} has a gradient of norm {norm}, which would spoil every weight: go on from the "
                "last checkpoint with a lower learning rate"
            )
        self.steps += 1
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.rate(self.steps)
        self.optimiser.step()
        return norm

    def with_reference(self, examples: Sequence[Example], *, bare: bool) -> list[Example]:
        """The examples with log-probabilities under the model as it is, or as its base is (``bare``).

        Raises:
            ValueError: if a model without adapter is to have it off.
        """
        if bare and not hasattr(self.model, "disable_adapter"):
            raise ValueError("the base as reference needs a model with an adapter; use with_lora, or the start")
        with self._as_base() if bare else nullcontext():
            rows = self._measured(examples, lambda batch: self._forward(batch)[0])
        return [replace(example, reference=row) for example, row in zip(examples, rows, strict=True)]

    @contextmanager
    def _as_base(self) -> Iterator[None]:
        if self.base is None:
            with self.model.disable_adapter():
                yield
            return
        learned = self.model.active_adapter
        self.model.set_adapter(self.base)
        try:
            yield
        finally:
            self.model.set_adapter(learned)

    def with_values(self, examples: Sequence[Example]) -> list[Example]:
        """The examples with the critic's values as it is.

        Raises:
            ValueError: if there is no critic.
        """
        if self.head is None:
            raise ValueError("this algorithm needs a critic: make the learner with critic=True")
        rows = self._measured(examples, lambda batch: self._forward(batch)[1])
        return [replace(example, values=row) for example, row in zip(examples, rows, strict=True)]

    def _measured(
        self, examples: Sequence[Example], measure: Callable[[Batch], Tensor | None]
    ) -> list[tuple[float, ...]]:
        """A figure for every token of every example, in the order of the examples."""
        found: dict[int, tuple[float, ...]] = {}
        with torch.no_grad():
            for chunk in chunks(examples, tokens=self.config.tokens, ratio=key_price(self.model)):
                figures_BT = measure(collate(chunk).to(self.device))
                assert figures_BT is not None
                for example, row in zip(chunk, figures_BT.tolist(), strict=True):
                    found[id(example)] = tuple(row[: len(example.tokens)])
        return [found[id(example)] for example in examples]


def token_logprobs(model: Any, batch: Batch, *, packed: Packed | None = None, chunk: int = 2048) -> Tensor:
    """Log-probability [B, T] of the batch's trained tokens under a transformers causal model; 0 elsewhere.

    ``packed`` is the batch with common beginnings computed once (``selftaught.algorithms.packing``); the figures are
    the same.
    """
    return hidden_logprobs(model, trained_hidden(model, batch, packed=packed), batch, chunk=chunk)


def trained_hidden(model: Any, batch: Batch, *, packed: Packed | None = None) -> Tensor:
    """The last hidden state [M, D] before each of the batch's M trained tokens, in the order of rows and places."""
    causal = _causal(model)
    packed = apart(batch.tokens_BT) if packed is None or windowed(causal.config) else packed
    # Right padding under a causal mask: no real token sees a pad, so no padding mask is needed.
    hidden_PND = causal.base_model(
        input_ids=packed.tokens_PN,
        position_ids=packed.positions_PN,
        attention_mask=None if packed.visible_PNN is None else mask_of(causal, packed.visible_PNN[:, None]),
        use_cache=False,
    ).last_hidden_state
    rows, places = batch.mask_BT.nonzero(as_tuple=True)
    hidden: Tensor = hidden_PND[packed.pack_B[rows], packed.place_BT[rows, places - 1]]
    return hidden


def hidden_logprobs(model: Any, hidden: Tensor, batch: Batch, *, chunk: int = 2048) -> Tensor:
    """Log-probability [B, T] of the trained tokens from the hidden state [M, D] before each; 0 elsewhere."""
    head = _causal(model).get_output_embeddings()
    targets = batch.tokens_BT[batch.mask_BT]
    # Where the vocabulary product of all chunks would be large to keep for the backward pass, it is computed twice.
    twice = torch.is_grad_enabled() and len(targets) * head.weight.shape[0] > MOST_KEPT_LOGITS
    pieces = [
        checkpoint(_target_logprobs, part, head, wanted, use_reentrant=False)
        if twice
        else _target_logprobs(part, head, wanted)
        for part, wanted in zip(
            torch.split(hidden.to(head.weight.dtype), chunk), torch.split(targets, chunk), strict=True
        )
    ]
    return _spread(torch.cat(pieces), batch)


def key_price(model: Any) -> float:
    """How many keys a query sees at the price of one token in a layer's linear products."""
    causal = _causal(model)
    config = causal.config
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    weights = sum(p.numel() for p in causal.base_model.parameters()) - causal.get_input_embeddings().weight.numel()
    return float(weights / config.num_hidden_layers / (2 * config.num_attention_heads * width))


def _groups(examples: Sequence[Example], *, by_prompt: bool) -> list[list[Example]]:
    """What stays in one batch: the two examples of a preference and, if wanted, all with the same first prompt."""
    groups: dict[tuple[int, ...], list[Example]] = {}
    for number, example in enumerate(examples):
        key: tuple[int, ...] = (number - example.rejected,)
        if by_prompt:
            key = examples[key[0]].tokens[: examples[key[0]].spans[0].start]
        groups.setdefault(key, []).append(example)
    return list(groups.values())


def _causal(model: Any) -> Any:
    """The transformers model within an adapted one."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def _spread(figures: Tensor, batch: Batch) -> Tensor:
    """One figure a trained token [M] to [B, T], 0 elsewhere."""
    places = batch.mask_BT.nonzero(as_tuple=True)
    return figures.new_zeros(batch.tokens_BT.shape).index_put(places, figures)


def _check_head(model: Any) -> None:
    """See that log-probabilities are the model's own.

    Raises:
        ValueError: if its logits are more than hidden states times the vocabulary, such as scaled or capped ones.
    """
    tokens = torch.arange(8, device=next(model.parameters()).device)[None] % _causal(model).config.vocab_size
    batch = collate([Example(tuple(tokens[0].tolist()), (Span(1, 8),))]).to(tokens.device)
    training = model.training
    model.eval()  # dropout would tell the two apart
    with torch.no_grad():
        own = token_logprobs(model, batch)[0, 1:]
        told = model(input_ids=tokens).logits[0, :-1].float().log_softmax(-1).gather(1, tokens[0, 1:, None])[:, 0]
    model.train(training)
    if float((own - told).abs().max()) > 0.1:
        kind = _causal(model).config.model_type
        raise ValueError(f"no learner for {kind!r}: its logits are not hidden states times the vocabulary alone")


def _target_logprobs(hidden: Tensor, head: Any, targets: Tensor) -> Tensor:
    logits = torch.nn.functional.linear(hidden, head.weight, head.bias).float()
    return logits.gather(1, targets[:, None])[:, 0] - logits.logsumexp(-1)
