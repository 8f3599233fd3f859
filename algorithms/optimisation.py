"""How an update is made; apart from the learner, so that a command line can offer it without loading torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Optimisation:
    """How weights are updated."""

    learning_rate: float = 2e-4
    """Of AdamW."""
    warmup: int = 2
    """Optimiser steps over which the rate rises, counted over the whole run."""
    fade: int = 0
    """Optimiser steps, over the whole run, in which the rate falls evenly to a tenth of itself; 0: it stays."""
    batch: int = 16
    """Sequences an optimiser step."""
    grouped: bool = False
    """Keep sequences that begin with the same prompt, as the samples of a task do, in one batch: the prompt is then
    computed once. A batch may grow by up to one such group."""
    epochs: int = 1
    """Passes over the examples of a step."""
    tokens: int = 4096
    """Padded tokens in one forward pass; larger batches are accumulated."""
    clip_norm: float = 1.0
    """Largest norm of a gradient."""
    weight_decay: float = 0.0
    """Of AdamW."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the products within the layers (autocast); weights, gradients and the vocabulary product stay float32. With
    bfloat16 a processor that has such products learns about twice as fast, and log-probabilities differ by some 0.03
    from those that were sampled: good for imitation and preferences, less so for PPO, GRPO and SPAG, which compare
    the two."""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant: a negative limit of the norm, say, would turn every gradient round.

        Raises:
            ValueError: if a setting is out of range.
        """
        least = {"warmup": 0, "fade": 0, "batch": 1, "epochs": 1, "tokens": 1, "learning_rate": 0, "weight_decay": 0}
        for name, bound in least.items():
            if not bound <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be at least {bound}, not {getattr(self, name)}")
        if not self.clip_norm > 0:
            raise ValueError(f"clip_norm must be above 0 (inf: never clip), not {self.clip_norm}")

    def rate(self, step: int) -> float:
        """The learning rate of an optimiser step, counted from 1 over the whole run."""
        risen = min(1.0, step / max(1, self.warmup))
        fallen = min(1.0, step / self.fade) if self.fade else 0.0
        return self.learning_rate * risen * (1 - 0.9 * fallen)
