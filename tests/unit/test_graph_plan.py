"""Asynchronous planning: instances, encodings, replies, and what is paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.agents.scripted import Scripted
from selftaught.envs.graph_plan.encodings import ENCODINGS, Encoding, graph, parse, render
from selftaught.envs.graph_plan.game import GraphPlan, PlanState
from selftaught.envs.graph_plan.instances import Instance, Knobs, draw, instance, solved
from selftaught.envs.graph_plan.plans import earliest, shortest_time
from selftaught.envs.graph_plan.players import PLAYERS, hand_in
from selftaught.envs.graph_plan.replies import Handed, read
from selftaught.envs.graph_plan.scoring import edges_f1
from selftaught.envs.graph_plan.wordings import HELD_OUT, WORDINGS
from selftaught.envs.registry import make_game
from selftaught.rollout import rollout
from selftaught.types import Episode, Task

PLAYER = PLAYERS["planner"]
PARTLY = GraphPlan().partly
SEEDS = st.integers(0, 2**32)
EASY = Instance("tidy up", ("a", "b", "c"), (10, 5, 20), ("minute",) * 3, ((0, 2), (1, 2)))
"""The longest path is a, c: 30 minutes."""
RIGHT = "edges: 1>3 2>3\ntimes: 1=10 2=5 3=20\nschedule: 1=0-10 2=0-5 3=10-30\npath: 1>3\nanswer: 30 minutes"


@st.composite
def knobs(draw: st.DrawFn) -> Knobs:
    low = draw(st.integers(1, 5))
    return Knobs(
        steps=(low, low + draw(st.integers(0, 3))),
        width=draw(st.integers(1, 4)),
        density=draw(st.sampled_from((0.0, 0.3, 0.9))),
        redundant=draw(st.sampled_from((0.0, 0.7))),
        spread=draw(st.integers(0, 3)),
        ties=draw(st.sampled_from((0.0, 0.6))),
        spare=draw(st.integers(0, 2)),
        workers=draw(st.sampled_from((None, 1, 2, 3))),
    )


def some(knobs: Knobs, seed: int, *, split: Any = "train") -> Instance:
    return draw(np.random.default_rng(seed), knobs, split=split)


def play(game: GraphPlan, text: str, found: Instance = EASY) -> PlanState:
    state = game.start(found.public(), np.random.default_rng(0))
    for part in text.split("\n\n"):
        state = game.tell(state, part)
    return state


def reward(text: str, found: Instance = EASY, **settings: Any) -> float:
    game = GraphPlan(**settings)
    return game.outcome(play(game, text, found)).rewards["planner"]


def games(game: GraphPlan, name: str, *, split: str = "test", count: int = 20) -> list[Episode]:
    return rollout(game, islice(game.tasks(split, 0), count), {"planner": Scripted(name, PLAYER[name])}, seed=1)


@given(knobs(), SEEDS, st.sampled_from(ENCODINGS), st.sampled_from(("train", "test")))
def test_every_encoding_can_be_read_back(knobs: Knobs, seed: int, encoding: Encoding, split: str) -> None:
    found = some(knobs, seed, split=split)
    assert parse(render(found, encoding), encoding) == graph(found)
    assert instance(found.public()) == found


@pytest.mark.parametrize("wording", [*WORDINGS, *HELD_OUT])
def test_every_wording_can_be_read_back(wording: str) -> None:
    sentence = wording.format(a=12, b=3)
    assert parse(f"1. x (5 minutes)\n{sentence}", "english").edges == ((11, 2),)


def test_csr_has_columns_in_row_order() -> None:
    """The published benchmark stored them in the order of its edges, which is wrong in all its rows."""
    found = replace(EASY, edges=((1, 2), (0, 2), (0, 1)))
    assert "Row offsets: 0 2 3 3\nColumns: 2 3 3" in render(found, "csr")
    with pytest.raises(ValueError, match="do not cut"):
        parse("Times: 1=1 day\nRow offsets: 0 2\nColumns: 1", "csr")


@given(knobs(), SEEDS, st.sampled_from(("build", "answer", "dispatch")), st.sampled_from((1, 3)))
def test_the_oracle_earns_all_there_is(knobs: Knobs, seed: int, mode: Any, turns: int) -> None:
    game = GraphPlan(mode=mode, turns=turns, band=None, knobs=knobs)
    task = Task("x", some(knobs, seed).public())
    (episode,) = rollout(game, [task], {"planner": Scripted("oracle", PLAYER["oracle"])}, seed=0)
    assert episode.outcome.rewards == {"planner": 1.0} and episode.metrics["success"] == 1.0
    assert sum(turn.reward for turn in episode.turns) <= 1.0


@pytest.mark.parametrize("band", [2, 3])
def test_no_shortcut_solves_the_hard_split(band: int) -> None:
    game = GraphPlan(mode="answer", band=band)
    for task in islice(game.tasks("hard", 3), 4):
        assert not any(task.sealed["shortcuts"].values())
    for name in ("greedy", "stage_barrier", "most_hops", "total", "longest_step"):
        assert [one.outcome.rewards["planner"] for one in games(game, name, split="hard", count=4)] == [0.0] * 4


def test_shortcuts_often_have_the_number_and_never_the_certificate_for_it() -> None:
    answers = games(GraphPlan(mode="answer", band=2), "most_hops", count=60)
    assert np.mean([one.outcome.rewards["planner"] for one in answers]) > 0.6
    for one in games(GraphPlan(band=2), "most_hops", count=60):
        assert one.outcome.rewards["planner"] == 0 or one.metrics["feasible"]
        assert one.metrics["shortcut/most_hops"] == one.metrics["answer_right"]


def test_settings_may_come_as_json() -> None:
    game = make_game("graph_plan", band=None, knobs={"steps": [2, 3], "units": ["hour"]}, encoding=["csr", "dot"])
    assert game.drawn == Knobs(steps=(2, 3), units=("hour",))  # type: ignore[attr-defined]
    assert {task.public["encoding"] for task in islice(game.tasks("train", 0), 20)} == {"csr", "dot"}


def test_few_steps_are_never_hard() -> None:
    with pytest.raises(ValueError, match="no instance of split 'hard'"):
        next(GraphPlan(band=None, knobs=Knobs(steps=(1, 2))).tasks("hard", 0))


@pytest.mark.parametrize(
    ("split", "knobs", "message"),
    [
        ("hard", {}, r"\(band 1\): it takes .*; set band to 2 or more"),
        ("train", {"hard": True}, r"\(band 1\): it takes .*; set band to 2 or more"),
        ("hard", {"workers": 1}, "workers = 1, .*: set workers to 2"),
    ],
)
def test_what_is_never_hard_is_refused_with_its_remedy(split: str, knobs: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        next(GraphPlan(band=1, knobs=knobs).tasks(split, 0))
    assert next(GraphPlan(band=1, knobs={"workers": 2}).tasks("hard", 0)).public["workers"] == 2


def test_no_plan_is_in_two_splits_and_bands_hold() -> None:
    game = GraphPlan(band=1, knobs={"most": 4})
    seen: dict[str, set[Any]] = {}
    for split in ("train", "validation", "test"):
        found = [
            instance({k: v for k, v in t.public.items() if k != "encoding"}) for t in islice(game.tasks(split, 0), 150)
        ]
        assert all(10 <= one.plan.size <= 13 for one in found)
        assert {one.held_out for one in found} == {split == "test"}
        seen[split] = {(one.plan.durations, one.plan.edges) for one in found}
    assert not seen["train"] & seen["test"] and not seen["train"] & seen["validation"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RIGHT, 1.0),
        (RIGHT.replace("30 minutes", "0.5 hours"), 1.0),
        (RIGHT.replace("30 minutes", "**30**"), 1.0),
        (RIGHT.replace("edges: 1>3 2>3\n", ""), 1.0),  # a certificate needs no graph
        (RIGHT.replace("\n", ".\r\n"), 1.0),
        (RIGHT.replace("path: 1>3", "path: 1, 3,"), 1.0),
        ("Let me think: 1 then 3.\n\t**answer:** 5\n".replace("\n\n", "\n") + RIGHT, 1.0),  # the last answer counts
        (RIGHT + "\nanswer: 25 minutes", PARTLY),
        (RIGHT.replace("30 minutes", "25 or 30 minutes"), PARTLY),
        (RIGHT.replace("1>3\nanswer", "2>3\nanswer"), PARTLY),  # a real path that is too short proves nothing
        (RIGHT.replace("path: 1>3", "path: 1>2"), PARTLY),
        (RIGHT.replace("3=10-30\n", "3=40\n"), PARTLY * 30 / 60),
        (RIGHT.replace("3=10-30\n", "3=10\n"), 1.0),
        (RIGHT.replace("1=0-10 2=0-5 3=10-30", "1=0 to 10 minutes, 2=0-300 s, 3=10 min until half an hour"), 1.0),
        (RIGHT.replace("3=10-30\n", "3=10-31\n"), 0.0),  # it takes 20 minutes
        (RIGHT.replace("3=10-30\n", "3=9-29\n"), 0.0),  # the right number for a plan that cannot be
        (RIGHT.replace("schedule: 1=0-10 2=0-5 3=10-30\n", ""), 0.0),
        (RIGHT.replace("1=0-10 2=0-5 3=10-30", "1=0 2=0 3=10 4=0"), 0.0),
        (RIGHT.replace("1=0-10 2=0-5 3=10-30", "1=0 3=10"), 0.0),
        ("answer: 30 minutes", 0.0),
        ("", 0.0),
    ],
)
def test_what_is_paid(text: str, expected: float) -> None:
    assert reward(text) == pytest.approx(expected)


def test_a_right_number_without_a_plan_is_called_lucky() -> None:
    game = GraphPlan()
    state = play(game, RIGHT.replace("3=10-30\n", "3=9\n"))
    figures = game.metrics(state, Task("x", {}))
    assert (figures["answer_right"], figures["feasible"], figures["lucky"]) == (1.0, 0.0, 1.0)
    assert game.outcome(state).reason == "step 3 starts before step 1 is done"


def test_parts_are_paid_on_the_way_and_sum_to_the_reward() -> None:
    game = GraphPlan(turns=3)
    lines = RIGHT.split("\n")
    told = ["\n".join(lines[:2]), "\n".join(lines[2:4]), lines[4]]
    state, paid = game.start(EASY.public(), np.random.default_rng(0)), [0.0]
    for text in told:
        state = game.tell(state, text)
        paid.append(game.paid(state)["planner"])
    assert paid == pytest.approx([0, 0.2, 0.5, 1.0])
    bad = play(game, "edges: 1>2\n\nschedule: 1=0 2=0 3=0\n\nanswer: 30")
    assert game.paid(bad) == {"planner": 0.0}
    tasks = islice(game.tasks("train", 0), 5)
    for one in rollout(game, tasks, {"planner": Scripted("oracle", PLAYER["oracle"])}, seed=0):
        assert [turn.reward for turn in one.turns] == pytest.approx([0.2, 0.3, 0.0])


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({(0, 2), (1, 2)}, 1.0),
        ({(0, 2)}, 2 / 3),
        ({(0, 1), (1, 2), (0, 2)}, 0.5),  # the redundant edge is not held against it
        ({(0, 1), (1, 0)}, 0.0),
        ({(0, 9)}, 0.0),
        (set(), 0.0),
        (None, 0.0),
    ],
)
def test_edges_are_compared_without_those_that_follow(said: set[tuple[int, int]] | None, expected: float) -> None:
    found = edges_f1(3, EASY.edges, None if said is None else frozenset(said))
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("mode", ["build", "dispatch"])
def test_what_a_slow_plan_is_paid_is_a_setting(mode: str) -> None:
    slow = {"build": RIGHT.replace("30 minutes", "40 minutes"), "dispatch": None}[mode]
    for partly in (0.0, 0.5):
        game = make_game("graph_plan", mode=mode, partly=partly)
        state = game.start({**EASY.public(), "encoding": "edges"}, np.random.default_rng(0))
        for text in [slow] if slow else ["start 1", "wait", "start 2", "wait", "start 3", "finish"]:
            state = game.tell(state, text)
        assert game.outcome(state).rewards["planner"] == pytest.approx(partly * (1 if slow else 30 / 35))


def test_few_workers_need_the_best_schedule() -> None:
    found = Instance("x", ("a", "b", "c"), (3, 2, 2), ("hour",) * 3, (), workers=2)
    form = "schedule: {}\npath: 1\nanswer: {} hours"
    assert reward(form.format("1=0 2=0 3=2", 4), found) == 1.0
    assert reward(form.format("1=0 2=0 3=0", 3), found) == 0.0
    assert reward(form.format("1=0 2=0 3=3", 5), found) == pytest.approx(PARTLY * 4 / 5)


@pytest.mark.parametrize(
    ("text", "end", "value"),
    [
        ("start 1 2\n\nwait\n\nwait\n\nStart 3.\n\nfinish", "best", 1.0),
        ("start 1 and 2\n\nwait\n\nwait\n\nstart 3\n\nwait", "best", 1.0),
        ("start 1\n\nwait\n\nstart 2\n\nwait\n\nstart 3\n\nfinish", "slow", PARTLY * 30 / 35),
        ("start 1 2\n\nwait\n\nstart 3", "illegal", 0.0),
        ("start 1 1", "illegal", 0.0),
        ("start 4", "illegal", 0.0),
        ("start", "illegal", 0.0),
        ("wait", "illegal", 0.0),
        ("wait 3", "illegal", 0.0),
        ("finish", "illegal", 0.0),
        ("Shall I start 1?", "illegal", 0.0),
        ("start " + "1" * 390 + "x", "illegal", 0.0),  # a careless pattern takes longer than the world stands
    ],
)
def test_dispatch(text: str, end: str, value: float) -> None:
    game = GraphPlan(mode="dispatch")
    outcome = game.outcome(play(game, text))
    assert outcome.end == end and outcome.rewards["planner"] == pytest.approx(value)


@given(st.text() | st.from_regex(r"(edges|times|schedule|path|answer): [0-9=> ,;()a-z-]{0,30}\n?", fullmatch=True))
def test_any_reply_is_read(text: str) -> None:
    found = read(text, unit="minute")
    assert isinstance(found, Handed)
    for mode in ("build", "answer", "dispatch"):
        game = GraphPlan(mode=mode)
        state = game.tell(game.start(EASY.public(), np.random.default_rng(0)), text)
        assert state.end is None or 0 <= game.outcome(state).rewards["planner"] <= 1


@given(knobs(), SEEDS)
def test_what_the_oracle_hands_in_is_read_as_it_is(knobs: Knobs, seed: int) -> None:
    found = some(replace(knobs, workers=None), seed)
    labels = ("edges", "times", "schedule", "path", "answer")
    text = hand_in(found, labels, starts=earliest(found.plan), answer=shortest_time(found.plan))
    handed = read(text, unit=found.unit)
    assert handed.edges == frozenset(found.edges) and handed.answer == shortest_time(found.plan)
    assert handed.times == {step: found.seconds[step] for step in found.needed}
    starts = dict(zip(found.needed, earliest(found.plan), strict=True))
    assert handed.schedule == {step: (start, start + found.seconds[step]) for step, start in starts.items()}
    assert handed.said == set(labels)


@pytest.mark.parametrize(
    ("public", "message"),
    [
        ({}, "missing"),
        ({**EASY.public(), "colour": 1}, "colour"),
        ({**EASY.public(), "units": ["minute", "minute", "month"]}, "unknown units"),
        ({**EASY.public(), "amounts": [1]}, "one of each a step"),
        ({**EASY.public(), "spare": [0]}, "is not needed and yet has an edge"),
        ({**EASY.public(), "edges": [[0, 1], [1, 0]]}, "in a circle"),
        ({**EASY.public(), "encoding": "morse"}, "unknown encoding"),
    ],
)
def test_tasks_that_are_no_plans_are_refused(public: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GraphPlan().start(public, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "guess"}, "unknown mode"),
        ({"turns": 2}, "turns must be"),
        ({"encoding": "morse"}, "unknown encoding"),
        ({"band": 9}, "unknown band"),
        ({"knobs": {"widht": 2}}, "widht"),
        ({"knobs": {"steps": (3, 2)}}, "steps = "),
        ({"knobs": {"workers": 0}}, "workers = "),
        ({"knobs": {"units": ("month",)}}, "units = "),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: Mapping[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GraphPlan(**settings)


@given(knobs(), SEEDS)
def test_solved_says_what_the_shortcuts_say(knobs: Knobs, seed: int) -> None:
    found = some(replace(knobs, workers=None), seed)
    assert all(isinstance(hit, bool) for hit in solved(found.plan, found.workers).values())
