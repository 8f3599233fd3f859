"""Continuous batching: a row that ends leaves its slot at once, and the next in the queue enters beside the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np
import torch
from torch import Tensor

from selftaught.agents.local_draw import Sampling, draw
from selftaught.agents.local_slab import Feed, Held, Slab
from selftaught.types import Stop

Steps = Callable[[Slab, Sequence[Feed]], Tensor]
"""A model: feeds the first slots their new tokens and returns the logits [A, V] after each row's last one."""

LEAST_SHARED = 8
"""Tokens that two prompts must have in common for one to copy the other's keys and values."""
MOST_NEW = 4096
"""New tokens at which a step admits no further row; bounds the memory of a forward pass."""
COLUMN_STEP = 128


@dataclass(slots=True, eq=False)
class Row:
    """One sequence in the making.

    ``tokens`` is the prompt, ``kv`` covers a beginning of it, or nothing if it is None. ``sampled``, ``logprobs`` (at
    temperature 1, nats) and ``stop`` are filled by the engine, which then leaves all but the last token in ``kv``.
    """

    tokens: list[int]
    seed: int
    kv: Held | None = None
    sampled: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    stop: Stop = "length"


@dataclass(slots=True)
class _Slot:
    """What a slot holds: ``tokens`` whose keys and values are there, and the row that is being continued, if any."""

    row: Row | None
    tokens: list[int]
    uniform: list[float]

    def new(self) -> Sequence[int]:
        """The tokens to feed."""
        assert self.row is not None
        prompt, sampled, held = self.row.tokens, self.row.sampled, len(self.tokens)
        return sampled[-1:] if sampled else prompt[held:]


class Engine:
    """Continues rows in a slab of slots, all of them one token a step.

    A prompt that begins like one whose keys and values are still in a slot copies that beginning: samples of one task
    share their prompt, and games their rules. What a row draws follows from its seed alone.

    Args:
        steps: the model.
        slab: where keys and values lie.
        settings: how tokens are drawn.
        end_tokens: the tokens that end a reply.
        batch: most rows in one step.
    """

    def __init__(
        self,
        steps: Steps,
        slab: Slab,
        *,
        settings: Sampling,
        end_tokens: frozenset[int],
        batch: int,
    ) -> None:
        self.steps = steps
        self.slab = slab
        self.settings = settings
        self.end_tokens = end_tokens
        self.batch = batch
        self.queue: deque[Row] = deque()
        self._slots: list[_Slot] = []
        self._active = 0

    @property
    def busy(self) -> bool:
        """Whether there are rows that have not ended."""
        return bool(self.queue) or any(slot.row is not None for slot in self._slots)

    def add(self, row: Row) -> None:
        """Queue a row.

        Raises:
            ValueError: if it cannot fit even when it is alone.
        """
        if self._columns(row) > self.slab.room:
            raise ValueError(
                f"a prompt of {len(row.tokens)} tokens and its reply need {self._columns(row)} columns of keys and "
                f"values, and the cache has room for {self.slab.room}: raise cache_gigabytes or shorten the prompt"
            )
        self.queue.append(row)

    def run(self) -> list[Row]:
        """Step until at least one row ends; the rows that did. Empty only if there is nothing to do."""
        self._admit()
        while self._active:
            feeds = [(len(slot.tokens), slot.new()) for slot in self._slots[: self._active]]
            logits_AV = self.steps(self.slab, feeds)
            for slot, (_, new) in zip(self._slots, feeds, strict=False):
                slot.tokens.extend(new)
            if ended := self._draw(logits_AV):
                return ended
            self._admit()
        return []

    def _draw(self, logits_AV: Tensor) -> list[Row]:
        """Draw a token for every row; the rows that end by it give up their slots."""
        active = self._slots[: self._active]
        points = [slot.uniform[len(slot.row.sampled)] for slot in active if slot.row is not None]
        uniform_A = torch.tensor(points, device=logits_AV.device, dtype=torch.float64)
        tokens_A, logprobs_A = draw(logits_AV, uniform_A, self.settings)
        ended = []
        drawn = zip(active, tokens_A.tolist(), logprobs_A.tolist(), strict=True)
        for place, (slot, token, logprob) in enumerate(drawn):
            row = slot.row
            assert row is not None
            row.sampled.append(token)
            row.logprobs.append(logprob)
            if token in self.end_tokens or len(row.sampled) == self.settings.max_new_tokens:
                row.stop = "end" if token in self.end_tokens else "length"
                row.kv = self.slab.take(place, len(slot.tokens))
                slot.row = None
                ended.append(row)
        return ended

    def _admit(self) -> None:
        """Fill free slots from the queue, and what then is still free from the end, so that the rows stand in front."""
        entering: list[Row] = []
        waiting: list[Row] = []
        new = 0
        while self.queue and new < MOST_NEW:
            row = self.queue[0]
            live = sum(slot.row is not None for slot in self._slots[: self._active])
            if live >= self.batch or not self._reserve(row, live=live):
                break
            self.queue.popleft()
            source, shared = (-1, 0) if row.kv is not None else self._likest(row)
            # Better to enter a step later and copy than to compute the same beginning twice at once.
            if row.kv is None and any(_shared(row.tokens, other.tokens) > shared + LEAST_SHARED for other in entering):
                waiting.append(row)
                continue
            new += len(row.tokens) - (shared if row.kv is None else row.kv.count)
            self._enter(row, source=source, shared=shared)
            entering.append(row)
        self.queue.extendleft(reversed(waiting))
        self._close_gaps()

    def _reserve(self, row: Row, *, live: int) -> bool:
        """Make room for one more row; whether there is."""
        columns = max(self._columns(row), self.slab.columns)
        if max(live + 1, self.slab.slots) * columns > self.slab.room:
            if live:
                return False
            self._slots, self._active = [], 0
            self.slab.clear()
            columns = self._columns(row)
        wanted = min(self.batch, live + len(self.queue), self.slab.room // columns)
        self.slab.reserve(max(wanted, live + 1), columns)
        return True

    def _columns(self, row: Row) -> int:
        """Columns that a row needs, in steps, so that a slab is seldom enlarged."""
        return -(-(len(row.tokens) + self.settings.max_new_tokens) // COLUMN_STEP) * COLUMN_STEP

    def _likest(self, row: Row) -> tuple[int, int]:
        """The slot whose tokens begin most like the row's prompt, and how many they share.

        A row keeps a token of its own: its logits are what the first draw is made from.
        """
        own = row.tokens[:-1]
        found = max(((_shared(own, slot.tokens), -place) for place, slot in enumerate(self._slots)), default=(0, 0))
        return (-found[1], found[0]) if found[0] >= LEAST_SHARED else (-1, 0)

    def _enter(self, row: Row, *, source: int, shared: int) -> None:
        place = next((place for place in range(self._active) if self._slots[place].row is None), self._active)
        if place == self._active:
            self._active += 1
            if place == len(self._slots):
                self._slots.append(_Slot(None, [], []))
        if row.kv is not None:
            shared = row.kv.count
            self.slab.put(place, row.kv)
            row.kv = None
        elif shared and source != place:
            self.slab.copy(source, place, shared)
        uniform = np.random.default_rng(row.seed).random(self.settings.max_new_tokens).tolist()
        self._slots[place] = _Slot(row, row.tokens[:shared], uniform)

    def _close_gaps(self) -> None:
        """Move the last rows into the slots that nobody entered."""
        place = 0
        while place < self._active:
            if self._slots[self._active - 1].row is None:
                self._active -= 1
            elif self._slots[place].row is None:
                self._active -= 1
                last = self._slots[self._active]
                self.slab.copy(self._active, place, len(last.tokens))
                self._slots[place] = last
                self._slots[self._active] = _Slot(None, list(last.tokens), [])
            else:
                place += 1


def _shared(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two sequences have in common from their beginnings."""
    least = min(len(first), len(second))
    if first[:LEAST_SHARED] != second[:LEAST_SHARED]:
        return 0
    if first[:least] == second[:least]:
        return least
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
