"""The gates that the language has built in."""

from __future__ import annotations

from collections.abc import Callable

from pyslang import ast

from selftaught.envs.hardware import words
from selftaught.envs.hardware.design import Design, Driver, segments, spread
from selftaught.envs.hardware.expressions import evaluate, width_of
from selftaught.envs.hardware.graph import Graph, Unsupported
from selftaught.envs.hardware.words import Word

_GATES: dict[str, tuple[Callable[[Graph, Word, Word], Word], bool]] = {  # the operation, and whether it is inverted
    "and": (words.both, False),
    "nand": (words.both, True),
    "or": (words.either, False),
    "nor": (words.either, True),
    "xor": (words.differ, False),
    "xnor": (words.differ, True),
    "buf": (words.both, False),
    "not": (words.both, True),
}


def connect(design: Design, member: ast.PrimitiveInstanceSymbol) -> None:
    """Claims the outputs of a gate. Raises ``Unsupported`` for switches, delays and gates on vectors."""
    name, connections = member.primitiveType.name, list(member.portConnections)
    if name not in _GATES or member.delay is not None:
        raise Unsupported(f"the gate {name}, or its delay")
    operation, inverted = _GATES[name]
    targets = [each.left for each in connections if isinstance(each, ast.AssignmentExpression)]
    sources = [each for each in connections if not isinstance(each, ast.AssignmentExpression)]
    if not sources or any(width_of(each.type) != 1 for each in (*targets, *sources)):
        raise Unsupported(f"the gate {name} with connections that are no single bits")

    def run(design: Design, driver: Driver) -> None:
        value = words.join([evaluate(design.frame(), source) for source in sources])
        found = words.fold(design.graph, value, operation)
        for place in places:
            spread(design, [place], words.inverse(found) if inverted else found)

    places = [place for target in targets for place in segments(design.frame(), target)]
    driver = Driver(run)
    for place in places:
        design.claim(place, driver)
