"""The elaborated modules laid flat: who drives each bit, and its value when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pyslang import ast

from selftaught.envs.hardware import words
from selftaught.envs.hardware.expressions import evaluate, resolve, width_of
from selftaught.envs.hardware.frames import Budget, Frame
from selftaught.envs.hardware.graph import Graph, Unsupported
from selftaught.envs.hardware.statements import call
from selftaught.envs.hardware.words import Word

Segment = tuple[ast.Symbol, int, int]
"""Signal, lowest bit, number of bits."""

_IGNORED = (
    ast.PortSymbol,
    ast.ParameterSymbol,
    ast.TypeParameterSymbol,
    ast.GenvarSymbol,
    ast.SubroutineSymbol,
    ast.TypeAliasType,
    ast.TransparentMemberSymbol,
    ast.EmptyMemberSymbol,
    ast.StatementBlockSymbol,
    ast.AttributeSymbol,
)


class Fault(Unsupported):
    """What no hardware has: two drivers, a loop without a register, a value that depends on its own past."""


@dataclass(slots=True, eq=False)
class Driver:
    """Something that gives bits their values when ``run`` is called with the design and itself; ``busy`` while it does.

    It must not hold the design. What the compiler made may not outlive the compilation, or the process ends, so nothing
    here may wait for the collector of cycles.
    """

    run: Callable[[Design, Driver], None]
    busy: bool = False


@dataclass(slots=True)
class Design:
    """A module with all that it instantiates.

    ``owners`` has a driver for each bit of each signal, ``bits`` and ``known`` the literals found so far. ``processes``
    and ``gates`` wait to be placed. ``paths`` has the signals by name, ``undriven`` the names of those that were read
    and have no driver, ``unassigned`` the variables that stand for values from before a process ran.
    """

    graph: Graph
    budget: Budget = field(default_factory=Budget)
    owners: dict[ast.Symbol, list[Driver | None]] = field(default_factory=dict)
    bits: dict[ast.Symbol, list[int | None]] = field(default_factory=dict)
    known: dict[ast.Symbol, list[int]] = field(default_factory=dict)
    processes: list[ast.ProceduralBlockSymbol] = field(default_factory=list)
    gates: list[ast.PrimitiveInstanceSymbol] = field(default_factory=list)
    undriven: dict[str, None] = field(default_factory=dict)
    paths: dict[str, ast.Symbol] = field(default_factory=dict)
    unassigned: dict[int, str] = field(default_factory=dict)

    def read(self, symbol: ast.Symbol, low: int, width: int) -> Word:
        """Bits of a signal; runs their drivers."""
        bits = self.bits.get(symbol)
        if bits is None:
            return self.fresh(symbol).slice(low, width)
        for place in range(low, low + width):
            if bits[place] is None:
                self._drive(symbol, place)
        return words.word(bits[low : low + width], self.known[symbol][low : low + width])  # type: ignore[arg-type]

    def _drive(self, symbol: ast.Symbol, place: int) -> None:
        driver = self.owners[symbol][place]
        if driver is None:
            self.undriven[symbol.name] = None
            self.store((symbol, place, 1), words.unknown(1))
            return
        if driver.busy:
            raise Fault(f"a loop without a register through {symbol.name}")
        driver.busy = True
        driver.run(self, driver)
        driver.busy = False
        if self.bits[symbol][place] is None:
            raise Unsupported(f"the driver of {symbol.name}")

    def store(self, segment: Segment, value: Word) -> None:
        """Values of bits, from their driver."""
        symbol, low, width = segment
        self.bits[symbol][low : low + width] = value.bits
        self.known[symbol][low : low + width] = value.care()

    def keep(self, symbol: ast.Symbol, value: Word, driver: Driver) -> None:
        """The value of a whole signal from one of its drivers: only the bits that are its own are stored."""
        for bit, owner in enumerate(self.owners[symbol]):
            if owner is driver:
                self.bits[symbol][bit] = value.bits[bit]
                self.known[symbol][bit] = 1 if value.known is None else value.known[bit]

    def fresh(self, symbol: ast.Symbol) -> Word:
        """Variables for a value from before a process ran; no result may depend on them in the end."""
        width = width_of(symbol.type)  # type: ignore[attr-defined]
        literals = []
        for _ in range(width):
            literal = self.graph.variable(f"unassigned {len(self.unassigned)}")
            self.unassigned[literal >> 1] = symbol.name
            literals.append(literal)
        return Word(literals)

    def path(self, symbol: ast.Symbol) -> str:
        """The name of a signal from the top module on; a mark tells apart those of blocks without a name."""
        path = symbol.hierarchicalPath.partition(".")[2]
        while self.paths.setdefault(path, symbol) != symbol:
            path += "'"
        return path

    def declare(self, symbol: ast.Symbol) -> None:
        """A signal without a driver so far."""
        width = width_of(symbol.type)  # type: ignore[attr-defined]
        self.owners[symbol], self.bits[symbol], self.known[symbol] = [None] * width, [None] * width, [1] * width

    def claim(self, segment: Segment, driver: Driver) -> None:
        """Gives bits a driver. Raises ``Fault`` if they have one."""
        symbol, low, width = segment
        owners = self.owners.get(symbol)
        if owners is None:
            raise Unsupported(f"an assignment to {symbol.name} from outside its scope")
        for place in range(low, low + width):
            if owners[place] is not None:
                raise Fault(f"{symbol.name} is driven more than once")
            owners[place] = driver

    def frame(self) -> Frame:
        """A frame in which expressions of no process are evaluated."""
        return Frame(self.graph, self.budget, self.outer, self.fresh, call)

    def outer(self, frame: Frame, symbol: ast.Symbol, low: int, width: int) -> Word:
        """What a process reads of others."""
        if frame.depth and symbol in self.bits:
            raise Unsupported("a function that reads signals besides its arguments")
        return self.read(symbol, low, width)


def gather(design: Design, scope: ast.GenerateBlockSymbol | ast.InstanceBodySymbol) -> None:
    """Declares the signals of a scope and of all inside, and claims what is driven outside of processes."""
    members = list(scope)
    for member in members:
        if isinstance(member, ast.NetSymbol | ast.VariableSymbol):
            design.declare(member)
    for member in members:
        _gather(design, member)


def _gather(design: Design, member: ast.Symbol) -> None:
    if isinstance(member, ast.NetSymbol):
        _net(design, member)
    elif isinstance(member, ast.ContinuousAssignSymbol):
        if member.delay is not None or not isinstance(member.assignment, ast.AssignmentExpression):
            raise Unsupported("a delay")
        _assignment(design, member.assignment.left, member.assignment.right)
    elif isinstance(member, ast.ProceduralBlockSymbol):
        design.processes.append(member)
    elif isinstance(member, ast.PrimitiveInstanceSymbol):
        design.gates.append(member)
    elif isinstance(member, ast.InstanceSymbol):
        _instance(design, member)
    elif isinstance(member, ast.InstanceArraySymbol | ast.GenerateBlockArraySymbol):
        for entry in member.elements if isinstance(member, ast.InstanceArraySymbol) else member.entries:
            _gather(design, entry)
    elif isinstance(member, ast.GenerateBlockSymbol):
        if not member.isUninstantiated:
            gather(design, member)
    elif not isinstance(member, (ast.VariableSymbol, *_IGNORED)):
        raise Unsupported(f"a member of kind {member.kind.name}")


def _net(design: Design, member: ast.NetSymbol) -> None:
    kinds = ast.NetType.NetKind
    if member.netType.netKind not in (kinds.Wire, kinds.Tri, kinds.UWire) or member.delay is not None:
        raise Unsupported(f"the net {member.name} of another kind than wire, or with a delay")
    if member.initializer is not None:
        _drive(design, [(member, 0, width_of(member.type))], member.initializer)


def _assignment(design: Design, target: ast.Expression, source: ast.Expression) -> None:
    _drive(design, list(segments(design.frame(), target)), source)


def _drive(design: Design, places: list[Segment], source: ast.Expression) -> None:
    def run(design: Design, driver: Driver) -> None:
        spread(design, places, evaluate(design.frame(), source))

    driver = Driver(run)
    for place in places:
        design.claim(place, driver)


def spread(design: Design, places: list[Segment], value: Word) -> None:
    """Stores a value in segments side by side, the lowest first."""
    low = 0
    for place in places:
        design.store(place, value.slice(low, place[2]))
        low += place[2]


def segments(frame: Frame, target: ast.Expression) -> Iterator[Segment]:
    """The bits that a target selects, the lowest first. Raises ``Unsupported`` unless they are constant."""
    if isinstance(target, ast.ConcatenationExpression):
        for part in reversed(list(target.operands)):
            yield from segments(frame, part)
        return
    inner, steps = resolve(frame, target)
    if not isinstance(inner, ast.ValueExpressionBase):
        raise Unsupported(f"an assignment to an expression of kind {inner.kind.name}")
    low, width = 0, width_of(inner.type)
    for step in steps:
        if not isinstance(step.start, int):
            raise Unsupported("an assignment at an index that is not constant")
        start = step.start * step.unit
        if start < 0 or start + step.width > width:
            raise Unsupported("an assignment out of range")
        low, width = low + start, step.width
    yield inner.symbol, low, width


def _instance(design: Design, member: ast.InstanceSymbol) -> None:
    if not member.isModule:
        raise Unsupported("an interface")
    gather(design, member.body)
    for connection in member.portConnections:
        port, expression = connection.port, connection.expression
        if not isinstance(port, ast.PortSymbol) or not isinstance(
            port.internalSymbol, ast.NetSymbol | ast.VariableSymbol
        ):
            raise Unsupported(f"the port {port.name}, which is no plain signal")
        inner = port.internalSymbol
        if port.direction == ast.ArgumentDirection.In:
            if expression is not None:
                _drive(design, [(inner, 0, width_of(inner.type))], expression)
        elif port.direction != ast.ArgumentDirection.Out:
            raise Unsupported(f"the port {port.name} of direction {port.direction.name}")
        elif isinstance(expression, ast.AssignmentExpression):
            _connect(design, list(segments(design.frame(), expression.left)), inner)
        elif expression is not None:
            raise Unsupported(f"the connection of {port.name}")


def _connect(design: Design, places: list[Segment], inner: ast.ValueSymbol) -> None:
    width = sum(place[2] for place in places)

    def run(design: Design, driver: Driver) -> None:
        value = design.read(inner, 0, width_of(inner.type))
        signed, two_state = bool(inner.type.isSigned), not inner.type.isFourState
        spread(design, places, words.resize(design.graph, value, width, signed=signed, two_state=two_state))

    driver = Driver(run)
    for place in places:
        design.claim(place, driver)
