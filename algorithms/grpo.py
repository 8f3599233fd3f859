"""Group relative policy optimisation (GRPO, arXiv 2402.03300): samples of one task are each other's baseline.

A reward less the mean of its group is the advantage of every token of that seat in that game; no value model. Options
are those that later work argues for: no division by the standard deviation (Dr. GRPO, arXiv 2503.20783), a mean over
tokens instead of sequences and a higher upper clip (DAPO, arXiv 2503.14476).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from torch import Tensor

from selftaught.algorithms.examples import Batch, Example, Span, sequences, with_spans
from selftaught.algorithms.learner import Reference
from selftaught.algorithms.losses import Figures, grpo_loss
from selftaught.types import Codec, Episode, Seat


@dataclass(frozen=True)
class Grpo:
    """Settings of GRPO; implements ``selftaught.algorithms.learner.Algorithm``."""

    clip_low: float = 0.2
    clip_high: float = 0.2
    kl: float = 0.0
    """Strength of the pull to the base model."""
    scale: bool = True
    """Divide an advantage by its group's standard deviation."""
    normalise: Literal["sequence", "token"] = "sequence"
    """Whether every turn counts the same, or every token."""

    @property
    def reference(self) -> Reference:
        """The base model, where there is any pull to it."""
        return "base" if self.kl else "none"

    def examples(
        self, episodes: Sequence[Episode], memory: Mapping[str, Any], *, codec: Codec
    ) -> tuple[list[Example], Mapping[str, Any]]:
        """All sampled turns with the advantage of their seat; groups whose rewards are all equal teach nothing."""
        found: list[Example] = []
        for episode, row in zip(episodes, group_advantages(episodes, scale=self.scale), strict=True):
            for seat, advantage in row.items():
                if advantage:
                    for example, _ in sequences(episode, seat, codec=codec):
                        found.append(with_spans(example, [replace(span, value=advantage) for span in example.spans]))
        return (token_weighted(found) if self.normalise == "token" else found), memory

    def loss(self, logprobs_BT: Tensor, batch: Batch) -> tuple[Tensor, Figures]:
        """See ``selftaught.algorithms.losses.grpo_loss``."""
        return grpo_loss(logprobs_BT, batch, clip_low=self.clip_low, clip_high=self.clip_high, kl=self.kl)


def group_advantages(episodes: Sequence[Episode], *, scale: bool) -> list[Mapping[Seat, float]]:
    """Rewards less the mean of their group, by seat; with ``scale`` over its (sample) standard deviation + 1e-4."""
    groups: dict[tuple[str, Seat], list[float]] = defaultdict(list)
    for episode in episodes:
        for seat, reward in episode.outcome.rewards.items():
            groups[episode.group, seat].append(reward)

    def advantage(episode: Episode, seat: Seat) -> float:
        rewards = groups[episode.group, seat]
        centred = episode.outcome.rewards[seat] - float(np.mean(rewards))
        return centred / (float(np.std(rewards, ddof=1)) + 1e-4) if scale and len(rewards) > 1 else centred

    return [{seat: advantage(episode, seat) for seat in episode.outcome.rewards} for episode in episodes]


def token_weighted(examples: Sequence[Example]) -> list[Example]:
    """Spans weighted by their length, with mean weight 1: every token then counts the same."""
    lengths = [span.stop - span.start for example in examples for span in example.spans]
    mean = float(np.mean(lengths)) if lengths else 1.0

    def weighted(span: Span) -> Span:
        return replace(span, weight=span.weight * (span.stop - span.start) / mean)

    return [with_spans(example, [weighted(span) for span in example.spans]) for example in examples]
