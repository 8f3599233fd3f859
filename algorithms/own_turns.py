"""Learn from one agent's turns only, where others sat at the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from selftaught.algorithms.examples import Batch, Example
from selftaught.algorithms.learner import Algorithm, Reference
from selftaught.algorithms.losses import Figures
from selftaught.types import Codec, Episode


@dataclass(frozen=True)
class OwnTurns:
    """An algorithm that sees of every episode the turns of ``agent`` alone; itself an ``Algorithm``.

    A policy gradient is of the policy's own samples; what a scripted opponent said is none. Rewards stay as they were.
    """

    algorithm: Algorithm
    agent: str

    @property
    def reference(self) -> Reference:
        """That of the algorithm within."""
        return self.algorithm.reference

    def examples(
        self, episodes: Sequence[Episode], memory: Mapping[str, Any], *, codec: Codec
    ) -> tuple[list[Example], Mapping[str, Any]]:
        """The examples of the agent's own turns."""
        own = [
            replace(episode, turns=tuple(turn for turn in episode.turns if turn.agent == self.agent))
            for episode in episodes
        ]
        return self.algorithm.examples(own, memory, codec=codec)

    def loss(self, logprobs_BT: Tensor, batch: Batch) -> tuple[Tensor, Figures]:
        """That of the algorithm within."""
        return self.algorithm.loss(logprobs_BT, batch)
