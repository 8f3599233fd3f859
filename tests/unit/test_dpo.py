"""Pairs of the best and the worst, kept together on their way to the loss; and each turn by its own worth."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from selftaught.agents.local_codec import ChatCodec
from selftaught.agents.local_fake import byte_tokenizer, fake
from selftaught.algorithms.dpo import Dpo, agreement
from selftaught.algorithms.examples import Example, Span, collate
from selftaught.algorithms.learner import Learner
from selftaught.algorithms.losses import dpo_loss
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.packing import chunks
from selftaught.algorithms.turns import decisions, own_turns, retold
from selftaught.types import Ask, Episode, Message, Outcome, Reply, Task, Turn

CODEC = ChatCodec(byte_tokenizer())


def game(*said: tuple[str, float | None], question: str = "go", agent: str = "policy", group: str = "t") -> Episode:
    """One episode of several answers, each with its credit."""
    turns = tuple(Turn(Ask("actor", (Message("user", question),)), Reply(text), agent) for text, _ in said)
    credits = tuple(credit for _, credit in said)
    return Episode("id", "toy", Task(group, {}), group, turns, Outcome("end", {"actor": 0.0}), {}, credits)


def texts(algorithm: Dpo, *episodes: Episode) -> list[str]:
    """What is preferred and rejected, in turn."""
    found, _ = algorithm.examples(decisions(episodes), {}, codec=CODEC)
    tokenizer = byte_tokenizer()
    return [str(tokenizer.decode(list(one.tokens[one.spans[0].start : one.spans[0].stop - 1]))) for one in found]


def test_a_turn_with_a_credit_is_an_episode_of_its_own() -> None:
    judged = replace(game(("a", 1.0), ("b", None), ("c", 0.5)), id="g")
    (first, second) = decisions([judged])
    assert (first.outcome.rewards, second.outcome.rewards) == ({"actor": 1.0}, {"actor": 0.5})
    assert first.group == second.group and first.id != second.id
    plain = replace(judged, credits=())
    assert decisions([plain]) == [plain]
    assert decisions([game(("a", None))]) == []
    (other,) = decisions([game(("a", 1.0), question="stop")])
    assert other.group != first.group


def test_turns_are_chosen_with_their_credits() -> None:
    mixed = replace(game(("a", 1.0), ("b", 0.0)), turns=(*game(("a", 1.0)).turns, *game(("b", 0.0), agent="m0").turns))
    (chosen,) = own_turns([mixed], agents=("m0",))
    assert [turn.reply.text for turn in chosen.turns] == ["b"] and chosen.credits == (0.0,)
    (nobody,) = own_turns([mixed], seats=("judge",))
    assert nobody.turns == () and nobody.outcome.rewards == {}
    assert own_turns([mixed]) == [mixed]


def test_tokens_of_another_tokenizer_are_not_learned_from() -> None:
    said = replace(game(("4", 1.0)), credits=(), outcome=Outcome("end", {"actor": 1.0}))
    (turn,) = said.turns
    theirs = replace(turn, agent="teacher", reply=Reply("4", (11, 12), (19, 1), (-0.1, -0.2)))
    seen = retold([replace(said, turns=(turn, theirs))], {"teacher"})
    assert seen[0].turns == (turn, replace(theirs, reply=Reply("4")))


def test_replies_to_different_questions_are_never_compared() -> None:
    one, other = (
        replace(game((said, reward), question=said), credits=(), outcome=Outcome("end", {"actor": reward}))
        for said, reward in (("easy", 1.0), ("hard", 0.0))
    )
    assert one.group == other.group and Dpo().examples([one, other], {}, codec=CODEC)[0] == []


def test_the_best_is_preferred_to_the_worst() -> None:
    assert texts(Dpo(), game(("a", 0.2), ("b", 0.9), ("c", 0.0), ("d", 0.9))) == ["b", "c"]


def test_ties_gaps_and_equal_texts_give_no_pair_and_touch_no_other_group() -> None:
    other = game(("x", 1.0), ("y", 0.0), question="other")
    assert texts(Dpo(), game(("a", 0.4), ("b", 0.4)), other) == ["x", "y"]
    assert texts(Dpo(), game(("a", 0.4), ("a", 0.2)), other) == ["x", "y"]
    assert texts(Dpo(gap=0.3), game(("a", 0.4), ("b", 0.2)), other) == ["x", "y"]


def test_what_could_not_be_judged_is_neither_preferred_nor_rejected() -> None:
    assert texts(Dpo(), game(("a", 0.4), ("bad", None), ("c", 0.6))) == ["c", "a"]
    assert texts(Dpo(), game(("a", 0.4), ("bad", None))) == []


def test_length_control_prefers_the_shortest_of_the_best_and_rejects_the_longest_of_the_worst() -> None:
    said = (("a long answer", 1.0), ("short", 0.9), ("bad", 0.05), ("a long bad answer", 0.1), ("middling", 0.5))
    assert texts(Dpo(band=0.2), game(*said)) == ["short", "a long bad answer"]
    assert texts(Dpo(), game(*said)) == ["a long answer", "bad"]


def test_an_anchor_gives_the_rejected_replies_and_nothing_else() -> None:
    new, old = game(("n1", 0.2), ("n2", 0.6)), game(("o1", 0.9), ("o2", 0.4), agent="m0")
    assert texts(Dpo(anchor="m0"), new, old) == ["n2", "o2"]
    other = game(("x", 0.9), ("y", 0.1), question="without the old one's reply")
    assert texts(Dpo(anchor="m0"), new, old, other) == ["n2", "o2"]
    assert texts(Dpo(anchor="m0"), game(("n", 0.3)), old) == []


def test_a_second_judge_says_how_sure_a_preference_is() -> None:
    first = game(("a", 1.0), ("b", 0.5), ("c", 0.0))
    again = game(("a", 0.0), ("b", 0.5), ("c", 0.4), agent="again")
    found, _ = Dpo(second="again").examples(decisions([first, again]), {}, codec=CODEC)
    assert [span.value for one in found for span in one.spans] == [pytest.approx((1 - 1 / 3) / 2), 1.0]
    assert len(found) == 2
    assert agreement([(1.0, 1.0), (1.0, 0.5)]) is None
    assert agreement([(1.0, 1.0), (1.0, 0.5), (0.2, 0.5), (0.2, 0.1)]) == 1.0  # ties are no doubt
    tied = game(("a", 1.0), ("b", 1.0), question="tied")
    found, _ = Dpo(second="again").examples(decisions([first, tied]), {}, codec=CODEC)
    assert found[0].spans[0].value == 1.0  # nobody judged a second time


def test_replies_of_several_turns_are_refused() -> None:
    long = replace(game(("a", 1.0), ("b", 1.0)), credits=(), outcome=Outcome("end", {"actor": 1.0}))
    with pytest.raises(ValueError, match="single replies"):
        other = replace(game(("c", 1.0), ("d", 1.0)), credits=(), outcome=Outcome("end", {"actor": 0.0}))
        Dpo().examples([long, other], {}, codec=CODEC)
    with pytest.raises(ValueError, match="band"):
        Dpo(band=0.6)


pair_lists = st.lists(
    st.tuples(
        st.lists(st.integers(1, 3), min_size=2, max_size=30), st.lists(st.integers(1, 3), min_size=2, max_size=30)
    ),
    min_size=1,
    max_size=8,
)


@given(pair_lists, st.integers(1, 80))
def test_a_pair_is_never_divided(pairs: list[tuple[list[int], list[int]]], tokens: int) -> None:
    rows = [
        Example(tuple(row), (Span(1, len(row)),), rejected=bool(place))
        for pair in pairs
        for place, row in enumerate(pair)
    ]
    found = list(chunks(rows, tokens=tokens, ratio=100.0))
    assert sorted(id(row) for chunk in found for row in chunk) == sorted(map(id, rows))
    follows = {id(two): one for one, two in pairwise(rows) if two.rejected}
    for chunk in found:
        assert len(chunk) % 2 == 0 and not chunk[0].rejected
        assert all(follows[id(two)] is one for one, two in pairwise(chunk) if two.rejected)


def test_batches_and_chunks_do_not_change_what_is_learned() -> None:
    """The same weights, whether the pairs of a step go through the model at once or one by one."""
    pairs = [game((f"yes {n}", 1.0), (f"no, {n} times no", 0.0), question=f"number {n}" * n) for n in range(1, 5)]

    def trained(tokens: int) -> torch.Tensor:
        learner = Learner(fake().model, Optimisation(learning_rate=1e-2, warmup=1, batch=8, tokens=tokens))
        rows, _ = Dpo(nll=0.1).examples(decisions(pairs), {}, codec=CODEC)
        learner.update(rows, Dpo(nll=0.1).loss, seed=0)
        return torch.cat([parameter.detach().flatten() for parameter in learner.parameters])

    assert torch.allclose(trained(10_000), trained(1), atol=2e-5)


def test_dpo_lifts_what_is_preferred() -> None:
    learner = Learner(fake().model, Optimisation(learning_rate=1e-2, warmup=1, batch=4, epochs=4))
    pairs = [game(("yes", 1.0), ("no", 0.0), question=question) for question in ("a", "b", "c", "d")]
    rows, _ = Dpo().examples(decisions(pairs), {}, codec=CODEC)
    first = learner.update(rows, Dpo().loss, seed=0)
    assert first["accuracy"] > 0.6 and first["margin"] > 0


def test_unsure_labels_and_the_likelihood_term_by_hand() -> None:
    batch = collate([Example((1, 2, 3), (Span(1, 3, value=0.8),)), Example((1, 4), (Span(1, 2),), rejected=True)])
    logprobs = torch.tensor([[0.0, -1.0, -2.0], [0.0, -1.0, 0.0]])
    margin = torch.tensor(0.5 * (-3.0 + 1.0))
    expected = -(0.8 * torch.nn.functional.logsigmoid(margin) + 0.2 * torch.nn.functional.logsigmoid(-margin))
    loss, figures = dpo_loss(logprobs, batch, beta=0.5, nll=0.1)
    assert float(loss) == pytest.approx(float(expected) + 0.1 * 1.5)
    assert figures["nll"] == pytest.approx(1.5)
