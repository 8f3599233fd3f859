"""A model behind an OpenAI-compatible server as an agent: asks side by side, tried again, never lost.

A reply that does not come, however often it is asked for, is an empty text with ``stop`` "failed": its game goes on,
and ``ServerAgent.report`` says how many there were and why.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

import numpy as np

from selftaught.agents.server_wire import Fault, Wire, reply_of
from selftaught.types import Agent, Ask, Episode, Message, Reply

__all__ = ["Patience", "ServerAgent"]

KEY = "OPENAI_API_KEY"
CHAT = "/chat/completions"
PROBE = Ask("", (Message("user", "Say hello."),))
SEEDS = 1 << 31
"""Seeds that every server takes; llama.cpp's has 32 bits."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a reply is waited for; an ask whose limit of tries or of time is reached has failed.

    Tries that the server answered with 429, too many requests, are not counted: these end with the time alone. Between
    tries it waits ``first_wait`` seconds, then twice as long each time up to ``longest_wait``, less up to a half by
    chance, and never less than the server asks for.

    Raises:
        ValueError: if a limit is not positive.
    """

    tries: int = 10
    seconds: float = 600.0
    """For all tries of one ask."""
    request_seconds: float = 300.0
    """For one try. A server that takes one ask at a time lets the others wait within theirs."""
    first_wait: float = 0.5
    longest_wait: float = 30.0
    first_tries: int = 6
    """Of the very first ask, where a failure costs nothing yet."""

    def __post_init__(self) -> None:
        limits = (self.tries, self.seconds, self.request_seconds, self.first_wait, self.longest_wait, self.first_tries)
        if min(limits) <= 0:
            raise ValueError(f"all limits must be above 0: {self}")

    def wait(self, faults: int, fault: Fault, *, seed: int) -> float:
        """Seconds before the next try, after so many faults in a row."""
        grown = min(self.longest_wait, self.first_wait * 2.0 ** min(faults - 1, 30))
        return max(fault.wait, grown * np.random.default_rng([abs(seed), faults]).uniform(0.5, 1.0))


class ServerAgent:
    """Answers asks with chat completions of a server; implements ``selftaught.types.Streaming``.

    ``prompt_tokens``, ``tokens`` and ``logprobs`` of its replies are filled where the server tells all three (vLLM),
    and else empty.

    Args:
        url: up to what comes before ``/chat/completions``, such as ``http://127.0.0.1:8000/v1``.
        model: its name there.
        name: written into the turns; ``openai:URL#MODEL`` if empty.
        key: sent as a bearer token; None means that of the environment variable ``OPENAI_API_KEY``, if it is set.
        temperature: of sampling; 0 is greedy.
        max_new_tokens: at which a reply is cut short.
        concurrency: most asks under way at once.
        patience: how long a reply is waited for.

    Raises:
        ValueError: if the address is no HTTP address, or a number is out of range.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        name: str = "",
        key: str | None = None,
        temperature: float = 1.0,
        max_new_tokens: int = 32,
        concurrency: int = 16,
        patience: Patience | None = None,
    ) -> None:
        if temperature < 0 or max_new_tokens < 1 or concurrency < 1:
            raise ValueError(
                "a server agent needs temperature >= 0, max_new_tokens >= 1 and concurrency >= 1, "
                f"not {temperature}, {max_new_tokens} and {concurrency}"
            )
        self.wire = Wire(url.rstrip("/"), (os.environ.get(KEY, "") if key is None else key).strip())
        self.model = model
        self.name = name or f"openai:{self.wire.url}#{model}"
        self.temperature = temperature
        self.max_new_tokens = max_new_tokens
        self.concurrency = concurrency
        self.patience = patience or Patience()
        self.sampled_tokens = 0
        self.asked = 0
        self.retried: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self._last_failure = ""
        self._limit = "max_tokens"
        self._extras = ["return_token_ids", "logprobs", "seed"]
        self._checked = False
        self._answered = monotonic()
        self._down = False
        self._lock = Lock()

    def check(self, *, again: bool = False) -> None:
        """Make sure, once or ``again``, that the server is there and knows the model, and which settings it takes.

        Raises:
            ConnectionError: if it cannot be played with; the message has the address and the remedy.
        """
        self._checked = self._checked and not again
        while not self._checked:
            try:
                self._persist(PROBE, Event(), tries=self.patience.first_tries, first=True)
            except Fault as fault:
                if not self._ask_for_less(fault):
                    raise ConnectionError(self._remedy(fault)) from None
            else:
                self._checked = True

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """One reply an ask.

        Raises:
            ConnectionError: as ``check``.
        """
        replies = dict[int, Reply]()
        with self.stream() as stream:
            for key, ask in enumerate(asks):
                stream.put(key, ask)
            while len(stream):
                replies.update(stream.take())
        return [replies[key] for key in range(len(asks))]

    @contextmanager
    def stream(self) -> Iterator[_Stream]:
        """See ``selftaught.types.Streaming``. What is under way at the end is given up.

        Raises:
            ConnectionError: as ``check``.
        """
        self.check()
        stream = _Stream(self)
        try:
            yield stream
        finally:
            stream.close()

    def report(self) -> str:
        """What became of the asks, in one line."""
        parts = [f"{self.name}: {self.asked} asks"]
        if self.retried:
            parts.append(f"tried again after {_counted(self.retried)}")
        if self.failed:
            share = f"{self.failed.total()} failed and count as empty replies ({_counted(self.failed)})"
            parts.append(f"{share}; the last: {self._last_failure}")
        return ", ".join(parts)

    def answer(self, ask: Ask, given_up: Event) -> Reply:
        """The reply to one ask, an empty one that ``failed`` in the worst case; from any thread."""
        try:
            reply, sampled = self._persist(ask, given_up, tries=self.patience.tries)
        except Fault as fault:
            with self._lock:
                self.asked += 1
                self.failed[fault.reason] += 1
                self._last_failure = str(fault)
            return Reply("", stop="failed")
        with self._lock:
            self.asked += 1
            self.sampled_tokens += sampled
        return reply

    def _persist(self, ask: Ask, given_up: Event, *, tries: int, first: bool = False) -> tuple[Reply, int]:
        """Try until there is a reply, with the tokens sampled for it.

        Once an ask has failed while no other was answered, the server counts as down, and every ask gets one try until
        one is answered: games end soon then, though nobody stops them.

        Raises:
            Fault: the last one.
        """
        began = monotonic()
        counted = faults = 0
        while True:
            left = max(0.1, began + self.patience.seconds - monotonic())
            try:
                said = self.wire.send(CHAT, self._body(ask), seconds=min(left, self.patience.request_seconds))
                found = reply_of(said)
            except Fault as fault:
                faults += 1
                counted += not fault.busy
                wait = self.patience.wait(faults, fault, seed=ask.seed)
                late = monotonic() + wait - began > self.patience.seconds
                down = self._down and not fault.busy
                if fault.lasting or (first and fault.unreachable) or down or late or counted >= tries:
                    self._down = not fault.lasting and not fault.busy and self._answered < began
                    raise
                with self._lock:
                    told = bool(self.retried)
                    self.retried[fault.reason] += 1
                if not told:
                    print(f"{self.name}: {fault.reason}; trying again, up to {tries} times", file=sys.stderr)
                if given_up.wait(wait):
                    raise
            else:
                self._answered, self._down = monotonic(), False
                return found

    def _body(self, ask: Ask) -> dict[str, Any]:
        """The request; lone surrogates, which no server decodes, become question marks."""
        messages = [
            {"role": message.role, "content": message.content.encode("utf-8", "replace").decode("utf-8")}
            for message in ask.messages
        ]
        extras = {"return_token_ids": True, "logprobs": True, "seed": ask.seed % SEEDS}
        return {
            "model": self.model,
            "messages": messages,
            "temperature": self.temperature,
            self._limit: self.max_new_tokens,
            **{name: extras[name] for name in self._extras},
        }

    def _ask_for_less(self, fault: Fault) -> bool:
        """Leave out settings that the server refuses, those it names or else any one; whether there were some."""
        if self._limit == "max_tokens" and "max_completion_tokens" in fault.told:
            self._limit = "max_completion_tokens"
            return True
        unnamed = self._extras[:1] if fault.status in (400, 422) else []
        refused = [name for name in self._extras if name in fault.told] or unnamed
        self._extras = [name for name in self._extras if name not in refused]
        return bool(refused)

    def _remedy(self, fault: Fault) -> str:
        """Why there can be no game with the server, and what to do."""
        url = self.wire.url
        if fault.status in (401, 403):
            return f"{url} refuses the key ({fault}): put the right one in {KEY}"
        if fault.status == 404:
            return f"{url} has no model {self.model!r}, or the address is wrong ({fault}): {self._known()}"
        if fault.status:
            return f"{url} refuses to reply as {self.model!r} ({fault})"
        return f"no server replies at {url} ({fault}): start it, or correct the address"

    def _known(self) -> str:
        """What to write instead."""
        try:
            listed = self.wire.send("/models", None, seconds=10.0)
            return f"after the # stands one of {', '.join(str(one['id']) for one in listed['data'])}"
        except (Fault, LookupError, TypeError):
            return "it ends before /chat/completions, mostly in /v1"


class _Stream:
    """Asks under way at a server, each in a thread of its own; implements ``selftaught.types.Stream``."""

    def __init__(self, agent: ServerAgent) -> None:
        self._agent = agent
        self._given_up = Event()
        self._waiting: SimpleQueue[tuple[int, Ask] | None] = SimpleQueue()
        self._found: SimpleQueue[tuple[int, Reply | Exception]] = SimpleQueue()
        self._threads = 0
        self._open = 0

    def put(self, key: int, ask: Ask) -> None:
        self._open += 1
        self._waiting.put((key, ask))
        if self._threads < min(self._open, self._agent.concurrency):
            self._threads += 1
            # A daemon, for Ctrl-C must not wait until a server has said its last word.
            Thread(target=self._work, daemon=True).start()

    def take(self) -> list[tuple[int, Reply]]:
        replies: list[tuple[int, Reply]] = []
        while self._open and not (replies and self._found.empty()):
            key, reply = self._found.get()
            self._open -= 1
            if isinstance(reply, Exception):
                raise reply
            replies.append((key, reply))
        return replies

    def __len__(self) -> int:
        return self._open

    def close(self) -> None:
        self._given_up.set()
        for _ in range(self._threads):
            self._waiting.put(None)

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None and not self._given_up.is_set():
            key, ask = item
            try:
                self._found.put((key, self._agent.answer(ask, self._given_up)))
            except Exception as error:  # a mistake of ours: shown where the reply is waited for, not lost in a thread
                self._found.put((key, error))


def _counted(reasons: Counter[str]) -> str:
    return ", ".join(f"{count} x {reason}" for reason, count in reasons.most_common())


def still_there(agents: Iterable[Agent], played: Sequence[Episode]) -> None:
    """Where replies failed, make sure that the servers are still there: the silence of one that is not is no play.

    Raises:
        ConnectionError: if one is not.
    """
    if any(turn.reply.stop == "failed" for episode in played for turn in episode.turns):
        for agent in agents:
            if isinstance(agent, ServerAgent):
                agent.check(again=True)
