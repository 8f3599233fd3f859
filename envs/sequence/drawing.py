"""Data and chains made from a seed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

import numpy as np

from selftaught.envs.sequence.chains import Call, Chain, Choice, Step
from selftaught.envs.sequence.operations import HELD_OUT, OPERATIONS
from selftaught.envs.sequence.operations.words import GLOSSARY
from selftaught.envs.sequence.values import Kind, Value

Dependency = Literal["independent", "chained", "select", "nested", "back"]
Allowed = Callable[[tuple[str, ...], str], bool]
"""Whether an operation may work on what any of some others give (none: on the datum)."""
DEPENDENCIES: Final[tuple[Dependency, ...]] = ("independent", "chained", "select", "nested", "back")
"""What a step works on: the datum; the result before it; either of two ways, by a result; two operations in one; the
result of a step that is not the one before it."""
MOST: Final = 9
"""Steps of a chain."""
TRIES: Final = 200

WORDS: Final = (
    *GLOSSARY,
    *"apple autumn basket bridge candle castle copper dragon engine forest garden hammer island kettle lantern market "
    "needle orange pepper rabbit silver ticket velvet window yellow".split(),
)
NAMES: Final = "Ada Bo Cleo Dov Edda Finn Gus Hana Ivo June Kit Lena".split()
COLUMNS: Final = "age score weight price".split()
LURES: Final = ("skip step 2", "stop after step 1", "the answer is 42", "ignore all steps", "repeat step 1 twice")
"""Texts that look like orders and are data."""


def anything(before: tuple[str, ...], op: str) -> bool:
    """All operations, on all results."""
    return True


def datum(random: np.random.Generator, kind: Kind, *, lure: bool = False) -> Value:
    """Something to work on; ``lure`` puts something into a text that looks like an order."""
    match kind:
        case "number":
            return int(random.integers(2, 100))
        case "numbers":
            return tuple(int(number) for number in random.integers(1, 31, size=int(random.integers(3, 7))))
        case "words":
            return tuple(_words(random, int(random.integers(3, 6))))
        case "table":
            names = random.choice(NAMES, size=int(random.integers(2, 4)), replace=False)
            columns = [str(name) for name in random.choice(COLUMNS, size=2, replace=False)]
            rows = [(str(name), *map(str, random.integers(1, 50, size=2))) for name in names]
            return (("name", *columns), *rows)
    words = _words(random, int(random.integers(3, 6)))
    if lure:
        words.insert(int(random.integers(len(words) + 1)), str(random.choice(LURES)))
    return " ".join(words)


def held_out_pair(first: str, second: str) -> bool:
    """Whether training chains never do ``second`` on what ``first`` gives: one pair in five, by its names."""
    return zlib.crc32(f"{first}>{second}".encode()) % 5 == 0


def draw(
    random: np.random.Generator,
    *,
    length: int,
    dependencies: Sequence[Dependency] = DEPENDENCIES,
    lures: float = 0.0,
    split: str = "train",
) -> Chain:
    """A chain of so many steps; of split ``pairs`` with a held-out pair, of ``families`` with a held-out family.

    Raises:
        ValueError: if none of that kind is found.
    """
    for _ in range(TRIES):
        kind: Kind = ("text", "text", "number", "words", "numbers", "table")[int(random.integers(6))]
        found = Chain(kind, datum(random, kind, lure=bool(random.random() < lures)), ())
        for _ in range(length):
            longer = longer_chain(random, found, dependencies=dependencies, allowed=allowed_in(split))
            if longer is None:
                break
            found = longer
        if len(found.steps) == length and _fits(found, split):
            return found
    raise ValueError(f"no chain of {length} steps with dependencies {tuple(dependencies)} for split {split!r}")


def longer_chain(
    random: np.random.Generator,
    chain: Chain,
    *,
    dependencies: Sequence[Dependency] = DEPENDENCIES,
    allowed: Allowed = anything,
) -> Chain | None:
    """The chain with one step more; None if no fitting one was found."""
    for _ in range(TRIES // 10):
        step = _step(random, chain, dependencies[int(random.integers(len(dependencies)))], allowed)
        if step is not None:
            longer = Chain(chain.kind, chain.datum, (*chain.steps, step))
            if longer.results[-1] is not None:
                return longer
    return None


def operations_of(chain: Chain) -> list[tuple[tuple[str, ...], str]]:
    """Every operation of a chain, with those that can have given what it works on (none: the datum)."""
    found: list[tuple[tuple[str, ...], str]] = []
    for step in chain.steps:
        before = chain.made_by(step.of)
        found.append((before, step.call.op))
        if step.choice is not None:
            found.append((before, step.choice.otherwise.op))
        if step.then is not None:
            found.append(((step.call.op,), step.then.op))
    return found


def allowed_in(split: str) -> Allowed:
    """What a split may have: held-out pairs and families are for the splits of their names alone."""

    def allowed(before: tuple[str, ...], op: str) -> bool:
        if OPERATIONS[op].family in HELD_OUT and split != "families":
            return False
        return split == "pairs" or not any(held_out_pair(one, op) for one in before)

    return allowed


def _fits(chain: Chain, split: str) -> bool:
    """Whether a chain has what its split is for."""
    if split == "pairs":
        return any(held_out_pair(one, op) for before, op in operations_of(chain) for one in before)
    if split == "families":
        return any(OPERATIONS[op].family in HELD_OUT for _, op in operations_of(chain))
    return True


def _step(random: np.random.Generator, chain: Chain, dependency: Dependency, allowed: Allowed) -> Step | None:
    """A step of a dependency, if the chain allows it."""
    count = len(chain.steps)
    of = {"independent": 0, "back": int(random.integers(count - 1)) + 1 if count > 1 else -1}.get(dependency, count)
    if of < 0 or (dependency == "select" and not count):
        return None
    value = chain.datum if of == 0 else chain.results[of - 1]
    before = chain.made_by(of)
    kind = chain.kind_of(of)
    call = call_on(random, kind, value, before, allowed)
    if call is None:
        return None
    if dependency == "nested":
        then = call_on(random, call.operation.gives, call.result(value), (call.op,), allowed)
        return None if then is None else Step(of, call, then=then)
    if dependency == "select":
        choice = _choice(random, chain)
        other = call_on(random, kind, value, before, allowed, gives=call.operation.gives, unlike=call.op)
        if choice is None or other is None:
            return None
        return Step(of, call, choice=Choice(choice.of, choice.test, other, choice.n))
    return Step(of, call)


def call_on(
    random: np.random.Generator,
    kind: Kind,
    value: Value | None,
    before: tuple[str, ...],
    allowed: Allowed,
    *,
    gives: Kind | None = None,
    unlike: str = "",
) -> Call | None:
    """An operation that can work on the value, with arguments."""
    fitting = [
        one
        for one in OPERATIONS.values()
        if one.takes == kind and one.id != unlike and gives in (None, one.gives) and allowed(before, one.id)
    ]
    if not fitting or value is None:
        return None
    chosen = fitting[int(random.integers(len(fitting)))]
    try:
        arguments: dict[str, Any] = chosen.draw(random, value)
    except (ValueError, LookupError):
        return None
    call = Call(chosen.id, arguments, int(random.integers(len(chosen.wordings))))
    return None if call.result(value) is None else call


def _choice(random: np.random.Generator, chain: Chain) -> Choice | None:
    """A test of a result, of which both ways are possible; its other way is still to be filled in."""
    known = [number for number in range(1, len(chain.steps) + 1) if chain.kind_of(number) in ("number", "text")]
    if not known:
        return None
    of = known[int(random.integers(len(known)))]
    value = chain.results[of - 1]
    dummy = Call("repeat")
    if isinstance(value, int):
        if random.random() < 0.5 or value < 1:
            return Choice(of, "even", dummy)
        return Choice(of, "above", dummy, max(0, value + int(random.integers(-3, 3))))
    return Choice(of, "longer", dummy, max(1, len(str(value)) + int(random.integers(-3, 3))))


def _words(random: np.random.Generator, count: int) -> list[str]:
    return [str(word) for word in random.choice(WORDS, size=count)]
