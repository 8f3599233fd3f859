"""From episodes to training sequences: the merge rule, and batches of tensors.

Suffixes: ``_B`` sequence, ``_T`` token, ``_N`` span (one turn of one seat).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from selftaught.types import Codec, Episode, Seat, Turn

Kind = Literal["policy", "sft"]

UNKNOWN = float("nan")
"""The log-probability of a token that no model sampled; whatever is computed from it shows."""


@dataclass(frozen=True, slots=True)
class Span:
    """The trained tokens ``start .. stop`` of one turn, with what the loss should know of them.

    ``value`` is a reward or an advantage, ``weight`` scales the span in the batch mean, ``kind`` picks the loss term.
    """

    start: int
    stop: int
    value: float = 1.0
    weight: float = 1.0
    kind: Kind = "policy"


@dataclass(frozen=True, slots=True)
class Example:
    """One token sequence with at least one trained span.

    ``reference`` and ``sampled`` [T] are log-probabilities under the reference, and under the policy that sampled the
    tokens (NaN for those that no model sampled). ``values`` [T] are a critic's before the update, ``advantages`` and
    ``returns`` [T] what was made of them; ``continues`` says that the example before this one is an earlier part of the
    same seat's game.
    """

    tokens: tuple[int, ...]
    spans: tuple[Span, ...]
    reference: tuple[float, ...] = ()
    sampled: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    advantages: tuple[float, ...] = ()
    returns: tuple[float, ...] = ()
    continues: bool = False
    rejected: bool = False
    """Whether the example before this one is preferred to it; a loss sees both or none."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded examples.

    ``tokens_BT``; ``span_BT``: the span's number or -1; the figures of ``Example`` for each trained token, 0 elsewhere:
    ``reference_BT``, ``sampled_BT``, ``old_value_BT``, ``advantage_BT``, ``return_BT``; per span ``value_N``,
    ``weight_N``, ``sft_N`` (bool). ``value_BT`` is what the critic says now, with gradient, if there is one.
    """

    tokens_BT: Tensor
    length_B: Tensor
    span_BT: Tensor
    reference_BT: Tensor
    sampled_BT: Tensor
    old_value_BT: Tensor
    advantage_BT: Tensor
    return_BT: Tensor
    value_N: Tensor
    weight_N: Tensor
    sft_N: Tensor
    value_BT: Tensor | None = None

    @property
    def mask_BT(self) -> Tensor:
        """True where a token is trained."""
        return self.span_BT >= 0

    def to(self, device: torch.device) -> Batch:
        """The same batch where a model is."""
        return replace(self, **{name: part.to(device) for name, part in tensors_of(self).items()})


def sequences(episode: Episode, seat: Seat, *, codec: Codec) -> list[tuple[Example, tuple[int, ...]]]:
    """The seat's turns as sequences, each with the indices of the turns (among the seat's) that its spans are.

    While a prompt extends the previous prompt plus reply, turns share one sequence; else a new one starts. Sampled
    tokens are used as they were sampled; only replies without tokens (scripted players) are tokenised here.
    """
    merged: list[tuple[list[int], list[Span], list[int], list[float]]] = []
    for number, turn in enumerate(episode.turns_of(seat)):
        prompt, reply = _tokens(turn, codec)
        if not merged or prompt[: len(merged[-1][0])] != tuple(merged[-1][0]):
            merged.append(([], [], [], []))
        tokens, spans, numbers, sampled = merged[-1]
        start = len(prompt)
        sampled += [0.0] * (start - len(tokens)) + list(turn.reply.logprobs or [UNKNOWN] * len(reply))
        tokens += [*prompt[len(tokens) :], *reply]
        spans.append(Span(start, len(tokens)))
        numbers.append(number)
    return [
        (Example(tuple(tokens), tuple(spans), sampled=tuple(sampled), continues=place > 0), tuple(numbers))
        for place, (tokens, spans, numbers, sampled) in enumerate(merged)
    ]


def collate(examples: Sequence[Example], *, pad: int = 0) -> Batch:
    """Pad on the right to the longest sequence.

    Raises:
        ValueError: if a span is empty, starts before the second token, or ends past its sequence.
    """
    longest = max(len(example.tokens) for example in examples)
    tokens_BT = torch.full((len(examples), longest), pad)
    span_BT = torch.full((len(examples), longest), -1)
    spans: list[Span] = []

    def figures(of: Callable[[Example], tuple[float, ...]]) -> Tensor:
        rows = [torch.tensor(of(example) or (0.0,) * len(example.tokens), dtype=torch.float32) for example in examples]
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)

    for row, example in enumerate(examples):
        tokens_BT[row, : len(example.tokens)] = torch.tensor(example.tokens)
        for span in example.spans:
            if not 1 <= span.start < span.stop <= len(example.tokens):
                raise ValueError(f"span {span} does not fit a sequence of {len(example.tokens)} tokens")
            span_BT[row, span.start : span.stop] = len(spans)
            spans.append(span)
    return Batch(
        tokens_BT=tokens_BT,
        length_B=torch.tensor([len(example.tokens) for example in examples]),
        span_BT=span_BT,
        reference_BT=figures(lambda example: example.reference),
        sampled_BT=figures(lambda example: example.sampled),
        old_value_BT=figures(lambda example: example.values),
        advantage_BT=figures(lambda example: example.advantages),
        return_BT=figures(lambda example: example.returns),
        value_N=torch.tensor([span.value for span in spans]),
        weight_N=torch.tensor([span.weight for span in spans]),
        sft_N=torch.tensor([span.kind == "sft" for span in spans]),
    )


def tensors_of(parts: Any) -> dict[str, Tensor]:
    """The tensors of a dataclass, by the names of its fields."""
    found = {field.name: getattr(parts, field.name) for field in fields(parts)}
    return {name: part for name, part in found.items() if part is not None}


def span_means(values_BT: Tensor, batch: Batch) -> Tensor:
    """The mean of ``values_BT`` over each span's tokens: [N]."""
    assert values_BT.shape == batch.span_BT.shape, (values_BT.shape, batch.span_BT.shape)
    inside = batch.mask_BT
    ids = batch.span_BT[inside]
    count = len(batch.value_N)
    sums_N = values_BT.new_zeros(count).index_add(0, ids, values_BT[inside])
    return sums_N / torch.bincount(ids, minlength=count)


def with_spans(example: Example, spans: Sequence[Span]) -> Example:
    """The same sequence with other spans."""
    return replace(example, spans=tuple(spans))


def token_weighted(examples: Sequence[Example]) -> list[Example]:
    """Spans weighted by their length, with mean weight 1: every token then counts the same."""
    lengths = [span.stop - span.start for example in examples for span in example.spans]
    mean = float(np.mean(lengths)) if lengths else 1.0

    def weighted(span: Span) -> Span:
        return replace(span, weight=span.weight * (span.stop - span.start) / mean)

    return [with_spans(example, [weighted(span) for span in example.spans]) for example in examples]


def by_length(examples: Sequence[Example], *, tokens: int) -> Iterator[list[Example]]:
    """Cut into lists of like length whose padded size stays within ``tokens`` (a longer example stands alone)."""
    chunk: list[Example] = []
    for example in sorted(examples, key=lambda example: len(example.tokens)):
        if chunk and (len(chunk) + 1) * len(example.tokens) > tokens:
            yield chunk
            chunk = []
        chunk.append(example)
    if chunk:
        yield chunk


def _tokens(turn: Turn, codec: Codec) -> tuple[tuple[int, ...], tuple[int, ...]]:
    if turn.reply.tokens:
        return turn.reply.prompt_tokens, turn.reply.tokens
    return codec.prompt(turn.ask.messages), codec.reply(turn.reply.text)
