"""Imitation: learn from the turns of those who won (SPAG, arXiv 2404.10642, section 3.2; teachers are any agents).

Only the winner's turns are trained, and of the winners only those in ``of``: whoever sits there to be beaten wins now
and then by luck. Seats count equally, whatever their share of wins. A pull to the base model keeps the language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from torch import Tensor

from selftaught.algorithms.advantages import role_weights
from selftaught.algorithms.examples import Batch, Example, sequences, token_weighted, with_spans
from selftaught.algorithms.learner import Reference
from selftaught.algorithms.losses import Figures, imitation_loss
from selftaught.algorithms.turns import wins
from selftaught.types import Codec, Episode, Seat


@dataclass(frozen=True)
class Imitation:
    """Settings of imitation; implements ``selftaught.algorithms.learner.Algorithm``."""

    kl: float = 0.1
    """Strength of the pull to the reference."""
    of: tuple[str, ...] = ()
    """Names of the agents whose wins are learned from; everybody's if empty."""
    earned_only: bool = True
    """Leave out wins that the other seat gave away by breaking the rules."""
    normalise: Literal["sequence", "token"] = "sequence"
    """Whether every turn counts the same, or every token, as supervised fine-tuning has it."""

    @property
    def reference(self) -> Reference:
        """The base model, where there is any pull to it."""
        return "base" if self.kl else "none"

    def examples(
        self, episodes: Sequence[Episode], memory: Mapping[str, Any], *, codec: Codec
    ) -> tuple[list[Example], Mapping[str, Any]]:
        """The winners' turns, weighted so that all seats count the same."""
        won = [(seat, episode) for episode in episodes for seat in self._winners(episode)]
        seats = {seat for episode in episodes for seat in episode.outcome.rewards}
        weights = role_weights([seat for seat, _ in won], sorted(seats))
        found = []
        for seat, episode in won:
            for example, _ in sequences(episode, seat, codec=codec):
                found.append(with_spans(example, [replace(span, weight=weights[seat]) for span in example.spans]))
        return (token_weighted(found) if self.normalise == "token" else found), memory

    def loss(self, logprobs_BT: Tensor, batch: Batch) -> tuple[Tensor, Figures]:
        """See ``selftaught.algorithms.losses.imitation_loss``."""
        return imitation_loss(logprobs_BT, batch, kl=self.kl)

    def _winners(self, episode: Episode) -> list[Seat]:
        """The seats whose win is to be learned from."""
        return [
            seat
            for seat in wins(episode, earned_only=self.earned_only)
            if not self.of or all(turn.agent in self.of for turn in episode.turns_of(seat))
        ]
