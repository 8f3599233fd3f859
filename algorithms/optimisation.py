"""How an update is made; apart from the learner, so that a command line can offer it without loading torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Optimisation:
    """How weights are updated."""

    learning_rate: float = 2e-4
    """Of AdamW."""
    warmup: int = 2
    """Optimiser steps over which the rate rises, counted over the whole run."""
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
