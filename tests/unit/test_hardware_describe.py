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


MEANINGS = {
    "p equals q": "p == q",
    "p is equal to q": "p == q",
    "p is the same as q": "p == q",
    "p differs from q": "p != q",
    "p is not equal to q": "p != q",
    "p is identical to q": "p === q",
    "p is not identical to q": "p !== q",
    "p is less than q": "p < q",
    "p is below q": "p < q",
    "p is at most q": "p <= q",
    "p is less than or equal to q": "p <= q",
    "p is greater than q": "p > q",
    "p is above q": "p > q",
    "p is at least q": "p >= q",
    "p is greater than or equal to q": "p >= q",
    "all of p, q and s hold": "p && q && s",
    "every one of p and q is true": "p && q",
    "p and also q": "p && q",
    "at least one of p, q and s holds": "p || q || s",
    "one or more of p and q hold": "p || q",
    "p or else q": "p || q",
    "p is false": "!p",
    "not p": "!p",
    "p is not set": "!p",
    "the sum of p, q and 9": "p + q + 9",
    "p plus q": "p + q",
    "q added to p": "p + q",
    "p minus q": "p - q",
    "q subtracted from p": "p - q",
    "the product of p and q": "p * q",
    "p times q": "p * q",
    "p divided by q": "p / q",
    "the quotient of p by q": "p / q",
    "p modulo q": "p % q",
    "the remainder of p divided by q": "p % q",
    "2 raised to the power q": "2 ** q",
    "p shifted left by q": "p << q",
    "p moved left by q places": "p << q",
    "p shifted right by q": "p >> q",
    "p moved right by q places": "p >> q",
    "s shifted left arithmetically by q": "s <<< q",
    "s shifted right arithmetically by q": "s >>> q",
    "s shifted right by q with its sign kept": "s >>> q",
    "the bitwise and of p, q and s": "p & q & s",
    "p masked bit by bit with q": "p & q",
    "the bitwise or of p and q": "p | q",
    "p merged bit by bit with q": "p | q",
    "the exclusive or of p and q": "p ^ q",
    "the bitwise exclusive or of p, q and s": "p ^ q ^ s",
    "the exclusive nor of p and q": "p ~^ q",
    "the inverted exclusive or of p and q": "p ~^ q",
    "the bitwise inverse of p": "~p",
    "p with every bit inverted": "~p",
    "the complement of p": "~p",
    "the negative of p": "-p",
    "minus p": "-p",
    "plus p": "+p",
    "the and of all bits of p": "&p",
    "whether every bit of p is 1": "&p",
    "the or of all bits of p": "|p",
    "whether any bit of p is 1": "|p",
    "the exclusive or of all bits of p": "^p",
    "the parity of p": "^p",
    "the nand of all bits of p": "~&p",
    "whether some bit of p is 0": "~&p",
    "the nor of all bits of p": "~|p",
    "whether no bit of p is 1": "~|p",
    "the exclusive nor of all bits of p": "~^p",
    "the inverted parity of p": "~^p",
    "p if q is true, otherwise s": "q ? p : s",
    "p when (q plus s) holds, else q": "q + s ? p : q",
    "p if q is set, otherwise s": "q ? p : s",
    "the concatenation of p and q": "{p, q}",
    "p, q and s joined from the highest bit down": "{p, q, s}",
    "p and q side by side": "{p, q}",
    "3 copies of p": "{3{p}}",
    "p repeated 2 times": "{2{p}}",
    "(p read as a signed number) shifted right arithmetically by 1": "$signed(p) >>> 1",
    "(p taken with a sign) divided by 2": "$signed(p) / 2",
    "(s read as an unsigned number) divided by 3": "$unsigned(s) / 3",
    "(s taken without a sign) divided by 3": "$unsigned(s) / 3",
    "s resized to 2 bits": "2'(s)",
    "the base 2 logarithm of 9, rounded up": "$clog2(9)",
    "the number of bits in p": "$bits(p)",
    "the function tail of p": "p & 3",
    "what the function tail gives for q": "q & 3",
    "bit 2 of p": "p[2]",
    "bits 2 to 1 of p": "p[2:1]",
    "bits 3 through 2 of p": "p[3:2]",
    "the 2 bits of p from bit 1 up": "p[2:1]",
    "the 2 bits of p that start at bit 2": "p[3:2]",
    "the 2 bits of p from bit 2 down": "p[2:1]",
    "the 2 bits of p that end at bit 3": "p[3:2]",
    "entry q of deep": "15 - q",
    "word 1 of deep": "15 - 1",
    "4-bit 11": "4'b1011",
    "the 4-bit number 11": "4'b1011",
    "the 4-bit value 11": "4'b1011",
    "signed 4-bit 11": "-5",
    "the signed 4-bit number 11": "-5",
    "the bit 1": "1",
    "a single 1": "1",
    "the bits 0101": "5",
    "binary 0101": "5",
    "8-bit hexadecimal 2f": "47",
    "the 8-bit hexadecimal number 2f": "47",
    "(all zeros) is at most p": "1",
    "all ones": "'1",
    "all unknown": "'x",
    "200": "200",
    "p taken as the type colour": "p",
}


@pytest.mark.parametrize("phrase", MEANINGS)
def test_words_mean_what_they_say(phrase: str) -> None:
    """Against code that is written here by hand: the wordings' table is used both ways, so a swap there goes unseen."""
    phrase_, wanted = phrase.replace("(all zeros)", "all zeros"), MEANINGS[phrase]
    text = (
        f"""The module meaning:
  - Ports:
    - p and q are each an input of 4 bits.
    - s is a signed input of 4 bits.
    - y is an output of 12 bits.
  - Inside:
    - deep is a memory with entries 0 to 15, each a variable of 4 bits.
    - n is an integer.
    - colour is a type, a choice of 4 bits, which may be red or green at 7.
  - Behaviour:
    - The function tail gives a value of 4 bits:
      - t is an argument of 4 bits.
      - Let tail be the bitwise and of t and 3.
    - As combinational logic:
      - For each n from 0 up to 15: set entry n of deep to 15 minus n.
    - Y always equals {phrase_}.
""".replace("Colour", "colour")
        .replace("Y always", "y always")
        .replace("4 bits, one of", "4 bits, which may be")
    )
    code = rebuild(text)
    assert code is not None, text
    ports = "input [3:0] p, q, input signed [3:0] s, output [11:0] y"
    golden = f"module meaning({ports}); assign y = {wanted}; endmodule"
    assert judged(golden, code).kind == "equal", (judged(golden, code), code)


def test_every_wording_of_an_expression_has_its_meaning_tested() -> None:
    def shape(text: str) -> str:
        return re.sub(r"\s+", " ", re.sub(r"\{.*?\}", "@", text))

    missing = []
    for rule in ("clause", "compound", "atom"):
        for wordings in RULES[rule].values():
            for wording in wordings:
                pattern = re.escape(shape(wording)).replace("@", ".+").replace(r"\ ", " ")
                if not any(re.search(rf"(^|\(){pattern}($|\))", phrase) for phrase in MEANINGS):
                    missing.append(wording)
    assert not missing


PROCESSES = {
    "On the rising edge of clk:|r will be d.": "always @(posedge clk) r <= d;",
    "At the positive edge of clk:|r is updated to d.": "always @(posedge clk) r <= d;",
    "On the falling edge of clk:|load r with d.": "always @(negedge clk) r <= d;",
    "On the negative edge of clk:|r will be 1 exactly when d equals 2.": "always @(negedge clk) r <= d == 2;",
    "On the rising edge of clk, with a synchronous reset by rst, active high:|In reset: r will be 3.|Out of reset: "
    "r will be d.": "always @(posedge clk) if (rst) r <= 3; else r <= d;",
    "At the rising edge of clk, where the reset is rst at 0:|On reset: r will be 3.|Without reset: "
    "r is updated to 1 if d is above 1 and to 0 if not.": "always @(posedge clk) if (!rst) r <= 3; else r <= d > 1;",
    "On the rising edge of clk, with an asynchronous reset by rst, active low:|While the reset is active: r will be 3."
    "|When the reset is not active: r will be d.": (
        "always @(posedge clk or negedge rst) if (!rst) r <= 3; else r <= d;"
    ),
    "At the rising edge of clk, and at any time when reset by a high level of rst:|In reset: r will be 3.|Out of "
    "reset: r will be d.": "always @(posedge clk or posedge rst) if (rst) r <= 3; else r <= d;",
    "As combinational logic:|if rst is set: r becomes d.|otherwise, if clk holds: let r be 1.|else: set r to 2.": (
        "always @* r = rst ? d : clk ? 1 : 2;"
    ),
    "As purely combinational logic:|depending on d:|- when it is 1 or 2: let r be 1 exactly when clk is false.|- for "
    "all other values: r becomes 1 if d is at least 3 and 0 if not.": "always @* r = d == 1 || d == 2 ? !clk : d >= 3;",
    "Whenever there is a change of d:|look at the value of d, with question marks for bits that do not matter:|- for "
    "the bits 1???: let r be 1.|- in any other case: let r be 2.": "always @* r = d[3] ? 1 : 2;",
}


@pytest.mark.parametrize("told", PROCESSES)
def test_processes_mean_what_they_say(told: str) -> None:
    head, *lines = told.split("|")
    body = "".join(f"      {'  ' if line.startswith('- ') else ''}- {line.removeprefix('- ')}\n" for line in lines)
    text = (
        "The module meaning:\n  - Ports:\n    - clk and rst are each an input of one bit.\n"
        "    - d is an input of 4 bits.\n"
        f"    - r is an output variable of 4 bits.\n  - Behaviour:\n    - {head}\n{body}"
    )
    code = rebuild(text)
    assert code is not None, text
    golden = f"module meaning(input clk, rst, input [3:0] d, output reg [3:0] r); {PROCESSES[told]} endmodule"
    assert judged(golden, code).kind == "equal", (judged(golden, code), code)


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
