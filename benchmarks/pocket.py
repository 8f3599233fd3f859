"""Pocket models: a few million weights, trained on this machine from what the games have to tell.

It makes learning curves a matter of minutes on a processor, with no download.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from selftaught.agents.local_models import place
from selftaught.algorithms.pretrain import Pretraining, pretrain
from selftaught.envs.registry import entry
from selftaught.progress import Advance, Meter, silent
from selftaught.types import Message

Chats = Sequence[Sequence[Message]]


@dataclass(frozen=True)
class Pocket:
    """What a pocket model is made of: games' corpora, and how it is trained."""

    games: tuple[str, ...]
    pretraining: Pretraining
    share: float = 1.0
    """Of each corpus's chats, drawn at random."""


COPYING = Pretraining(vocabulary=1024, single_digits=True, induction=True, learning_rate=1.2e-3, embedding_rate=3e-4)
"""Of a model that has to find again what it has read. At higher rates it forgets how to: see docs/log.md."""

POCKETS: Mapping[str, Pocket] = {
    "pocket": Pocket(("taboo",), Pretraining()),
    # Sums are learned digit by digit, and there are fewer words than taboo has.
    "pocket-plan": Pocket(("graph_plan",), Pretraining(vocabulary=1024, single_digits=True, batch_tokens=4096)),
    "pocket-judge": Pocket(("self_reward",), Pretraining(vocabulary=1024, single_digits=True)),
    "pocket-reflect": Pocket(("reflect",), COPYING),
    "pocket-study": Pocket(("self_study",), COPYING),
    "pocket-steps": Pocket(("sequence",), COPYING),
    "pocket-hardware": Pocket(("hardware",), COPYING),
    "pocket-suite": Pocket(
        ("taboo", "graph_plan", "self_reward", "reflect", "self_study", "sequence", "hardware"),
        replace(COPYING, vocabulary=2048),
        share=1 / 6,
    ),
}


def pocket_chats(name: str, seed: int) -> Iterator[tuple[Message, ...]]:
    """The corpora of a pocket model's games, made as they are taken."""
    pocket, chosen = POCKETS[name], np.random.default_rng([seed, 1])
    for game in map(entry, pocket.games):
        assert game.corpus is not None
        chats = game.corpus(np.random.default_rng([seed, *game.name.encode()]))
        yield from (chat for chat in chats if chosen.random() < pocket.share)


def build_pocket(folder: Path, name: str, *, seed: int, meter: Meter = silent, chats: Chats | None = None) -> float:
    """Train a pocket model into ``folder``, which appears when it is whole; the loss at the end, in nats a token.

    A build that was interrupted goes on from its last checkpoint, in a hidden folder beside.

    Args:
        folder: must not exist.
        name: which of ``POCKETS``.
        seed: fixes everything.
        meter: shows the steps.
        chats: what to learn from, instead of ``pocket_chats(name, seed)``.

    Raises:
        OSError: if ``folder`` is taken by something that is no model.
        ValueError: if a build with another seed or other chats was interrupted there.
    """
    advance: Advance | None = None
    shown = 0

    def show(done: int, total: int, loss: float) -> None:
        nonlocal advance, shown
        if advance is None:
            advance = meter(f"train {name}", total)
        advance(done - shown)
        shown = done

    said = list(pocket_chats(name, seed)) if chats is None else chats
    workspace = folder.with_name(f".{folder.name}-unfinished")
    config = replace(POCKETS[name].pretraining, seed=seed)
    pretrained = pretrain(said, config=config, workspace=workspace, progress=show)
    place(folder, pretrained.save)
    shutil.rmtree(workspace, ignore_errors=True)
    return pretrained.loss
