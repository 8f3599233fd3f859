"""Verdicts: every way known to be fooled, traces that hold when played again, and the prover's own limits."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.benchmarks.prover import Mutant, mutants
from selftaught.benchmarks.prover_designs import DESIGNS
from selftaught.envs.hardware import Verdict, check, compare, prepare, replay
from selftaught.envs.hardware.verdicts import agree

COUNTER = """module top(input clk, input rst_n, input [3:0] d, input en, output reg [7:0] q);
  always @(posedge clk or negedge rst_n)
    if (!rst_n) q <= 8'd0;
    else if (en) q <= q + d;
endmodule"""

STATES = """module top(input clk, input rst, input a, output reg y);
  reg [1:0] s, n;
  always @(posedge clk) if (rst) s <= 0; else s <= n;
  always @* case (s) 0: n = a ? 1 : 0; 1: n = a ? 2 : 0; 2: n = a ? 2 : 0; default: n = 0; endcase
  always @* y = s == 2;
endmodule"""

FREE = """module top(input clk, input d, output reg [1:0] q);
  always @(posedge clk) q <= {q[0], d};
endmodule"""

CHAIN = """module top(input clk, input d, output reg q);
  reg p;
  always @(posedge clk) begin p <= d; q <= p; end
endmodule"""

EQUAL = {
    "the same": (COUNTER, COUNTER),
    "other order": (COUNTER, COUNTER.replace("q + d", "d + q")),
    "case for if": (
        COUNTER,
        COUNTER.replace("if (en) q <= q + d;", "case (en) 1'b1: q <= q + d; default: q <= q; endcase"),
    ),
    "other name": (
        COUNTER,
        COUNTER.replace("output reg [7:0] q", "output [7:0] q")
        .replace("q <=", "r <=")
        .replace("q + d", "r + d")
        .replace("  always", "  reg [7:0] r;\n  assign q = r;\n  always"),
    ),
    "a register in two": (
        COUNTER,
        COUNTER.replace("output reg [7:0] q", "output [7:0] q")
        .replace("  always", "  reg [3:0] h, l;\n  assign q = {h, l};\n  always")
        .replace("q <=", "{h, l} <="),
    ),
    "reset that says no more": (COUNTER, COUNTER.replace("endmodule", "  initial q = 3;\nendmodule")),
    "unreachable default": (STATES, STATES.replace("default: n = 0", "default: n = 2")),
    "unreachable comparison": (STATES, STATES.replace("s == 2", "s >= 2")),
    "x for the unreachable": (STATES, STATES.replace("default: n = 0", "default: n = 'x")),
    "x is anything": (
        STATES.replace("default: n = 0", "default: n = 'x"),
        STATES.replace("default: n = 0", "default: n = 2"),
    ),
    "other encoding": (
        STATES,
        """module top(input clk, input rst, input a, output y);
  reg [2:0] z;
  always @(posedge clk)
    if (rst) z <= 1;
    else begin z[0] <= ~a; z[1] <= z[0] & a; z[2] <= (z[1] | z[2]) & a; end
  assign y = z[2];
endmodule""",
    ),
    "names swapped": (
        "module top(input clk, input rst, input d, output y); reg p, q; "
        "always @(posedge clk) if (rst) {p, q} <= 0; else begin p <= d; q <= p; end assign y = q; endmodule",
        "module top(input clk, input rst, input d, output y); reg p, q; "
        "always @(posedge clk) if (rst) {p, q} <= 0; else begin q <= d; p <= q; end assign y = p; endmodule",
    ),
    "blocking alone": (FREE, FREE.replace("<=", "=")),
    "unused register": (FREE, FREE.replace("endmodule", "  reg z; always @(posedge clk) z <= d;\nendmodule")),
    "inverted clock": (
        FREE,
        FREE.replace("posedge clk", "negedge m").replace("  always", "  wire m = ~clk;\n  always"),
    ),
    "other gates": (
        "module top(input [7:0] a, b, output [7:0] y); assign y = a ^ b; endmodule",
        "module top(input [7:0] a, b, output [7:0] y); assign y = (a | b) - (a & b); endmodule",
    ),
    "ports in another order": (
        "module top(input a, input b, output y); assign y = a & ~b; endmodule",
        "module top(input b, output y, input a); assign y = a > b; endmodule",
    ),
    "x in the golden": (
        "module top(input [1:0] s, output reg y); always @* case (s) 0: y = 0; 1: y = 1; default: y = 'x; "
        "endcase endmodule",
        "module top(input [1:0] s, output y); assign y = s[0]; endmodule",
    ),
}

DIFFERENT = {
    "operator": (COUNTER, COUNTER.replace("q + d", "q - d")),
    "clock's edge": (COUNTER, COUNTER.replace("posedge", "negedge")),
    "clock's edge, without reset": (FREE, FREE.replace("posedge", "negedge")),
    "synchronous reset": (COUNTER, COUNTER.replace(" or negedge rst_n", "")),
    "reset's value": (COUNTER, COUNTER.replace("8'd0", "8'd1")),
    "reset's level": (STATES, STATES.replace("if (rst)", "if (!rst)")),
    "no reset": (STATES, STATES.replace("if (rst) s <= 0; else ", "")),
    "first value": (
        FREE.replace("endmodule", "initial q = 1; endmodule"),
        FREE.replace("endmodule", "initial q = 2; endmodule"),
    ),
    "no first value": (FREE.replace("endmodule", "initial q = 1; endmodule"), FREE),
    "one stage less": (FREE, FREE.replace("{q[0], d}", "{d, d}")),
    "blocking in a chain": (CHAIN, CHAIN.replace("<=", "=")),
    "state": (STATES, STATES.replace("2: n = a ? 2 : 0;", "2: n = a ? 1 : 0;")),
    "sign": (
        "module top(input signed [3:0] a, output y); assign y = a < 0; endmodule",
        "module top(input [3:0] a, output y); assign y = a < 0; endmodule",
    ),
    "x in the candidate": (
        "module top(input a, output y); assign y = a; endmodule",
        "module top(input a, output y); assign y = a ? 1'b1 : 1'bx; endmodule",
    ),
    "nothing drives it": (
        "module top(input a, output y); assign y = 1'b0; endmodule",
        "module top(input a, output y); endmodule",
    ),
    "one pattern in 65536": (
        "module top(input [7:0] a, b, output y); assign y = 1'b0; endmodule",
        "module top(input [7:0] a, b, output y); assign y = a == 8'h5b && b == 8'hc3; endmodule",
    ),
    "after many cycles": (COUNTER, COUNTER.replace("q + d", "(q == 8'd250 && d == 1) ? 8'd0 : q + d")),
}

REFUSED = {
    "ports": ["output reg [8:0] q", "output reg [7:0] q, input more"],
    "syntax": ["output reg [7:0] q qq", "output reg [7:0 q", "input [7:0] q"],
    "text": ["output reg [7:0] q /* ` */"],
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal(name: str) -> None:
    verdict = check(*EQUAL[name])
    assert (verdict.kind, verdict.stage, verdict.trace) == ("equal", "logic", None), verdict


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_with_a_trace_that_holds(name: str) -> None:
    golden, candidate = DIFFERENT[name]
    verdict = check(golden, candidate)
    assert verdict.kind == "different"
    assert_holds(golden, candidate, verdict)


def assert_holds(golden: str, candidate: str, verdict: Verdict) -> None:
    """Each side alone, along the trace, shows what the trace says, and at its end the two disagree."""
    trace = verdict.trace
    assert trace is not None and trace.text()
    wanted, found = replay(golden, trace, candidate=False), replay(candidate, trace, candidate=True)
    assert wanted == [dict(step.golden) for step in trace.steps]
    assert found == [dict(step.candidate) for step in trace.steps]
    assert any(not agree(wanted[-1][name], found[-1][name]) for name in wanted[-1])


@pytest.mark.parametrize("stage", REFUSED)
def test_what_is_no_candidate_is_different(stage: str) -> None:
    for ports in REFUSED[stage]:
        verdict = check(COUNTER, COUNTER.replace("output reg [7:0] q", ports))
        assert (verdict.kind, verdict.stage, verdict.trace) == ("different", stage, None)
        assert verdict.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("endmodule", "assign q = 0; endmodule"), "driven more than once"),
        (("endmodule", "always @(posedge clk) q <= d; endmodule"), "driven more than once"),
        (("if (!rst_n) q <= 8'd0;\n    else ", ""), "does not start with its reset"),
    ],
)
def test_bad_hardware_is_not_decided(change: tuple[str, str], reason: str) -> None:
    verdict = check(
        COUNTER,
        COUNTER.replace(*change).replace("output reg", "output logic" if "assign" in change[1] else "output reg"),
    )
    assert verdict.kind != "equal"
    assert verdict.stage == "syntax" or reason in verdict.reason


def test_a_golden_that_cannot_be_judged_by_is_unknown() -> None:
    for text in ("", "module top(input a, output y); endmodule", STATES.replace("default: n = 0;", "")):
        verdict = check(text, text)
        assert verdict.kind == "unknown" and "golden" in verdict.reason


def test_x_in_a_register_of_the_golden_is_never_counted_against_the_candidate() -> None:
    """The state 3 can be reached here, and what follows is open: no run through it shows a difference."""
    golden = STATES.replace("2: n = a ? 2 : 0;", "2: n = a ? 3 : 0;").replace("default: n = 0", "default: n = 'x")
    assert check(golden, golden.replace("n = 'x", "n = 1")).kind == "equal"
    assert check(golden.replace("s == 2", "s == 3"), golden.replace("s == 2", "s >= 2")).kind == "different"


def test_the_golden_is_as_before_after_a_comparison() -> None:
    golden = prepare(COUNTER)
    before = golden.graph.mark()
    kinds = [
        compare(golden, text).kind
        for text in (COUNTER, COUNTER.replace("+", "-"), "", COUNTER.replace("+", "*"), COUNTER)
    ]
    assert golden.graph.mark() == before
    assert kinds == ["equal", "different", "different", "different", "equal"]


def test_a_proof_that_takes_too_long_is_unknown() -> None:
    product = "module top(input [15:0] a, b, output [31:0] y); wire [31:0] p = {16'd0, a}, q = {16'd0, b}; "
    start = time.perf_counter()
    verdict = check(product + "assign y = p * q; endmodule", product + "assign y = q * p; endmodule")
    assert verdict.kind in ("unknown", "equal")
    assert time.perf_counter() - start < 60


@pytest.mark.parametrize("design", DESIGNS)
def test_every_design_equals_itself(design: str) -> None:
    assert check(DESIGNS[design], DESIGNS[design], top="top").kind == "equal"


ALL = {design: [mutant for mutant in mutants(design, text) if mutant.text != text] for design, text in DESIGNS.items()}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(ALL)).flatmap(lambda design: st.sampled_from(ALL[design])))
def test_a_mutant_that_differs_has_a_trace_that_holds(mutant: Mutant) -> None:
    golden = DESIGNS[mutant.design]
    verdict = check(golden, mutant.text, top="top")
    if verdict.kind == "different" and verdict.stage == "logic":
        assert_holds(golden, mutant.text, verdict)


def test_errors_of_syntax_are_told_from_others() -> None:
    assert not check(COUNTER, COUNTER.replace("q + d;", "q + d")).parsed
    assert check(COUNTER, COUNTER.replace("q + d;", "q + nothing;")).parsed
    assert check(COUNTER, COUNTER).parsed
