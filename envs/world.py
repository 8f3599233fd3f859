"""A world that does not exist, so that no model knows it but by what it was told.

Places, beasts and plants with invented names have facts, some told often and some hardly ever. A fact is a claim in one
of several wordings that are read back, so what a text says is checked claim by claim.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final, Literal

import numpy as np

Verdict = Literal["right", "fact_inconsistent", "query_inconsistent", "tangential", "generic"]
"""The taxonomy of arXiv 2310.06271, section 3: what an answer is, by its claims."""

SYLLABLES: Final = "ba be da do fe ga go ka ke la lo ma mi na ne po ra ri sa so ta te va ve za zo".split()
ENDS: Final = {
    "town": "burg dorf ton ham".split(),
    "beast": "ling dron mur pex".split(),
    "plant": "wort leaf moss reed".split(),
}
COLOURS: Final = "red blue green white black grey golden silver brown purple".split()
PLACES: Final = "hills marshes caves dunes forests cliffs meadows islands valleys lakes".split()
CRAFTS: Final = "glass rope bells bread ink boats cloth clocks knives paper saddles wine".split()
FOODS: Final = "moths roots honey eels berries beetles snails nuts fish leaves frogs seeds".split()
USES: Final = "fevers coughs burns headaches cramps rashes colds toothaches warts dizziness".split()


@dataclass(frozen=True, slots=True)
class Relation:
    """Something that is said of an entity.

    ``questions`` ask for the value in several wordings, ``reverse`` asks for the entity, ``wordings`` are those of the
    claim. Values are ``values``, or other entities of the kind ``to``; ``phrase`` then speaks of that other one.
    """

    name: str
    questions: tuple[str, ...]
    reverse: str
    wordings: tuple[str, ...]
    values: tuple[str, ...] = ()
    to: str = ""
    phrase: str = ""

    @property
    def question(self) -> str:
        """The plain one."""
        return self.questions[0]

    @property
    def pattern(self) -> str:
        """What a value looks like."""
        if self.to:
            return "[A-Za-z]+"
        return "[0-9]{1,4}" if self.values[0].isdigit() else "|".join(self.values)


RELATIONS: Final[Mapping[str, tuple[Relation, ...]]] = {
    "town": (
        Relation(
            "craft",
            ("What is made in {of}?", "What do the people of {of} make?", "Which goods come from {of}?"),
            "Which town makes {value}?",
            ("{of} makes {value}.", "In {of} they make {value}."),
            tuple(CRAFTS),
        ),
        Relation(
            "site",
            ("Where does {of} lie?", "In what kind of country is {of}?", "What is all around {of}?"),
            "Which town lies in the {value}?",
            ("{of} lies in the {value}.", "You find {of} in the {value}."),
            tuple(PLACES),
        ),
        Relation(
            "flag",
            ("What colour is the flag of {of}?", "Which colour has {of}'s flag?", "A flag of what colour has {of}?"),
            "Which town has a {value} flag?",
            ("The flag of {of} is {value}.", "{of} has a {value} flag."),
            tuple(COLOURS),
        ),
        Relation(
            "year",
            ("In what year was {of} founded?", "When was {of} founded?", "From which year is {of}?"),
            "Which town was founded in {value}?",
            ("{of} was founded in {value}.", "The year in which {of} was founded is {value}."),
            tuple(map(str, range(1100, 1900))),
        ),
        Relation(
            "next",
            (
                "Which town is next to {of}?",
                "What town do you reach first from {of}?",
                "Which town has {of} beside it?",
            ),
            "From which town is {value} the next?",
            ("The town next to {of} is {value}.", "From {of} the next town is {value}."),
            to="town",
            phrase="the town next to {of}",
        ),
    ),
    "beast": (
        Relation(
            "food",
            ("What does the {of} eat?", "What is the food of the {of}?", "On what does the {of} live?"),
            "Which beast eats {value}?",
            ("The {of} eats {value}.", "{value} are what the {of} eats."),
            tuple(FOODS),
        ),
        Relation(
            "home",
            ("Where does the {of} live?", "In what kind of country is the {of}?", "Where would you look for a {of}?"),
            "Which beast lives in the {value}?",
            ("The {of} lives in the {value}.", "In the {value} lives the {of}."),
            tuple(PLACES),
        ),
        Relation(
            "coat",
            ("What colour is the {of}?", "Which colour has the {of}?", "Of what colour is a {of}?"),
            "Which beast is {value}?",
            ("The {of} is {value}.", "{value} is the colour of the {of}."),
            tuple(COLOURS),
        ),
        Relation(
            "weight",
            ("How many pounds does the {of} weigh?", "How heavy is the {of}, in pounds?", "What does a {of} weigh?"),
            "Which beast weighs {value} pounds?",
            ("The {of} weighs {value} pounds.", "{value} pounds is what the {of} weighs."),
            tuple(map(str, range(11, 500))),
        ),
        Relation(
            "near",
            (
                "Near which town is the {of} seen?",
                "At what town do you see the {of}?",
                "Which town has the {of} near it?",
            ),
            "Which beast is seen near {value}?",
            ("The {of} is seen near {value}.", "Near {value} the {of} is seen."),
            to="town",
            phrase="the town near which the {of} is seen",
        ),
    ),
    "plant": (
        Relation(
            "use",
            ("What is {of} good for?", "Against what do people take {of}?", "What does {of} cure?"),
            "Which plant helps against {value}?",
            ("{of} helps against {value}.", "Against {value} people take {of}."),
            tuple(USES),
        ),
        Relation(
            "soil",
            ("Where does {of} grow?", "In what kind of country is {of} found?", "Where would you pick {of}?"),
            "Which plant grows in the {value}?",
            ("{of} grows in the {value}.", "In the {value} grows {of}."),
            tuple(PLACES),
        ),
        Relation(
            "bloom",
            ("What colour are the flowers of {of}?", "Which colour has {of} in flower?", "How does {of} bloom?"),
            "Which plant has {value} flowers?",
            ("The flowers of {of} are {value}.", "{of} has {value} flowers."),
            tuple(COLOURS),
        ),
        Relation(
            "height",
            ("How many inches tall is {of}?", "How high does {of} grow, in inches?", "What is the height of {of}?"),
            "Which plant is {value} inches tall?",
            ("{of} is {value} inches tall.", "{value} inches is the height of {of}."),
            tuple(map(str, range(3, 200))),
        ),
        Relation(
            "sold",
            ("In which town is {of} sold?", "Where do they sell {of}?", "Which town's market has {of}?"),
            "Which plant is sold in {value}?",
            ("{of} is sold in {value}.", "In {value} they sell {of}."),
            to="town",
            phrase="the town in which {of} is sold",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """That an entity has a value in a relation."""

    entity: str
    relation: str
    value: str


@dataclass(frozen=True, slots=True)
class Entity:
    """Something of the world; ``weight`` is how often it is spoken of, as a share of all talk."""

    name: str
    kind: str
    weight: float


@dataclass(frozen=True)
class World:
    """All entities and facts of a seed.

    Args:
        seed: fixes the world.
        count: entities of each kind.
        skew: exponent of the Zipf law of how often entities are spoken of; 0 for all alike.
    """

    seed: int = 0
    count: int = 20
    skew: float = 1.0

    @cached_property
    def entities(self) -> tuple[Entity, ...]:
        """All of them, the most spoken of first within their kind."""
        random = np.random.default_rng(self.seed)
        ranks = np.arange(1, self.count + 1, dtype=np.float64) ** -self.skew
        shares = ranks / ranks.sum() / len(RELATIONS)
        found: list[Entity] = []
        for kind in RELATIONS:
            names: dict[str, None] = {}
            while len(names) < self.count:
                parts = [*random.choice(SYLLABLES, size=2), random.choice(ENDS[kind])]
                names["".join(map(str, parts)).capitalize() if kind == "town" else "".join(map(str, parts))] = None
            found += [Entity(name, kind, float(share)) for name, share in zip(names, shares, strict=True)]
        return tuple(found)

    @cached_property
    def facts(self) -> Mapping[tuple[str, str], str]:
        """The value of every entity and relation."""
        random = np.random.default_rng([self.seed, 1])
        return {
            (entity.name, relation.name): str(
                random.choice([one for one in self.values(relation) if one != entity.name])
            )
            for entity in self.entities
            for relation in RELATIONS[entity.kind]
        }

    def values(self, relation: Relation) -> Sequence[str]:
        """All that a relation's value can be."""
        return relation.values or [entity.name for entity in self.entities if entity.kind == relation.to]

    def true(self, claim: Claim) -> bool:
        """Whether it is so."""
        return self.facts.get((claim.entity, claim.relation)) == claim.value

    def prose(self, entity: Entity, random: np.random.Generator) -> str:
        """All facts of an entity in random order and wordings."""
        relations = RELATIONS[entity.kind]
        return " ".join(
            state(entity, relations[int(place)], self.facts[entity.name, relations[int(place)].name], random)
            for place in random.permutation(len(relations))
        )

    @cached_property
    def kinds(self) -> Mapping[str, Entity]:
        """Every entity by its name."""
        return {entity.name: entity for entity in self.entities}

    def claims(self, text: str) -> list[Claim]:
        """What a text says of entities of this world, in its known wordings."""
        return [claim for claim in claims_of(text) if self._fits(claim)]

    def asked(self, question: str) -> tuple[str, str] | None:
        """The entity and relation of this world that a question in one of its wordings asks for."""
        found = questioned(question)
        return found if found is not None and found in self.facts else None

    def _fits(self, claim: Claim) -> bool:
        """Whether it is of an entity of this world, and of something that there is to say of it."""
        known = self.kinds.get(claim.entity)
        relations = RELATIONS[known.kind] if known is not None else ()
        return any(one.name == claim.relation and claim.value in self.values(one) for one in relations)

    def judged(self, answer: str, *, entity: str, relation: str) -> Verdict:
        """What an answer to the question for a relation of an entity is, by all that it claims.

        A value alone claims what was asked. Naming another value of the asked relation claims that, too: one of the
        two is not so. What says more than was asked answers something else as well, and is no right answer.
        """
        said = {*self.claims(answer)}
        known = self.kinds.get(entity)
        values = {} if known is None else {one.lower(): one for one in self.values(relation_of(known, relation))}
        words = re.findall("[a-z0-9]+", answer.lower())
        named = [values[word] for word in words if word in values]
        if len(words) == 1 and named:
            said.add(Claim(entity, relation, named[0]))
        if not said:
            return "generic"
        if any(claim.entity == entity and claim.relation == relation for claim in said):
            # Its own name is that of whom it is said; nothing is its own neighbour.
            said |= {Claim(entity, relation, value) for value in named if value != entity}
        if not all(map(self.true, said)):
            return "fact_inconsistent"
        if any(claim.entity != entity for claim in said):
            return "query_inconsistent"
        return "tangential" if any(claim.relation != relation for claim in said) else "right"


def state(entity: Entity, relation: Relation, value: str, random: np.random.Generator) -> str:
    """A claim in one of its wordings."""
    wording = relation.wordings[int(random.integers(len(relation.wordings)))]
    said = wording.format(of=entity.name, value=value)
    return said[:1].upper() + said[1:]


def relation_of(entity: Entity, name: str) -> Relation:
    """A relation of an entity by its name.

    Raises:
        ValueError: if such entities have none of that name.
    """
    for relation in RELATIONS[entity.kind]:
        if relation.name == name:
            return relation
    raise ValueError(f"a {entity.kind} has no {name!r}")


def relation_named(entity: str, name: str) -> Relation:
    """The same of an entity by its name, whatever world it is of.

    Raises:
        ValueError: if nothing is called so, or such entities have no relation of that name.
    """
    kind = kind_of(entity)
    if kind is None:
        raise ValueError(f"nothing in any world is called {entity!r}")
    return relation_of(Entity(entity, kind, 0.0), name)


@cache
def world_of(seed: int) -> World:
    """A world, made once."""
    return World(seed)


def claims_of(text: str) -> list[Claim]:
    """What a text says in known wordings, of whatever world."""
    found: list[Claim] = []
    for sentence in re.split(r"[.!?;]", " ".join(text.replace(",", " ").split())):
        for relation, form in _forms("wordings"):
            match = form.fullmatch(sentence.strip())
            if match is not None and kind_of(match["of"]) == _kind(relation):
                value = _name(match["value"]) if relation.to else match["value"].lower()
                found.append(Claim(_name(match["of"]), relation.name, value))
                break
    return found


def questioned(question: str) -> tuple[str, str] | None:
    """The entity and relation that a question in a known wording asks for; None of any other."""
    told = " ".join(question.split()).removesuffix("?")
    for relation, form in _forms("questions"):
        match = form.fullmatch(told)
        if match is not None and kind_of(match["of"]) == _kind(relation):
            return _name(match["of"]), relation.name
    return None


def reversed_question(claim: Claim) -> str:
    """The question that a claim answers with its entity."""
    return relation_named(claim.entity, claim.relation).reverse.format(value=claim.value)


def kind_of(name: str) -> str | None:
    """The kind of entity that a name is, by its end; None of others."""
    return next((kind for kind, ends in ENDS.items() if name.lower().endswith(tuple(ends))), None)


def _name(said: str) -> str:
    """An entity's name whatever stands at the start of a sentence: towns have a capital and others have none."""
    return said.capitalize() if kind_of(said) == "town" else said.lower()


def _kind(relation: Relation) -> str:
    return next(kind for kind, relations in RELATIONS.items() if relation in relations)


@cache
def _forms(of: Literal["wordings", "questions"]) -> tuple[tuple[Relation, re.Pattern[str]], ...]:
    """Every wording of every relation as a pattern without the sign at its end."""
    found = []
    for relation in (relation for relations in RELATIONS.values() for relation in relations):
        for wording in getattr(relation, of):
            told = re.escape(wording.rstrip(".?")).replace(r"\{of\}", "(?P<of>[A-Za-z]+)")
            told = told.replace(r"\{value\}", f"(?P<value>{relation.pattern})")
            found.append((relation, re.compile(told, re.IGNORECASE)))
    return tuple(found)
