"""What a design computes: random expressions against the language's rules in Python, and a case for each construct."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import add, and_, mul, or_, sub, xor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.envs.hardware import Unsupported, read
from selftaught.envs.hardware.circuit import Circuit, blast
from selftaught.envs.hardware.graph import Graph
from selftaught.envs.hardware.programs import execute_unknown, program


def circuit_of(text: str) -> tuple[Graph, Circuit]:
    reading, graph = read(text), Graph()
    assert reading.top is not None, reading.refused or reading.errors
    return graph, blast(graph, reading.top)


def outputs(text: str, **inputs: int) -> dict[str, str]:
    graph, circuit = circuit_of(text)
    values = {
        bit >> 1: (inputs[name] >> place & 1, ~inputs[name] >> place & 1)
        for name, bits in circuit.inputs.items()
        for place, bit in enumerate(bits)
    }
    return circuit.spell(execute_unknown(program(graph, circuit.shown()), values, 1))


@dataclass(frozen=True)
class Term:
    """An expression with its own width and sign, and its value at a width and sign that its context asks for."""

    text: str
    width: int
    signed: bool
    value: Callable[[Mapping[str, int], int, bool], int]

    def own(self, inputs: Mapping[str, int]) -> int:
        return self.value(inputs, self.width, self.signed)


def extended(value: int, width: int, *, to: int, signed: bool) -> int:
    return (value - (1 << width) if signed and value >> width - 1 else value) % (1 << to)


def number(value: int, width: int, *, signed: bool) -> int:
    return value - (1 << width) if signed and value >> width - 1 else value


PORTS = {"a": (4, False), "b": (5, True), "c": (1, False), "d": (7, True)}


def leaf(name: str) -> Term:
    width, signed = PORTS[name]
    return Term(name, width, signed, lambda i, w, s: extended(i[name], width, to=w, signed=s))


def literal(value: int, width: int, signed: bool) -> Term:
    value %= 1 << width
    text = f"{width}'{'s' if signed else ''}d{value}"
    return Term(text, width, signed, lambda i, w, s: extended(value, width, to=w, signed=s))


def arithmetic(mark: str, one: Term, two: Term) -> Term:
    width, signed = max(one.width, two.width), one.signed and two.signed
    operations = {"+": add, "-": sub, "*": mul, "&": and_, "|": or_, "^": xor}
    apply = operations[mark]
    text = f"({one.text} {mark} {two.text})"
    return Term(text, width, signed, lambda i, w, s: apply(one.value(i, w, s), two.value(i, w, s)) % (1 << w))


def comparison(mark: str, one: Term, two: Term) -> Term:
    width, signed = max(one.width, two.width), one.signed and two.signed
    apply = {"<": int.__lt__, ">=": int.__ge__, "==": int.__eq__, "!=": int.__ne__, ">": int.__gt__, "<=": int.__le__}[
        mark
    ]

    def value(i: Mapping[str, int], w: int, s: bool) -> int:
        sides = (number(side.value(i, width, signed), width, signed=signed) for side in (one, two))
        return int(apply(*sides))

    return Term(f"({one.text} {mark} {two.text})", 1, False, value)


def shift(mark: str, one: Term, two: Term) -> Term:
    def value(i: Mapping[str, int], w: int, s: bool) -> int:
        first, amount = one.value(i, w, s), two.own(i)
        if mark == "<<":
            return (first << amount) % (1 << w)
        return (number(first, w, signed=s and mark == ">>>") >> amount) % (1 << w)

    return Term(f"({one.text} {mark} {two.text})", one.width, one.signed, value)


def chosen(test: Term, one: Term, two: Term) -> Term:
    width, signed = max(one.width, two.width), one.signed and two.signed
    text = f"({test.text} ? {one.text} : {two.text})"
    return Term(text, width, signed, lambda i, w, s: (one if test.own(i) else two).value(i, w, s))


def joined(one: Term, two: Term) -> Term:
    width = one.width + two.width

    def value(i: Mapping[str, int], w: int, s: bool) -> int:
        return extended(one.own(i) << two.width | two.own(i), width, to=w, signed=s)

    return Term(f"{{{one.text}, {two.text}}}", width, False, value)


def cast(one: Term, signed: bool) -> Term:
    text = f"{'$signed' if signed else '$unsigned'}({one.text})"
    return Term(text, one.width, signed, lambda i, w, s: extended(one.own(i), one.width, to=w, signed=s))


def inverted(one: Term) -> Term:
    return Term(f"(~{one.text})", one.width, one.signed, lambda i, w, s: ~one.value(i, w, s) % (1 << w))


LEAVES = st.one_of(
    st.sampled_from([leaf(name) for name in PORTS]),
    st.builds(literal, st.integers(0, 63), st.integers(1, 6), st.booleans()),
)
TERMS: st.SearchStrategy[Term] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(arithmetic, st.sampled_from("+-*&|^"), inner, inner),
        st.builds(comparison, st.sampled_from(["<", ">=", "==", "!=", ">", "<="]), inner, inner),
        st.builds(shift, st.sampled_from(["<<", ">>", ">>>"]), inner, LEAVES),
        st.builds(chosen, inner, inner, inner),
        st.builds(joined, inner, inner),
        st.builds(cast, inner, st.booleans()),
        st.builds(inverted, inner),
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(term=TERMS, width=st.integers(1, 9), values=st.tuples(*(st.integers(0, 2**w - 1) for w, _ in PORTS.values())))
def test_expressions_follow_the_rules_of_width_and_sign(term: Term, width: int, values: tuple[int, ...]) -> None:
    ports = ", ".join(f"input {'signed ' if sign else ''}[{w - 1}:0] {name}" for name, (w, sign) in PORTS.items())
    inputs = dict(zip(PORTS, values, strict=True))
    asked = max(width, term.width)
    wanted = term.value(inputs, asked, term.signed) % (1 << width)
    found = outputs(f"module top({ports}, output [{width - 1}:0] y); assign y = {term.text}; endmodule", **inputs)
    assert int(found["y"], 2) == wanted


def logic(body: str, *, width: int = 8, more: str = "") -> str:
    ports = f"input [7:0] a, input [7:0] b, output reg [{width - 1}:0] y"
    return f"module top({ports}); {more} always @* begin {body} end endmodule"


CONSTRUCTS: dict[str, tuple[str, Callable[[int, int], int]]] = {
    "if": (logic("if (a > b) y = a; else if (a == b) y = 0; else y = b;"), lambda a, b: 0 if a == b else max(a, b)),
    "case without default": (
        logic("case (a[1:0]) 0: y = 1; 1: y = b; 2: y = 3; 3: y = ~b; endcase"),
        lambda a, b: [1, b, 3, ~b][a % 4],
    ),
    "several labels": (
        logic("case (a) 1, 3, 7: y = b; default: y = 9; endcase"),
        lambda a, b: b if a in (1, 3, 7) else 9,
    ),
    "casez": (
        logic("casez (a) 8'b1???_??0?: y = b; 8'b0000_????: y = 1; default: y = 2; endcase"),
        lambda a, b: b if a & 0x82 == 0x80 else 1 if a < 16 else 2,
    ),
    "casex": (logic("casex (a) 8'b1xxx_xxxx: y = b; default: y = 2; endcase"), lambda a, b: b if a > 127 else 2),
    "case of true": (
        logic("case (1'b1) a[0]: y = 1; a[3]: y = 2; default: y = 3; endcase"),
        lambda a, b: 1 if a & 1 else 2 if a & 8 else 3,
    ),
    "for": (logic("y = 0; for (i = 0; i < 8; i = i + 1) y = y + a[i];", more="integer i;"), lambda a, b: a.bit_count()),
    "downwards": (logic("for (int i = 7; i >= 0; i--) y[i] = a[7 - i];"), lambda a, b: int(f"{a:08b}"[::-1], 2)),
    "break": (
        logic("y = 8; for (int i = 0; i < 8; i++) if (a[i]) begin y = i; break; end"),
        lambda a, b: (a & -a).bit_length() - 1 if a else 8,
    ),
    "continue": (
        logic("y = 0; for (int i = 0; i < 8; i++) begin if (b[i]) continue; y = y + a[i]; end"),
        lambda a, b: (a & ~b).bit_count(),
    ),
    "disable": (
        logic("y = 0; begin : out if (a[0]) disable out; y = b; end y = y + 1;"),
        lambda a, b: 1 if a & 1 else b + 1,
    ),
    "while": (
        logic("y = a; i = 3; while (i > 0) begin y = y << 1; i = i - 1; end", more="integer i;"),
        lambda a, b: a << 3,
    ),
    "repeat": (logic("y = a; repeat (2) y = {y[6:0], y[7]};"), lambda a, b: (a << 2 | a >> 6) % 256),
    "compound": (logic("y = a; y += b; y ^= 8'h0f; y <<= 1;"), lambda a, b: ((a + b) % 256 ^ 15) << 1),
    "select to": (logic("y = 0; y[a[2:0]] = 1; y[3] = b[0];"), lambda a, b: (1 << a % 8) & ~8 | (b & 1) << 3),
    "range to": (logic("y = 0; y[a[2:0] +: 2] = b[1:0];"), lambda a, b: (b % 4) << a % 8),
    "range down to": (logic("y = 0; y[a[2:0] -: 2] = b[1:0];"), lambda a, b: (b % 4) << a % 8 >> 1),
    "select from": (logic("y = a[b[2:0]];"), lambda a, b: a >> b % 8 & 1),
    "range from": (
        logic("y = {a, a} >> b[2:0]; y = {y[3 -: 4], y[4 +: 4]};"),
        lambda a, b: int(f"{(a << 8 | a) >> b % 8 & 255:08b}"[4:] + f"{(a << 8 | a) >> b % 8 & 255:08b}"[:4], 2),
    ),
    "joined target": (logic("{y[3:0], y[7:4]} = a;"), lambda a, b: a % 16 << 4 | a >> 4),
    "function": (
        logic(
            "y = f(a, f(b, 1));",
            more="function [7:0] f(input [7:0] p, q); integer k; begin f = p; "
            "for (k = 0; k < 2; k = k + 1) f = f + q; end endfunction",
        ),
        lambda a, b: a + 2 * (b + 2),
    ),
    "return": (
        logic(
            "y = f(a);", more="function automatic [7:0] f(input [7:0] p); if (p[0]) return p; return p + 1; endfunction"
        ),
        lambda a, b: a | 1,
    ),
    "parameter": (
        logic("y = a + P * Q[1];", more="localparam P = 5; localparam [3:0] Q = 4'b1010;"),
        lambda a, b: a + 5,
    ),
    "enumeration": (
        logic("y = (a[0] ? RED : BLUE) + b;", more="typedef enum logic [1:0] {RED = 2, BLUE = 1} colour;"),
        lambda a, b: b + (2 if a & 1 else 1),
    ),
    "structure": (
        logic(
            "s = a; y = {s.low, s.high};", more="typedef struct packed {logic [2:0] high; logic [4:0] low;} two; two s;"
        ),
        lambda a, b: a % 32 << 3 | a >> 5,
    ),
    "packed array": (
        logic("w = {a, b}; y = {w[0][3:0], w[3]};", more="reg [3:0][3:0] w;"),
        lambda a, b: b % 16 << 4 | a >> 4,
    ),
    "power": (logic("y = a ** 3 + 2 ** b[2:0];"), lambda a, b: a**3 + 2 ** (b % 8)),
    "size": (logic("y = $bits(a) + $clog2(9);"), lambda a, b: 12),
    "non-blocking": (logic("y <= a & b;"), lambda a, b: a & b),
    "local": (logic("begin : part reg [7:0] t; t = a ^ b; y = t; end"), lambda a, b: a ^ b),
    "sensitivity": (
        "module top(input [7:0] a, b, output reg [7:0] y); always @(a or b) y = a | b; endmodule",
        lambda a, b: a | b,
    ),
    "carry chain": (
        "module top(input [7:0] a, b, output [7:0] y); wire [8:0] c; assign c[0] = 0; genvar i; generate "
        "for (i = 0; i < 8; i = i + 1) begin assign y[i] = a[i] ^ b[i] ^ c[i]; "
        "assign c[i+1] = (a[i] & b[i]) | (c[i] & (a[i] ^ b[i])); end endgenerate endmodule",
        lambda a, b: a + b,
    ),
    "hierarchy": (
        "module top(input [7:0] a, b, output [7:0] y); wire [3:0] t; half #(.W(4)) u(.x(a[3:0]), .y(t)); "
        "half #(8) v(b, y[7:4], t); assign y[3:0] = t; endmodule "
        "module half #(parameter W = 2)(input [W-1:0] x, output [3:0] y, input [3:0] z = 0); "
        "assign y = ~x[3:0]; endmodule",
        lambda a, b: (~b & 15) << 4 | ~a & 15,
    ),
    "gates": (
        "module top(input [7:0] a, b, output [7:0] y); wire n, m; not (n, m, a[0]); and g(y[0], a[1], b[1], n); "
        "xnor (y[1], a[2], b[2]); nor (y[2], a[3], b[3]); assign y[7:3] = {5{m}}; endmodule",
        lambda a, b: (
            (a & b) >> 1 & ~a & 1 | (~(a ^ b) >> 2 & 1) << 1 | (~(a | b) >> 3 & 1) << 2 | (0 if a & 1 else 0b11111000)
        ),
    ),
    "several processes": (
        "module top(input [7:0] a, b, output reg [7:0] y); always @* y[3:0] = a[3:0]; "
        "always @* y[7:4] = b[3:0]; endmodule",
        lambda a, b: b % 16 << 4 | a % 16,
    ),
    "ascending": (
        "module top(input [0:7] a, input [7:0] b, output [0:7] y); "
        "assign y = {a[0:3], a[b[2:0]], a[7], a[b[1:0] +: 2]}; endmodule",
        lambda a, b: a >> 4 << 4 | (a >> 7 - b % 8 & 1) << 3 | (a & 1) << 2 | a >> 6 - b % 4 & 3,
    ),
}


@pytest.mark.parametrize("name", CONSTRUCTS)
@given(a=st.integers(0, 255), b=st.integers(0, 255))
@settings(max_examples=25, deadline=None)
def test_constructs(name: str, a: int, b: int) -> None:
    text, meaning = CONSTRUCTS[name]
    assert outputs(text, a=a, b=b)["y"] == f"{meaning(a, b) % 256:08b}"


def simple(body: str) -> str:
    return f"module top(input [3:0] a, input [2:0] i, output [3:0] y); {body} endmodule"


@pytest.mark.parametrize(
    ("body", "i", "wanted"),
    [
        ("assign y = 4'b1x0x;", 0, "1x0x"),
        ("assign y = a & 4'bxx00;", 0, "xx00"),
        ("assign y = a | 4'b0xx0;", 0, "11x1"),
        ("assign y = a + 4'b000x;", 0, "xxxx"),
        ("assign y = {3'b0, a[i]};", 5, "000x"),
        ("assign y = {3'b0, a[i]};", 3, "0001"),
        ("assign y = a[i +: 4];", 2, "xx11"),
        ("assign y = a / (i - 3'd5);", 5, "xxxx"),
        ("assign y[2:0] = a[2:0];", 0, "x101"),
        ("assign y = i[0] ? a : 'x;", 0, "xxxx"),
        ("bit [3:0] t; always_comb t = 4'bx1x0; assign y = t;", 0, "0100"),
    ],
)
def test_x_comes_from_the_text_alone(body: str, i: int, wanted: str) -> None:
    assert outputs(simple(body), a=0b1101, i=i)["y"] == wanted


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("assign y = i[0] ? a : 4'bz;", "high impedance"),
        ("assign #1 y = a;", "delay"),
        ("reg [3:0] t; always @(a) t = a & i; assign y = t;", "sensitivity list without i"),
        ("reg [3:0] t; always_latch if (i[0]) t = a; assign y = t;", "AlwaysLatch"),
        ("reg [3:0] t; always @* if (i[0]) t = a; assign y = t;", "latch"),
        ("reg [3:0] t, u; always @* begin t = u; u = a; end assign y = t;", "before it is assigned"),
        ("assign y = a; assign y = i;", "more than once"),
        ("reg [3:0] t; always @* t = a; always @* t = i; assign y = t;", "more than once"),
        ("wire [3:0] t = y; assign y = t & a;", "loop without a register"),
        ("wand w; assign w = a[0]; assign y = w;", "another kind than wire"),
        (
            "integer k; reg [3:0] t; always @* begin t = 0; for (k = 0; k < i; k = k + 1) t = a; end assign y = t;",
            "end depends",
        ),
        ("reg [3:0] t; always @(posedge i) t <= a; assign y = t;", "more than one bit"),
        ("wire c = i[0] & i[1]; reg [3:0] t; always @(posedge c) t <= a; assign y = t;", "no input"),
        (
            "reg [3:0] t; always @(posedge i[0] or posedge i[1]) if (!i[1]) t <= 0; else t <= a; assign y = t;",
            "disagree",
        ),
        (
            "reg [3:0] t; always @(posedge i[0] or posedge i[1]) if (i[1]) t <= a; else t <= 0; assign y = t;",
            "no constant",
        ),
        ("reg [3:0] t; always @(posedge i[0]) begin t = a; t <= i; end assign y = t;", "both = and <="),
        (
            "reg [3:0] s, t; always @(posedge i[0]) s = a; always @(posedge i[0]) t <= s; assign y = t;",
            "another process",
        ),
        ("reg [3:0] t; always @* t <= #1 a; assign y = t;", "delay"),
        ("reg [3:0] t, u; always @* begin t <= a; u = t; end assign y = t ^ u;", "takes effect"),
    ],
)
def test_what_is_not_followed_is_said(body: str, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        circuit_of(simple(body))
