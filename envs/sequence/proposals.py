"""Steps that a model writes: what can be read back, fits by its type and has a result is taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from selftaught.envs.sequence.chains import THAT, Call, Chain, Choice, Step, Test
from selftaught.envs.sequence.drawing import MOST, Allowed, anything, operations_of
from selftaught.envs.sequence.operations import OPERATIONS
from selftaught.envs.sequence.values import NAMES

PROPOSE: Final = (
    "You write the next step of a task. Below are something to work on and the steps so far. Write one more: a single "
    "instruction, worded as those are, on the result of a step. Reply with its text alone, on one line, without its "
    "number."
)
_TESTS: Final[dict[str, Test]] = {"is even": "even", "is above": "above", "has more than": "longer"}
_CHOICE: Final = re.compile(
    r"If (?P<of>the result of step [1-9]) (?:(?P<even>is even)|(?P<test>is above|has more than) (?P<n>[0-9]{1,9})"
    r"(?: characters)?): (?P<one>.+?) Otherwise: (?P<other>.+)"
)


def proposed(text: str, chain: Chain, *, allowed: Allowed = anything) -> Step | None:
    """The step that the text is, if it is one of a known form that can be done next, and may be."""
    told = " ".join(text.split())
    if len(chain.steps) >= MOST:
        return None
    for step in _readings(told, chain):
        try:
            longer = Chain(chain.kind, chain.datum, (*chain.steps, step))
        except ValueError:  # an operand of another kind
            continue
        new = operations_of(longer)[len(operations_of(chain)) :]
        # What reads the same and is told otherwise is another instruction.
        same = longer.instruction(len(longer.steps)) == told
        if same and longer.results[-1] is not None and all(allowed(before, op) for before, op in new):
            return step
    return None


def _readings(told: str, chain: Chain) -> Iterator[Step]:
    """Every step that the text can be, whether or not it fits."""
    if (found := _CHOICE.fullmatch(told)) is not None:
        on = _operand(found["of"], chain)
        test = _TESTS[found["even"] or found["test"]]
        for of, call in _calls(found["one"]):
            for other, otherwise in _calls(found["other"]):
                number = _operand(of, chain)
                if of == other and number is not None and on is not None:
                    yield Step(number, call, choice=Choice(on, test, otherwise, int(found["n"] or 0)))
        return
    first, _, second = told.partition(" Then, in the same step: ")
    for of, call in _calls(first):
        number = _operand(of, chain)
        if number is None:
            continue
        if not second:
            yield Step(number, call)
        for that, then in _calls(second):
            if that == THAT:
                yield replace(Step(number, call), then=then)


def _calls(told: str) -> Iterator[tuple[str, Call]]:
    """What the text works on, and every operation in every wording that it can be."""
    for one in OPERATIONS.values():
        if (found := one.read(told)) is not None:
            of, arguments = found
            for wording in range(len(one.wordings)):
                if one.tell(wording, of=of, arguments=arguments) == told:
                    yield of, Call(one.id, arguments, wording)


def _operand(of: str, chain: Chain) -> int | None:
    """The number that the words mean: 0 is the datum."""
    if of == f"the {NAMES[chain.kind]}":
        return 0
    number = re.fullmatch(r"the result of step ([1-9])", of)
    return int(number[1]) if number is not None and int(number[1]) <= len(chain.steps) else None
