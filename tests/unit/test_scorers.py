"""Scorers as agents: what they say is a score, and it is what it should be."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from selftaught.agents.local import LocalAgent, with_lora
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_fake import fake
from selftaught.agents.local_scorers import Likelihood, PTrue, Relevance
from selftaught.agents.scorers import Agreement, scored
from selftaught.agents.scripted import Scripted
from selftaught.envs.reflect.game import Reflect
from selftaught.envs.reflect.players import PLAYERS
from selftaught.envs.reflect.state import score_of
from selftaught.rollout import rollout
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


def test_scorers_sit_at_the_table(agent: LocalAgent) -> None:
    game = Reflect(gate="budget", keep="best", answers=2)
    cast = {
        "thinker": Scripted("t", PLAYERS["thinker"]["guesser"]),
        "reflector": Scripted("r", PLAYERS["reflector"]["doubter"]),
    }
    for scorer in (PTrue(agent), Agreement(cast["thinker"])):
        (episode,) = rollout(game, [next(game.tasks("train", 0))], {**cast, "scorer": scorer}, seed=0)
        assert 0 <= episode.metrics["score_first"] <= 1 and episode.metrics["unreadable"] == 0
