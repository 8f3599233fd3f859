"""Packs of sequences with a common beginning: nothing lost, nothing changed, and never dearer."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from selftaught.agents.local_fake import fake
from selftaught.algorithms.examples import Batch, Example, Span, collate
from selftaught.algorithms.learner import key_price, token_logprobs
from selftaught.algorithms.packing import LEAST_SHARED, chunks, pack, plan

PROMPT = tuple(range(20, 60))
GROUP = [
    Example((*PROMPT, 1, 2, 3), (Span(40, 43),)),
    Example((*PROMPT, 1, 2, 9, 9, 9), (Span(41, 45),)),
    Example((*PROMPT[:30], 7), (Span(20, 24), Span(28, 31))),
    Example((100, 101, 102), (Span(1, 3),)),
]

token_lists = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=40), min_size=1, max_size=8)


def losses_and_gradients(batch: Batch, **options: Any) -> tuple[torch.Tensor, torch.Tensor]:
    model = fake().model
    logprobs = token_logprobs(model, batch, **options)
    torch.autograd.backward((logprobs * torch.arange(1.0, logprobs.numel() + 1).view_as(logprobs)).sum())
    gradients = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
    return logprobs.detach(), torch.cat(gradients)


def test_packed_figures_and_gradients_are_those_of_the_sequences_apart() -> None:
    batch = collate(GROUP)
    packed = pack(batch.tokens_BT, batch.length_B, ratio=1000.0)
    assert packed.tokens_PN.shape[0] == 2 and packed.tokens_PN.numel() < batch.tokens_BT.numel()
    together, apart = losses_and_gradients(batch, packed=packed), losses_and_gradients(batch)
    assert torch.allclose(together[0], apart[0], atol=1e-5)
    assert torch.allclose(together[1], apart[1], atol=1e-5 * float(apart[1].abs().max()))


@given(token_lists, st.sampled_from([0.0, 10.0, 1000.0]))
def test_a_plan_holds_every_sequence_once_and_shares_only_what_is_equal(rows: list[list[int]], ratio: float) -> None:
    packs = plan(rows, ratio=ratio)
    assert sorted(row for one in packs for row in one.rows) == list(range(len(rows)))
    for one in packs:
        beginnings = {tuple(rows[row][: one.shared]) for row in one.rows}
        assert len(beginnings) == 1
        assert one.size == one.shared + sum(len(rows[row]) - one.shared for row in one.rows)
        assert len(one.rows) == 1 or one.shared >= LEAST_SHARED
    if ratio == 0:
        assert all(len(one.rows) == 1 or one.size < sum(len(rows[row]) for row in one.rows) for one in packs)


@given(token_lists)
def test_places_of_a_packed_batch_hold_its_tokens(rows: list[list[int]]) -> None:
    batch = collate([Example(tuple(row), ()) for row in rows])
    packed = pack(batch.tokens_BT, batch.length_B, ratio=100.0)
    for index, row in enumerate(rows):
        places = packed.place_BT[index, : len(row)]
        found = packed.tokens_PN[packed.pack_B[index], places]
        assert found.tolist() == row
        assert packed.positions_PN[packed.pack_B[index], places].tolist() == list(range(len(row)))


def test_chunks_keep_packs_whole_and_within_the_limit() -> None:
    rows = [Example((*PROMPT, number, number), (Span(40, 42),)) for number in range(10)] + GROUP
    found = list(chunks(rows, tokens=70, ratio=1000.0))
    assert sorted(map(id, (row for chunk in found for row in chunk))) == sorted(map(id, rows))
    largest = max(found, key=len)
    assert len(largest) >= 10
    for chunk in found:
        packs = plan([row.tokens for row in chunk], ratio=1000.0)
        assert len(packs) == 1 or len(packs) * max(one.size for one in packs) <= 70


def test_the_price_of_a_key_is_that_of_the_architecture() -> None:
    model = fake().model
    layer = model.model.layers[0]
    products = sum(weight.numel() for weight in layer.parameters() if weight.ndim == 2)
    assert key_price(model) == pytest.approx(products / (2 * 32), rel=0.02)
