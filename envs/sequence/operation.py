"""What an operation is: a pure function with its wordings, and how an instruction is told and read back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from selftaught.envs.sequence.values import LONGEST, Kind, Value, whole, write

Arguments = Mapping[str, Any]
Draw = Callable[[np.random.Generator, Any], dict[str, Any]]


def no_arguments(random: np.random.Generator, value: Any) -> dict[str, Any]:
    """For operations that need none."""
    return {}


PATTERNS: Final = {
    "of": r"the (?:text|number|list|table)|the result of step [1-9]|that",
    "n": r"[0-9]{1,4}",
    "m": r"[0-9]{1,4}",
    "letter": r"[a-z]",
    "other": r"[a-z]",
    "word": r"[a-z]+",
    "instead": r"[a-z]+",
    "column": r"[a-z]+",
    "name": r"[a-z]+",
    "glossary": r"[a-z]+ = [a-z]+(?:, [a-z]+ = [a-z]+)*",
}
"""What may stand in the gaps of a wording."""


@dataclass(frozen=True)
class Operation:
    """One operation.

    ``apply(value, **arguments)`` is the reference; ``draw(random, value)`` finds arguments that make sense of a value.
    Every wording has a gap ``{of}`` for what is worked on and one for each argument.

    Raises:
        ValueError: on a wording with an unknown gap.
    """

    id: str
    family: str
    takes: Kind
    gives: Kind
    wordings: tuple[str, ...]
    apply: Callable[..., Value]
    draw: Draw = no_arguments

    def __post_init__(self) -> None:
        for wording in self.wordings:
            gaps = set(re.findall(r"\{(\w+)\}", wording))
            if "of" not in gaps or not gaps <= PATTERNS.keys():
                raise ValueError(f"operation {self.id!r}: wording {wording!r} has gaps {sorted(gaps)}")

    def result(self, value: Value, arguments: Arguments) -> Value | None:
        """What comes out; None where the operation cannot work on this value."""
        try:
            found = self.apply(value, **arguments)
        except (ValueError, LookupError, ArithmeticError, TypeError):
            return None
        return found if whole(self.gives, found) and len(write(self.gives, found)) <= LONGEST else None

    def tell(self, wording: int, *, of: str, arguments: Arguments) -> str:
        """The instruction in one of its wordings."""
        return self.wordings[wording % len(self.wordings)].format(of=of, **arguments)

    def read(self, text: str) -> tuple[str, dict[str, Any]] | None:
        """What is worked on and with which arguments, if the text is this instruction."""
        for form in self._forms:
            found = form.fullmatch(text.strip())
            if found is not None:
                gaps = found.groupdict()
                of = gaps.pop("of")
                return of, {name: int(gap) if name in ("n", "m") else gap for name, gap in gaps.items()}
        return None

    @cached_property
    def _forms(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(_form(wording)) for wording in self.wordings)


def _form(wording: str) -> str:
    parts = re.split(r"\{(\w+)\}", wording)
    gaps = [f"(?P<{gap}>{PATTERNS[gap]})" for gap in parts[1::2]]
    texts = [re.escape(text.replace("{{", "{").replace("}}", "}")) for text in parts[::2]]
    return "".join(text + gap for text, gap in zip(texts, [*gaps, ""], strict=True))
