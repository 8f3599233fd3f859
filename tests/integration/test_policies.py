"""Own policies and servers at the command line, one of them a real server process."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from selftaught import cli
from selftaught.agents.server import Patience, ServerAgent
from selftaught.agents.server_wire import PASSING
from selftaught.commands.casting import SCORERS, fingerprint, seat_of, seats_of
from selftaught.envs.registry import make_game
from selftaught.rollout import rollout
from selftaught.store import read_run
from selftaught.types import Ask, Message
from tests.unit.fault_server import MODEL, flaky, healthy, refusing, serving

OWN = f"python:{Path(__file__).parents[2] / 'examples' / 'own_policy.py'}:my_policy"
SECONDS = 400
"""For a server to load torch and a model, on a machine that has a lot else to do."""


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def run(*arguments: object) -> int:
    return cli.main([str(argument) for argument in arguments])


def test_a_strangers_policy_is_evaluated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "own.json"
    assert run("eval", "--policy", OWN, "--seats", "defender", "--games", 20, "--out", out) == 0
    rows = json.loads(out.read_text(encoding="utf-8"))["rows"]
    assert {(row["policy"], row["seat"]) for row in rows} == {(OWN, "defender")}
    assert next(row for row in rows if row["opponent"] == "all")["won"]["mean"] > 0.4
    assert run("eval", "--policy", OWN, "--seats", "judge") == 2
    assert "plays no seats ['judge'] of taboo; it plays attacker, defender" in capsys.readouterr().err


def test_the_fingerprint_of_a_model_is_of_its_weights(tmp_path: Path) -> None:
    model, adapter = tmp_path / "model", tmp_path / "run" / "adapter"
    for file in (model / "model.safetensors", adapter / "adapter_model.safetensors"):
        file.parent.mkdir(parents=True)
        file.write_bytes(b"weights")
    names = [
        "model:fake",
        "model:smollm2-135m",
        f"model:{model}",
        f"likelihood:fake@{tmp_path / 'run'}",
        f"model:{model}@{adapter}",
    ]
    before = [fingerprint(name) for name in names]
    assert before[:2] == ["", ""] and len(set(before)) == 3 and before[2] == before[3]
    (model / "model.safetensors").write_bytes(b"others")
    assert [fingerprint(name) == mark for name, mark in zip(names, before, strict=True)] == [
        True,
        True,
        False,
        True,
        False,
    ]


def test_a_pocket_model_that_was_built_anew_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFTAUGHT_CACHE", str(tmp_path))
    folder = tmp_path / "models" / "pocket"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    marks = set()
    for weights in (b"some", b"others, built later"):
        (folder / "model.safetensors").write_bytes(weights)
        marks.add(fingerprint("model:pocket"))
    assert len(marks) == 2 and "" not in marks


def test_a_run_of_an_earlier_version_is_gone_on_with(tmp_path: Path) -> None:
    command = ["rollout", "taboo", "--games", 2, "--cast", f"defender={OWN}", "--folder", tmp_path / "run"]
    assert run(*command) == 0
    path = tmp_path / "run" / "config.json"
    known = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in known.items() if "fingerprint" not in name}))
    assert run(*command, "--resume") == 0
    assert json.loads(path.read_text()) == known


def test_a_rollout_does_not_go_on_with_another_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rolling_policy.py"
    file.write_text("def mine(ask):\n    return 'I give up.'\n")
    command = ["rollout", "taboo", "--games", 2, "--cast", f"defender=python:{file}:mine", "--folder", tmp_path / "run"]
    assert run(*command) == run(*command, "--resume") == 0
    file.write_text("def mine(ask):\n    return 'Is it big?'\n")
    assert run(*command, "--resume") == 2
    assert f"fingerprint of python:{file}:mine (then" in capsys.readouterr().err.replace("\n", " ")


def test_a_file_is_no_folder_and_a_person_has_one_seat(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    for command in (["rollout", "taboo"], ["bench", "run", "--suite", "taboo/smoke-0"], ["league", "taboo"]):
        assert run(*command, "--folder", file) == 2
        assert f"{file} is a file, and a folder is wanted there" in capsys.readouterr().err
    assert run("play", "--opponents", "attacker=fact_giver") == 2
    assert "'attacker=fact_giver': you are the attacker; name players of defender" in capsys.readouterr().err


def test_a_server_is_evaluated_and_its_report_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(flaky("busy", "cut")) as server:
        assert run("eval", "--policy", f"openai:{server.url}#{MODEL}", "--games", 2, "--speech.batch", 4) == 0
        shown = capsys.readouterr().out
        assert f"openai:{server.url}#{MODEL}: " in shown and "tried again after" in shown and "failed" not in shown
        assert {body["temperature"] for body in server.bodies} == {0.0}


def test_players_of_all_kinds_meet_in_a_rollout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as server:
        spec = f"openai:{server.url}#{MODEL}"
        words = ["rollout", "--games", 6, "--cast", f"attacker={spec}", f"defender={OWN}", "--folder", tmp_path / "run"]
        assert run(*words) == 0
        assert f"{spec}: " in capsys.readouterr().out
        episodes = list(read_run(tmp_path / "run"))
        assert {turn.agent for episode in episodes for turn in episode.turns} == {spec, OWN}
        config = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
        assert config["cast"] == {"attacker": spec, "defender": OWN}
        # What failed is in the metrics of the run.
        server.answer = refusing(400, {"detail": "no"})
        assert run(*words, "--resume") == 2  # it does not even begin
        assert "refuses to reply as 'parrot' (HTTP 400: no)" in capsys.readouterr().err
        server.answer = lambda handler, body: (healthy if len(body["messages"]) == 1 else server_error)(handler, body)
        words[-1] = tmp_path / "failed"
        assert run(*words) == 0
    assert "failed and count as empty replies" in capsys.readouterr().out
    (row,) = (tmp_path / "failed" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(row)["sampled/failed"] == 1


server_error = refusing(400, {"detail": "not this one"})


def test_scorers_are_those_that_there_are() -> None:
    from selftaught.agents.local_scorers import OF_MODELS

    assert set(SCORERS) == {"entailment", *OF_MODELS}


def test_opponents_of_all_kinds_are_trained_against(tmp_path: Path) -> None:
    with serving() as server:
        spec = f"openai:{server.url}#{MODEL}"
        words = ["train", "--model", "fake", "--rank", 4, "--steps", 1, "--games", 6, "--settings", "turns=2"]
        words += ["--algorithm", "imitation", "--opponents", f"attacker={OWN}", spec, "--speech.max-new-tokens", 5]
        assert run(*words, "--wandb", "off", "--folder", tmp_path) == 0
        assert {body["max_tokens"] for body in server.bodies} == {5}
    cast = {(turn.ask.seat, turn.agent) for episode in read_run(tmp_path) for turn in episode.turns}
    policy = {("attacker", "policy"), ("defender", "policy")}
    assert cast == policy | {("attacker", OWN), ("attacker", spec), ("defender", spec)}


def test_a_person_plays_against_a_server(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as server:
        monkeypatch.setattr(sys, "stdin", io.StringIO("Is it big?\n" * 9))
        opponent = f"openai:{server.url}#{MODEL}"
        assert run("play", "--seat", "defender", "--opponents", opponent, "--seed", 1, "--settings", "turns=2") == 0
        shown = capsys.readouterr().out
        assert f"Others: {{'attacker': '{opponent}'}}" in shown and f"{opponent}: " in shown


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        ("openai:http://127.0.0.1:9/v1#m", "no server replies at http://127.0.0.1:9/v1"),
        ("openai:http://127.0.0.1:9/v1", "write openai:http://HOST:PORT/v1#MODEL"),
        ("openai:127.0.0.1:9#m", "a server's address is written http://HOST:PORT/v1, not '127.0.0.1:9'"),
        ("python:nowhere.py:f", "there is no file nowhere.py"),
        ("opneai:http://127.0.0.1:9/v1#m", "openai:URL#MODEL, python:MODULE:NAME or python:FILE.py:NAME"),
        ("nobody", "known are"),
    ],
)
def test_what_is_written_wrongly_is_said(policy: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("eval", "--policy", policy) == 2
    assert told in capsys.readouterr().err


def test_the_mistake_of_a_policy_is_not_swallowed(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def f(ask):\n    raise ValueError('ours')\n")
    with pytest.raises(
        RuntimeError, match=r"mine\.py:f' raised ValueError\('ours'\) at .*mine\.py:2, at an ask of seat 'attacker'"
    ):
        run("eval", "--policy", f"python:{tmp_path / 'mine.py'}:f", "--games", 2)


def test_an_address_with_an_equals_sign_names_no_seat() -> None:
    assert seat_of("defender=openai:http://h/v1#a=b") == ("defender", "openai:http://h/v1#a=b")
    assert seat_of("openai:http://h/v1#a=b") == ("", "openai:http://h/v1#a=b")
    chosen = seats_of("taboo", ["openai:http://h/v1#a=b"])
    assert chosen["attacker"] == chosen["defender"] == "openai:http://h/v1#a=b"
    with pytest.raises(ValueError, match="no seat 'judge'"):
        seats_of("taboo", ["judge=openai:http://h/v1#m"])


def test_the_page_has_the_limits_that_there_are() -> None:
    page = " ".join((Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8").split())
    limits = Patience()
    minutes = [f"{seconds / 60:.0f}" for seconds in (limits.seconds, limits.request_seconds)]
    assert f"up to {limits.tries} times and {minutes[0]} minutes an ask; a try has {minutes[1]} minutes" in page
    assert (
        limits.first_wait == 0.5
        and f"half a second, then twice as long each time up to {limits.longest_wait:.0f}" in page
    )
    assert f"| {', '.join(map(str, (code for code in PASSING if code != 429)))}, 500 and above" in page


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, subprocess.Popen[bytes]]]:
    """Address and model of `transformers serve` with the tiny random model, and its process."""
    for needed in ("fastapi", "uvicorn", "openai"):
        pytest.importorskip(needed, reason=f"transformers serve needs {needed}: pip install 'selftaught[dev]'")
    from selftaught.agents.local_models import load

    folder = tmp_path_factory.mktemp("served")
    loaded, model = load("fake"), folder / "tiny"
    loaded.model.save_pretrained(model)
    loaded.tokenizer.save_pretrained(model)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(model)]
    command += ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", process, folder / "log")
        yield f"http://127.0.0.1:{port}/v1", str(model), process
    finally:
        process.kill()
        process.wait(60)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < limit:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                if response.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the server did not come up:\n{log.read_text(errors='replace')[-4000:]}")


def test_a_real_server_plays_as_the_model_does_here(real: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from selftaught.agents.local import LocalAgent, Sampling
    from selftaught.agents.local_models import load

    url, model, process = real
    game = make_game("taboo", turns=2)
    agent = ServerAgent(url, model, temperature=0.0, max_new_tokens=8, concurrency=4)
    episodes = rollout(game, islice(game.tasks("test", 0), 4), dict.fromkeys(game.seats, agent), seed=0)
    turns = [turn for episode in episodes for turn in episode.turns]
    assert len(episodes) == 4 and not agent.failed and agent.asked == len(turns) >= 8
    assert {turn.reply.stop for turn in turns} <= {"end", "length"} and not any(turn.reply.tokens for turn in turns)
    assert len(turns) <= agent.sampled_tokens <= 8 * len(turns)
    # The same weights here, greedily, on what the server was asked.
    here = LocalAgent(load("fake"), adapter=None, sampling=Sampling(temperature=0.0, max_new_tokens=8))
    asks = [replace(turn.ask, seed=0) for turn in turns]
    assert [reply.text for reply in here.reply(asks)] == [turn.reply.text for turn in turns]
    # The command line, and a name that the server does not know.
    assert run("eval", "--policy", f"openai:{url}#{model}", "--games", 2, "--speech.max-new-tokens", 4) == 0
    assert f"openai:{url}#{model}: " in capsys.readouterr().out
    assert run("eval", "--policy", f"openai:{url}#another") == 2
    assert "refuses to reply as 'another' (HTTP 400: Server is pinned to" in capsys.readouterr().err
    # And now it is stopped, in the middle of things.
    agent.patience = Patience(tries=3, first_wait=0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    asks = [Ask("defender", (Message("user", text),)) for text in ("one", "two", "three")]
    assert [reply.stop for reply in agent.reply(asks)] == ["failed"] * 3
    assert set(agent.failed) <= {"no connection", "connection broken"}
