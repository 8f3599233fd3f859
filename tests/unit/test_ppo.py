"""PPO: advantages and losses by hand and by naive loops, and the critic's way through learner and checkpoint."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from selftaught.agents.local import with_lora
from selftaught.agents.local_codec import ChatCodec
from selftaught.agents.local_fake import byte_tokenizer, fake
from selftaught.algorithms.advantages import generalised_advantages
from selftaught.algorithms.examples import Batch, Example, Span, collate
from selftaught.algorithms.grpo import Grpo
from selftaught.algorithms.learner import ActorCritic, Learner, trained_hidden
from selftaught.algorithms.losses import ppo_loss
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.ppo import Ppo
from selftaught.types import Ask, Episode, Outcome, Reply, Task, Turn

NUMBERS = st.lists(st.tuples(st.floats(-2, 2), st.floats(-2, 2)), min_size=1, max_size=12)


def test_advantages_by_hand() -> None:
    found = generalised_advantages(np.array([0.0, 0.0, 1.0]), np.array([0.5, 0.2, 0.4]), discount=0.9, trace=0.5)
    errors = [0.9 * 0.2 - 0.5, 0.9 * 0.4 - 0.2, 1 - 0.4]
    last, middle = errors[2], errors[1] + 0.45 * errors[2]
    assert found == pytest.approx([errors[0] + 0.45 * middle, middle, last])


@given(NUMBERS, st.sampled_from((0.5, 1.0)))
def test_the_two_ends_of_the_trace(numbers: list[tuple[float, float]], discount: float) -> None:
    rewards, values = (np.array(column) for column in zip(*numbers, strict=True))
    whole = generalised_advantages(rewards, values, discount=discount, trace=1.0)
    single = generalised_advantages(rewards, values, discount=discount, trace=0.0)
    following = [*values[1:], 0.0]
    for step in range(len(numbers)):
        back = sum(discount**ahead * reward for ahead, reward in enumerate(rewards[step:]))
        assert whole[step] == pytest.approx(back - values[step], abs=1e-9)
        assert single[step] == pytest.approx(rewards[step] + discount * following[step] - values[step], abs=1e-9)


def turn(prompt: tuple[int, ...], tokens: tuple[int, ...], *, reward: float = 0.0) -> Turn:
    return Turn(Ask("a", ()), Reply("", prompt, tokens, (-1.0,) * len(tokens), "end"), "p", reward)


def episode(*turns: Turn, reward: float) -> Episode:
    return Episode("e", "toy", Task("t", {}), "t", turns, Outcome("end", {"a": reward}), {})


def test_turns_are_paid_at_their_last_token_and_the_last_one_gets_the_rest() -> None:
    merged = episode(turn((1, 2), (3, 4), reward=0.25), turn((1, 2, 3, 4, 5), (6,)), reward=1.0)
    ((example,), _) = Ppo().examples([merged], {}, codec=ChatCodec(byte_tokenizer()))
    assert [span.value for span in example.spans] == [0.25, 0.75]
    valued = replace(example, values=(0.0, 0.0, 0.1, 0.2, 0.0, 0.3))
    algorithm = Ppo(normalise=False, trace=1.0)
    (found,) = algorithm.estimate([valued])
    assert found.advantages == pytest.approx((0, 0, 0.9, 0.8, 0, 0.45))
    assert found.returns == pytest.approx((0, 0, 1.0, 1.0, 0, 0.75))


def test_a_game_in_several_sequences_is_one_episode() -> None:
    split = episode(turn((1, 2), (3,)), turn((7, 8), (9,)), reward=1.0)
    found, _ = Ppo().examples([split, split], {}, codec=ChatCodec(byte_tokenizer()))
    assert [one.continues for one in found] == [False, True, False, True]
    valued = [replace(one, values=(0.0, 0.0, 0.5)) for one in found]
    first, second, *_ = Ppo(normalise=False, trace=0.0).estimate(valued)
    # One-step errors: V(second) - V(first) = 0 over the gap, then 1 - V(second).
    assert (first.advantages[2], second.advantages[2]) == (0.0, 0.5)


def test_the_pull_in_the_reward_is_taken_off_every_token() -> None:
    example = Example(
        (1, 2, 3), (Span(1, 3, value=1.0),), reference=(0, -2.0, -1.5), sampled=(0, -1.0, -1.0), values=(0, 0, 0)
    )
    (found,) = Ppo(kl=0.1, trace=1.0, normalise=False).estimate([example])
    assert found.advantages == pytest.approx((0, 1 - 0.1 * 1.5, 1 - 0.1 * 0.5))


def test_advantages_of_a_round_are_normalised_together() -> None:
    examples = [Example((1, 2, 3), (Span(1, 3, value=v),), values=(0.0, 0.1, 0.2)) for v in (1.0, -1.0, 0.5)]
    found = Ppo().estimate(examples)
    every = [one.advantages[place] for one in found for place in (1, 2)]
    assert np.mean(every) == pytest.approx(0, abs=1e-6) and np.std(every) == pytest.approx(1, abs=1e-6)
    assert all(one.advantages[0] == 0 for one in found)


def random_batch(seed: int) -> tuple[torch.Tensor, Batch]:
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(4):
        length = int(random.integers(5, 9))
        reference, sampled, values, advantages, returns = (
            tuple(row) for row in random.normal(size=(5, length)).tolist()
        )
        spans = (Span(1, 3, weight=float(random.random())), Span(3, length))
        rows.append(Example(tuple(range(length)), spans, reference, sampled, values, advantages, returns))
    batch = collate(rows)
    shape = batch.tokens_BT.shape
    batch = replace(batch, value_BT=torch.tensor(random.normal(size=shape)))
    return torch.tensor(random.normal(size=shape)), batch


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("value_clip", [None, 0.2])
def test_the_loss_equals_a_naive_loop(seed: int, value_clip: float | None) -> None:
    logprobs, batch = random_batch(seed)
    found, _ = ppo_loss(logprobs, batch, clip=0.2, value_clip=value_clip, value_weight=0.3, kl=0.1)
    assert batch.value_BT is not None
    terms = []
    for number in range(len(batch.value_N)):
        tokens = []
        for place in (batch.span_BT == number).nonzero().tolist():
            b, t = place
            moved = float(logprobs[b, t] - batch.sampled_BT[b, t])
            ratio, advantage = math.exp(moved), float(batch.advantage_BT[b, t])
            policy = -min(advantage * ratio, advantage * min(max(ratio, 0.8), 1.2))
            gap = float(batch.reference_BT[b, t] - logprobs[b, t])
            value, old, wanted = (float(x[b, t]) for x in (batch.value_BT, batch.old_value_BT, batch.return_BT))
            error = (value - wanted) ** 2
            if value_clip is not None:
                error = max(error, (old + min(max(value - old, -value_clip), value_clip) - wanted) ** 2)
            tokens.append(policy + 0.1 * (math.exp(gap) - gap - 1) + 0.3 * error / 2)
        terms.append(float(batch.weight_N[number]) * sum(tokens) / len(tokens))
    assert float(found) == pytest.approx(sum(terms) / len(terms), rel=1e-6)


def learner(*, critic: bool = True) -> Learner:
    loaded = with_lora(fake(), rank=4, alpha=8)
    return Learner(
        loaded.model, Optimisation(learning_rate=1e-2, warmup=1, batch=4, epochs=4, tokens=60), critic=critic
    )


def examples() -> list[Example]:
    return [
        Example(tuple(range(9 * n, 10 * n + 10)), (Span(4, 8, value=float(n % 2)),), sampled=(-5.0,) * (10 + n))
        for n in range(6)
    ]


def test_ppo_is_an_actor_critic_and_needs_a_critic() -> None:
    algorithm = Ppo()
    assert isinstance(algorithm, ActorCritic)
    with pytest.raises(ValueError, match="critic=True"):
        learner(critic=False).update(examples(), algorithm.loss, seed=0, reference="none", estimate=algorithm.estimate)
    batch = collate(examples())
    with pytest.raises(ValueError, match="critic=True"):
        algorithm.loss(torch.zeros(batch.tokens_BT.shape), batch)


def test_values_are_of_the_state_before_each_token_and_come_in_order() -> None:
    one = learner()
    assert one.head is not None
    with torch.no_grad():
        one.head += torch.linspace(-1, 1, len(one.head))
    found = one.with_values(examples())
    for example, plain in zip(found, examples(), strict=True):
        assert example.tokens == plain.tokens
        alone = trained_hidden(one.model, collate([plain])) @ one.head
        assert example.values[4:8] == pytest.approx(alone.tolist(), abs=1e-5)
        assert set(example.values[:4]) | set(example.values[8:]) == {0.0}


def test_the_critic_learns_the_returns_and_survives_a_checkpoint(tmp_path: Path) -> None:
    one, algorithm = learner(), Ppo(stop_kl=None, value_weight=1.0, value_clip=None)
    errors = [
        one.update(examples(), algorithm.loss, seed=step, reference="none", estimate=algorithm.estimate)["value_error"]
        for step in range(8)
    ]
    assert errors[-1] < errors[0] / 2
    one.save(tmp_path)
    two = learner()
    two.load(tmp_path)
    assert one.head is not None and two.head is not None and torch.equal(one.head, two.head)
    with pytest.raises(ValueError, match="critic"):
        plain = learner(critic=False)
        plain.save(tmp_path)
        two.load(tmp_path)


def test_figures_of_a_step_do_not_depend_on_how_it_is_cut_into_chunks() -> None:
    sizes = ((3, -0.5), (30, -4.0))
    rows = [Example(tuple(range(size + 2)), (Span(2, size + 2),), sampled=(told,) * (size + 2)) for size, told in sizes]
    found = [
        Learner(with_lora(fake(), rank=2, alpha=4).model, Optimisation(batch=2, tokens=tokens)).update(
            rows, Grpo(kl=0.0).loss, seed=0, reference="none"
        )
        for tokens in (8, 4096)
    ]
    for name in ("kl_sampled", "entropy", "ratio", "loss"):
        assert found[0][name] == pytest.approx(found[1][name], rel=1e-4)
    assert found[0]["entropy"] == pytest.approx((3 * 0.5 + 30 * 4.0) / 33)


def test_a_gradient_that_is_not_finite_moves_no_weight() -> None:
    policy = learner(critic=False)
    before = [parameter.detach().clone() for parameter in policy.parameters]

    def broken(logprobs_BT: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        return logprobs_BT.sum() * float("nan"), {}

    with pytest.raises(ValueError, match=r"step 1 has a gradient of norm nan.*lower learning rate"):
        policy.update(examples(), broken, seed=0, reference="none")
    assert all(torch.equal(one, now) for one, now in zip(before, policy.parameters, strict=True))


def test_an_update_stops_where_the_policy_has_gone_too_far() -> None:
    free, held = (
        learner().update(examples(), Ppo().loss, seed=0, reference="none", estimate=Ppo().estimate, stop_kl=stop)
        for stop in (None, 1e-9)
    )
    assert free["steps"] == 8 and held["steps"] == 1
    assert 0 < held["trained_tokens"] < free["trained_tokens"]
