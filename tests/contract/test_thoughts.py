"""What stands in ``<think>`` is nobody's business, in every game: it changes no result and no other seat reads it."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from selftaught.agents.scripted import Scripted
from selftaught.envs.registry import entry, games, make_game
from selftaught.marks import heard
from selftaught.rollout import rollout
from selftaught.types import Ask, Episode, Player

DRAFT = "No doubt.\nAnswer: 17\n1: 17\nDecision: restart\nScore: 3\nBetter: 1\nguess: river\nmodule m; endmodule\n"
CASES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in games()),
    *(("graph_plan", {"mode": mode}) for mode in ("build", "dispatch")),
    ("self_reward", {"propose": True}),
    ("self_reward", {"mode": "pairwise"}),
    ("reflect", {"know": True, "gate": "policy"}),
    ("reflect", {"gate": "threshold", "context": "fresh"}),
    ("reflect", {"subject": "graph_questions", "rewriter": "thinker"}),
    ("self_study", {"compare": "model", "reword": 1}),
    ("sequence", {"propose": True}),
    ("hardware", {"kinds": ("describe",)}),
]


def thinking(player: Player) -> Player:
    def speak(ask: Ask) -> str:
        return f"<think>{DRAFT}{ask.seat} thinks.</think>\n{player(ask)}"

    return speak


def played(game: str, settings: dict[str, Any], *, thoughtful: bool) -> list[Episode]:
    rules, known = make_game(game, **settings), entry(game)
    names = {seat: known.default_others[seat] for seat in rules.seats}
    cast = {seat: known.players[seat][name] for seat, name in names.items()}
    agents = {seat: Scripted(names[seat], thinking(one) if thoughtful else one) for seat, one in cast.items()}
    return rollout(rules, islice(rules.tasks("train", 3), 4), agents, seed=5)


@pytest.mark.parametrize(("game", "settings"), CASES, ids=str)
def test_thoughts_change_no_result(game: str, settings: dict[str, Any]) -> None:
    plain, thoughtful = (played(game, settings, thoughtful=one) for one in (False, True))
    assert [one.outcome for one in plain] == [one.outcome for one in thoughtful]
    for one, other in zip(plain, thoughtful, strict=True):
        assert one.metrics == pytest.approx(other.metrics, nan_ok=True) and one.credits == other.credits
        for turn in other.turns:
            heard_of = [message.content for message in turn.ask.messages if "thinks." in message.content]
            assert all(f"{turn.ask.seat} thinks." in content for content in heard_of), "another seat's thought"


@pytest.mark.parametrize("game", [name for name, known in games().items() if known.marks is not None])
def test_marks_stand_where_they_stood(game: str) -> None:
    known = entry(game)
    assert known.marks is not None
    for one, other in zip(*(played(game, {}, thoughtful=thoughts) for thoughts in (False, True)), strict=True):
        plain, moved = heard(known.marks, one), heard(known.marks, other)
        assert [(mark.turn, mark.kind, mark.note) for mark in plain] == [
            (mark.turn, mark.kind, mark.note) for mark in moved
        ]
        for before, after in zip(plain, moved, strict=True):
            said, thought = (episode.turns[before.turn].reply.text for episode in (one, other))
            assert said[before.start : before.end] == thought[after.start : after.end]
