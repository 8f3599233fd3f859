"""``selftaught league``: scripted players, snapshots of a run, and a policy that learns to be hard to exploit."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from selftaught.agents.local import LocalAgent, Sampling, with_lora
from selftaught.agents.local_models import Loaded
from selftaught.agents.scripted import Scripted
from selftaught.agents.server import Patience
from selftaught.algorithms.pretrain import Pretraining, pretrain
from selftaught.benchmarks.exploitability import exploitability, observe
from selftaught.cli import main
from selftaught.envs.mini_taboo.game import ATTACKER, DEFENDER, VALUE, MiniTaboo
from selftaught.envs.mini_taboo.players import nash_clue, nash_reply
from selftaught.rollout import rollout
from selftaught.types import Message
from tests.unit.fault_server import MODEL, Handler, healthy, refusing, serving


def test_scripted_players_of_taboo(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "league"
    players = ["attacker=fact_giver,leaker", "defender=bayes,echo"]
    command = ["league", "taboo", "--games", "10", "--settings", "turns=2", "--folder", str(folder), "--players"]
    assert main([*command, *players]) == 0
    shown = capsys.readouterr().out
    assert "what the attacker wins" in shown and "Nash" in shown
    found = json.loads((folder / "league.json").read_text())
    assert (found["over"], found["config"]["split"]) == ("tasks", "test")
    leaked = [one["payoff"]["mean"] for one in found["pairings"] if one["attacker"] == "leaker"]
    assert all(value < 0 for value in leaked) and "exploitability" not in found
    assert (folder / "league.png").read_bytes()[:4] == b"\x89PNG"
    # A player that came later; the games of the others are kept as they are.
    kept = (folder / "cells" / "leaker" / "echo" / "episodes" / "step-000000.jsonl").stat().st_mtime_ns
    assert main([*command, "attacker=fact_giver,leaker,gibberish", players[1]]) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*command, "attacker=fact_giver,leaker,gibberish", players[1], "--resume"]) == 0
    again = json.loads((folder / "league.json").read_text())
    assert len(again["pairings"]) == 6 and again["pairings"][:2] == found["pairings"][:2]
    assert (folder / "cells" / "leaker" / "echo" / "episodes" / "step-000000.jsonl").stat().st_mtime_ns == kept
    assert main(["show", str(folder / "cells" / "leaker"), "--limit", "1"]) == 0


@pytest.mark.parametrize(
    "words", [["attacker"], ["attacker="], ["nobody=bayes"], ["attacker=leaker", "attacker=leaker"]]
)
def test_players_are_written_by_seat(words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["league", "taboo", "--folder", str(tmp_path / "x"), "--players", *words]) == 2
    assert "seat" in capsys.readouterr().err and not (tmp_path / "x").exists()


def test_a_trained_model_sits_in_a_league_and_is_told_how_exploitable_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A random model never gives a clue, so that everything is won off it; the run is trained, saved and found."""
    train = ["train", "mini_taboo", "--model", "fake", "--wandb", "off", "--speech.max-new-tokens", "6", "--steps", "1"]
    train += ["--games", "4", "--rank", "2"]
    assert main([*train, "--algorithm", "imitation", "--folder", str(tmp_path / "taught")]) == 0
    start = ["--adapter", str(tmp_path / "taught"), "--algorithm", "grpo", "--samples", "2"]
    assert main([*train, *start, "--folder", str(tmp_path / "run")]) == 0
    model = f"model:fake@{tmp_path / 'run'}"
    players = [f"attacker=nash_clue,{model}", f"defender=uniform_reply,{model}"]
    league = ["league", "mini_taboo", "--games", "8", "--probes", "4", "--speech.max-new-tokens", "6"]
    assert main([*league, "--folder", str(tmp_path / "league"), "--players", *players]) == 0
    found = json.loads((tmp_path / "league" / "league.json").read_text())
    lost = [one["exploitability"]["mean"] for one in found["exploitability"]]
    assert [lost[1], lost[3]] == pytest.approx([1 + float(VALUE), 1 - float(VALUE)])
    assert lost[0] < 1 and lost[2] < 1
    payoffs = {(one["attacker"], one["defender"]): one["payoff"]["mean"] for one in found["pairings"]}
    # By its checkpoint, so that with --resume a longer training is another player.
    name = f"{model.removeprefix('model:')}/checkpoints/step-000001"
    assert payoffs["nash_clue", name] == 1 and payoffs[name, "uniform_reply"] == -1
    checkpoint = tmp_path / "run" / "checkpoints" / "step-000001"
    weights = checkpoint / "adapter" / "adapter_model.safetensors"
    save_file({name: weight + 1 for name, weight in load_file(weights).items()}, weights)
    again = [player.replace(str(tmp_path / "run"), str(checkpoint)) for player in players]
    assert main([*league, "--folder", str(tmp_path / "league"), "--players", *again, "--resume"]) == 2
    assert "with other settings" in capsys.readouterr().err.replace("\n", " ")


def test_a_model_that_imitates_the_best_strategy_is_hard_to_exploit(tmp_path: Path) -> None:
    cast = {ATTACKER: Scripted("nash_clue", nash_clue), DEFENDER: Scripted("nash_reply", nash_reply)}
    episodes = rollout(MiniTaboo(), islice(MiniTaboo().tasks("train", 0), 900), cast, seed=0)
    chats = [(*turn.ask.messages, Message("assistant", turn.reply.text)) for one in episodes for turn in one.turns]
    size = Pretraining(vocabulary=400, hidden=64, layers=2, heads=2, feed_forward=128, batch_tokens=1024)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        made = pretrain(chats, config=size, workspace=tmp_path)
        model = with_lora(Loaded(made.model, made.tokenizer, "tiny"), rank=2, alpha=4)
        agent = LocalAgent(model, sampling=Sampling(max_new_tokens=12))
        found = {seat: exploitability(observe(agent, seat, samples=60)) for seat in cast}
    finally:
        torch.set_num_threads(threads)
    # A model that says nothing legal loses 7/6 and 5/6.
    assert found[ATTACKER].high < 1 and found[DEFENDER].high < 0.75, found


def test_a_server_that_goes_away_loses_no_game_and_refused_replies_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Patience, "wait", lambda *_, **__: 0.01)
    monkeypatch.setenv("COLUMNS", "500")
    folder = tmp_path / "league"

    def dying(handler: Handler, body: Any) -> None:
        (healthy if len(server.bodies) < 4 else refusing(500, {"error": "out of memory"}))(handler, body)

    def picky(handler: Handler, body: Any) -> None:
        (healthy if len(body["messages"]) == 1 else refusing(400, {"error": "not this one"}))(handler, body)

    with serving(dying) as server:
        policy = f"openai:{server.url}#{MODEL}"
        players = ["--players", "attacker=fact_giver", f"defender=echo,{policy}"]
        command = ["league", "taboo", "--games", "4", "--folder", str(folder), *players]
        assert main(command) == 2
        assert "HTTP 500: out of memory" in capsys.readouterr().err and not (folder / "league.json").exists()
        server.answer = picky
        assert main([*command, "--resume"]) == 0
    failed = json.loads((folder / "league.json").read_text())["failed"]
    assert list(failed) == [policy] and failed[policy] > 0
    assert f"{failed[policy]} replies of {policy} failed" in capsys.readouterr().out
