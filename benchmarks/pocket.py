"""The pocket model: a few million weights, trained on this machine from what the games have to tell.

It makes learning curves a matter of minutes on a processor, with no download.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from selftaught.agents.local_models import place
from selftaught.envs.registry import games
from selftaught.progress import Advance, Meter, silent
from selftaught.types import Message

Chats = Sequence[Sequence[Message]]


def pocket_chats(seed: int) -> list[tuple[Message, ...]]:
    """The corpora of all games that have one; each draws from its own generator, so a new game changes no other's."""
    return [
        chat
        for name, entry in sorted(games().items())
        if entry.corpus is not None
        for chat in entry.corpus(np.random.default_rng([seed, *name.encode()]))
    ]


def build_pocket(folder: Path, *, seed: int, meter: Meter = silent, chats: Chats | None = None) -> float:
    """Train the pocket model into ``folder``, which appears when it is whole; the loss at the end, in nats a token.

    Args:
        folder: must not exist.
        seed: fixes everything.
        meter: shows the steps.
        chats: what to learn from, instead of ``pocket_chats(seed)``.

    Raises:
        OSError: if ``folder`` is taken by something that is no model.
    """
    from selftaught.algorithms.pretrain import Pretraining, pretrain

    advance: Advance | None = None
    loss = float("nan")

    def show(done: int, total: int, loss: float) -> None:
        nonlocal advance
        if advance is None:
            advance = meter("train the pocket model", total)
        advance(1)

    def write(aside: Path) -> None:
        nonlocal loss
        said = pocket_chats(seed) if chats is None else chats
        loss = pretrain(said, config=Pretraining(seed=seed), folder=aside, progress=show)

    place(folder, write)
    return loss
