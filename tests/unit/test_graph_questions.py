"""Questions on networks and chains of facts: right answers are proved, others are not, whatever they look like."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.agents.scripted import Scripted
from selftaught.envs.graph_questions.game import SPLITS, GraphQuestions, ends, guess, oracle
from selftaught.envs.graph_questions.knowledge import Chain
from selftaught.envs.graph_questions.molecules import KINDS as MOLECULE_KINDS
from selftaught.envs.graph_questions.molecules import Molecule, canonical, chemistry
from selftaught.envs.graph_questions.molecules import draw as draw_molecule
from selftaught.envs.graph_questions.network import KINDS, Network, NetworkQuestion, draw, read
from selftaught.envs.graph_questions.questions import Question
from selftaught.rollout import rollout

NETWORK = Network(4, ((1, 2, 5), (2, 3, 5), (1, 3, 20), (3, 1, 1)), 1, 3)
"""1 to 3 directly (20) or by 2 (10); 1 and 3 are on a cycle; 4 stands alone."""
FACTS = (("Abel", "cousin", "Bryn"), ("Bryn", "cousin", "Cato"), ("Bryn", "rival", "Abel"))
CHAIN = Chain(FACTS, "Abel", ("cousin", "rival"))


def result(kind: str, text: str, found: Network = NETWORK) -> str | None:
    return replied(NetworkQuestion(kind, found), text)


def replied(question: Question, text: str) -> str | None:
    game = GraphQuestions()
    return game.tell(game.start(question.public(), np.random.default_rng(0)), text).end


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
        ("cycle", "cycle: 1 → 3 → 1", "proved"),
        ("cycle", "cycle: 1 2 1", "wrong"),
        ("cycle", "cycle: 4 4", "wrong"),
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
    assert result(kind, NetworkQuestion(kind, found).solve(), found) == "proved"


@given(networks("reachable"), st.lists(st.integers(0, 8), min_size=1, max_size=7))
def test_no_claim_of_reachability_is_accepted_that_is_false(found: Network, said: list[int]) -> None:
    there = nx.has_path(found.graph, found.source, found.target)
    line = " ".join(map(str, said))
    assert there or result("reachable", f"path: {line}", found) != "proved"
    assert not there or result("reachable", f"closed: {line}", found) != "proved"


@pytest.mark.filterwarnings("ignore:The hashes produced")
def test_splits_share_no_network_however_it_is_numbered() -> None:
    shapes: dict[str, set[str]] = {}
    for split in SPLITS:
        tasks = islice(GraphQuestions(kinds=("cycle", "topological_order")).tasks(split, 0), 150)
        graphs = [read(task.public).network.graph for task in tasks]
        shapes[split] = {nx.weisfeiler_lehman_graph_hash(graph) for graph in graphs}
        assert len(shapes[split]) > 15
    assert not shapes["train"] & shapes["test"] and not shapes["train"] & shapes["validation"]
    for nodes in (2, 3):
        assert len(list(islice(GraphQuestions(nodes=(nodes, nodes)).tasks("validation", 0), 20))) == 20
    with pytest.raises(ValueError, match="belongs to 'validation': ask for more nodes"):
        next(GraphQuestions(nodes=(5, 5), density=0.0).tasks("validation", 0))


def test_source_and_target_alone_do_not_tell_the_flow() -> None:
    game = GraphQuestions(kinds=("max_flow",))
    tasks = list(islice(game.tasks("test", 1), 100))
    episodes = rollout(game, tasks, {"solver": Scripted("ends", ends)}, seed=0)
    assert 0.2 < np.mean([one.outcome.rewards["solver"] for one in episodes]) < 0.6


def test_chains_of_facts() -> None:
    assert "\nWho is the rival of the cousin of Abel?\n" in CHAIN.told() and CHAIN.hops() == ["Bryn", "Abel"]
    said = ("way: Bryn Abel", "way: bryn, abel.", "way: Abel", "Abel", "way: Bryn")
    assert [replied(CHAIN, text) for text in said] == ["proved", "proved", "wrong", "unreadable", "wrong"]


ACID, RING = "CC(=O)O", "c1ccccc1C#N"
"""Acetic acid and benzonitrile."""


@pytest.mark.parametrize(
    ("kind", "smiles", "text", "end"),
    [
        ("formula", ACID, "formula: C2H4O2", "proved"),
        ("formula", ACID, "It is\nformula: H4C2O2.", "proved"),
        ("formula", ACID, "formula: CH3COOH", "proved"),
        ("formula", ACID, "formula: C2O2", "wrong"),
        ("formula", ACID, "formula: c2h4o2", "wrong"),
        ("formula", ACID, "C2H4O2", "unreadable"),
        ("bonds", ACID, "bonds: 1-2 2=3 2-4", "proved"),
        ("bonds", ACID, "bonds: 4-2, 3=2, 1-2", "proved"),
        ("bonds", ACID, "bonds: 1-2 2-3 2-4", "wrong"),
        ("bonds", ACID, "bonds: 1-2 2=3 2-4 1-3", "wrong"),
        ("bonds", ACID, "bonds: 1-2 2=3 3=2 2-4", "wrong"),
        ("bonds", "C", "bonds: none", "proved"),
        ("bonds", RING, "bonds: 1-2 2=3 3-4 4=5 5-6 1=6 6-7 7#8", "proved"),
        ("bonds", RING, "bonds: 1=2 2-3 3=4 4-5 5=6 1-6 6-7 7#8", "proved"),
        ("bonds", RING, "bonds: 1=2 2-3 3=4 4-5 5=6 1-6 6-7 7=8", "wrong"),
        ("path", ACID, "path: 1 2 4", "proved"),
        ("path", ACID, "path: 1 4", "wrong"),
        ("path", ACID, "path: one", "wrong"),
        ("smiles", ACID, "smiles: OC(C)=O", "proved"),
        ("smiles", ACID, "smiles: CC(O)O", "wrong"),
        ("smiles", ACID, "smiles: CC(=O", "wrong"),
        ("smiles", RING, "smiles: N#CC1=CC=CC=C1", "proved"),
        ("smiles", "CC(=O)[O-]", "smiles: CC(=O)O", "wrong"),
    ],
)
def test_molecules(kind: str, smiles: str, text: str, end: str) -> None:
    assert replied(Molecule(kind, smiles, 1, 1 if smiles == "C" else 4), text) == end


@pytest.mark.parametrize("kind", MOLECULE_KINDS)
@given(st.integers(0, 2**32), st.integers(2, 14))
def test_every_molecule_that_is_drawn_can_be_told(kind: str, seed: int, atoms: int) -> None:
    smiles = draw_molecule(np.random.default_rng(seed), atoms=atoms)
    question = Molecule(kind, smiles, 1, atoms)
    assert question.graph.number_of_nodes() == atoms and replied(question, question.solve()) == "proved"
    assert kind != "smiles" or smiles not in question.told()


@given(st.sampled_from(list(MOLECULE_KINDS)), st.text() | st.from_regex(r"[\dCNO()=#+@\[\]%.-]{0,60}", fullmatch=True))
def test_any_text_about_a_molecule_is_read(kind: str, text: str) -> None:
    assert replied(Molecule(kind, ACID, 1, 4), f"{kind}: {text}") in ("proved", "wrong", "unreadable")


def test_own_molecules_are_split_and_used() -> None:
    own = tuple("C" * n + tail for n in range(1, 20) for tail in ("O", "N", "=O"))
    game = GraphQuestions(family="molecules", smiles=own)
    seen = {
        split: {canonical(task.public["smiles"]) for task in islice(game.tasks(split, 0), 60)}
        for split in ("train", "validation", "test")
    }
    assert not seen["train"] & seen["test"] and not seen["train"] & seen["validation"]
    assert set().union(*seen.values()) <= {canonical(text) for text in own}
    with pytest.raises(ValueError, match="none of the 1 molecules belongs to"):
        for split in ("train", "test"):
            GraphQuestions(family="molecules", smiles=("CCO",)).tasks(split, 0)


def test_chemistry_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    chemistry.cache_clear()
    monkeypatch.setitem(sys.modules, "rdkit", None)
    with pytest.raises(ImportError, match=r"pip install 'selftaught\[chemistry\]'"):
        GraphQuestions(family="molecules")
    GraphQuestions()


@pytest.mark.parametrize(
    "settings",
    [{}, {"family": "knowledge", "hops": 3}, {"kinds": ("cycle",), "nodes": (5, 8)}, {"family": "molecules"}],
)
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
        ({"smiles": ("CCO",)}, "smiles are for"),
        ({"family": "molecules", "smiles": ("CCO", "C(")}, r"no molecule: \['C\('\]"),
        ({"family": "molecules", "kinds": ("cycle",)}, "unknown kinds"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GraphQuestions(**settings)


def test_tasks_that_are_no_questions_are_refused() -> None:
    for public in ({}, {"kind": "hops"}, {"kind": "maze", "nodes": 2, "edges": [], "source": 1, "target": 2}):
        with pytest.raises(ValueError, match="no question"):
            GraphQuestions().start(public, np.random.default_rng(0))
