"""Continued pre-training: the texts themselves, token by token, without any question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from selftaught.algorithms.examples import Batch, Example, Span, token_weighted
from selftaught.algorithms.learner import Reference
from selftaught.algorithms.losses import Figures, imitation_loss
from selftaught.types import Codec, Episode


@dataclass(frozen=True)
class Reading:
    """Learns what turns say as plain text; implements ``selftaught.algorithms.learner.Algorithm``."""

    reference: Reference = field(default="none", init=False)

    def examples(
        self, episodes: Sequence[Episode], memory: Mapping[str, Any], *, codec: Codec
    ) -> tuple[list[Example], Mapping[str, Any]]:
        """Every reply without its prompt; all tokens but the first are trained, and count the same."""
        texts = [codec.reply(turn.reply.text) for episode in episodes for turn in episode.turns]
        found = [Example(tokens, (Span(1, len(tokens)),)) for tokens in texts if len(tokens) > 1]
        return token_weighted(found), memory

    def loss(self, logprobs_BT: Tensor, batch: Batch) -> tuple[Tensor, Figures]:
        """The mean negative log-likelihood of a token."""
        return imitation_loss(logprobs_BT, batch, kl=0.0)
