"""``selftaught bench run``, ``table``, ``transfer`` and ``agent`` on the fake model and scripted players."""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from selftaught.agents.server import Patience
from selftaught.benchmarks import engines, suite_run
from selftaught.benchmarks.cost import PRICE, of_training
from selftaught.benchmarks.item import REFERENCES
from selftaught.benchmarks.publish import MORE, TABLES
from selftaught.benchmarks.studies import of_chats
from selftaught.benchmarks.suite import ITEMS
from selftaught.cli import main
from selftaught.store import read_run, read_shard, shard_path, write_shard
from selftaught.types import Message
from tests.unit.fault_server import MODEL, Handler, healthy, refusing, serving

RUN = ["bench", "run", "--wandb", "off"]
TINY = ["--steps", "1", "--games", "8"]
QUICK = ["--suite", "taboo/smoke-0", "sequence/smoke-0"]


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


def timeless(folder: Path) -> list[dict[str, Any]]:
    """The rows without what differs from run to run: how long they took, and the last digits of sums over threads."""
    found = rows(folder)
    for row in found:
        if "entropy" in row["metrics"]:
            row["metrics"]["entropy"] = {name: round(value, 4) for name, value in row["metrics"]["entropy"].items()}
        for cost in filter(None, row["cost"].values()):
            del cost["processor_seconds"]
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the fake model, as it is and trained by the recipe of taboo."""
    folder = tmp_path_factory.mktemp("bench") / "run"
    command = [*RUN, "--policy", "model:fake", "--suite", "taboo/smoke-0", "--train", "recipe", *TINY]
    assert main([*command, "--folder", str(folder)]) == 0
    return folder


def test_a_cell_is_a_run_folder_beside_its_references(trained: Path) -> None:
    found = rows(trained)
    wanted = {*REFERENCES, "model:fake"}
    assert {(row["policy"], row["algorithm"]) for row in found} == {(name, "none") for name in wanted} | {
        ("model:fake", "recipe")
    }
    cell = trained / "cells" / "model-fake" / "taboo-smoke-0" / "recipe" / "seed-0"
    result = json.loads((cell / "result.json").read_text())
    episodes = list(read_run(cell))
    assert result in found and result["tasks"] == [episode.task.id for episode in episodes]
    assert result["scores"] == [ITEMS["taboo/smoke-0"].score(episode) for episode in episodes]
    assert result["score"]["mean"] == pytest.approx(sum(result["scores"]) / 4) and result["score"]["count"] == 4
    assert result["references"]["oracle"]["mean"] == 1.0 and set(result["references"]) == set(REFERENCES)
    assert json.loads((cell / "config.json").read_text())["settings"]["settings"] == {"turns": 2}
    assert {turn.agent for turn in episodes[0].turns_of("defender")} != {"policy"}
    steps = [json.loads(line)["step"] for line in (cell / "metrics.jsonl").read_text().splitlines()]
    assert steps == [1, 2]  # one of imitation, one of self-play


def test_the_cost_of_training_is_what_was_sampled_learned_and_labelled(trained: Path) -> None:
    first = next(row for row in rows(trained) if row["algorithm"] == "recipe")["cost"]["training"]
    assert first["folder"] == "training/model-fake/taboo/recipe/seed-0"
    stages = trained / first["folder"]
    (told,), (rewarded,) = (
        [json.loads(line) for line in (stages / name / "metrics.jsonl").open()] for name in ("0-imitation", "1-spag")
    )
    assert first["trained_tokens"] == told["learn/trained_tokens"] + rewarded["learn/trained_tokens"] > 0
    played = list(read_run(stages / "1-spag"))
    assert first["sampled_tokens"] == sum(len(turn.reply.tokens) for one in played for turn in one.turns) > 0
    assert first["labels"]["rewards"] == sum(len({turn.ask.seat for turn in one.turns}) for one in played)
    assert first["labels"]["rows"] == told["learn/sequences"] > 0 and first["processor_seconds"] > 0
    assert first["dollars_by_hand"] == [
        pytest.approx(price * sum(first["labels"].values()), abs=0.01) for price in PRICE
    ]


def test_a_lesson_that_is_learned_again_is_one_label(tmp_path: Path) -> None:
    lesson, other, again = of_chats([[Message("user", "hi"), Message("assistant", text)] for text in ("a", "b", "a")])
    write_shard(shard_path(tmp_path / "told", 0), [lesson, other, again, replace(lesson, id="more")])
    row = {"learn/sequences": 4.0, "learn/trained_tokens": 30.0}
    (tmp_path / "told" / "metrics.jsonl").write_text(json.dumps(row) + "\n")
    cost = of_training(tmp_path, labels={"told": "rows"})
    assert (cost.labels, cost.trained_tokens) == ({"rows": 2}, 30)
    # One pair of each group of samples, of which some are the same; the last group is the first one again.
    groups = [replace(one, group=group) for group in "xyz" for one in (lesson, again, other if group == "y" else again)]
    write_shard(shard_path(tmp_path / "told", 0), groups)
    row = {"learn/sequences": 6.0, "learn/trained_tokens": 30.0}
    (tmp_path / "told" / "metrics.jsonl").write_text(json.dumps(row) + "\n")
    assert of_training(tmp_path, labels={"told": "pairs"}).labels == {"pairs": 2}


def test_parquet_has_what_jsonl_has(trained: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    stored = parquet.read_table(trained / "results.parquet").to_pylist()
    for row in stored:
        for name in ("metrics", "references"):
            row[name] = dict(row[name])
        for cost in filter(None, row["cost"].values()):
            cost["labels"] = dict(cost["labels"])
    assert stored == rows(trained)


def test_the_table_says_what_the_rows_say(trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "table", str(trained), "--suite", "taboo/smoke-0", "--results", str(tmp_path)]) == 0
    assert "taboo/smoke-0" in capsys.readouterr().out.replace("\n", "")
    content = json.loads((tmp_path / "suite.json").read_text())
    assert [(line["policy"], line["algorithm"]) for line in content["lines"]] == [
        *((kind, "none") for kind in REFERENCES),
        ("model:fake", "none"),
        ("model:fake", "recipe"),
    ]
    means = {row["policy"]: row["score"]["mean"] for row in rows(trained) if row["item"] == "taboo/smoke-0"}
    assert content["lines"][3]["scores"]["taboo/smoke-0"]["mean"] == means["oracle"] == 1.0
    assert content["lines"][3]["overall"]["mean"] == 1.0
    assert content["command"].startswith("selftaught")
    assert content["commit"] == ", ".join(sorted({row["commit"] for row in rows(trained)}))
    written = TABLES["suite"](content)
    assert "| oracle | 1.00 [1.00, 1.00] | 1.00 [1.00, 1.00] |" in written and "| model:fake, recipe |" in written
    assert "| taboo/smoke-0 |" in MORE["items"](content) and " rewards" in MORE["cost"](content)


def test_two_processes_give_what_one_gives(tmp_path: Path) -> None:
    policies = ["--policy", "model:fake", "--policy", "babbler", "--seeds", "2", *QUICK]
    for jobs in ("1", "2"):
        assert main([*RUN, *policies, "--jobs", jobs, "--folder", str(tmp_path / jobs)]) == 0
    assert timeless(tmp_path / "1") == timeless(tmp_path / "2")
    assert {row["seed"] for row in rows(tmp_path / "1")} == {0, 1}


def started(command: Sequence[str], *, until: Path) -> None:
    """Run a command in a process of its own and kill it, without mercy, once a file is there."""
    process = subprocess.Popen([sys.executable, "-m", "selftaught.cli", *command], stderr=subprocess.DEVNULL)
    try:
        while not until.exists():
            assert process.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def test_a_killed_run_goes_on_to_the_same_end(tmp_path: Path) -> None:
    command = [*RUN, "--policy", "model:fake", "--suite", "self_reward/0", "--train", "grpo"]
    command += ["--steps", "2", "--games", "8", "--folder"]
    folder = tmp_path / "killed"
    training = folder / "training" / "model-fake" / "self_reward-0" / "grpo" / "seed-0"
    cell = folder / "cells" / "model-fake" / "self_reward-0" / "grpo" / "seed-0"
    started([*command, str(folder)], until=training / "0-grpo" / "checkpoints" / "step-000001" / "manifest.json")
    assert not (training / "trained.json").exists()
    started([*command, str(folder)], until=cell / "episodes" / "step-000000.jsonl")
    assert (training / "trained.json").exists() and not (cell / "result.json").exists()
    assert main([*command, str(folder)]) == main([*command, str(tmp_path / "whole")]) == 0
    assert timeless(folder) == timeless(tmp_path / "whole")


def test_a_server_that_dies_is_no_score_and_one_that_refuses_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Patience, "wait", lambda *_, **__: 0.01)
    monkeypatch.setenv("COLUMNS", "500")

    def dying(handler: Handler, body: Any) -> None:
        (healthy if len(server.bodies) < 4 else refusing(500, {"error": "out of memory"}))(handler, body)

    def picky(handler: Handler, body: Any) -> None:
        (healthy if len(body["messages"]) == 1 else refusing(400, {"error": "not this one"}))(handler, body)

    with serving(dying) as server:
        policy = f"openai:{server.url}#{MODEL}"
        command = [*RUN, "--policy", policy, "--suite", "taboo/smoke-0", "--folder", str(tmp_path)]
        assert main(command) == 2
        assert "HTTP 500: out of memory" in capsys.readouterr().err
        assert {row["policy"] for row in rows(tmp_path)} == set(REFERENCES)
        server.answer = healthy
        assert main(command) == 0
        row = next(row for row in rows(tmp_path) if row["policy"] == policy)
        (shard,) = tmp_path.glob("cells/openai*/*/*/*/episodes/*.jsonl")
        asked = sum(len(episode.turns_of("defender")) for episode in read_shard(shard))
        # Three tokens a reply, those of the first attempt included.
        assert "failed" not in row["metrics"] and row["cost"]["evaluation"]["sampled_tokens"] >= 3 * asked > 0
        server.answer = picky
        assert main([*command[:-1], str(tmp_path / "picky")]) == 0
        assert "100.0% of the replies on taboo/smoke-0 failed at its server" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--policy", "nobody"], "unknown player of seat 'defender'"),
        (["--policy", "bayes", "--train", "grpo"], "only models can be trained"),
        (["--policy", "model:fake@nowhere"], "no adapter in nowhere"),
        (["--policy", "model:nowhere"], "no model 'nowhere'"),
        (["--policy", "python:nowhere.py:f"], "there is no file nowhere.py"),
        (["--policy", "openai:http://127.0.0.1:9/v1#m"], "no server replies at http://127.0.0.1:9/v1"),
        (["--temperature", "-1"], "the temperature must be at least 0, not -1.0"),
        (["--jobs", "0"], "seeds and jobs must be at least 1"),
        (["--suite", "smok"], "did you mean 'smoke'"),
    ],
)
def test_mistakes_are_told_before_anything_runs(
    more: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    assert main([*RUN, "--suite", "taboo/smoke-0", *more, "--folder", str(folder)]) == 2
    assert told in capsys.readouterr().err and not folder.exists()


def test_a_cell_that_fails_is_told_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("selftaught.envs.sequence.game.Sequence.tell", lambda *_: 1 / 0)
    assert main([*RUN, *QUICK, "--folder", str(tmp_path)]) == 2
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert {row["item"] for row in rows(tmp_path)} == {"taboo/smoke-0"}
    assert main([*RUN, "--suite", "sequence/smoke-0", "--folder", str(tmp_path / "nothing")]) == 2
    assert "ZeroDivisionError" in capsys.readouterr().err
    monkeypatch.undo()
    assert main([*RUN, *QUICK, "--folder", str(tmp_path)]) == 0
    assert {row["item"] for row in rows(tmp_path)} == {"taboo/smoke-0", "sequence/smoke-0"}


@pytest.mark.parametrize("game", ["self_reward", "sequence", "self_study", "hardware"])
def test_recipes_of_other_kinds_train(game: str, tmp_path: Path) -> None:
    command = [*RUN, "--policy", "model:fake", "--suite", f"{game}/smoke-0", "--train", "recipe", *TINY]
    assert main([*command, "--folder", str(tmp_path)]) == 0
    (row,) = [row for row in rows(tmp_path) if row["algorithm"] == "recipe"]
    labels = row["cost"]["training"]["labels"]
    assert labels["rows"] > 0 and row["cost"]["training"]["trained_tokens"] > 0
    assert ("judgements" in labels) == (game == "self_reward") and ("rewards" in labels) == (game == "hardware")


def test_a_later_stage_has_tasks_of_its_own_and_settings_are_not_compared(tmp_path: Path) -> None:
    command = [*RUN, "--policy", "model:fake", "--suite", "graph_questions/smoke-0", "--train", "recipe", *TINY]
    assert main([*command, "--folder", str(tmp_path)]) == 0
    stages = tmp_path / "training" / "model-fake" / "graph_questions" / "recipe" / "seed-0"
    told, rewarded = (list(read_run(stages / name)) for name in ("0-imitation", "1-grpo"))
    assert len(told) == 8 and not {one.task.id for one in told} & {one.task.id for one in rewarded}
    groups: dict[str, list[str]] = {}
    for one in rewarded:
        groups.setdefault(one.group, []).append(str(one.task.public))
    assert [(len(mine), len(set(mine))) for mine in groups.values()] == [(8, 1), (8, 1)]


def test_rewards_of_those_who_do_not_learn_from_them_are_no_labels(tmp_path: Path) -> None:
    command = [*RUN, "--policy", "model:fake", "--suite", "reflect/smoke-0", "--train", "recipe", *TINY]
    assert main([*command, "--folder", str(tmp_path)]) == 0
    (row,) = [row for row in rows(tmp_path) if row["algorithm"] == "recipe"]
    played = list(read_run(tmp_path / row["cost"]["training"]["folder"] / "1-grpo"))
    seats = [{turn.ask.seat for turn in one.turns} for one in played]
    rewards = row["cost"]["training"]["labels"]["rewards"]
    assert rewards == sum("reflector" in mine for mine in seats) < sum(map(len, seats))


def test_a_plain_algorithm_trains_on_the_item(tmp_path: Path) -> None:
    command = [*RUN, "--policy", "model:fake", "--suite", "taboo/smoke-0", "--train", "grpo", *TINY]
    assert main([*command, "--folder", str(tmp_path)]) == 0
    played = list(read_run(tmp_path / "training" / "model-fake" / "taboo-smoke-0" / "grpo" / "seed-0" / "0-grpo"))
    assert {turn.agent for one in played for turn in one.turns_of("attacker")} <= {"fact_giver", "leading_questioner"}
    assert len(played) == 8 and all(one.task.id.startswith("train/") for one in played)


def test_transfer_wants_a_game(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["bench", "transfer", "--policy", "model:fake", "--folder", str(tmp_path / "run"), "--train-on"]
    assert main(command) == 2 and "names no game to train on" in capsys.readouterr().err


def test_transfer_pairs_before_and_after(trained: Path, tmp_path: Path) -> None:
    before = len(list((trained / "training").rglob("trained.json")))
    command = [
        "bench",
        "transfer",
        "--train-on",
        "taboo",
        "sequence",
        "--policy",
        "model:fake",
        "--wandb",
        "off",
        *TINY,
    ]
    arguments = [*command, *QUICK, "--folder", str(trained), "--results", str(tmp_path)]
    assert main(arguments) == 0
    assert len(list((trained / "training").rglob("trained.json"))) == before + 1  # that on taboo was there
    content = json.loads((tmp_path / "transfer.json").read_text())
    items = ("taboo/smoke-0", "sequence/smoke-0")
    assert {(row["on"], row["item"]) for row in content["rows"]} >= set(product(("taboo", "sequence"), items))
    for row in content["rows"]:
        assert row["gain"]["mean"] == pytest.approx(row["after"]["mean"] - row["before"]["mean"])
    table = TABLES["transfer"](content)
    assert "| model:fake | taboo | **" in table and "sequence" in table.splitlines()[0]


def test_every_cell_of_a_policy_is_one_wandb_run(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    command = ["bench", "run", "--policy", "bayes", "--suite", "taboo/smoke-0", "--folder", str(tmp_path)]
    assert main(command) == 0  # offline, unless told otherwise
    (shown,) = tmp_path.rglob("wandb/offline-run-*/**/episodes*.table.json")
    assert shown.is_relative_to(tmp_path / "cells" / "bayes") and len(json.loads(shown.read_text())["data"]) == 4


def test_a_sweeps_agent_logs_one_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_RUN_ID", "first")
    # As a sweep's agent writes them.
    command = ["bench", "agent", "--policy=model:fake", "--seed=0", "--suite=taboo/smoke-0", "--train=none"]
    assert main([*command, "--folder", str(tmp_path)]) == 0
    (shown,) = tmp_path.rglob("wandb/offline-run-*/**/episodes*.table.json")
    assert shown.is_relative_to(tmp_path / "first" / "wandb") and len(json.loads(shown.read_text())["data"]) == 4
    assert {row["policy"] for row in rows(tmp_path / "first")} == {*REFERENCES, "model:fake"}


def test_the_sweep_names_what_the_agent_takes() -> None:
    yaml = pytest.importorskip("yaml")
    from selftaught.benchmarks.suite import chosen
    from selftaught.commands.bench_options import AgentCommand

    told = yaml.safe_load((Path(__file__).parents[2] / "benchmarks" / "sweep.yaml").read_text())
    assert told["method"] in ("grid", "random", "bayes") and set(told["parameters"]) <= set(
        AgentCommand.__annotations__
    )
    assert all(list(parameter) == ["values"] and parameter["values"] for parameter in told["parameters"].values())
    assert {item.game for item in chosen(told["parameters"]["suite"]["values"])} == set(
        told["parameters"]["suite"]["values"]
    )
    assert told["metric"] == {"name": "score", "goal": "maximize"}
    macros = [word for word in told["command"] if word.startswith("$")]
    assert macros == ["${env}", "${interpreter}", "${args}"] and told["command"][-3:-1] == ["bench", "agent"]


@pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="ray is not installed: pip install 'selftaught[ray]'"
)
def test_a_ray_cluster_gives_what_one_process_gives(tmp_path: Path) -> None:
    import ray

    policies = ["--policy", "babbler", *QUICK]
    assert main([*RUN, *policies, "--folder", str(tmp_path / "here")]) == 0
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        assert main([*RUN, *policies, "--engine", "ray", "--folder", str(tmp_path / "ray")]) == 0
    finally:
        ray.shutdown()
    assert timeless(tmp_path / "ray") == timeless(tmp_path / "here")


def test_without_ray_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match=r"pip install 'selftaught\[ray\]'"):
        list(engines.on_ray(print, ["job"]))


def test_without_pyarrow_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'selftaught\[parquet\]'"):
        suite_run.to_parquet([], tmp_path / "rows.parquet")


def test_reasoning_tasks_are_asked_and_checked(tmp_path: Path) -> None:
    pytest.importorskip("reasoning_gym", reason="reasoning-gym is not installed: pip install 'selftaught[reasoning]'")
    assert main([*RUN, "--policy", "model:fake", "--suite", "reasoning/1", "--folder", str(tmp_path)]) == 0
    (row,) = rows(tmp_path)
    assert len(row["scores"]) == 60 and row["references"] == dict.fromkeys(REFERENCES)
