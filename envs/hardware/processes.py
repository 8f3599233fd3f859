"""Procedural blocks: logic, registers and first values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pyslang import ast

from selftaught.envs.hardware import words
from selftaught.envs.hardware.design import Design, Driver, Fault, segments
from selftaught.envs.hardware.expressions import condition, evaluate, width_of
from selftaught.envs.hardware.frames import Frame
from selftaught.envs.hardware.graph import FALSE, Unsupported
from selftaught.envs.hardware.statements import call, run
from selftaught.envs.hardware.words import Word

Kinds = ast.ProceduralBlockKind


@dataclass(slots=True)
class Written:
    """What a process assigns to: targets by signal, and which signals with ``=`` and with ``<=``."""

    targets: dict[ast.Symbol, list[ast.Expression]] = field(default_factory=dict)
    blocking: set[ast.Symbol] = field(default_factory=set)
    later: set[ast.Symbol] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Clocked:
    """A process with registers.

    ``active`` is the literal whose rising is the clock's edge; ``effective`` is what is read of each register: its
    variables, under the asynchronous resets; ``states`` are those variables; ``following`` the values after an edge.
    """

    block: ast.ProceduralBlockSymbol
    written: Written
    edges: list[ast.SignalEventControl]
    body: ast.Statement
    active: int = FALSE
    states: dict[ast.Symbol, list[int]] = field(default_factory=dict)
    effective: dict[ast.Symbol, Word] = field(default_factory=dict)
    following: dict[ast.Symbol, Word] = field(default_factory=dict)


def assignments(block: ast.ProceduralBlockSymbol) -> Written:
    """All targets of a process, in the order of the text."""
    written = Written()

    def unary(node: ast.UnaryExpression) -> None:
        if node.op.value >= ast.UnaryOperator.Preincrement.value:
            _note(written, node.operand, blocking=True)

    def assignment(node: ast.AssignmentExpression) -> None:
        _note(written, node.left, blocking=not node.isNonBlocking)

    block.visit(lookup_table={ast.ExpressionKind.Assignment: assignment, ast.ExpressionKind.UnaryOp: unary})
    return written


def _note(written: Written, target: ast.Expression, *, blocking: bool) -> None:
    if isinstance(target, ast.ConcatenationExpression):
        for part in target.operands:
            _note(written, part, blocking=blocking)
        return
    inner = target
    while isinstance(inner, ast.ElementSelectExpression | ast.RangeSelectExpression | ast.MemberAccessExpression):
        inner = inner.value
    if not isinstance(inner, ast.ValueExpressionBase):
        raise Unsupported(f"an assignment to an expression of kind {inner.kind.name}")
    written.targets.setdefault(inner.symbol, []).append(target)
    (written.blocking if blocking else written.later).add(inner.symbol)


def place(design: Design) -> tuple[list[tuple[Clocked, Driver]], dict[ast.Symbol, Word]]:
    """Claims what every process drives; the clocked ones and the first values of signals, where they have any."""
    clocked: list[tuple[Clocked, Driver]] = []
    claims: dict[ast.Symbol, list[tuple[Driver, list[ast.Expression]]]] = {}
    starts: list[ast.ProceduralBlockSymbol] = []
    for block in design.processes:
        if block.procedureKind == Kinds.Initial:
            starts.append(block)
            continue
        written = assignments(block)
        driver, process = _driver(block, written)
        if process is not None:
            clocked.append((process, driver))
        for symbol, targets in written.targets.items():
            if symbol not in design.owners:
                if not _local(symbol):
                    raise Unsupported(f"an assignment to {symbol.name} from outside its scope")
                design.declare(symbol)
            claims.setdefault(symbol, []).append((driver, targets))
    for symbol, drivers in claims.items():
        _claim(design, symbol, drivers)
    return clocked, _first_values(design, starts)


def _local(symbol: ast.Symbol) -> bool:
    """Whether a signal that no scope declares lives in a block of a process, not in a package or outside."""
    return "." in symbol.hierarchicalPath and not symbol.hierarchicalPath.startswith("$")


def _claim(design: Design, symbol: ast.Symbol, drivers: Sequence[tuple[Driver, list[ast.Expression]]]) -> None:
    """One process drives the whole signal; of several, each only the bits that its targets name."""
    if len(drivers) == 1 and not any(design.owners[symbol]):
        design.claim((symbol, 0, len(design.owners[symbol])), drivers[0][0])
        return
    frame = Frame(design.graph, design.budget, _refuse, design.fresh, call)
    for driver, targets in drivers:
        places: set[int] = set()
        for target in targets:
            try:
                found = list(segments(frame, target))
            except Unsupported as reason:
                raise Fault(f"{symbol.name} is driven by more than one process") from reason
            places |= {bit for one, low, width in found if one == symbol for bit in range(low, low + width)}
        for bit in sorted(places):
            design.claim((symbol, bit, 1), driver)


def _refuse(frame: Frame, symbol: ast.Symbol, low: int, width: int) -> Word:
    raise Unsupported(f"{symbol.name} where a constant is needed")


def _driver(block: ast.ProceduralBlockSymbol, written: Written) -> tuple[Driver, Clocked | None]:
    body, events = block.body, None
    if block.procedureKind in (Kinds.Always, Kinds.AlwaysFF):
        if not isinstance(body, ast.TimedStatement):
            raise Unsupported("an always without an event")
        timing, body = body.timing, body.stmt
        if isinstance(timing, ast.SignalEventControl | ast.EventListControl):
            events = list(timing.events) if isinstance(timing, ast.EventListControl) else [timing]
        elif not isinstance(timing, ast.ImplicitEventControl):
            raise Unsupported("a delay")
    elif block.procedureKind != Kinds.AlwaysComb:
        raise Unsupported(f"a process of kind {block.procedureKind.name}")
    if events is None:
        return Driver(lambda design, driver: _logic(design, written, body, None, driver)), None
    if any(not isinstance(event, ast.SignalEventControl) or event.iffCondition is not None for event in events):
        raise Unsupported("an event that is no plain signal")
    edges = [event for event in events if event.edge in (ast.EdgeKind.PosEdge, ast.EdgeKind.NegEdge)]
    if not edges:
        listed = [event.expr for event in events]
        if not all(isinstance(expression, ast.NamedValueExpression) for expression in listed):
            raise Unsupported("a sensitivity list with more than names")
        return Driver(lambda design, driver: _logic(design, written, body, listed, driver)), None
    if len(edges) != len(events):
        raise Unsupported("edges and levels in one list")
    if mixed := written.blocking & written.later:
        raise Unsupported(f"{min(symbol.name for symbol in mixed)} assigned with both = and <=")
    process = Clocked(block, written, edges, body)
    return Driver(lambda design, driver: prepare(design, process, driver)), process


def _logic(
    design: Design, written: Written, body: ast.Statement, listed: Sequence[ast.Expression] | None, driver: Driver
) -> None:
    """Runs a process without a clock; what it leaves unassigned depends on ``fresh`` variables."""
    heard = None
    if listed is not None:
        heard = {expression.symbol for expression in listed if isinstance(expression, ast.NamedValueExpression)}

    def outer(frame: Frame, symbol: ast.Symbol, low: int, width: int) -> Word:
        if heard is not None and symbol not in heard and not frame.depth:
            raise Unsupported(f"a sensitivity list without {symbol.name}")
        return design.outer(frame, symbol, low, width)

    frame = Frame(design.graph, design.budget, outer, design.fresh, call, own=frozenset(written.targets))
    run(frame, body)
    if both := frame.later.keys() & frame.now.keys():
        raise Unsupported(f"{min(symbol.name for symbol in both)} read or assigned before its <= takes effect")
    for symbol in written.targets:
        design.keep(symbol, frame.later.get(symbol) or frame.current(symbol), driver)


def prepare(design: Design, process: Clocked, driver: Driver) -> None:
    """Makes the registers of a process: their variables, and what is read of them under asynchronous resets."""
    graph, frame = design.graph, design.frame()
    levels = []
    for edge in process.edges:
        literal = condition_bit(frame, edge)
        if graph.left[literal >> 1] >= 0 or literal <= 1:
            raise Unsupported("a clock or reset that is no input")
        levels.append(literal ^ (edge.edge == ast.EdgeKind.NegEdge))
    resets, process.active = _peel(design, process, levels)
    mark = f"{'-' if process.active & 1 else '+'}{process.active >> 1}"
    for symbol in process.written.targets:
        path, width = design.path(symbol), width_of(symbol.type)  # type: ignore[attr-defined]
        names = [f"{path}[{bit}]" if width > 1 else path for bit in range(width)]
        process.states[symbol] = [graph.variable(f"state {width} {mark} {name}") for name in names]
        process.effective[symbol] = Word(process.states[symbol])
    for level, branch in reversed(resets):
        _reset(design, process, level, branch)
    for symbol, value in process.effective.items():
        design.keep(symbol, value, driver)


def condition_bit(frame: Frame, edge: ast.SignalEventControl) -> int:
    """The literal of the signal in an event."""
    if width_of(edge.expr.type) != 1:
        raise Unsupported("an edge of more than one bit")
    return condition(frame, edge.expr)


def _peel(design: Design, process: Clocked, levels: list[int]) -> tuple[list[tuple[int, ast.Statement]], int]:
    """The asynchronous resets, outermost first, each a level with its branch, and the clock's literal.

    A reset is an event whose level is the condition of the outermost ``if``; the one event left over is the clock.
    """
    resets, body = [], process.body
    while len(levels) > 1:
        while isinstance(body, ast.BlockStatement | ast.StatementList):
            parts = [body.body] if isinstance(body, ast.BlockStatement) else list(body.list)
            if len(parts) != 1:
                raise Unsupported("a process with two edges that does not start with its reset")
            body = parts[0]
        if not isinstance(body, ast.ConditionalStatement) or body.ifFalse is None or len(list(body.conditions)) != 1:
            raise Unsupported("a process with two edges that does not start with its reset")
        level = condition(design.frame(), next(iter(body.conditions)).expr)
        if level not in levels:
            raise Unsupported("a reset whose edge and level disagree")
        resets.append((level, body.ifTrue))
        levels = [other for other in levels if other != level]
        body = body.ifFalse
    if not levels:
        raise Unsupported("a process without a clock")
    return resets, levels[0]


def _reset(design: Design, process: Clocked, level: int, branch: ast.Statement) -> None:
    """Puts the constants of an asynchronous reset over what is read of the registers."""
    states = process.states

    def load(symbol: ast.Symbol) -> Word:
        return Word(states[symbol]) if symbol in states else design.fresh(symbol)

    frame = Frame(design.graph, design.budget, design.outer, load, call, own=frozenset(states))
    run(frame, branch)
    for symbol, variables in states.items():
        value = frame.later.get(symbol) or frame.now.get(symbol) or Word(variables)
        if value.known is not None or any(
            bit > 1 and bit != variable for bit, variable in zip(value.bits, variables, strict=True)
        ):
            raise Unsupported(f"an asynchronous reset of {symbol.name} to what is no constant")
        # A bit that the branch does not set holds its value, whatever resets of lower rank say.
        process.effective[symbol] = words.choose(design.graph, level, value, process.effective[symbol])


def follow(design: Design, process: Clocked) -> None:
    """Runs a process once, for the values of its registers after an edge of the clock."""

    def load(symbol: ast.Symbol) -> Word:
        return design.read(symbol, 0, len(process.states[symbol])) if symbol in process.states else design.fresh(symbol)

    frame = Frame(design.graph, design.budget, design.outer, load, call, own=frozenset(process.states))
    run(frame, process.body)
    for symbol in process.states:
        process.following[symbol] = frame.later.get(symbol) or frame.current(symbol)


def _first_values(design: Design, starts: Sequence[ast.ProceduralBlockSymbol]) -> dict[ast.Symbol, Word]:
    """The constants that variables hold before anything happens; bits that are x have none."""
    values: dict[ast.Symbol, Word] = {}

    def load(symbol: ast.Symbol) -> Word:
        return values.get(symbol) or words.unknown(width_of(symbol.type))  # type: ignore[attr-defined]

    for symbol in design.owners:
        if isinstance(symbol, ast.VariableSymbol) and symbol.initializer is not None:
            frame = Frame(design.graph, design.budget, _refuse, design.fresh, call)
            values[symbol] = evaluate(frame, symbol.initializer)
        elif isinstance(symbol, ast.VariableSymbol) and not symbol.type.isFourState:
            values[symbol] = words.number(0, width_of(symbol.type))
    done: set[ast.Symbol] = set()
    for block in starts:
        own = frozenset(assignments(block).targets)
        for symbol in own - design.owners.keys():
            if not _local(symbol):
                raise Unsupported(f"an assignment to {symbol.name} from outside its scope")
        if done & own:
            raise Unsupported("a signal that two initial processes set")
        done |= own
        frame = Frame(design.graph, design.budget, _refuse, load, call, own=own)
        run(frame, block.body)
        values.update({symbol: frame.later.get(symbol) or frame.current(symbol) for symbol in own})
    for symbol, value in values.items():
        if any(literal > 1 for literal in (*value.bits, *value.care())):
            raise Unsupported(f"a first value of {symbol.name} that is no constant")
        for bit, owner in enumerate(design.owners.get(symbol, ())):
            if owner is None and value.care()[bit]:  # never driven, so it stays what it was at the start
                design.store((symbol, bit, 1), value.slice(bit, 1))
    return values
