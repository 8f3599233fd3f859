"""Sequences that begin alike go through the model once.

A pack is one row: the common beginning, then the rest of each sequence, which sees the beginning and itself and nothing
of the others, at the positions that it would have had alone. So hidden states and gradients are those of the sequences
apart, and the samples of one prompt cost one prompt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import torch
from torch import Tensor

from selftaught.algorithms.examples import Example, tensors_of

LEAST_SHARED = 16
"""Tokens of a common beginning for which a pack is made at all."""


@dataclass(frozen=True, slots=True)
class Pack:
    """``rows`` of a batch whose first ``shared`` tokens are the same; ``size`` tokens go through the model."""

    rows: tuple[int, ...]
    shared: int
    size: int


@dataclass(frozen=True, slots=True)
class Packed:
    """Packs as tensors: ``tokens_PN`` and ``positions_PN``, who sees whom, and where each token of the batch went.

    ``visible_PNN`` is None where every pack is one sequence: then causality is all there is. ``pack_B`` and
    ``place_BT`` say in which pack and place token ``t`` of sequence ``b`` lies.
    """

    tokens_PN: Tensor
    positions_PN: Tensor
    visible_PNN: Tensor | None
    pack_B: Tensor
    place_BT: Tensor

    def to(self, device: torch.device) -> Packed:
        """The same packs where a model is."""
        return replace(self, **{name: part.to(device) for name, part in tensors_of(self).items()})


def plan(sequences: Sequence[Sequence[int]], *, ratio: float) -> list[Pack]:
    """Packs of sequences with a common beginning, wherever that costs less.

    ``n`` tokens alone cost ``n (ratio + n / 2)`` and in a pack ``n (ratio + n)``: ``ratio`` is how many keys a query
    sees at the price of one token in the linear layers, and a pack's attention is not skipped where it is masked.
    """
    order = sorted(range(len(sequences)), key=lambda row: tuple(sequences[row]))
    packs: list[Pack] = []
    for row in order:
        tokens = sequences[row]
        alone = Pack((row,), len(tokens), len(tokens))
        if packs:
            last = packs[-1]
            # All of a pack share what its first row shares with the newcomer: the rows are in lexical order.
            shared = min(last.shared, _shared(sequences[last.rows[0]], tokens))
            rests = sum(len(sequences[other]) - shared for other in last.rows) + len(tokens) - shared
            joined = Pack((*last.rows, row), shared, shared + rests)
            if shared >= LEAST_SHARED and _cost(joined, ratio) < _cost(last, ratio) + _cost(alone, ratio):
                packs[-1] = joined
                continue
        packs.append(alone)
    return packs


def chunks(examples: Sequence[Example], *, tokens: int, ratio: float) -> Iterator[list[Example]]:
    """Cut into lists whose packs are of like size and together, padded, at most ``tokens`` (or a single block).

    The two examples of a preference stay together, one after the other.
    """
    chunk: list[Pack] = []
    packs = plan([example.tokens for example in examples], ratio=ratio)
    for block in sorted(_blocks(packs, examples), key=_widest):
        if chunk and (len(chunk) + len(block)) * max(_widest(chunk), _widest(block)) > tokens:
            yield _in_order(chunk, examples)
            chunk = []
        chunk += block
    if chunk:
        yield _in_order(chunk, examples)


def _blocks(packs: Sequence[Pack], examples: Sequence[Example]) -> list[list[Pack]]:
    """Packs that must stay together, since one holds what is preferred to something in the other."""
    blocks = [[one] for one in packs]
    block_of = {row: block for block in blocks for one in block for row in one.rows}
    for row, example in enumerate(examples):
        if example.rejected and block_of[row] is not block_of[row - 1]:
            first, second = block_of[row - 1], block_of[row]
            first += second
            block_of.update((moved, first) for one in second for moved in one.rows)
    return list({id(block): block for block in block_of.values()}.values())


def _widest(packs: Sequence[Pack]) -> int:
    return max(one.size for one in packs)


def _in_order(packs: Sequence[Pack], examples: Sequence[Example]) -> list[Example]:
    return [examples[row] for row in sorted(row for one in packs for row in one.rows)]


def apart(tokens_BT: Tensor) -> Packed:
    """Every sequence of a batch padded on the right in a pack of its own."""
    count, longest = tokens_BT.shape
    places_BT = torch.arange(longest, device=tokens_BT.device).expand(count, -1)
    return Packed(tokens_BT, places_BT, None, torch.arange(count, device=tokens_BT.device), places_BT)


def pack(tokens_BT: Tensor, length_B: Tensor, *, ratio: float) -> Packed:
    """The packs of a padded batch."""
    device, tokens_BT = tokens_BT.device, tokens_BT.cpu()  # where packs are made; elsewhere each step would be a wait
    lengths: list[int] = length_B.tolist()
    sequences = [row[:length] for row, length in zip(tokens_BT.tolist(), lengths, strict=True)]
    packs = plan(sequences, ratio=ratio)
    count, longest = tokens_BT.shape
    own_T = torch.arange(longest)
    if len(packs) == count:
        return apart(tokens_BT).to(device)
    size = max(one.size for one in packs)
    tokens_PN = torch.zeros(len(packs), size, dtype=torch.long)
    positions_PN = torch.zeros(len(packs), size, dtype=torch.long)
    segment_PN = torch.full((len(packs), size), -1)
    pack_B = torch.zeros(count, dtype=torch.long)
    place_BT = own_T.repeat(count, 1)
    for index, one in enumerate(packs):
        shared = one.shared
        tokens_PN[index, :shared] = tokens_BT[one.rows[0], :shared]
        positions_PN[index, :shared] = own_T[:shared]
        segment_PN[index, :shared] = 0
        start = shared
        for segment, row in enumerate(one.rows, start=1):
            stop = start + lengths[row] - shared
            tokens_PN[index, start:stop] = tokens_BT[row, shared : lengths[row]]
            positions_PN[index, start:stop] = own_T[shared : lengths[row]]
            segment_PN[index, start:stop] = segment
            pack_B[row] = index
            place_BT[row, shared:] = own_T[shared:] + start - shared
            start = stop
    key_P1N, query_PN1 = segment_PN[:, None], segment_PN[:, :, None]
    causal_NN = torch.ones(size, size, dtype=torch.bool).tril()
    # Padding (-1) sees itself, so that no query is without a key.
    visible_PNN = causal_NN & ((key_P1N == 0) | (key_P1N == query_PN1))
    return Packed(tokens_PN, positions_PN, visible_PNN, pack_B, place_BT).to(device)


def _cost(one: Pack, ratio: float) -> float:
    return one.size * (ratio + (one.size / 2 if len(one.rows) == 1 else one.size))


def _shared(first: Sequence[int], second: Sequence[int]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))
