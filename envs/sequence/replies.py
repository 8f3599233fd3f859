"""A reply against its chain: whole sections, exact results, and what is right for a wrong input."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from selftaught.envs.sequence.chains import Chain
from selftaught.envs.sequence.values import Value, read, write

CARRIED: Final = 0.3
"""Credit of a step that is right for the model's own wrong result before it."""
LONGEST: Final = 4000
"""Characters of a reply that are read."""
SECTION: Final = re.compile(r"[ \t]*([0-9]{1,3})[ \t]*[:.)][ \t]*(.*?)[ \t]*")


@dataclass(frozen=True, slots=True)
class Score:
    """``right`` and ``carried`` (right for the own input alone) by step; ``extra`` sections are of no step."""

    said: tuple[str | None, ...]
    right: tuple[bool, ...]
    carried: tuple[bool, ...]
    ordered: bool
    extra: bool

    @property
    def credits(self) -> tuple[float, ...]:
        """What each step is worth: 1, CARRIED or 0; nothing at all where there are extra sections."""
        if self.extra:
            return (0.0,) * len(self.right)
        return tuple(1.0 if ok else CARRIED * way for ok, way in zip(self.right, self.carried, strict=True))

    @property
    def depth(self) -> int:
        """Right steps before the first that is not."""
        return next((place for place, ok in enumerate(self.right) if not ok), len(self.right)) if not self.extra else 0

    @property
    def followed(self) -> bool:
        """Every step has one section that is not empty, in order, and there are no others."""
        return self.ordered and not self.extra and None not in self.said

    @property
    def reward(self) -> float:
        """A third each for the credits, for the depth, and for all of it."""
        count = len(self.right)
        return (sum(self.credits) / count + self.depth / count + (self.depth == count)) / 3


def sections(text: str) -> list[tuple[int, str]]:
    """Number and content of every line that begins with a number and a colon; others are not read."""
    lines = text[:LONGEST].replace("\r\n", "\n").split("\n")
    found = (SECTION.fullmatch(line) for line in lines)
    return [(int(match[1]), match[2]) for match in found if match is not None]


def spans(text: str) -> list[tuple[int, tuple[int, int]]]:
    """Number and place of every line that ``sections`` finds."""
    found, start = [], 0
    for line in text[:LONGEST].split("\n"):
        match = SECTION.fullmatch(line.removesuffix("\r"))
        if match is not None:
            found.append((int(match[1]), (start, start + match.end())))
        start += len(line) + 1
    return found


def result(text: str) -> str:
    """The one line that a turn's reply is; what has more lines is none."""
    return text if "\n" not in text else ""


def score(chain: Chain, said: Sequence[tuple[int, str]]) -> Score:
    """How good the sections of a reply are; a step whose section is missing, repeated or out of order has none."""
    count = len(chain.steps)
    numbers = [number for number, _ in said]
    often = Counter(numbers)
    contents: list[str | None] = [None] * count
    highest = 0
    for number, told in said:
        if 1 <= number <= count and often[number] == 1 and number > highest and told:
            contents[number - 1] = told
        highest = max(highest, number)
    own: list[Value | None] = [chain.datum]
    right, carried = [], []
    for place, (step, expected, content) in enumerate(zip(chain.steps, chain.results, contents, strict=True)):
        assert expected is not None
        wanted = chain.result(place, own)
        right.append(content == write(step.gives, expected))
        carried.append(not right[-1] and wanted is not None and content == write(step.gives, wanted))
        own.append(None if content is None else read(step.gives, content))
    return Score(
        said=tuple(contents),
        right=tuple(right),
        carried=tuple(carried),
        ordered=numbers == sorted(numbers) and max(often.values(), default=1) == 1,
        extra=any(not 1 <= number <= count for number in numbers),
    )
