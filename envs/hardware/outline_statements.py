"""Statements and events of a syntax tree as nodes of the language of descriptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from selftaught.envs.hardware.grammar import Node
from selftaught.envs.hardware.graph import Unsupported
from selftaught.envs.hardware.terms import condition, name_node, nodes_of, term, type_node

_EDGES: Final = {"posedge": "rise", "negedge": "fall"}
_LOOPS: Final = {"<": ("below", "+"), "<=": ("up", "+"), ">=": ("down", "-")}
_ONE: Final = (Node("number", ("1",)), Node("sized", ("32", "1")))


def statements(*nodes: Any) -> tuple[Node, ...]:
    """The lines of some statements, one beneath the other; never none. Raises ``Unsupported``."""
    return tuple(line for node in nodes for line in _lines(node)) or (Node("nothing"),)


def _lines(node: Any) -> Iterator[Node]:
    if getattr(node, "label", None) is not None:
        raise Unsupported("a description of a statement with a label")
    match node.kind.name:
        case "EmptyStatement":
            pass
        case "SequentialBlockStatement":
            yield from _block(node)
        case "ExpressionStatement":
            yield _expression(node.expr)
        case "ConditionalStatement":
            yield from _conditional(node)
        case "CaseStatement":
            yield _case(node)
        case "ForLoopStatement":
            yield _for(node)
        case "LoopStatement":
            inner = statements(node.statement)
            yield Node(node.repeatOrWhile.valueText, (term(node.expr),), inner)
        case "JumpStatement":
            yield Node(node.breakOrContinue.valueText)
        case "ReturnStatement" if node.returnValue is not None:
            yield Node("return", (term(node.returnValue),))
        case "DisableStatement":
            yield Node("disable", (str(node.name).strip(),))
        case "DataDeclaration":
            yield from _local(node)
        case _:
            raise Unsupported(f"a description of {node.kind.name}")


def _block(node: Any) -> Iterator[Node]:
    if node.blockName is not None:
        yield Node("block", (node.blockName.name.valueText,), statements(*node.items))
        return
    if any(item.kind.name == "DataDeclaration" for item in node.items):
        yield Node("scope", (), statements(*node.items))
        return
    for item in node.items:
        yield from _lines(item)


def _local(node: Any) -> Iterator[Node]:
    """Variables of a block."""
    type_ = type_node("variable", node.type)
    words = [str(word).strip() for word in node.modifiers]
    for declarator in nodes_of(node.declarators):
        if list(declarator.dimensions) or declarator.initializer is not None or words:
            raise Unsupported("a description of an array, a first value or a lifetime inside a process")
        yield Node("declare", (type_, declarator.name.valueText))


def _expression(node: Any) -> Node:
    """An assignment; those that also compute are told in full."""
    kind = node.kind.name
    if kind in ("AssignmentExpression", "NonblockingAssignmentExpression"):
        if node.right.kind.name == "TimingControlExpression":
            raise Unsupported("a description of a delay")
        return Node("later" if kind.startswith("Non") else "now", (term(node.left), term(node.right)))
    if kind.endswith("AssignmentExpression"):
        target = term(node.left)
        return Node("now", (target, Node(node.operatorToken.valueText[:-1], (target, term(node.right)))))
    if kind.endswith(("incrementExpression", "decrementExpression")):
        target = term(node.operand)
        return Node("now", (target, Node(node.operatorToken.valueText[0], (target, _ONE[0]))))
    raise Unsupported(f"a description of the statement {kind}")


def _conditional(node: Any) -> Iterator[Node]:
    kind = "if"
    while True:
        yield Node(kind, (condition(node.predicate),), statements(node.statement))
        clause = node.elseClause
        if clause is None:
            return
        node, kind = clause.clause, "else if"
        if node.kind.name != "ConditionalStatement":
            yield Node("else", (), statements(node))
            return


def _case(node: Any) -> Node:
    if node.matchesOrInside is not None and str(node.matchesOrInside).strip():
        raise Unsupported("a description of a case with ranges or patterns")
    arms = []
    for item in node.items:
        lines = statements(item.clause)
        if item.kind.name == "DefaultCaseItem":
            arms.append(Node("default", (), lines))
        else:
            arms.append(Node("when", tuple(map(term, nodes_of(item.expressions))), lines))
    return Node(node.caseKeyword.valueText, (term(node.expr),), tuple(arms))


def _for(node: Any) -> Node:
    firsts, steps = nodes_of(node.initializers), nodes_of(node.steps)
    if len(firsts) != 1 or len(steps) != 1 or node.stopExpr is None:
        raise Unsupported("a description of a loop with several counters")
    first, lines = firsts[0], statements(node.statement)
    if first.kind.name == "ForVariableDeclaration":
        name, start = first.declarator.name.valueText, term(first.declarator.initializer.expr)
        declared = type_node("variable", first.type)
        if declared.kind not in ("integer", "binary integer"):
            raise Unsupported("a description of a loop over another counter than an integer")
    else:
        target, start = term(first.left), term(first.right)
        name, declared = str(target.parts[0]), Node("")
        if target.kind != "name":
            raise Unsupported("a description of a loop over what is no plain signal")
    kind, *rest = loop(name, start, node.stopExpr, steps[0])
    found = Node(kind, (name, *rest), lines)
    if not declared.kind:
        return found
    return Node("scope", (), (Node("declare", (declared, name)), found))


def loop(name: str, start: Node, stop: Any, step: Any) -> tuple[Any, ...]:
    """The kind of a loop over a counter and its ends: ``below``, ``up``, ``down``, or ``for`` with all of its parts."""
    end, change = term(stop), _expression(step)
    target, value = change.parts
    if target != name_node(name) or change.kind != "now":
        raise Unsupported("a description of a loop whose step is no assignment to its counter")
    kind, operator = _LOOPS.get(end.kind, ("", ""))
    counts = [Node(operator, (name_node(name), one)) for one in _ONE]
    if kind and end.parts[0] == name_node(name) and value in counts:
        return kind, start, end.parts[1]
    return "for", start, end, value


def event(expression: Any, lines: tuple[Node, ...]) -> Node:
    """A process with a list of what it waits for."""
    found = list(_events(expression))
    edges = [edge for edge, _ in found]
    names = [name for _, name in found]
    if not any(edges):
        return Node("listening", tuple(names), lines)
    if not all(edges):
        raise Unsupported("a description of edges and levels in one list")
    return Node("clocked", tuple(Node(edge, (name,)) for edge, name in found), lines)


def _events(expression: Any) -> Iterator[tuple[str, str]]:
    if expression.kind.name == "ParenthesizedEventExpression":
        yield from _events(expression.expr)
    elif expression.kind.name == "BinaryEventExpression":
        yield from _events(expression.left)
        yield from _events(expression.right)
    elif expression.kind.name == "SignalEventExpression" and expression.iffClause is None:
        signal = term(expression.expr)
        if signal.kind != "name":
            raise Unsupported("a description of an event that is no plain signal")
        yield _EDGES.get(str(expression.edge).strip(), ""), str(signal.parts[0])
    else:
        raise Unsupported("a description of such an event")


def names_of(target: Node) -> Sequence[str]:
    """The signals that an assignment changes."""
    if target.kind == "concatenation":
        return [name for part in target.parts if isinstance(part, Node) for name in names_of(part)]
    while target.kind != "name":
        inner = target.parts[-1]
        if not isinstance(inner, Node):
            return []
        target = inner
    return [str(target.parts[0])]
