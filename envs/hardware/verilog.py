"""Nodes of the language of descriptions as Verilog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from selftaught.envs.hardware.grammar import Node
from selftaught.envs.hardware.phrases import CLAUSES, ROLES

_PREFIX: Final = {
    **{"!": "!", "~": "~", "negative": "-", "positive": "+", "every": "&", "any": "|", "parity": "^"},
    **{"not every": "~&", "none": "~|", "even": "~^"},
}
_INFIX: Final = frozenset({*CLAUSES, *"+-*/%&|^", "**", "<<", ">>", "<<<", ">>>", "~^"} - {"!"})
_PLAIN: Final = {
    "name": "{0}",
    "number": "{0}",
    "sized": "{0}'d{1}",
    "signed": "{0}'sd{1}",
    "digit": "1'b{0}",
    "hexadecimal": "{0}'h{1}",
    "zeros": "'0",
    "ones": "'1",
    "unknown": "'x",
    "bit": "{1}[{0}]",
    "entry": "{1}[{0}]",
    "range": "{2}[{0}:{1}]",
    "upward": "{2}[{1} +: {0}]",
    "downward": "{2}[{1} -: {0}]",
    "?": "({0} ? {1} : {2})",
    "copies": "{{{0}{{{1}}}}}",
    "cast": "{0}'({1})",
    "as signed": "$signed({0})",
    "as unsigned": "$unsigned({0})",
    "resized": "{0}'({1})",
    "logarithm": "$clog2({0})",
    "size": "$bits({0})",
    "rise": "posedge {0}",
    "fall": "negedge {0}",
    "high": "{0}",
    "low": "!{0}",
}
_HEADS: Final = {
    "logic": "always @*",
    "pure logic": "always_comb",
    "initial": "initial",
    "if": "if ({0})",
    "else if": "else if ({0})",
    "else": "else",
    "below": "for ({0} = {1}; {0} < {2}; {0} = {0} + 1)",
    "up": "for ({0} = {1}; {0} <= {2}; {0} = {0} + 1)",
    "down": "for ({0} = {1}; {0} >= {2}; {0} = {0} - 1)",
    "for": "for ({0} = {1}; {2}; {0} = {3})",
    "repeat": "repeat ({0})",
    "while": "while ({0})",
    "scope": "",
}
_NAMED: Final = {
    "block": ("", 0),
    "parts below": ("for (genvar {0} = {1}; {0} < {2}; {0} = {0} + 1)", 3),
    "parts up": ("for (genvar {0} = {1}; {0} <= {2}; {0} = {0} + 1)", 3),
    "parts down": ("for (genvar {0} = {1}; {0} >= {2}; {0} = {0} - 1)", 3),
    "provided": ("if ({0})", 1),
    "provided else": ("else", 0),
}
"""Heads of blocks, and which part is the name, if it is there."""
_LEAVES: Final = {
    "later": "{0} <= {1};",
    "now": "{0} = {1};",
    "assign": "assign {0} = {1};",
    "nothing": ";",
    "return": "return {0};",
    "disable": "disable {0};",
    "break": "break;",
    "continue": "continue;",
}


def verilog(modules: Sequence[Node]) -> str:
    """The code of some modules."""
    return "\n".join(line for module in modules if module.kind == "module" for line in _module(module)) + "\n"


def expression(part: Node | str) -> str:
    """The code of an expression, in brackets where it is more than one operand."""
    if isinstance(part, str):
        return part
    parts = [expression(inner) for inner in part.parts]
    if part.kind in _PLAIN:
        return _PLAIN[part.kind].format(*parts)
    if part.kind in _PREFIX:
        return f"({_PREFIX[part.kind]}{parts[0]})"
    if part.kind in _INFIX:
        return f"({f' {part.kind} '.join(parts)})"
    if part.kind == "pattern":
        return f"{len(parts[0])}'b{parts[0]}"
    if part.kind == "call":
        return f"{parts[0]}({', '.join(parts[1:])})"
    return f"{{{', '.join(parts)}}}"


def _module(module: Node) -> Iterator[str]:
    sections = {section.kind: section.body for section in module.body}
    constants, ports_ = sections.get("parameters", ()), sections.get("ports", ())
    early = any(line.kind.endswith("parameter") for line in constants) or any(map(_ranged, ports_))
    header = [text for line in constants if early for text in _declared(line)]
    parameters = f" #({', '.join(header)})" if header else ""
    ports = ",\n  ".join(text for line in ports_ for text in _declared(line))
    yield f"module {module.parts[0]}{parameters} (\n  {ports}\n);"
    for line in (*(() if early else constants), *sections.get("signals", ()), *sections.get("behaviour", ())):
        yield from _lines(line, "  ")
    yield "endmodule"


def _choice(member: Node | str) -> str:
    parts = member.parts if isinstance(member, Node) else (member,)
    return " = ".join(map(expression, parts))


def _ranged(line: Node) -> bool:
    return isinstance(line.parts[0], Node) and line.parts[0].kind == "ranged"


def _declared(line: Node) -> Iterator[str]:
    """Declarations, one name each, without an end."""
    if line.kind in ("constant", "parameter"):
        word = "localparam" if line.kind == "constant" else "parameter"
        yield f"{word} {line.parts[0]} = {expression(line.parts[1])}"
        return
    type_, *names = line.parts
    text = _type(type_)
    if line.kind == "declare":
        yield from (f"{text} {name}" for name in names)
    elif line.kind == "enumeration":
        yield f"typedef enum {text} {{{', '.join(map(_choice, line.parts[2:]))}}} {names[0]}"
    elif line.kind == "memory":
        yield f"{text} {names[0]} [{expression(names[1])}:{expression(names[2])}]"
    else:
        yield f"{text} {names[0]} = {expression(names[1])}"


def _type(type_: Node | str) -> str:
    if isinstance(type_, str) or type_.kind in ("integer", "binary integer"):
        return "int" if isinstance(type_, Node) and type_.kind != "integer" else "integer"
    role, *sides = (expression(part) for part in type_.parts)
    if type_.kind == "of type":
        words = [word for word in ROLES[role].split() if word in ("input", "output")]
        return " ".join([*words, *sides])
    text = ROLES[role.removeprefix("signed ")] + (" signed" if role.startswith("signed ") else "")
    if type_.kind == "wide":
        return f"{text} [{int(sides[0]) - 1}:0]"
    ranges = [f"[{left}:{right}]" for left, right in zip(sides[::2], sides[1::2], strict=True)]
    return " ".join([text, *ranges])


def _lines(node: Node, indent: str) -> Iterator[str]:
    """The code of a line and of all beneath."""
    parts = [expression(part) for part in node.parts]
    if _own_counter(node):
        loop = _HEADS[node.body[1].kind].replace("for (", f"for ({_type(node.body[0].parts[0])} ", 1)
        yield from _block(loop.format(*map(expression, node.body[1].parts)), node.body[1].body, indent)
    elif node.kind in _LEAVES:
        yield indent + _LEAVES[node.kind].format(*parts)
    elif node.kind in _HEADS:
        yield from _block(_HEADS[node.kind].format(*parts), node.body, indent)
    elif node.kind in _NAMED:
        head, place = _NAMED[node.kind]
        name = f" : {parts[place]}" if len(parts) > place else ""
        yield from _block(head.format(*parts), node.body, indent, name=name)
    elif node.kind in ("clocked", "listening"):
        yield from _block(f"always @({' or '.join(parts)})", node.body, indent)
    elif node.kind in ("asynchronous", "synchronous"):
        yield from _reset(node, parts, indent)
    elif node.kind in ("case", "casez", "casex"):
        yield f"{indent}{node.kind} ({parts[0]})"
        for arm in node.body:
            items = "default" if arm.kind == "default" else ", ".join(map(expression, arm.parts))
            yield from _block(f"{items}:", arm.body, indent + "  ")
        yield f"{indent}endcase"
    elif node.kind == "gate":
        yield f"{indent}{parts[0]} ({', '.join(parts[1:])});"
    elif node.kind == "instance":
        yield f"{indent}{_instance(node)}"
    elif node.kind.endswith("function"):
        yield from _function(node, parts, indent)
    else:
        yield from (f"{indent}{text};" for text in _declared(node))


def _own_counter(node: Node) -> bool:
    """Whether a scope is there for the counter of a loop alone."""
    if node.kind != "scope" or [line.kind for line in node.body[:1]] != ["declare"] or len(node.body) != 2:
        return False
    first, loop = node.body
    return loop.kind in ("below", "up", "down", "for") and loop.parts[0] == first.parts[1] and len(first.parts) == 2


def _block(head: str, body: Sequence[Node], indent: str, name: str = "") -> Iterator[str]:
    yield f"{indent}{head}{' ' if head else ''}begin{name}"
    for line in body:
        yield from _lines(line, indent + "  ")
    yield f"{indent}end"


def _reset(node: Node, parts: Sequence[str], indent: str) -> Iterator[str]:
    """A process with its reset; the event of an asynchronous one is the edge towards its level."""
    level = node.parts[1]
    event = parts[0]
    if node.kind == "asynchronous" and isinstance(level, Node):
        event += f" or {'posedge' if level.kind == 'high' else 'negedge'} {level.parts[0]}"
    heads = {"reset": f"if ({parts[1]})", "run": "else"}
    yield f"{indent}always @({event})"
    for phase in node.body:
        yield from _block(heads[phase.kind], phase.body, indent + "  ")


def _instance(node: Node) -> str:
    overrides, links = [], []
    for line in node.body:
        parts = [expression(part) for part in line.parts]
        match line.kind:
            case "override":
                overrides.append(f".{parts[0]}({parts[1]})")
            case "overrides":
                overrides += parts
            case "links":
                links += parts
            case _:
                links.append(f".{parts[0]}({parts[1] if len(parts) > 1 else ''})")
    given = f" #({', '.join(overrides)})" if overrides else ""
    return f"{node.parts[0]}{given} {node.parts[1]} ({', '.join(links)});"


def _function(node: Node, parts: Sequence[str], indent: str) -> Iterator[str]:
    given = [line for line in node.body if line.kind == "declare" and "argument" in _role(line)]
    arguments = ", ".join(text for line in given for text in _declared(line))
    inner = [line for line in node.body if line not in given]
    automatic = "automatic " if node.kind.startswith("automatic") else ""
    yield f"{indent}function {automatic}{_type(node.parts[0])} {parts[1]}({arguments});"
    for line in inner:
        yield from _lines(line, indent + "  ")
    yield f"{indent}endfunction"


def _role(line: Node) -> str:
    type_ = line.parts[0]
    return str(type_.parts[0]) if isinstance(type_, Node) and type_.parts else ""
