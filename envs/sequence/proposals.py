"""Steps that a model writes: what can be read back, fits by its type and has a result is taken."""

from __future__ import annotations

import re
from typing import Final

from selftaught.envs.sequence.chains import Call, Chain, Step
from selftaught.envs.sequence.drawing import MOST, Allowed, anything
from selftaught.envs.sequence.operations import OPERATIONS
from selftaught.envs.sequence.values import NAMES

PROPOSE: Final = (
    "You write the next step of a task. Below are something to work on and the steps so far. Write one more: a single "
    "instruction, worded as those are, on the result of a step. Reply with its text alone, on one line, without its "
    "number."
)


def proposed(text: str, chain: Chain, *, allowed: Allowed = anything) -> Step | None:
    """The step that the text is, if it is one of a known form that can be done next, and may be."""
    told = " ".join(text.split())
    if len(chain.steps) >= MOST:
        return None
    for one in OPERATIONS.values():
        found = one.read(told)
        if found is None:
            continue
        of, arguments = found
        number = _operand(of, chain)
        if number is None or chain.kind_of(number) != one.takes:
            continue
        wordings = [place for place in range(len(one.wordings)) if one.tell(place, of=of, arguments=arguments) == told]
        if not wordings:
            continue
        step = Step(number, Call(one.id, arguments, wordings[0]))
        longer = Chain(chain.kind, chain.datum, (*chain.steps, step))
        if longer.results[-1] is not None and allowed(chain.made_by(number), one.id):
            return step
    return None


def _operand(of: str, chain: Chain) -> int | None:
    """The number that the words mean: 0 is the datum."""
    if of == f"the {NAMES[chain.kind]}":
        return 0
    number = re.fullmatch(r"the result of step ([1-9])", of)
    return int(number[1]) if number is not None and int(number[1]) <= len(chain.steps) else None
