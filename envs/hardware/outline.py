"""The syntax tree of a text as nodes of the language of descriptions: modules, their parts and their processes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from pyslang import syntax

from selftaught.envs.hardware.grammar import Node
from selftaught.envs.hardware.graph import Unsupported
from selftaught.envs.hardware.outline_statements import event, loop, statements
from selftaught.envs.hardware.terms import bounds, enumeration, name_node, nodes_of, term, type_node

_UNSAID: Final = re.compile(r"//[^\n]*|/\*.*?\*/|`[^\n]*", re.DOTALL)
"""Comments and directives."""
_ALWAYS: Final = ("always", "always_ff", "always_comb")


def outline(text: str) -> tuple[Node, ...]:
    """The modules of a text that parses. Raises ``Unsupported`` for what the language has no words for."""
    root: Any = syntax.SyntaxTree.fromText(_UNSAID.sub(" ", text)).root
    members = list(root.members) if root.kind.name == "CompilationUnit" else [root]
    if not members or any(member.kind.name != "ModuleDeclaration" for member in members):
        raise Unsupported("a description of anything but modules")
    return tuple(_module(member) for member in members)


def _module(node: Any) -> Node:
    header, members = node.header, list(_flat(node.members))
    parameters = [] if header.parameters is None else nodes_of(header.parameters.declarations)
    constants = list(_parameters(parameters, "parameter"))
    inside = [member for member in members if member.kind.name == "ParameterDeclarationStatement"]
    constants += _parameters([member.parameter for member in inside], "localparam" if parameters else "")
    ports, declared = _ports(header, members)
    signals, behaviour = [], []
    for member in members:
        if member.kind.name in ("NetDeclaration", "DataDeclaration", "TypedefDeclaration"):
            found, assigned = _declared(member, declared)
            signals += found
            behaviour += assigned
        elif member not in inside and member.kind.name not in ("PortDeclaration", "GenvarDeclaration"):
            behaviour += _items(member)
    sections = {"parameters": constants, "ports": ports, "signals": signals, "behaviour": behaviour}
    body = tuple(Node(kind, (), tuple(lines)) for kind, lines in sections.items() if lines)
    return Node("module", (header.name.valueText,), body)


def _flat(members: Sequence[Any]) -> Iterator[Any]:
    """The members, with those of generate regions among them."""
    for member in members:
        if member.kind.name == "GenerateRegion":
            yield from _flat(member.members)
        elif member.kind.name != "EmptyMember":
            yield member


def _parameters(declarations: Sequence[Any], default: str) -> Iterator[Node]:
    """Constants and parameters; ``localparam`` as default makes constants of all."""
    for declaration in declarations:
        if declaration.kind.name != "ParameterDeclaration":
            raise Unsupported("a description of a type parameter")
        word = str(declaration.keyword).strip()
        kind = "constant" if "localparam" in (word, default) else "parameter"
        type_ = declaration.type
        plain = type_.kind.name == "ImplicitType" and not list(type_.dimensions)
        if plain and str(type_.signing).strip():
            raise Unsupported("a description of a constant with a sign and no width")
        for declarator in nodes_of(declaration.declarators):
            name, value = declarator.name.valueText, _first(declarator)
            if value is None or list(declarator.dimensions):
                raise Unsupported("a description of a parameter without a default, or of an array")
            if plain:
                yield Node(kind, (name, value))
            else:
                yield Node(f"typed {kind}", (type_node(kind, type_), name, value))


def _first(declarator: Any) -> Node | None:
    return None if declarator.initializer is None else term(declarator.initializer.expr)


def _ports(header: Any, members: Sequence[Any]) -> tuple[list[Node], frozenset[str]]:
    """The ports in order, and the names of those that the body declares."""
    if header.ports is None:
        return [], frozenset()
    if header.ports.kind.name == "AnsiPortList":
        return _ansi(nodes_of(header.ports.ports)), frozenset()
    if header.ports.kind.name != "NonAnsiPortList":
        raise Unsupported("a description of such ports")
    variables = {
        declarator.name.valueText: member.type
        for member in members
        if member.kind.name == "DataDeclaration"
        for declarator in nodes_of(member.declarators)
    }
    found: dict[str, Node] = {}
    for member in members:
        if member.kind.name == "PortDeclaration":
            for declarator in nodes_of(member.declarators):
                name = declarator.name.valueText
                role = _role(member.header, "variable" if name in variables else "")
                found[name] = _port(type_node(role, member.header.dataType), declarator)
    order = [str(port.expr).strip() for port in nodes_of(header.ports.ports)]
    if sorted(order) != sorted(found):
        raise Unsupported("a description of ports that are more than names")
    return [found[name] for name in order], frozenset(found)


def _ansi(ports: Sequence[Any]) -> list[Node]:
    found: list[Node] = []
    role, type_ = "inout", None
    for port in ports:
        header = getattr(port, "header", None)
        if header is None or port.kind.name != "ImplicitAnsiPort":
            raise Unsupported("a description of such ports")
        implicit = header.dataType.kind.name == "ImplicitType"
        plain = implicit and not str(header.dataType).strip() and not str(getattr(header, "netType", "")).strip()
        if str(header.direction).strip() or not plain:
            role, type_ = _role(header, role), header.dataType
            found.append(_port(type_node(role, type_), port.declarator))
            continue
        node = _port(type_node(role, type_), port.declarator)
        if found and found[-1].kind == node.kind == "declare" and found[-1].parts[0] == node.parts[0]:
            found[-1] = Node("declare", (*found[-1].parts, node.parts[1]))
        else:
            found.append(node)
    return found


def _role(header: Any, before: str) -> str:
    direction = str(header.direction).strip() or before.split()[0]
    if direction not in ("input", "output"):
        raise Unsupported(f"a description of a port of direction {direction}")
    variable = header.dataType.kind.name != "ImplicitType" or before == "variable"
    return f"{direction} variable" if variable and direction == "output" else direction


def _port(type_: Node, declarator: Any) -> Node:
    if list(declarator.dimensions):
        raise Unsupported("a description of a port that is an array")
    name, value = declarator.name.valueText, _first(declarator)
    return Node("declare", (type_, name)) if value is None else Node("start", (type_, name, value))


def _declared(member: Any, ports: frozenset[str] = frozenset()) -> tuple[list[Node], list[Node]]:
    """Signals, and the assignments that came with the declarations of wires."""
    if member.kind.name == "TypedefDeclaration":
        if member.type.kind.name != "EnumType" or list(member.dimensions):
            raise Unsupported("a description of a type that is no list of names")
        return [enumeration(member.name.valueText, member.type)], []
    wire = member.kind.name == "NetDeclaration"
    if wire and (member.netType.valueText not in ("wire", "tri", "uwire") or member.delay or member.strength):
        raise Unsupported(f"a description of the net {member.netType.valueText}")
    if not wire and list(member.modifiers):
        raise Unsupported(f"a description of a signal that is {str(member.modifiers[0]).strip()}")
    found: list[Node] = []
    if member.type.kind.name == "EnumType":
        found.append(enumeration(f"{nodes_of(member.declarators)[0].name.valueText}_type", member.type))
        type_ = Node("of type", ("variable", str(found[0].parts[1])))
    else:
        type_ = type_node("wire" if wire else "variable", member.type)
    assigned: list[Node] = []
    plain: list[str] = []
    for declarator in nodes_of(member.declarators):
        name, value, dimensions = declarator.name.valueText, _first(declarator), list(declarator.dimensions)
        if name in ports and not wire and value is not None:
            raise Unsupported("a description of a port with a first value inside")
        if dimensions:
            if len(dimensions) > 1 or value is not None:
                raise Unsupported("a description of an array with more dimensions than one, or with first values")
            found.append(Node("memory", (type_, name, *bounds(dimensions[0]))))
        elif value is not None and not wire:
            found.append(Node("start", (type_, name, value)))
        else:
            plain += [] if name in ports else [name]
            assigned += [] if value is None else [Node("assign", (name_node(name), value))]
    if plain:
        found.append(Node("declare", (type_, *plain)))
    return found, assigned


def _items(member: Any) -> Iterator[Node]:
    """What a member of a module or of a generate block does. Raises ``Unsupported``."""
    match member.kind.name:
        case "ContinuousAssign":
            if member.delay is not None or member.strength is not None:
                raise Unsupported("a description of a delay or strength")
            for assignment in nodes_of(member.assignments):
                yield Node("assign", (term(assignment.left), term(assignment.right)))
        case "NetDeclaration" | "DataDeclaration" | "TypedefDeclaration":
            for lines in _declared(member):
                yield from lines
        case "ParameterDeclarationStatement":
            yield from _parameters([member.parameter], "localparam")
        case "HierarchyInstantiation":
            yield from _instances(member)
        case "PrimitiveInstantiation":
            yield from _gates(member)
        case "LoopGenerate":
            yield _generate_loop(member)
        case "IfGenerate":
            yield Node("provided", (term(member.condition), *_label(member.block)), _block(member.block))
            if member.elseClause is not None:
                yield Node("provided else", _label(member.elseClause.clause), _block(member.elseClause.clause))
        case "FunctionDeclaration":
            yield _function(member)
        case "GenvarDeclaration":
            pass
        case _:
            if member.kind.name != "InitialBlock" and getattr(member, "keyword", None) is None:
                raise Unsupported(f"a description of {member.kind.name}")
            yield _process(member)


def _label(block: Any) -> tuple[str, ...]:
    """The name of a generate block, if it has one."""
    named = getattr(block, "beginName", None)
    return () if named is None else (named.name.valueText,)


def _block(node: Any) -> tuple[Node, ...]:
    members = node.members if node.kind.name == "GenerateBlock" else [node]
    return tuple(line for member in _flat(members) for line in _items(member))


def _process(member: Any) -> Node:
    body = member.statement
    if member.kind.name == "InitialBlock":
        return Node("initial", (), statements(body))
    word = member.keyword.valueText
    if word not in _ALWAYS:
        raise Unsupported(f"a description of {word}")
    if word == "always_comb":
        return Node("pure logic", (), statements(body))
    if body.kind.name != "TimingControlStatement":
        raise Unsupported("a description of a process without an event")
    timing, lines = body.timingControl, statements(body.statement)
    if str(timing).replace(" ", "").strip() in ("@*", "@(*)"):
        return Node("logic", (), lines)
    if timing.kind.name != "EventControlWithExpression":
        raise Unsupported("a description of a delay")
    return event(timing.expr, lines)


def _generate_loop(member: Any) -> Node:
    name = member.identifier.valueText
    kind, first, last = loop(name, term(member.initialExpr), member.stopExpr, member.iterationExpr)
    if kind == "for":
        raise Unsupported("a description of a generate loop with other steps than 1")
    return Node(f"parts {kind}", (name, first, last, *_label(member.block)), _block(member.block))


def _instances(member: Any) -> Iterator[Node]:
    overrides, ordered = [], []
    for parameter in nodes_of(member.parameters.parameters) if member.parameters is not None else []:
        if parameter.kind.name == "OrderedParamAssignment":
            ordered.append(term(parameter.expr))
        else:
            overrides.append(Node("override", (parameter.name.valueText, term(parameter.expr))))
    if ordered:
        overrides.append(Node("overrides", tuple(ordered)))
    for instance in nodes_of(member.instances):
        if list(instance.decl.dimensions):
            raise Unsupported("a description of an array of instances")
        connections = nodes_of(instance.connections)
        if all(connection.kind.name == "OrderedPortConnection" for connection in connections) and connections:
            links = [Node("links", tuple(term(connection.expr) for connection in connections))]
        else:
            links = [_link(connection) for connection in connections]
        names = member.type.valueText, instance.decl.name.valueText
        yield Node("instance", names, (*overrides, *links))


def _link(connection: Any) -> Node:
    if connection.kind.name != "NamedPortConnection":
        raise Unsupported("a description of a connection of all ports")
    name = connection.name.valueText
    if connection.expr is not None:
        return Node("link", (name, term(connection.expr)))
    return Node("open", (name,)) if str(connection.openParen).strip() else Node("link", (name, name_node(name)))


def _gates(member: Any) -> Iterator[Node]:
    kind = str(member.type).strip()
    for instance in nodes_of(member.instances):
        terminals = [term(connection.expr) for connection in nodes_of(instance.connections)]
        if len(terminals) < 2 or member.delay is not None or member.strength is not None:
            raise Unsupported("a description of a gate with a delay, or with less than two terminals")
        yield Node("gate", (kind, *terminals))


def _function(member: Any) -> Node:
    prototype = member.prototype
    lifetime = str(prototype.lifetime).strip()
    if prototype.keyword.valueText != "function" or str(prototype.returnType).strip() == "void":
        raise Unsupported("a description of a task")
    arguments: list[Node] = []
    type_ = None
    for port in nodes_of(prototype.portList.ports) if prototype.portList is not None else []:
        direction, given = str(port.direction).strip(), port.dataType
        if direction not in ("input", "") or list(port.declarator.dimensions):
            raise Unsupported("a description of a function with outputs or arrays")
        alike = not direction and not str(given or "").strip()
        type_ = type_ if type_ is not None and alike else type_node("argument", given)
        arguments.append(Node("declare", (type_, port.declarator.name.valueText)))
    lines = []
    for item in member.items:
        if item.kind.name == "PortDeclaration":
            names = [declarator.name.valueText for declarator in nodes_of(item.declarators)]
            arguments.append(Node("declare", (type_node("argument", item.header.dataType), *names)))
        else:
            lines.append(item)
    kind = "automatic function" if lifetime == "automatic" else "function"
    result = type_node("value", prototype.returnType)
    return Node(kind, (result, str(prototype.name).strip()), (*arguments, *statements(*lines)))
