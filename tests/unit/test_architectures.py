"""Models other than Llama: log-probabilities of sampling and of learning are the model's own, or it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor

from selftaught.agents.local import LocalAgent, with_lora
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_fake import byte_tokenizer
from selftaught.agents.local_models import Loaded
from selftaught.algorithms.examples import Example, Span, collate
from selftaught.algorithms.learner import Learner, token_logprobs
from selftaught.algorithms.packing import pack
from selftaught.types import Ask, Message

SIZES: Mapping[str, Any] = {
    "vocab_size": 259,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.2,
    "pad_token_id": 258,
}


def loaded(kind: str, *, attention: str = "sdpa", **settings: Any) -> Loaded:
    """A random model, its biases included."""
    config = getattr(transformers, f"{kind}Config")(**SIZES, **settings)
    torch.manual_seed(0)
    auto: Any = transformers.AutoModelForCausalLM
    model = auto.from_config(config, attn_implementation=attention).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.5)
    return Loaded(model, byte_tokenizer(), kind)


def plain(model: Any, tokens: list[int]) -> Tensor:
    """Log-probability [T] of each token after the first, by the model itself."""
    row = torch.tensor([tokens])
    with torch.no_grad():
        logits: Tensor = model(input_ids=row).logits[0, :-1].float()
    return logits.log_softmax(-1).gather(1, row[0, 1:, None])[:, 0]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [("Qwen2", {}), ("Qwen2", {"attention": "eager"}), ("Phi", {}), ("Qwen3", {"head_dim": 8})],
    ids=["qwen2", "eager", "phi", "qwen3"],
)
def test_sampling_and_learning_agree_with_the_model(kind: str, settings: Mapping[str, Any]) -> None:
    made = loaded(kind, **settings)
    asks = [
        Ask("x", (Message("user", f"tell me of the hills beyond {end}"),), seed=place) for place, end in enumerate("ab")
    ]
    replies = LocalAgent(made, sampling=Sampling(max_new_tokens=8)).reply(asks)
    rows = [[*reply.prompt_tokens, *reply.tokens] for reply in replies]
    starts = [len(reply.prompt_tokens) for reply in replies]
    truths = [plain(made.model, row)[start - 1 :] for row, start in zip(rows, starts, strict=True)]
    batch = collate([Example(tuple(row), (Span(start, len(row)),)) for row, start in zip(rows, starts, strict=True)])
    together = pack(batch.tokens_BT, batch.length_B, ratio=1e9)
    assert together.visible_PNN is not None
    with torch.no_grad():
        learned = [token_logprobs(made.model, batch, packed=packed) for packed in (None, together)]
    for place, (reply, truth) in enumerate(zip(replies, truths, strict=True)):
        assert reply.logprobs == pytest.approx(truth.tolist(), abs=1e-4)
        for logprobs_BT in learned:
            assert logprobs_BT[place, starts[place] : len(rows[place])].tolist() == pytest.approx(
                truth.tolist(), abs=1e-4
            )


def test_a_window_of_the_last_tokens_is_learned_with_and_not_sampled_from() -> None:
    made = loaded("Mistral", sliding_window=16, head_dim=8)
    rows = [[1] * 40 + [end] * 4 for end in (5, 6)]
    batch = collate([Example(tuple(row), (Span(40, 44),)) for row in rows])
    with torch.no_grad():
        found = token_logprobs(made.model, batch, packed=pack(batch.tokens_BT, batch.length_B, ratio=1e9))
    for row, mine in zip(rows, found, strict=True):
        assert mine[40:].tolist() == pytest.approx(plain(made.model, row)[39:].tolist(), abs=1e-4)
    with pytest.raises(ValueError, match="sees the last 16 tokens alone"):
        LocalAgent(made).reply([Ask("x", (Message("user", "hi"),))])


def test_a_model_with_dropout_in_training_has_a_learner() -> None:
    model: Any = with_lora(loaded("Phi", resid_pdrop=0.5, embd_pdrop=0.5)).model
    model.train()
    assert Learner(model).model.training


def test_logits_that_are_more_than_a_product_have_no_learner() -> None:
    with pytest.raises(ValueError, match="no learner for 'granite'"):
        Learner(with_lora(loaded("Granite", logits_scaling=4.0)).model)
