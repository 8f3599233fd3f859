"""Losses against hand-computed numbers and naive loops."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from selftaught.agents.local_codec import ChatCodec
from selftaught.agents.local_fake import byte_tokenizer
from selftaught.algorithms.advantages import (
    geometric_shares,
    group_advantages,
    leave_one_out_advantages,
    role_advantages,
    role_weights,
)
from selftaught.algorithms.examples import Batch, Example, Span, collate, span_means, token_weighted
from selftaught.algorithms.grpo import Grpo
from selftaught.algorithms.imitation import Imitation
from selftaught.algorithms.losses import grpo_loss, imitation_loss, sft_loss, spag_loss
from selftaught.algorithms.spag import Spag
from selftaught.algorithms.turns import own_turns
from selftaught.types import Ask, Episode, Message, Outcome, Reply, Task, Turn


def batch_of(*rows: tuple[list[Span], list[float]]) -> Batch:
    """A batch whose rows have the given spans and reference log-probabilities."""
    return collate([Example(tuple(range(len(ref))), tuple(spans), tuple(ref)) for spans, ref in rows])


def random_case(seed: int) -> tuple[torch.Tensor, Batch]:
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(5):
        length = int(generator.integers(6, 12))
        cut = int(generator.integers(2, length - 1))
        spans = [
            Span(1, cut, value=float(generator.normal()), weight=float(generator.random())),
            Span(cut, length, value=float(generator.normal()), weight=0.5, kind="sft" if cut % 2 else "policy"),
        ]
        rows.append((spans, list(-generator.random(length))))
    batch = batch_of(*rows)
    logprobs = torch.tensor(-generator.random(batch.tokens_BT.shape), dtype=torch.float64, requires_grad=True)
    return logprobs, batch


def naive_spag(logprobs: torch.Tensor, batch: Batch, *, kl: float, clip: float, sft: float) -> float:
    terms = []
    for number in range(len(batch.value_N)):
        places = [(b, t) for b, row in enumerate(batch.span_BT.tolist()) for t, n in enumerate(row) if n == number]
        mean = sum(float(logprobs[place]) for place in places) / len(places)
        reference = sum(float(batch.reference_BT[place]) for place in places) / len(places)
        if batch.sft_N[number]:
            term = -sft * mean
        else:
            ratio = math.exp(mean - reference)
            advantage = float(batch.value_N[number]) - kl * (mean - reference)
            term = -min(advantage * ratio, advantage * min(max(ratio, 1 - clip), 1 + clip))
        terms.append(float(batch.weight_N[number]) * term)
    return sum(terms) / len(terms)


@pytest.mark.parametrize("seed", range(5))
def test_spag_loss_equals_a_naive_loop(seed: int) -> None:
    logprobs, batch = random_case(seed)
    loss, _ = spag_loss(logprobs, batch, kl=0.2, clip=0.2, sft=0.5)
    assert float(loss) == pytest.approx(naive_spag(logprobs, batch, kl=0.2, clip=0.2, sft=0.5), abs=1e-6)


def test_spag_loss_by_hand() -> None:
    batch = batch_of(([Span(1, 3, value=1.0, weight=2.0)], [0.0, -1.0, -2.0]))
    logprobs = torch.tensor([[0.0, -0.5, -1.5]])
    loss, figures = spag_loss(logprobs, batch, kl=0.2, clip=0.2, sft=0.0)
    # Means -1.0 and -1.5: gap 0.5, ratio e^0.5 clipped to 1.2, advantage 1 - 0.1 = 0.9.
    assert float(loss) == pytest.approx(-2.0 * 0.9 * 1.2)
    assert figures["clipped"] == 1.0
    assert figures["kl"] == pytest.approx(0.5)


def test_spag_gradient_passes_through_the_kl_unless_detached() -> None:
    batch = batch_of(([Span(1, 2, value=1.0)], [0.0, -1.0]))
    gradients = []
    for detach in (False, True):
        logprobs = torch.tensor([[0.0, -1.0]], requires_grad=True)
        loss, _ = spag_loss(logprobs, batch, kl=0.2, clip=0.2, sft=0.0, detach_kl=detach)
        torch.autograd.backward(loss)
        assert logprobs.grad is not None
        gradients.append(float(logprobs.grad[0, 1]))
    # At ratio 1: d(A rho)/dl = A - kl = 0.8 with the KL's own gradient, A = 1 without.
    assert gradients == pytest.approx([-0.8, -1.0])


def test_imitation_loss_by_hand() -> None:
    batch = batch_of(([Span(1, 3, weight=0.5)], [0.0, -1.0, -2.0]))
    loss, _ = imitation_loss(torch.tensor([[0.0, -0.5, -1.5]]), batch, kl=0.1)
    assert float(loss) == pytest.approx(0.5 * (1.0 + 0.1 * math.exp(-1.0) * 0.5))


@pytest.mark.parametrize("which", ["spag", "imitation", "sft"])
def test_no_gradient_outside_the_mask(which: str) -> None:
    logprobs, batch = random_case(3)
    loss = {
        "spag": lambda: spag_loss(logprobs, batch, kl=0.2, clip=0.2, sft=0.5)[0],
        "imitation": lambda: imitation_loss(logprobs, batch, kl=0.1)[0],
        "sft": lambda: sft_loss(logprobs, batch)[0],
    }[which]()
    torch.autograd.backward(loss)
    assert logprobs.grad is not None
    assert bool((logprobs.grad[~batch.mask_BT] == 0).all())
    assert bool((logprobs.grad[batch.mask_BT] != 0).any())


def test_sft_loss_is_the_mean_over_tokens() -> None:
    logprobs, batch = random_case(4)
    loss, _ = sft_loss(logprobs, batch)
    assert float(loss) == pytest.approx(float(-logprobs[batch.mask_BT].mean()))


def test_span_means_ignore_what_lies_outside() -> None:
    batch = batch_of(([Span(1, 2), Span(3, 5)], [0.0] * 5))
    values = torch.tensor([[9.0, 1.0, 9.0, 2.0, 4.0]])
    assert span_means(values, batch).tolist() == [1.0, 3.0]


def test_geometric_shares_are_those_of_the_paper() -> None:
    assert geometric_shares(1, decay=0.8) == [1.0]
    assert [round(share, 2) for share in geometric_shares(5, decay=0.8)] == [0.12, 0.15, 0.19, 0.24, 0.3]
    assert geometric_shares(4, decay=1.0) == [0.25] * 4
    with pytest.raises(ValueError, match="decay"):
        geometric_shares(3, decay=0.0)


def episode(reward: float) -> Episode:
    outcome = Outcome("end", {"a": reward, "d": -reward})
    return Episode("id", "toy", Task("t", {}), "t", (), outcome, {})


def test_role_weights_balance_the_seats() -> None:
    assert role_weights(["a"] * 3 + ["d"], ["a", "d"]) == {"a": pytest.approx(4 / 6), "d": pytest.approx(2.0)}
    assert role_weights(["a"], ["a", "d"]) == {"a": 0.5, "d": 0.0}


def test_imitation_learns_from_the_named_agents_earned_wins_only() -> None:
    def game(won: float, *, attacker: str, earned: float = 1.0) -> Episode:
        seated = (("a", attacker), ("d", "dull"))
        turns = tuple(Turn(Ask(seat, (Message("user", "go"),)), Reply("ok"), name) for seat, name in seated)
        outcome = Outcome("end", {"a": won, "d": -won})
        return Episode("id", "toy", Task("t", {}), "t", turns, outcome, {"a_earned": earned, "d_earned": earned})

    codec = ChatCodec(byte_tokenizer())
    games = [game(1.0, attacker="good"), game(1.0, attacker="lucky"), game(-1.0, attacker="good")]
    everybody, _ = Imitation().examples(games, {}, codec=codec)
    named, _ = Imitation(of=("good",)).examples(games, {}, codec=codec)
    assert len(everybody) == 3 and len(named) == 1
    assert Imitation().examples([game(1.0, attacker="good", earned=0.0)], {}, codec=codec)[0] == []


def test_the_published_self_play_learns_from_earned_wins_only() -> None:
    turns = tuple(Turn(Ask(seat, (Message("user", "go"),)), Reply("ok"), "policy") for seat in "ad")
    earned = replace(episode(1.0), turns=turns, metrics={"a_earned": 1.0, "d_earned": 0.0})
    given_away = replace(episode(-1.0), turns=turns, metrics={"a_earned": 0.0, "d_earned": 0.0})
    found, _ = Spag().examples([earned, given_away], {}, codec=ChatCodec(byte_tokenizer()))
    assert [example.spans[0].weight for example in found] == [0.5]  # one win, of one of two seats
    paid_tie = replace(given_away, metrics={**given_away.metrics, "a_win": 0.0, "d_win": 0.0})
    assert len(Spag().examples([paid_tie], {}, codec=ChatCodec(byte_tokenizer()))[0]) == 1


def test_seats_that_the_policy_did_not_play_move_no_baseline_and_no_weight() -> None:
    codec = ChatCodec(byte_tokenizer())
    seated = (("a", "policy"), ("d", "scripted"))
    turns = tuple(Turn(Ask(seat, (Message("user", "go"),)), Reply("ok"), name) for seat, name in seated)
    games = own_turns([replace(episode(reward), turns=turns) for reward in (1.0, -1.0, -1.0)], agents=["policy"])
    won, _ = Spag().examples(games, {}, codec=codec)
    assert [example.spans[0].weight for example in won] == [1.0]
    for algorithm in (Spag(rewards="signed"), Grpo(advantage="role")):
        found, memory = algorithm.examples(games, {}, codec=codec)
        assert len(found) == 3 and set(memory["baselines"]) == {"a"}


def test_imitation_counts_turns_or_tokens_alike() -> None:
    def game(said: str) -> Episode:
        turn = Turn(Ask("a", (Message("user", "go"),)), Reply(said), "good")
        return Episode("id", "toy", Task("t", {}), "t", (turn,), Outcome("end", {"a": 1.0}), {})

    codec = ChatCodec(byte_tokenizer())
    games = [game("a" * 3), game("a" * 11)]
    turns, _ = Imitation(kl=0.0).examples(games, {}, codec=codec)
    tokens, _ = Imitation(kl=0.0, normalise="token").examples(games, {}, codec=codec)
    assert [example.spans[0].weight for example in turns] == [1.0, 1.0]
    lengths = [example.spans[0].stop - example.spans[0].start for example in tokens]
    weights = [example.spans[0].weight for example in tokens]
    assert weights[1] / weights[0] == pytest.approx(lengths[1] / lengths[0]) and sum(weights) == pytest.approx(2.0)


def test_role_advantages_update_the_baseline_before_subtracting() -> None:
    rows, baselines = role_advantages([episode(1.0), episode(-1.0)], ["a", "d"], baselines={"a": 0.5}, rate=0.9)
    first = 0.9 * 0.5 + 0.1
    second = 0.9 * first - 0.1
    assert [row["a"] for row in rows] == [pytest.approx(1 - first), pytest.approx(-1 - second)]
    assert baselines["a"] == pytest.approx(second)
    assert rows[0]["d"] == pytest.approx(-1 + 0.1)


def test_group_advantages_are_centred_and_scaled_within_a_group() -> None:
    games = [
        replace(episode(reward), group=group) for reward, group in ((1.0, "x"), (0.0, "x"), (-1.0, "x"), (5.0, "y"))
    ]
    centred = [row["a"] for row in group_advantages(games, scale=False)]
    assert centred == pytest.approx([1.0, 0.0, -1.0, 0.0])
    scaled = [row["d"] for row in group_advantages(games, scale=True)]
    assert scaled == pytest.approx([-1 / 1.0001, 0.0, 1 / 1.0001, 0.0])


@pytest.mark.parametrize("reward", [0.1, 0.7, 1 / 3])
def test_groups_of_equal_rewards_have_no_advantage_by_rounding(reward: float) -> None:
    games = [episode(reward)] * 3
    for rows in (*(group_advantages(games, scale=scale) for scale in (True, False)), leave_one_out_advantages(games)):
        assert [value for row in rows for value in row.values()] == [0.0] * 6


def test_leave_one_out_advantages_by_hand() -> None:
    games = [
        replace(episode(reward), group=group) for reward, group in ((1.0, "x"), (0.5, "x"), (0.0, "x"), (5.0, "y"))
    ]
    assert [row["a"] for row in leave_one_out_advantages(games)] == pytest.approx([0.75, 0.0, -0.75, 0.0])


def test_role_baselines_of_grpo_survive_in_its_memory() -> None:
    algorithm, codec = Grpo(advantage="role", rate=0.5), ChatCodec(byte_tokenizer())
    _, memory = algorithm.examples([episode(1.0)], {}, codec=codec)
    _, memory = algorithm.examples([episode(1.0)], memory, codec=codec)
    assert memory["baselines"] == {"a": 0.75, "d": -0.75}


def test_anchored_seats_are_held_and_not_rewarded() -> None:
    turns = tuple(Turn(Ask(seat, (Message("user", "go"),)), Reply("ok"), "policy") for seat in "ad")
    games = [replace(episode(reward), turns=turns) for reward in (1.0, -1.0)]
    algorithm, codec = Grpo(kl=0.05, anchored=("d",), anchor=0.2), ChatCodec(byte_tokenizer())
    found, _ = algorithm.examples(games, {}, codec=codec)
    spans = [example.spans[0] for example in found]
    assert [(span.value > 0, span.weight) for span in spans[::2]] == [(True, 1.0), (False, 1.0)]
    assert [span.value for span in spans[1::2]] == [0.0, 0.0]
    assert [span.weight for span in spans[1::2]] == pytest.approx([4.0, 4.0])
    moved = replace(found[1], sampled=(-1.0,) * len(found[1].tokens), reference=(-1.5,) * len(found[1].tokens))
    batch = collate([moved])
    logprobs = torch.where(batch.mask_BT, -1.0, 0.0)
    loss, _ = algorithm.loss(logprobs, batch)
    gap = -0.5
    assert float(loss) == pytest.approx(0.2 * (math.exp(gap) - gap - 1))
    alike = [replace(game, outcome=games[0].outcome) for game in games]
    held, _ = algorithm.examples(alike, {}, codec=codec)
    assert len(held) == 2
    with pytest.raises(ValueError, match="kl above 0"):
        Grpo(anchored=("d",))


def test_token_weights_count_every_token_the_same() -> None:
    (first, second) = token_weighted([Example(tuple(range(9)), (Span(1, 3),)), Example(tuple(range(9)), (Span(2, 8),))])
    assert (first.spans[0].weight, second.spans[0].weight) == (0.5, 1.5)


def test_grpo_refuses_what_no_model_sampled() -> None:
    turns = tuple(Turn(Ask(seat, (Message("user", "go"),)), Reply("ok"), "scripted") for seat in "ad")
    games = [replace(episode(reward), turns=turns) for reward in (1.0, -1.0)]
    found, _ = Grpo().examples(games, {}, codec=ChatCodec(byte_tokenizer()))
    batch = collate(found)
    with pytest.raises(ValueError, match="own turns"):
        grpo_loss(torch.zeros(batch.tokens_BT.shape), batch, clip_low=0.2, clip_high=0.2, kl=0.0)
