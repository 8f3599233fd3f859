"""Games whose best policy is known, learned by every online algorithm from rewards alone; and where lambda matters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, repeat
from typing import Any

import numpy as np
import pytest
import torch

from selftaught.agents.local import LocalAgent, Sampling, with_lora
from selftaught.agents.local_adapters import copy_adapter
from selftaught.agents.local_fake import fake
from selftaught.algorithms.advantages import generalised_advantages
from selftaught.algorithms.examples import Example, Span
from selftaught.algorithms.grpo import Grpo
from selftaught.algorithms.learner import ActorCritic, Algorithm, Learner
from selftaught.algorithms.losses import imitation_loss
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.ppo import Ppo
from selftaught.rollout import rollout
from selftaught.types import Ask, Message, Outcome, Task

Said = tuple[str, ...]


@dataclass(frozen=True)
class Chain:
    """``length`` one-token turns, each asked for by its number alone; the first ``deciding`` are paid if they are good.

    A good turn is a byte of ASCII where its number is even, another one where it is odd.
    """

    length: int = 1
    deciding: int = 2
    name: str = "chain"
    seats: tuple[str, ...] = ("x",)

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """One task for ever."""
        return (Task(str(number), {}) for number, _ in enumerate(repeat(None)))

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> Said:
        """Nothing said."""
        return ()

    def ask(self, state: Said) -> Ask | None:
        """The next turn."""
        if len(state) == self.length:
            return None
        return Ask("x", (Message("user", "abc"[len(state)] * 8),))

    def tell(self, state: Said, text: str) -> Said:
        """Keep what was said."""
        return (*state, text)

    def outcome(self, state: Said) -> Outcome:
        """The share of the deciding turns that were good."""
        good = [(text[:1] < "\x80") == (place % 2 == 0) for place, text in enumerate(state[: self.deciding])]
        return Outcome("end", {"x": float(np.mean(good))})

    def metrics(self, state: Said, task: Task) -> Mapping[str, float]:
        """Nothing."""
        return {}


ALGORITHMS: Mapping[str, Callable[[], Algorithm]] = {
    "grpo": Grpo,
    "rloo": lambda: Grpo(advantage="leave_one_out"),
    "role": lambda: Grpo(advantage="role", rate=0.9),
    "ppo": lambda: Ppo(stop_kl=None, value_weight=0.5),
}


def learn(algorithm: Algorithm, game: Chain, *, steps: int, rate: float = 1e-2) -> list[float]:
    """The mean reward of every step, before its update."""
    critic = algorithm if isinstance(algorithm, ActorCritic) else None
    loaded: Any = fake()
    with torch.no_grad():
        loaded.model.model.norm.weight.mul_(6)  # else no adapter can move its nearly even distribution by much
    agent = LocalAgent(with_lora(loaded, rank=8, alpha=16), sampling=Sampling(max_new_tokens=1))
    learner = Learner(agent.model, Optimisation(learning_rate=rate, warmup=1, batch=16), critic=critic is not None)
    memory: Mapping[str, Any] = {}
    means = []
    for step in range(steps):
        agent.forget()
        episodes = rollout(game, islice(game.tasks("train", 0), 4), {"x": agent}, seed=step, samples=16)
        means.append(float(np.mean([one.outcome.rewards["x"] for one in episodes])))
        found, memory = algorithm.examples(episodes, memory, codec=agent.codec)
        learner.update(
            found,
            algorithm.loss,
            seed=step,
            reference=algorithm.reference,
            estimate=None if critic is None else critic.estimate,
        )
    return means


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_bandit_is_solved(name: str) -> None:
    means = learn(ALGORITHMS[name](), Chain(1), steps=10)
    assert means[0] < 0.8 and np.mean(means[-3:]) > 0.97


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_chain_of_two_steps_is_solved(name: str) -> None:
    means = learn(ALGORITHMS[name](), Chain(2), steps=27, rate=4e-3)
    # Once solved, all that is left is noise, and normalised advantages make it large: what counts is to get there.
    assert means[0] < 0.6 and max(np.mean(means[step : step + 3]) for step in range(len(means) - 2)) > 0.95


def test_in_a_corridor_lambda_carries_the_reward_back() -> None:
    """Three turns of which the first alone decides, and a critic that is not trained: all its values are 0.

    With lambda 0 a turn is credited with what the critic says of the next one, so the first learns nothing of its own,
    only from what it shares with the others; with lambda 1 it is credited with the reward at the end.
    """
    corridor = Chain(3, deciding=1)
    blind, seeing = (
        learn(Ppo(trace=trace, value_weight=0.0, stop_kl=None), corridor, steps=10) for trace in (0.0, 1.0)
    )
    assert np.mean(seeing[-3:]) > 0.95 and np.mean(blind[:6]) < np.mean(seeing[:6]) - 0.15


def test_in_a_noisy_corridor_a_short_trace_is_the_steadier_one() -> None:
    """Twenty steps with noisy rewards of which the first decides, and a critic that knows: both ends are unbiased."""
    random = np.random.default_rng(0)
    good = random.random(2000) < 0.5
    rewards = random.normal(size=(2000, 20))
    rewards[:, -1] += good
    values = np.repeat(good[:, None].astype(float), 20, axis=1)
    values[:, 0] = 0.5
    spread = {}
    for trace in (0.0, 0.95, 1.0):
        pairs = zip(rewards, values, strict=True)
        found = np.array([generalised_advantages(row, value, discount=1.0, trace=trace)[0] for row, value in pairs])
        assert found[good].mean() - found[~good].mean() == pytest.approx(1, abs=0.5)
        spread[trace] = float(found[good].std())
    assert spread[0.0] < 0.5 * spread[0.95] < spread[1.0]


def test_group_samples_of_a_step_share_a_group() -> None:
    agent = LocalAgent(with_lora(fake(), rank=2, alpha=4), sampling=Sampling(max_new_tokens=1))
    episodes = rollout(Chain(), islice(Chain().tasks("train", 0), 2), {"x": agent}, seed=0, samples=3)
    assert [one.group for one in episodes] == ["0/0"] * 3 + ["1/1"] * 3
    assert replace(episodes[0], id="") != replace(episodes[1], id="")
    (task,) = islice(Chain().tasks("train", 0), 1)
    again = rollout(Chain(), [task, task], {"x": agent}, seed=0, samples=2)
    assert [one.group for one in again] == ["0/0", "0/0", "0/1", "0/1"]  # of one task, but each its own


def test_the_base_can_be_the_policy_that_was_taught_before() -> None:
    agent = LocalAgent(with_lora(fake(), rank=4), sampling=Sampling(max_new_tokens=1))
    taught = Learner(agent.model, Optimisation(learning_rate=0.05, warmup=1))
    texts = [Example((*b"abcdef",), (Span(1, 6),)), Example((*b"fedcba",), (Span(2, 6),))]
    taught.update(texts, partial(imitation_loss, kl=0.0), seed=0, reference="none")
    now = [example.reference for example in taught.with_reference(texts, bare=False)]
    copy_adapter(agent.model, name="default", to="taught")
    learner = Learner(agent.model, Optimisation(learning_rate=0.05, warmup=1), base="taught")
    assert [example.reference for example in learner.with_reference(texts, bare=True)] == now
    assert [example.reference for example in taught.with_reference(texts, bare=True)] != now  # nothing learned
    learner.update(texts, partial(imitation_loss, kl=0.0), seed=0, reference="base")
    assert [example.reference for example in learner.with_reference(texts, bare=True)] == now
    assert [example.reference for example in learner.with_reference(texts, bare=False)] != now
    assert agent.model.active_adapter == "default"
