"""A language model as an agent: transformers with LoRA adapters, continuous batching, exact tokens kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selftaught.agents.local_adapters import check_adapter, load_adapter, merged, save_adapter, with_lora
from selftaught.agents.local_codec import ChatCodec
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_engine import Engine, Row, Steps
from selftaught.agents.local_fused import fuse
from selftaught.agents.local_models import Loaded
from selftaught.agents.local_modules import ModuleSteps
from selftaught.agents.local_slab import Held, Slab, geometry
from selftaught.types import Ask, Message, Reply

__all__ = ["LocalAgent", "Sampling", "load_adapter", "merged", "save_adapter", "with_lora"]

Thread = tuple[Message, ...]

MOST_THREADS = 16 * 1024
MOST_FOLDED = 2


@dataclass(slots=True)
class _Memory:
    """One dialogue as this agent left it: exact ``tokens``, the ``text`` they spell, perhaps their keys and values."""

    tokens: list[int]
    text: str
    kv: Held | None


@dataclass
class _Folded:
    """The model for sampling as each of its adapters; shared by all agents on the same weights.

    An adapter is folded into a copy of the weights, so those that learn are never touched. The copies of the adapters
    used last are kept until they are dropped, and made anew once the weights have changed.
    """

    model: Any
    _steps: OrderedDict[str | None, tuple[int, Steps]] = field(default_factory=OrderedDict)

    def steps(self, adapter: str | None) -> tuple[Steps, int]:
        """The model as ``adapter``, and a number that changes whenever its weights do."""
        version = sum(
            parameter._version
            for name, parameter in self.model.named_parameters()
            if ".lora_" not in name or f".{adapter}." in name
        )
        known = self._steps.pop(adapter, None)
        if known is None or known[0] != version:
            known = (version, fuse(self.model, adapter) or ModuleSteps(self.model, adapter))
        self._steps[adapter] = known
        while len(self._steps) > MOST_FOLDED:
            self._steps.popitem(last=False)
        return known[1], version

    def drop(self, adapter: str | None) -> None:
        """Give up the copy of one adapter."""
        self._steps.pop(adapter, None)


class LocalAgent:
    """Answers asks with a causal language model on this machine.

    A dialogue's own tokens and their keys and values are kept between turns, so a turn reads only what is new and the
    prompt of turn ``k + 1`` extends prompt and reply of turn ``k`` token by token.

    Args:
        loaded: model and tokenizer; a model without any adapter plays as it is, and ``with_lora`` gives it one.
        name: written into the turns; also of past selves, so that a transcript tells them apart.
        adapter: which of the model's adapters speaks; None is the bare base model.
        sampling: how replies are drawn.
        batch: most dialogues in one forward pass.
        cache_gigabytes: bound on all keys and values, those of dialogues between turns included; the oldest go first.

    Raises:
        ValueError: if the model has adapters and none of that name, or one that cannot be sampled from.
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
        if batch < 1:
            raise ValueError(f"batch, the dialogues in one forward pass, must be at least 1, not {batch}")
        self.model: Any = loaded.model
        self.tokenizer = loaded.tokenizer
        self.codec = ChatCodec(loaded.tokenizer, ends=_ends(loaded.model))
        self.name = name or loaded.name
        self.adapter = adapter if hasattr(loaded.model, "peft_config") else None
        if self.adapter is not None:
            check_adapter(loaded.model, self.adapter)
        self.sampling = sampling or Sampling()
        self.batch = batch
        self.cache_bytes = int(cache_gigabytes * 1e9)
        self.sampled_tokens = 0
        self._folded = _Folded(self.model)
        self._threads: OrderedDict[Thread, _Memory] = OrderedDict()
        self._kept: OrderedDict[int, _Memory] = OrderedDict()
        self._engine: Engine | None = None
        self._version = -1

    def sibling(self, *, name: str, adapter: str | None, sampling: Sampling | None = None) -> LocalAgent:
        """Another agent on the same weights in memory: another adapter, or other sampling."""
        agent = LocalAgent(
            Loaded(self.model, self.tokenizer, name),
            name=name,
            adapter=adapter,
            sampling=sampling or self.sampling,
            batch=self.batch,
            cache_gigabytes=self.cache_bytes / 1e9,
        )
        agent._folded = self._folded
        return agent

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """Sample one reply an ask.

        Raises:
            ValueError: if a prompt and its reply do not fit the model's context or the cache.
        """
        engine = self._ready()
        # What a stream has under way is not to be run here.
        stream = _Stream(self, self._new_engine(engine.steps) if engine.busy else engine)
        replies = dict[int, Reply]()
        try:
            for key, ask in enumerate(asks):
                stream.put(key, ask)
            while len(replies) < len(asks):
                replies.update(stream.take())
        except BaseException:
            if stream.engine is self._engine:
                self._engine = None  # it still has rows that nobody waits for
            raise
        return [replies[key] for key in range(len(asks))]

    @contextmanager
    def stream(self) -> Iterator[_Stream]:
        """See ``selftaught.types.Streaming``. Afterwards the dialogues are forgotten."""
        self.forget()
        try:
            yield _Stream(self, self._ready())
        finally:
            self.forget()

    def forget(self) -> None:
        """Drop all dialogues, every key and value, and the copy of the weights: learning needs the memory."""
        self._forget_dialogues()
        self._folded.drop(self.adapter)

    def _forget_dialogues(self) -> None:
        self._threads.clear()
        self._kept.clear()
        self._engine = None

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

    def _ready(self) -> Engine:
        """The engine, a new one where the weights have changed: keys and values are worth nothing then."""
        steps, version = self._folded.steps(self.adapter)
        if version != self._version:
            self._version = version
            self._forget_dialogues()
        if self._engine is None:
            self._engine = self._new_engine(steps)
        return self._engine

    def _new_engine(self, steps: Steps) -> Engine:
        some = next(self.model.parameters())
        return Engine(
            steps,
            Slab(geometry(self.model.config), device=some.device, dtype=some.dtype, bytes=self.cache_bytes),
            settings=self.sampling,
            end_tokens=self.codec.end_tokens,
            batch=self.batch,
        )

    def _row(self, ask: Ask, text: str) -> Row:
        """The ask's tokens: those of the remembered dialogue, then whatever is new."""
        row = Row(self.codec.encode(text), ask.seed) if (known := self._known(ask, text)) is None else known
        room = getattr(self.model.config, "max_position_embeddings", None)
        longest = len(row.tokens) + self.sampling.max_new_tokens
        if room is not None and longest > room:
            raise ValueError(
                f"a prompt with its reply takes {longest} tokens and {self.name!r} has room for {room}; "
                "shorten the game (fewer turns, shorter utterances) or lower max_new_tokens"
            )
        return row

    def _known(self, ask: Ask, text: str) -> Row | None:
        spoken = [place for place, message in enumerate(ask.messages) if message.role == "assistant"]
        memory = self._threads.get(ask.messages[: spoken[-1] + 1]) if spoken else None
        if memory is None or not text.startswith(memory.text):
            return None
        self._kept.pop(id(memory), None)
        kv, memory.kv = memory.kv, None
        return Row(memory.tokens + self.codec.encode(text[len(memory.text) :]), ask.seed, kv)

    def _finish(self, ask: Ask, text: str, row: Row) -> Reply:
        """The reply of a row that has ended; its dialogue is remembered."""
        said = self.codec.decode(row.sampled)
        whole = text + self.codec.decode(row.sampled, special=True)
        memory, thread = _Memory(row.tokens + row.sampled, whole, row.kv), (*ask.messages, Message("assistant", said))
        if (replaced := self._threads.get(thread)) is not None:
            self._kept.pop(id(replaced), None)
        self._threads[thread] = self._kept[id(memory)] = memory
        self.sampled_tokens += len(row.sampled)
        return Reply(said, tuple(row.tokens), tuple(row.sampled), tuple(row.logprobs), row.stop)

    def _evict(self, slab: Slab) -> None:
        """Give up keys and values of the dialogues that are silent longest, then the oldest dialogues themselves."""
        bytes_held = sum(0 if one.kv is None else one.kv.nbytes for one in self._kept.values())
        if slab.nbytes + bytes_held > self.cache_bytes:
            slab.trim()
        bytes_kept = slab.nbytes + bytes_held
        while self._kept and bytes_kept > self.cache_bytes:
            _, memory = self._kept.popitem(last=False)
            if memory.kv is not None:
                bytes_kept -= memory.kv.nbytes
                memory.kv = None
        while len(self._threads) > MOST_THREADS:
            self._threads.popitem(last=False)


class _Stream:
    """Asks under way in an agent's engine; implements ``selftaught.types.Stream``."""

    def __init__(self, agent: LocalAgent, engine: Engine) -> None:
        self.agent = agent
        self.engine = engine
        self._open: dict[int, tuple[int, Ask, str, Row]] = {}

    def put(self, key: int, ask: Ask) -> None:
        text = self.agent.codec.text(ask.messages)
        row = self.agent._row(ask, text)
        self.engine.add(row)
        self._open[id(row)] = (key, ask, text, row)

    def take(self) -> list[tuple[int, Reply]]:
        found = []
        for ended in self.engine.run():
            key, ask, text, row = self._open.pop(id(ended))
            found.append((key, self.agent._finish(ask, text, row)))
        self.agent._evict(self.engine.slab)
        return found

    def __len__(self) -> int:
        return len(self._open)


def _ends(model: Any) -> tuple[int, ...]:
    """The tokens at which the model's own settings end a reply: often more than the tokenizer's one."""
    found = getattr(model.generation_config, "eos_token_id", None)
    return (found,) if isinstance(found, int) else tuple(found or ())
