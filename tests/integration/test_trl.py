"""Our losses against those of TRL's trainers, on the same batch of the same model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from selftaught.agents.local import with_lora
from selftaught.agents.local_fake import fake
from selftaught.algorithms.examples import Example, Span, collate, token_weighted
from selftaught.algorithms.learner import token_logprobs
from selftaught.algorithms.losses import dpo_loss, grpo_loss, sft_loss

PAD, END = 258, 257
PROMPTS = [(1, 2, 3), (1, 2, 3), (9, 8, 7, 6, 5)]
REPLIES = [(11, 12, END), (13, 14, 15, 16, END), (17, END)]


def adapted() -> Any:
    """The fake model with an adapter that has an effect."""
    return shaken(with_lora(fake(), rank=4, alpha=8).model)


def shaken(model: Any) -> Any:
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B.default" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
    return model


def examples(values: list[float]) -> list[Example]:
    random = np.random.default_rng(0)
    found = []
    for prompt, reply, value in zip(PROMPTS, REPLIES, values, strict=True):
        length = len(prompt) + len(reply)
        reference, sampled = (tuple(-random.random(length) * 6) for _ in range(2))
        span = Span(len(prompt), length, value=value)
        found.append(Example((*prompt, *reply), (span,), reference=reference, sampled=sampled))
    return found


def completions(rows: list[tuple[float, ...]]) -> torch.Tensor:
    """The part of each row that belongs to its reply, padded on the right."""
    parts = [row[len(prompt) :] for prompt, row in zip(PROMPTS, rows, strict=True)]
    longest = max(map(len, parts))
    return torch.tensor([[*part, *[0.0] * (longest - len(part))] for part in parts])


def gradients(model: Any) -> torch.Tensor:
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


@pytest.mark.parametrize(("loss_type", "kl"), [("grpo", 0.0), ("grpo", 0.1), ("bnpo", 0.1)])
def test_grpo_equals_trl(tmp_path: Path, loss_type: str, kl: float) -> None:
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    values = [1.0, -0.7, 0.4]
    config = GRPOConfig(
        output_dir=str(tmp_path),
        loss_type=loss_type,
        beta=kl,
        epsilon=0.2,
        epsilon_high=0.3,
        use_bias_correction_kl=False,  # TRL's own addition to the published objective
        num_generations=2,
        per_device_train_batch_size=2,
        report_to="none",
        bf16=False,
        use_cpu=True,
    )
    theirs = adapted()
    trainer = GRPOTrainer(
        model=theirs,
        reward_funcs=lambda completions, **_: [0.0] * len(completions),
        args=config,
        train_dataset=Dataset.from_list([{"prompt": "x"}] * 4),
        processing_class=fake().tokenizer,
    )
    rows = examples(values)
    widest = max(map(len, PROMPTS))
    longest = max(map(len, REPLIES))
    inputs = {
        "prompt_ids": torch.tensor([[PAD] * (widest - len(p)) + list(p) for p in PROMPTS]),
        "prompt_mask": torch.tensor([[0] * (widest - len(p)) + [1] * len(p) for p in PROMPTS]),
        "completion_ids": torch.tensor([list(r) + [PAD] * (longest - len(r)) for r in REPLIES]),
        "completion_mask": torch.tensor([[1] * len(r) + [0] * (longest - len(r)) for r in REPLIES]),
        "advantages": torch.tensor(values),
        "old_per_token_logps": completions([row.sampled for row in rows]),
        "ref_per_token_logps": completions([row.reference for row in rows]),
    }
    trainer.model.eval()
    expected = trainer._compute_loss(trainer.model, inputs)
    expected.backward()

    ours = adapted()
    batch = collate(token_weighted(rows) if loss_type == "bnpo" else rows)
    loss, _ = grpo_loss(token_logprobs(ours, batch), batch, clip_low=0.2, clip_high=0.3, kl=kl)
    torch.autograd.backward(loss)
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), abs=1e-5)
    assert torch.allclose(gradients(ours), gradients(theirs), atol=1e-5)


def test_dpo_equals_trl(tmp_path: Path) -> None:
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    pairs = [("ab", "yes", "no, not at all"), ("a longer prompt", "x", "yz")]
    tokenizer = fake().tokenizer
    config = DPOConfig(
        output_dir=str(tmp_path), beta=0.3, per_device_train_batch_size=2, report_to="none", bf16=False, use_cpu=True
    )
    theirs = with_lora(fake(), rank=4, alpha=8).model
    trainer = DPOTrainer(
        model=theirs,
        args=config,
        train_dataset=Dataset.from_list([{"prompt": p, "chosen": c, "rejected": r} for p, c, r in pairs]),
        processing_class=tokenizer,
    )
    shaken(theirs)  # TRL's reference is the adapter as the trainer found it: here, none
    inputs = next(iter(trainer.get_train_dataloader()))
    trainer.model.eval()
    expected = trainer.compute_loss(trainer.model, inputs)
    expected.backward()

    ours = adapted()
    rows = []
    for ids, seen, said in zip(
        inputs["input_ids"].tolist(), inputs["attention_mask"].tolist(), inputs["completion_mask"].tolist(), strict=True
    ):
        tokens = tuple(token for token, real in zip(ids, seen, strict=True) if real)
        rows.append(Example(tokens, (Span(len(tokens) - sum(said), len(tokens)),)))
    half = len(rows) // 2
    rows = [row for pair in zip(rows[:half], rows[half:], strict=True) for row in pair]
    batch = collate(rows)
    with torch.no_grad(), ours.disable_adapter():
        reference = token_logprobs(ours, batch)
    batch = replace(batch, reference_BT=reference)
    loss, _ = dpo_loss(token_logprobs(ours, batch), batch, beta=0.3)
    torch.autograd.backward(loss)
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), abs=1e-5)
    assert torch.allclose(gradients(ours), gradients(theirs), atol=1e-5)
    with pytest.raises(ValueError, match="even number"):
        dpo_loss(torch.zeros(1, 4), collate([Example((1, 2, 3, 4), (Span(1, 3),))]), beta=0.1)


def test_sft_equals_the_loss_of_trl_and_transformers() -> None:
    """TRL's SFTTrainer passes labels to the model: the mean over the trained tokens."""
    ours, theirs = adapted(), adapted()
    batch = collate(examples([1.0, 1.0, 1.0]))
    labels = batch.tokens_BT.masked_fill(~batch.mask_BT, -100)
    expected = theirs(input_ids=batch.tokens_BT, labels=labels).loss
    expected.backward()
    loss, _ = sft_loss(token_logprobs(ours, batch), batch)
    torch.autograd.backward(loss)
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), abs=1e-5)
    assert torch.allclose(gradients(ours), gradients(theirs), atol=1e-5)
