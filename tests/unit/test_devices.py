"""Models that are not where tensors are made: everything that meets them goes where they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

from selftaught.agents import local_models
from selftaught.agents.local import LocalAgent, with_lora
from selftaught.agents.local_devices import WORKER, usual_device
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_fake import byte_tokenizer, fake
from selftaught.agents.local_models import Loaded, load
from selftaught.agents.local_scorers import Likelihood, PTrue, Relevance
from selftaught.algorithms.examples import Example, Span
from selftaught.algorithms.learner import Learner
from selftaught.algorithms.losses import dpo_loss, grpo_loss, ppo_loss, sft_loss
from selftaught.algorithms.optimisation import Optimisation
from selftaught.types import Ask, Message
from tests.unit.elsewhere import DEVICE, Elsewhere, Machine, moved

PROMPT = tuple(range(40, 60))
ROWS = [
    Example((*PROMPT, *reply), (Span(20, 23, value=1.0),), sampled=(0.0,) * 20 + (-5.0,) * 3, rejected=bool(place % 2))
    for place, reply in enumerate([(1, 2, 3), (4, 5, 6), (1, 5, 9), (7, 7, 7)])
]
LOSSES: dict[str, Any] = {
    "sft": sft_loss,
    "dpo": partial(dpo_loss, beta=0.1, nll=0.5),
    "grpo": partial(grpo_loss, clip_low=0.2, clip_high=0.2, kl=0.1),
    "ppo": partial(ppo_loss, clip=0.2, value_clip=0.2, value_weight=0.5, kl=0.1),
}


@pytest.fixture
def machine() -> Iterator[None]:
    with Machine():
        yield


def neox() -> Loaded:
    """A model that is sampled from by its own modules, not by the fused step."""
    config = GPTNeoXConfig(
        vocab_size=259, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4
    )
    model: Any = GPTNeoXForCausalLM(config)
    return Loaded(model.eval(), byte_tokenizer(), "neox")


def test_two_devices_do_not_meet(machine: None) -> None:
    here, away = torch.ones(2), torch.ones(2, device=DEVICE)
    assert away.device == DEVICE and isinstance(here.to(DEVICE), Elsewhere) and here.to(DEVICE).to("cpu").is_cpu
    with pytest.raises(RuntimeError, match="same device"):
        here + away
    with pytest.raises(RuntimeError, match="same device"):
        away[here.bool()]


@pytest.mark.parametrize("loss", LOSSES)
def test_learning_is_the_same_there_and_goes_on_from_a_checkpoint_of_here(loss: str, tmp_path: Path) -> None:
    critic = loss == "ppo"
    figures = []
    for away in (False, True):
        with Machine():
            model: Any = with_lora(fake(), rank=2, alpha=4).model
            settings = Optimisation(learning_rate=1e-3, epochs=2)
            learner = Learner(moved(model) if away else model, settings, critic=critic)
            assert learner.device.type == ("cuda" if away else "cpu")
            update = partial(learner.update, ROWS, LOSSES[loss], estimate=list if critic else None)
            update(seed=0)
            if not away:
                learner.save(tmp_path)
            learner.load(tmp_path)
            figures.append(update(seed=1))
    assert figures[0] == pytest.approx(figures[1])


@pytest.mark.parametrize("model", [fake, neox])
def test_replies_are_the_same_there(model: Any) -> None:
    talk: tuple[Message, ...] = (Message("user", "hello there"),)
    found = []
    for away in (False, True):
        torch.manual_seed(0)
        made = with_lora(model(), rank=2, alpha=4)
        with Machine():
            placed: Any = moved(made.model) if away else made.model
            agent = LocalAgent(replace(made, model=placed), sampling=Sampling(max_new_tokens=6))
            replies = agent.reply([Ask("x", talk, seed=seed) for seed in range(3)])
            longer = [(*talk, Message("assistant", reply.text), Message("user", "go on")) for reply in replies]
            found.append((*replies, *agent.reply([Ask("x", messages, seed=9) for messages in longer])))
    for here, there in zip(*found, strict=True):
        assert here.tokens == there.tokens and here.logprobs == pytest.approx(there.logprobs)


@pytest.mark.parametrize("scorer", [Likelihood, PTrue, Relevance])
def test_scorers_go_where_the_model_is(scorer: Any, machine: None) -> None:
    ask = Ask("scorer", (), {"question": (Message("user", "What is 3 + 4?"),), "answer": "7"}, seed=3)
    made: Any = with_lora(fake(), rank=2, alpha=4)
    (here,) = scorer(LocalAgent(made)).reply([ask])
    (there,) = scorer(LocalAgent(replace(made, model=moved(made.model)))).reply([ask])
    assert here.text == there.text


def test_a_model_goes_to_the_gpu_if_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in (fake().model, fake().tokenizer):
        part.save_pretrained(tmp_path)
    assert usual_device() == "cpu" and load(str(tmp_path)).model.device.type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert usual_device() == "cuda:0"
    monkeypatch.setenv(WORKER, "3")
    assert usual_device() == "cuda:1"
    monkeypatch.setattr(local_models, "usual_device", lambda: "meta")
    assert load(str(tmp_path)).model.device.type == "meta"
