"""Faults: every kind finds its places, is drawn from them alone, and is a task only if it matters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.envs.hardware.designs import LEVELS, draw
from selftaught.envs.hardware.judging import complaints, judged
from selftaught.envs.hardware.mutations import HELD_OUT, KINDS, TAUGHT, mutate, proved
from selftaught.envs.hardware.mutations import draw as draw_mutant
from selftaught.envs.hardware.source import Edit, edited, parse

GOLDEN = """module top(input clk, input rst, input [3:0] a, b, output reg [3:0] q, output y);
  wire [3:0] t;
  assign t = a & b;
  assign y = rst ? t[0] : t == 4'd9;
  always @(posedge clk)
    if (rst && !b[0]) q <= 4'd3;
    else q <= q + t;
endmodule
"""


def mutants(kind: str, count: int = 60) -> set[str]:
    """All that are drawn of a kind."""
    found = (mutate(GOLDEN, kind, np.random.default_rng(seed)) for seed in range(count))
    return {text for text in found if text is not None}


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("missing token", "assign t = a & b;", "assign t = a & b"),
        ("wrong type", "output reg [3:0] q", "output wire [3:0] q"),
        ("wrong type", "output reg [3:0] q", "output [3:0] q"),
        ("wrong width", "wire [3:0] t", "wire [2:0] t"),
        ("dropped condition", "rst && !b[0]", "rst"),
        ("dropped condition", "\n    else q <= q + t;", "\n    "),
        ("loop", "assign t = a & b", "assign t = a & t"),
        ("port list", "output y", "input y"),
        ("operator", "a & b", "a | b"),
        ("constant", "4'd9", "4'd8"),
        ("edge", "posedge", "negedge"),
        ("branch swap", "rst ? t[0] : t == 4'd9", "rst ? t == 4'd9 : t[0]"),
        ("branch swap", "q <= 4'd3;\n    else q <= q + t;", "q <= q + t;\n    else q <= 4'd3;"),
        ("inverted condition", "(rst && !b[0])", "(!(rst && !b[0]))"),
        ("wrong name", "t[0]", "q[0]"),
    ],
)
def test_kinds_do_what_they_are_called_by(kind: str, before: str, after: str) -> None:
    assert before in GOLDEN
    assert GOLDEN.replace(before, after) in mutants(kind, 200)


def test_what_is_put_in_is_put_in() -> None:
    assert any(" goto " in text for text in mutants("stray word", 200))
    assert all(text.count("assign") == 3 for text in mutants("driver conflict"))
    assert {"extra", "aux", "spare", "test"} & set(" ".join(mutants("port list")).replace(",", " ").split())


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutant_that_is_a_task_is_worse(kind: str) -> None:
    kept = 0
    for text in sorted(mutants(kind, 40)):
        verdict = proved(GOLDEN, text, kind)
        if verdict is None:
            continue
        kept += 1
        assert text != GOLDEN and verdict.kind != "equal"
        again = judged(GOLDEN, text)
        assert again == verdict
        assert verdict.kind == "different" or verdict.stage == "drivers"
        if verdict.stage == "syntax":
            assert complaints(text).errors
    assert kept


def test_an_edit_that_changes_nothing_is_no_task() -> None:
    assert proved(GOLDEN, GOLDEN.replace("a & b", "b & a"), "operator") is None
    latch = GOLDEN.replace("always @(posedge clk)", "always @(clk)")
    assert judged(GOLDEN, latch).kind == "unknown" and proved(GOLDEN, latch, "edge") is None


def test_kinds_are_held_out() -> None:
    assert set(TAUGHT) | set(HELD_OUT) == set(KINDS) and not set(TAUGHT) & set(HELD_OUT)
    for seed in range(40):
        found = draw_mutant(GOLDEN, np.random.default_rng(seed), HELD_OUT)
        assert found is None or found.kind in HELD_OUT
    with pytest.raises(ValueError, match="'typo'"):
        mutate(GOLDEN, "typo", np.random.default_rng(0))


@given(seed=st.integers(0, 2**32), level=st.sampled_from(sorted(LEVELS)), kind=st.sampled_from(sorted(KINDS)))
def test_no_design_breaks_a_kind(seed: int, level: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    golden = draw(random, level=level, split="train").text
    text = mutate(golden, kind, random)
    assert text != golden


@given(st.text(max_size=200) | st.from_regex(r"(module|input|\(|\)|;|assign|[a-z]|if|else|\s|endmodule)+"))
def test_any_text_is_parsed_or_not(text: str) -> None:
    source = parse(text)
    assert source is None or all(text[token.start : token.end] == token.text for token in source.tokens)
    for kind in KINDS:
        mutate(text, kind, np.random.default_rng(0))


def test_edits_do_not_shift_each_other() -> None:
    assert edited("abcdef", [Edit(1, 2, "XYZ"), Edit(4, 5, ""), Edit(0, 0, "-")]) == "-aXYZcdf"
