"""Questions on networks and chains of facts: right answers are proved, others are not, whatever they look like."""

from __future__ import annotations

from itertools import islice
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.agents.scripted import Scripted
from selftaught.envs.graph_questions.game import GraphQuestions, guess, oracle, solve
from selftaught.envs.graph_questions.knowledge import Chain
from selftaught.envs.graph_questions.network import KINDS, Network, draw
from selftaught.rollout import rollout

NETWORK = Network(4, ((1, 2, 5), (2, 3, 5), (1, 3, 20), (3, 1, 1)), 1, 3)
"""1 to 3 directly (20) or by 2 (10); 1 and 3 are on a cycle; 4 stands alone."""
FACTS = (("Abel", "cousin", "Bryn"), ("Bryn", "cousin", "Cato"), ("Bryn", "rival", "Abel"))
CHAIN = Chain(FACTS, "Abel", ("cousin", "rival"))


def result(kind: str, text: str, found: Network = NETWORK) -> str | None:
    game = GraphQuestions()
    public = {"kind": kind, "nodes": found.nodes, "edges": found.edges, "source": found.source, "target": found.target}
    return game.tell(game.start(public, np.random.default_rng(0)), text).end


@pytest.mark.parametrize(
    ("kind", "text", "end"),
    [
        ("reachable", "path: 1 3", "proved"),
        ("reachable", "It is so.\npath: 1 -> 2 -> 3", "proved"),
        ("reachable", "path: 1 4 3", "wrong"),
        ("reachable", "path: 2 3", "wrong"),
        ("reachable", "closed: 1", "wrong"),
        ("reachable", "yes", "unreadable"),
        ("shortest_path", "path: 1, 2, 3", "proved"),
        ("shortest_path", "path: 1 3", "wrong"),
        ("shortest_path", "path: 1 2 3 1 2 3", "wrong"),
        ("max_flow", "flow: 25\ncut: 1", "proved"),
        ("max_flow", "flow: 25\ncut: 1 2 4", "proved"),
        ("max_flow", "flow: 25\ncut: 1 3", "wrong"),
        ("max_flow", "flow: 5\ncut: 1", "wrong"),
        ("max_flow", "flow: 25", "wrong"),
        ("cycle", "cycle: 1 3", "proved"),
        ("cycle", "cycle: 3 1 2", "proved"),
        ("cycle", "cycle: 1 2", "wrong"),
        ("cycle", "cycle: 1 3 1", "wrong"),
        ("cycle", "order: 1 2 3 4", "wrong"),
        ("topological_order", "order: 4 1 2 3", "wrong"),
        ("topological_order", "order: one two", "unreadable"),
    ],
)
def test_proofs(kind: str, text: str, end: str) -> None:
    assert result(kind, text) == end


def test_there_is_no_way_out_of_a_closed_set() -> None:
    stuck = Network(3, ((1, 2, 1), (3, 1, 1)), 1, 3)
    assert result("reachable", "closed: 1 2", stuck) == "proved"
    assert result("shortest_path", "closed: 2 1", stuck) == "proved"
    assert result("reachable", "closed: 1", stuck) == "wrong"
    assert result("reachable", "closed: 1 2 3", stuck) == "wrong"
    assert result("topological_order", "order: 3 1 2", stuck) == "proved"


def networks(kind: str) -> st.SearchStrategy[Network]:
    return st.builds(
        lambda seed, nodes, density: draw(np.random.default_rng(seed), kind, nodes=nodes, density=density),
        st.integers(0, 2**32),
        st.integers(2, 7),
        st.sampled_from((0.1, 0.3, 0.7)),
    )


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_the_oracle_proves_every_answer(kind: str, data: st.DataObject) -> None:
    found = data.draw(networks(kind))
    assert result(kind, solve(kind, found), found) == "proved"


@given(networks("reachable"), st.lists(st.integers(0, 8), min_size=1, max_size=7))
def test_no_claim_of_reachability_is_accepted_that_is_false(found: Network, said: list[int]) -> None:
    there = nx.has_path(found.graph, found.source, found.target)
    line = " ".join(map(str, said))
    assert there or result("reachable", f"path: {line}", found) != "proved"
    assert not there or result("reachable", f"closed: {line}", found) != "proved"


def test_chains_of_facts() -> None:
    assert CHAIN.told().endswith("Who is the rival of the cousin of Abel?") and CHAIN.hops() == ["Bryn", "Abel"]
    game = GraphQuestions(family="knowledge")
    public = {"kind": "hops", "facts": FACTS, "start": "Abel", "relations": ["cousin", "rival"]}
    ends = {}
    for text in ("way: Bryn Abel", "way: bryn, abel.", "way: Abel", "Abel", "way: Bryn"):
        ends[text] = game.tell(game.start(public, np.random.default_rng(0)), text).end
    assert list(ends.values()) == ["proved", "proved", "wrong", "unreadable", "wrong"]


@pytest.mark.parametrize("settings", [{}, {"family": "knowledge", "hops": 3}, {"kinds": ("cycle",), "nodes": (5, 8)}])
def test_players(settings: dict[str, Any]) -> None:
    game = GraphQuestions(**settings)
    tasks = list(islice(game.tasks("test", 0), 40))
    for player, expected in ((oracle, (1.0, 1.0)), (guess, (0.0, 0.5))):
        episodes = rollout(game, tasks, {"solver": Scripted("x", player)}, seed=0)
        assert expected[0] <= np.mean([one.outcome.rewards["solver"] for one in episodes]) <= expected[1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"family": "trees"}, "unknown family"),
        ({"kinds": ("maze",)}, "unknown kinds"),
        ({"nodes": (5, 4)}, "nodes must be"),
        ({"nodes": (1, 4)}, "nodes must be"),
        ({"density": 2.0}, "density"),
        ({"hops": 0}, "hops"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GraphQuestions(**settings)


def test_tasks_that_are_no_questions_are_refused() -> None:
    for public in ({}, {"kind": "hops"}, {"kind": "maze", "nodes": 2, "edges": [], "source": 1, "target": 2}):
        with pytest.raises(ValueError, match=r"no question|unknown kind"):
            GraphQuestions().start(public, np.random.default_rng(0))
