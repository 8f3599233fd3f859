"""Proximal policy optimisation (PPO, arXiv 1707.06347) over the tokens of dialogues, with a value head.

Every trained token of a seat in a game is a step of one episode: prompts and the other seats' words lie between them
as transitions. A turn's reward comes with its last token, and advantages are generalised ones (GAE, arXiv 1506.02438).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from torch import Tensor

from selftaught.algorithms.advantages import generalised_advantages
from selftaught.algorithms.examples import Batch, Example, sequences, token_weighted, with_spans
from selftaught.algorithms.learner import Reference
from selftaught.algorithms.losses import Figures, ppo_loss
from selftaught.types import Codec, Episode, Seat


@dataclass(frozen=True)
class Ppo:
    """Settings of PPO; implements ``selftaught.algorithms.learner.ActorCritic``."""

    clip: float = 0.2
    value_clip: float | None = 0.2
    """How far a value may move from the old one before its error stops counting; None: no clipping."""
    value_weight: float = 0.1
    """Of the critic's loss beside the policy's."""
    discount: float = 1.0
    """From token to token (gamma)."""
    trace: float = 0.95
    """Between one-step errors (0) and whole returns (1): GAE's lambda."""
    kl: float = 0.0
    """Strength of the pull to the base: the bare model, or the adapter that the learner has for it."""
    kl_in: Literal["reward", "loss"] = "reward"
    """Whether that pull is taken off the reward of every token, or added to the loss as the k3 estimate."""
    normalise: bool = True
    """Advantages with mean 0 and standard deviation 1 over a round."""
    stop_kl: float | None = 0.05
    """An update ends once the policy is so far (nats a token) from the one that sampled; None: never."""

    @property
    def reference(self) -> Reference:
        """The base model, where there is any pull to it."""
        return "base" if self.kl else "none"

    def examples(
        self, episodes: Sequence[Episode], memory: Mapping[str, Any], *, codec: Codec
    ) -> tuple[list[Example], Mapping[str, Any]]:
        """All turns with what each was paid, in the order of play; every token counts the same."""
        found = [
            example
            for episode in episodes
            for seat in episode.outcome.rewards
            for example in _paid_sequences(episode, seat, codec=codec)
        ]
        return token_weighted(found), memory

    def estimate(self, examples: Sequence[Example]) -> list[Example]:
        """The examples with ``advantages`` and ``returns`` of their trained tokens."""
        found: list[Example] = []
        for game in _games(examples):
            places = [(number, place) for number, one in enumerate(game) for place in _trained(one)]
            rewards = np.array([reward for one in game for reward in self._rewards(one)])
            values = np.array([game[number].values[place] for number, place in places])
            advantages = generalised_advantages(rewards, values, discount=self.discount, trace=self.trace)
            rows = [[0.0] * len(one.tokens) for one in game], [[0.0] * len(one.tokens) for one in game]
            for (number, place), advantage, value in zip(places, advantages, values, strict=True):
                rows[0][number][place], rows[1][number][place] = float(advantage), float(advantage + value)
            for one, row, back in zip(game, *rows, strict=True):
                found.append(replace(one, advantages=tuple(row), returns=tuple(back)))
        return _normalised(found) if self.normalise else found

    def loss(self, logprobs_BT: Tensor, batch: Batch) -> tuple[Tensor, Figures]:
        """See ``selftaught.algorithms.losses.ppo_loss``."""
        kl = self.kl if self.kl_in == "loss" else 0.0
        return ppo_loss(
            logprobs_BT, batch, clip=self.clip, value_clip=self.value_clip, value_weight=self.value_weight, kl=kl
        )

    def _rewards(self, example: Example) -> Iterator[float]:
        """Of every trained token: the turn's at its last one, less the pull to the reference at each."""
        for span in example.spans:
            for place in range(span.start, span.stop):
                pull = example.sampled[place] - example.reference[place] if self.kl and self.kl_in == "reward" else 0.0
                yield (span.value if place == span.stop - 1 else 0.0) - self.kl * pull


def _paid_sequences(episode: Episode, seat: Seat, *, codec: Codec) -> list[Example]:
    """A seat's sequences, each span with what its turn was paid; the last turn gets the rest of the seat's reward."""
    turns = episode.turns_of(seat)
    paid = [turn.reward for turn in turns]
    if paid:
        paid[-1] = episode.outcome.rewards[seat] - sum(paid[:-1])
    return [
        with_spans(
            example, [replace(span, value=paid[turn]) for span, turn in zip(example.spans, numbers, strict=True)]
        )
        for example, numbers in sequences(episode, seat, codec=codec)
    ]


def _games(examples: Sequence[Example]) -> Iterator[list[Example]]:
    """Examples of one seat in one game together."""
    game: list[Example] = []
    for example in examples:
        if game and not example.continues:
            yield game
            game = []
        game.append(example)
    if game:
        yield game


def _trained(example: Example) -> Iterator[int]:
    for span in example.spans:
        yield from range(span.start, span.stop)


def _normalised(examples: Sequence[Example]) -> list[Example]:
    """Advantages of all trained tokens with mean 0 and standard deviation 1."""
    every = np.array([one.advantages[place] for one in examples for place in _trained(one)])
    mean, spread = float(every.mean()), float(every.std())

    def scaled(one: Example) -> Example:
        row = [0.0] * len(one.tokens)
        for place in _trained(one):
            row[place] = (one.advantages[place] - mean) / (spread + 1e-8)
        return replace(one, advantages=tuple(row))

    return [scaled(one) for one in examples]
