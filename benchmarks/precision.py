"""What bfloat16 products bring in learning: the same imitation in both precisions, in turn, and how far they differ.

``python -m selftaught.benchmarks.precision`` times a pass over 16 sequences of 350 tokens, of which 40 are learned, and
writes ``benchmarks/results/precision.json``.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import tyro

from selftaught.algorithms.examples import Example, Span
from selftaught.algorithms.learner import Learner
from selftaught.algorithms.losses import sft_loss
from selftaught.algorithms.optimisation import Optimisation
from selftaught.benchmarks import speed_work
from selftaught.benchmarks.record import RESULTS, record


@dataclass(frozen=True)
class Chosen:
    """Time the same learning in float32 and in bfloat16."""

    models: tuple[str, ...] = ("smollm2-135m", "pocket-study")
    """Short names, folders or hub ids."""
    repeats: int = 5
    """Of each precision, in turn."""
    results: Path = RESULTS
    """Where the result goes."""


def measure(name: str, *, repeats: int) -> dict[str, Any]:
    """Tokens a second in both precisions, their ratio repeat by repeat, and the distance of log-probabilities."""
    loaded = speed_work.model(name)
    pairs = speed_work.update_sequences(loaded, prompts=16, samples=1)
    examples = [
        Example((*prompt, *reply), (Span(len(prompt), len(prompt) + len(reply), value=1.0),)) for prompt, reply in pairs
    ]
    tokens = sum(len(example.tokens) for example in examples)
    # At a rate of 0 every pass is the first one.
    float32, bfloat16 = (
        Learner(loaded.model, Optimisation(learning_rate=0.0, batch=16, tokens=8192, precision=precision))
        for precision in ("float32", "bfloat16")
    )
    rates: tuple[list[float], list[float]] = ([], [])
    for number in range(repeats + 1):
        for learner, mine in zip((float32, bfloat16), rates, strict=True):
            begun = perf_counter()
            learner.update(examples, sft_loss, seed=0, reference="none")
            if number:  # the first is a warm-up
                mine.append(tokens / (perf_counter() - begun))
    full, short = (
        np.array([row.reference[row.spans[0].start :] for row in learner.with_reference(examples, bare=False)])
        for learner in (float32, bfloat16)
    )
    apart = np.abs(full - short)
    ratios = [fast / slow for slow, fast in zip(*rates, strict=True)]
    return {
        "model": name,
        "float32": statistics.median(rates[0]),
        "bfloat16": statistics.median(rates[1]),
        "ratio": {"median": statistics.median(ratios), "low": min(ratios), "high": max(ratios)},
        "apart": {"mean": float(apart.mean()), "most": float(apart.max())},
    }


def run(chosen: Chosen) -> Path:
    """Measure all models; where the result lies."""
    rows = [measure(name, repeats=chosen.repeats) for name in chosen.models]
    command = f"python -m selftaught.benchmarks.precision --models {' '.join(chosen.models)} --repeats {chosen.repeats}"
    return record("precision", command=command, seeds=[0], values={"rows": rows}, folder=chosen.results)


if __name__ == "__main__":
    print(run(tyro.cli(Chosen)))
