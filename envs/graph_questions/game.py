"""Questions on graphs other than plans, as a game of one reply: networks, chains of facts, molecules.

Every answer carries its proof and is checked exactly, so neither a yes nor a number can be had by luck.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from types import ModuleType
from typing import Any, Final, Literal, get_args

import numpy as np

from selftaught.envs.graph_questions import knowledge, molecules, network
from selftaught.envs.graph_questions.questions import Question, read_lines
from selftaught.hidden import public_part
from selftaught.types import Ask, Message, Outcome, Seat, Task

SOLVER: Final = "solver"
Family = Literal["network", "knowledge", "molecules"]
FAMILIES: Final[Mapping[str, ModuleType]] = {"network": network, "knowledge": knowledge, "molecules": molecules}
MOST_NODES: Final = {"network": 99, "knowledge": len(knowledge.PEOPLE), "molecules": 60}
TRIES: Final = 5_000
"""Molecules or networks that are drawn for one task before the settings are called impossible."""
SPLITS: Final = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class QuestionState:
    """One position: the question, the dialogue, and once there is a reply, whether it is proved."""

    question: Question
    thread: tuple[Message, ...]
    proved: bool | None = None
    end: str | None = None


@dataclass(frozen=True)
class GraphQuestions:
    """Settings and rules; implements ``selftaught.types.Game``.

    Args:
        family: ``network``, ``knowledge`` or ``molecules`` (which need the extra ``chemistry``).
        kinds: of questions, all of the family's if empty. Networks: reachable, shortest_path, max_flow, cycle,
            topological_order; molecules: formula, bonds, path, smiles.
        nodes: of a network, people in a chain of facts, or atoms of a molecule; at least and at most.
        density: chance of each edge of a network.
        hops: of a chain.
        smiles: molecules to ask about instead of drawn ones.

    Raises:
        ValueError: on a setting out of range or unknown.
        ImportError: if the family needs a library that is not installed.
    """

    family: Family = "network"
    kinds: tuple[str, ...] = ()
    nodes: tuple[int, int] = (4, 6)
    density: float = 0.3
    hops: int = 2
    smiles: tuple[str, ...] = ()
    name: str = field(default="graph_questions", init=False)
    seats: tuple[Seat, ...] = field(default=(SOLVER,), init=False)

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"unknown family {self.family!r}; expected one of {get_args(Family)}")
        known = FAMILIES[self.family].KINDS
        if unknown := [kind for kind in self.kinds if kind not in known]:
            raise ValueError(f"unknown kinds {unknown}; the kinds of {self.family} are {', '.join(known)}")
        low, high = self.nodes
        if not 2 <= low <= high <= MOST_NODES[self.family]:
            most = MOST_NODES[self.family]
            raise ValueError(f"nodes must be two numbers from 2 to {most}, the second not smaller: {self.nodes}")
        if not 0 <= self.density <= 1:
            raise ValueError(f"density must be from 0 to 1, not {self.density}")
        if not 1 <= self.hops <= len(knowledge.RELATIONS):
            raise ValueError(f"hops must be from 1 to {len(knowledge.RELATIONS)}, not {self.hops}")
        if self.smiles and self.family != "molecules":
            raise ValueError(f"smiles are for family='molecules', not {self.family!r}")
        if self.family == "molecules":
            molecules.chemistry()
        if unreadable := [text for text in self.smiles if molecules.canonical(text) is None]:
            raise ValueError(f"these say no molecule: {unreadable}")

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Endless new questions; the splits draw from generators of their own, and share no molecule and no network.

        Raises:
            ValueError: if the split is unknown, or has none of the molecules that were given.
        """
        if split not in SPLITS:
            raise ValueError(f"unknown split {split!r}; the splits are {', '.join(SPLITS)}")
        given = [text for text in self.smiles if molecules.split_of(text) == split]
        if self.smiles and not given:
            raise ValueError(f"none of the {len(self.smiles)} molecules belongs to {split!r}: give more")
        return self._tasks(split, seed, given)

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> QuestionState:
        """The question, told; draws nothing from ``rng``.

        Raises:
            ValueError: if ``public`` is no question.
        """
        try:
            question: Question = _family_of(public["kind"]).read(public)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"no question of graphs: {dict(public)} ({error!r})") from error
        return QuestionState(question, (Message("user", question.told()),))

    def ask(self, state: QuestionState) -> Ask | None:
        """The solver, or ``None`` when the game is over."""
        return None if state.end is not None else Ask(SOLVER, state.thread, {"question": state.question})

    def tell(self, state: QuestionState, text: str) -> QuestionState:
        """Check the answer with its proof.

        Raises:
            ValueError: if the game is over.
        """
        if state.end is not None:
            raise ValueError(f"the game is over ({state.end}); start a new one")
        proved = state.question.proved(read_lines(public_part(text), state.question.labels))
        end = "unreadable" if proved is None else "proved" if proved else "wrong"
        return replace(state, thread=(*state.thread, Message("assistant", text)), proved=proved, end=end)

    def outcome(self, state: QuestionState) -> Outcome:
        """1 for an answer with its proof, else 0."""
        if state.end is None:
            raise ValueError("the game is not over: nothing was said")
        return Outcome(state.end, {SOLVER: float(bool(state.proved))}, f"a right reply: {state.question.solve()}")

    def metrics(self, state: QuestionState, task: Task) -> Mapping[str, float]:
        """What was asked and how it ended."""
        if state.end is None:
            raise ValueError("metrics are taken of finished games only")
        proved = float(bool(state.proved))
        return {
            f"end/{state.end}": 1.0,
            "success": proved,
            f"{state.question.kind}/success": proved,
            "read": float(state.proved is not None),
        }

    def _tasks(self, split: str, seed: int, given: Sequence[str]) -> Iterator[Task]:
        for number in count():
            key = np.random.SeedSequence([seed, SPLITS.index(split)], spawn_key=(number,))
            question = self._draw(np.random.default_rng(key), split, given)
            yield Task(f"{split}/{seed}-{number}", question.public(), {"answer": question.solve()})

    def _draw(self, random: np.random.Generator, split: str, given: Sequence[str]) -> Question:
        size = int(random.integers(self.nodes[0], self.nodes[1] + 1))
        if self.family == "knowledge":
            return knowledge.draw(random, people=size, hops=self.hops)
        kinds = self.kinds or tuple(FAMILIES[self.family].KINDS)
        kind = kinds[int(random.integers(len(kinds)))]
        if self.family == "network":
            return network.NetworkQuestion(kind, self._network(random, kind, size, split))
        text = given[int(random.integers(len(given)))] if given else molecules.draw(random, atoms=size)
        tries = count(1)
        while molecules.split_of(text) != split:
            text = molecules.draw(random, atoms=size)
            if next(tries) >= TRIES:
                raise ValueError(f"no molecule of {size} atoms in {TRIES} belongs to {split!r}: ask for more atoms")
        atoms = molecules.Molecule(kind, text).graph.number_of_nodes()
        ends = [int(random.integers(atoms)) + 1 for _ in range(2)]
        # Only a path has ends; elsewhere nobody is told of them, so the view must not have them either.
        return molecules.Molecule(kind, text, *(ends if kind == "path" else ()))

    def _network(self, random: np.random.Generator, kind: str, nodes: int, split: str) -> network.Network:
        for _ in range(TRIES):
            found = network.draw(random, kind, nodes=nodes, density=self.density)
            if network.split_of(found) == split:
                return found
        told = f"{nodes} nodes at a density of {self.density}"
        raise ValueError(
            f"no network of {told} in {TRIES} belongs to {split!r}: ask for more nodes, or another density"
        )


def _family_of(kind: object) -> ModuleType:
    for module in FAMILIES.values():
        if kind in module.KINDS:
            return module
    raise ValueError(f"unknown kind {kind!r}; the kinds are {[kind for m in FAMILIES.values() for kind in m.KINDS]}")


def oracle(ask: Ask) -> str:
    """Scripted solver: always right."""
    question: Question = ask.view["question"]
    return question.solve()


def guess(ask: Ask) -> str:
    """Scripted solver: the right form, with anything in it."""
    question: Question = ask.view["question"]
    return question.guess(np.random.default_rng(ask.seed))


def ends(ask: Ask) -> str:
    """Scripted solver, a shortcut: of a network, looks at source and target alone; elsewhere it guesses."""
    question: Question = ask.view["question"]
    return question.shortcut() if isinstance(question, network.NetworkQuestion) else guess(ask)
