"""A small language model from nothing: its own byte-pair vocabulary, then training on the replies of chats.

It exists so that learning curves take minutes on a processor. Nothing here knows a game; the chats are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from selftaught.algorithms.examples import Example, Span, by_length, collate
from selftaught.algorithms.induction import set_induction
from selftaught.algorithms.learner import token_logprobs
from selftaught.algorithms.losses import sft_loss
from selftaught.checkpoint import latest, prune, save
from selftaught.types import Message

Chat = Sequence[Message]

PAD, END = "<|pad|>", "<|end|>"
ROLES = {"system": "<|system|>", "user": "<|user|>", "assistant": "<|assistant|>"}
TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
"""One token before and one after a message; ChatML takes six, which a model that reads short games feels."""


@dataclass(frozen=True)
class Pretraining:
    """Size of the model and of its training."""

    vocabulary: int = 6144
    """Enough for nearly all words of the games to be one token: facts are then learned word to word."""
    hidden: int = 256
    layers: int = 4
    heads: int = 4
    feed_forward: int = 704
    context: int = 1024
    learning_rate: float = 3e-3
    """Of Muon on the matrices inside, at AdamW's scale."""
    embedding_rate: float = 3e-3
    """Of AdamW on the embedding and the norms."""
    induction: bool = False
    """Whether to begin with heads that copy (``selftaught.algorithms.induction``), for models that have to repeat what
    they read; they are lost again at high rates."""
    batch_tokens: int = 2048
    """Padded tokens an optimiser step."""
    single_digits: bool = False
    """Whether every digit is a token of its own, for models that have to do sums."""
    seed: int = 0


@dataclass(frozen=True)
class Pretrained:
    """The model, its tokenizer, and the mean loss (nats a trained token) over the last tenth of the steps."""

    model: LlamaForCausalLM
    tokenizer: PreTrainedTokenizerFast
    loss: float

    def save(self, folder: Path) -> None:
        """Write both in transformers' format."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


def train_tokenizer(texts: Iterable[str], *, vocabulary: int, single_digits: bool = False) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer trained on ``texts``, whose chat template has a token for each role."""
    tokenizer = Tokenizer(models.BPE())
    pieces = pre_tokenizers.ByteLevel(add_prefix_space=False)
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, pieces]) if single_digits else pieces
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, END, *ROLES.values()],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    make: Any = PreTrainedTokenizerFast  # it has no type for its arguments
    fast: PreTrainedTokenizerFast = make(
        tokenizer_object=tokenizer, pad_token=PAD, eos_token=END, additional_special_tokens=list(ROLES.values())
    )
    fast.chat_template = TEMPLATE
    return fast


def pretrain(
    chats: Sequence[Chat],
    *,
    config: Pretraining,
    workspace: Path,
    every: int = 100,
    progress: Callable[[int, int, float], object] = lambda done, total, loss: None,
) -> Pretrained:
    """Train tokenizer and model on the assistant's messages, one pass over the chats.

    Args:
        chats: what to learn from.
        config: sizes, and the seed of all that is random.
        workspace: where a checkpoint is kept every ``every`` steps; a call that finds one goes on from there, and ends
            with the weights that it would have had without the interruption.
        every: optimiser steps between checkpoints.
        progress: ``progress(done, total, loss)`` is called after each optimiser step, and after a resumption.

    Raises:
        ValueError: if the checkpoint in ``workspace`` is of other chats or another configuration.
    """
    said = (message.content for chat in chats for message in chat)
    tokenizer = train_tokenizer(said, vocabulary=config.vocabulary, single_digits=config.single_digits)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        model = LlamaForCausalLM(_architecture(config, tokenizer))
    if config.induction:
        set_induction(model, seed=config.seed)
    batches = _shuffled(_examples(chats, tokenizer), np.random.default_rng(config.seed), tokens=config.batch_tokens)
    identity = {"config": asdict(config), "chats": _digest(chats)}
    optimisers = _optimisers(model, config)
    losses: list[float] = []
    found = latest(workspace)
    if found is not None:
        if found.state["identity"] != identity:
            raise ValueError(f"{workspace} holds the beginning of another model: remove it, or give its settings again")
        saved = torch.load(found.path / "training.pt", weights_only=True)
        model.load_state_dict(saved["model"])
        for optimiser, state in zip(optimisers, saved["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        losses = list(found.state["losses"])
        progress(len(losses), len(batches), losses[-1])

    def write(folder: Path) -> None:
        states = [optimiser.state_dict() for optimiser in optimisers]
        torch.save({"model": model.state_dict(), "optimisers": states}, folder / "training.pt")

    model.train()
    for step, chunk in enumerate(batches[len(losses) :], start=len(losses) + 1):
        losses.append(_update(model, optimisers, chunk, share=_schedule(step, len(batches))))
        progress(step, len(batches), losses[-1])
        if step % every == 0:
            save(workspace, step, write, {"identity": identity, "losses": losses})
            prune(workspace, 1)
    model.train(False)
    return Pretrained(model, tokenizer, float(np.mean(losses[-max(1, len(losses) // 10) :])))


def _update(
    model: LlamaForCausalLM, optimisers: Sequence[torch.optim.Optimizer], chunk: Sequence[Example], *, share: float
) -> float:
    batch = collate(chunk)
    loss, figures = sft_loss(token_logprobs(model, batch), batch)
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = share * group["full"]
        optimiser.step()
    return figures["nll"]


def _optimisers(model: LlamaForCausalLM, config: Pretraining) -> tuple[torch.optim.Optimizer, ...]:
    """Muon (Jordan 2024) learns thousands of rare facts in a tenth of the steps that AdamW takes: see docs/log.md."""
    embedding: Any = model.get_input_embeddings().weight
    matrices = [weight for weight in model.parameters() if weight.ndim == 2 and weight is not embedding]
    others = [weight for weight in model.parameters() if weight.ndim != 2]
    found = (
        torch.optim.Muon(matrices, lr=config.learning_rate, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW([embedding, *others], lr=config.embedding_rate, betas=(0.9, 0.95), weight_decay=0.0),
    )
    for optimiser in found:
        for group in optimiser.param_groups:
            group["full"] = group["lr"]
    return found


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
    """Every chat as the template writes it; only what the assistant says, its end included, is trained."""
    texts = list({message.content: None for chat in chats for message in chat})
    coded: list[list[int]] = tokenizer(texts, add_special_tokens=False)["input_ids"]
    tokens_of = dict(zip(texts, coded, strict=True))
    ids = tokenizer.get_vocab()
    end, head_of = ids[END], {role: ids[token] for role, token in ROLES.items()}
    found = []
    for chat in chats:
        tokens: list[int] = []
        spans: list[Span] = []
        for message in chat:
            tokens.append(head_of[message.role])
            start = len(tokens)
            tokens += [*tokens_of[message.content], end]
            if message.role == "assistant":
                spans.append(Span(start, len(tokens)))
        found.append(Example(tuple(tokens), tuple(spans)))
    return [example for example in found if example.spans]


def _digest(chats: Sequence[Chat]) -> str:
    digest = blake2b(digest_size=16)
    for chat in chats:
        digest.update(repr(chat).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _shuffled(examples: list[Example], order: np.random.Generator, *, tokens: int) -> list[list[Example]]:
    """Batches of like length in random order; which examples meet is random too."""
    shuffled = [examples[place] for place in order.permutation(len(examples))]
    pools = [shuffled[start : start + 1024] for start in range(0, len(shuffled), 1024)]
    batches = [chunk for pool in pools for chunk in by_length(pool, tokens=tokens)]
    return [batches[place] for place in order.permutation(len(batches))]


def _schedule(step: int, total: int) -> float:
    """Linear warm-up over 2 % of the steps; from 40 % of them on, a straight line down to 3 %."""
    falling = max(0.0, step / total - 0.4) / 0.6
    return min(1.0, 50 * step / total) * (1 - 0.97 * falling)
