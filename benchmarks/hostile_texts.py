"""Corrupted and malicious Verilog: each attack draws a text from a good one, with sizes on both sides of the gate's."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

Attack = Callable[[str, np.random.Generator], str]
"""From a good design whose top module is called ``top``."""

_TOKENS: Final = re.compile(r"\w+|\s+|[^\w\s]")
_NOISE: Final = (
    *("begin", "end", "module", "endmodule", "(", ")", "[", "]", "{", "}", ";", ",", "'", '"', "//", "/*", "*/", "@"),
    *("#", "8'hx", "1'bz", "always", "assign", "if", "else", "case", "endcase", "<=", "=", "?", ":", "posedge", "'0"),
    *("function", "generate", "genvar", "signed", "real", "string", "struct", "typedef", "enum", "+", "***", "99999"),
)
_CALLS: Final = (
    *('$display("x")', "$finish", "$stop", "$random", '$readmemh("canary.v", q)', '$writememh("touched", q)', "$time"),
    *('$fopen("touched", "w")', '$fdisplay(1, "x")', '$system("touch touched")', '$dumpfile("touched")', "$urandom"),
    *('$value$plusargs("x", q)', '$sformatf("%s", "x")', "$fatal", '$swrite(q, "x")', '$fscanf(0, "%d", q)'),
)
_DIRECTIVES: Final = (
    *('`include "canary.v"', "`include <canary.v>", '`include "/dev/zero"', '`include "../canary.v"', "`undefineall"),
    *("`define a `a\n`a", "`define x(y) y`x(y)\n`x(1)", "`ifdef A", "`pragma x", '`line 1 "canary.v" 0', "`resetall"),
    *("`celldefine", "`protect", "`timescale 1ns/1ps", "`default_nettype none", "`", "``", '`"', '`\\`"'),
)
_UNICODE: Final = (
    "é",
    "\u202e",
    "\ufeff",
    "\U0001f600",
    "\u0661",
    "ｍ",
    "\u2028",
    "\ud800",
    "\udfff",
    "\x00",
    "\x1b[2J",
    "\x85",
)


def _size(rng: np.random.Generator, *, most: float = 5000) -> int:
    """From 2 to ``most``, every order of magnitude as often."""
    return int(np.exp(rng.uniform(np.log(2), np.log(most))))


def _pick(rng: np.random.Generator, of: tuple[str, ...]) -> str:
    return of[int(rng.integers(len(of)))]


def _noise(text: str, rng: np.random.Generator) -> str:
    """Tokens dropped, doubled, swapped with others or replaced."""
    tokens = _TOKENS.findall(text)
    for _ in range(_size(rng, most=40)):
        place = int(rng.integers(len(tokens)))
        other = _pick(rng, (*_NOISE, "", tokens[place] * 2, tokens[int(rng.integers(len(tokens)))]))
        tokens[place] = other
    return "".join(tokens)


def _characters(text: str, rng: np.random.Generator) -> str:
    found = list(text)
    for _ in range(_size(rng, most=30)):
        found[int(rng.integers(len(found)))] = chr(int(rng.integers(1, 256)))
    return "".join(found)


def _cut(text: str, rng: np.random.Generator) -> str:
    """Cut short, or a piece of it out or doubled."""
    start, end = sorted(int(place) for place in rng.integers(0, len(text), size=2))
    return (text[:start], text[start:], text[:start] + text[end:], text[:end] + text[start:])[int(rng.integers(4))]


def _inserted(pieces: tuple[str, ...]) -> Attack:
    """A piece at the start, at the end, or where a token is."""

    def insert(text: str, rng: np.random.Generator) -> str:
        places = [0, len(text), *(found.end() for found in re.finditer(r"[;\s]", text))]
        place = places[int(rng.integers(len(places)))]
        return f"{text[:place]}\n{_pick(rng, pieces)}\n{text[place:]}"

    return insert


def _called(text: str, rng: np.random.Generator) -> str:
    """A system call as a statement or as a value."""
    call = _pick(rng, _CALLS)
    added = _pick(rng, (f"initial {call};", f"always @* {call};", f"final {call};", f"wire hidden = {call};"))
    return text.replace("endmodule", f"{added}\nendmodule", 1)


def _nested(text: str, rng: np.random.Generator) -> str:
    size = _size(rng)
    added = _pick(
        rng,
        (
            "assign hidden = " + "(" * size + "1" + ")" * size + ";",
            "assign hidden = " + "~" * size + "1;",
            "assign hidden = " + "{" * size + "1'b1" + "}" * size + ";",
            "always @* " + "begin " * size + "end " * size,
            "always @* " + "if (1) " * size + "; ",
            "always @* " + "if (1); else " * size + "; ",
            "if (1) " * size + "wire hidden;",
            "always @* " + "case (1) 1: " * size + ";" + "endcase " * size,
            "wire hidden = q" + "[0" * size + "]" * size + ";",
        ),
    )
    return text.replace("endmodule", f"{added}\nendmodule", 1)


def _chained(text: str, rng: np.random.Generator) -> str:
    operator = _pick(rng, (" + 1", " & 1", " ? 1 : 0", " || 1", " << 1", ", 1", " == 1", ".x", " * 3", " / 3"))
    return text.replace("endmodule", f"wire hidden = 1{operator * _size(rng)};\nendmodule", 1)


def _wide(text: str, rng: np.random.Generator) -> str:
    """Widths, memories, replications, products and shifts that are far too large, or nearly."""
    size = _size(rng, most=1e9)
    added = _pick(
        rng,
        (
            f"reg [{size}:0] hidden;",
            f"reg [{size}:0] hidden; always @* hidden = hidden + 1;",
            f"reg hidden [0:{size}];",
            f"reg [63:0] hidden [0:{size}]; always @(posedge clk) hidden[clk] <= clk;",
            f"wire hidden = ^{{{size}{{1'b1}}}};",
            f"wire [{size}:0] hidden = -1; wire other = ^(hidden * hidden);",
            f"wire [{size}:0] hidden = 7; wire other = ^(hidden / 3);",
            f"wire hidden = {size}'d1 >> {size};",
            f"parameter SIZE = 1 << {size}; reg [SIZE:0] hidden;",
        ),
    )
    return text.replace("endmodule", f"{added}\nendmodule", 1)


def _looped(text: str, rng: np.random.Generator) -> str:
    size = _size(rng, most=1e9)
    added = _pick(
        rng,
        (
            f"genvar g; for (g = 0; g < {size}; g = g + 1) begin : made wire hidden; end",
            f"genvar g; for (g = 0; g < {size}; g = g + 0) begin : made wire hidden; end",
            f"integer i; reg h; always @* begin h = 0; for (i = 0; i < {size}; i = i + 1) h = h ^ i; end",
            "integer i; reg h; always @* begin h = 0; while (1) h = ~h; end",
            f"integer i; reg h; always @* begin h = 0; repeat ({size}) h = ~h; end",
            "reg h; always @* forever h = ~h;",
            f"function integer f(input integer x); f = x > {size} ? x : f(x + 1); endfunction\nparameter P = f(0);",
            "function integer f(input integer x); while (1) x = x + 1; endfunction\nparameter P = f(0);",
            f"function integer f(input integer x); f = f(x); endfunction\nwire h = f({size});",
        ),
    )
    return text.replace("endmodule", f"{added}\nendmodule", 1)


def _recursive(text: str, rng: np.random.Generator) -> str:
    """Modules in themselves, in each other, or in trees that grow by powers."""
    size = min(_size(rng), 150)
    tree = (
        "".join(f"module t{n}; t{n + 1} a(), b(), c(); endmodule\n" for n in range(size)) + f"module t{size}; endmodule"
    )
    added, more = (
        ("top again();", ""),
        ("other o();", "module other; top t(); endmodule"),
        ("t0 root();", tree),
        (f"top again [0:{size}] ();", ""),
        ("deep #(0) d();", f"module deep #(parameter N = 0); if (N < {size}) deep #(N + 1) d(); endmodule"),
    )[int(rng.integers(5))]
    return text.replace("endmodule", f"{added}\nendmodule", 1) + f"\n{more}\n"


def _outside(text: str, rng: np.random.Generator) -> str:
    """Names of other modules' insides, escaped names, foreign code, verification."""
    return _inserted(
        (
            *(
                "assign hidden = top.q;",
                "assign hidden = $root.top.q;",
                "assign \\hidden\\ = 1;",
                "bind top other o();",
            ),
            *("initial force q = 1;", 'import "DPI-C" function int system(string s);', "defparam top.P = 1;"),
            *("initial begin fork join_none end", "specify endspecify", "primitive p(a, b); endprimitive"),
            *("class c; endclass", "program p; endprogram", "covergroup g; endgroup", "assert property (1);"),
            *("config c; endconfig", "library l canary.v;", 'export "DPI-C" function f;', "interface i; endinterface"),
        )
    )(text, rng)


def _long(text: str, rng: np.random.Generator) -> str:
    """Much of something harmless."""
    size = _size(rng, most=50_000)
    added = _pick(
        rng, ("//" + "x" * size, "a" * size, " " * size, "\n" * size, ";" * size, "wire w;\n" * size, '"' + "y" * size)
    )
    return text.replace("endmodule", f"\n{added}\nendmodule", 1)


ATTACKS: Final[Mapping[str, Attack]] = {
    "token noise": _noise,
    "character noise": _characters,
    "cut text": _cut,
    "stray tokens": _inserted(_NOISE),
    "directives and includes": _inserted(_DIRECTIVES),
    "system tasks and files": _called,
    "deep nesting": _nested,
    "operator chains": _chained,
    "giant widths and memories": _wide,
    "endless loops": _looped,
    "recursive modules": _recursive,
    "forbidden constructs": _outside,
    "odd characters": _inserted(_UNICODE),
    "sheer length": _long,
}
"""By name."""
