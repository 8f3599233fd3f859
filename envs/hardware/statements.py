"""Statements of a process, run symbolically."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from pyslang import ast

from selftaught.envs.hardware import operators, selects, vectors, words
from selftaught.envs.hardware.expressions import condition, constant, digits, evaluate, resolve, width_of
from selftaught.envs.hardware.frames import DEEPEST, Frame
from selftaught.envs.hardware.graph import FALSE, TRUE, Unsupported
from selftaught.envs.hardware.words import Word

Unary = ast.UnaryOperator

_BREAK, _CONTINUE, _RETURN = "break", "continue", "return"
_INCREMENTS = {
    Unary.Preincrement: ast.BinaryOperator.Add,
    Unary.Postincrement: ast.BinaryOperator.Add,
    Unary.Predecrement: ast.BinaryOperator.Subtract,
    Unary.Postdecrement: ast.BinaryOperator.Subtract,
}


def run(frame: Frame, statement: ast.Statement) -> None:
    """Runs a statement in the frame. Raises ``Unsupported``."""
    frame.budget.spend()
    handler = _HANDLERS.get(type(statement))
    if handler is None:
        raise Unsupported(f"a statement of kind {statement.kind.name}")
    if frame.live() != FALSE:
        handler(frame, statement)


def assign(frame: Frame, target: ast.Expression, value: Word, *, blocking: bool) -> None:
    """Sets what the target selects, where this point of the process is reached."""
    if isinstance(target, ast.ConcatenationExpression):
        low = 0
        for part in reversed(list(target.operands)):
            width = width_of(part.type)
            assign(frame, part, value.slice(low, width), blocking=blocking)
            low += width
        return
    inner, steps = resolve(frame, target)
    if not isinstance(inner, ast.ValueExpressionBase) or not isinstance(
        inner.symbol, ast.NetSymbol | ast.VariableSymbol
    ):
        raise Unsupported(f"an assignment to an expression of kind {inner.kind.name}")
    symbol, live = inner.symbol, frame.live()
    if frame.routine is not None and not _is_inside(symbol, frame.routine):
        raise Unsupported("a function that assigns to a signal")
    place = frame.now if blocking else frame.later
    if steps or live != TRUE:
        old = frame.current(symbol) if blocking else frame.coming(symbol)
        new = _store(frame, old, steps, value)
        value = words.choose(frame.graph, live, new, old)
    place[symbol] = value


def _is_inside(symbol: ast.Symbol, routine: ast.SubroutineSymbol) -> bool:
    return symbol.hierarchicalPath.startswith(f"{routine.hierarchicalPath}.")


def _store(frame: Frame, old: Word, steps: Sequence[selects.Step], value: Word) -> Word:
    if not steps:
        return value
    if len(steps) > 1:
        value = _store(frame, selects.read(frame.graph, old, steps[0]), steps[1:], value)
    return selects.write(frame.graph, old, steps[0], value)


def call(frame: Frame, expression: ast.CallExpression) -> Word:
    """The value of a call of a function of the design: its body, run with the arguments' values."""
    routine = expression.subroutine
    if not isinstance(routine, ast.SubroutineSymbol) or routine.subroutineKind != ast.SubroutineKind.Function:
        raise Unsupported("a call of what is no plain function")
    names, values = list(routine.arguments), list(expression.arguments)
    if any(name.direction != ast.ArgumentDirection.In for name in names) or len(names) != len(values):
        raise Unsupported("a function with outputs or defaults")
    if routine.returnType.isVoid or frame.depth >= DEEPEST:
        raise Unsupported("a function without a value, or calls nested too deeply")
    given = dict(zip(names, [evaluate(frame, value) for value in values], strict=True))
    inside = Frame(frame.graph, frame.budget, frame.outer, frame.load, frame.call, depth=frame.depth + 1)
    inside.now, inside.routine = given, routine
    run(inside, routine.body)
    return inside.current(routine.returnValVar)


def _expression(frame: Frame, statement: ast.ExpressionStatement) -> None:
    _perform(frame, statement.expr)


def _perform(frame: Frame, expression: ast.Expression) -> None:
    """An assignment, in any of its forms."""
    if isinstance(expression, ast.AssignmentExpression):
        _assignment(frame, expression)
    elif isinstance(expression, ast.UnaryExpression) and expression.op in _INCREMENTS:
        old = evaluate(frame, expression.operand)
        one, kind = words.number(1, len(old.bits)), _INCREMENTS[expression.op]
        new = operators.binary(frame.graph, kind, old, one, signed=False, keeps_sign=False)
        assign(frame, expression.operand, new, blocking=True)
    else:
        raise Unsupported(f"a statement that is an expression of kind {expression.kind.name}")


def _assignment(frame: Frame, expression: ast.AssignmentExpression) -> None:
    if expression.timingControl is not None:
        raise Unsupported("a delay")
    kept = frame.reference
    if expression.isCompound:
        frame.reference = evaluate(frame, expression.left)
    value = evaluate(frame, expression.right)
    frame.reference = kept
    assign(frame, expression.left, value, blocking=not expression.isNonBlocking)


def _block(frame: Frame, statement: ast.BlockStatement) -> None:
    if statement.blockKind != ast.StatementBlockKind.Sequential:
        raise Unsupported("processes that fork")
    run(frame, statement.body)
    symbol = statement.blockSymbol
    if symbol is not None:
        frame.jumps.pop(symbol, None)


def _list(frame: Frame, statement: ast.StatementList) -> None:
    for part in statement.list:
        run(frame, part)


def _conditional(frame: Frame, statement: ast.ConditionalStatement) -> None:
    conditions = list(statement.conditions)
    if len(conditions) != 1 or conditions[0].pattern is not None:
        raise Unsupported("a pattern in a condition")
    chosen = condition(frame, conditions[0].expr)
    other = statement.ifFalse
    frame.branch(chosen, lambda: run(frame, statement.ifTrue), lambda: run(frame, other) if other is not None else None)


def _case(frame: Frame, statement: ast.CaseStatement) -> None:
    kind, kinds = statement.condition, ast.CaseStatementCondition
    if kind == kinds.Inside:
        raise Unsupported("a case with ranges")
    wild = {kinds.Normal: "", kinds.WildcardJustZ: "z", kinds.WildcardXOrZ: "xz"}[kind]
    selector = words.whole(evaluate(frame, statement.expr), "the selector of a case")
    arms = []
    for item in statement.items:
        hits = [_matches(frame, selector, expression, wild) for expression in item.expressions]
        arms.append((frame.graph.some(hits), item.stmt))
    _arms(frame, arms, statement.defaultCase)


def _arms(frame: Frame, arms: Sequence[tuple[int, ast.Statement]], default: ast.Statement | None) -> None:
    """The arms in order, as a chain of branches; the first that matches is run."""
    while arms and arms[0][0] == FALSE:
        arms = arms[1:]
    if arms:
        (hit, body), rest = arms[0], arms[1:]
        frame.branch(hit, lambda: run(frame, body), lambda: _arms(frame, rest, default))
    elif default is not None:
        run(frame, default)


def _matches(frame: Frame, selector: vectors.Bits, expression: ast.Expression, wild: str) -> int:
    marks = digits(expression)
    if marks is None:
        value = words.whole(evaluate(frame, expression), "a case item")
        return vectors.equal(frame.graph, selector, value)
    pairs = [(bit, mark) for bit, mark in zip(selector, marks, strict=True) if mark not in wild]
    if any(mark in "xz" for _, mark in pairs):
        return FALSE
    return frame.graph.every(bit if mark == "1" else bit ^ 1 for bit, mark in pairs)


def _declaration(frame: Frame, statement: ast.VariableDeclStatement) -> None:
    symbol = statement.symbol
    if symbol.initializer is None:
        return
    if symbol.lifetime != ast.VariableLifetime.Automatic:
        raise Unsupported("a static variable with a first value inside a process")
    frame.now[symbol] = evaluate(frame, symbol.initializer)


def _for(frame: Frame, statement: ast.ForLoopStatement) -> None:
    variables = list(statement.loopVars)
    for variable in variables:
        if variable.initializer is not None:
            frame.now[variable] = evaluate(frame, variable.initializer)
    for first in statement.initializers:
        _perform(frame, first)

    def step() -> None:
        # A counter of the loop's own is read on no path that left the loop, so it steps on all and stays constant.
        kept = frame.jumps
        frame.jumps = {} if variables and all(_target(each) in variables for each in statement.steps) else kept
        for each in statement.steps:
            _perform(frame, each)
        frame.jumps = kept

    stop = statement.stopExpr
    _loop(frame, lambda: stop is None or _constant_condition(frame, stop), lambda: run(frame, statement.body), step)


def _target(expression: ast.Expression) -> ast.Symbol | None:
    target = expression.left if isinstance(expression, ast.AssignmentExpression) else None
    target = expression.operand if isinstance(expression, ast.UnaryExpression) else target
    return target.symbol if isinstance(target, ast.NamedValueExpression) else None


def _constant_condition(frame: Frame, expression: ast.Expression) -> bool:
    chosen = condition(frame, expression)
    if chosen > 1:
        raise Unsupported("a loop whose end depends on a signal")
    return bool(chosen)


def _repeat(frame: Frame, statement: ast.RepeatLoopStatement) -> None:
    rounds = iter(range(max(constant(frame, statement.count), 0)))
    _loop(frame, lambda: next(rounds, None) is not None, lambda: run(frame, statement.body), lambda: None)


def _while(frame: Frame, statement: ast.WhileLoopStatement) -> None:
    body = statement.body
    _loop(frame, lambda: _constant_condition(frame, statement.cond), lambda: run(frame, body), lambda: None)


def _loop(frame: Frame, again: Callable[[], bool], body: Callable[[], None], step: Callable[[], None]) -> None:
    """The rounds one after another; paths that met a break are dead until the end of the loop."""
    outer = {key: frame.jumps.pop(key) for key in (_BREAK, _CONTINUE) if key in frame.jumps}
    alive = frame.live()
    if any(literal != FALSE for literal in outer.values()):
        raise Unsupported("a loop after a break")
    while alive != FALSE and again():
        body()
        frame.jumps.pop(_CONTINUE, None)
        if frame.live() == FALSE:
            break
        step()
        frame.budget.spend()
    frame.jumps.pop(_BREAK, None)


def _break(frame: Frame, statement: ast.Statement) -> None:
    frame.jumps[_BREAK] = TRUE


def _continue(frame: Frame, statement: ast.Statement) -> None:
    frame.jumps[_CONTINUE] = TRUE


def _disable(frame: Frame, statement: ast.DisableStatement) -> None:
    target = statement.target
    if not isinstance(target, ast.ArbitrarySymbolExpression) or not isinstance(target.symbol, ast.StatementBlockSymbol):
        raise Unsupported("a disable of what is no block")
    frame.jumps[target.symbol] = TRUE


def _return(frame: Frame, statement: ast.ReturnStatement) -> None:
    if frame.routine is None or statement.expr is None:
        raise Unsupported("a return without a value")
    variable, value = frame.routine.returnValVar, evaluate(frame, statement.expr)
    if frame.live() != TRUE:
        value = words.choose(frame.graph, frame.live(), value, frame.current(variable))
    frame.now[variable] = value
    frame.jumps[_RETURN] = TRUE


def _nothing(frame: Frame, statement: ast.Statement) -> None:
    pass


_HANDLERS: Final[dict[type, Callable[[Frame, Any], None]]] = {
    ast.EmptyStatement: _nothing,
    ast.StatementList: _list,
    ast.BlockStatement: _block,
    ast.ExpressionStatement: _expression,
    ast.ConditionalStatement: _conditional,
    ast.CaseStatement: _case,
    ast.VariableDeclStatement: _declaration,
    ast.ForLoopStatement: _for,
    ast.RepeatLoopStatement: _repeat,
    ast.WhileLoopStatement: _while,
    ast.BreakStatement: _break,
    ast.ContinueStatement: _continue,
    ast.DisableStatement: _disable,
    ast.ReturnStatement: _return,
}
