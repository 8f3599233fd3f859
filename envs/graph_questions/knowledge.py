"""Chains of facts about people who do not exist: the answer is several hops away, and every hop is named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from selftaught.envs.graph_questions.questions import Lines

KINDS: Final = ("hops",)
RELATIONS: Final = ("teacher", "neighbour", "employer", "rival", "doctor", "cousin", "landlord", "partner")
PEOPLE: Final = (
    "Abel Bryn Cato Delia Elin Fay Goran Hild Ilse Juno Kjell Liv Mara Nuno Odell Petra Rhea Sven Tove Ulla Vito Wanda"
).split()


@dataclass(frozen=True, slots=True)
class Chain:
    """``facts`` (person, relation, person) in the order told, and the question: ``relations`` from ``start`` on.

    A ``Question``.
    """

    facts: tuple[tuple[str, str, str], ...]
    start: str
    relations: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The only one."""
        return KINDS[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """The only one."""
        return ("way",)

    def told(self) -> str:
        """Facts and question as text."""
        facts = " ".join(f"{second} is the {relation} of {first}." for first, relation, second in self.facts)
        question = " of ".join(f"the {relation}" for relation in reversed(self.relations))
        form = "Reply way: and everyone on the way in order, the answer last."
        return f"{facts}\nWho is {question} of {self.start}?\n{form}"

    def hops(self) -> list[str]:
        """Everyone on the way, the answer last."""
        known: Mapping[tuple[str, str], str] = {(first, relation): second for first, relation, second in self.facts}
        found = [self.start]
        for relation in self.relations:
            found.append(known[found[-1], relation])
        return found[1:]

    def proved(self, lines: Lines) -> bool | None:
        """Whether everyone on the way is named, in order."""
        said = re.findall(r"[^\W\d_]+", lines.get("way", "").lower())
        return said == [name.lower() for name in self.hops()] if said else None

    def solve(self) -> str:
        """The hops."""
        return f"way: {' '.join(self.hops())}"

    def guess(self, random: np.random.Generator) -> str:
        """As many people as there are hops."""
        people = sorted({name for first, _, second in self.facts for name in (first, second)})
        return "way: " + " ".join(people[place] for place in random.integers(len(people), size=len(self.relations)))

    def public(self) -> dict[str, Any]:
        """Facts and question."""
        facts = [list(fact) for fact in self.facts]
        return {"kind": self.kind, "facts": facts, "start": self.start, "relations": list(self.relations)}


def read(public: Mapping[str, Any]) -> Chain:
    """The question of such data.

    Raises:
        KeyError, TypeError, ValueError: if it is none.
    """
    facts = tuple((first, relation, second) for first, relation, second in public["facts"])
    return Chain(facts, public["start"], tuple(public["relations"]))


def draw(rng: np.random.Generator, *, people: int, hops: int) -> Chain:
    """Everyone has one of every relation; the question walks ``hops`` of them, and never to and fro."""
    names = [PEOPLE[place] for place in rng.permutation(len(PEOPLE))[:people]]
    relations = [RELATIONS[place] for place in rng.permutation(len(RELATIONS))[: max(2, hops)]]
    facts = [
        (name, relation, others[int(rng.integers(len(others)))])
        for name in names
        for relation in relations
        if (others := [other for other in names if other != name])
    ]
    order = rng.permutation(len(facts))
    start = names[int(rng.integers(people))]
    asked = tuple(relations[int(rng.integers(len(relations)))] for _ in range(hops))
    return Chain(tuple(facts[place] for place in order), start, asked)
