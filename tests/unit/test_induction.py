"""Heads that copy before anything is learned."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from selftaught.algorithms.induction import set_induction


def untrained(**changed: int) -> Any:
    sizes: dict[str, Any] = {"hidden_size": 128, "num_attention_heads": 2, "num_key_value_heads": 2, **changed}
    sizes = {"vocab_size": 400, "intermediate_size": 64, "num_hidden_layers": 3, "tie_word_embeddings": True, **sizes}
    torch.manual_seed(0)
    config: Any = LlamaConfig
    return LlamaForCausalLM(config(attn_implementation="eager", **sizes))


def repeated(seed: int) -> torch.Tensor:
    """Eight texts [40] of random tokens that say their first half twice."""
    half = torch.randint(400, (8, 20), generator=torch.Generator().manual_seed(seed))
    return torch.cat([half, half], dim=1)


@torch.no_grad()
def copied(model: Any, texts: torch.Tensor) -> float:
    """How often the second half is what the model holds likeliest."""
    said = model(texts).logits[:, 19:-1].argmax(-1)
    return float((said == texts[:, 20:]).float().mean())


def test_an_untrained_model_repeats_what_it_reads() -> None:
    model, texts = untrained(), repeated(0)
    assert copied(model, texts) < 0.05
    set_induction(model, seed=0)
    assert copied(model, texts) > 0.3


@torch.no_grad()
def test_heads_look_where_they_should() -> None:
    model = untrained()
    set_induction(model, seed=0)
    first, second, third = model(repeated(1), output_attentions=True).attentions
    for head in range(2):
        back = first[:, head].diagonal(-1 - head, dim1=1, dim2=2)  # [B, T]: one and two tokens before
        assert back[:, 5:].mean() > 0.9
    after = second.diagonal(-19, dim1=2, dim2=3)  # what stood after the same token
    assert after[..., 5:].mean() > 10 * third.diagonal(-19, dim1=2, dim2=3).mean()


def test_the_seed_fixes_them() -> None:
    models = [untrained() for _ in range(3)]
    for model, seed in zip(models, (0, 0, 1), strict=True):
        set_induction(model, seed=seed)
    same, other = (
        all(torch.equal(*pair) for pair in zip(models[0].parameters(), model.parameters(), strict=True))
        for model in models[1:]
    )
    assert same and not other


@pytest.mark.parametrize(
    "sizes",
    [{"hidden_size": 32}, {"num_hidden_layers": 1}, {"num_attention_heads": 1, "num_key_value_heads": 1},
     {"num_key_value_heads": 1}],
)  # fmt: skip
def test_a_model_that_is_too_small_is_told(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="induction needs two layers, two heads with keys of their own"):
        set_induction(untrained(**sizes), seed=0)
