"""Families of blocks with registers: each puts one drawn block on a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from selftaught.envs.hardware.blocks import Block, expression
from selftaught.envs.hardware.sheet import Sheet, indented, under


def _guarded(sheet: Sheet, statement: str) -> str:
    """The statement, perhaps only when enabled."""
    return f"if ({sheet.input('enable')}) {statement}" if sheet.flip(0.6) else statement


def register(sheet: Sheet) -> None:
    """A word that is kept, or worked on first."""
    width = sheet.width()
    names = [sheet.input("data", width) for _ in range(sheet.number(1, 2))]
    q = sheet.output("state", width, reg=True)
    value = names[0] if sheet.flip(0.3) else expression(sheet, [*names, q], 1)[1:-1]
    start = sheet.const(0 if sheet.flip(0.7) else sheet.number(0, (1 << width) - 1), width)
    sheet.clocked([f"{q} <= {start};"], [_guarded(sheet, f"{q} <= {value};")])


def counter(sheet: Sheet) -> None:
    """Up, down, to a limit, with a load."""
    width, kind = sheet.width(), sheet.pick("plain", "limit", "load", "both")
    q, one = sheet.output("state", width, reg=True), sheet.const(sheet.number(1, 3), width)
    sign, zero = sheet.pick("+", "+", "-"), sheet.const(0, width)
    last = sheet.const(sheet.number(1, (1 << width) - 1), width)
    if kind == "plain":
        sheet.clocked([f"{q} <= {zero};"], [_guarded(sheet, f"{q} <= {q} {sign} {one};")])
    elif kind == "limit":
        sheet.clocked([f"{q} <= {zero};"], [f"if ({q} == {last}) {q} <= {zero};", f"else {q} <= {q} + {one};"])
        sheet.assign(sheet.output("flag"), f"{q} == {last}")
    elif kind == "load":
        load, given = sheet.input("load"), sheet.input("data", width)
        after = [f"if ({load}) {q} <= {given};", f"else {_guarded(sheet, f'{q} <= {q} {sign} {one};')}"]
        sheet.clocked([f"{q} <= {zero};"], after)
    else:
        up = sheet.input("bit")
        sheet.clocked([f"{q} <= {zero};"], [f"if ({up}) {q} <= {q} + {one};", f"else {q} <= {q} - {one};"])


def shifter(sheet: Sheet) -> None:
    """Bits that move along, in either direction."""
    width = sheet.width()
    bit, q = sheet.input("bit"), sheet.output("state", width, reg=True)
    tail = f"{q}[{width - 2}:0]" if width > 2 else f"{q}[0]"
    head = f"{q}[{width - 1}:1]" if width > 2 else f"{q}[1]"
    moved = sheet.pick(f"{{{tail}, {bit}}}", f"{{{bit}, {head}}}")
    if sheet.flip(0.3):
        load, given = sheet.input("load"), sheet.input("data", width)
        sheet.clocked([f"{q} <= {sheet.const(0, width)};"], [f"if ({load}) {q} <= {given};", f"else {q} <= {moved};"])
    else:
        sheet.clocked([f"{q} <= {sheet.const(0, width)};"], [_guarded(sheet, f"{q} <= {moved};")])


def accumulator(sheet: Sheet) -> None:
    """A running sum, with a way to begin anew."""
    width = sheet.width()
    given, q = sheet.input("data", width), sheet.output("state", width, reg=True)
    step = f"{q} <= {q} {sheet.pick('+', '-', '^', '|')} {given};"
    if sheet.flip():
        sheet.clocked([f"{q} <= {sheet.const(0, width)};"], [_guarded(sheet, step)])
    else:
        clear = sheet.input("load")
        after = [f"if ({clear}) {q} <= {sheet.pick(given, sheet.const(0, width))};", f"else {step}"]
        sheet.clocked([f"{q} <= {sheet.const(0, width)};"], after)


def edge(sheet: Sheet) -> None:
    """A pulse when a signal rises, falls or changes."""
    given, past = sheet.input("bit"), sheet.local("state", reg=True)
    sheet.clocked([f"{past} <= 1'b0;"], [f"{past} <= {given};"])
    sheet.assign(sheet.output("flag"), sheet.pick(f"{given} & ~{past}", f"~{given} & {past}", f"{given} ^ {past}"))


def toggle(sheet: Sheet) -> None:
    """A bit that turns over, and one that remembers."""
    given, q = sheet.input("bit"), sheet.output("state", reg=True)
    if sheet.flip():
        sheet.clocked([f"{q} <= 1'b{sheet.number(0, 1)};"], [f"if ({given}) {q} <= ~{q};"])
    else:
        other = sheet.input("bit")
        after = [f"if ({given}) {q} <= 1'b1;", f"else if ({other}) {q} <= 1'b0;"]
        sheet.clocked([f"{q} <= 1'b0;"], after)


def pulse(sheet: Sheet) -> None:
    """A tick every so many clocks."""
    width = sheet.width(8)
    q, last = sheet.local("state", width, reg=True), sheet.const(sheet.number(1, (1 << width) - 2), width)
    tick, zero = sheet.output("flag"), sheet.const(0, width)
    sheet.clocked([f"{q} <= {zero};"], [f"if ({tick}) {q} <= {zero};", f"else {q} <= {q} + {sheet.const(1, width)};"])
    sheet.assign(tick, f"{q} == {last}")


def machine(sheet: Sheet) -> None:
    """A state machine: where to from each state, by one or two bits, and what is said there."""
    states = sheet.number(3, 3 if sheet.tiny else 6)
    bits = (states - 1).bit_length()
    given, q = sheet.input("bit"), sheet.local("state", bits, reg=True)
    cases = []
    for state in range(states):
        yes, no = (sheet.const(sheet.number(0, states - 1), bits) for _ in range(2))
        mark = "default" if state == states - 1 else sheet.const(state, bits)
        cases.append(f"{mark}: {q} <= {given if yes != no else '!' + given} ? {yes} : {no};")
    after = [f"case ({q})", *indented(cases), "endcase"]
    sheet.clocked([f"{q} <= {sheet.const(0, bits)};"], after)
    said = f"{q} == {sheet.const(sheet.number(1, states - 1), bits)}"
    sheet.assign(sheet.output("out"), said + (f" && {given}" if sheet.flip() else ""))


def detector(sheet: Sheet) -> None:
    """A pattern in the last bits of a stream."""
    width = sheet.number(2, 3 if sheet.tiny else 6)
    bit, q = sheet.input("bit"), sheet.local("state", width, reg=True)
    tail = f"{q}[{width - 2}:0]" if width > 2 else f"{q}[0]"
    sheet.clocked([f"{q} <= {sheet.const(0, width)};"], [_guarded(sheet, f"{q} <= {{{tail}, {bit}}};")])
    sheet.assign(sheet.output("flag"), f"{q} == {sheet.const(sheet.number(1, (1 << width) - 1), width)}")


def queue(sheet: Sheet) -> None:
    """A first-in first-out buffer of a few words."""
    width, bits = min(sheet.width(8), 8), 1 if sheet.tiny else sheet.number(1, 2)
    push, pop, given = sheet.input("enable"), sheet.input("bit"), sheet.input("data", width)
    head, tail = sheet.local("state", bits + 1, reg=True), sheet.local("state", bits + 1, reg=True)
    words = [sheet.local("wire", width, reg=True) for _ in range(1 << bits)]
    empty, full, out = sheet.output("flag"), sheet.output("flag"), sheet.output("out", width)
    low = f"[{bits - 1}:0]" if bits > 1 else "[0]"
    sheet.assign(empty, f"{head} == {tail}")
    sheet.assign(full, f"({head}{low} == {tail}{low}) && ({head}[{bits}] != {tail}[{bits}])")
    sheet.assign(out, _chosen([*words], f"{tail}{low}", bits))
    writes = [f"if ({head}{low} == {sheet.const(n, bits)}) {word} <= {given};" for n, word in enumerate(words)]
    one = sheet.const(1, bits + 1)
    after = under(f"if ({push} && !{full})", [*writes, f"{head} <= {head} + {one};"])
    after += [f"if ({pop} && !{empty}) {tail} <= {tail} + {one};"]
    before = [f"{name} <= {sheet.const(0, of)};" for name, of in ((head, bits + 1), (tail, bits + 1))]
    before += [f"{word} <= {sheet.const(0, width)};" for word in words]
    sheet.clocked(before, after, chain=False)


def _chosen(words: list[str], select: str, bits: int) -> str:
    if bits == 1:
        return f"{select} ? {words[1]} : {words[0]}"
    first, second, third, fourth = words
    return f"({select} == 2'd0) ? {first} : ({select} == 2'd1) ? {second} : ({select} == 2'd2) ? {third} : {fourth}"


def arbiter(sheet: Sheet) -> None:
    """Who may go first of those who ask, by rank or in turn."""
    width = 2 if sheet.tiny else sheet.number(2, 4)
    asked, grant = sheet.input("data", width), sheet.output("state", width, reg=True)
    places = [int(place) for place in sheet.random.permutation(width)]
    lines = [f"{'else ' * bool(n)}if ({asked}[{place}]) {grant} <= {sheet.const(1 << place, width)};"
             for n, place in enumerate(places)]  # fmt: skip
    if width == 2 and sheet.flip():
        turn = f"{asked}[0] && ({grant} != 2'b01 || !{asked}[1])"
        lines = [f"if ({turn}) {grant} <= 2'b01;", f"else if ({asked}[1]) {grant} <= 2'b10;"]
    zero = sheet.const(0, width)
    sheet.clocked([f"{grant} <= {zero};"], [*lines, f"else {grant} <= {zero};"])


def pipeline(sheet: Sheet) -> None:
    """Two steps of work, a clock apart."""
    width = sheet.width()
    names = [sheet.input("data", width) for _ in range(2)]
    first, second = sheet.local("state", width, reg=True), sheet.output("out", width, reg=True)
    one, other = expression(sheet, names, 1)[1:-1], expression(sheet, [first, names[1]], 1)[1:-1]
    zero = sheet.const(0, width)
    work = [f"{first} <= {one};", f"{second} <= {other};"]
    sheet.clocked([f"{first} <= {zero};", f"{second} <= {zero};"], work)


def steady(sheet: Sheet) -> None:
    """A bit that changes only after it was another for a while."""
    width = 2 if sheet.tiny else sheet.number(2, 4)
    given, n = sheet.input("bit"), sheet.local("state", width, reg=True)
    q, zero = sheet.output("out", reg=True), sheet.const(0, width)
    last = sheet.const((1 << width) - 1 - sheet.number(0, 1), width)
    after = [
        f"if ({given} == {q}) {n} <= {zero};",
        f"else if ({n} == {last}) begin",
        f"  {q} <= {given};",
        f"  {n} <= {zero};",
        f"end else {n} <= {n} + {sheet.const(1, width)};",
    ]
    sheet.clocked([f"{q} <= 1'b0;", f"{n} <= {zero};"], after)


def feedback(sheet: Sheet) -> None:
    """A shift register that feeds itself (held out)."""
    width = 3 if sheet.tiny else sheet.number(3, 8)
    q, tap = sheet.output("state", width, reg=True), sheet.number(0, width - 2)
    mixed = f"{q}[{width - 1}] ^ {q}[{tap}]"
    start = sheet.const(sheet.number(1, (1 << width) - 1), width)
    sheet.clocked([f"{q} <= {start};"], [_guarded(sheet, f"{q} <= {{{q}[{width - 2}:0], {mixed}}};")])


def ring(sheet: Sheet) -> None:
    """A one that goes round, or comes back turned over (held out)."""
    width = sheet.number(3, 4 if sheet.tiny else 8)
    q, mark = sheet.output("state", width, reg=True), sheet.pick("", "~")
    start = sheet.const(0 if mark else 1, width)
    moved = sheet.pick(f"{{{q}[{width - 2}:0], {mark}{q}[{width - 1}]}}", f"{{{mark}{q}[0], {q}[{width - 1}:1]}}")
    sheet.clocked([f"{q} <= {start};"], [_guarded(sheet, f"{q} <= {moved};")])


def modulation(sheet: Sheet) -> None:
    """A signal that is high for a part of each round (held out)."""
    width = sheet.width(8)
    level, q = sheet.input("data", width), sheet.local("state", width, reg=True)
    sheet.clocked([f"{q} <= {sheet.const(0, width)};"], [_guarded(sheet, f"{q} <= {q} + {sheet.const(1, width)};")])
    sheet.assign(sheet.output("flag"), f"{q} {sheet.pick('<', '<=', '>')} {level}")


SEQUENTIAL: Final[Mapping[str, Block]] = {
    "register": register,
    "counter": counter,
    "shifter": shifter,
    "accumulator": accumulator,
    "edge": edge,
    "toggle": toggle,
    "pulse": pulse,
    "machine": machine,
    "detector": detector,
    "queue": queue,
    "arbiter": arbiter,
    "pipeline": pipeline,
    "steady": steady,
    "feedback": feedback,
    "ring": ring,
    "modulation": modulation,
}
