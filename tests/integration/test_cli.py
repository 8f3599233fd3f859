"""The command line, in process, with scripted players and the fake model; and a real kill."""

from __future__ import annotations

import ast
import inspect
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import torch

from selftaught import cli, store, transcript
from selftaught.benchmarks import pocket, selfplay
from selftaught.commands.folders import metric_rows
from selftaught.commands.train import Train
from selftaught.envs.registry import games
from selftaught.hidden import secrets
from selftaught.types import Ask, Episode, Message, Outcome, Reply, Task, Turn

# Ties, all that a random model ever plays, are paid here, so that there is something to learn from.
PAID_TIES = 'payoffs={"tie": [1, -1]}'
TRAIN = ["train", "--model", "fake", "--rank", "4", "--games", "6", "--speech.max-new-tokens", "12"]
TRAIN += ["--settings", "turns=2", PAID_TIES, "--wandb", "off"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The kill test compares bits with a process of one thread; besides, tiny products are faster on one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("SELFTAUGHT_DEBUG", raising=False)


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def fails(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The message of a command that the user got wrong."""
    capsys.readouterr()
    assert run(*arguments) == 2
    message = capsys.readouterr().err
    assert "Traceback" not in message
    return message


def test_help_comes_without_torch_games_or_agents() -> None:
    code = (
        "import sys, contextlib\nfrom selftaught import cli\n"
        "with contextlib.suppress(SystemExit): cli.main(['--help'])\n"
        "heavy = {'torch', 'transformers', 'gymnasium', 'matplotlib', 'selftaught.envs.registry'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_setting_is_explained(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run(command, "--help")
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    kind = cli.COMMANDS[command][0]
    assert all(item.name.replace("_", "-") in shown.lower() for item in fields(kind) if item.name != "action")
    body = ast.parse(inspect.getsource(kind)).body[0].body  # type: ignore[attr-defined]
    for item, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(item, ast.AnnAssign) and ast.unparse(item.target) not in ("speech", "learning", "action"):
            assert isinstance(after, ast.Expr), f"{ast.unparse(item.target)} has no sentence"


def test_unknown_options_end_with_code_2() -> None:
    with pytest.raises(SystemExit) as stop:
        run("rollout", "--nonsense", 3)
    assert stop.value.code == 2


def test_no_arguments_show_help_and_version_shows_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        run()
    assert stop.value.code == 0
    assert run("--version") == 0
    assert capsys.readouterr().out.endswith("0.1.0\n")


def test_errors_are_one_line_unless_debugged(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    message = fails(capsys, "rollout", "tabu", "--folder", tmp_path / "run")
    assert message.startswith("error: unknown game: 'tabu'; did you mean 'taboo'?")
    assert message.count("\n") == 1
    assert "has no seat 'atacker'" in fails(capsys, "rollout", "--cast", "atacker=bayes", "--folder", tmp_path / "run")
    assert "name=value" in fails(capsys, "rollout", "--settings", "turns", "--folder", tmp_path / "run")
    assert "no episodes" in fails(capsys, "show", tmp_path)
    assert not (tmp_path / "run").exists()
    monkeypatch.setenv("SELFTAUGHT_DEBUG", "1")
    assert run("rollout", "tabu", "--folder", tmp_path / "run") == 2
    assert "Traceback" in capsys.readouterr().err


def test_envs_lists_every_game(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("envs") == 0
    shown = capsys.readouterr().out
    for entry in games().values():
        assert all(text in shown for text in (entry.name, entry.id, *entry.seats))
    assert "turns = 5" in shown
    assert "leading_questioner" in shown


def test_play_from_a_pipe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Guess: zebra\n"))
    assert run("play", "--seat", "defender", "--opponents", "fact_giver", "--seed", 3) == 0
    shown = capsys.readouterr().out
    assert "You are the defender" in shown
    assert "wrong_guess" in shown
    assert "attacker +1" in shown
    assert "target: " in shown


def test_play_ends_politely(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run("play") == 0
    assert "input has ended" in capsys.readouterr().out

    def interrupt(prompt: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("selftaught.agents.scripted.Human._one", lambda self, ask: interrupt(""))
    assert run("play") == 130


def test_play_refuses_what_does_not_go_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert "one of them" in fails(capsys, "play", "--model", "fake", "--opponents", "bayes")
    assert "no seat 'judge'" in fails(capsys, "play", "--seat", "judge")
    assert "unknown player" in fails(capsys, "play", "--opponents", "fact_giver")


def test_rollout_resumes_and_grows(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder, whole = tmp_path / "run", tmp_path / "whole"
    cast = ["--cast", "attacker=leaker", "defender=echo", "--shard", 4]
    assert run("rollout", *cast, "--games", 10, "--folder", whole) == 0
    assert run("rollout", *cast, "--games", 6, "--folder", folder) == 0
    assert "6 games" in capsys.readouterr().out
    assert "--resume" in fails(capsys, "rollout", *cast, "--games", 10, "--folder", folder)
    message = fails(capsys, "rollout", *cast, "--games", 10, "--seed", 1, "--folder", folder, "--resume")
    assert "seed (then 0, now 1)" in message
    (folder / "episodes" / "step-000000.jsonl").unlink()
    assert run("rollout", *cast, "--games", 10, "--folder", folder, "--resume") == 0
    assert metric_rows(folder / "metrics.jsonl") == metric_rows(whole / "metrics.jsonl")
    assert json.loads((folder / "config.json").read_text())["cast"] == {"attacker": "leaker", "defender": "echo"}
    assert "more than 9 games" in fails(capsys, "rollout", *cast, "--games", 9, "--folder", folder, "--resume")
    assert contents(folder / "episodes") == contents(whole / "episodes")


def test_rollout_refuses_a_folder_that_holds_no_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert "--folder" in fails(capsys, "rollout", "--folder", tmp_path)
    assert "no run in it" in fails(capsys, "rollout", "--folder", tmp_path, "--resume")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_show_filters_and_marks_what_only_one_seat_knew(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    run("rollout", "--cast", "attacker=fact_giver", "defender=bayes", "--games", 8, "--folder", folder)
    episodes = list(store.read_run(folder))
    capsys.readouterr()
    assert run("show", folder, "--limit", 3) == 0
    shown = capsys.readouterr().out
    assert "3 shown" in shown
    assert all((episode.id in shown) == (place < 3) for place, episode in enumerate(episodes))
    assert "\x1b" not in shown
    assert run("show", folder, "--index", -1, "--metrics") == 0
    shown = capsys.readouterr().out
    assert episodes[-1].id in shown
    assert "attacker_legal 1" in shown
    end = episodes[0].outcome.end
    assert run("show", folder, "--end", end, "--id", episodes[0].id) == 0
    assert capsys.readouterr().out.count("target:") == 1
    assert "passes the filters" in fails(capsys, "show", folder, "--end", "nonsense")
    assert "index 8" in fails(capsys, "show", folder, "--index", 8)
    assert "line 1" in fails(capsys, "show", folder / "metrics.jsonl")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert run("show", folder, "--id", episodes[0].id) == 0
    word = episodes[0].task.public["target"]
    assert f"\x1b[1;30;43m{word}\x1b[0m" in capsys.readouterr().out


def test_transcripts_dim_thoughts_and_escape_controls() -> None:
    rules = (Message("system", "Say no cat. Category: animals"),), (Message("system", "Category: animals. Guess."),)
    said = "<think>a cat</think>It purrs.\x1b[2J Cats do"
    turns = (
        Turn(Ask("teller", rules[0]), Reply(said), "one"),
        Turn(Ask("guesser", (*rules[1], Message("user", "It purrs."))), Reply("a concat"), "two"),
    )
    task = Task("0", {"target": "cat", "kind": ["animals"]})
    outcome = Outcome("lost", {"teller": 1.0, "guesser": -1.0}, "no cat")
    episode = Episode("0", "toy", task, "0", turns, outcome, {})
    assert secrets(episode) == ("cat",)
    text = transcript.marked(said, ("cat",))
    assert "\x1b" not in text.plain
    spans = {(text.plain[span.start : span.end], span.style) for span in text.spans}
    assert spans == {
        ("<think>a cat</think>", transcript.THOUGHT),
        ("cat", transcript.SECRET),
        ("Cats", transcript.SECRET),
    }
    assert not transcript.marked("a concat", ("cat",)).spans


def test_eval_of_scripted_players_and_models(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    assert run("eval", "--policy", "fact_giver", "--games", 6, "--seeds", 0, 1, "--out", out) == 0
    result = json.loads(out.read_text())
    assert result["seeds"] == [0, 1]
    pooled = [row for row in result["rows"] if row["seed"] == "all"]
    assert [(row["seat"], row["won"]["count"]) for row in pooled] == [("attacker", 12)]
    assert {row["seat"] for row in result["rows"]} == {"attacker"}
    assert (
        run("eval", "--policy", "model:fake", "--games", 2, "--speech.max-new-tokens", 4, "--settings", "turns=1") == 0
    )
    shown = capsys.readouterr().out
    assert "attacker" in shown
    assert "defender" in shown
    assert "known are" in fails(capsys, "eval", "--policy", "nobody")
    assert "no model 'nonsense'" in fails(capsys, "eval", "--policy", "model:nonsense")
    assert "no adapter" in fails(capsys, "eval", "--policy", f"model:fake@{tmp_path}")


def test_models_are_listed_and_built(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SELFTAUGHT_CACHE", str(tmp_path))
    assert run("models") == 0
    assert run("models", "list") == 0
    assert "pocket" in capsys.readouterr().out
    said = [(Message("user", f"What comes after {n}?"), Message("assistant", f"It is {n + 1}.")) for n in range(40)]
    monkeypatch.setattr(pocket, "pocket_chats", lambda name, seed: said)
    assert run("models", "build", "pocket", "--seed", 1) == 0
    assert (tmp_path / "models" / "pocket" / "model.safetensors").is_file()
    assert "exists already" in fails(capsys, "models", "build", "pocket")
    assert (
        run("rollout", "--cast", "model:pocket", "--games", 1, "--settings", "turns=1", "--folder", tmp_path / "run")
        == 0
    )


def test_settings_of_the_command_line_match_the_library() -> None:
    named = get_args(get_type_hints(Train)["preset"])
    assert set(selfplay.PRESETS) == {name for choice in named for name in get_args(choice)}
    assert all(is_dataclass(kind) for kind, _ in cli.COMMANDS.values())


def test_demo_runs_and_resumes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert run("demo", "--fake", "--folder", folder, "--wandb", "off") == 0
    shown = capsys.readouterr().out
    for text in ("base", "imitation", "selfplay-winner-1", "attacker: won", "drawn at random", "seconds", "demo.json"):
        assert text in shown
    result = json.loads((folder / "demo.json").read_text())
    assert result["seconds"] > 0
    assert {row["stage"] for row in result["rows"]} == {"base", "imitation", "selfplay-winner-1"}
    for picture in folder.rglob("*.png"):
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert len(list(folder.rglob("*.png"))) == 3
    evaluations = contents(folder / "evaluations")
    assert run("demo", "--fake", "--folder", folder, "--wandb", "off") == 0
    assert contents(folder / "evaluations") == evaluations
    assert json.loads((folder / "demo.json").read_text())["rows"] == result["rows"]
    assert "model (then 'fake', now 'smollm2-135m')" in fails(capsys, "demo", "--folder", folder)
    assert run("show", folder, "--limit", 1) == 0


def test_train_refuses_other_settings_and_starts_from_an_adapter(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    imitation = [*TRAIN, "--algorithm", "imitation", "--steps", 1, "--evaluate-every", 1, "--evaluation-games", 2]
    assert run(*imitation, "--folder", folder) == 0
    (row,) = metric_rows(folder / "metrics.jsonl")
    assert row["learn/sequences"] > 0
    assert "evaluation/defender/won" in row
    assert (folder / "plots" / "training.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((folder / "config.json").read_text())["opponents"] == ["teachers"]
    assert "is not empty: add --resume" in fails(capsys, *imitation, "--folder", folder)
    changed = ["--folder", folder, "--resume", "--seed", 5, "--learning.batch", 3]
    message = fails(capsys, *imitation, *changed)
    assert "learning.batch (then 16, now 3), seed (then 0, now 5)" in message
    against = [*TRAIN, "--opponents", "self", "fact_giver", "bayes", "--steps", 1, "--adapter", folder]
    assert run(*against, "--folder", tmp_path / "next") == 0
    cast = [{turn.agent for turn in episode.turns} for episode in store.read_run(tmp_path / "next")]
    assert cast[:3] == [{"policy"}, {"policy", "fact_giver"}, {"policy", "bayes"}]
    # A start that failed for want of the model claims no folder.
    assert "no model" in fails(capsys, *TRAIN, "--model", "nonsense", "--steps", 1, "--folder", tmp_path / "other")
    assert run(*TRAIN, "--steps", 1, "--folder", tmp_path / "other") == 0
    assert "no opponent 'nobody'" in fails(capsys, *TRAIN, "--opponents", "nobody", "--folder", tmp_path / "other")
    policy = ["--policy", f"model:fake@{tmp_path / 'next'}", "--settings", "turns=1"]
    assert run("eval", *policy, "--games", 2, "--speech.max-new-tokens", 4) == 0


def test_train_interrupted_tells_how_to_resume(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("selftaught.algorithms.train.save", interrupt)
    assert run(*TRAIN, "--steps", 2, "--folder", tmp_path / "run") == 130
    assert "to go on: selftaught train --model fake" in (message := capsys.readouterr().err)
    assert message.rstrip().endswith("--resume")
    monkeypatch.undo()
    monkeypatch.setenv("COLUMNS", "200")
    assert run(*TRAIN, "--steps", 2, "--folder", tmp_path / "run", "--resume") == 0
    assert [row["step"] for row in metric_rows(tmp_path / "run" / "metrics.jsonl")] == [1, 2]


def test_a_killed_run_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    command = [*TRAIN, "--steps", "4"]
    assert run(*command, "--folder", whole) == 0
    _kill_in_step_3(command, killed)
    assert not (killed / "checkpoints" / "step-000003").exists()
    assert run(*command, "--folder", killed, "--resume") == 0

    last = Path("checkpoints", "step-000004")
    weights = last / "adapter" / "adapter_model.safetensors"
    assert (killed / weights).read_bytes() == (whole / weights).read_bytes()
    first, second = (torch.load(folder / last / "optimiser.pt", weights_only=True) for folder in (whole, killed))
    _assert_same(first, second)
    assert first["steps"] >= 4
    assert contents(killed / "episodes") == contents(whole / "episodes")
    assert contents(killed / "tables") == contents(whole / "tables")
    assert _untimed(killed) == _untimed(whole)
    assert [row["step"] for row in _untimed(killed)] == [1, 2, 3, 4]
    assert all(row["learn/sequences"] > 0 for row in _untimed(killed))
    ids = [episode.id for episode in store.read_run(killed)]
    assert len(ids) == len(set(ids)) == 4 * 6


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder; hidden ones, which a kill may leave, are none of the run's."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def _kill_in_step_3(command: list[str], folder: Path) -> None:
    """Start the command and kill it as soon as the checkpoint of step 2 is there."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    arguments = [sys.executable, "-m", "selftaught.cli", *command, "--folder", str(folder)]
    process = subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 300
        while not (folder / "checkpoints" / "step-000002" / "manifest.json").exists():
            assert process.poll() is None, f"ended with {process.returncode} before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
    assert process.wait() == -signal.SIGKILL


def _untimed(folder: Path) -> list[dict[str, Any]]:
    rows = metric_rows(folder / "metrics.jsonl")
    return [{name: value for name, value in row.items() if not name.startswith("time/")} for row in rows]


def _assert_same(first: Any, second: Any) -> None:
    match first:
        case torch.Tensor():
            assert torch.equal(first, second)
        case dict():
            assert first.keys() == second.keys()
            for key in first:
                _assert_same(first[key], second[key])
        case list() | tuple():
            assert len(first) == len(second)
            for one, other in zip(first, second, strict=True):
                _assert_same(one, other)
        case _:
            assert first == second
