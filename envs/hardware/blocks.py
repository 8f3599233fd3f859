"""Families of combinational blocks: each puts one drawn block on a sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from selftaught.envs.hardware.sheet import Sheet, indented

Block = Callable[[Sheet], None]


def expression(sheet: Sheet, names: list[str], depth: int) -> str:
    """A drawn expression of signals of one width."""
    if depth == 0:
        return sheet.pick("~", "", "") + sheet.pick(*names)
    left = right = expression(sheet, names, depth - 1)
    while right == left:
        right = expression(sheet, [*names, "1"], sheet.number(0, depth - 1))
    return f"({left} {sheet.pick('&', '|', '^', '+', '-')} {right})"


def logic(sheet: Sheet) -> None:
    """Formulas over two or three words."""
    width = 1 if sheet.flip(0.3) else sheet.width()
    names = [sheet.input("data", width) for _ in range(sheet.number(2, 3))]
    for _ in range(sheet.number(1, 2)):
        shown = expression(sheet, names, sheet.number(1, 2))
        sheet.assign(sheet.output("out", width), shown[1:-1])


def multiplexer(sheet: Sheet) -> None:
    """One of several words."""
    width, bits = sheet.width(), 1 if sheet.flip(0.4) else 2
    names = [sheet.input("data", width) for _ in range(1 << bits)]
    select = sheet.input("select", bits)
    if bits == 1:
        sheet.assign(sheet.output("out", width), f"{select} ? {names[1]} : {names[0]}")
        return
    out = sheet.output("out", width, reg=True)
    order = [names[int(place)] for place in sheet.random.permutation(4)]
    cases = [f"{sheet.const(value, 2)}: {out} = {order[value]};" for value in range(3)]
    sheet.always(f"case ({select})", *indented([*cases, f"default: {out} = {order[3]};"]), "endcase")


def decoder(sheet: Sheet) -> None:
    """A bit for each number."""
    bits = 2 if sheet.tiny else sheet.number(2, 3)
    select, enable = sheet.input("select", bits), sheet.input("enable")
    out, width = sheet.output("out", 1 << bits), 1 << bits
    if sheet.flip():
        sheet.assign(out, f"{enable} ? ({sheet.const(1, width)} << {select}) : {sheet.const(0, width)}")
    else:
        sheet.assign(out, f"{sheet.pick('', '~')}({{{width}{{{enable}}}}} & ({sheet.const(1, width)} << {select}))")


def encoder(sheet: Sheet) -> None:
    """The number of the first bit that is one, from either end."""
    width = 4 if sheet.tiny or sheet.flip() else 8
    bits = width.bit_length() - 1
    given, out = sheet.input("data", width), sheet.output("out", bits, reg=True)
    places = list(range(width)) if sheet.flip() else list(range(width - 1, -1, -1))
    lines = [f"{'else ' * bool(n)}if ({given}[{place}]) {out} = {sheet.const(place, bits)};"
             for n, place in enumerate(places[:-1])]  # fmt: skip
    sheet.always(*lines, f"else {out} = {sheet.const(places[-1], bits)};")
    if sheet.flip():
        sheet.assign(sheet.output("flag"), f"|{given}")


def comparator(sheet: Sheet) -> None:
    """How two words compare."""
    width = sheet.width()
    one = sheet.input("data", width)
    other = sheet.const(sheet.number(1, (1 << width) - 1), width) if sheet.flip(0.4) else sheet.input("data", width)
    for relation in sheet.random.permutation(["==", "<", ">", "!=", ">="])[: sheet.number(1, 3)]:
        sheet.assign(sheet.output("flag"), f"{one} {relation} {other}")


def alu(sheet: Sheet) -> None:
    """An operation out of several."""
    width = sheet.width()
    one, other = sheet.input("data", width), sheet.input("data", width)
    bits = 1 if sheet.tiny else sheet.number(2, 3)
    select, out = sheet.input("select", bits), sheet.output("out", width, reg=True)
    known = [f"{one} {op} {other}" for op in ("+", "-", "&", "|", "^")]
    known += [f"~{one}", f"{one} << 1", f"{one} >> 1", f"~({one} & {other})", f"{other}", f"{one} + 1"]
    order = [known[int(place)] for place in sheet.random.permutation(len(known))]
    cases = [f"{sheet.const(value, bits)}: {out} = {order[value]};" for value in range((1 << bits) - 1)]
    sheet.always(f"case ({select})", *indented([*cases, f"default: {out} = {order[-1]};"]), "endcase")
    if not sheet.tiny and sheet.flip():
        sheet.assign(sheet.output("flag"), f"{out} == 0")


def adder(sheet: Sheet) -> None:
    """A sum with its carry."""
    width = sheet.width()
    one, other = sheet.input("data", width), sheet.input("data", width)
    carry = f" + {sheet.input('bit')}" if sheet.flip() else ""
    total, over = sheet.output("out", width), sheet.output("flag")
    sheet.assign(f"{{{over}, {total}}}", f"{one} {sheet.pick('+', '+', '-')} {other}{carry}")


def parity(sheet: Sheet) -> None:
    """What all bits together say."""
    given = sheet.input("data", sheet.width())
    for mark in sheet.random.permutation(["^", "~^", "&", "|", "~|"])[: sheet.number(1, 2)]:
        sheet.assign(sheet.output("flag"), f"{mark}{given}")


def extreme(sheet: Sheet) -> None:
    """The larger or smaller word, or how far they are apart."""
    width = sheet.width()
    one, other, relation = sheet.input("data", width), sheet.input("data", width), sheet.pick("<", ">", ">=", "<=")
    if sheet.flip(0.6):
        sheet.assign(sheet.output("out", width), f"({one} {relation} {other}) ? {one} : {other}")
    else:
        sheet.assign(sheet.output("out", width), f"({one} {relation} {other}) ? {one} - {other} : {other} - {one}")


def saturation(sheet: Sheet) -> None:
    """A sum that stops at the end."""
    width = sheet.width()
    one, other = sheet.input("data", width), sheet.input("data", width)
    wide, out = sheet.local("wire", width + 1), sheet.output("out", width)
    most = sheet.const((1 << width) - 1 if sheet.flip() else sheet.number(1, (1 << width) - 1), width)
    sheet.assign(wide, f"{one} + {other}")
    if sheet.flip():
        sheet.assign(out, f"{wide}[{width}] ? {most} : {wide}[{width - 1}:0]")
    else:
        sheet.assign(out, f"({wide} > {most}) ? {most} : {wide}[{width - 1}:0]")


def table(sheet: Sheet) -> None:
    """A word for each number, from a table."""
    width, bits = sheet.width(8), 2 if sheet.tiny else sheet.number(2, 3)
    select, out = sheet.input("select", bits), sheet.output("out", width, reg=True)
    values = [sheet.const(sheet.number(0, (1 << width) - 1), width) for _ in range(1 << bits)]
    cases = [f"{sheet.const(value, bits)}: {out} = {values[value]};" for value in range((1 << bits) - 1)]
    sheet.always(f"case ({select})", *indented([*cases, f"default: {out} = {values[-1]};"]), "endcase")


def population(sheet: Sheet) -> None:
    """How many bits are ones, or zeros."""
    width = 3 if sheet.tiny else sheet.number(3, 8)
    given, bits = sheet.input("data", width), width.bit_length()
    if sheet.tiny or sheet.flip():
        mark = sheet.pick("", "~") if not sheet.tiny else ""
        sheet.assign(sheet.output("out", bits), " + ".join(f"{mark and '!'}{given}[{place}]" for place in range(width)))
        return
    out = sheet.output("out", bits, reg=True)
    sheet.signals.append(f"integer {(index := f'i{len(sheet.signals)}')};")
    loop = f"for ({index} = 0; {index} < {width}; {index} = {index} + 1)"
    sheet.always(f"{out} = {sheet.const(0, bits)};", loop, f"  {out} = {out} + {given}[{index}];")


def wiring(sheet: Sheet) -> None:
    """Bits joined anew: halves swapped, signs extended, bits turned round."""
    width = sheet.width()
    half, given = width // 2, sheet.input("data", width)
    kind = sheet.number(0, 2)
    if kind == 0:
        sheet.assign(sheet.output("out", width), f"{{{given}[{half - 1}:0], {given}[{width - 1}:{half}]}}")
    elif kind == 1:
        more = sheet.number(1, 4)
        sheet.assign(sheet.output("out", width + more), f"{{{{{more}{{{given}[{width - 1}]}}}}, {given}}}")
    else:
        turned = ", ".join(f"{given}[{place}]" for place in range(min(width, 8)))
        sheet.assign(sheet.output("out", min(width, 8)), f"{{{turned}}}")


def majority(sheet: Sheet) -> None:
    """What most of three bits are, and whether all are alike."""
    one, two, three = (sheet.input("bit") for _ in range(3))
    sheet.assign(sheet.output("out"), f"({one} & {two}) | ({one} & {three}) | ({two} & {three})")
    if sheet.flip():
        sheet.assign(sheet.output("flag"), f"({one} == {two}) && ({two} {sheet.pick('==', '!=')} {three})")


def rotation(sheet: Sheet) -> None:
    """A word turned by so many places (held out)."""
    width = 4 if sheet.tiny or sheet.flip() else 8
    given, by = sheet.input("data", width), sheet.input("select", width.bit_length() - 1)
    there, back = sheet.pick("<< >>", ">> <<").split()
    sheet.assign(sheet.output("out", width), f"({given} {there} {by}) | ({given} {back} ({width} - {by}))")


def gray(sheet: Sheet) -> None:
    """A Gray code (held out)."""
    width = sheet.width()
    given = sheet.input("data", width)
    sheet.assign(sheet.output("out", width), f"{given} ^ ({given} >> {sheet.pick('1', '1', '2')})")
    if sheet.flip():
        sheet.assign(sheet.output("flag"), f"{sheet.pick('^', '&', '|')}{given}")


COMBINATIONAL: Final[Mapping[str, Block]] = {
    "logic": logic,
    "multiplexer": multiplexer,
    "decoder": decoder,
    "encoder": encoder,
    "comparator": comparator,
    "alu": alu,
    "adder": adder,
    "parity": parity,
    "extreme": extreme,
    "saturation": saturation,
    "table": table,
    "population": population,
    "wiring": wiring,
    "majority": majority,
    "rotation": rotation,
    "gray": gray,
}
