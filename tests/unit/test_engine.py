"""Continuous batching: exact whatever enters and leaves, shared beginnings, bounded memory, both forward passes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from selftaught.agents.local import LocalAgent, Sampling, merged, with_lora
from selftaught.agents.local_engine import Engine, Row, Steps
from selftaught.agents.local_fake import fake
from selftaught.agents.local_fused import fuse
from selftaught.agents.local_models import load
from selftaught.agents.local_modules import ModuleSteps
from selftaught.agents.local_slab import Feed, Slab, geometry
from selftaught.agents.scripted import Scripted
from selftaught.envs.registry import make_game, player
from selftaught.rollout import rollout
from selftaught.types import Agent, Ask, Message, Streaming

MODEL: Any = fake().model
GREEDY = Sampling(temperature=0, max_new_tokens=6)


class Counting:
    """A model that counts the tokens it is fed."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.fed: list[int] = []

    def __call__(self, slab: Slab, feeds: Sequence[Feed]) -> Tensor:
        self.fed.append(sum(len(new) for _, new in feeds))
        return self.steps(slab, feeds)


def fused() -> Steps:
    steps = fuse(MODEL, None)
    assert steps is not None
    return steps


def engine(steps: Steps, *, batch: int = 4, settings: Sampling = GREEDY, bytes: int = 10**8) -> Engine:
    slab = Slab(geometry(MODEL.config), device=torch.device("cpu"), dtype=torch.float32, bytes=bytes)
    return Engine(steps, slab, settings=settings, end_tokens=frozenset({257}), batch=batch)


def finish(engine: Engine, rows: Sequence[Row]) -> None:
    for row in rows:
        engine.add(row)
    ended = []
    while found := engine.run():
        ended += found
    assert sorted(map(id, ended)) == sorted(map(id, rows))


def prompts(count: int, *, seed: int = 0) -> list[list[int]]:
    random = np.random.default_rng(seed)
    return [random.integers(0, 256, size=random.integers(1, 40)).tolist() for _ in range(count)]


def alone(tokens: list[int]) -> list[int]:
    """Greedy continuation by transformers itself."""
    with torch.no_grad():
        out = MODEL.generate(
            input_ids=torch.tensor([tokens]),
            attention_mask=torch.ones(1, len(tokens), dtype=torch.long),
            max_new_tokens=GREEDY.max_new_tokens,
            do_sample=False,
            pad_token_id=258,
        )
    return list(out[0, len(tokens) :].tolist())


@pytest.mark.parametrize("steps", [fused(), ModuleSteps(MODEL, None)], ids=["fused", "modules"])
def test_more_rows_than_slots_are_all_exact(steps: Steps) -> None:
    rows = [Row(tokens, seed) for seed, tokens in enumerate(prompts(11))]
    finish(engine(steps, batch=3), rows)
    assert [row.sampled for row in rows] == [alone(row.tokens) for row in rows]
    for row in rows:
        with torch.no_grad():
            logprobs = MODEL(torch.tensor([row.tokens + row.sampled])).logits[0].log_softmax(-1)
        expected = [float(logprobs[len(row.tokens) + i - 1, token]) for i, token in enumerate(row.sampled)]
        assert row.logprobs == pytest.approx(expected, abs=1e-4)


def test_a_row_goes_on_from_the_keys_that_it_left() -> None:
    first = Row(prompts(1)[0], 0)
    finish(engine(fused()), [first])
    assert first.kv is not None and first.kv.count == len(first.tokens) + len(first.sampled) - 1
    again = Row([*first.tokens, *first.sampled, 5, 6], 1, kv=first.kv)
    counting = Counting(fused())
    finish(engine(counting), [again])
    assert counting.fed[0] == 3
    assert again.sampled == alone(again.tokens)


def test_samples_of_one_prompt_compute_it_once_and_draw_apart() -> None:
    prompt = prompts(1, seed=3)[0] * 4
    counting = Counting(fused())
    rows = [Row(list(prompt), seed) for seed in range(8)]
    finish(engine(counting, batch=8, settings=Sampling(max_new_tokens=1)), rows)
    assert sum(counting.fed) == len(prompt) + 7
    assert len({row.sampled[0] for row in rows}) > 1
    finish(engine(counting, batch=8, settings=Sampling(max_new_tokens=5)), again := [Row(list(prompt), 3)])
    assert again[0].sampled[0] == rows[3].sampled[0]


def test_rules_in_common_are_computed_once() -> None:
    rules = prompts(1, seed=4)[0] * 3
    rows = [Row([*rules, 200 + number, 7], number) for number in range(6)]
    counting = Counting(fused())
    finish(engine(counting, batch=6), rows)
    assert sum(counting.fed[:2]) <= len(rules) + 2 * 6 + 1
    assert [row.sampled for row in rows] == [alone(row.tokens) for row in rows]


def test_memory_stays_within_the_budget_and_too_long_a_prompt_is_refused() -> None:
    size = geometry(MODEL.config).numbers * 4
    small = engine(fused(), batch=8, bytes=2 * 128 * size)
    rows = [Row(tokens, seed) for seed, tokens in enumerate(prompts(9, seed=5))]
    finish(small, rows)
    assert small.slab.block.nbytes <= 2 * 128 * size
    assert [row.sampled for row in rows] == [alone(row.tokens) for row in rows]
    long = Row([1] * 200, 0)
    finish(small, [long])
    assert small.slab.block.nbytes <= 2 * 128 * size and long.sampled == alone(long.tokens)
    with pytest.raises(ValueError, match="raise cache_gigabytes"):
        small.add(Row([1] * 300, 0))


def test_architectures_that_are_no_plain_llama_are_not_fused() -> None:
    model = fake().model
    model.config.hidden_act = "gelu"
    assert fuse(model, None) is None


def test_an_agent_without_fused_weights_speaks_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Ask("x", (Message("user", "hello there"),), seed=4)
    loaded = with_lora(fake(), rank=4)
    with torch.no_grad():
        for name, parameter in loaded.model.named_parameters():
            if "lora_B" in name:
                parameter.fill_(0.05)
    quick = LocalAgent(loaded, sampling=GREEDY).reply([ask])[0]
    monkeypatch.setattr("selftaught.agents.local.fuse", lambda model, adapter: None)
    slow = LocalAgent(loaded, sampling=GREEDY)
    assert slow.reply([ask])[0].tokens == quick.tokens
    second = Ask("x", (*ask.messages, Message("assistant", quick.text), Message("user", "and?")), seed=5)
    before = slow._threads
    slow.reply([second])
    assert slow._threads is before and len(before) == 2, "a dialogue is not forgotten although no weight was trained"


def test_a_rollout_streams_and_gives_the_episodes_that_single_games_give() -> None:
    def agent() -> LocalAgent:
        return LocalAgent(with_lora(fake(), rank=4), name="p", sampling=Sampling(max_new_tokens=5), batch=3)

    game = make_game("taboo")
    tasks = list(islice(game.tasks("train", 0), 8))
    streaming = agent()
    assert isinstance(streaming, Streaming)
    together = rollout(game, tasks, dict.fromkeys(game.seats, streaming), seed=1)

    class Waiting:
        """The same agent, but one that cannot stream."""

        name = "p"

        def __init__(self) -> None:
            self.reply = agent().reply

    waiting = rollout(game, tasks, dict.fromkeys(game.seats, Waiting()), seed=1)
    assert [[turn.reply.tokens for turn in e.turns] for e in together] == [
        [turn.reply.tokens for turn in e.turns] for e in waiting
    ]
    assert streaming._engine is None and not streaming._threads


def test_two_streams_and_a_scripted_seat_at_one_table() -> None:
    loaded = with_lora(fake(), rank=4)
    policy = LocalAgent(loaded, name="policy", sampling=Sampling(max_new_tokens=4), batch=2)
    past = policy.sibling(name="past", adapter=None)
    scripted = Scripted("facts", player("taboo", "attacker", "fact_giver"))
    game = make_game("taboo")
    pairs: list[tuple[Agent, Agent]] = [(policy, past), (past, policy), (scripted, past)]
    casts = [dict(zip(game.seats, pair, strict=True)) for pair in pairs]
    tasks = list(islice(game.tasks("train", 0), 9))
    finished: list[int] = []
    episodes = rollout(game, tasks, lambda index: casts[index % 3], seed=2, progress=finished.append)
    assert sum(finished) == 9
    for index, episode in enumerate(episodes):
        assert episode.task is tasks[index]
        assert all(turn.agent == casts[index % 3][turn.ask.seat].name for turn in episode.turns)


def test_merging_for_the_modules_restores_the_weights() -> None:
    model = with_lora(fake(), rank=4).model
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with merged(model, "default"):
        pass
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.slow
def test_smollm2_continues_as_transformers_does() -> None:
    policy = LocalAgent(load("smollm2-135m"), adapter=None, sampling=Sampling(temperature=0, max_new_tokens=24))
    texts = ("Name a fruit.", "What do bees make? Answer in one short sentence.", "Count from one to five. " * 6)
    asks = [Ask("x", (Message("user", text),)) for text in texts]
    for reply in policy.reply(asks):
        prompt = torch.tensor([reply.prompt_tokens])
        with torch.no_grad():
            expected = policy.model.generate(
                input_ids=prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=24, do_sample=False
            )
            logprobs = policy.model(expected).logits[0].log_softmax(-1)
        start = prompt.shape[1]
        assert expected[0, start:].tolist() == list(reply.tokens)
        places = range(start - 1, expected.shape[1] - 1)
        full = [float(logprobs[place, token]) for place, token in zip(places, reply.tokens, strict=True)]
        assert reply.logprobs == pytest.approx(full, abs=1e-4)
