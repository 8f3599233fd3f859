"""Sequences grown from single instructions, without a teacher model (SIT, arXiv 2403.07794, section 3).

The paper has a large model choose one of four options for every instruction and write the longer one. Here the options
are transforms of programs, so that every step that is added has a result that was computed. An option that cannot be
carried out is counted as failed, and never taken for the choice to leave things as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from selftaught.envs.sequence.chains import Chain, Step
from selftaught.envs.sequence.drawing import MOST, Allowed, anything, call_on, longer_chain, operations_of
from selftaught.envs.sequence.values import LONGEST, Value, whole, write
from selftaught.types import Message

Option = Callable[[np.random.Generator, Chain, Allowed], Chain | None]


@dataclass(frozen=True, slots=True)
class Lesson:
    """A task with its right reply; ``options`` are what it was grown by, in order, ``failed`` those that could not be.

    A ``plain`` one is somebody's own and was left as it is, so its reply has no number.
    """

    told: str
    results: tuple[str, ...]
    options: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    plain: bool = False

    @property
    def reply(self) -> str:
        """The right reply."""
        if self.plain:
            return self.results[0]
        return "\n".join(f"{number}: {result}" for number, result in enumerate(self.results, 1))

    def messages(self, rules: str) -> tuple[Message, ...]:
        """As a chat; a plain one needs no rules."""
        chat = (Message("user", self.told), Message("assistant", self.reply))
        return chat if self.plain else (Message("system", rules), *chat)


def suffix(random: np.random.Generator, chain: Chain, allowed: Allowed) -> Chain | None:
    """A step more, on the last result."""
    return longer_chain(random, chain, dependencies=("chained",), allowed=allowed)


def prefix(random: np.random.Generator, chain: Chain, allowed: Allowed) -> Chain | None:
    """A step before all others, which then work on what it gives."""
    return _inserted(random, chain, 0, allowed)


def interpolate(random: np.random.Generator, chain: Chain, allowed: Allowed) -> Chain | None:
    """A step between two others; what used the first result uses the new one."""
    if len(chain.steps) < 2:
        return None
    return _inserted(random, chain, int(random.integers(1, len(chain.steps))), allowed)


def decompose(random: np.random.Generator, chain: Chain, allowed: Allowed) -> Chain | None:
    """Two steps of one that holds two operations."""
    nested = [place for place, step in enumerate(chain.steps) if step.then is not None]
    if not nested:
        return None
    place = nested[int(random.integers(len(nested)))]
    step = chain.steps[place]
    assert step.then is not None
    halves = (replace(step, then=None), Step(place + 1, step.then))
    later = (_moved(one, after=place + 1, to=place + 2) for one in chain.steps[place + 1 :])
    return _made(chain, (*chain.steps[:place], *halves, *later), allowed)


def keep(random: np.random.Generator, chain: Chain, allowed: Allowed) -> Chain | None:
    """The chain as it is."""
    return chain


OPTIONS: Final[Mapping[str, Option]] = {
    "decompose": decompose,
    "prefix": prefix,
    "suffix": suffix,
    "interpolate": interpolate,
    "keep": keep,
}


def grow(random: np.random.Generator, chain: Chain, *, rounds: int, allowed: Allowed = anything) -> Lesson:
    """The chain after so many rounds of an option each."""
    done: list[str] = []
    failed: list[str] = []
    for _ in range(rounds):
        name = list(OPTIONS)[int(random.integers(len(OPTIONS)))]
        grown = OPTIONS[name](random, chain, allowed) if len(chain.steps) < MOST else None
        (failed if grown is None else done).append(name)
        chain = chain if grown is None else grown
    return lesson(chain, options=tuple(done), failed=tuple(failed))


def lesson(chain: Chain, *, options: tuple[str, ...] = (), failed: tuple[str, ...] = ()) -> Lesson:
    """A chain with its right results."""
    results = []
    for step, value in zip(chain.steps, chain.results, strict=True):
        assert value is not None
        results.append(write(step.gives, value))
    return Lesson(chain.told, tuple(results), options, failed)


def grow_row(
    random: np.random.Generator, row: Mapping[str, Any], *, rounds: int, allowed: Allowed = anything
) -> Lesson:
    """A row of somebody's own (``instruction``, ``input``, ``output``) with steps on its input and on its output.

    What the row itself asks for cannot be computed here: its output is taken as it is. Rows whose texts do not stand on
    one line of moderate length are kept as they are, which counts as failed.

    Raises:
        ValueError: if a field is missing, or is no text.
    """
    told, given, output = (_text(row, name) for name in ("instruction", "input", "output"))
    line = whole("text", output) and len(output) <= LONGEST
    before = Chain("text", given, ()) if line and whole("text", given) and len(given) <= LONGEST else None
    after = Chain("text", output, ()) if line else None
    done: list[str] = []
    failed: list[str] = []
    for _ in range(rounds):
        name = ("prefix", "suffix", "keep")[int(random.integers(3))]
        chain = {"prefix": before, "suffix": after}.get(name)
        grown = (
            None
            if chain is None or len(chain.steps) >= MOST // 3
            else longer_chain(random, chain, dependencies=("chained",), allowed=allowed)
        )
        if name == "prefix" and grown is not None:
            before = grown
        elif name == "suffix" and grown is not None:
            after = grown
        (done if name == "keep" or grown is not None else failed).append(name)
    return _joined(told, given, output, before, after, options=tuple(done), failed=tuple(failed))


def statistics(lessons: Iterable[Lesson]) -> dict[str, Any]:
    """How many lessons of each length, and how often each option was taken and failed."""
    found = list(lessons)
    return {
        "lessons": len(found),
        "steps": dict(sorted(Counter(len(one.results) for one in found).items())),
        "options": dict(sorted(Counter(name for one in found for name in one.options).items())),
        "failed": dict(sorted(Counter(name for one in found for name in one.failed).items())),
        "words": float(np.mean([len(f"{one.told} {one.reply}".split()) for one in found])) if found else 0.0,
    }


def _inserted(random: np.random.Generator, chain: Chain, place: int, allowed: Allowed) -> Chain | None:
    """The chain with a step after step ``place`` (0: the datum) that keeps its kind."""
    value: Value | None = chain.datum if place == 0 else chain.results[place - 1]
    before = chain.made_by(place)
    kind = chain.kind_of(place)
    call = call_on(random, kind, value, before, allowed, gives=kind)
    if call is None:
        return None
    later = (_moved(one, after=place, to=place + 1) for one in chain.steps[place:])
    return _made(chain, (*chain.steps[:place], Step(place, call), *later), allowed)


def _moved(step: Step, *, after: int, to: int) -> Step:
    """The step where operands numbered ``after`` or more are called one more, so that ``after`` is now ``to``."""
    choice = step.choice
    if choice is not None and choice.of >= after:
        choice = replace(choice, of=choice.of - after + to)
    return replace(step, of=step.of - after + to if step.of >= after else step.of, choice=choice)


def _made(chain: Chain, steps: Sequence[Step], allowed: Allowed) -> Chain | None:
    """The chain with these steps; None if they do not fit, one has no result, or two may not come together."""
    try:
        found = Chain(chain.kind, chain.datum, tuple(steps))
    except ValueError:
        return None
    whole = None not in found.results and all(allowed(before, op) for before, op in operations_of(found))
    return found if whole else None


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if name == "input" and value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"a row needs text under {name!r}, and this one has {value!r}: {dict(row)}")
    return value.strip()


def _joined(
    told: str,
    given: str,
    output: str,
    before: Chain | None,
    after: Chain | None,
    *,
    options: tuple[str, ...],
    failed: tuple[str, ...],
) -> Lesson:
    """Steps on the input, the row's own, and steps on its output, numbered through."""
    if not any(chain is not None and chain.steps for chain in (before, after)):
        return Lesson(f"{told}\n\n{given}".strip(), (output,), options, failed, plain=True)
    first = _told_steps(before, "the input", 0)
    own = len(first) + 1
    last = _told_steps(after, f"the result of step {own}", own)
    # With steps before it, it must be said what the row's own works on.
    own_step = f"On the input: {told}" if first else told
    steps = [*first, (own_step, output), *last]
    lines = [
        *([f"The input: {given}"] if given else []),
        *(f"Step {n}: {text}" for n, (text, _) in enumerate(steps, 1)),
    ]
    return Lesson("\n".join(lines), tuple(result for _, result in steps), options, failed)


def _told_steps(chain: Chain | None, of: str, shift: int) -> list[tuple[str, str]]:
    """Instruction and result of the steps of a chain whose datum is called ``of`` and whose numbers begin later."""
    if chain is None:
        return []
    found = []
    for step, value in zip(chain.steps, chain.results, strict=True):
        assert value is not None
        called = of if step.of == 0 else f"the result of step {step.of + shift}"
        found.append((step.tell(called), write(step.gives, value)))
    return found
