"""Text from a model: whatever it is, it is refused or read, quickly, and nothing raises."""

from __future__ import annotations

import gc
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.envs.hardware import compare, prepare, read, refusal
from selftaught.envs.hardware.design import Design, Driver

GOOD = """`timescale 1ns/1ps
module top(input clk, input rst_n, input signed [3:0] a, output reg [3:0] q); // a comment: `-free, $-free, it's "fine"
  /* and one
     of two lines */
  always @(posedge clk or negedge rst_n)
    if (!rst_n) q <= 4'd0;
    else if (a > 4'sd2) q <= q + $unsigned(a);
    else q <= {q[2:0], ^a} & $clog2(16);
endmodule
""".replace("`-free, $-free, ", "")

HEAD = "module top(input [7:0] a, b, output reg [7:0] y);\n"

REFUSED = {
    "too long": "//" + "x" * 20_000,
    "include": '`include "/dev/zero"\n' + GOOD,
    "macro bomb": "`define a 1\n`define b `a`a\n" + GOOD,
    "conditional": "`ifdef X\n`endif\n" + GOOD,
    "back-tick in a comment": "// `include\n" + GOOD,
    "finish": GOOD.replace("q <= 4'd0;", "$finish;"),
    "open": GOOD.replace("q <= 4'd0;", 'q <= $fopen("x");'),
    "display": 'module top; initial $display("hello"); endmodule',
    "force": GOOD.replace("q <= 4'd0;", "force q = 1;"),
    "bind": "bind top other u();\n" + GOOD,
    "escaped name": GOOD.replace("q", "\\q+1 "),
    "null": GOOD + "\x00",
    "half a pair": GOOD + "\ud800",
    "deep brackets": HEAD + "assign y=" + "(" * 3000 + "a" + ")" * 3000 + ";endmodule",
    "deep blocks": HEAD + "always @*" + "begin " * 1000 + "y=a;" + "end " * 1000 + "endmodule",
    "deep ifs": HEAD + "always @*" + "if(a)" * 3000 + "y=a;endmodule",
    "deep generate": HEAD + "if(1)" * 3000 + "assign y=a;endmodule",
    "long sum": HEAD + "assign y=a" + "+a" * 4000 + ";endmodule",
    "long choice": HEAD + "always @* y=" + "a?b:" * 3000 + "a;endmodule",
    "many events": HEAD + "always " + "@a " * 3000 + "y=a;endmodule",
    "inside": HEAD + "assign y=a" + " inside {a}" * 900 + ";endmodule",
    "huge loop": HEAD + "integer i; initial for(i=0;i<4000000000;i=i+1) y=i;endmodule",
}

ODD = {
    "nothing": "",
    "no module": "hello world",
    "itself inside": "module top(output y); top u(y); endmodule",
    "each other": "module top(output y); b u(y); endmodule module b(output y); top u(y); endmodule",
    "tree": "".join(f"module m{n}(output y); wire a,b; m{n + 1} u(a),v(b); assign y=a&b; endmodule " for n in range(40))
    + "module m40(output y); assign y=1; endmodule",
    "wide": "module top(input [9999999:0] a, output y); assign y = ^a; endmodule",
    "memory": "module top(input clk, input [19:0] a, output reg y); reg m[0:1048575]; "
    "always @(posedge clk) y<=m[a]; endmodule",
    "replication": "module top(input a, output [7:0] y); assign y = {9999999{a}}; endmodule",
    "generate": "module top(output y); genvar i; for(i=0;i<9999999;i=i+1) begin wire w; end assign y=0; endmodule",
    "endless loop": HEAD + "integer i; always @* begin y=0; for(i=0;i<1;i=i) y=y+a; end endmodule",
    "endless function": "module top(output [7:0] y); function [7:0] f(input [7:0] x); f=f(x); endfunction "
    "assign y=f(1); endmodule",
    "constant without end": "module top #(parameter P=f(1))(output y); function integer f(input integer x); "
    "while(1) x=x+1; endfunction assign y=P; endmodule",
    "many branches": HEAD + "always @* if(a==0) y=0;" + "else if(a==1) y=1;" * 390 + "endmodule",
    "big multiplier": "module top(input [255:0] a,b, output [255:0] y); assign y = a*b; endmodule",
    "big divider": "module top(input [511:0] a,b, output [511:0] y); assign y = a/b; endmodule",
    "interface": "module top(input a, output y, inout z); assign y=a; endmodule",
    "real": "module top(output y); real r; initial r=1.5; assign y = r > 1; endmodule",
    "string": 'module top(output [7:0] y); assign y = "a"; endmodule',
    "wait": "module top(input a, output reg y); initial wait(a) y=1; endmodule",
    "fork out": HEAD + "always begin y=a; end endmodule",
    "switch": "module top(input a,b, output y); bufif1 g(y,a,b); endmodule",
}


def test_good_text_is_read() -> None:
    assert refusal(GOOD) is None
    reading = read(GOOD)
    assert (reading.refused, reading.errors) == ("", "")
    assert [(port.name, port.direction, port.width, port.signed) for port in reading.ports] == [
        ("clk", "in", 1, False),
        ("rst_n", "in", 1, False),
        ("a", "in", 4, True),
        ("q", "out", 4, False),
    ]


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_text_is_refused_before_it_is_parsed(name: str) -> None:
    start = time.perf_counter()
    assert refusal(REFUSED[name])
    assert compare(prepare(GOOD), REFUSED[name]).stage == "text"
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize("name", ODD)
def test_odd_text_ends_soon_without_raising(name: str) -> None:
    start = time.perf_counter()
    golden = prepare(ODD[name])
    assert golden.circuit is None or name in ("many branches", "tree")
    assert compare(golden, ODD[name]).kind in ("unknown", "equal")
    assert compare(prepare(GOOD), ODD[name]).kind in ("unknown", "different")
    assert time.perf_counter() - start < 5


def test_nothing_is_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.v"
    secret.write_text("module secret; endmodule")
    assert "directive" in read(f'`include "{secret}"\n{GOOD}').refused


def test_errors_are_the_compilers_without_a_hint() -> None:
    errors = read(GOOD.replace("q + $unsigned", "qq + $unsigned")).errors
    assert errors.startswith("design.v:7:30: error: ")
    assert "undeclared identifier 'qq'" in errors
    assert errors.splitlines()[1:3] == [GOOD.splitlines()[6].replace("q +", "qq +"), " " * 29 + "^"]
    for text in (GOOD.replace("q + $unsigned", "qq + $unsigned"), GOOD.replace("endmodule", "endm=odule").rstrip()):
        assert "did you mean" not in read(text).errors


def test_an_error_at_the_end_is_short() -> None:
    """The compiler's own report of this one has more than a gigabyte of blanks."""
    for end in ("endm=odule", "endm=odule\n", "module", "assign", "(", "/*", "'"):
        assert len(read(GOOD.replace("endmodule\n", end)).errors) < 3000


def test_one_top_is_wanted() -> None:
    two = GOOD + "module other(output y); assign y=0; endmodule"
    assert "top" in read(two).errors and read(two, top="other").top is not None


@given(st.text(max_size=300))
def test_any_text_is_judged(text: str) -> None:
    assert refusal(text) is None or isinstance(refusal(text), str)
    assert compare(prepare(GOOD), text).kind in ("different", "unknown")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_corrupted_text_is_judged(data: st.DataObject) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        piece = data.draw(
            st.sampled_from(["", ";", "end", "begin", "(", "]", "q", "[", "'", "8'hx", "*", "@", "if", "="])
        )
        text = text[:start] + piece + text[end:]
    assert compare(prepare(GOOD), text).kind in ("equal", "different", "unknown")
    assert compare(prepare(text), GOOD).kind in ("equal", "different", "unknown")


def test_nothing_outlives_a_comparison() -> None:
    """What the compiler made must not wait for the collector: its memory is gone by then, and the process ends."""
    golden = prepare(GOOD)
    gc.collect()
    gc.disable()
    try:
        for text in (GOOD, GOOD.replace("+", "-"), GOOD.replace("<=", "="), *ODD.values()):
            compare(golden, text)
        left = [found for found in gc.get_objects() if isinstance(found, Design | Driver)]
    finally:
        gc.enable()
    assert not left
