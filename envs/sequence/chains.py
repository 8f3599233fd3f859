"""Chains of operations: several steps on one datum, each on the datum or on the result of an earlier step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

from selftaught.envs.sequence.operation import Operation
from selftaught.envs.sequence.operations import operation
from selftaught.envs.sequence.values import NAMES, Kind, Value, read, write

Test = Literal["even", "above", "longer"]
"""What a choice depends on: a number is even, or above something; a text has more characters than so many."""
THAT: Final = "that"
"""What the first half of a nested step gives."""


@dataclass(frozen=True, slots=True)
class Call:
    """An operation with its arguments, in one of its wordings."""

    op: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    wording: int = 0

    @property
    def operation(self) -> Operation:
        """The operation itself."""
        return operation(self.op)

    def tell(self, of: str) -> str:
        """The instruction."""
        return self.operation.tell(self.wording, of=of, arguments=self.arguments)

    def result(self, value: Value | None) -> Value | None:
        """What comes out of a value; None of none."""
        return None if value is None else self.operation.result(value, self.arguments)


@dataclass(frozen=True, slots=True)
class Choice:
    """``test`` of the result of step ``of`` (and of ``n``) decides whether a step's ``call`` is done, or this one."""

    of: int
    test: Test
    otherwise: Call
    n: int = 0

    def holds(self, value: Value | None) -> bool | None:
        """Whether the test holds of a value; None if it cannot be asked."""
        match self.test, value:
            case "even", int(number):
                return number % 2 == 0
            case "above", int(number):
                return number > self.n
            case "longer", str(text):
                return len(text) > self.n
        return None

    def tell(self, of: str) -> str:
        """The condition."""
        said = {"even": "is even", "above": f"is above {self.n}", "longer": f"has more than {self.n} characters"}
        return f"{of} {said[self.test]}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``call`` on the datum (``of`` 0) or on the result of step ``of``; ``then`` on what that gives."""

    of: int
    call: Call
    then: Call | None = None
    choice: Choice | None = None

    @property
    def gives(self) -> Kind:
        """The kind of its result."""
        return (self.then or self.call).operation.gives

    def tell(self, of: str, asked: str = "") -> str:
        """The instruction of the step, on ``of``; where there is a choice, ``asked`` is what it depends on."""
        if self.choice is not None:
            return f"If {self.choice.tell(asked)}: {self.call.tell(of)} Otherwise: {self.choice.otherwise.tell(of)}"
        if self.then is not None:
            return f"{self.call.tell(of)} Then, in the same step: {self.then.tell(THAT)}"
        return self.call.tell(of)


@dataclass(frozen=True)
class Chain:
    """A datum and the steps to be done with it.

    Raises:
        ValueError: if a step refers to one that does not come before it, or takes another kind of value.
    """

    kind: Kind
    datum: Value
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        for place, step in enumerate(self.steps):
            refers = [step.of] + ([step.choice.of] if step.choice else [])
            if not all(0 <= of <= place for of in refers):
                raise ValueError(f"step {place + 1} refers to {refers}, and only 0 to {place} come before it")
            takes = [step.call.operation.takes] + ([step.choice.otherwise.operation.takes] if step.choice else [])
            if any(kind != self.kind_of(step.of) for kind in takes):
                raise ValueError(f"step {place + 1} takes {takes}, and its operand is a {self.kind_of(step.of)}")
            if step.then is not None and step.then.operation.takes != step.call.operation.gives:
                raise ValueError(f"step {place + 1}: {step.then.op} does not take what {step.call.op} gives")
            if step.choice is not None and step.choice.otherwise.operation.gives != step.call.operation.gives:
                raise ValueError(f"step {place + 1}: both ways of a choice must give the same kind")

    def kind_of(self, number: int) -> Kind:
        """The kind of the datum (0) or of a step's result."""
        return self.kind if number == 0 else self.steps[number - 1].gives

    def made_by(self, number: int) -> tuple[str, ...]:
        """The operations that can have given a step's result, two where it has a choice; none for the datum (0)."""
        if not number:
            return ()
        step = self.steps[number - 1]
        other = (step.choice.otherwise.op,) if step.choice is not None else ()
        return ((step.then or step.call).op, *other)

    def result(self, place: int, values: Sequence[Value | None]) -> Value | None:
        """What step ``place`` (from 0) gives if the datum and the results before it are ``values``; None if nothing."""
        step = self.steps[place]
        call = step.call
        if step.choice is not None:
            holds = step.choice.holds(values[step.choice.of])
            if holds is None:
                return None
            call = step.call if holds else step.choice.otherwise
        found = call.result(values[step.of])
        return found if step.then is None else step.then.result(found)

    @cached_property
    def results(self) -> tuple[Value | None, ...]:
        """The right results of all steps."""
        values: list[Value | None] = [self.datum]
        for place in range(len(self.steps)):
            values.append(self.result(place, values))
        return tuple(values[1:])

    @property
    def told(self) -> str:
        """The task as a worker reads it."""
        steps = "\n".join(f"Step {number}: {self.instruction(number)}" for number in range(1, len(self.steps) + 1))
        return f"The {NAMES[self.kind]}: {write(self.kind, self.datum)}\n{steps}"

    def instruction(self, number: int) -> str:
        """What step ``number`` (from 1) says."""
        step = self.steps[number - 1]
        return step.tell(self.operand(step.of), self.operand(step.choice.of) if step.choice else "")

    def operand(self, of: int) -> str:
        """How an instruction calls the datum (0) or an earlier result."""
        return f"the result of step {of}" if of else f"the {NAMES[self.kind]}"

    def solved(self) -> str:
        """The right reply."""
        return "\n".join(
            f"{place}: {write(step.gives, result)}"
            for place, (step, result) in enumerate(zip(self.steps, self.results, strict=True), 1)
            if result is not None
        )

    def public(self) -> dict[str, Any]:
        """As JSON data."""
        return {
            "kind": self.kind,
            "datum": write(self.kind, self.datum),
            "steps": [asdict(step) for step in self.steps],
        }


def chain(public: Mapping[str, Any]) -> Chain:
    """The chain that ``Chain.public`` describes.

    Raises:
        ValueError: if it is none, or a step has no result.
    """
    try:
        datum = read(public["kind"], public["datum"])
        steps = tuple(_step(step) for step in public["steps"])
        if datum is None:
            raise ValueError(f"{public['datum']!r} is no {public['kind']}")
        found = Chain(public["kind"], datum, steps)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"no chain: {dict(public)} ({error!r})") from error
    if not steps or None in found.results:
        raise ValueError(f"a step of this chain has no result: {dict(public)}")
    return found


def _step(public: Mapping[str, Any]) -> Step:
    then, choice = public.get("then"), public.get("choice")
    return Step(
        public["of"],
        Call(**public["call"]),
        Call(**then) if then else None,
        Choice(**{**choice, "otherwise": Call(**choice["otherwise"])}) if choice else None,
    )
