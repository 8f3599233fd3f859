"""Questions on graphs other than plans, as a game of one reply: networks and chains of facts.

Every answer carries its proof and is checked exactly (``network``, ``knowledge``), so neither a yes nor a number can be
had by luck.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

import numpy as np

from selftaught.envs.graph_questions import knowledge, network
from selftaught.types import Ask, Message, Outcome, Seat, Task

SOLVER: Final = "solver"
Family = Literal["network", "knowledge"]
HOPS: Final = "hops"
"""The kind of the knowledge family."""
SPLITS: Final = ("train", "validation", "test")
_LABELS: Final = "path|closed|flow|cut|cycle|order|way"
_LINE: Final = re.compile(rf"^[ \t>*#-]{{0,8}}({_LABELS})[ \t*]{{0,4}}:(.*)$", re.IGNORECASE | re.MULTILINE)
LONGEST: Final = 2000
"""Characters of a line that are read."""


@dataclass(frozen=True, slots=True)
class QuestionState:
    """One position: the question as data, the dialogue, and once there is a reply, whether it is proved."""

    kind: str
    asked: network.Network | knowledge.Chain
    thread: tuple[Message, ...]
    proved: bool = False
    read: bool = False
    end: str | None = None


@dataclass(frozen=True)
class GraphQuestions:
    """Settings and rules; implements ``selftaught.types.Game``.

    Args:
        family: ``network`` or ``knowledge``.
        kinds: of networks, all if empty: reachable, shortest_path, max_flow, cycle, topological_order.
        nodes: of a network, or people in a chain of facts; at least and at most.
        density: chance of each edge of a network.
        hops: of a chain.

    Raises:
        ValueError: on a setting out of range or unknown.
    """

    family: Family = "network"
    kinds: tuple[str, ...] = ()
    nodes: tuple[int, int] = (4, 6)
    density: float = 0.3
    hops: int = 2
    name: str = field(default="graph_questions", init=False)
    seats: tuple[Seat, ...] = field(default=(SOLVER,), init=False)

    def __post_init__(self) -> None:
        if self.family not in get_args(Family):
            raise ValueError(f"unknown family {self.family!r}; expected one of {get_args(Family)}")
        if unknown := [kind for kind in self.kinds if kind not in network.KINDS]:
            raise ValueError(f"unknown kinds {unknown}; the kinds are {', '.join(network.KINDS)}")
        low, high = self.nodes
        most = len(knowledge.PEOPLE) if self.family == "knowledge" else 99
        if not 2 <= low <= high <= most:
            raise ValueError(f"nodes must be two numbers from 2 to {most}, the second not smaller: {self.nodes}")
        if not 0 <= self.density <= 1:
            raise ValueError(f"density must be from 0 to 1, not {self.density}")
        if not 1 <= self.hops <= len(knowledge.RELATIONS):
            raise ValueError(f"hops must be from 1 to {len(knowledge.RELATIONS)}, not {self.hops}")

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """Endless new questions; the splits draw from generators of their own.

        Raises:
            ValueError: if the split is unknown.
        """
        if split not in SPLITS:
            raise ValueError(f"unknown split {split!r}; the splits are {', '.join(SPLITS)}")
        return self._tasks(split, seed)

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> QuestionState:
        """The question, told; draws nothing from ``rng``.

        Raises:
            ValueError: if ``public`` is no question.
        """
        try:
            kind = public["kind"]
            asked = _asked(public)
        except (KeyError, TypeError) as error:
            raise ValueError(f"no question of graphs: {dict(public)} ({error!r})") from error
        if isinstance(asked, knowledge.Chain):
            told = f"{asked.told()}\nReply way: and everyone on the way in order, the answer last."
        else:
            if kind not in network.KINDS:
                raise ValueError(f"unknown kind {kind!r}; the kinds are {', '.join(network.KINDS)}")
            question = network.KINDS[kind].question.format(source=asked.source, target=asked.target)
            told = f"Nodes 1 to {asked.nodes}. Edges: {asked.told() or 'none'}.\n{question}"
        return QuestionState(kind, asked, (Message("user", told),))

    def ask(self, state: QuestionState) -> Ask | None:
        """The solver, or ``None`` when the game is over."""
        view = {"kind": state.kind, "asked": state.asked}
        return None if state.end is not None else Ask(SOLVER, state.thread, view)

    def tell(self, state: QuestionState, text: str) -> QuestionState:
        """Check the answer with its proof.

        Raises:
            ValueError: if the game is over.
        """
        if state.end is not None:
            raise ValueError(f"the game is over ({state.end}); start a new one")
        lines = {match[1].lower(): match[2][: LONGEST + 1] for match in _LINE.finditer(text)}
        if isinstance(state.asked, knowledge.Chain):
            said = [name.lower() for name in re.findall(r"[^\W\d_]+", lines.get("way", ""))]
            found, proved = bool(said), said == [name.lower() for name in state.asked.hops()]
        else:
            kind = network.KINDS[state.kind]
            steps = {label: _steps(lines[label]) for label in kind.labels if label in lines}
            found = any(value is not None for value in steps.values())
            proved = kind.proved(state.asked, steps)
        thread = (*state.thread, Message("assistant", text))
        end = "proved" if proved else "wrong" if found else "unreadable"
        return QuestionState(state.kind, state.asked, thread, proved, found, end)

    def outcome(self, state: QuestionState) -> Outcome:
        """1 for an answer with its proof, else 0."""
        if state.end is None:
            raise ValueError("the game is not over: nothing was said")
        return Outcome(state.end, {SOLVER: float(state.proved)}, f"a right reply: {solve(state.kind, state.asked)}")

    def metrics(self, state: QuestionState, task: Task) -> Mapping[str, float]:
        """What was asked and how it ended."""
        if state.end is None:
            raise ValueError("metrics are taken of finished games only")
        proved = float(state.proved)
        return {f"end/{state.end}": 1.0, "success": proved, f"{state.kind}/success": proved, "read": float(state.read)}

    def _tasks(self, split: str, seed: int) -> Iterator[Task]:
        kinds = self.kinds or tuple(network.KINDS)
        number = 0
        while True:
            key = np.random.SeedSequence([seed, SPLITS.index(split)], spawn_key=(number,))
            random = np.random.default_rng(key)
            size = int(random.integers(self.nodes[0], self.nodes[1] + 1))
            if self.family == "knowledge":
                chain = knowledge.draw(random, people=size, hops=self.hops)
                public: dict[str, Any] = {
                    "kind": HOPS,
                    "facts": [list(fact) for fact in chain.facts],
                    "start": chain.start,
                    "relations": list(chain.relations),
                }
            else:
                kind = kinds[int(random.integers(len(kinds)))]
                found = network.draw(random, kind, nodes=size, density=self.density)
                public = {
                    "kind": kind,
                    "nodes": found.nodes,
                    "edges": [list(edge) for edge in found.edges],
                    "source": found.source,
                    "target": found.target,
                }
            yield Task(f"{split}/{seed}-{number}", public, {"answer": solve(public["kind"], _asked(public))})
            number += 1


def solve(kind: str, asked: network.Network | knowledge.Chain) -> str:
    """A right reply."""
    if isinstance(asked, knowledge.Chain):
        return f"way: {' '.join(asked.hops())}"
    return network.KINDS[kind].solve(asked)


def oracle(ask: Ask) -> str:
    """Scripted solver: always right."""
    return solve(ask.view["kind"], ask.view["asked"])


def guess(ask: Ask) -> str:
    """Scripted solver: the right form, with anything in it."""
    random, asked = np.random.default_rng(ask.seed), ask.view["asked"]
    if isinstance(asked, knowledge.Chain):
        people = sorted({name for first, _, second in asked.facts for name in (first, second)})
        return "way: " + " ".join(people[place] for place in random.integers(len(people), size=len(asked.relations)))
    nodes = " ".join(str(node + 1) for node in random.permutation(asked.nodes))
    labels = network.KINDS[ask.view["kind"]].labels
    return f"flow: {random.integers(20)}\ncut: {asked.source}" if "flow" in labels else f"{labels[-1]}: {nodes}"


def _asked(public: Mapping[str, Any]) -> network.Network | knowledge.Chain:
    if public["kind"] == HOPS:
        facts = tuple((first, relation, second) for first, relation, second in public["facts"])
        return knowledge.Chain(facts, public["start"], tuple(public["relations"]))
    edges = tuple((int(first), int(second), int(weight)) for first, second, weight in public["edges"])
    return network.Network(public["nodes"], edges, public["source"], public["target"])


def _steps(line: str) -> list[int] | None:
    """Numbers divided by blanks, commas or arrows, and nothing else."""
    parts = [part for part in re.split(r"[\s,>-]+", line.strip(" \t*`.")) if part]
    whole = len(line) <= LONGEST and parts and all(re.fullmatch(r"\d{1,4}", part, re.ASCII) for part in parts)
    return [int(part) for part in parts] if whole else None
