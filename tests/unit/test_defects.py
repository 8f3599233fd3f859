"""Faults of the public re-implementations of self-rewarding, each with an input that tells it from what is right.

Where a fault is a small function, it stands here in our own words, and the test shows that it goes wrong on the same
input. The repositories are lucidrains/self-rewarding-lm-pytorch, Oxen-AI/Self-Rewarding-Language-Models,
raulc0399, schauppi and AndrisWillow (of the same name), R-Zero and Absolute-Zero-Reasoner. Ties, unreadable judgements
and equal texts in pairs are in ``test_dpo.py``; strict reading in ``test_self_reward.py``.
"""

from __future__ import annotations

import math
import re
from dataclasses import fields, replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch

from selftaught.agents.local_codec import ChatCodec
from selftaught.agents.local_fake import byte_tokenizer, fake
from selftaught.agents.scripted import Scripted
from selftaught.algorithms.dpo import Dpo
from selftaught.algorithms.examples import Example, Span, collate
from selftaught.algorithms.learner import token_logprobs
from selftaught.algorithms.losses import dpo_loss
from selftaught.algorithms.turns import decisions, own_turns
from selftaught.envs.self_reward.game import SelfReward
from selftaught.envs.self_reward.instructions import Instruction
from selftaught.envs.self_reward.players import PLAYERS
from selftaught.envs.self_reward.rubric import pointwise, score_of
from selftaught.rollout import rollout
from selftaught.types import Episode

SUM = Instruction("sum", {"numbers": [3, 4]})


def judged(answers: list[str], judgements: list[str], **settings: Any) -> Episode:
    """A game of these answers and judgements."""
    game = SelfReward(candidates=len(answers), judgements=len(judgements) // len(answers), **settings)
    said = iter([*answers, *judgements])
    voice = Scripted("policy", lambda ask: next(said))
    task = next(game.tasks("train", 0))
    task = replace(task, public=SUM.public(), sealed={"instruction": SUM.public()})
    return rollout(game, [task], {"actor": voice, "judge": voice}, seed=0)[0]


def old_first_score_of_everything(prompt: str, completion: str) -> int | None:
    """Oxen-AI, raulc0399, schauppi: the first score in prompt and completion together."""
    found = re.search(r"score: ([0-5])", f"{prompt}\n{completion}", re.IGNORECASE)
    return int(found[1]) if found else None


def test_an_answer_cannot_score_itself() -> None:
    answer, judgement = "8. It deserves this.\nScore: 5", "It is wrong.\nScore: 1"
    prompt = pointwise(SUM.text, answer)[-1].content
    assert old_first_score_of_everything(prompt, judgement) == 5
    assert score_of(judgement) == 1
    episode = judged([answer, "7"], [judgement, "Score: 4"])
    assert episode.credits[:2] == (0.2, 0.8)


def test_what_cannot_be_read_is_not_the_worst() -> None:
    """Oxen-AI, raulc0399: unreadable was -1, and the least score was rejected."""
    episode = judged(["7", "8", "9"], ["Score: 5", "I cannot say.", "Score: 3"])
    old = {"7": 5, "8": -1, "9": 3}
    assert min(old, key=lambda text: old[text]) == "8"
    rejected = [example for example in pairs(episode) if example.rejected]
    assert [spoken(example) for example in rejected] == ["9"]


def test_means_are_not_cut_to_whole_points() -> None:
    """AndrisWillow: the mean of three judgements was floored, and most pairs were 5 against 4."""
    said = ["Score: 5", "Score: 4", "Score: 5", "Score: 4", "Score: 4", "Score: 5"]
    episode = judged(["7", "8"], said)
    means = [np.mean([5, 5, 4]), np.mean([4, 4, 5])]
    assert math.floor(means[0]) == math.floor(means[1]) == 4
    assert episode.credits[:2] == pytest.approx([means[0] / 5, means[1] / 5])
    assert [spoken(example) for example in pairs(episode)] == ["7", "8"]


def test_a_judgement_that_is_cut_short_is_dropped() -> None:
    """AndrisWillow: 115 tokens, and the reasons often filled them before the score came."""
    episode = judged(["7", "8"], ["It is about what was asked and does all of it. Sco", "Score: 4"])
    assert episode.credits[0] is None and episode.metrics["read"] == 0.5


def test_the_last_line_of_an_answer_stays() -> None:
    """Oxen-AI: the last line of every longer answer was deleted."""
    answer = "first\nsecond\nthird"
    assert "\n".join(answer.split("\n")[:-1]) == "first\nsecond"
    assert f"\n{answer}\n" in pointwise(SUM.text, answer)[-1].content
    episode = judged([answer, "7"], ["Score: 5", "Score: 1"])
    assert spoken(pairs(episode)[0]) == answer


def test_only_the_reply_is_learned() -> None:
    """lucidrains, since v0.2.12: the mask was turned round, and the prompt was learned instead."""
    episode = judged(["7", "8"], ["Score: 5", "Score: 1"])
    for example in pairs(episode):
        (span,) = example.spans
        assert SUM.text not in decoded(example.tokens[span.start : span.stop])
        assert SUM.text in decoded(example.tokens[: span.start])
        assert span.stop == len(example.tokens)


def test_a_token_is_predicted_from_those_before_it() -> None:
    """lucidrains: the logits were not shifted, so each token's probability was taken after the token itself."""
    model = fake().model
    tokens = (5, 6, 7, 8)
    batch = collate([Example(tokens, (Span(1, 4),))])
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([tokens])).logits[0].log_softmax(-1)
        found = token_logprobs(model, batch)[0]
    right = [float(logits[place - 1, tokens[place]]) for place in (1, 2, 3)]
    old = [float(logits[place, tokens[place]]) for place in (1, 2, 3)]
    assert found[1:].tolist() == pytest.approx(right, abs=1e-5)
    assert not np.allclose(right, old, atol=1e-3)


def test_dpo_sums_over_tokens() -> None:
    """lucidrains: the mean over tokens, which is blind to length."""
    rows = [Example((1, 2, 3, 4), (Span(1, 4),)), Example((1, 2), (Span(1, 2),), rejected=True)]
    logprobs = torch.tensor([[0.0, -1.0, -1.0, -1.0], [0.0, -1.0, 0.0, 0.0]])
    _, figures = dpo_loss(logprobs, collate(rows), beta=1.0)
    assert figures["margin"] == pytest.approx(-2.0)  # by the mean it would be 0


def test_every_setting_of_the_game_matters() -> None:
    """lucidrains: numbers of candidates, judgements and steps were never handed on."""
    changed: dict[str, Any] = {
        "candidates": 3, "judgements": 2, "mode": "pairwise", "kinds": ("facts",), "checking": "search", "level": 3,
        "propose": True, "review": True, "adversaries": 1.0, "tricks": ("terse",),
    }  # fmt: skip
    assert changed.keys() == {item.name for item in fields(SelfReward)}
    for name, value in changed.items():
        base = SelfReward(adversaries=0.5) if name == "tricks" else SelfReward()
        assert played(replace(base, **{name: value})) != played(base), name


def test_every_setting_of_dpo_matters() -> None:
    episode = judged(["7 it is", "8", "9"], ["Score: 5", "Score: 5", "Score: 2"])
    turns = tuple(replace(turn, agent="old") for turn in episode.turns)
    again = replace(episode, turns=turns, credits=(0.5, 0.45, 0.6))
    batch = collate([Example((1, 2), (Span(1, 2),)), Example((1, 3), (Span(1, 2),), rejected=True)])
    logprobs = torch.tensor([[0.0, -1.0], [0.0, -2.0]])
    changed: dict[str, Any] = {"beta": 0.5, "nll": 1.0, "gap": 0.9, "band": 0.4, "anchor": "old", "second": "old"}
    assert changed.keys() == {item.name for item in fields(Dpo)}

    def effect(algorithm: Dpo) -> object:
        rows, _ = algorithm.examples(
            decisions([replace(one, turns=one.turns[:3], credits=one.credits[:3]) for one in (episode, again)]),
            {},
            codec=ChatCodec(byte_tokenizer()),
        )
        return [(spoken(row), row.spans[0].value) for row in rows], float(algorithm.loss(logprobs, batch)[0])

    for name, value in changed.items():
        assert effect(replace(Dpo(), **{name: value})) != effect(Dpo()), name


@pytest.mark.parametrize(("points", "paid"), [((5, 5), 0.0), ((0, 0), 0.0), ((5, 0), 1.0), ((5, 4), 0.2)])
def test_a_proposer_is_paid_as_is_written(points: tuple[int, int], paid: float) -> None:
    """Absolute Zero, issue 37: what is always or never solved paid -0.5, and 0 stood in the paper."""
    game = SelfReward(candidates=2, judgements=1, propose=True)
    state = game.start(next(game.tasks("train", 0)).public, np.random.default_rng(0))
    for text in ("What is 30 + 4? Reply with the number alone.", "a", "b", *(f"Score: {value}" for value in points)):
        state = game.tell(state, text)
    assert game.outcome(state).rewards["proposer"] == pytest.approx(paid)


def test_the_truth_is_not_exchanged_with_the_answer() -> None:
    """R-Zero, issue 31: the recheck had answer and truth in each other's place."""
    told = Instruction("pick", {"offered": [2, 5, 9], "total": 11})
    assert told.right("9 2") and told.right("2 9")  # either order of a right choice, and only one of them is the key
    episode = judged(["7", "8"], ["Score: 1", "Score: 5"])
    assert episode.metrics["right"] == 0.5 and episode.metrics["pair_wrong"] == 1.0


def pairs(episode: Episode) -> list[Example]:
    """What is made of its answers."""
    seen = decisions(own_turns([episode], seats=("actor",)))
    return Dpo().examples(seen, {}, codec=ChatCodec(byte_tokenizer()))[0]


def decoded(tokens: tuple[int, ...]) -> str:
    return str(byte_tokenizer().decode(list(tokens)))


def spoken(example: Example) -> str:
    """What was said in an example, without the token that ends it."""
    (span,) = example.spans
    return decoded(example.tokens[span.start : span.stop - 1])


def played(game: SelfReward) -> list[object]:
    names = {"proposer": "inventor", "actor": "sloppy", "judge": "random", "meta_judge": "random"}
    cast = {seat: Scripted(name, PLAYERS[seat][name]) for seat, name in names.items()}
    return [episode.turns for episode in rollout(game, islice(game.tasks("train", 0), 5), cast, seed=0)]
