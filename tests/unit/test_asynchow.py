"""Rows of the published benchmark: read safely, timed anew, scored both ways."""

from __future__ import annotations

import json
import pickle
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selftaught.benchmarks.asynchow import AsyncHow, run
from selftaught.benchmarks.tables_studies import asynchow_table
from selftaught.envs.graph_plan.asynchow import (
    Row,
    as_instance,
    as_published,
    ours,
    read_jsonl,
    read_pickle,
    span,
    true_time,
)
from selftaught.envs.graph_plan.game import GraphPlan

TABLE: dict[str, Any] = {
    "titles": ["How to paint a fence", "How to write a book"],
    "steps": [["Buy paint", "Sand it", "Paint"], ["Think", "Write"]],
    "time_dic": [
        {"1": "2 hours 30 minutes", "2": "20 minutes", "3": "1 hours"},
        {"1": "1 month", "2": "2 years"},
    ],
    "edge_list": [[("1", "3"), ("2", "3"), ("START", "1"), ("START", "2"), ("3", "END")], [("1", "2")]],
    "task_time": [[timedelta(hours=1.5), timedelta(hours=1.5)], [timedelta(days=758), timedelta(days=763)]],
}
FENCE = Row("x", "How to paint a fence", ("a", "b"), ("90 minutes", "30 minutes"), ((0, 1),), (7200, 7200))
MONTH = Row("y", "How to rest", ("a",), ("1 month",), (), (28 * 86400, 31 * 86400))


def test_published_files_are_read_and_their_answers_corrected(tmp_path: Path) -> None:
    path = tmp_path / "async_benchmark.pkl"
    path.write_bytes(pickle.dumps(TABLE))
    fence, book = read_pickle(path)
    assert (fence.id, fence.steps[2], fence.edges) == ("async_benchmark-0", "Paint", ((0, 2), (1, 2)))
    assert fence.published == (5400, 5400) and true_time(fence) == (12600, 12600)
    assert true_time(book) == ((28 + 730) * 86400, (31 + 732) * 86400)
    assert as_instance(book) is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps(print), "asks for builtins.print"),
        (pickle.dumps(np.float64(1)), "asks for numpy"),
        (pickle.dumps({"titles": []}), "no field"),
        (pickle.dumps([1]), "none of the published files"),
        (b"", "Ran out of input"),
    ],
)
def test_other_files_are_refused_and_never_run(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_pickle(path)


def test_plain_rows_play_as_instances(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    row = {"id": "r", "title": "How to bake", "steps": ["Mix", "Bake"], "durations": ["5 minutes", "1 hours"]}
    path.write_text(json.dumps({**row, "deps": [[1, 2]], "gold_upstream_s": [3900, 3900]}) + "\n")
    (found,) = read_jsonl(path)
    instance = as_instance(found)
    assert instance is not None and instance.goal == "how to bake"
    game = GraphPlan(mode="answer", band=None)
    state = game.tell(game.start(instance.public(), np.random.default_rng(0)), "answer: 65 minutes")
    assert game.outcome(state).rewards == {"planner": 1.0}


def test_compound_times_count_in_their_smallest_unit() -> None:
    instance = as_instance(Row("x", "How to x", ("a",), ("2 hours 30 minutes",), ()))
    assert instance is not None and (instance.amounts, instance.units) == ((150,), ("minute",))


@pytest.mark.parametrize("text", ["", "soon", "3 fortnights", "about 2 hours"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"no (time|unit)"):
        span(text)


@pytest.mark.parametrize("text", ["2 hr", "2 hrs", "7200 s", "120 m", "two hours", "1 h 60 min", "120 minutes"])
def test_our_scorer_knows_what_the_published_one_does_not(text: str) -> None:
    assert ours(text, FENCE)
    assert as_published(f'It takes "{text}".', (7200, 7200)) == (text in ("1 h 60 min", "120 minutes"))


def test_the_published_scorer_is_generous_where_ours_is_not() -> None:
    assert as_published('"4 weeks"', (28 * 86400, 31 * 86400)) and not ours("4 weeks", MONTH)
    assert ours("1 month", MONTH)
    hedged = 'Either "1 hour"\nor "2 hours".'
    assert as_published(hedged, (3600, 3600)) and as_published(hedged, (7200, 7200))
    assert not ours("1 hour or 2 hours", FENCE)
    assert as_published('"90 minutes + 30 minutes = 120 minutes"', (7200, 7200))
    assert not as_published('"1 to 2 hours"', (7200, 7200))
    assert as_published("The answer is 2 hours.", (7200, 7200))


def test_the_table_has_shortcuts_and_oracle_by_both_scorers(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [
        # The path with the most steps is the shorter one; the published answer is wrong.
        (["1 hours", "1 hours", "5 hours"], [[1, 2]], [7200, 7200]),
        (["2 hours", "30 minutes"], [[1, 2]], [9000, 9000]),
        (["1 month"], [], [28 * 86400, 31 * 86400]),
    ]
    lines = [
        json.dumps(
            {"id": str(n), "title": "t", "steps": ["s"] * len(t), "durations": t, "deps": d, "gold_upstream_s": g}
        )
        for n, (t, d, g) in enumerate(rows)
    ]
    path.write_text("\n".join(lines))
    found = json.loads(run(AsyncHow(path, ("fake",), modes=("answer", "build"), results=tmp_path)).read_text())
    assert (found["rows"], found["playable"], found["published_answers_wrong"]) == (3, 2, 1)
    means = {row["player"]: (row["ours"]["mean"], row["published"]["mean"]) for row in found["players"]}
    assert [row["mode"] for row in found["players"] if row["player"] == "fake"] == ["answer", "build"]
    assert asynchow_table(found).count("| fake |") == 2
    assert means["oracle"] == (1.0, 0.5)
    assert means["most_hops"] == (0.5, 1.0)
    assert means["total"] == (0.5, 0.5)
