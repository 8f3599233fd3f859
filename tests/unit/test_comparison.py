"""Result sets: read, paired, compared; what has no partner is named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selftaught import cli
from selftaught.benchmarks.comparison import aggregates, compare, pair, read_rows, runs_of
from selftaught.statistics import resampled_tasks
from selftaught.summary import Estimate

TASKS = [f"test/{place}" for place in range(20)]


def row(item: str, seed: int, scores: Sequence[float], **more: Any) -> dict[str, Any]:
    """What a cell's result.json holds, as far as it matters here."""
    values = {"policy": "one", "item": item, "algorithm": "none", "seed": seed, "scores": list(scores), "tasks": TASKS}
    return {**values, "game": item.partition("/")[0], **more}


def sweep(seeds: int, *, gain: float = 0.0, policy: str = "one", **more: Any) -> list[dict[str, Any]]:
    """Two items, easy and hard; every task has a difficulty of its own, so that pairing matters."""
    rows = []
    for place, item in enumerate(("taboo/0", "graph_plan/1")):
        hard = np.random.default_rng(place).uniform(0, 0.8 - 0.4 * place, size=20)
        for seed in range(seeds):
            noise = np.random.default_rng([place, seed, len(policy), int(100 * gain)]).normal(0, 0.02, size=20)
            rows.append(row(item, seed, np.clip(hard + gain + noise, 0, 1).tolist(), policy=policy, **more))
    return rows


def write(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """A bench folder without its cells."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in rows))
    return folder


def test_differences_by_hand() -> None:
    first = [row("a/0", 0, [0.0, 0.2], tasks=["x", "y"]), row("b/0", 0, [0.5, 0.5], tasks=["x", "y"])]
    second = [row("a/0", 0, [1.0, 0.4], tasks=["y", "x"]), row("b/0", 0, [0.5, 0.5], tasks=["x", "y"])]
    found = compare(pair(runs_of(first)[0], runs_of(second)[0]))
    by_item = {(one.where, one.figure): one for one in found.rows}
    # x: 0.0 to 0.4, y: 0.2 to 1.0.
    one = by_item["a/0", "mean"]
    assert (one.first, one.second, one.difference.mean) == pytest.approx((0.1, 0.7, 0.6))
    assert (one.difference.low, one.difference.high) == pytest.approx((0.4, 0.8))
    assert by_item["all items", "mean"].difference.mean == pytest.approx(0.3)
    assert (found.over, found.improvement.mean, found.unpaired) == ("tasks", 0.75, ())


def test_pairing_makes_intervals_narrow_and_finds_small_gains() -> None:
    first, second = (runs_of(sweep(1, gain=gain))[0] for gain in (0.0, 0.03))
    found = compare(pair(first, second))
    (whole,) = (one for one in found.rows if (one.where, one.figure) == ("all items", "mean"))
    assert 0 < whole.difference.low < 0.03 < whole.difference.high
    alone = [aggregates(runs).figures["mean"] for runs in (first, second)]
    assert alone[0].high > alone[1].low  # unpaired, nothing could be said
    twin = compare(pair(first, first))
    assert all((one.difference.mean, one.difference.low, one.difference.high) == (0, 0, 0) for one in twin.rows)
    assert twin.improvement.mean == 0.5


@pytest.mark.parametrize(("seeds", "over"), [(1, "tasks"), (2, "tasks"), (3, "runs")])
def test_runs_are_drawn_anew_where_there_are_enough(seeds: int, over: str) -> None:
    first, second = (runs_of(sweep(seeds, gain=gain))[0] for gain in (0.0, 0.1))
    found = compare(pair(first, second))
    assert found.over == over and {one.difference.count for one in found.rows[:2]} == {20 * seeds}
    assert all(one.difference.low > 0 for one in found.rows)
    if seeds == 1:
        with pytest.raises(ValueError, match=r"graph_plan/1, taboo/0.*draw tasks anew"):
            compare(pair(first, second), over="runs")


def test_runs_that_are_all_alike_are_not_drawn_anew() -> None:
    """A greedy policy plays every seed alike: over runs, any difference would look certain."""
    scores = np.random.default_rng(0).random((2, 20)).tolist()
    first, second = (runs_of([row("a/0", seed, side) for seed in range(3)])[0] for side in scores)
    found = compare(pair(first, second))
    assert found.over == "tasks" and all(one.difference.low < one.difference.high for one in found.rows)
    assert {one.difference.count for one in found.rows} == {60}
    trained = runs_of([row("a/0", seed, np.roll(scores[1], seed).tolist()) for seed in range(3)])[0]
    assert compare(pair(first, trained)).over == "runs"
    fixed = [runs_of([row("b/0", seed, side) for seed in range(3)])[0] for side in scores]
    assert compare(pair([*first, *fixed[0]], [*trained, *fixed[1]])).over == "tasks"  # every item must differ


def test_rows_of_items_add_up_to_the_row_of_all() -> None:
    """Tasks that come twice weigh no more than others."""
    tasks = ["x", "x", "y"]
    first = [row(item, 0, [0.0, 0.0, 0.0], tasks=tasks) for item in ("a/0", "b/0")]
    second = [row(item, 0, [1.0, 0.5, 0.0], tasks=tasks) for item in ("a/0", "b/0")]
    one, two, whole, _ = compare(pair(runs_of(first)[0], runs_of(second)[0])).rows
    assert one.second == two.second == whole.second == one.difference.mean == whole.difference.mean == 0.375
    assert (one.difference.low, one.difference.high) == (0, 0.75) and one.difference.count == 3
    # Over runs, a shorter run weighs as much as others.
    first = [row("a/0", 0, [0.0, 0.0, 0.0], tasks=["x", "y", "z"]), row("a/0", 1, [0.0], tasks=["x"])]
    second = [row("a/0", 0, [0.0, 0.0, 0.0], tasks=["x", "y", "z"]), row("a/0", 1, [1.0], tasks=["x"])]
    one, whole, _ = compare(pair(runs_of(first)[0], runs_of(second)[0]), over="runs").rows
    assert one.second == one.difference.mean == whole.difference.mean == 0.5


def test_an_untrained_policy_meets_its_trained_self() -> None:
    runs = [*sweep(1), *sweep(1, gain=0.1, algorithm="grpo"), *sweep(1, gain=0.2, algorithm="ppo")]
    held = {of: {run.name for run in runs_of(runs, of=of)[0]} for of in ("one", "one + grpo", None)}
    assert held == {"one": {"one"}, "one + grpo": {"one + grpo"}, None: {"one", "one + grpo", "one + ppo"}}
    assert {run.name for run in runs_of(runs[2:], of="one")[0]} == {"one + grpo", "one + ppo"}


def test_equal_counts_of_right_answers_tie_whichever_tasks_they_are() -> None:
    one = np.repeat([1.0, 0.0], [3, 7])
    twin = compare(pair(*(runs_of([row("a/0", 0, side.tolist(), tasks=TASKS[:10])])[0] for side in (one, one[::-1]))))
    assert twin.improvement.mean == 0.5
    means = resampled_tasks([np.stack([one, np.roll(one, 1)], axis=-1)], [TASKS[:10]])
    counts = np.rint(10 * means)
    assert ((means[..., 0] == means[..., 1]) == (counts[..., 0] == counts[..., 1])).all()


def test_tasks_that_two_items_of_a_game_ask_are_drawn_together() -> None:
    """What one item gains on a task the other loses: over both nothing is gained, whichever tasks are drawn."""
    gain = np.repeat([1.0, 0.0], 5)

    def found(*items: str) -> Estimate:
        first = [
            row(item, 0, side.tolist(), tasks=TASKS[:10]) for item, side in zip(items, (gain, 1 - gain), strict=True)
        ]
        second = [row(item, 0, [0.5] * 10, tasks=TASKS[:10]) for item in items]
        return compare(pair(runs_of(first)[0], runs_of(second)[0])).rows[2].difference

    same, other = found("a/0", "a/1"), found("a/0", "b/0")
    assert (same.low, same.high) == (0, 0) and other.low < 0 < other.high


def test_whatever_has_no_partner_is_named() -> None:
    first = sweep(3)
    second = sweep(3, gain=0.1)[1:]
    second[0] |= {"scores": second[0]["scores"][:-2], "tasks": TASKS[:-2]}
    second.append(row("self_study/0", 0, [0.5] * 20))
    found = compare(pair(runs_of(first)[0], runs_of(second)[0], names=("old", "new")))
    assert found.unpaired == (
        "taboo/0, seed 0: only in old",
        "self_study/0, seed 0: only in new",
        "taboo/0, seed 1: 2 of 20 tasks only in old",
    )
    assert [one.difference.count for one in found.rows[:2]] == [60, 38] and found.over == "tasks"
    drawn = compare(pair(runs_of(first)[0], runs_of(second)[0]), over="runs")
    assert drawn.unpaired[-1] == "graph_plan/1: 1 of 3 runs not in the figures over all items"


def test_broken_rows_are_named_and_the_last_of_equal_cells_counts() -> None:
    rows = [
        row("a/0", 0, [0.1] * 20),
        row("a/0", 0, [0.2] * 20),
        {"policy": "one", "item": "b/0", "seed": 0, "algorithm": "none"},
        row("c/0", 0, [0.5] * 3),
        row("d/0", 0, [float("nan")] * 20),
        row("e/0", 0, [0.1] * 20, policy=None),
        row("f/0", 0, [0.1] * 20, policy=["one"]),
        row("g/0", 0, [0.1] * 20, algorithm=None),
        {**row("h/0", 0, [0.1] * 20), "item": 3},
        row("i/0", 0, [0.1] * 20) | {"seed": float("inf")},
    ]
    runs, refused = runs_of(rows)
    assert [(run.item, set(run.scores.values())) for run in runs] == [("a/0", {0.2})]
    assert [text.partition(":")[0] for text in refused[:3]] == [f"one, {item}/0, seed 0" for item in "bcd"]
    assert len(refused) == 8 and "policy must be text, not None" in refused[3] and "item must be text" in refused[6]
    assert "3 scores of 20 tasks" in refused[1]
    with pytest.raises(ValueError, match="nothing to pair: no results on either side"):
        pair([], [])
    with pytest.raises(ValueError, match="several policies"):
        pair(runs, runs_of([*rows, row("a/0", 0, [0.1] * 20, policy="two")])[0])


def test_a_task_that_was_played_twice_is_paired_twice() -> None:
    first = runs_of([row("a/0", 0, [0.0, 1.0, 0.5], tasks=["x", "x", "y"])])[0]
    second = runs_of([row("a/0", 0, [0.5, 0.5], tasks=["x", "y"])])[0]
    pairing = pair(first, second)
    assert pairing.pairs[0].first.tolist() == [0.0, 0.5] and "1 of 3 tasks" in pairing.unpaired[0]
    (both,) = pair(first, first).pairs
    assert both.tasks == ("x", "x", "y")


def test_aggregates_of_a_sweep() -> None:
    runs = runs_of(sweep(3))[0]
    whole = aggregates(runs)
    found = whole.figures
    assert (whole.name, whole.over, whole.left_out) == ("one", "runs", ())
    assert set(found) == {"mean", "median", "iqm", "optimality_gap"}
    assert found["mean"].mean == pytest.approx(np.mean([np.mean(one["scores"]) for one in sweep(3)]))
    assert all(one.low <= one.mean <= one.high and one.count == 6 for one in found.values())


def test_aggregates_count_the_runs_that_are_used_and_name_the_others() -> None:
    runs = runs_of([*sweep(4)[:-1], row("self_study/0", 0, [0.5] * 20)])[0]
    assert (aggregates(runs).over, aggregates(runs).left_out) == ("tasks", ())
    assert {one.count for one in aggregates(runs).figures.values()} == {8}
    found = aggregates(runs[:-1])
    assert found.left_out == ("taboo/0: 1 of 4 runs not in the figures over all items",)
    assert {one.count for one in found.figures.values()} == {6} and found.over == "runs"


def test_rows_of_a_sweep_under_way_are_those_of_its_cells(tmp_path: Path) -> None:
    for place, one in enumerate(sweep(2)):
        cell = tmp_path / "cells" / "one" / str(one["item"]).replace("/", "-") / "none" / f"seed-{place}"
        cell.mkdir(parents=True)
        (cell / "result.json").write_text(json.dumps(one))
    assert len(read_rows(tmp_path)) == 4
    write(tmp_path / "whole", sweep(1))
    assert read_rows(tmp_path / "whole") == read_rows(tmp_path / "whole" / "results.jsonl") == sweep(1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="no results in"):
        read_rows(tmp_path / "empty")
    for content, said in ((b"[1]\n", "is an object"), (b"\n", "is empty"), (b"\xff", "not rows"), (b"{", "not rows")):
        (tmp_path / "bad.jsonl").write_bytes(content)
        with pytest.raises(ValueError, match=rf"bad\.jsonl.*{said}"):
            read_rows(tmp_path / "bad.jsonl")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    old = write(tmp_path / "old", [*sweep(3), *sweep(3, policy="two")])
    new = write(tmp_path / "new", sweep(3, gain=0.1, policy="three", algorithm="grpo")[:-1])
    out, picture = tmp_path / "out.json", tmp_path / "profiles.png"
    common = ["--out", str(out), "--picture", str(picture)]
    assert cli.main(["compare", str(old), str(new), "--policies", "two", "three", *common]) == 0
    shown = capsys.readouterr().out
    assert "three + grpo less two" in shown and "+0.1" in shown
    assert "not paired: graph_plan/1, seed 2: only in two" in shown
    found = json.loads(out.read_text())
    assert found["comparisons"][0]["rows"][0]["difference"]["count"] == 40
    assert picture.read_bytes()[:4] == b"\x89PNG"
    assert cli.main(["compare", str(old), str(old), "--most", "1"]) == 0  # each policy with itself
    assert capsys.readouterr().out.count("+0.000 [+0.000, +0.000]") == 8
    assert cli.main(["compare", str(old), str(new)]) == 2
    assert "name one of each with --policies" in capsys.readouterr().err
    assert cli.main(["compare", str(old), str(old), "--policies", "nobody"]) == 2
    assert "no policy 'nobody' in" in (told := capsys.readouterr().err) and "which has one, two" in told
    assert cli.main(["compare", str(old), str(old), "--most", "-1"]) == 2
    assert "--most must be at least 0" in capsys.readouterr().err
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n')
    assert cli.main(["compare", str(old), str(tmp_path / "metrics.jsonl")]) == 2
    assert "no whole row of `selftaught bench run` in" in capsys.readouterr().err
    assert cli.main(["compare", str(tmp_path / "none"), str(new)]) == 2
    assert "no results at" in capsys.readouterr().err


def test_ones_own_policy_meets_the_other_side_s_and_references_themselves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    old = write(tmp_path / "old", [*sweep(3, policy="random"), *sweep(3, policy="mine")])
    new = write(tmp_path / "new", [*sweep(3, policy="random"), *sweep(3, gain=0.1, policy="yours")])
    assert cli.main(["compare", str(old), str(new)]) == 0
    shown = capsys.readouterr().out
    assert shown.index("yours less mine") < shown.index("random (second) less random (first)")
    assert "+0.100" in shown and "not paired" not in shown
    more = write(tmp_path / "more", [*sweep(3, policy="random"), *sweep(3, policy="yours"), *sweep(3, policy="theirs")])
    assert cli.main(["compare", str(old), str(more)]) == 0
    assert "not paired: mine: only in the first (--policies pairs two that differ)" in capsys.readouterr().out


def test_one_result_set_alone_gives_the_aggregates_of_its_policies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    trained = sweep(4, gain=0.1, algorithm="grpo")[:-1]
    bench = write(tmp_path / "bench", [*sweep(1), *trained, row("a/0", 0, [0.5] * 3)])
    out, picture = tmp_path / "out.json", tmp_path / "profiles.png"
    assert cli.main(["compare", str(bench), "--out", str(out), "--picture", str(picture)]) == 0
    shown = capsys.readouterr().out
    assert shown.count("optimality gap") == 2 and shown.count("iqm of item means") == 1
    assert "left out: one, a/0, seed 0: no whole result" in shown
    assert "left out: one + grpo, taboo/0: 1 of 4 runs not in the figures" in shown
    found = json.loads(out.read_text())
    assert len(found["left_out"]) == 2 and picture.read_bytes()[:4] == b"\x89PNG"
    figures = {one["name"]: (one["over"], one["figures"]["mean"]) for one in found["aggregates"]}
    over, mean = figures["one"]
    assert over == "tasks" and mean["mean"] == pytest.approx(np.mean([one["scores"] for one in sweep(1)]))
    over, mean = figures["one + grpo"]
    assert (over, mean["count"]) == ("runs", 6) and f"{mean['mean']:.3f} [{mean['low']:.3f}" in shown
    assert cli.main(["compare", str(bench), "--policies", "one"]) == 0
    assert "grpo" not in capsys.readouterr().out
    assert (
        cli.main(["compare", str(bench), str(bench), "--policies", "one", "one + grpo", "--picture", str(picture)]) == 0
    )
    shown = capsys.readouterr().out
    assert "one + grpo less one" in shown and "share of items better" in shown and "iqm of item means" in shown
    assert "not paired: one + grpo, in the picture, taboo/0: 1 of 4 runs" in shown


def test_an_interval_without_width_is_marked_and_never_bold() -> None:
    from selftaught.commands.compare import _table

    first = [row("a/0", 0, [0.1, 0.2], tasks=["x", "y"]), row("b/0", 0, [0.1, 0.2], tasks=["x", "y"])]
    second = [row("a/0", 0, [0.4, 0.5], tasks=["x", "y"]), row("b/0", 0, [0.9, 0.5], tasks=["x", "y"])]
    table = _table(compare(pair(runs_of(first)[0], runs_of(second)[0])))
    told = list(zip(table.columns[0].cells, table.columns[-1].cells, (line.style for line in table.rows), strict=True))
    assert told[0] == ("a/0", "* +0.300 [+0.300, +0.300]", None)
    assert told[1] == ("b/0", "+0.550 [+0.300, +0.800]", "bold")
    assert told[-1] == ("share of items better", "* 1.000 [1.000, 1.000]", None)
    assert "without width" in str(table.caption)
    wide = _table(compare(pair([runs_of(first)[0][1]], [runs_of(second)[0][1]])))
    assert str(next(iter(wide.columns[-1].cells))).startswith("+")
