"""Descriptions: what they leave nothing out of, what they hold no code of, and that only they are understood."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.benchmarks.prover_designs import DESIGNS
from selftaught.benchmarks.prover_large import LARGE
from selftaught.envs.hardware.describe import describe, rebuild
from selftaught.envs.hardware.equivalence import prepare
from selftaught.envs.hardware.grammar import Node, hear, pieces, speak, vocabulary
from selftaught.envs.hardware.graph import Unsupported
from selftaught.envs.hardware.judging import judged
from selftaught.envs.hardware.outline import outline
from selftaught.envs.hardware.phrases import BODIES, ROLES, RULES
from selftaught.envs.hardware.roles import tell_roles

OTHERS: dict[str, str] = {
    "old_style": """
`timescale 1ns / 1ps
module top(clk, reset, d, q, any); // ports by name
  parameter W = 4;
  localparam TOP = W - 1;
  input clk, reset;
  input [TOP:0] d;
  output [TOP:0] q;
  output any;
  reg [TOP:0] q;
  wire any = |q;
  always @(negedge clk or posedge reset)
    if (reset) q <= {W{1'b0}};
    else q <= d;
endmodule""",
    "children": """
module part #(parameter W = 2, parameter signed [7:0] STEP = 1)(input [W-1:0] a, output [W-1:0] y, output z);
  assign y = a + STEP;
  assign z = ~|y;
endmodule
module top(input [4:0] a, output [4:0] y, output [2:0] x, output p, q);
  wire unused;
  part #(.W(5), .STEP(-8'sd3)) first(.a(a), .y(y), .z(p));
  part #(3) second(a[2:0], x, q);
  part third(.a(a[1:0]), .y(), .z(unused));
endmodule""",
    "gates": """
module top(input a, b, c, output x, y, z);
  wire n;
  nand g1(n, a, b), (y, n, c);
  xor (x, a, b, c);
  not (z, n);
endmodule""",
    "loops": """
module top(input [7:0] d, output reg [7:0] r, output reg [3:0] first, output reg [7:0] t, output reg [1:0] m);
  always_comb begin
    for (int i = 0; i < 8; i++) r[i] = d[7 - i];
    first = 8;
    for (int i = 7; i >= 0; i--) if (d[i]) first = i;
    t = 0;
    for (int i = 0; i <= 7; i = i + 2) t[i +: 2] = {d[i], d[i + 1]};
    m = 0;
    repeat (3) m += d[1:0];
    for (int i = 0; i < 8; i = i + 1) begin
      if (d[i]) break;
      if (i == 3) continue;
      m = m ^ 2'b01;
    end
  end
endmodule""",
    "functions": """
module top(input [7:0] a, input signed [3:0] s, output [7:0] y, output [3:0] n, output signed [7:0] w);
  function automatic integer ones(input [7:0] x);
    integer i;
    begin
      ones = 0;
      for (i = 0; i < 8; i = i + 1) if (x[i]) ones = ones + 1;
    end
  endfunction
  function [7:0] swap;
    input [7:0] x;
    begin : body
      swap = {x[3:0], x[7 -: 4]};
      if (x == 8'd0) disable body;
      swap[0] = 1'b1;
    end
  endfunction
  function [7:0] plus(input [7:0] x, y);
    return x + y;
  endfunction
  assign y = plus(swap(a), $unsigned(s)), n = ones(a) + $clog2(9), w = $signed(a) >>> 1;
endmodule""",
    "numbers": """
module top(input [8:1] a, input [0:7] b, output [40:0] y, output [7:0] z, output q, output [3:0] h, output [31:0] k);
  assign y = 41'h1_ab ^ {a[8:5], b[0:3]};
  assign z = 8'o17 | (a == '1 ? 8'sd5 : '0) | 8'b1010_0101;
  assign q = a[1] === 1'b1 && b[0] !== 1'd0 || !(a >= 3) || b <= 8'hF;
  assign h = b[1:4] === 4'b0011 ? 4'd2 : {2{a[2:1]}} ** 2;
  assign k = 'h7f - -a % 7 + 4'(b) / 3 + signed'(a) + $bits(b);
endmodule""",
    "reductions": """
module top(input [3:0] a, b, output [9:0] y, output [3:0] n);
  assign y = {&a, |a, ^a, ~&a, ~|a, ~^a, ^~b, +a > 2, a <<< 1 == b, !a};
  assign n = a ~^ b ^~ 4'd3;
endmodule""",
    "generate": """
module top #(parameter WIDE = 1, localparam N = 4)(input clk, input [N-1:0] d, output [N-1:0] q);
  genvar i;
  generate
    for (i = N - 1; i >= 0; i = i - 1) begin : bits
      reg held;
      wire next;
      localparam FLIP = 1;
      if (WIDE == 1) begin
        assign next = d[i] ^ FLIP;
      end else begin
        assign next = d[i];
      end
      always @(posedge clk) held <= next;
      assign q[i] = held;
    end
  endgenerate
endmodule""",
    "words": """
module module_1(input the, input [3:0] and_, a, is, output reg [3:0] If, output otherwise, of);
  always @(the or a or is) begin : block_1
    reg [3:0] number;
    number = a;
    casex (is)
      4'b1xx?, 4'b01xx: If = number;
      default: ;
      4'd3: If = 4'd1;
    endcase
    if (the) If = is; else begin end
    if (!the) case (is) 4'd0: If = a; 4'd1, 4'd2: If = is; default: If = 0; endcase
  end
  assign otherwise = the ? a[0] : is[1] ? a[2] : is[3], of = and_[a[1:0]];
endmodule""",
    "types": """
module top(input clk, rst, go, input [1:0] pick, input [1:0][3:0] rows, output logic [1:0] y, output [3:0] z, output k);
  typedef enum logic [1:0] {IDLE, RUN = 2'd2, DONE} state_t;
  state_t state, next;
  enum {LOW, HIGH} level;
  logic [0:2][7:0] table_;
  always_ff @(posedge clk) if (rst) begin state <= IDLE; table_ <= 0; end
    else begin state <= next; table_[pick] <= {rows[1], rows[0]}; end
  always_comb begin
    next = state;
    unique case (state)
      IDLE: if (go) next = RUN;
      RUN: next = go ? DONE : IDLE;
      default: next = state_t'(pick);
    endcase
    level = go ? HIGH : LOW;
  end
  assign y = state, z = rows[go] ^ table_[0][3:0], k = level == HIGH;
endmodule""",
    "parts_without_names": """
module top #(parameter N = 3)(input clk, input [N-1:0] d, output [N-1:0] q);
  for (genvar i = 0; i < N; i++) begin
    reg held;
    always @(posedge clk) held <= d[i];
    if (i <= 1) begin : low
      assign q[i] = held;
    end else if (i == 2) begin : high
      assign q[i] = ~held;
    end
  end
endmodule""",
    "kinds_of_reset": """
module top(input clk, rst, clr, set_n, input [3:0] d, output reg [3:0] a, b, c, e = 4'd3, output reg f);
  localparam [3:0] START = 4'd9;
  always @(posedge clk or negedge set_n or posedge rst)
    if (!set_n) a <= 4'hf;
    else if (rst) a <= 0;
    else a <= d;
  always_ff @(posedge clk or posedge rst)
    if (rst) begin b <= START; f <= 1'b0; end
    else if (clr) b <= 0;
    else begin b <= d; f <= ~f; end
  always @(posedge clk) begin
    if (~set_n) c <= {2{2'b10}};
    else if (clr) c <= d; else if (d[0]) c <= c + 1;
  end
  always @(negedge clk) begin e <= d; if (clr) e <= 0; end
endmodule""",
}
ALL = DESIGNS | LARGE | OTHERS
seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("name", ALL)
@given(seed=seeds)
@settings(max_examples=6, deadline=None)
def test_a_description_leaves_nothing_out(name: str, seed: int) -> None:
    text = describe(ALL[name], np.random.default_rng(seed))
    code = rebuild(text)
    assert code is not None, text
    verdict = judged(ALL[name], code)
    assert verdict.kind == "equal", (verdict, text, code)


NAMES = ("a", "of", "q", "Is", "x1", "bit_out", "_z", "The", "x", "and", "state", "e2", "b1")
TEXTS = {"n": NAMES, "d": ("0", "7", "12"), "p": ("0", "01", "1?x0", "xx"), "h": ("0", "ff", "1a0")}


def grown(rng: np.random.Generator, rule: str, depth: int) -> Node | str:
    """A random piece of a description of this sort, whatever it means."""

    def draw(choices: tuple[str, ...]) -> str:
        return choices[int(rng.integers(len(choices)))]

    if rule in TEXTS:
        return draw(TEXTS[rule])
    if rule == "r":
        return draw(("", "signed ")) + draw(tuple(ROLES))
    if rule in ("", "e", "c"):
        rule = draw(("atom", "compound")) if depth else "atom"
    rule = "clause" if rule == "b" else rule
    kind = draw(tuple(RULES[rule]))
    if rule == "s" and not depth:
        kind = "name"
    if rule == "atom" and not depth:
        kind = draw(("name", "number", "sized", "pattern", "zeros"))
    slots = [piece for piece in pieces(draw(RULES[rule][kind])) if not isinstance(piece, str)]
    parts: dict[int, Node | str] = {}
    for slot in sorted(slots, key=lambda slot: (slot.place < 0, slot.place)):
        if slot.place >= 0:
            parts[slot.place] = grown(rng, slot.sort, max(depth - 1, 0))
        else:
            for _ in range(int(rng.integers(2, 5))):
                parts[len(parts)] = grown(rng, slot.sort, max(depth - 1, 0))
    body: tuple[Node, ...] = ()
    if kind in BODIES and depth:
        lines = [grown(rng, BODIES[kind], max(depth - 1, 0)) for _ in range(int(rng.integers(3)))]
        body = tuple(line for line in lines if isinstance(line, Node))
    return Node(kind, tuple(parts[place] for place in sorted(parts)), body)


LINES = ("document", "section", "port", "parameter", "signal", "item", "statement", "arm", "phase", "link")


@given(seed=seeds, rule=st.sampled_from(LINES))
@settings(max_examples=600, deadline=None)
def test_whatever_is_said_is_heard_in_one_way(seed: int, rule: str) -> None:
    rng = np.random.default_rng(seed)
    nodes = tuple(node for _ in range(3) if isinstance(node := grown(rng, rule, 3), Node))
    text = speak(nodes, rule, rng)
    assert hear(text, rule) == nodes, text
    assert not re.search(r"[^\w\s().,:?\"`-]", text), text


@given(seed=seeds)
@settings(max_examples=200, deadline=None)
def test_nothing_is_pasted(seed: int) -> None:
    rng = np.random.default_rng(seed)
    code = list(ALL.values())[int(rng.integers(len(ALL)))]
    text = describe(code, rng)
    assert not re.search(r"[^\w\s().,:?\"`-]", text), text
    keywords = {"begin", "endmodule", "endcase", "posedge", "negedge", "reg", "always_comb", "casez", "localparam"}
    assert not keywords & set(re.findall(r"\w+", text)), text


def test_every_wording_is_used_and_heard() -> None:
    said = set()
    for rule, kinds in RULES.items():
        for kind, wordings in kinds.items():
            said |= {(rule, kind, wording) for wording in wordings}
            assert len(set(wordings)) == len(wordings)
    assert len(said) > 200
    assert {kind for kind in BODIES if not any(kind in kinds for kinds in RULES.values())} == set()
    assert {"the", "signed", "memory"} <= vocabulary() and not {"q", "state", "clk"} & vocabulary()


@given(st.one_of(st.text(max_size=300), st.sampled_from(list(ALL.values()))))
@settings(max_examples=200, deadline=None)
def test_other_texts_are_not_understood(text: str) -> None:
    assert rebuild(text) is None


@given(seed=seeds)
@settings(max_examples=200, deadline=None)
def test_a_damaged_description_never_raises(seed: int) -> None:
    rng = np.random.default_rng(seed)
    words = describe(list(ALL.values())[int(rng.integers(len(ALL)))], rng).split(" ")
    first, second = rng.integers(len(words), size=2)
    words[first], words[second] = words[second], words[first]
    code = rebuild(" ".join(words))
    assert code is None or code.startswith("module ")


def test_what_has_no_words_is_said_to_have_none() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(Unsupported, match="does not compile"):
        describe("module top(output y); assign y = z; endmodule", rng)
    typed = "typedef logic [1:0] pair; module top(input pair a, output pair y); assign y = a; endmodule"
    assert prepare(typed).circuit is not None
    with pytest.raises(Unsupported, match="anything but modules"):
        describe(typed, rng)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("counter", [("synchronous", "rise", "high")]),
        ("updown", [("asynchronous", "rise", "low")]),
        ("two_edges", [("synchronous", "rise", "high"), ("synchronous", "fall", "high")]),
        ("old_style", [("asynchronous", "fall", "high")]),
        ("register_file", [("clocked", "rise")]),
        (
            "kinds_of_reset",
            [
                ("clocked", "rise", "fall", "rise"),
                ("asynchronous", "rise", "high"),
                ("synchronous", "rise", "low"),
                ("clocked", "fall"),
            ],
        ),
    ],
)
def test_resets_are_told_with_kind_edge_and_level(name: str, told: list[tuple[str, ...]]) -> None:
    module = tell_roles(outline(ALL[name])[-1])
    lines = [line for section in module.body if section.kind == "behaviour" for line in section.body if line.body]
    found = [(line.kind, *(part.kind for part in line.parts if isinstance(part, Node))) for line in lines]
    assert found == told


def test_registers_memories_and_variables_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    text = describe(DESIGNS["fifo"], rng) + describe(DESIGNS["alu"], rng)
    assert re.search(r"head\W+and\W+tail\W+are each a register (of|with).* 2 bits", text)
    assert re.search(r"mem\W+is a memory with entries 0 to 3, each a register", text)
    assert "output variable" in text and "output register" not in text
