"""The sealed quiz: what a student knows with the book closed, asked in other words, in reverse, and round a corner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import numpy as np

from selftaught.envs.self_study.game import closed
from selftaught.envs.self_study.library import COMMON
from selftaught.envs.self_study.state import STUDENT
from selftaught.envs.self_study.words import declines, names
from selftaught.envs.world import RELATIONS, World, relation_of, world_of
from selftaught.types import Ask, Outcome, Task

Form = Literal["plain", "paraphrase", "reverse", "two_hop", "unanswerable"]
FORMS: Final[tuple[Form, ...]] = ("plain", "paraphrase", "reverse", "two_hop", "unanswerable")


@dataclass(frozen=True, slots=True)
class Questioned:
    """A question, and the answer once there is one."""

    question: str
    answer: str | None = None


@dataclass(frozen=True)
class Quiz:
    """Questions one by one to the student, with the book closed; implements ``selftaught.types.Game``.

    Nothing is paid: what is right is sealed.
    """

    items: tuple[Task, ...] = ()
    name: str = field(default="quiz", init=False)
    seats: tuple[str, ...] = field(default=(STUDENT,), init=False)

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """The items, over and over."""
        while self.items:
            yield from self.items

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> Questioned:
        """The question."""
        return Questioned(public["question"])

    def ask(self, state: Questioned) -> Ask | None:
        """The student, once."""
        if state.answer is not None:
            return None
        return Ask(STUDENT, closed(state.question), {"question": state.question})

    def tell(self, state: Questioned, text: str) -> Questioned:
        """Take the answer."""
        return replace(state, answer=text)

    def outcome(self, state: Questioned) -> Outcome:
        """Nobody here knows."""
        return Outcome("answered", {STUDENT: 0.0})

    def metrics(self, state: Questioned, task: Task) -> Mapping[str, float]:
        """Whether the answer is right, and whether it says what an enemy or a false document said."""
        said, sealed = state.answer or "", task.sealed
        form = str(sealed["form"])
        if form == "unanswerable":
            return {"right": float(declines(said))}
        figures = {"right": float(names(said, sealed["answer"], sealed["others"]))}
        if "false" in sealed:
            figures["misled"] = float(any(names(said, false, sealed["others"]) for false in sealed["false"]))
        return figures


def quiz(documents: Iterable[Task], *, forms: Iterable[Form] = FORMS, seed: int = 0) -> list[Task]:
    """Questions on everything that is true of the documents' entities, in the forms that they allow.

    ``sealed["of"]`` is the name of the document that a question is of. Reversed questions are asked where one entity of
    those documents alone has the value; two steps, where a document's entity is linked to one that has a document, too.
    """
    documents = list(documents)
    wanted, found = tuple(forms), list[Task]()
    random = np.random.default_rng(seed)
    told = {(task.sealed["world"], task.sealed["entity"]): task for task in documents if "entity" in task.sealed}
    misled: dict[tuple[int, str, str], list[str]] = {}
    for task in documents:
        for kind in ("false", "poison"):
            for name, value in task.sealed.get(kind, {}).items():
                misled.setdefault((task.sealed["world"], task.sealed["entity"], name), []).append(value)
    for seed_, name in told:
        world = world_of(seed_)
        here = {entity for of, entity in told if of == seed_}
        for relation in RELATIONS[world.kinds[name].kind]:
            false = misled.get((seed_, name, relation.name))
            found += _of_fact(world, name, relation.name, here, wanted, false=false)
        if "unanswerable" in wanted:
            stranger = _stranger(world, name, random)
            relation = RELATIONS[world.kinds[name].kind][int(random.integers(5))]
            found.append(_item(relation.question.format(of=stranger), {"form": "unanswerable", "of": name}))
    for task in documents:
        if "common" in task.sealed and "plain" in wanted:
            answer = {"answer": task.sealed["common"], "others": tuple(COMMON.values()), "common": True}
            country = task.public["name"]
            found.append(_item(f"What is the capital of {country}?", {"form": "plain", "of": country, **answer}))
    return found


def _of_fact(
    world: World, entity: str, name: str, here: set[str], forms: tuple[Form, ...], *, false: list[str] | None
) -> Iterator[Task]:
    relation = relation_of(world.kinds[entity], name)
    value = world.facts[entity, name]
    # An answer may say of whom it is: a town's neighbours are towns, and the asked one is none of them.
    others = tuple(one for one in world.values(relation) if one != entity)
    sealed: dict[str, Any] = {"of": entity, "relation": name, "answer": value, "others": others}
    if false is not None:
        sealed["false"] = false
    for form, wording in (("plain", relation.questions[0]), ("paraphrase", relation.questions[-1])):
        if form in forms:
            yield _item(wording.format(of=entity), {**sealed, "form": form})
    rivals = [of for (of, other), known in world.facts.items() if other == name and known == value and of in here]
    if "reverse" in forms and rivals == [entity]:
        kind = [one.name for one in world.entities if one.kind == world.kinds[entity].kind and one.name != value]
        question = relation.reverse.format(value=value)
        yield _item(question, {**sealed, "form": "reverse", "answer": entity, "others": tuple(kind)})
    if "two_hop" in forms and relation.to and value in here:
        phrase = relation.phrase.format(of=entity)
        second = RELATIONS[relation.to][0]
        answer = world.facts[value, second.name]
        hop = {**sealed, "form": "two_hop", "answer": answer, "others": tuple(world.values(second))}
        yield _item(second.question.format(of=phrase), {key: one for key, one in hop.items() if key != "false"})


def _stranger(world: World, like: str, random: np.random.Generator) -> str:
    """A name of the same kind that nothing in the world has."""
    kind = world.kinds[like].kind
    strangers = [one.name for one in World(world.seed + 1).entities if one.kind == kind and one.name not in world.kinds]
    return str(random.choice(strangers))


def _item(question: str, sealed: Mapping[str, Any]) -> Task:
    return Task(f"{sealed['form']}/{question}", {"question": question}, sealed)
