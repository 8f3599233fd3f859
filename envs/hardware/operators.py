"""The operators with two operands."""

from __future__ import annotations

from pyslang import ast

from selftaught.envs.hardware import vectors, words
from selftaught.envs.hardware.graph import Graph, Unsupported
from selftaught.envs.hardware.words import Word

Binary = ast.BinaryOperator

_SHIFTS = {
    Binary.LogicalShiftLeft: (True, False),
    Binary.ArithmeticShiftLeft: (True, False),
    Binary.LogicalShiftRight: (False, False),
    Binary.ArithmeticShiftRight: (False, True),
}
_ORDERS = {  # whether to swap the operands of "less", and whether to invert it
    Binary.LessThan: (False, False),
    Binary.GreaterThan: (True, False),
    Binary.LessThanEqual: (True, True),
    Binary.GreaterThanEqual: (False, True),
}
_SAME = {
    Binary.Equality: False,
    Binary.CaseEquality: False,
    Binary.WildcardEquality: False,
    Binary.Inequality: True,
    Binary.CaseInequality: True,
    Binary.WildcardInequality: True,
}


def binary(
    graph: Graph, operation: ast.BinaryOperator, left: Word, right: Word, *, signed: bool, keeps_sign: bool
) -> Word:
    """The value of an operator with two operands.

    ``signed``: both operands have a sign. ``keeps_sign``: the result has one, which is what an arithmetic shift asks.
    """
    if operation in _SHIFTS:
        to_left, arithmetic = _SHIFTS[operation]
        return words.shift(graph, left, right, left=to_left, fill_sign=arithmetic and keeps_sign)
    if operation in _ORDERS:
        swap, flip = _ORDERS[operation]
        first, second = (right, left) if swap else (left, right)
        return words.strict(graph, [left, right], [vectors.less(graph, first.bits, second.bits, signed=signed) ^ flip])
    if operation in _SAME:
        first_bits, second_bits = (words.whole(side, "a compared value") for side in (left, right))
        return Word([vectors.equal(graph, first_bits, second_bits) ^ _SAME[operation]])
    return _arithmetic(graph, operation, left, right, signed=signed)


def _arithmetic(graph: Graph, operation: ast.BinaryOperator, left: Word, right: Word, *, signed: bool) -> Word:
    match operation:
        case Binary.Add:
            return words.strict(graph, [left, right], vectors.add(graph, left.bits, right.bits)[:-1])
        case Binary.Subtract:
            return words.strict(graph, [left, right], vectors.subtract(graph, left.bits, right.bits)[:-1])
        case Binary.Multiply:
            return words.strict(graph, [left, right], vectors.multiply(graph, left.bits, right.bits))
        case Binary.Divide | Binary.Mod:
            quotient, rest = vectors.divide(graph, left.bits, right.bits, signed=signed)
            bits = quotient if operation == Binary.Divide else rest
            return words.strict(graph, [left, right], bits, also=graph.some(right.bits))
        case Binary.Power:
            return _power(graph, left, right, signed=signed)
        case Binary.BinaryAnd:
            return words.both(graph, left, right)
        case Binary.BinaryOr:
            return words.either(graph, left, right)
        case Binary.BinaryXor:
            return words.differ(graph, left, right)
        case Binary.BinaryXnor:
            return words.inverse(words.differ(graph, left, right))
        case Binary.LogicalAnd:
            return words.both(graph, words.truth(graph, left), words.truth(graph, right))
        case Binary.LogicalOr:
            return words.either(graph, words.truth(graph, left), words.truth(graph, right))
    raise Unsupported(f"the operator {operation.name}")


def _power(graph: Graph, left: Word, right: Word, *, signed: bool) -> Word:
    exponent, root = vectors.number(words.whole(right, "an exponent")), vectors.number(left.bits)
    if left.known is not None or (signed and right.bits[-1] != 0):
        raise Unsupported("a power of a negative number or of x")
    width = len(left.bits)
    if exponent is not None and exponent <= 8:
        bits = vectors.constant(1, width)
        for _ in range(exponent):
            bits = vectors.multiply(graph, bits, left.bits)
        return Word(bits)
    if exponent is not None and root is not None:
        return words.number(pow(root, exponent, 1 << width), width)
    if root == 2:
        return Word(vectors.shift_left(graph, vectors.constant(1, width), right.bits))
    raise Unsupported("a power with an exponent that is not constant")
