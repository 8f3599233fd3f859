"""The wordings of the language in which designs are described, as data: read one way to speak, the other to listen.

A rule has kinds of nodes, and each kind several wordings. In a wording ``{0}`` is the node's first part, ``{*}`` all
that no number names, listed (the last word of the list, if it is not "and", after two colons). After a colon stands
what the part is: nothing for an operand, which is a name, a number, a select, or an expression in brackets; ``e`` an
expression, ``c`` a condition, ``b`` a clause (``a equals b``), ``s`` something named or selected; ``n`` a name, ``d`` a
decimal, ``p`` a pattern of bits, ``h`` hexadecimal digits; ``r`` a role with its article, ``t`` a type, ``v`` an edge,
``w`` a level.
"""

from __future__ import annotations

from typing import Final

Wordings = dict[str, tuple[str, ...]]

NAMED: Final[Wordings] = {
    "name": ("{0:n}",),
    "bit": ("bit {0} of {1:s}",),
    "entry": ("entry {0} of {1:s}", "word {0} of {1:s}"),
    "range": ("bits {0} to {1} of {2:s}", "bits {0} through {1} of {2:s}"),
    "upward": ("the {0} bits of {2:s} from bit {1} up", "the {0} bits of {2:s} that start at bit {1}"),
    "downward": ("the {0} bits of {2:s} from bit {1} down", "the {0} bits of {2:s} that end at bit {1}"),
}
NUMBERS: Final[Wordings] = {
    "number": ("{0:d}",),
    "sized": ("{0:d}-bit {1:d}", "the {0:d}-bit number {1:d}", "the {0:d}-bit value {1:d}"),
    "signed": ("signed {0:d}-bit {1:d}", "the signed {0:d}-bit number {1:d}"),
    "digit": ("the bit {0:p}", "a single {0:p}"),
    "pattern": ("the bits {0:p}", "binary {0:p}"),
    "hexadecimal": ("{0:d}-bit hexadecimal {1:h}", "the {0:d}-bit hexadecimal number {1:h}"),
    "zeros": ("all zeros",),
    "ones": ("all ones",),
    "unknown": ("all unknown",),
}
CLAUSES: Final[Wordings] = {
    "==": ("{0} equals {1}", "{0} is equal to {1}", "{0} is the same as {1}"),
    "!=": ("{0} differs from {1}", "{0} is not equal to {1}"),
    "===": ("{0} is identical to {1}",),
    "!==": ("{0} is not identical to {1}",),
    "<": ("{0} is less than {1}", "{0} is below {1}"),
    "<=": ("{0} is at most {1}", "{0} is less than or equal to {1}"),
    ">": ("{0} is greater than {1}", "{0} is above {1}"),
    ">=": ("{0} is at least {1}", "{0} is greater than or equal to {1}"),
    "&&": ("all of {*} hold", "every one of {*} is true", "{0} and also {1}"),
    "||": ("at least one of {*} holds", "one or more of {*} hold", "{0} or else {1}"),
    "!": ("{0} is false", "not {0}", "{0} is not set"),
}
VALUES: Final[Wordings] = {
    "+": ("the sum of {*}", "{0} plus {1}", "{1} added to {0}"),
    "-": ("{0} minus {1}", "{1} subtracted from {0}"),
    "*": ("the product of {*}", "{0} times {1}"),
    "/": ("{0} divided by {1}", "the quotient of {0} by {1}"),
    "%": ("{0} modulo {1}", "the remainder of {0} divided by {1}"),
    "**": ("{0} raised to the power {1}",),
    "<<": ("{0} shifted left by {1}", "{0} moved left by {1} places"),
    ">>": ("{0} shifted right by {1}", "{0} moved right by {1} places"),
    "<<<": ("{0} shifted left arithmetically by {1}",),
    ">>>": ("{0} shifted right arithmetically by {1}", "{0} shifted right by {1} with its sign kept"),
    "&": ("the bitwise and of {*}", "{0} masked bit by bit with {1}"),
    "|": ("the bitwise or of {*}", "{0} merged bit by bit with {1}"),
    "^": ("the exclusive or of {*}", "the bitwise exclusive or of {*}"),
    "~^": ("the exclusive nor of {0} and {1}", "the inverted exclusive or of {0} and {1}"),
    "~": ("the bitwise inverse of {0}", "{0} with every bit inverted", "the complement of {0}"),
    "negative": ("the negative of {0}", "minus {0}"),
    "positive": ("plus {0}",),
    "every": ("the and of all bits of {0}", "whether every bit of {0} is 1"),
    "any": ("the or of all bits of {0}", "whether any bit of {0} is 1"),
    "parity": ("the exclusive or of all bits of {0}", "the parity of {0}"),
    "not every": ("the nand of all bits of {0}", "whether some bit of {0} is 0"),
    "none": ("the nor of all bits of {0}", "whether no bit of {0} is 1"),
    "even": ("the exclusive nor of all bits of {0}", "the inverted parity of {0}"),
    "?": ("{1} if {0:c}, otherwise {2}", "{1} when {0:c}, else {2}"),
    "concatenation": ("the concatenation of {*}", "{*} joined from the highest bit down", "{*} side by side"),
    "copies": ("{0} copies of {1}", "{1} repeated {0} times"),
    "as signed": ("{0} read as a signed number", "{0} taken with a sign"),
    "as unsigned": ("{0} read as an unsigned number", "{0} taken without a sign"),
    "resized": ("{1} resized to {0} bits",),
    "logarithm": ("the base 2 logarithm of {0}, rounded up",),
    "size": ("the number of bits in {0}",),
    "cast": ("{1} taken as the type {0:n}",),
    "call": ("the function {0:n} of {*}", "what the function {0:n} gives for {*}"),
}
TRUTHS: Final = ("{0} is true", "{0} is set", "{0} holds")
"""Conditions that are no clause by themselves."""
TYPES: Final[Wordings] = {
    "one": ("{0:r} of one bit", "{0:r} of a single bit"),
    "wide": ("{0:r} of {1:d} bits", "{0:r} with {1:d} bits", "{0:r} with a width of {1:d} bits"),
    "ranged": ("{0:r} with bits {1} to {2}", "{0:r} with bits numbered from {1} to {2}"),
    "integer": ("an integer", "an integer variable"),
    "binary integer": ("a binary integer",),
    "of type": ("{0:r} of the type {1:n}",),
    "rows": ("{0:r} with rows {1} to {2} of bits {3} to {4}",),
}
CHOICES: Final[Wordings] = {"choice": ("{0:n}",), "numbered choice": ("{0:n} at {1}", "{0:n} with the number {1}")}
DECLARATIONS: Final[Wordings] = {
    "enumeration": ("the type {1:n} is {0:t}, one of {*:m:or}", "{1:n} is a type, {0:t}, which may be {*:m:or}"),
    "declare": ("{1:n} is {0:t}", "there is {0:t} called {1:n}", "{*:n} are each {0:t}"),
    "start": ("{1:n} is {0:t} that starts as {2:e}", "{1:n} is {0:t} and its first value is {2:e}"),
    "memory": ("{1:n} is a memory with entries {2} to {3}, each {0:t}",),
    "constant": ("the constant {0:n} is {1:e}", "{0:n} stands for {1:e}"),
    "typed constant": ("{1:n} is {0:t} that stands for {2:e}",),
}
PARAMETERS: Final[Wordings] = {
    "parameter": ("the parameter {0:n} is {1:e} by default", "{1:e} is the default of the parameter {0:n}"),
    "typed parameter": ("{1:n} is {0:t} with the default {2:e}",),
    "constant": DECLARATIONS["constant"],
    "typed constant": DECLARATIONS["typed constant"],
}
STATEMENTS: Final[Wordings] = {
    **{kind: DECLARATIONS[kind] for kind in ("declare", "start")},
    "later": (
        "{0} will be {1:e}",
        "{0} is updated to {1:e}",
        "load {0} with {1:e}",
        "{0} will be 1 exactly when {1:b}",
        "{0} is updated to 1 if {1:b} and to 0 if not",
    ),
    "now": (
        "let {0} be {1:e}",
        "set {0} to {1:e}",
        "{0} becomes {1:e}",
        "let {0} be 1 exactly when {1:b}",
        "{0} becomes 1 if {1:b} and 0 if not",
    ),
    "nothing": ("do nothing", "there is nothing to do"),
    "if": ("if {0:c}", "when {0:c}"),
    "else if": ("otherwise, if {0:c}", "else, when {0:c}"),
    "else": ("otherwise", "else", "if none of that is so"),
    "case": ("depending on {0:e}", "look at the value of {0:e}"),
    "casez": (
        "depending on {0:e}, where a question mark stands for any bit",
        "look at the value of {0:e}, with question marks for bits that do not matter",
    ),
    "casex": ("depending on {0:e}, where a question mark or an unknown bit stands for any bit",),
    "below": ("for each {0:n} from {1} up to but without {2}", "with {0:n} counting up from {1} while below {2}"),
    "up": ("for each {0:n} from {1} up to {2}", "with {0:n} counting up from {1} to {2}"),
    "down": ("for each {0:n} from {1} down to {2}", "with {0:n} counting down from {1} to {2}"),
    "for": ("starting with {0:n} at {1:e}, repeat as long as {2:c}, and then change {0:n} to {3:e}",),
    "repeat": ("repeat {0} times",),
    "while": ("repeat as long as {0:c}",),
    "block": ("in a block called {0:n}",),
    "scope": ("with variables that exist only here",),
    "disable": ("leave the block {0:n}",),
    "break": ("leave the loop",),
    "continue": ("go on with the next round of the loop",),
    "return": ("the result is {0:e}", "give back {0:e}"),
}
ARMS: Final[Wordings] = {
    "when": ("when it is {*::or}", "for {*::or}", "if it is {*::or}"),
    "default": ("in any other case", "for all other values"),
}
PHASES: Final[Wordings] = {
    "reset": ("in reset", "while the reset is active", "on reset"),
    "run": ("out of reset", "without reset", "when the reset is not active"),
}
EDGES: Final[Wordings] = {
    "rise": ("the rising edge of {0:n}", "the positive edge of {0:n}"),
    "fall": ("the falling edge of {0:n}", "the negative edge of {0:n}"),
}
LEVELS: Final[Wordings] = {
    "high": ("{0:n}, active high", "{0:n} at 1", "a high level of {0:n}"),
    "low": ("{0:n}, active low", "{0:n} at 0", "a low level of {0:n}"),
}
ITEMS: Final[Wordings] = {
    **DECLARATIONS,
    "assign": (
        "{0} always equals {1:e}",
        "at all times {0} is {1:e}",
        "drive {0} with {1:e}",
        "{0} is 1 exactly when {1:b}",
        "{0} is 1 while {1:b} and 0 otherwise",
    ),
    "gate": ("a gate of the kind {0:n} drives {1} from {*}",),
    "clocked": ("on {*:v:or}", "at {*:v:or}"),
    "asynchronous": (
        "on {0:v}, with an asynchronous reset by {1:w}",
        "at {0:v}, and at any time when reset by {1:w}",
    ),
    "synchronous": ("on {0:v}, with a synchronous reset by {1:w}", "at {0:v}, where the reset is {1:w}"),
    "logic": ("as combinational logic", "whenever anything changes that is read here"),
    "pure logic": ("as purely combinational logic",),
    "listening": ("whenever there is a change of {*:n:or}", "on every change of {*:n:or}"),
    "initial": ("at the start", "before anything else happens"),
    "instance": ("the module {0:n} is used as {1:n}", "{1:n} is a copy of the module {0:n}"),
    "parts below": (
        "for each {0:n} from {1} up to but without {2}, there is a part {3:n}",
        "for each {0:n} from {1} up to but without {2}, there is a part",
    ),
    "parts up": (
        "for each {0:n} from {1} up to {2}, there is a part {3:n}",
        "for each {0:n} from {1} up to {2}, there is a part",
    ),
    "parts down": (
        "for each {0:n} from {1} down to {2}, there is a part {3:n}",
        "for each {0:n} from {1} down to {2}, there is a part",
    ),
    "provided": ("provided that {0:c}", "provided that {0:c}, there is a part {1:n}"),
    "provided else": ("provided that this is not so", "provided that this is not so, there is a part {0:n}"),
    "function": ("the function {1:n} gives {0:t}",),
    "automatic function": ("the automatic function {1:n} gives {0:t}",),
}
LINKS: Final[Wordings] = {
    "link": ("its port {0:n} is connected to {1:e}", "port {0:n} goes to {1:e}"),
    "open": ("its port {0:n} is left open",),
    "links": ("its ports are in order {*}",),
    "override": ("its parameter {0:n} is {1:e}",),
    "overrides": ("its parameters are in order {*}",),
}
SECTIONS: Final[Wordings] = {
    "parameters": ("constants", "its constants are"),
    "ports": ("ports", "its ports are", "seen from outside"),
    "signals": ("inside", "signals inside", "inside there are"),
    "behaviour": ("behaviour", "what it does", "it works like this"),
}
DOCUMENT: Final[Wordings] = {
    "note": (
        "updates on an edge take effect together, after all lines of their process were read",
        "what will be or is updated changes only when its process is done, all of it together",
    ),
    "module": ("the module {0:n}", "design a module called {0:n}", "a module named {0:n}"),
}

RULES: Final[dict[str, Wordings]] = {
    "s": NAMED,
    "atom": {**NAMED, **NUMBERS},
    "compound": {**CLAUSES, **VALUES},
    "clause": CLAUSES,
    "truth": {"truth": TRUTHS},
    "t": TYPES,
    "m": CHOICES,
    "v": EDGES,
    "w": LEVELS,
    "document": DOCUMENT,
    "section": SECTIONS,
    "port": {kind: DECLARATIONS[kind] for kind in ("declare", "start")},
    "parameter": PARAMETERS,
    "signal": DECLARATIONS,
    "item": ITEMS,
    "statement": STATEMENTS,
    "arm": ARMS,
    "phase": PHASES,
    "link": LINKS,
}
BODIES: Final[dict[str, str]] = {
    "module": "section",
    "parameters": "parameter",
    "ports": "port",
    "signals": "signal",
    "behaviour": "item",
    "asynchronous": "phase",
    "synchronous": "phase",
    "instance": "link",
    "case": "arm",
    "casez": "arm",
    "casex": "arm",
    **dict.fromkeys(("parts below", "parts up", "parts down", "provided", "provided else"), "item"),
    **dict.fromkeys(("clocked", "logic", "pure logic", "listening", "initial", "reset", "run"), "statement"),
    **dict.fromkeys(("function", "automatic function", "block", "scope", "when", "default"), "statement"),
    **dict.fromkeys(("if", "else if", "else", "below", "up", "down", "for", "repeat", "while"), "statement"),
}
"""The rule of the lines beneath a line of this kind."""

ROLES: Final[dict[str, str]] = {
    "input": "input",
    "output": "output",
    "output register": "output reg",
    "output variable": "output reg",
    "wire": "wire",
    "register": "reg",
    "variable": "reg",
    "binary variable": "bit",
    "argument": "input",
    "value": "",
    "choice": "logic",
    "constant": "localparam",
    "parameter": "parameter",
}
"""What a signal is, and how Verilog says so."""
