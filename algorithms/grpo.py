"""Group relative policy optimisation (GRPO, arXiv 2402.03300): samples of one task are each other's baseline.

A reward less the mean of its group is the advantage of every token of that seat in that game; no value model. Options
are those that later work argues for: no division by the standard deviation (Dr. GRPO, arXiv 2503.20783), a mean over
tokens instead of sequences and a higher upper clip (DAPO, arXiv 2503.14476).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from torch import Tensor

from selftaught.algorithms.advantages import group_advantages, leave_one_out_advantages, role_advantages
from selftaught.algorithms.examples import Batch, Example, sequences, token_weighted, with_spans
from selftaught.algorithms.learner import Reference
from selftaught.algorithms.losses import Figures, grpo_loss
from selftaught.types import Codec, Episode, Seat


@dataclass(frozen=True)
class Grpo:
    """Settings of GRPO; implements ``selftaught.algorithms.learner.Algorithm``."""

    clip_low: float = 0.2
    clip_high: float = 0.2
    kl: float = 0.0
    """Strength of the pull to the base: the bare model, or the adapter that the learner has for it."""
    advantage: Literal["group", "leave_one_out", "role"] = "group"
    """What a reward is compared with: its group's mean, the mean of the others in it (RLOO, arXiv 2402.14740), or the
    running mean of its seat (SPIRAL, arXiv 2506.24119), which needs no groups."""
    scale: bool = True
    """Divide by the group's standard deviation; for ``group`` alone."""
    rate: float = 0.95
    """How much of the running mean stays with every episode; for ``role`` alone."""
    normalise: Literal["sequence", "token"] = "sequence"
    """Whether every turn counts the same, or every token."""
    anchored: tuple[Seat, ...] = ()
    """Seats whose turns are only held near the base model, whatever they earn (SCoRe, arXiv 2409.12917, stage one)."""
    anchor: float = 0.1
    """Strength of the pull there."""

    def __post_init__(self) -> None:
        if self.anchored and not self.kl > 0:
            raise ValueError(f"anchored seats need a pull to the base model at all turns: kl above 0, not {self.kl}")

    @property
    def reference(self) -> Reference:
        """The base model, where there is any pull to it."""
        return "base" if self.kl else "none"

    def examples(
        self, episodes: Sequence[Episode], memory: Mapping[str, Any], *, codec: Codec
    ) -> tuple[list[Example], Mapping[str, Any]]:
        """All sampled turns with the advantage of their seat; groups whose rewards are all equal teach nothing.

        Turns of anchored seats are there in any case, without advantage.
        """
        found: list[Example] = []
        rows, memory = self._advantages(episodes, memory)
        for episode, row in zip(episodes, rows, strict=True):
            for seat, advantage in row.items():
                held = seat in self.anchored
                value, weight = (0.0, self.anchor / self.kl) if held else (advantage, 1.0)
                if value or held:
                    for example, _ in sequences(episode, seat, codec=codec):
                        spans = [replace(span, value=value, weight=weight) for span in example.spans]
                        found.append(with_spans(example, spans))
        return (token_weighted(found) if self.normalise == "token" else found), memory

    def _advantages(
        self, episodes: Sequence[Episode], memory: Mapping[str, Any]
    ) -> tuple[Sequence[Mapping[Seat, float]], Mapping[str, Any]]:
        match self.advantage:
            case "group":
                return group_advantages(episodes, scale=self.scale), memory
            case "leave_one_out":
                return leave_one_out_advantages(episodes), memory
            case "role":
                seats = sorted({seat for episode in episodes for seat in episode.outcome.rewards})
                baselines = memory.get("baselines", {})
                rows, after = role_advantages(episodes, seats, baselines=baselines, rate=self.rate)
                return rows, {**memory, "baselines": dict(after)}

    def loss(self, logprobs_BT: Tensor, batch: Batch) -> tuple[Tensor, Figures]:
        """See ``selftaught.algorithms.losses.grpo_loss``."""
        return grpo_loss(logprobs_BT, batch, clip_low=self.clip_low, clip_high=self.clip_high, kl=self.kl)
