"""Self-play of adversarial language games (SPAG, arXiv 2404.10642, section 3.3), as published and with signed rewards.

``rewards="winner"`` is the published code: the winner's turns alone, reward 1 spread over them with geometric decay,
role weights from the share of wins, no baseline; what the other seat gave away by breaking the rules is no win.
``rewards="signed"`` trains both seats on the zero-sum reward less a running baseline for each seat (SPIRAL, arXiv
2506.24119), which the published code could not train; every turn gets the whole advantage there, or its share of it
when ``decay`` is below 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from torch import Tensor

from selftaught.algorithms.advantages import geometric_shares, role_advantages, role_weights
from selftaught.algorithms.examples import Batch, Example, Span, sequences, with_spans
from selftaught.algorithms.learner import Reference
from selftaught.algorithms.losses import Figures, spag_loss
from selftaught.algorithms.turns import wins
from selftaught.types import Codec, Episode, Seat


@dataclass(frozen=True)
class Spag:
    """Settings of self-play; implements ``selftaught.algorithms.learner.Algorithm``."""

    rewards: Literal["winner", "signed"] = "winner"
    decay: float = 0.8
    """Geometric decay over a seat's turns, the last turn most; 1 spreads equally."""
    kl: float = 0.2
    clip: float = 0.2
    detach_kl: bool = False
    sft: float = 0.0
    """Weight of a supervised term on ``mix`` (0.5 as published, there on instruction data)."""
    mix: tuple[Example, ...] = ()
    baseline_rate: float = 0.95

    @property
    def reference(self) -> Reference:
        """The policy that played the round's games."""
        return "start"

    def examples(
        self, episodes: Sequence[Episode], memory: Mapping[str, Any], *, codec: Codec
    ) -> tuple[list[Example], Mapping[str, Any]]:
        """Sequences with a value for each turn; ``memory`` carries the seats' baselines."""
        seats = sorted({seat for episode in episodes for seat in episode.outcome.rewards})
        if self.rewards == "winner":
            won = [(seat, episode) for episode in episodes for seat in wins(episode)]
            weights = role_weights([seat for seat, _ in won], seats)
            found = [
                example
                for seat, episode in won
                for example in self._valued(episode, seat, codec=codec, total=1.0, weight=weights[seat])
            ]
        else:
            baselines = memory.get("baselines", {})
            advantages, after = role_advantages(episodes, seats, baselines=baselines, rate=self.baseline_rate)
            memory = {**memory, "baselines": after}
            found = [
                example
                for episode, row in zip(episodes, advantages, strict=True)
                for seat, advantage in row.items()
                for example in self._valued(episode, seat, codec=codec, total=advantage, weight=1.0)
            ]
        return found + list(self.mix), memory

    def loss(self, logprobs_BT: Tensor, batch: Batch) -> tuple[Tensor, Figures]:
        """See ``selftaught.algorithms.losses.spag_loss``."""
        return spag_loss(logprobs_BT, batch, kl=self.kl, clip=self.clip, sft=self.sft, detach_kl=self.detach_kl)

    def _valued(self, episode: Episode, seat: Seat, *, codec: Codec, total: float, weight: float) -> list[Example]:
        turns = len(episode.turns_of(seat))
        if turns == 0:
            return []
        shares = geometric_shares(turns, decay=self.decay)
        # Signed rewards keep their size at decay 1: SPIRAL gives every turn of a role the whole advantage.
        scale = turns if self.rewards == "signed" else 1
        valued = []
        for example, numbers in sequences(episode, seat, codec=codec):
            spans: list[Span] = [
                replace(span, value=total * scale * shares[number], weight=weight)
                for span, number in zip(example.spans, numbers, strict=True)
            ]
            valued.append(with_spans(example, spans))
        return valued


def as_mix(examples: Sequence[Example]) -> tuple[Example, ...]:
    """Examples for ``Spag.mix``: all their spans become supervised ones of weight 1."""
    return tuple(
        with_spans(example, [replace(span, kind="sft", weight=1.0) for span in example.spans]) for example in examples
    )
