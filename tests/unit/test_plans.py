"""Graphs, schedules and spans of time, against networkx and exhaustive search."""

from __future__ import annotations

from itertools import combinations, permutations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.envs.graph_plan import plans, shortcuts, workers
from selftaught.envs.graph_plan.plans import Edge, Plan
from selftaught.envs.graph_plan.times import SECONDS, UNITS, Unit, say, seconds, spell


@st.composite
def drawn_plans(draw: st.DrawFn, *, most: int = 7) -> Plan:
    """Plans whose numbering is no topological order."""
    count = draw(st.integers(1, most))
    order = draw(st.permutations(range(count)))
    pairs = [(order[a], order[b]) for a, b in combinations(range(count), 2)]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return Plan(tuple(draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))), tuple(edges))


def graph_of(plan: Plan) -> nx.DiGraph:
    graph = nx.DiGraph(plan.edges)
    graph.add_nodes_from(range(len(plan.durations)))
    return graph


@given(drawn_plans())
def test_graphs_agree_with_networkx(plan: Plan) -> None:
    count, graph = len(plan.durations), graph_of(plan)
    assert plans.closure(count, plan.edges) == set(nx.transitive_closure(graph).edges)
    assert plans.reduction(count, plan.edges) == set(nx.transitive_reduction(graph).edges)
    order = plans.topological(count, plan.edges)
    assert order is not None and all(order.index(a) < order.index(b) for a, b in plan.edges)
    joined = nx.transitive_reduction(graph)
    ends = [("start", n) for n in graph if not graph.in_degree(n)] + [
        (n, "end") for n in graph if not graph.out_degree(n)
    ]
    joined.add_edges_from(ends)
    assert plan.size == joined.number_of_nodes() + joined.number_of_edges()
    weighted = nx.DiGraph()
    weighted.add_weighted_edges_from(("start", n, plan.durations[n]) for n in graph)
    weighted.add_weighted_edges_from((a, b, plan.durations[b]) for a, b in graph.edges)
    assert plans.shortest_time(plan) == nx.dag_longest_path_length(weighted)


@given(drawn_plans())
def test_a_path_and_a_schedule_certify_each_other(plan: Plan) -> None:
    path, starts = plans.critical_path(plan), plans.earliest(plan)
    assert plans.is_path(plan, path) and plans.fault(plan, starts, workers=None) is None
    assert plans.length(plan, path) == plans.makespan(plan, starts)


@given(drawn_plans(), st.data())
def test_any_earlier_start_is_found_at_fault(plan: Plan, data: st.DataObject) -> None:
    starts = plans.earliest(plan)
    step = data.draw(st.integers(0, len(starts) - 1))
    starts[step] -= 1
    assert plans.fault(plan, starts, workers=None) is not None


def exhaustive(plan: Plan, count: int) -> int:
    """The shortest time for ``count`` workers: every order of steps, each as early as it fits."""
    before, _ = plans.neighbours(len(plan.durations), plan.edges)
    best = sum(plan.durations)
    for order in permutations(range(len(plan.durations))):
        starts: dict[int, int] = {}
        for step in order:
            if any(other not in starts for other in before[step]):
                break
            start = max((starts[other] + plan.durations[other] for other in before[step]), default=0)
            while not all(
                sum(begin <= time < begin + plan.durations[other] for other, begin in starts.items()) < count
                for time in range(start, start + plan.durations[step])
            ):
                start += 1
            starts[step] = start
        else:
            best = min(best, plans.makespan(plan, [starts[step] for step in range(len(starts))]))
    return best


@given(drawn_plans(most=5), st.integers(1, 3))
def test_few_workers_are_scheduled_as_well_as_can_be(plan: Plan, count: int) -> None:
    found = workers.best_schedule(plan, count)
    assert plans.fault(plan, found, workers=count) is None
    assert plans.makespan(plan, found) == exhaustive(plan, count)
    quick = workers.list_schedule(plan, count, lambda step: step)
    assert plans.fault(plan, quick, workers=count) is None


def test_list_scheduling_can_be_beaten_and_too_much_is_refused() -> None:
    plan = Plan((2, 3, 4, 5, 2), ((0, 3), (1, 4)))
    assert plans.makespan(plan, workers.best_schedule(plan, 2)) < shortcuts.longest_first(plan, 2)
    with pytest.raises(ValueError, match="15 steps for 2 workers"):
        workers.best_schedule(Plan((1,) * 15, ()), 2)
    with pytest.raises(ValueError, match="at least one worker"):
        workers.best_schedule(plan, 0)


def test_too_many_at_once_is_a_fault() -> None:
    plan = Plan((2, 2, 2), ())
    assert plans.fault(plan, [0, 0, 0], workers=2) == "3 steps run when step 1 starts, 2 can"
    assert plans.fault(plan, [0, 0, 2], workers=2) is None


def test_shortcuts_by_hand() -> None:
    # 0 (5) before 1 (1) before 2 (1); 3 (4) before 4 (4): the longest path is 3, 4.
    plan = Plan((5, 1, 1, 4, 4), ((0, 1), (1, 2), (3, 4)))
    assert plans.shortest_time(plan) == 8
    assert shortcuts.greedy(plan, None) == 7
    assert shortcuts.most_hops(plan, None) == 7
    assert shortcuts.stage_barrier(plan, None) == 5 + 4 + 1
    assert shortcuts.total(plan, None) == 15
    assert shortcuts.longest_step(plan, None) == 5


@pytest.mark.parametrize(
    ("durations", "edges", "message"),
    [
        ((), (), "steps of positive duration"),
        ((1, 0), (), "steps of positive duration"),
        ((1, 1), ((0, 2),), "does not join"),
        ((1, 1), ((0, 0),), "does not join"),
        ((1, 1), ((0, 1), (1, 0)), "in a circle"),
    ],
)
def test_what_is_no_plan_is_refused(durations: tuple[int, ...], edges: tuple[Edge, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Plan(durations, edges)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 hr", 7200),
        ("2 hrs", 7200),
        ("7200 s", 7200),
        ("120 m", 7200),
        ("two hours", 7200),
        ("2 hours 30 minutes", 9000),
        ("2h30m", 9000),
        ("1 hour, and 5 mins", 3900),
        ("an hour and a half", 5400),
        ("half an hour", 1800),
        ("1.5 hours", 5400),
        ("twenty-five minutes", 1500),
        ("1,200 sec", 1200),
        ("4 Weeks.", 4 * 604800),
        ("60 to 90 minutes", None),
        ("60-90 minutes", None),
        ("2 hours or 3 hours", None),
        ("2 hours 3 hours", None),
        ("30 minutes 1 hour", None),
        ("about 2 hours", None),
        ("2 months", None),
        ("-5 minutes", None),
        ("0.0001 s", None),
        ("90", None),
        ("hours", None),
        ("", None),
        ("9" * 300 + " s", None),
    ],
)
def test_spans_as_people_write_them(text: str, expected: int | None) -> None:
    assert seconds(text) == expected


def test_a_bare_number_counts_in_the_unit_at_hand() -> None:
    assert seconds("90", bare="minute") == 5400 and seconds("90 s", bare="minute") == 90


@given(st.integers(0, 10**9), st.sampled_from(UNITS), st.integers(0, 999))
def test_spans_round_trip(span: int, unit: Unit, amount: int) -> None:
    assert seconds(say(span)) == span
    assert seconds(spell(amount, unit)) == amount * SECONDS[unit]


@given(st.text(max_size=60) | st.text("0123456789 hourminsec,.and-", max_size=60))
def test_any_text_is_a_span_or_none(text: str) -> None:
    found = seconds(text)
    assert found is None or found >= 0


def test_the_search_for_few_workers_is_quick() -> None:
    """Not timed: positions are counted, which the machine does not change."""
    random = np.random.default_rng(0)
    for _ in range(20):
        edges = tuple((a, b) for a, b in combinations(range(10), 2) if random.random() < 0.15)
        search = workers._Search(Plan(tuple(random.integers(1, 60, size=10).tolist()), edges), 2)
        search.go(0, 0, (0, 0), {})
        assert len(search.seen) < 20_000
