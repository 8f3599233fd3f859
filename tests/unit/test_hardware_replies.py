"""Replies are read in linear time, holes cannot be taken for code, and what nothing drives is not called driven."""

from __future__ import annotations

from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.envs.hardware.designs import LEVELS, draw, tokens
from selftaught.envs.hardware.game import _in_order, _pasted
from selftaught.envs.hardware.judging import judged
from selftaught.envs.hardware.making import HOLES, completion, described
from selftaught.envs.hardware.problems import MARK, Problem, filled, judge, words_of
from selftaught.envs.hardware.safety import LARGEST, refusal

GOLDEN = "module top(input a, input b, output y);\n  assign y = a & b;\nendmodule\n"
WHOLE = Problem("repair", GOLDEN, (GOLDEN,))
HOLED = Problem("complete", GOLDEN, ("a", "b"), pieces=(GOLDEN[:53], " & ", GOLDEN[58:]))
LONG = 200_000

REPLIES = {
    "module": "module " * (LONG // 7),
    "endmodule": "endmodule " * (LONG // 10),
    "blank lines": "\n" * LONG,
    "blanks": f"1: {' ' * LONG}x",
    "blanks before": f"{' ' * LONG}1",
    "number": "1" * LONG,
    "numbers": "1 " * (LONG // 2),
    "fences": "```\n" * (LONG // 4),
    "ticks": "`" * LONG,
    "comments": "/* " * (LONG // 3),
}


@pytest.mark.parametrize("name", REPLIES)
def test_long_replies_are_read_in_a_moment(name: str) -> None:
    started = process_time()
    for found in (WHOLE, HOLED):
        assert judge(found, REPLIES[name]).rung in ("refused", "safe")
    tokens(REPLIES[name])
    assert process_time() - started < 2


@pytest.mark.parametrize("level", LEVELS)
def test_code_in_a_description_is_found_however_it_is_dressed(level: int) -> None:
    random = np.random.default_rng(level)
    for _ in range(15):
        code = draw(random, level=level, split="train").text
        dressed = (
            code,
            " ".join(f"{token} .." if place % 6 == 5 else token for place, token in enumerate(tokens(code))),
            "I say: " + " and ".join(tokens(code)),
            code.replace(";", ".").replace("<=", " gets ").replace("assign", "let"),
        )
        assert all(_pasted(text, code) for text in dressed)
        assert not _pasted(described(code, random), code) and not _pasted("", code)


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_what_stands_in_order_is_counted(said: list[str], written: list[str]) -> None:
    longest = {(0, 0): 0}
    for i in range(len(said) + 1):
        for j in range(len(written) + 1):
            if i and j and said[i - 1] == written[j - 1]:
                longest[i, j] = longest[i - 1, j - 1] + 1
            else:
                longest[i, j] = max(longest.get((i - 1, j), 0), longest.get((i, j - 1), 0))
    assert _in_order(said, written) == longest[len(said), len(written)]


def test_a_comment_without_an_end_is_refused_in_a_moment() -> None:
    started = process_time()
    assert refusal("/* " * (LARGEST // 3)) == "a comment has no end"
    assert process_time() - started < 0.2
    for text in ("/*/", "/* a", "x /* a */ /*"):
        assert refusal(text) == "a comment has no end"
    for text in ("/**/", "/***/", '"/*"', "// /*", "/* a */ /* b */"):
        assert refusal(text) is None


@given(st.text(alphabet="ab {}()[]12:.<>`\n\r\t", max_size=60), st.text(alphabet="ab 1:<>`\n", max_size=20))
def test_a_module_is_found_wherever_it_stands(before: str, after: str) -> None:
    wanted = GOLDEN.strip()
    assert filled(WHOLE, f"{before.replace('`', '')}\n{wanted}\n{after.replace('`', '')}") == wanted
    assert filled(WHOLE, f"{before.replace('`', '')}\n```verilog\n{GOLDEN}```{after}") == GOLDEN


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(list(LEVELS)), st.sampled_from(HOLES[1:]))
def test_holes_are_marked_as_no_code_is(seed: int, level: int, form: str) -> None:
    random = np.random.default_rng(seed)
    made = completion(draw(random, level=level, split="train").text, random, form)
    if made is None:
        return
    found, shown = made.problem, made.problem.shown
    for number, answer in enumerate(found.answers, 1):
        assert shown.count(MARK.format(number)) == 1 and MARK.format(number) not in found.golden
        shown = shown.replace(MARK.format(number), answer)
    assert shown == found.golden == filled(found, found.reply)


def test_code_that_looks_like_a_hole_has_none() -> None:
    golden = GOLDEN.replace("a & b", "a <1> b")
    assert judged(golden, golden).kind == "equal"
    assert all(completion(golden, np.random.default_rng(seed), "token") is None for seed in range(10))


@pytest.mark.parametrize(
    "text",
    [
        "module top(input a, input b, output y);\nendmodule",
        "module top(input a, input b, output y);\n  wire t;\n  assign y = a & t;\nendmodule",
    ],
)
def test_what_nothing_drives_is_below_what_is_driven_wrongly(text: str) -> None:
    verdict = judged(GOLDEN, text)
    assert (verdict.kind, verdict.stage) == ("different", "drivers") and verdict.trace is not None
    found = judge(WHOLE, text)
    assert found.rung == "connected" and found.said == words_of(verdict)
    assert found.said.startswith("nothing drives ") and "y should be" in found.said
    assert judge(WHOLE, GOLDEN.replace("&", "|")).rung == "driven"


@pytest.mark.parametrize("text", ["", "// module top", "wire y;", "module other(input a); endmodule"])
def test_what_holds_no_module_is_worth_no_more_than_a_typo(text: str) -> None:
    typo = judge(WHOLE, GOLDEN.replace("b;", "b"))
    assert judge(WHOLE, text).rung == typo.rung == "safe"


def test_an_undriven_signal_that_changes_nothing_is_no_fault() -> None:
    text = GOLDEN.replace("  assign y = a & b;", "  wire t;\n  assign y = a & b & (t | 1'b1);")
    assert judged(GOLDEN, text).kind == "equal"
