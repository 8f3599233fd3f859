"""Chains of facts about people who do not exist: the answer is several hops away, and every hop is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

RELATIONS: Final = ("teacher", "neighbour", "employer", "rival", "doctor", "cousin", "landlord", "partner")
PEOPLE: Final = (
    "Abel Bryn Cato Delia Elin Fay Goran Hild Ilse Juno Kjell Liv Mara Nuno Odell Petra Rhea Sven Tove Ulla Vito Wanda"
).split()


@dataclass(frozen=True, slots=True)
class Chain:
    """``facts`` (person, relation, person) in the order told, and the question: ``relations`` from ``start`` on."""

    facts: tuple[tuple[str, str, str], ...]
    start: str
    relations: tuple[str, ...]

    def told(self) -> str:
        """Facts and question as text."""
        facts = " ".join(f"{second} is the {relation} of {first}." for first, relation, second in self.facts)
        question = " of ".join(f"the {relation}" for relation in reversed(self.relations))
        return f"{facts}\nWho is {question} of {self.start}?"

    def hops(self) -> list[str]:
        """Everyone on the way, the answer last."""
        known: Mapping[tuple[str, str], str] = {(first, relation): second for first, relation, second in self.facts}
        found = [self.start]
        for relation in self.relations:
            found.append(known[found[-1], relation])
        return found[1:]


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
