"""``selftaught train`` with the online algorithms, on a game of one seat."""

from __future__ import annotations

import inspect
import json
from collections import Counter
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from selftaught import store
from selftaught.agents.local_models import POCKETS
from selftaught.benchmarks import planning, pocket, tables_studies
from selftaught.benchmarks.studies import Chosen
from selftaught.cli import main
from selftaught.commands.casting import make
from selftaught.commands.folders import metric_rows
from selftaught.envs.registry import entry, games
from selftaught.types import Message

PLAN = ["train", "graph_plan", "--model", "fake", "--wandb", "off", "--speech.max-new-tokens", "6"]


@pytest.mark.parametrize("algorithm", ["grpo", "ppo"])
def test_online_algorithms_train_and_resume(algorithm: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = [*PLAN, "--algorithm", algorithm, "--games", "8", "--folder", str(folder), "--settings", "turns=3"]
    assert main([*command, "--steps", "1"]) == 0
    assert main([*command, "--steps", "2", "--resume"]) == 0
    assert main([*command, "--steps", "1", "--resume"]) == 2
    first, second = metric_rows(folder / "metrics.jsonl")
    assert first["learn/sequences"] >= 0 and second["reward/planner"] >= 0
    config = json.loads((folder / "config.json").read_text())
    assert (config["algorithm"]["name"], config["samples"]) == (algorithm, 8 if algorithm == "grpo" else 1)
    groups = [episode.group for episode in store.read_run(folder)]
    assert len(groups) == 16 and len(set(groups)) == (2 if algorithm == "grpo" else 16)


@pytest.mark.parametrize("odd", [["--samples", "0"], ["--kl", "-1"], ["--evaluate-every", "-1"], ["--seed", "-1"]])
def test_numbers_that_cannot_be_meant_are_refused(
    odd: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([*PLAN, "--algorithm", "grpo", *odd, "--folder", str(tmp_path / "run")]) == 2
    assert odd[0].strip("-") in capsys.readouterr().err and not (tmp_path / "run").exists()


def test_groups_must_come_out_even(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    command = [*PLAN, "--algorithm", "grpo", "--games", "12", "--samples", "8", "--folder", str(tmp_path / "run")]
    assert main(command) == 2
    assert "--samples must divide --games" in capsys.readouterr().err


def test_a_curriculum_begins_with_the_first_level(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    asked = ["--curriculum", "--games", "4", "--steps", "2", "--settings", "turns=3", "knobs.most=9"]
    command = [*PLAN, "--algorithm", "grpo", "--samples", "2", *asked]
    assert main([*command, "--folder", str(folder)]) == 0
    rows = [json.loads(line) for line in (folder / "curriculum.jsonl").read_text().splitlines()]
    assert [(row["level"], row["rates"]) for row in rows] == [(0, {"0": 0.0})] * 2  # a random model masters nothing
    told = [episode.task.public for episode in store.read_run(folder)]
    assert {one["encoding"] for one in told} == {"edges"} and max(max(one["amounts"]) for one in told) <= 9
    capsys.readouterr()
    assert main(["train", "taboo", "--model", "fake", "--curriculum", "--folder", str(tmp_path / "other")]) == 2
    assert "taboo has no levels" in capsys.readouterr().err and not (tmp_path / "other").exists()


@pytest.mark.parametrize("name", [known.name for known in games().values() if known.levels])
def test_levels_are_games_that_rise(name: str) -> None:
    """By what a task is made of: steps of a plan, characters of a design."""
    part, settings = {"graph_plan": ("steps", ["knobs.most=5"]), "hardware": ("golden", ["kinds=repair"])}[name]
    made = [make(name, settings, level=level) for level in entry(name).levels]
    tasks = [list(islice(game.tasks("train", 0), 8)) for game in made]
    sizes = [np.mean([len(task.public[part]) for task in some]) for some in tasks]
    assert sizes == sorted(sizes)
    assert all(max(task.public.get("amounts", [0])) <= 5 for some in tasks for task in some)


def test_a_study_of_planning_runs_and_resumes(tmp_path: Path) -> None:
    config = Chosen("fake", seeds=(0,), folder=tmp_path / "runs", results=tmp_path)
    first = json.loads(planning.run(config).read_text())
    kinds = {(row["step"], row["band"], row["split"]) for row in first["rows"]}
    assert kinds == {(s, b, k) for s in (planning.RAW, 0, 1, 2) for b, k in ((1, "test"), (2, "test"), (2, "hard"))}
    assert all(row["shortcut/greedy"]["mean"] == 0 for row in first["rows"] if row["split"] == "hard")
    assert [row["step"] for row in first["training"]] == [1, 2]
    assert {row["temperature"] for row in first["rows"] if row["step"] == 1} == {1.0}
    table = tables_studies.study_table(first)
    assert table.count("| raw |") == 3 and table.count("| 2 |") == 3
    planning.run(config)
    assert len(list((tmp_path / "runs" / "fake" / "grpo" / "seed-0" / "evaluations").glob("*.json"))) == 4


def test_stages_come_in_order() -> None:
    arm = planning.Arm(stages=(("edges", 2), ("english", 1)))
    assert [arm.encoding(step) for step in range(arm.steps)] == ["edges", "edges", "english"]
    with pytest.raises(IndexError):
        arm.encoding(3)


@pytest.mark.parametrize("name", pocket.POCKETS)
def test_pocket_chats_come_from_the_registry(name: str) -> None:
    chats = list(islice(pocket.pocket_chats(name, 0), 50))
    assert len(chats) == 50 and chats == list(islice(pocket.pocket_chats(name, 0), 50))
    assert all(chat[-1].role == "assistant" or len(chat) > 2 for chat in chats)


@pytest.mark.parametrize("game", pocket.POCKETS["pocket-suite"].games)
def test_a_corpus_is_as_long_as_it_says(game: str) -> None:
    corpus: Any = entry(game).corpus
    options = inspect.signature(corpus).parameters
    if "passes" in options:  # over facts; count is of games
        assert len(list(corpus(np.random.default_rng(0)))) > 10_000
    else:  # some prove every chat, which takes its time
        assert options["count"].default > 10_000
        assert len(list(corpus(np.random.default_rng(0), count=120))) == 120


def test_a_model_of_all_games_has_a_share_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    def corpus(game: str) -> Any:
        return SimpleNamespace(name=game, corpus=lambda random: ((Message("user", f"{game} {n}"),) for n in range(900)))

    monkeypatch.setattr(pocket, "entry", corpus)
    found = Counter(chat[0].content.split()[0] for chat in pocket.pocket_chats("pocket-suite", 0))
    assert set(found) == set(pocket.POCKETS["pocket-suite"].games)
    assert all(100 < count < 200 for count in found.values())


def test_models_that_are_built_are_listed() -> None:
    assert tuple(pocket.POCKETS) == POCKETS


def test_train_by_preset(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    preset = ["train", "--preset", "fake", "--wandb", "off", "--seed", "1", "--folder", str(tmp_path / "run")]
    assert main([*preset, "--steps", "3"]) == 2
    assert "fixes steps" in capsys.readouterr().err
    assert main(preset) == 0
    assert json.loads((tmp_path / "run" / "fake.json").read_text())["plan"]["seed"] == 1
    capsys.readouterr()
    assert main(preset) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*preset, "--resume"]) == 0
