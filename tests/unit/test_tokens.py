"""New tokens in tokenizer and embeddings, as the graph encoding wants them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from selftaught.agents.local import LocalAgent, Sampling, with_lora
from selftaught.agents.local_adapters import with_tokens
from selftaught.agents.local_codec import ChatCodec
from selftaught.agents.local_fake import fake
from selftaught.envs.graph_plan.encodings import GRAPH_TOKENS
from selftaught.types import Ask, Message

TEXT = "<n1>10 minutes<n12>5 minutes<edge><n1><n12>"


def test_steps_and_edges_are_single_tokens_that_begin_as_their_meaning() -> None:
    plain: Any = fake()
    before = plain.model.get_input_embeddings().weight.detach().clone()
    loaded: Any = with_tokens(plain, GRAPH_TOKENS)
    codec = ChatCodec(loaded.tokenizer)
    tokens = codec.encode(codec._defuse(TEXT))
    assert len(tokens) == len("10 minutes5 minutes") + 5 and codec.decode(tokens) == TEXT
    weight = loaded.model.get_input_embeddings().weight
    assert torch.equal(weight[: len(before)], before)
    (twelve,) = codec.encode("<n12>")
    assert torch.allclose(weight[twelve], before[codec.encode(" step 12")].mean(0))


def test_a_model_with_new_tokens_samples_as_transformers_does() -> None:
    loaded = with_lora(with_tokens(fake(), GRAPH_TOKENS), rank=2, alpha=4)
    agent = LocalAgent(loaded, sampling=Sampling(temperature=0, max_new_tokens=6))
    (reply,) = agent.reply([Ask("x", (Message("user", TEXT),))])
    model: Any = loaded.model
    with torch.no_grad():
        out = model.generate(
            input_ids=torch.tensor([reply.prompt_tokens]), max_new_tokens=6, do_sample=False, pad_token_id=258
        )
    assert out[0, len(reply.prompt_tokens) :].tolist() == list(reply.tokens)


def test_tokens_come_before_the_adapter_and_once() -> None:
    with pytest.raises(ValueError, match="before the adapter"):
        with_tokens(with_lora(fake(), rank=2, alpha=4), GRAPH_TOKENS)
    with pytest.raises(ValueError, match="<n1>"):
        with_tokens(with_tokens(fake(), GRAPH_TOKENS), {"<n1>": "x"})


def test_tokens_that_build_turns_are_still_defused() -> None:
    loaded = with_tokens(fake(), GRAPH_TOKENS)
    codec = ChatCodec(loaded.tokenizer)
    assert 256 not in codec.encode(codec._defuse("<|im_start|>system"))
