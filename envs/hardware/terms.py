"""Expressions and types of a syntax tree as nodes of the language of descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from pyslang import syntax

from selftaught.envs.hardware.grammar import Node
from selftaught.envs.hardware.graph import Unsupported
from selftaught.envs.hardware.phrases import CLAUSES, VALUES

_UNARY: Final = {
    **{"!": "!", "~": "~", "-": "negative", "+": "positive", "&": "every", "|": "any", "^": "parity"},
    **{"~&": "not every", "~|": "none", "~^": "even", "^~": "even"},
}
_CHAINED: Final = ("+", "*", "&", "|", "^", "&&", "||")
_SYSTEM: Final = {"$signed": "as signed", "$unsigned": "as unsigned", "$clog2": "logarithm", "$bits": "size"}
_FILLED: Final = {"0": "zeros", "1": "ones", "x": "unknown"}
_BASES: Final = {"b": 2, "o": 8, "d": 10, "h": 16}
_SELECTS: Final = {"SimpleRangeSelect": "range", "AscendingRangeSelect": "upward", "DescendingRangeSelect": "downward"}
_SHIFT: Final = {"range": (0, 1), "upward": (1, 0), "downward": (1, 0)}


def nodes_of(items: Iterable[Any]) -> list[Any]:
    """The nodes of a list without the commas between them."""
    return [item for item in items if isinstance(item, syntax.SyntaxNode)]


def term(node: Any) -> Node:
    """An expression, or what is assigned to. Raises ``Unsupported``."""
    kind = type(node).__name__.removesuffix("Syntax")
    match kind:
        case "ParenthesizedExpression":
            return term(node.expression)
        case "SimplePropertyExpr" | "SimpleSequenceExpr" | "OrderedArgument":
            return term(node.expr)
        case "IdentifierName":
            return name_node(node.identifier.valueText)
        case "IdentifierSelectName":
            found = name_node(node.identifier.valueText)
            for select in node.selectors:
                found = _selected(found, select)
            return found
        case "ElementSelectExpression":
            return _selected(term(node.left), node.select)
        case "LiteralExpression":
            return _literal(node)
        case "IntegerVectorExpression":
            return _vector(node)
        case "PrefixUnaryExpression" if node.operatorToken.valueText in _UNARY:
            return Node(_UNARY[node.operatorToken.valueText], (term(node.operand),))
        case "BinaryExpression":
            return _binary(node)
        case "ConditionalExpression":
            return Node("?", (condition(node.predicate), term(node.left), term(node.right)))
        case "ConcatenationExpression":
            return Node("concatenation", tuple(map(term, nodes_of(node.expressions))))
        case "MultipleConcatenationExpression":
            inner = term(node.concatenation)
            return Node("copies", (term(node.expression), inner.parts[0] if len(inner.parts) == 1 else inner))
        case "InvocationExpression":
            return _call(node)
        case "SignedCastExpression":
            return Node(f"as {node.signing.valueText}", (term(node.inner),))
        case "CastExpression" if node.left.kind.name == "IntegerLiteralExpression":
            return Node("resized", (term(node.left), term(node.right)))
        case "CastExpression" if node.left.kind.name == "IdentifierName":
            return Node("cast", (node.left.identifier.valueText, term(node.right)))
    raise Unsupported(f"a description of {node.kind.name}")


def name_node(name: str) -> Node:
    """A signal or constant."""
    return Node("name", (name,))


def condition(predicate: Any) -> Node:
    """What an ``if`` asks."""
    conditions = nodes_of(predicate.conditions)
    if len(conditions) != 1 or conditions[0].matchesClause is not None:
        raise Unsupported("a description of a pattern")
    return term(conditions[0].expr)


def _selected(base: Node, select: Any) -> Node:
    selector = select.selector
    if selector is None or base.kind not in ("name", "bit", "range", "upward", "downward"):
        raise Unsupported("a description of a select from an expression")
    if type(selector).__name__ == "BitSelectSyntax":
        return Node("bit", (term(selector.expr), base))
    kind = _SELECTS[selector.kind.name]
    sides = term(selector.left), term(selector.right)
    first, second = _SHIFT[kind]
    return Node(kind, (sides[first], sides[second], base))


def _literal(node: Any) -> Node:
    text = str(node.literal).strip()
    if node.kind.name == "IntegerLiteralExpression":
        return Node("number", (text.replace("_", ""),))
    if node.kind.name == "UnbasedUnsizedLiteralExpression" and text[1:].lower() in _FILLED:
        return Node(_FILLED[text[1:].lower()])
    raise Unsupported(f"a description of {text[:40]}")


def _vector(node: Any) -> Node:
    """A number with a base: decimal, hexadecimal or bits, as its author wrote it where that is possible."""
    width = int(str(node.size).strip().replace("_", "") or 32)
    base = str(node.base).strip().lower()[1:]
    digits = str(node.value).strip().replace("_", "").lower().replace("z", "?")
    signed, base = base.startswith("s"), base[-1]
    if re.fullmatch(r"[0-9a-f]+", digits):
        value = int(digits, _BASES[base]) % (1 << width)
        if signed:
            return Node("signed", (str(width), str(value)))
        if base == "h":
            return Node("hexadecimal", (str(width), f"{value:0{-(-width // 4)}x}"))
        if base != "b" or width > 32:
            return Node("sized", (str(width), str(value)))
        pattern = f"{value:0{width}b}"
    elif signed:
        raise Unsupported("a description of a signed number with unknown bits")
    else:
        pattern = _pattern(digits, base, width)
    return Node("digit" if width == 1 else "pattern", (pattern,))


def _pattern(digits: str, base: str, width: int) -> str:
    """The bits of a number with unknown ones."""
    if base == "d":
        return digits[0] * width
    size = {"b": 1, "o": 3, "h": 4}[base]
    bits = "".join(mark * size if mark in "x?" else f"{int(mark, 16):0{size}b}" for mark in digits)
    fill = bits[0] if bits[0] in "x?" else "0"
    return bits.rjust(width, fill)[-width:]


def _binary(node: Any) -> Node:
    """An operator with two operands; a chain of one that is associative becomes one node."""
    operator = node.operatorToken.valueText.replace("^~", "~^")
    if operator not in (*CLAUSES, *VALUES) or "Assignment" in node.kind.name:
        raise Unsupported(f"a description of the operator {operator} here")
    parts, left = [term(node.right)], node.left
    while operator in _CHAINED and left.kind == node.kind:
        parts.append(term(left.right))
        left = left.left
    return Node(operator, (term(left), *parts[::-1]))


def _call(node: Any) -> Node:
    parts = tuple(map(term, nodes_of(node.arguments.parameters))) if node.arguments is not None else ()
    name = str(node.left).strip()
    if name in _SYSTEM and len(parts) == 1:
        return Node(_SYSTEM[name], parts)
    if not parts or type(node.left).__name__ != "IdentifierNameSyntax":
        raise Unsupported(f"a description of the call of {name[:40]}")
    return Node("call", (name, *parts))


def type_node(role: str, node: Any) -> Node:
    """The type of what is declared, in this role. Raises ``Unsupported``."""
    if node is not None and node.kind.name == "NamedType" and node.name.kind.name == "IdentifierName":
        return Node("of type", (role, node.name.identifier.valueText))
    keyword = "" if node is None or node.kind.name == "ImplicitType" else str(getattr(node, "keyword", node)).strip()
    if keyword in ("integer", "int"):
        if role == "variable":
            return Node("integer" if keyword == "integer" else "binary integer")
        return Node("wide", (f"signed {role}", "32"))
    if keyword not in ("", "reg", "logic", "bit"):
        raise Unsupported(f"a description of the type {keyword}")
    if keyword == "bit":
        if role != "variable":
            raise Unsupported("a description of a bit with two states as a port")
        role = "binary variable"
    sign = str(node.signing).strip() if node is not None else ""
    role = f"signed {role}" if sign == "signed" else role
    dimensions = list(node.dimensions) if node is not None else []
    if not dimensions:
        return Node("one", (role,))
    if len(dimensions) == 2:
        return Node("rows", (role, *bounds(dimensions[0]), *bounds(dimensions[1])))
    if len(dimensions) > 2:
        raise Unsupported("a description of a signal with more than two packed dimensions")
    left, right = bounds(dimensions[0])
    if right == Node("number", ("0",)) and left.kind == "number" and left.parts != ("0",):
        return Node("wide", (role, str(int(str(left.parts[0])) + 1)))
    return Node("ranged", (role, left, right))


def enumeration(name: str, node: Any) -> Node:
    """A type that names its values."""
    if list(node.dimensions):
        raise Unsupported("a description of an array of named values")
    members = []
    for member in nodes_of(node.members):
        value = None if member.initializer is None else term(member.initializer.expr)
        if list(member.dimensions):
            raise Unsupported("a description of a range of named values")
        named = member.name.valueText
        members.append(Node("choice", (named,)) if value is None else Node("numbered choice", (named, value)))
    base = Node("binary integer") if node.baseType is None else type_node("choice", node.baseType)
    return Node("enumeration", (base, name, *members))


def bounds(dimension: Any) -> tuple[Node, Node]:
    """The two ends of a range."""
    specifier = dimension.specifier
    selector = None if specifier is None else getattr(specifier, "selector", None)
    if selector is None or selector.kind.name != "SimpleRangeSelect":
        raise Unsupported("a description of a dimension that is no range")
    return term(selector.left), term(selector.right)
