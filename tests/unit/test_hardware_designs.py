"""Drawn designs: all can be judged, they are many, and no design is in two splits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.envs.hardware import prepare
from selftaught.envs.hardware.designs import FAMILIES, HELD_OUT, LARGE, LEVELS, SPLITS, canonical, draw, split_of
from selftaught.envs.hardware.judging import judged
from selftaught.envs.hardware.sheet import Sheet

GENERATOR = st.integers(0, 2**32).map(np.random.default_rng)


@settings(max_examples=150)
@given(random=GENERATOR, level=st.sampled_from(sorted(LEVELS)), split=st.sampled_from(SPLITS))
def test_every_design_can_be_judged(random: np.random.Generator, level: int, split: str) -> None:
    found = draw(random, level=level, split=split)
    golden = prepare(found.text)
    assert golden.circuit is not None, (golden.reason, found.text)
    low, high = LEVELS[level]
    assert low <= found.text.count("\n") <= high, found.text
    assert (set(found.families) & set(HELD_OUT) != set()) == (split == "hard")
    assert split == "hard" or split_of(found.text) == split


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_equal_to_itself_and_varies(name: str) -> None:
    texts = set()
    for seed in range(30):
        sheet = Sheet(np.random.default_rng(seed), tiny=seed % 3 == 0 and name not in LARGE)
        FAMILIES[name](sheet)
        text = sheet.text("top")
        verdict = judged(text, text)
        assert verdict.kind == "equal", (verdict, text)
        texts.add(canonical(text))
    assert len(texts) >= 3, texts


def test_there_are_thousands_of_designs() -> None:
    random = np.random.default_rng(0)
    for level, least in ((0, 1500), (1, 2400), (2, 2950)):
        assert len({canonical(draw(random, level=level, split="train").text) for _ in range(3000)}) > least


def test_splits_are_by_design_and_not_by_name_or_layout() -> None:
    one = "module a(input clk, d, output reg q);\n  always @(posedge clk) q <= d; // kept\nendmodule\n"
    other = "module b (input c, x,\n output reg y); always @(posedge c) y <= x; endmodule"
    assert canonical(one) == canonical(other) and split_of(one) == split_of(other)
    assert canonical(one) != canonical(one.replace("posedge", "negedge"))
    random = np.random.default_rng(1)
    drawn = {split: {canonical(draw(random, level=1, split=split).text) for _ in range(200)} for split in SPLITS}
    assert all(not drawn[a] & drawn[b] for a in SPLITS for b in SPLITS if a < b)


def test_what_is_unknown_is_named() -> None:
    random = np.random.default_rng(0)
    with pytest.raises(ValueError, match="level 9"):
        draw(random, level=9, split="train")
    with pytest.raises(ValueError, match="'nowhere'"):
        draw(random, level=1, split="nowhere")
