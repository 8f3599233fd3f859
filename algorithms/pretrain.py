"""A small language model from nothing: its own byte-pair vocabulary, then next-token training on chats.

It exists so that learning curves take minutes on a processor. Nothing here knows a game; the chats are handed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from selftaught.algorithms.examples import Example, Span, by_length, collate
from selftaught.algorithms.learner import token_logprobs
from selftaught.algorithms.losses import sft_loss
from selftaught.types import Message

Chat = Sequence[Message]

TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SPECIAL = ("<|pad|>", "<|im_start|>", "<|im_end|>")


@dataclass(frozen=True)
class Pretraining:
    """Size of the model and of its training."""

    vocabulary: int = 2048
    hidden: int = 256
    layers: int = 5
    heads: int = 4
    feed_forward: int = 704
    context: int = 1024
    learning_rate: float = 2e-3
    batch_tokens: int = 4096
    epochs: int = 1
    seed: int = 0


def train_tokenizer(chats: Sequence[Chat], *, vocabulary: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer with ChatML turns, trained on the chats."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((message.content for chat in chats for message in chat), trainer)
    make: Any = PreTrainedTokenizerFast  # it has no type for its arguments
    fast: PreTrainedTokenizerFast = make(
        tokenizer_object=tokenizer, pad_token=SPECIAL[0], eos_token=SPECIAL[2], additional_special_tokens=[SPECIAL[1]]
    )
    fast.chat_template = TEMPLATE
    return fast


def pretrain(
    chats: Sequence[Chat],
    *,
    config: Pretraining,
    folder: Path,
    progress: Callable[[int, int, float], object] = lambda done, total, loss: None,
) -> float:
    """Train tokenizer and model, write both into ``folder``; the mean loss (nats a token) of the last tenth of steps.

    ``progress(done, total, loss)`` is called after each optimiser step.
    """
    tokenizer = train_tokenizer(chats, vocabulary=config.vocabulary)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = LlamaForCausalLM(_architecture(config, tokenizer))
    order = np.random.default_rng(config.seed)
    batches = [
        chunk
        for _ in range(config.epochs)
        for chunk in _shuffled(_examples(chats, tokenizer), order, tokens=config.batch_tokens)
    ]
    optimiser = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, betas=(0.9, 0.95), weight_decay=0.1)
    losses: list[float] = []
    model.train()
    for step, chunk in enumerate(batches):
        for group in optimiser.param_groups:
            group["lr"] = config.learning_rate * _schedule(step, len(batches))
        batch = collate(chunk)
        loss, _ = sft_loss(token_logprobs(model, batch), batch)
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        progress(step + 1, len(batches), losses[-1])
    model.train(False)
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return float(np.mean(losses[-max(1, len(losses) // 10) :]))


def _architecture(config: Pretraining, tokenizer: PreTrainedTokenizerFast) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=config.hidden,
        intermediate_size=config.feed_forward,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.heads,
        max_position_embeddings=config.context,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        bos_token_id=None,
    )


def _examples(chats: Sequence[Chat], tokenizer: PreTrainedTokenizerFast) -> list[Example]:
    """Whole chats; the system message, always the same, is read but not trained."""
    texts, heads = [], []
    for chat in chats:
        texts.append(_render(tokenizer, chat))
        heads.append(_render(tokenizer, [message for message in chat if message.role == "system"]))
    tokens = tokenizer(texts, add_special_tokens=False)["input_ids"]
    skipped = {head: len(tokenizer(head, add_special_tokens=False)["input_ids"]) for head in set(heads)}
    return [
        Example(tuple(ids), (Span(max(1, skipped[head]), len(ids)),)) for ids, head in zip(tokens, heads, strict=True)
    ]


def _render(tokenizer: PreTrainedTokenizerFast, chat: Chat) -> str:
    if not chat:
        return ""
    plain = [{"role": message.role, "content": message.content} for message in chat]
    return str(tokenizer.apply_chat_template(plain, tokenize=False))


def _shuffled(examples: list[Example], order: np.random.Generator, *, tokens: int) -> list[list[Example]]:
    """Batches of like length in random order; which examples meet is random too."""
    shuffled = [examples[place] for place in order.permutation(len(examples))]
    pools = [shuffled[start : start + 2048] for start in range(0, len(shuffled), 2048)]
    batches = [chunk for pool in pools for chunk in by_length(pool, tokens=tokens)]
    return [batches[place] for place in order.permutation(len(batches))]


def _schedule(step: int, total: int) -> float:
    """Linear warm-up over 2 % of the steps, then a cosine down to 5 %."""
    warm = max(1, total // 50)
    if step < warm:
        return (step + 1) / warm
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))
