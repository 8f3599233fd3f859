"""Chats from which a model can learn the operations from nothing, one at a time.

A share of them is told as the game tells a chain of one step, the others as people ask for one thing. There are never
two steps: doing several in order is what is left to be learned. What is worked on is a datum or what other operations
made of one, as within chains of the training split. Some chats have lines to be numbered and nothing to be done with
them: that a reply may have several lines, and ends after the last, is known to every model that has read anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from selftaught.envs.sequence.chains import Chain, Step
from selftaught.envs.sequence.drawing import draw
from selftaught.envs.sequence.game import FORMS, RULES
from selftaught.envs.sequence.grow import lesson
from selftaught.envs.sequence.values import NAMES, write
from selftaught.types import Message

LINES: Final = 0.15
"""Share of chats that only number lines."""
MOST_LINES: Final = 8
NUMBERED: Final = "Write these lines with their numbers.\n\n{}"
DEEPEST: Final = 4
"""Operations that made a datum, and the one that is asked for."""


def corpus(rng: np.random.Generator, *, count: int = 110_000, games: float = 0.1) -> Iterator[tuple[Message, ...]]:
    """``count`` chats of one instruction each, with its result; ``games``: the share that is told as the game does."""
    rules = RULES.format(form=FORMS["reply"])
    for _ in range(count):
        if rng.random() < LINES:
            yield numbered([_datum(rng) for _ in range(int(rng.integers(1, MOST_LINES + 1)))])
            continue
        made = _last(draw(rng, length=int(rng.integers(1, DEEPEST + 1)), dependencies=("chained",)))
        yield lesson(made).messages(rules) if rng.random() < games else chat(made)


def numbered(lines: Sequence[str]) -> tuple[Message, ...]:
    """Lines and the same lines with their numbers."""
    told = "\n".join(f"{number}: {line}" for number, line in enumerate(lines, start=1))
    return (Message("user", NUMBERED.format("\n".join(lines))), Message("assistant", told))


def _datum(rng: np.random.Generator) -> str:
    made = draw(rng, length=1)
    return write(made.kind, made.datum)


def chat(single: Chain) -> tuple[Message, ...]:
    """A chain of one step as people ask for one thing."""
    (step,), (result,) = single.steps, single.results
    assert result is not None
    kind = NAMES[single.kind]
    told = f"The {kind}: {write(single.kind, single.datum)}\n{step.tell(single.operand(0))}"
    return (Message("user", told), Message("assistant", write(step.gives, result)))


def _last(made: Chain) -> Chain:
    """The last step of a chain as a chain of its own, on what the one before it gave."""
    of = len(made.steps) - 1
    datum = made.results[of - 1] if of else made.datum
    assert datum is not None
    return Chain(made.kind_of(of), datum, (Step(0, made.steps[-1].call),))
