"""Scorers as agents: what they say is a score, and it is what it should be."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForSequenceClassification

from selftaught.agents.local import LocalAgent, with_lora
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_fake import fake
from selftaught.agents.local_scorers import Entailment, Likelihood, PTrue, Relevance
from selftaught.agents.scorers import Agreement, scored
from selftaught.agents.scripted import Scripted
from selftaught.benchmarks.scorers import measured, separation
from selftaught.cli import main
from selftaught.envs.reflect.game import Reflect
from selftaught.envs.reflect.players import PLAYERS
from selftaught.envs.reflect.report import rows_of
from selftaught.envs.reflect.state import score_of
from selftaught.rollout import rollout
from selftaught.store import read_run
from selftaught.summary import Estimate
from selftaught.types import Ask, Message


def asked(answer: str, question: str = "What is 3 + 4?") -> Ask:
    return Ask("scorer", (), {"question": (Message("user", question),), "answer": answer}, seed=3)


def value(text: str) -> float:
    found = score_of(text)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def agent() -> LocalAgent:
    return LocalAgent(with_lora(fake(), rank=2, alpha=4), sampling=Sampling(max_new_tokens=3))


def test_agreement_is_a_share_of_fresh_answers() -> None:
    steady = Agreement(Scripted("a", lambda ask: " Seven. "), samples=3)
    assert [value(reply.text) for reply in steady.reply([asked("seven"), asked("eight")])] == [1.0, 0.0]
    torn = Agreement(Scripted("b", lambda ask: "7" if ask.seed % 2 else "8"), samples=64)
    (share,) = (value(reply.text) for reply in torn.reply([asked("7")]))
    assert 0.3 < share < 0.7 and torn.reply([asked("7")]) == torn.reply([asked("7")])


def test_likelihood_is_the_mean_probability_of_the_answers_tokens(agent: LocalAgent) -> None:
    ask = asked("7")
    prompt, said = agent.codec.prompt(ask.view["question"]), agent.codec.reply("7")
    model: Any = agent.model
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([[*prompt, *said]])).logits[0].log_softmax(-1)
    by_hand = [float(logits[len(prompt) + place - 1, token]) for place, token in enumerate(said)]
    (found,) = Likelihood(agent).reply([ask])
    assert value(found.text) == pytest.approx(math.exp(sum(by_hand) / len(by_hand)), abs=1e-4)


@pytest.mark.parametrize("scorer", [Likelihood, PTrue, Relevance])
def test_any_answer_has_a_score(scorer: Any, agent: LocalAgent) -> None:
    for reply in scorer(agent).reply([asked(""), asked("seven"), asked("\ud800 x" * 5)]):
        assert 0 <= value(reply.text) <= 1
    with pytest.raises(ValueError, match="from 0 to 1"):
        scored(1.5)


@pytest.fixture(scope="module")
def nli(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Folders of a random classifier, with the labels of an NLI model and with others."""

    def made(labels: list[str]) -> str:
        folder = str(tmp_path_factory.mktemp("nli"))
        loaded: Any = fake()
        names = dict(enumerate(labels))
        config = LlamaConfig(**{**loaded.model.config.to_dict(), "num_labels": len(labels), "id2label": names})
        torch.manual_seed(0)
        make: Any = LlamaForSequenceClassification  # it has no types
        make(config).save_pretrained(folder)
        loaded.tokenizer.save_pretrained(folder)
        return folder

    return made


def test_entailment_is_the_probability_of_its_label(nli: Any) -> None:
    scorer = Entailment(nli(["contradiction", "neutral", "ENTAILMENT"]))
    plain = asked("seven")
    noted = replace(plain, view={**plain.view, "knowledge": "3 and 4 are seven"})
    one, two = (value(reply.text) for reply in scorer.reply([plain, noted]))
    assert one != two
    classifier, tokenizer = scorer._parts
    with torch.no_grad():
        logits = classifier(**tokenizer("3 and 4 are seven", "seven", return_tensors="pt")).logits[0]
    assert two == pytest.approx(float(logits.softmax(-1)[2]), abs=1e-4)
    with pytest.raises(ValueError, match="no NLI model"):
        Entailment(nli(["good", "bad"]))


def test_separation_is_auroc_with_its_interval() -> None:
    right = np.array([0.0, 0.0, 1.0, 1.0] * 10)
    apart = list(map(str, range(40)))
    assert separation(right, right, apart) == Estimate(1.0, 1.0, 1.0, 40)
    assert separation(1 - right, right, apart).mean == 0.0
    assert separation(np.full(40, 0.3), right, apart) == Estimate(0.5, 0.5, 0.5, 40)
    scores = np.random.default_rng(0).random(40)
    noise = separation(scores, right, apart)
    assert noise.low < 0.5 < noise.high
    # The same answers ten times over are no more than they were.
    again = separation(np.tile(scores, 10), np.tile(right, 10), apart * 10)
    assert (again.low, again.high) == pytest.approx((noise.low, noise.high))


def test_scorers_are_measured_on_the_same_answers() -> None:
    players = PLAYERS["scorer"]
    scorers = {name: Scripted(name, players[name]) for name in ("oracle", "constant", "random", "overlap")}
    thinker = Scripted("guesser", PLAYERS["thinker"]["guesser"])
    rows = {row["scorer"]: row for row in measured("checkable", {"level": 1}, thinker, scorers, answers=120)}
    assert rows["oracle"]["auroc"]["mean"] == 1.0 and rows["constant"]["auroc"]["mean"] == 0.5
    assert abs(rows["random"]["auroc"]["mean"] - 0.5) < 0.15 and rows["oracle"]["brier"] == pytest.approx(0.01)
    assert len({row["right"] for row in rows.values()}) == 1 and {row["read"] for row in rows.values()} == {1.0}
    with pytest.raises(ValueError, match="all 5 answers on 'checkable' are right"):
        measured("checkable", {}, Scripted("s", PLAYERS["thinker"]["solver"]), scorers, answers=5)


def test_the_command_writes_the_report_that_lets_a_scorer_pay(tmp_path: Path, capsys: Any) -> None:
    report = tmp_path / "scorers.json"
    command = ["scorers", "--thinker", "guesser", "--answers", "30", "--report", str(report)]
    assert main([*command, "--scorers", "oracle"]) == 0
    assert main([*command, "--scorers", "p_true:fake", "agreement:fake", "--speech.max-new-tokens", "3"]) == 0
    assert "AUROC" in capsys.readouterr().out
    assert {row["scorer"] for row in rows_of(report)} == {"oracle", "p_true:fake", "agreement:fake"}
    assert Reflect(worth="scorer", scorer="oracle", report=str(report)).auroc == 1.0
    train = ["train", "reflect", "--algorithm", "grpo", "--model", "fake", "--rank", "2", "--wandb", "off"]
    train += ["--games", "4", "--samples", "2", "--steps", "1", "--speech.max-new-tokens", "3"]
    train += ["--learners", "reflector", "--kl", "0.1", "--anchored", "thinker"]
    train += ["--settings", "worth=scorer", "scorer=p_true:fake", f"report={report}", "gate=budget", "answers=2"]
    assert main([*train, "--opponents", "scorer=p_true:fake", "--folder", str(tmp_path / "run")]) == 0
    seats = {turn.ask.seat for episode in read_run(tmp_path / "run") for turn in episode.turns}
    assert seats == {"thinker", "reflector", "scorer"}
    for wrong, message in (
        (["--scorers", "mood:fake"], "no player 'mood:fake'"),
        (["--scorers", "mood"], "mood"),
        (["--answers", "1"], "two answers"),
    ):
        assert main([*command, *wrong]) == 2
        assert message in capsys.readouterr().err
    for opponent, message in (("judge=overlap", "no seat 'judge'"), ("scorer=constant", "is for 'p_true:fake'")):
        assert main([*train, "--folder", str(tmp_path / opponent), "--opponents", opponent]) == 2
        assert message in capsys.readouterr().err


def test_scorers_sit_at_the_table(agent: LocalAgent) -> None:
    game = Reflect(gate="budget", keep="best", answers=2)
    cast = {
        "thinker": Scripted("t", PLAYERS["thinker"]["guesser"]),
        "reflector": Scripted("r", PLAYERS["reflector"]["doubter"]),
    }
    for scorer in (PTrue(agent), Agreement(cast["thinker"])):
        (episode,) = rollout(game, [next(game.tasks("train", 0))], {**cast, "scorer": scorer}, seed=0)
        assert 0 <= episode.metrics["score_first"] <= 1 and episode.metrics["unreadable"] == 0
