"""Scorers that need no model of their own: agents that say how likely an answer is right, from 0 to 1.

They take the seat of a scorer in ``reflect``; ``ask.view`` has the ``question`` (messages) and the ``answer``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selftaught.hidden import public_part
from selftaught.types import Agent, Ask, Reply


@dataclass(frozen=True)
class Agreement:
    """The share of fresh answers to the same question that are the same (self-consistency, arXiv 2203.11171).

    Args:
        agent: who answers anew.
        samples: how often.
    """

    agent: Agent
    samples: int = 4
    name: str = "agreement"

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """``Score:`` and the share."""
        again = [
            Ask("thinker", ask.view["question"], ask.view, seed=int(seed))
            for ask in asks
            for seed in np.random.default_rng(ask.seed).integers(2**63, size=self.samples)
        ]
        texts = [_bare(public_part(reply.text)) for reply in self.agent.reply(again)]
        return [
            scored(float(np.mean([text == _bare(ask.view["answer"]) for text in texts[start : start + self.samples]])))
            for ask, start in zip(asks, range(0, len(texts), self.samples), strict=True)
        ]


def scored(value: float) -> Reply:
    """A reply that a game reads as this score.

    Raises:
        ValueError: if the value is not from 0 to 1.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"a score is from 0 to 1, not {value}")
    return Reply(f"Score: {value:.4f}")


def _bare(text: str) -> str:
    return " ".join(text.lower().split()).strip(" .")
