"""What the syntax does not say of a module: which signals are registers, which are memories, what resets a process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from selftaught.envs.hardware.grammar import Node
from selftaught.envs.hardware.outline_statements import names_of

_LEVELS = {"rise": "high", "fall": "low"}
_LITERALS = ("number", "sized", "signed", "digit", "pattern", "hexadecimal", "zeros", "ones")


@dataclass(frozen=True, slots=True)
class _Facts:
    """Names in a module: what has entries, what is set at an edge, inputs of one bit, constants."""

    memories: set[Node | str]
    registers: set[str]
    bits: set[Node | str]
    constants: set[Node | str]


def tell_roles(module: Node) -> Node:
    """The module with resets, registers and memories named as such."""
    everything = list(_all(module.body))
    clocked = [node for node in everything if node.kind == "clocked"]
    ports = [line for section in module.body if section.kind == "ports" for line in section.body]
    named = [member for node in everything if node.kind == "enumeration" for member in node.parts[2:]]
    facts = _Facts(
        memories={name for node in everything if _is_rows(node) for name in node.parts[1:]},
        registers={name for process in clocked for name in _assigned(process.body)},
        bits={name for line in ports if line.parts[0] == Node("one", ("input",)) for name in line.parts[1:]},
        constants={node.parts[-2] for node in everything if node.kind.endswith(("constant", "parameter"))}
        | {member.parts[0] for member in named if isinstance(member, Node)},
    )
    return Node(module.kind, module.parts, tuple(_told(module.body, facts)))


def _is_rows(line: Node) -> bool:
    """Whether a line declares what has entries, not bits."""
    type_ = line.parts[0] if line.parts else ""
    return line.kind == "memory" or (isinstance(type_, Node) and type_.kind == "rows")


def _all(nodes: Sequence[Node]) -> Iterator[Node]:
    """The lines of a module, at every depth."""
    for node in nodes:
        yield node
        yield from _all(node.body)


def _assigned(lines: Sequence[Node]) -> Iterator[str]:
    for line in _all(lines):
        if line.kind in ("now", "later") and isinstance(line.parts[0], Node):
            yield from names_of(line.parts[0])


def _told(nodes: Sequence[Node], facts: _Facts) -> Iterator[Node]:
    for node in nodes:
        parts = tuple(_entries(part, facts.memories) if isinstance(part, Node) else part for part in node.parts)
        body = tuple(_told(node.body, facts))
        found = Node(node.kind, parts, body)
        if node.kind == "clocked":
            found = _reset(found, facts)
        if node.kind in ("declare", "start", "memory"):
            yield from _registers(found, facts.registers)
        else:
            yield found


def _entries(node: Node, memories: set[Node | str]) -> Node:
    """Bits of a memory are its entries."""
    parts = tuple(_entries(part, memories) if isinstance(part, Node) else part for part in node.parts)
    entry = node.kind == "bit" and isinstance(parts[1], Node) and parts[1].kind == "name"
    kind = "entry" if entry and parts[1].parts[0] in memories else node.kind  # type: ignore[union-attr]
    return Node(kind, parts)


def _registers(line: Node, registers: set[str]) -> Iterator[Node]:
    """A declaration, in two where some of its signals are registers and some are not."""
    type_ = line.parts[0]
    if not isinstance(type_, Node) or not type_.parts or not str(type_.parts[0]).endswith("variable"):
        yield line
        return
    if str(type_.parts[0]).endswith("binary variable"):
        yield line
        return
    held = Node(type_.kind, (str(type_.parts[0]).replace("variable", "register"), *type_.parts[1:]))
    if line.kind != "declare":
        yield Node(line.kind, (held if line.parts[1] in registers else type_, *line.parts[1:]))
        return
    group: list[Node | str] = []
    for name in line.parts[1:]:
        kind = held if name in registers else type_
        if group and group[0] != kind:
            yield Node("declare", tuple(group))
            group = []
        group = [*(group or [kind]), name]
    yield Node("declare", tuple(group))


def _reset(process: Node, facts: _Facts) -> Node:
    """A process that starts with its reset, told as such: asynchronous if it waits for it, else synchronous."""
    lines = process.body
    if len(lines) < 2 or lines[0].kind != "if" or lines[1].kind not in ("else", "else if"):
        return process
    level = _level(lines[0].parts[0])
    if level is None or level.parts[0] not in facts.bits or not _constant(lines[0].body, facts.constants):
        return process
    rest = lines[1].body if lines[1].kind == "else" else (Node("if", lines[1].parts, lines[1].body), *lines[2:])
    body = Node("reset", (), lines[0].body), Node("run", (), rest)
    edges = [edge for edge in process.parts if isinstance(edge, Node)]
    others = [edge for edge in edges if edge.parts != level.parts]
    if len(edges) == 1 and others:
        return Node("synchronous", (edges[0], level), body)
    waits = len(edges) == 2 and len(others) == 1
    own = next((edge for edge in edges if edge.parts == level.parts), None)
    if waits and own is not None and _LEVELS[own.kind] == level.kind:
        return Node("asynchronous", (others[0], level), body)
    return process


def _level(asked: Node | str) -> Node | None:
    """The signal and level that a condition asks for, if it asks for nothing else."""
    if not isinstance(asked, Node):
        return None
    if asked.kind == "name":
        return Node("high", asked.parts)
    inner = asked.parts[0] if asked.kind in ("!", "~") else None
    return Node("low", inner.parts) if isinstance(inner, Node) and inner.kind == "name" else None


def _constant(lines: Sequence[Node], constants: set[Node | str]) -> bool:
    """Whether lines do nothing but set signals to constants."""
    return all(line.kind in ("now", "later") and _fixed(line.parts[1], constants) for line in lines)


def _fixed(value: Node | str, constants: set[Node | str]) -> bool:
    if not isinstance(value, Node):
        return False
    if value.kind in ("concatenation", "copies"):
        return all(_fixed(part, constants) for part in value.parts)
    return value.kind in _LITERALS or (value.kind == "name" and value.parts[0] in constants)
