"""Questions on directed networks whose every answer carries its own proof, so that no yes and no number is luck.

Kinds as in NLGraph (arXiv 2305.10037). Where the answer could be "no", the proof of that is asked for instead: a set
that nothing leads out of, an order that no edge breaks, a cut that no flow exceeds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

import networkx as nx
import numpy as np

from selftaught.envs.graph_questions.questions import Lines, Steps, numbers, read_lines, steps

Edge = tuple[int, int, int]
"""From, to, weight; nodes count from 1."""
FLOW_TRIES: Final = 40
"""Networks that are drawn for one whose smallest cut is not at an end, before any is taken."""


@dataclass(frozen=True, slots=True)
class Network:
    """A question's data, all of it public: ``edges`` on nodes 1 to ``nodes``, and between which two it is asked."""

    nodes: int
    edges: tuple[Edge, ...]
    source: int
    target: int

    @property
    def graph(self) -> nx.DiGraph:
        """As networkx has it, with ``weight`` and ``capacity`` on the edges."""
        found = nx.DiGraph()
        found.add_nodes_from(range(1, self.nodes + 1))
        for first, second, weight in self.edges:
            found.add_edge(first, second, weight=weight, capacity=weight)
        return found

    def told(self) -> str:
        """The edges as text."""
        return ", ".join(f"{first}->{second} ({weight})" for first, second, weight in self.edges)


def reachable_proved(network: Network, lines: Mapping[str, Steps]) -> bool:
    """A path from source to target, or a set that holds the source, not the target, and that no edge leaves."""
    if (path := lines.get("path")) is not None:
        return _walks(network, path) and (path[0], path[-1]) == (network.source, network.target)
    inside = set(lines.get("closed") or ())
    leaks = any(first in inside and second not in inside for first, second, _ in network.edges)
    return network.source in inside and network.target not in inside and not leaks


def shortest_proved(network: Network, lines: Mapping[str, Steps]) -> bool:
    """A path from source to target than which none is shorter; a closed set if there is none."""
    path = lines.get("path")
    if path is None or not reachable_proved(network, {"path": path}):
        return path is None and reachable_proved(network, lines)
    weight = {(first, second): weight for first, second, weight in network.edges}
    length = sum(weight[pair] for pair in pairwise(path))
    return bool(length == nx.shortest_path_length(network.graph, network.source, network.target, weight="weight"))


def flow_proved(network: Network, lines: Mapping[str, Steps]) -> bool:
    """The largest flow, with a cut of that capacity: the nodes on the source's side."""
    value, inside = lines.get("flow"), set(lines.get("cut") or ())
    if value is None or len(value) != 1 or network.source not in inside or network.target in inside:
        return False
    capacity = sum(weight for first, second, weight in network.edges if first in inside and second not in inside)
    return bool(value[0] == capacity == nx.maximum_flow_value(network.graph, network.source, network.target))


def cycle_proved(network: Network, lines: Mapping[str, Steps]) -> bool:
    """A cycle (its first node may be repeated at the end), or an order of all nodes that no edge goes against."""
    if (cycle := lines.get("cycle")) is not None:
        cycle = cycle[:-1] if len(cycle) > 1 and cycle[0] == cycle[-1] else cycle
        return len(set(cycle)) == len(cycle) and _walks(network, [*cycle, *cycle[:1]])
    return order_proved(network, lines)


def order_proved(network: Network, lines: Mapping[str, Steps]) -> bool:
    """An order of all nodes that no edge goes against."""
    order = lines.get("order")
    if order is None or sorted(order) != list(range(1, network.nodes + 1)):
        return False
    place = {node: number for number, node in enumerate(order)}
    return all(place[first] < place[second] for first, second, _ in network.edges)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of question is asked and proved; ``labels`` are the lines that a reply may have."""

    question: str
    labels: tuple[str, ...]
    proved: Callable[[Network, Mapping[str, Steps]], bool]
    solve: Callable[[Network], str]


def _walks(network: Network, path: Sequence[int]) -> bool:
    """Whether the nodes follow each other along edges; a single node does."""
    known = {(first, second) for first, second, _ in network.edges}
    inside = all(1 <= node <= network.nodes for node in path)
    return bool(path) and inside and all(pair in known for pair in pairwise(path))


def _path_or_closed(network: Network, *, weight: str | None) -> str:
    graph = network.graph
    if nx.has_path(graph, network.source, network.target):
        return f"path: {numbers(nx.shortest_path(graph, network.source, network.target, weight=weight))}"
    return f"closed: {numbers(sorted({network.source, *nx.descendants(graph, network.source)}))}"


def _solve_flow(network: Network) -> str:
    value, (inside, _) = nx.minimum_cut(network.graph, network.source, network.target)
    return f"flow: {value}\ncut: {numbers(sorted(inside))}"


def _solve_cycle(network: Network) -> str:
    graph = network.graph
    if nx.is_directed_acyclic_graph(graph):
        return _solve_order(network)
    return f"cycle: {numbers([first for first, _ in nx.find_cycle(graph)])}"


def _solve_order(network: Network) -> str:
    return f"order: {numbers(nx.lexicographical_topological_sort(network.graph))}"


KINDS: Final[Mapping[str, Kind]] = {
    "reachable": Kind(
        "Is there a way from {source} to {target}? Reply path: and its nodes, or else closed: and all nodes that can "
        "be reached from {source}, itself included.",
        ("path", "closed"),
        reachable_proved,
        lambda network: _path_or_closed(network, weight=None),
    ),
    "shortest_path": Kind(
        "What is the shortest way from {source} to {target}, by the numbers in brackets? Reply path: and its nodes, or "
        "if there is none closed: and all nodes that can be reached from {source}, itself included.",
        ("path", "closed"),
        shortest_proved,
        lambda network: _path_or_closed(network, weight="weight"),
    ),
    "max_flow": Kind(
        "The numbers are capacities. How much can flow from {source} to {target}? Reply in two lines flow: and the "
        "number, cut: and the nodes on the side of {source} of a cut with that capacity.",
        ("flow", "cut"),
        flow_proved,
        _solve_flow,
    ),
    "cycle": Kind(
        "Is there a cycle? Reply cycle: and its nodes in order, or else order: and all nodes so that no edge goes "
        "back.",
        ("cycle", "order"),
        cycle_proved,
        _solve_cycle,
    ),
    "topological_order": Kind(
        "Reply order: and all nodes so that no edge goes back.", ("order",), order_proved, _solve_order
    ),
}


@dataclass(frozen=True, slots=True)
class NetworkQuestion:
    """One of ``KINDS`` on a network; a ``Question``.

    Raises:
        ValueError: if the kind is unknown.
    """

    kind: str
    network: Network

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}; the kinds are {', '.join(KINDS)}")

    @property
    def labels(self) -> tuple[str, ...]:
        """Lines that a reply may have."""
        return KINDS[self.kind].labels

    def told(self) -> str:
        """Edges and question."""
        found = self.network
        question = KINDS[self.kind].question.format(source=found.source, target=found.target)
        return f"Nodes 1 to {found.nodes}. Edges: {found.told() or 'none'}.\n{question}"

    def proved(self, lines: Lines) -> bool | None:
        """As the kind says."""
        read = {label: steps(line) for label, line in lines.items()}
        return KINDS[self.kind].proved(self.network, read) if any(read.values()) else None

    def solve(self) -> str:
        """By networkx."""
        return KINDS[self.kind].solve(self.network)

    def guess(self, random: np.random.Generator) -> str:
        """The nodes in any order, or any flow with the smallest cut there is."""
        nodes = numbers(int(node) + 1 for node in random.permutation(self.network.nodes))
        flow = f"flow: {random.integers(20)}\ncut: {self.network.source}"
        return flow if "flow" in self.labels else f"{self.labels[-1]}: {nodes}"

    def shortcut(self) -> str:
        """A reply that looks at source and target alone: the smaller of their two cuts, no way, the order told."""
        found = self.network
        others = numbers(node for node in range(1, found.nodes + 1) if node != found.target)
        if "flow" in self.labels:
            out = sum(weight for first, _, weight in found.edges if first == found.source)
            into = sum(weight for _, second, weight in found.edges if second == found.target)
            return f"flow: {min(out, into)}\ncut: {found.source if out <= into else others}"
        if "closed" in self.labels:
            return f"closed: {others}"
        return f"order: {numbers(range(1, found.nodes + 1))}"

    def public(self) -> dict[str, Any]:
        """The network and the kind."""
        edges = [list(edge) for edge in self.network.edges]
        return {"kind": self.kind, **asdict(self.network), "edges": edges}


def read(public: Mapping[str, Any]) -> NetworkQuestion:
    """The question of such data.

    Raises:
        KeyError, TypeError, ValueError: if it is none.
    """
    edges = tuple((int(first), int(second), int(weight)) for first, second, weight in public["edges"])
    return NetworkQuestion(public["kind"], Network(public["nodes"], edges, public["source"], public["target"]))


def split_of(network: Network) -> str:
    """A fifth of the networks is ``test``, a tenth ``validation``; numbers apart, those of one shape share it.

    Of two or three nodes there are too few shapes for that, and the network as it is told decides.
    """
    if network.nodes < 4:
        return _home((network.edges, network.source, network.target))
    after: dict[int, list[int]] = {node: [] for node in range(1, network.nodes + 1)}
    before: dict[int, list[int]] = {node: [] for node in after}
    for first, second, _ in network.edges:
        after[first].append(second)
        before[second].append(first)
    degrees = {node: (len(after[node]), len(before[node])) for node in after}
    shape = sorted(
        (degrees[node], sorted(degrees[one] for one in after[node]), sorted(degrees[one] for one in before[node]))
        for node in after
    )
    return _home(shape)


def _home(content: object) -> str:
    digest = sha256(repr(content).encode()).digest()[0]
    return "test" if digest < 51 else "validation" if digest < 77 else "train"


def draw(rng: np.random.Generator, kind: str, *, nodes: int, density: float) -> Network:
    """A random network; without cycles where an order is asked for, and in half of the cases where a cycle is.

    Half of the questions on flows are, where that is not too rare, ones whose smallest cut is not at either end.
    """
    if kind == "max_flow" and rng.random() < 0.5:
        tries = (_draw(rng, kind, nodes=nodes, density=density) for _ in range(FLOW_TRIES))
        hidden = (found for found in tries if not flow_proved(found, _at_an_end(found)))
        if (network := next(hidden, None)) is not None:
            return network
    return _draw(rng, kind, nodes=nodes, density=density)


def _at_an_end(network: Network) -> dict[str, Steps]:
    lines = read_lines(NetworkQuestion("max_flow", network).shortcut(), KINDS["max_flow"].labels)
    return {label: steps(line) for label, line in lines.items()}


def _draw(rng: np.random.Generator, kind: str, *, nodes: int, density: float) -> Network:
    acyclic = kind == "topological_order" or (kind == "cycle" and rng.random() < 0.5)
    place = [int(node) for node in rng.permutation(nodes)]
    pairs = [(a, b) for a in range(nodes) for b in range(nodes) if a != b and (place[a] < place[b] or not acyclic)]
    chosen = [pair for pair in pairs if rng.random() < density]
    edges = tuple((a + 1, b + 1, int(rng.integers(1, 10))) for a, b in chosen)
    source, target = (int(node) + 1 for node in rng.choice(nodes, size=2, replace=False))
    return Network(nodes, edges, source, target)
