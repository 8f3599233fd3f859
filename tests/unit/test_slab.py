"""The slab and its pages keep what they are given; products are right whichever kernel makes them."""

from __future__ import annotations

from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from selftaught.agents import local_products
from selftaught.agents.local_products import product
from selftaught.agents.local_slab import PAGE, Geometry, Held, Slab

SIZE = Geometry(layers=2, heads=1, width=3)


def slab(*, columns: int = 1000) -> Slab:
    return Slab(SIZE, device=torch.device("cpu"), dtype=torch.float32, bytes=4 * SIZE.numbers * columns)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3 * PAGE)), min_size=1, max_size=12), st.randoms())
def test_rows_come_back_as_they_went(steps: list[tuple[int, int]], random: Random) -> None:
    """Rows leave slots for pages, which others use before and after; a slab that grows loses nothing."""
    one = slab()
    away: list[tuple[Held, torch.Tensor]] = []
    for slot, columns in steps:
        one.reserve(slot + 1, columns)
        written = torch.rand(2, 2, 1, columns, 3)
        one.block[:, :, slot, :, :columns] = written
        away.append((one.take(slot, columns), written))
        one.block[:, :, slot] = -1.0
        if random.random() < 0.6:
            held, expected = away.pop(random.randrange(len(away)))
            one.put(slot, held)
            assert torch.equal(one.block[:, :, slot, :, : held.count], expected)
    for held, expected in away:
        one.put(0, held)
        assert torch.equal(one.block[:, :, 0, :, : held.count], expected)


def test_pages_are_used_again_and_given_up_on_demand() -> None:
    one = slab()
    one.reserve(2, 2 * PAGE)
    held = one.take(0, PAGE + 1)
    places = {page.data_ptr() for page in held.pages}
    assert held.nbytes == 2 * PAGE * SIZE.numbers * 4
    one.put(1, held)
    assert {page.data_ptr() for page in one.take(1, 2 * PAGE).pages} == places
    one.put(0, one.take(1, 1))
    before = one.nbytes
    one.trim()
    assert before - one.nbytes == PAGE * SIZE.numbers * 4 and one.nbytes == one.block.nbytes


def test_columns_set_aside_are_zero_and_within_the_bound() -> None:
    one = slab(columns=300)
    one.reserve(2, 100)
    first = one.block.data_ptr()
    one.reserve(2, 150)
    assert one.block.data_ptr() == first and one.block.shape == (2, 2, 2, 1, 150, 3) and not one.block.any()
    one.clear()
    assert (one.slots, one.columns) == (0, 0)


@pytest.mark.parametrize("lays_out", [True, False])
@pytest.mark.parametrize("rows", [1, 3, 64])
def test_products_are_those_of_linear(rows: int, lays_out: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not lays_out:
        monkeypatch.setattr(local_products, "_lays_out", lambda: False)
    x, weight = torch.randn(rows, 48), torch.randn(33, 48)
    for one in (weight, torch.randn(48, 33).T):
        assert torch.allclose(product(one)(x), x @ one.T, atol=1e-5)
    assert torch.allclose(product(weight.half())(x.half()).float(), x @ weight.T, atol=0.2)
