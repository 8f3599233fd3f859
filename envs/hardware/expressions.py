"""Expressions of the elaborated design as words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyslang
from pyslang import ast

from selftaught.envs.hardware import operators, selects, vectors, words
from selftaught.envs.hardware.frames import Frame
from selftaught.envs.hardware.graph import Unsupported
from selftaught.envs.hardware.selects import Step
from selftaught.envs.hardware.words import Word

Unary = ast.UnaryOperator


def evaluate(frame: Frame, expression: ast.Expression) -> Word:
    """The value of an expression at this point of a process. Raises ``Unsupported``."""
    frame.budget.spend()
    handler = _HANDLERS.get(type(expression))
    if handler is None:
        raise Unsupported(f"an expression of kind {expression.kind.name}")
    value = handler(frame, expression)
    frame.budget.spend(len(value.bits) >> 6)
    return value


def width_of(type_: ast.Type) -> int:
    """Bits of a value of this type, arrays laid flat. Raises ``Unsupported`` for what is no vector of bits."""
    element = type_.canonicalType
    while isinstance(element, ast.FixedSizeUnpackedArrayType):
        element = element.elementType.canonicalType
    if not element.isIntegral:
        raise Unsupported(f"a value of type {type_}")
    width = int(type_.bitstreamWidth)
    words.check_width(width)
    return width


def constant(frame: Frame, expression: ast.Expression) -> int:
    """The value of an expression that must be constant, with its sign."""
    bits = words.whole(evaluate(frame, expression), "a constant")
    value = vectors.number(bits)
    if value is None:
        raise Unsupported("a value that must be constant is not")
    return value - (1 << len(bits)) if expression.type.isSigned and bits[-1] else value


def condition(frame: Frame, expression: ast.Expression) -> int:
    """The literal of a condition."""
    value = words.truth(frame.graph, evaluate(frame, expression))
    return words.whole(value, "a condition")[0]


def digits(expression: ast.Expression) -> str | None:
    """The characters 0, 1, x and z of a literal, lowest bit first; None for anything but literals and parameters."""
    if isinstance(expression, ast.IntegerLiteral | ast.UnbasedUnsizedIntegerLiteral):
        value = expression.value
        return "".join(str(value[place]) for place in range(value.bitWidth))
    if isinstance(expression, ast.NamedValueExpression) and isinstance(expression.symbol, ast.ParameterSymbol):
        parameter = expression.symbol.value.value
        if isinstance(parameter, pyslang.SVInt):
            return "".join(str(parameter[place]) for place in range(parameter.bitWidth))
    if isinstance(expression, ast.ConversionExpression) and expression.type.isIntegral:
        inner, width = digits(expression.operand), expression.type.bitWidth
        if inner is not None and (width <= len(inner) or not expression.operand.type.isSigned):
            return inner[:width] + "0" * (width - len(inner))
    if isinstance(expression, ast.ConcatenationExpression):
        parts = [digits(part) for part in expression.operands]
        if all(part is not None for part in parts):
            return "".join(part or "" for part in reversed(parts))
    return None


def resolve(frame: Frame, expression: ast.Expression) -> tuple[ast.Expression, list[Step]]:
    """The innermost value of a chain of selects, and the selects from the outside in, as positions."""
    chain: list[Step] = []
    while True:
        if isinstance(expression, ast.ElementSelectExpression):
            chain.append(_element(frame, expression))
        elif isinstance(expression, ast.RangeSelectExpression):
            chain.append(_range(frame, expression))
        elif isinstance(expression, ast.MemberAccessExpression):
            chain.append(_member(expression))
        else:
            return expression, chain[::-1]
        expression = expression.value


def _items(type_: ast.Type) -> tuple[int, int, int, bool]:
    """Lowest index, number of items, bits of each, and whether positions run against the indices."""
    bounds = type_.fixedRange
    count = int(bounds.width)
    plain = bounds.isDescending or isinstance(type_.canonicalType, ast.FixedSizeUnpackedArrayType)
    return int(bounds.lower), count, width_of(type_) // count, not plain


def _element(frame: Frame, expression: ast.ElementSelectExpression) -> Step:
    lower, count, unit, against = _items(expression.value.type)
    return _step(
        frame, expression.selector, count, unit, 1, offset=lower + count - 1 if against else -lower, minus=against
    )


def _range(frame: Frame, expression: ast.RangeSelectExpression) -> Step:
    lower, count, unit, against = _items(expression.value.type)
    upper = lower + count - 1
    if expression.selectionKind == ast.RangeSelectionKind.Simple:
        left, right = constant(frame, expression.left), constant(frame, expression.right)
        low, high = min(left, right), max(left, right)
        return Step(count, unit, high - low + 1, upper - high if against else low - lower)
    span = constant(frame, expression.right)
    up = expression.selectionKind == ast.RangeSelectionKind.IndexedUp
    # The selected indices are base .. base + span - 1, or base - span + 1 .. base; the lowest position is wanted.
    if against:
        return _step(frame, expression.left, count, unit, span, offset=upper - (span - 1 if up else 0), minus=True)
    return _step(frame, expression.left, count, unit, span, offset=-lower - (0 if up else span - 1), minus=False)


def _step(frame: Frame, index: ast.Expression, count: int, unit: int, span: int, *, offset: int, minus: bool) -> Step:
    value = evaluate(frame, index)
    signed = bool(index.type.isSigned)
    place = vectors.number(words.whole(value, "an index"))
    if place is not None:
        place -= 1 << len(value.bits) if signed and value.bits[-1] else 0
        return Step(count, unit, span, offset - place if minus else offset + place)
    start, signed = selects.shifted_start(frame.graph, value, signed=signed, offset=offset, minus=minus)
    return Step(count, unit, span, start, signed)


def _member(expression: ast.MemberAccessExpression) -> Step:
    member = expression.member
    if not isinstance(member, ast.FieldSymbol) or not expression.value.type.isIntegral:
        raise Unsupported("a member that is no field of a packed structure")
    return Step(width_of(expression.value.type), 1, width_of(member.type), int(member.bitOffset))


def _select(frame: Frame, expression: ast.Expression) -> Word:
    inner, steps = resolve(frame, expression)
    if not isinstance(inner, ast.ValueExpressionBase) or isinstance(inner.symbol, ast.ParameterSymbol):
        value = evaluate(frame, inner)
    else:
        low, width = 0, width_of(inner.type)
        while steps and isinstance(steps[0].start, int):  # only the bits in question, or a chain looks like a loop
            step, start = steps[0], steps[0].start * steps[0].unit
            if start < 0 or start + step.width > width:
                break
            low, width = low + start, step.width
            del steps[0]
        value = frame.read(inner.symbol, low, width)
    for step in steps:
        value = selects.read(frame.graph, value, step)
    return value


def _named(frame: Frame, expression: ast.ValueExpressionBase) -> Word:
    symbol = expression.symbol
    if isinstance(symbol, ast.ParameterSymbol | ast.EnumValueSymbol):
        return _integer(symbol.value.value)
    if not isinstance(symbol, ast.NetSymbol | ast.VariableSymbol):
        raise Unsupported(f"a value of kind {symbol.kind.name}")
    return frame.read(symbol, 0, width_of(symbol.type))


def _integer(value: Any) -> Word:
    if not isinstance(value, pyslang.SVInt):
        raise Unsupported("a parameter that is no integer")
    width = value.bitWidth
    if not value.hasUnknown:
        return words.number(int(value), width)
    characters = [str(value[place]) for place in range(width)]
    if "z" in characters:
        raise Unsupported("high impedance")
    words.check_width(width)
    return Word([int(mark == "1") for mark in characters], [int(mark != "x") for mark in characters])


def _literal(frame: Frame, expression: Any) -> Word:
    return _integer(expression.value)


def _conversion(frame: Frame, expression: ast.ConversionExpression) -> Word:
    kinds = ast.ConversionKind
    if expression.conversionKind not in (kinds.Implicit, kinds.Propagated, kinds.Explicit):
        raise Unsupported("a cast between streams of bits")
    width, source = width_of(expression.type), expression.operand.type
    if not source.isIntegral or not expression.type.isIntegral:
        raise Unsupported(f"a conversion from {source} to {expression.type}")
    signed = expression.type.isSigned if expression.conversionKind == kinds.Propagated else source.isSigned
    value = evaluate(frame, expression.operand)
    return words.resize(frame.graph, value, width, signed=signed, two_state=not expression.type.isFourState)


def _unary(frame: Frame, expression: ast.UnaryExpression) -> Word:
    operation, graph = expression.op, frame.graph
    if operation in (Unary.Preincrement, Unary.Predecrement, Unary.Postincrement, Unary.Postdecrement):
        raise Unsupported("an increment inside an expression")
    value = evaluate(frame, expression.operand)
    match operation:
        case Unary.Plus:
            return words.strict(graph, [value], value.bits)
        case Unary.Minus:
            return words.strict(graph, [value], vectors.negate(graph, value.bits))
        case Unary.BitwiseNot:
            return words.inverse(value)
        case Unary.LogicalNot:
            return words.inverse(words.truth(graph, value))
        case Unary.BitwiseAnd:
            return words.fold(graph, value, words.both)
        case Unary.BitwiseOr:
            return words.truth(graph, value)
        case Unary.BitwiseXor:
            return words.fold(graph, value, words.differ)
        case Unary.BitwiseNand:
            return words.inverse(words.fold(graph, value, words.both))
        case Unary.BitwiseNor:
            return words.inverse(words.truth(graph, value))
    return words.inverse(words.fold(graph, value, words.differ))


def _binary(frame: Frame, expression: ast.BinaryExpression) -> Word:
    left, right = evaluate(frame, expression.left), evaluate(frame, expression.right)
    signed = bool(expression.left.type.isSigned and expression.right.type.isSigned)
    keeps_sign = bool(expression.type.isSigned)
    return operators.binary(frame.graph, expression.op, left, right, signed=signed, keeps_sign=keeps_sign)


def _call(frame: Frame, expression: ast.CallExpression) -> Word:
    if not expression.isSystemCall:
        return frame.call(frame, expression)
    name, arguments = expression.subroutineName, list(expression.arguments)
    if name in ("$signed", "$unsigned"):
        return evaluate(frame, arguments[0])
    if name == "$clog2":
        return words.number(max(constant(frame, arguments[0]) - 1, 0).bit_length(), width_of(expression.type))
    if name == "$bits":
        return words.number(width_of(arguments[0].type), width_of(expression.type))
    raise Unsupported(f"the system function {name}")


def _conditional(frame: Frame, expression: ast.ConditionalExpression) -> Word:
    conditions = list(expression.conditions)
    if len(conditions) != 1 or conditions[0].pattern is not None:
        raise Unsupported("a pattern in a condition")
    chosen = condition(frame, conditions[0].expr)
    if chosen <= 1:
        return evaluate(frame, expression.left if chosen else expression.right)
    return words.choose(frame.graph, chosen, evaluate(frame, expression.left), evaluate(frame, expression.right))


def _concatenation(frame: Frame, expression: ast.ConcatenationExpression) -> Word:
    width_of(expression.type)
    return words.join([evaluate(frame, part) for part in reversed(list(expression.operands)) if not part.type.isVoid])


def _replication(frame: Frame, expression: ast.ReplicationExpression) -> Word:
    width_of(expression.type)
    part = evaluate(frame, expression.concat)
    return words.join([part] * constant(frame, expression.count))


def _reference(frame: Frame, expression: ast.LValueReferenceExpression) -> Word:
    if frame.reference is None:
        raise Unsupported("an assignment inside an expression")
    return frame.reference


_HANDLERS: Final[dict[type, Callable[[Frame, Any], Word]]] = {
    ast.IntegerLiteral: _literal,
    ast.UnbasedUnsizedIntegerLiteral: _literal,
    ast.NamedValueExpression: _named,
    ast.HierarchicalValueExpression: _named,
    ast.ConversionExpression: _conversion,
    ast.UnaryExpression: _unary,
    ast.ConditionalExpression: _conditional,
    ast.ConcatenationExpression: _concatenation,
    ast.ReplicationExpression: _replication,
    ast.ElementSelectExpression: _select,
    ast.RangeSelectExpression: _select,
    ast.MemberAccessExpression: _select,
    ast.LValueReferenceExpression: _reference,
    ast.BinaryExpression: _binary,
    ast.CallExpression: _call,
}
