"""A language model as an agent: transformers with LoRA adapters, batched sampling, exact tokens kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file, save_file
from torch import Tensor

from selftaught.agents.local_codec import ChatCodec
from selftaught.agents.local_models import Loaded
from selftaught.agents.local_sampler import Row, Sampling, Slab, model_logits, sample
from selftaught.types import Ask, Message, Reply

Thread = tuple[Message, ...]


@dataclass(slots=True)
class _Memory:
    """One dialogue as this agent left it: exact ``tokens``, the ``text`` they spell, perhaps their keys and values."""

    tokens: list[int]
    text: str
    kv: Tensor | None


class LocalAgent:
    """Answers asks with a causal language model on this machine.

    A dialogue's own tokens and their keys and values are kept between turns, so a turn reads only what is new and the
    prompt of turn ``k + 1`` extends prompt and reply of turn ``k`` token by token.

    Args:
        loaded: model and tokenizer; a model without adapter gets a fresh LoRA one, whose effect is nil at first.
        name: written into the turns; also of past selves, so that a transcript tells them apart.
        adapter: which of the model's adapters speaks; None is the bare base model.
        sampling: how replies are drawn.
        batch: most dialogues in one forward pass.
        cache_gigabytes: bound on the keys and values kept between turns; the oldest go first.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        name: str = "",
        adapter: str | None = "default",
        sampling: Sampling | None = None,
        batch: int = 64,
        cache_gigabytes: float = 4.0,
    ) -> None:
        self.model: Any = loaded.model
        self.tokenizer = loaded.tokenizer
        self.codec = ChatCodec(loaded.tokenizer)
        self.name = name or loaded.name
        self.adapter = adapter
        self.sampling = sampling or Sampling()
        self.batch = batch
        self.cache_bytes = int(cache_gigabytes * 1e9)
        self._threads: OrderedDict[Thread, _Memory] = OrderedDict()
        self._prefixes: dict[tuple[int, ...], Tensor] = {}
        self._version = -1
        self.sampled_tokens = 0

    def sibling(self, *, name: str, adapter: str | None, sampling: Sampling | None = None) -> LocalAgent:
        """Another agent on the same weights in memory: another adapter, or other sampling."""
        return LocalAgent(
            Loaded(self.model, self.tokenizer, name),
            name=name,
            adapter=adapter,
            sampling=sampling or self.sampling,
            batch=self.batch,
            cache_gigabytes=self.cache_bytes / 1e9,
        )

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """Sample one reply an ask.

        Raises:
            ValueError: if a prompt and its reply do not fit the model's context.
        """
        replies: list[Reply] = []
        self._forget_if_trained()
        with merged(self.model, self.adapter):
            for start in range(0, len(asks), self.batch):
                replies += self._reply_batch(asks[start : start + self.batch])
        self._evict()
        return replies

    def forget(self) -> None:
        """Drop all remembered dialogues and shared prefixes."""
        self._threads.clear()
        self._prefixes.clear()

    def save(self, folder: Path) -> None:
        """Write this agent's adapter into ``folder``."""
        save_adapter(self.model, folder, name=self._own_adapter())

    def load(self, folder: Path) -> None:
        """Read an adapter written by ``save`` into this agent's own."""
        load_adapter(self.model, folder, name=self._own_adapter())
        self.forget()

    def _own_adapter(self) -> str:
        if self.adapter is None:
            raise ValueError(f"agent {self.name!r} is the bare base model and has no adapter to save or load")
        return self.adapter

    def _reply_batch(self, asks: Sequence[Ask]) -> list[Reply]:
        texts = [self.codec.text(ask.messages) for ask in asks]
        rows = [self._row(ask, text) for ask, text in zip(asks, texts, strict=True)]
        self._check_fit(rows)
        self._share_prefixes(asks, rows)
        sample(self.model, rows, settings=self.sampling, end_tokens=self.codec.end_tokens)
        replies = []
        for ask, text, row in zip(asks, texts, rows, strict=True):
            said = self.codec.decode(row.sampled)
            tokens = row.tokens + row.sampled
            whole = text + self.codec.decode(row.sampled, special=True)
            self._threads[(*ask.messages, Message("assistant", said))] = _Memory(tokens, whole, row.kv)
            self.sampled_tokens += len(row.sampled)
            replies.append(Reply(said, tuple(row.tokens), tuple(row.sampled), tuple(row.logprobs), row.stop))
        return replies

    def _row(self, ask: Ask, text: str) -> Row:
        """The ask's tokens: those of the remembered dialogue, then whatever is new."""
        spoken = [place for place, message in enumerate(ask.messages) if message.role == "assistant"]
        if spoken:
            memory = self._threads.get(ask.messages[: spoken[-1] + 1])
            if memory is not None and text.startswith(memory.text):
                kv, memory.kv = memory.kv, None
                return Row(memory.tokens + self.codec.encode(text[len(memory.text) :]), ask.seed, kv)
        return Row(self.codec.encode(text), ask.seed)

    def _share_prefixes(self, asks: Sequence[Ask], rows: Sequence[Row]) -> None:
        """Compute what fresh rows of one seat have in common (the rules) once."""
        fresh: dict[str, list[Row]] = {}
        for ask, row in zip(asks, rows, strict=True):
            if row.kv is None:
                fresh.setdefault(ask.seat, []).append(row)
        for group in fresh.values():
            # Each row keeps a token of its own: its logits are what the first draw is made from.
            own = (row.tokens[:-1] for row in group)
            shared = tuple(
                column[0] for column in takewhile(lambda column: len(set(column)) == 1, zip(*own, strict=False))
            )
            if len(group) < 2 or len(shared) < 8:
                continue
            if shared not in self._prefixes:
                slab = Slab(len(shared))
                with torch.inference_mode():
                    model_logits(self.model, slab, [shared], [0])
                self._prefixes[shared] = slab.take(0, len(shared))
            for row in group:
                row.kv = self._prefixes[shared]

    def _check_fit(self, rows: Sequence[Row]) -> None:
        room = getattr(self.model.config, "max_position_embeddings", None)
        longest = max(len(row.tokens) for row in rows) + self.sampling.max_new_tokens
        if room is not None and longest > room:
            raise ValueError(
                f"a prompt with its reply takes {longest} tokens and {self.name!r} has room for {room}; "
                "shorten the game (fewer turns, shorter utterances) or lower max_new_tokens"
            )

    def _forget_if_trained(self) -> None:
        """Keys and values are worth nothing once the weights have changed."""
        version = sum(parameter._version for parameter in self.model.parameters() if parameter.requires_grad)
        if version != self._version:
            self._version = version
            self.forget()

    def _evict(self) -> None:
        kept = 0
        for memory in reversed(self._threads.values()):
            if memory.kv is not None:
                kept += memory.kv.nbytes
                if kept > self.cache_bytes:
                    memory.kv = None
        while len(self._threads) > 16 * 1024:
            self._threads.popitem(last=False)
        while len(self._prefixes) > 16:
            del self._prefixes[next(iter(self._prefixes))]


def with_lora(loaded: Loaded, *, rank: int = 16, alpha: int = 32, seed: int = 0) -> Loaded:
    """The model with a fresh LoRA adapter ``default`` on all its linear layers; its first outputs are unchanged.

    The adapter's random half is drawn under ``seed`` without touching the global generator.
    """
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules="all-linear", lora_dropout=0.0, task_type="CAUSAL_LM")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model: Any = get_peft_model(loaded.model, config)
    return replace(loaded, model=model)


def save_adapter(model: PeftModel, folder: Path, *, name: str) -> None:
    """Write one adapter's weights and settings into ``folder``, in peft's own format."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {key: value.contiguous() for key, value in get_peft_model_state_dict(model, adapter_name=name).items()}
    save_file(weights, folder / "adapter_model.safetensors")
    model.peft_config[name].save_pretrained(str(folder))


def load_adapter(model: PeftModel, folder: Path, *, name: str) -> None:
    """Read an adapter from ``folder`` under ``name``; one of that name is overwritten, a new one is added untrained.

    Raises:
        FileNotFoundError: if ``folder`` holds no adapter.
    """
    source = folder / "adapter_model.safetensors"
    if not source.is_file():
        raise FileNotFoundError(f"no adapter in {folder}: {source.name} is missing")
    if name not in model.peft_config:
        # Rank and scale are the saved adapter's own; those of another would refuse its weights or change their effect.
        model.add_adapter(name, LoraConfig.from_pretrained(str(folder)))
        for key, parameter in model.named_parameters():
            if f".{name}." in key:
                parameter.requires_grad_(False)
    set_peft_model_state_dict(model, load_file(source), adapter_name=name)


@contextmanager
def merged(model: Any, adapter: str | None) -> Iterator[None]:
    """Within, the model computes with the adapter folded into its weights; afterwards they are the very same as before.

    peft's own merge and unmerge add and subtract, and drift by rounding. None folds nothing: the bare base model.
    """
    kept: list[tuple[Any, Tensor]] = []
    training = model.training
    model.eval()
    with torch.no_grad(), model.disable_adapter():
        try:
            layers: list[Any] = [layer for layer in model.modules() if isinstance(layer, LoraLayer)]
            for layer in layers:
                if adapter is not None and adapter in layer.lora_A:
                    weight = layer.get_base_layer().weight
                    kept.append((weight, weight.data))
                    weight.data = weight.data + layer.get_delta_weight(adapter)
            yield
        finally:
            for weight, data in kept:
                weight.data = data
            model.train(training)
