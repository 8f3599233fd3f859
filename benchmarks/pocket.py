"""The pocket model: a few million weights, trained on this machine from what the games have to tell.

It makes learning curves a matter of minutes on a processor, with no download.
"""

from __future__ import annotations

import shutil
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

    A build that was interrupted goes on from its last checkpoint, in a hidden folder beside.

    Args:
        folder: must not exist.
        seed: fixes everything.
        meter: shows the steps.
        chats: what to learn from, instead of ``pocket_chats(seed)``.

    Raises:
        OSError: if ``folder`` is taken by something that is no model.
        ValueError: if a build with another seed or other chats was interrupted there.
    """
    from selftaught.algorithms.pretrain import Pretraining, pretrain

    advance: Advance | None = None
    shown = 0

    def show(done: int, total: int, loss: float) -> None:
        nonlocal advance, shown
        if advance is None:
            advance = meter("train the pocket model", total)
        advance(done - shown)
        shown = done

    said = pocket_chats(seed) if chats is None else chats
    workspace = folder.with_name(f".{folder.name}-unfinished")
    pretrained = pretrain(said, config=Pretraining(seed=seed), workspace=workspace, progress=show)
    place(folder, pretrained.save)
    shutil.rmtree(workspace, ignore_errors=True)
    return pretrained.loss
