"""What the wordings of descriptions mean: against code that is written by hand, since their table is used both ways."""

from __future__ import annotations

import re

import pytest

from selftaught.envs.hardware.describe import rebuild
from selftaught.envs.hardware.judging import judged
from selftaught.envs.hardware.phrases import RULES

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
