"""The one loop: episodes, examples, update, checkpoint, log; again.

A step is a round: its episodes are played (or read) with the policy as the step found it. Everything random in a step
comes from the run's seed and the step's number, so a run that is killed and resumed goes the very same way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from selftaught.algorithms.learner import ActorCritic, Algorithm, Learner
from selftaught.algorithms.turns import decisions, own_turns, retold
from selftaught.checkpoint import latest, prune, save
from selftaught.memory import give_back
from selftaught.progress import Meter, silent
from selftaught.store import shard_path, write_shard
from selftaught.summary import summarise
from selftaught.types import Codec, Episode, Tracker

Source = Callable[[int, int], list[Episode]]
"""``source(step, seed)``: the episodes of a step."""


class Trainable(Protocol):
    """What the loop needs of the agent that learns."""

    @property
    def codec(self) -> Codec:
        """How its model turns messages into tokens."""

    def save(self, folder: Path) -> None:
        """Write the trained weights."""

    def load(self, folder: Path) -> None:
        """Read them."""

    def forget(self) -> None:
        """Drop whatever is remembered of dialogues, so that a step does not depend on the one before."""


@dataclass(frozen=True)
class Loop:
    """How long and how often."""

    steps: int
    seed: int = 0
    keep: int = 2
    """Checkpoints kept; the last one of the run is always among them."""
    sampled: int = 4
    """Episodes in the table of samples, a step."""


def train(
    *,
    folder: Path,
    agent: Trainable,
    algorithm: Algorithm,
    learner: Learner,
    source: Source,
    tracker: Tracker,
    loop: Loop,
    meter: Meter = silent,
    evaluate: Callable[[int], Mapping[str, float]] = lambda step: {},
    agents: Collection[str] = (),
    seats: Collection[str] = (),
    foreign: Collection[str] = (),
    shown: Callable[[Episode], bool] = lambda episode: True,
) -> dict[str, float]:
    """Run or resume training in ``folder``; the figures of the last step.

    ``evaluate(step)`` is called after every step and may return nothing. Learned is from turns of ``agents`` and
    ``seats`` (all, if empty); ``foreign`` agents have another tokenizer; ``shown`` episodes count in the figures.
    """
    critic = algorithm if isinstance(algorithm, ActorCritic) else None
    found = latest(folder)
    start = 0 if found is None else found.step
    memory: Mapping[str, Any] = {} if found is None else found.state["memory"]
    if found is not None:
        agent.load(found.path / "adapter")
        learner.load(found.path)
    figures: dict[str, float] = {}
    for step in range(start, loop.steps):
        seed = step_seed(loop.seed, step)
        agent.forget()
        clock = perf_counter()
        episodes = source(step, seed)
        played = perf_counter()
        write_shard(shard_path(folder, step), episodes)
        seen = decisions(own_turns(retold(episodes, foreign), agents=agents, seats=seats))
        examples, memory = algorithm.examples(seen, memory, codec=agent.codec)
        advance = meter(f"step {step + 1}/{loop.steps}: learn", len(examples) * learner.config.epochs)
        learned = learner.update(
            examples,
            algorithm.loss,
            seed=seed,
            reference=algorithm.reference,
            estimate=None if critic is None else critic.estimate,
            stop_kl=None if critic is None else critic.stop_kl,
            progress=advance,
        )
        give_back()
        spent = {"time/play_seconds": played - clock, "time/learn_seconds": perf_counter() - played}
        told = summarise([episode for episode in episodes if shown(episode)])
        figures = {f"learn/{name}": value for name, value in learned.items()} | told | spent | dict(evaluate(step + 1))
        # Before it is saved: a resumed tracker drops rows without a checkpoint, but cannot invent one that is missing.
        tracker.log(figures, step + 1)
        tracker.table("episodes", _sampled(episodes, loop.sampled), step + 1)
        path = save(folder, step + 1, _writer(agent, learner), {"memory": dict(memory)})
        prune(folder, loop.keep, newest=step + 1)
        if step + 1 == loop.steps:
            tracker.artifact(str(path), "checkpoint")
    return figures


def step_seed(seed: int, step: int) -> int:
    """The seed of one step: independent of all other steps'."""
    return int(np.random.SeedSequence(seed, spawn_key=(step,)).generate_state(1, np.uint64)[0] >> 1)


def _writer(agent: Trainable, learner: Learner) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        agent.save(folder / "adapter")
        learner.save(folder)

    return write


def _sampled(episodes: Sequence[Episode], count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": episode.id,
            "end": episode.outcome.end,
            "reason": episode.outcome.reason,
            "transcript": "\n".join(f"{turn.ask.seat} ({turn.agent}): {turn.reply.text}" for turn in episode.turns),
        }
        for episode in episodes[:count]
    ]
