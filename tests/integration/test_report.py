"""What a report says is what the runs say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught import cli
from selftaught.algorithms.gap_alarm import reading
from selftaught.benchmarks.audit import judged_answers
from selftaught.benchmarks.report.content import Limits, gather
from selftaught.benchmarks.report.figures import tables
from selftaught.benchmarks.report.folders import AUDIT, Run, runs_under
from selftaught.benchmarks.report.page import render
from selftaught.benchmarks.report.transcripts import choose
from selftaught.store import read_run, shard_path, write_shard
from selftaught.summary import bootstrap
from selftaught.types import Stop
from tests.integration.report_runs import SEEDS, episode, row
from tests.integration.test_report_html import Page

LIMITS = Limits()


def test_every_run_is_found_with_its_game_its_seed_and_its_episodes(
    content: dict[str, Any], runs: dict[str, Path]
) -> None:
    found = {run["name"]: run for run in content["runs"]}
    assert len(found) == 4 + 2 * len(SEEDS) + 6 * len(SEEDS) + 2
    assert {name: run["game"] for name, run in found.items() if "/" not in name} == {
        "bayes": "taboo",
        "leaker": "taboo",
        "plans": "graph_plan",
        "judged": "self_reward",
        "rounds": "self_reward",
        "hostile": "taboo",
    }
    assert found["study/ppo/seed-2"]["seed"] == 2 and found["study/ppo/seed-2"]["arm"] == "study/ppo"
    assert found["bench/trained/taboo-0/none/seed-1"]["players"] == "trained"
    assert found["bayes"]["players"] == "attacker: fact_giver, defender: bayes"
    counted = {name: sum(content["runs"][one["run"]]["name"] == name for one in content["episodes"]) for name in found}
    assert counted == {name: run["episodes"] for name, run in found.items()}
    assert counted["bayes"] == 12 and counted["rounds"] == 0 and content["left_out"]["episodes"] == 0


def test_rewards_and_ends_are_those_of_the_episodes(content: dict[str, Any], runs: dict[str, Path]) -> None:
    played = list(read_run(runs["judged"]))
    (run,) = [run for run in content["runs"] if run["name"] == "judged"]
    assert {one["seat"] for one in run["rewards"]} == {"actor", "judge"}
    for one in run["rewards"]:
        rewards = [some.outcome.rewards[one["seat"]] for some in played]
        assert one == {"seat": one["seat"], **asdict(bootstrap(rewards, [some.task.id for some in played]))}
    assert run["ends"] == {"judged": 12}
    (trained,) = [run for run in content["runs"] if run["name"] == "study/grpo/seed-1"]
    assert trained["rewards"] == [{"seat": "planner", "first": 0.11, "last": 0.31}] and trained["steps"] == 3
    assert trained["cost"] == {"learn_seconds": 6.0, "trained_tokens": 300.0}


def test_a_cell_costs_its_evaluation_and_the_training_that_it_shares(content: dict[str, Any]) -> None:
    costs = {run["name"]: run["cost"] for run in content["runs"]}
    evaluated = {"sampled_tokens": 1000, "trained_tokens": 0, "processor_seconds": 5.5}
    assert costs["bench/raw/taboo-0/none/seed-1"] == evaluated
    assert costs["bench/trained/taboo-0/none/seed-1"] == {
        "sampled_tokens": 1200,
        "trained_tokens": 30_000,
        "processor_seconds": 65.5,
        "labels": 100,
        "dollars_by_hand_from": 5.0,
        "dollars_by_hand_to": 30.0,
        "cells_of_training": 2,
    }


def test_trainings_of_two_benches_are_not_one(runs: dict[str, Path], tmp_path: Path) -> None:
    for name in ("one", "two"):
        cell = "cells/trained/taboo-0/none/seed-0"
        shutil.copytree(runs["bench"] / cell, tmp_path / name / cell)
    found = gather([tmp_path / "one", tmp_path / "two"], limits=LIMITS)["runs"]
    assert len(found) == 2 and not [one for one in found if "cells_of_training" in one["cost"]]


def test_replies_that_failed_are_told_from_those_cut_short(tmp_path: Path) -> None:
    for step, stop in enumerate(STOPS):
        write_shard(shard_path(tmp_path / "run", step), [episode("e", ["", "b"], stop=stop)])
    found = gather([tmp_path / "run"], limits=LIMITS)["episodes"]
    assert [[sorted({"cut", "failed"} & turn.keys()) for turn in one["turns"]] for one in found] == [
        [[]] * 2,
        [["cut"]] * 2,
        [["failed"]] * 2,
    ]


STOPS: tuple[Stop, ...] = ("end", "length", "failed")


def test_an_episode_is_whole(content: dict[str, Any], runs: dict[str, Path]) -> None:
    for name in ("leaker", "plans", "judged"):
        shown = [one for one in content["episodes"] if content["runs"][one["run"]]["name"] == name]
        for one, known in zip(shown, read_run(runs[name]), strict=True):
            assert (one["id"], one["task"], one["end"]) == (known.id, known.task.id, known.outcome.end)
            assert json.loads(content["texts"][one["public"]]) == json.loads(json.dumps(known.task.public))
            assert [content["texts"][turn["text"]] for turn in one["turns"]] == [
                turn.reply.text for turn in known.turns
            ]
            assert read_again(one, content["texts"]) == [
                [(message.role, message.content) for message in turn.ask.messages] for turn in known.turns
            ]


def read_again(one: Mapping[str, Any], texts: list[str]) -> list[list[tuple[str, str]]]:
    """All that each turn's seat had read, from what was new to it."""
    known: dict[str, list[tuple[str, str]]] = {}
    found = []
    for turn in one["turns"]:
        goes_on, *pairs = turn["read"]
        new = [(("system", "user", "assistant")[a], texts[b]) for a, b in zip(pairs[::2], pairs[1::2], strict=True)]
        messages = [*(known[turn["seat"]] if goes_on else []), *new]
        found.append(messages)
        known[turn["seat"]] = [*messages, ("assistant", texts[turn["text"]])]
    return found


def test_marks_stand_at_the_places_that_javascript_counts(tmp_path: Path) -> None:
    said = "🐼🐼 it is a panda 🐼 <think>no</think>"
    write_shard(shard_path(tmp_path / "run", 0), [episode("one", [said, "A panda?"])])
    found = gather([tmp_path / "run"], limits=LIMITS)
    units = said.encode("utf-16-le")
    marks = found["episodes"][0]["turns"][0]["marks"]
    assert {(kind, units[2 * start : 2 * end].decode("utf-16-le")) for kind, _, start, end in marks} >= {
        ("thought", "<think>no</think>")
    }


def test_long_texts_are_cut_and_counted(tmp_path: Path) -> None:
    write_shard(shard_path(tmp_path / "run", 0), [episode("one", ["x" * 100 + "panda", "panda"])])
    found = gather([tmp_path / "run"], limits=Limits(characters=40))
    place = found["episodes"][0]["turns"][0]["text"]
    assert found["texts"][place] == "x" * 40 and found["left_out"]["characters"][str(place)] == 65
    for turn in found["episodes"][0]["turns"]:
        assert all(end <= 40 for _, _, _, end in turn.get("marks", []))


def test_episodes_are_taken_evenly_over_runs_and_steps(tmp_path: Path) -> None:
    for name, steps in (("short", 1), ("long", 10)):
        for step in range(steps):
            shard = [episode(f"{name}/{step}/{place}", ["a", "b"]) for place in range(6)]
            write_shard(shard_path(tmp_path / name, step), shard)
    found = gather([tmp_path / "short", tmp_path / "long"], limits=Limits(episodes=26))
    taken = [one["id"].split("/")[:2] for one in found["episodes"]]
    assert taken.count(["short", "0"]) == 6
    assert [taken.count(["long", str(step)]) for step in range(10)] == [2] * 10
    assert found["left_out"]["episodes"] == 40
    everything = gather([tmp_path], limits=Limits(episodes=0))
    assert len(everything["episodes"]) == 66 and everything["left_out"]["episodes"] == 0


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(1, 100))
def test_no_more_is_chosen_than_was_asked_for(counts: list[int], most: int) -> None:
    runs = [FakeRun([Path(str(place))]) for place in range(len(counts))]
    chosen = choose(runs, most=most, lines=lambda path: counts[int(path.name)])  # type: ignore[arg-type]
    assert sum(one.count for one in chosen) == min(most, sum(counts))
    for count, one in zip(counts, chosen, strict=True):
        assert all(1 <= line <= count for lines in one.lines.values() for line in lines)
    # Whoever had to leave some out has as many as anybody.
    short = [one.count for one in chosen if one.count < one.total]
    assert not short or max(one.count for one in chosen) <= min(short) + 1


class FakeRun:
    """A run that has shards and nothing else."""

    def __init__(self, shards: list[Path]) -> None:
        self.shards = shards


def test_links_go_by_run_and_id(content: dict[str, Any], runs: dict[str, Path]) -> None:
    again = gather([runs["taboo"]], limits=LIMITS)
    keys = {one["id"]: one["key"] for one in content["episodes"] if content["runs"][one["run"]]["name"] == "bayes"}
    assert {one["id"]: one["key"] for one in again["episodes"]} == keys
    assert len({one["key"] for one in content["episodes"]}) == len(content["episodes"])


def test_curves_are_means_over_seeds_with_students_interval(content: dict[str, Any]) -> None:
    curves = {one["arm"]: one for one in content["curves"]}
    assert set(curves) == {"study/grpo", "study/ppo"} and curves["study/ppo"]["seeds"] == list(SEEDS)
    found = curves["study/ppo"]["metrics"]["reward/planner"]
    assert found["steps"] == [1, 2, 3] and found["runs"][1] == [0.11, 0.21, 0.31]
    values = np.array([0.3, 0.31, 0.32])
    reach = 4.303 * values.std(ddof=1) / np.sqrt(3)
    assert found["mean"][2] == pytest.approx(0.31)
    assert (found["low"][2], found["high"][2]) == pytest.approx((0.31 - reach, 0.31 + reach), abs=1e-5)
    held_out = curves["study/grpo"]["metrics"]["evaluation/band 2/success"]
    assert held_out["steps"] == [0, 3] and held_out["mean"] == pytest.approx([0.2, 0.5])


def test_two_seeds_have_no_interval(runs: dict[str, Path]) -> None:
    two = [runs["study"] / "ppo" / f"seed-{seed}" for seed in (0, 1)]
    (found,) = gather(two, limits=LIMITS)["curves"]
    # Named one by one, they are still seeds of one arm.
    assert found["arm"] == "ppo" and found["seeds"] == [0, 1] and set(found["metrics"]["learn/loss"]["low"]) == {None}


def test_a_single_seed_keeps_its_intervals_over_tasks(runs: dict[str, Path]) -> None:
    (found,) = gather([runs["study"] / "ppo" / "seed-0"], limits=LIMITS)["curves"]
    held_out = found["metrics"]["evaluation/band 2/success"]
    assert held_out["mean"] == pytest.approx([0.2, 0.5])
    assert (held_out["low"], held_out["high"]) == (pytest.approx([0.1, 0.4]), pytest.approx([0.3, 0.6]))
    assert set(found["metrics"]["learn/loss"]["low"]) == {None}


def test_scores_pool_seeds_beside_the_references(content: dict[str, Any]) -> None:
    assert [(one["item"], one["policy"]) for one in content["scores"]] == [
        ("graph_plan/1", "raw"),
        ("graph_plan/1", "trained"),
        ("taboo/0", "raw"),
        ("taboo/0", "trained"),
    ]
    (raw,) = [one for one in content["scores"] if (one["item"], one["policy"]) == ("taboo/0", "raw")]
    scores = [float(place < 2 + seed) for seed in SEEDS for place in range(10)]
    assert raw["score"] == asdict(bootstrap(scores, [f"test/{place}" for place in range(10)] * 3))
    assert [one["mean"] for one in raw["seeds"]] == pytest.approx([0.2, 0.3, 0.4])
    known = raw["references"]  # of all seeds where their cells are there
    assert (known["random"], known["scripted"]) == (row(0.1), row(0.5))
    assert (known["oracle"]["mean"], known["oracle"]["count"]) == (pytest.approx(29 / 30), 30)
    (cells,) = [one for one in content["tables"] if one["title"] == "cells/taboo"]
    assert len(cells["rows"]) == 3 * len(SEEDS) and cells["rows"][0]["turns"] == row(0.3)


def test_reliability_counts_every_answer_that_has_points(content: dict[str, Any], runs: dict[str, Path]) -> None:
    answers = judged_answers(list(read_run(runs["judged"])))
    (found,) = content["reliability"]
    assert (found["arm"], found["judge"]) == ("judged", "flipping")
    assert sum(one["count"] for one in found["bins"]) == len(answers) == found["pooled"]["answers"]
    for one in found["bins"]:
        mine = [right for credit, right, _ in answers if round(credit * 5) == round(one["points"] * 5)]
        assert one["right"] == pytest.approx(sum(mine) / len(mine))
        assert 0 <= one["low"] <= one["right"] <= one["high"] <= 1


def test_weights_of_lessons_are_not_taken_for_points(runs: dict[str, Path], tmp_path: Path) -> None:
    played = list(read_run(runs["judged"]))
    lessons = [replace(one, credits=(1.0,) * len(one.turns)) for one in played]
    for name, some in (("lessons", lessons), ("open", [replace(one, credits=()) for one in played])):
        write_shard(shard_path(tmp_path / name, 0), some)
        assert gather([tmp_path / name], limits=LIMITS)["reliability"] == []


def test_both_alarms_are_those_of_the_audits(content: dict[str, Any], runs: dict[str, Path]) -> None:
    (found,) = content["rounds"]
    before, now = (json.loads(path.read_text()) for path in sorted((runs["audit"] / "evaluations").glob("*.json")))
    columns = [(before[name], now[name]) for name in ("points_by_task", "right_by_task")]
    assert found["rows"][1]["reading"] == asdict(reading(*columns))
    assert [one["pleased"] for one in found["rows"]] == [False, True]
    assert [one["blind"] for one in found["rows"]] == [before["figures"]["auroc"]["low"] <= 0.5] * 2


def test_shortcuts_stand_beside_the_runs_own_figures(content: dict[str, Any], runs: dict[str, Path]) -> None:
    (found,) = [one for one in content["shortcuts"] if one["arm"] == "plans"]
    played = list(read_run(runs["plans"]))
    shares = {one["name"]: one["mean"] for one in found["rows"]}
    assert shares["greedy"] == np.mean([one.metrics["shortcut/greedy"] for one in played])
    assert [one["name"] for one in found["rows"] if one["own"]] == ["answer_right", "success"]


def test_the_file_of_an_evaluation_becomes_a_table(tmp_path: Path) -> None:
    out = tmp_path / "greedy.json"
    assert cli.main(["eval", "graph_plan", "--policy", "greedy", "--games", "3", "--out", str(out)]) == 0
    (found,) = gather([out], limits=LIMITS)["tables"]
    rows = json.loads(out.read_text())["rows"]
    assert found["rows"][0]["success"] == rows[0]["success"] and "policy" in found["heads"]
    assert set(found["estimates"]) == {name for name, value in rows[0].items() if isinstance(value, dict)}


def test_rows_that_differ_by_their_temperature_are_told_apart() -> None:
    rows = [{"temperature": value, "success": row(value)} for value in (0.5, 1.0)]
    (found,) = tables("run", {"evaluations": {"rows": rows}})
    assert found["heads"] == ["temperature"] and found["rows"] == rows


def test_figures_that_are_no_numbers_leave_the_rest(tmp_path: Path) -> None:
    lines = [
        {"step": step, "learn/loss": loss, "learn/note": "warming up", "reward/a": "none", "learn/trained_tokens": "?"}
        for step, loss in ((1, 0.5), (2, float("nan")), (3, 0.25))
    ]
    (tmp_path / "run" / "evaluations").mkdir(parents=True)
    (tmp_path / "run" / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    worded = {"mean": "high", "low": 0.0, "high": 1.0}
    rows = [{"step": step, "success": row(0.5), "told": worded} for step in (1, 3)]
    (tmp_path / "run" / "evaluations" / "step-000001.json").write_text(json.dumps(rows))
    found = gather([tmp_path / "run"], limits=LIMITS)
    (curves,) = found["curves"]
    assert set(curves["metrics"]) == {"learn/loss", "evaluation/success"}
    assert curves["metrics"]["learn/loss"]["mean"] == [0.5, None, 0.25]
    (table,) = found["tables"]
    assert table["estimates"] == ["success"]
    render(found)


def test_estimates_that_are_not_finite_are_nothing(tmp_path: Path) -> None:
    rows = [{"policy": "x", "share": float("inf"), "success": {**row(0.5), "high": float("nan")}}]
    (tmp_path / "rows.json").write_text(json.dumps({"rows": rows}))
    found = gather([tmp_path / "rows.json"], limits=LIMITS)
    assert found["tables"][0]["rows"] == [{"policy": "x", "share": None, "success": {**row(0.5), "high": None}}]
    render(found)


@pytest.mark.parametrize("name", ["tables", "start", "plots", "settings", "checkpoints", "wandb"])
def test_a_run_is_found_in_a_folder_of_any_name_but_not_within_a_run(name: str, tmp_path: Path) -> None:
    for folder in (tmp_path / "run", tmp_path / "run" / name / "inner", tmp_path / "many" / name / "outer"):
        write_shard(shard_path(folder, 0), [episode("e", ["a", "b"])])
    found = [run.folder.name for run in runs_under([tmp_path])]
    assert found == ["outer", "run"]


def test_the_command_writes_a_page(runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "pages" / "mine.html"
    assert cli.main(["report", str(runs["taboo"]), str(runs["plans"]), "--output", str(out), "--episodes", "10"]) == 0
    assert "2 runs, 10 episodes (14 more left out" in capsys.readouterr().out
    data = Page(out.read_bytes()).data()
    assert data["title"] == "bayes, plans" and len(data["episodes"]) == 10 and not data["live"]


CELL: dict[str, Any] = {
    **dict.fromkeys(("item", "game", "policy", "algorithm"), "x"),
    "seed": 0,
    "score": {"mean": 0.5, "low": 0, "high": 1},
    "scores": [0.5],
    "tasks": ["test/x"],
}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "at least one folder"),
        (["{tmp}/none"], "no file or folder"),
        (["{tmp}/bad/torn/metrics.jsonl"], "is no folder and no .json file"),
        (["{runs}", "--output", "{tmp}/empty"], "is a folder: name a file"),
        (["{tmp}/empty"], "no run in"),
        (["{tmp}/bad/rows.json"], "has no rows"),
        (["{runs}", "--episodes", "-1"], "not -1"),
        (["{runs}", "--characters", "0"], "from 1"),
        (["{tmp}/bad/torn"], "metrics.jsonl, line 2 is no JSON"),
        (["{tmp}/bad/timeless"], "metrics.jsonl, line 1 has no whole number as its step, but \"{'reward/a': 1}\""),
        (["{tmp}/bad/score"], "result.json has '0.5' as its score: make it again"),
        (["{tmp}/bad/endless"], "result.json has \"{'mean': nan, 'low': 0, 'high': 1}\" as its score"),
        (["{tmp}/bad/uneven"], "result.json has '[0.5, 1]' as its scores"),
        (["{tmp}/bad/flat"], "result.json has a cost of another form (KeyError: 'trained_tokens')"),
        (["{tmp}/bad/audit"], "round-00.json has '[]' as its figures"),
        (["{tmp}/bad/cell"], "result.json lacks game, policy, algorithm, seed, score, scores, tasks: make it again"),
        (["{tmp}/bad/rounds"], "round-00.json lacks pooled, points_by_task, right_by_task: make it again"),
    ],
)
def test_errors_name_what_is_wrong(
    arguments: list[str], said: str, runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in (
        ("rows.json", "{}"),
        ("torn/metrics.jsonl", '{"step": 1}\n{"step": \n'),
        ("timeless/metrics.jsonl", '{"reward/a": 1}\n'),
        ("cell/result.json", '{"item": "taboo/0"}'),
        ("rounds/evaluations/round-00.json", '{"round": 0, "figures": {}}'),
        ("audit/evaluations/round-00.json", json.dumps({**dict.fromkeys(AUDIT, ()), "round": 0})),
        ("score/result.json", json.dumps({**CELL, "score": 0.5})),
        ("endless/result.json", json.dumps({**CELL, "score": {**CELL["score"], "mean": float("nan")}})),
        ("uneven/result.json", json.dumps({**CELL, "scores": [0.5, 1]})),
        ("flat/result.json", json.dumps({**CELL, "cost": {"evaluation": {"sampled_tokens": 1}}})),
    ):
        path = tmp_path / "bad" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "empty").mkdir()
    filled = [word.format(tmp=tmp_path, runs=runs["taboo"]) for word in arguments]
    output = [] if "--output" in filled else ["--output", str(tmp_path / "page.html")]
    assert cli.main(["report", *filled, *output]) == 2
    message = capsys.readouterr().err
    assert said.replace(" ", "") in "".join(message.split()) and "Traceback" not in message
    assert not (tmp_path / "page.html").exists()


def test_names_are_as_long_as_tells_them_apart(tmp_path: Path) -> None:
    for name in ("first/run", "second/run"):
        write_shard(shard_path(tmp_path / name, 0), [episode("e", ["a", "b"])])
    assert [run.name for run in runs_under([tmp_path / "first/run", tmp_path / "second/run"])] == [
        "first/run",
        "second/run",
    ]
    assert [run.name for run in runs_under([tmp_path / "first"])] == ["first/run"]
    assert Run("study/grpo/seed-3/imitation", tmp_path).arm == "study/grpo/imitation"
