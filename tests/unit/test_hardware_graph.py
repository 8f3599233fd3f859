"""The building blocks against Python's integers, on all their bits at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.envs.hardware import Unsupported, vectors
from selftaught.envs.hardware.graph import FALSE, TRUE, Graph, rebuild, support
from selftaught.envs.hardware.programs import execute, execute_unknown, program
from selftaught.envs.hardware.satisfy import satisfy

WIDTH = 5
NUMBERS = st.integers(0, 2**WIDTH - 1)


def bits(graph: Graph, name: str, width: int = WIDTH) -> list[int]:
    return [graph.variable(f"{name}[{place}]") for place in range(width)]


def value(graph: Graph, word: list[int], given_bits: dict[int, int]) -> int:
    found = execute(program(graph, word), {literal >> 1: bit for literal, bit in given_bits.items()}, 1)
    return sum(bit << place for place, bit in enumerate(found))


def signed(number: int) -> int:
    return number - 2**WIDTH if number >> WIDTH - 1 else number


def truncated(first: int, second: int) -> tuple[int, int]:
    quotient = abs(first) // abs(second)
    quotient = -quotient if (first < 0) != (second < 0) else quotient
    return quotient, first - quotient * second


BLOCKS: dict[str, tuple[Callable[[Graph, list[int], list[int]], list[int]], Callable[[int, int], int]]] = {
    "add": (lambda g, a, b: vectors.add(g, a, b)[:-1], lambda a, b: a + b),
    "subtract": (lambda g, a, b: vectors.subtract(g, a, b)[:-1], lambda a, b: a - b),
    "multiply": (vectors.multiply, lambda a, b: a * b),
    "equal": (lambda g, a, b: [vectors.equal(g, a, b)], lambda a, b: int(a == b)),
    "less": (lambda g, a, b: [vectors.less(g, a, b, signed=False)], lambda a, b: int(a < b)),
    "signed less": (lambda g, a, b: [vectors.less(g, a, b, signed=True)], lambda a, b: int(signed(a) < signed(b))),
    "left": (vectors.shift_left, lambda a, b: a << b),
    "right": (lambda g, a, b: vectors.shift_right(g, a, b, FALSE), lambda a, b: a >> b),
    "arithmetic right": (lambda g, a, b: vectors.shift_right(g, a, b, a[-1]), lambda a, b: signed(a) >> b),
    "pick": (lambda g, a, b: vectors.pick(g, [[bit] for bit in a], b[:2]), lambda a, b: a >> b % 4 & 1),
    "decode": (lambda g, a, b: vectors.decode(g, b, 7)[:5], lambda a, b: 1 << b),
}


@pytest.mark.parametrize("name", BLOCKS)
@given(first=NUMBERS, second=NUMBERS, fixed=st.booleans())
def test_blocks_do_as_numbers_do(name: str, first: int, second: int, fixed: bool) -> None:
    build, meaning = BLOCKS[name]
    graph = Graph()
    a = bits(graph, "a")
    b = vectors.constant(second, WIDTH) if fixed else bits(graph, "b")
    word = build(graph, a, b)
    inputs = {literal: first >> place & 1 for place, literal in enumerate(a)}
    inputs |= {literal: second >> place & 1 for place, literal in enumerate(b) if not fixed}
    assert value(graph, word, inputs) == meaning(first, second) % 2 ** len(word)


@given(first=NUMBERS, second=NUMBERS.filter(bool), has_sign=st.booleans())
def test_division_truncates(first: int, second: int, has_sign: bool) -> None:
    graph = Graph()
    quotient, rest = vectors.divide(graph, bits(graph, "a"), vectors.constant(second, WIDTH), signed=has_sign)
    inputs = {literal: first >> place & 1 for place, literal in enumerate(bits(graph, "a"))}
    wanted = truncated(signed(first), signed(second)) if has_sign else divmod(first, second)
    found = value(graph, quotient, inputs), value(graph, rest, inputs)
    assert found == (wanted[0] % 2**WIDTH, wanted[1] % 2**WIDTH)


def test_a_function_is_built_once() -> None:
    graph = Graph()
    a, b = graph.variable("a"), graph.variable("b")
    assert graph.conjoin(a, b) == graph.conjoin(b, a)
    assert graph.conjoin(a, graph.conjoin(a, b)) == graph.conjoin(a, b)
    assert graph.conjoin(a, graph.conjoin(a, b) ^ 1) == graph.conjoin(a, b ^ 1)
    assert graph.conjoin(a ^ 1, graph.conjoin(a, b)) == FALSE
    assert graph.differ(a, a ^ 1) == TRUE
    assert graph.variable("a") == a


def test_what_was_added_can_be_forgotten() -> None:
    graph = Graph()
    a, b = graph.variable("a"), graph.variable("b")
    both = graph.conjoin(a, b)
    mark = graph.mark()
    graph.conjoin(both, graph.variable("c"))
    graph.restore(mark)
    assert graph.mark() == mark
    assert graph.conjoin(a, b) == both
    assert graph.variable("c") == 2 * mark[0]


def test_a_graph_has_a_limit() -> None:
    graph = Graph(limit=20)
    with pytest.raises(Unsupported, match="20 gates"):
        vectors.multiply(graph, bits(graph, "a"), bits(graph, "b"))


def test_rebuilding_replaces_variables() -> None:
    graph, other = Graph(), Graph()
    a, b = graph.variable("a"), graph.variable("b")
    root = graph.differ(a, b)
    assert rebuild(graph, other, [root], {a >> 1: TRUE, b >> 1: (new := other.variable("n"))}) == [new ^ 1]
    assert support(graph, [root]) == {a >> 1, b >> 1}


def test_unknown_inputs_stay_unknown_only_where_they_matter() -> None:
    graph = Graph()
    a, b = graph.variable("a"), graph.variable("b")
    roots = [graph.conjoin(a, b), graph.differ(a, b)]
    assert execute_unknown(program(graph, roots), {a >> 1: (0, 1)}, 1) == [(0, 1), (0, 0)]


def test_satisfying_values_are_found() -> None:
    graph = Graph()
    a, b = bits(graph, "a"), bits(graph, "b")
    product = vectors.equal(graph, vectors.multiply(graph, a, b), vectors.constant(21, WIDTH))
    answer = satisfy(graph, [product, vectors.equal(graph, a, vectors.constant(3, WIDTH))])
    assert answer.found
    assert sum((literal >> 1 in answer.values) << place for place, literal in enumerate(b)) == 7
    assert satisfy(graph, [a[0], a[0] ^ 1]).found is False
    assert satisfy(graph, [FALSE]).found is False and satisfy(graph, [TRUE]).found is True
