"""Rounds of self-rewarding: who answers, who judges again, and what the audit makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import pytest

from selftaught.agents.local_codec import ChatCodec
from selftaught.agents.local_fake import byte_tokenizer
from selftaught.agents.scripted import Scripted
from selftaught.algorithms.dpo import Dpo
from selftaught.algorithms.self_rewarding import (
    ACTOR,
    AGAIN,
    ANCHOR,
    JUDGE,
    LEARNED_FROM,
    POLICY,
    Discarded,
    Rounds,
    of_the_policy,
)
from selftaught.algorithms.turns import decisions, own_turns
from selftaught.benchmarks.audit import audited, auroc, pooled
from selftaught.envs.self_reward.game import SelfReward
from selftaught.envs.self_reward.players import PLAYERS, flipping, inventor, oracle, sloppy, solver
from selftaught.envs.self_reward.proposals import settled
from selftaught.rollout import rollout
from selftaught.types import Ask, Episode, Reply, Streaming

GAME = SelfReward(candidates=3, judgements=1)


def rounds(game: SelfReward = GAME, **options: Any) -> Rounds:
    cast = {"proposer": Scripted(POLICY, inventor), ACTOR: Scripted(POLICY, sloppy), JUDGE: Scripted("outside", oracle)}
    plain = replace(game, propose=False, review=False)
    return Rounds(game, plain, settled, cast, tasks=10, seed=0, **options)


def played(*, judge: Any, games: int = 200) -> list[Episode]:
    tasks = islice(GAME.tasks("test", 0), games)
    return rollout(GAME, tasks, {ACTOR: Scripted(POLICY, sloppy), JUDGE: Scripted("judge", judge)}, seed=0)


def test_every_round_has_tasks_of_its_own() -> None:
    first, second = rounds()(0, 5), rounds()(1, 6)
    assert len(first) == len(second) == 10
    assert not {episode.group for episode in first} & {episode.group for episode in second}
    assert rounds()(0, 5) == first


@pytest.mark.parametrize("game", [GAME, replace(GAME, propose=True)])
def test_an_earlier_model_answers_the_same_instructions(game: SelfReward) -> None:
    found = rounds(game, anchor={ACTOR: Scripted(ANCHOR, solver), JUDGE: Scripted("another", oracle)})(0, 5)
    own, old = found[:10], found[10:]
    told = [episode.turns_of(ACTOR)[0].ask.messages for episode in own if episode.turns_of(ACTOR)]
    assert told == [episode.turns_of(ACTOR)[0].ask.messages for episode in old]
    seen = decisions(own_turns(found, agents=LEARNED_FROM, seats=(ACTOR,)))
    assert {episode.turns[0].agent for episode in seen} == {POLICY, ANCHOR}
    groups = {episode.group for episode in seen}
    assert len(groups) == len(old)


def test_a_former_judge_sees_the_same_answers() -> None:
    def former(step: int) -> Scripted | None:
        return Scripted("former", partial(flipping, rate=1.0)) if step else None

    source = rounds(former=former)
    assert len(source(0, 5)) == 10
    found = source(1, 5)
    own, again = found[:10], found[10:]
    texts = [[[t.reply.text for t in episode.turns_of(ACTOR)] for episode in some] for some in (own, again)]
    assert texts[0] == texts[1] and {t.agent for e in again for t in e.turns_of(ACTOR)} == {AGAIN}
    seen = decisions(own_turns(found, agents=LEARNED_FROM, seats=(ACTOR,)))
    groups: dict[str, list[Episode]] = {}
    for episode in seen:
        groups.setdefault(episode.group, []).append(episode)
    assert len(groups) == 10
    for group in groups.values():
        said = {(one.turns[0].agent, one.turns[0].reply.text): one.outcome.rewards[ACTOR] for one in group}
        # The oracle gives 5 points or 1, and the other one what is left of 5.
        assert all(
            credit + said[AGAIN, text] == pytest.approx(1.0) or {credit, said[AGAIN, text]} == {0.2, 0.8}
            for (agent, text), credit in said.items()
            if agent == POLICY
        )


def test_the_pooled_audit_tells_judges_apart() -> None:
    good, bad = pooled(played(judge=oracle)), pooled(played(judge=PLAYERS[JUDGE]["random"]))
    assert good["auroc"] == good["accuracy"] == 1.0 and 0.4 < bad["accuracy"] < 0.6 and 0.4 < bad["auroc"] < 0.6
    assert good["ece"] < 0.12 < bad["ece"]
    assert pooled(played(judge=PLAYERS[JUDGE]["length"]))["length"] > 0.5
    silent = audited(played(judge=lambda ask: "hm", games=5))
    assert silent["pooled"] == {} and silent["points_by_task"] == [None] * 5
    assert silent["figures"]["read"]["mean"] == 0.0


def test_columns_go_by_task() -> None:
    def constant(ask: Ask) -> str:
        return "Score: 4"

    found = audited(played(judge=constant, games=20))
    assert found["points_by_task"] == [0.8] * 20 and 0.2 < sum(found["right_by_task"]) / 20 < 0.8
    assert found["figures"]["points"]["mean"] == 4.0


def test_a_second_judge_of_noise_agrees_by_chance_alone() -> None:
    """The same asks with the same seeds would have it repeat its noise, and that looks like agreement."""
    noise = Scripted("noise", PLAYERS[JUDGE]["random"])
    source = rounds(replace(GAME, candidates=4), former=lambda step: noise)
    source.cast = {**source.cast, JUDGE: noise}
    source.tasks = 150
    seen = decisions(own_turns(source(0, 5), agents=LEARNED_FROM, seats=(ACTOR,)))
    found, _ = Dpo(second=AGAIN).examples(seen, {}, codec=ChatCodec(byte_tokenizer()))
    assert 0.4 < found[0].spans[0].value < 0.6


def test_an_anchors_judge_is_not_learned_from() -> None:
    anchor = {ACTOR: Scripted(ANCHOR, solver), JUDGE: Scripted("another", oracle)}
    found = rounds(anchor=anchor)(0, 5)
    assert {turn.agent for episode in found[10:] for turn in episode.turns} == {ANCHOR, "another"}
    assert [of_the_policy(episode) for episode in found] == [True] * 10 + [False] * 10


@dataclass
class Slow:
    """Answers one ask at a time, the latest first; counts them."""

    name: str = "own"
    open: list[tuple[int, Ask]] = field(default_factory=list)
    answered: int = 0

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        self.answered += len(asks)
        return [Reply("Score: 5")] * len(asks)

    @contextmanager
    def stream(self) -> Iterator[Slow]:
        yield self

    def put(self, key: int, ask: Ask) -> None:
        self.open.append((key, ask))

    def take(self) -> list[tuple[int, Reply]]:
        key, ask = self.open.pop()
        return [(key, self.reply([ask])[0])]

    def __len__(self) -> int:
        return len(self.open)


def test_what_is_discarded_costs_and_is_not_heard() -> None:
    own = Slow()
    found = Discarded(own, Scripted("random", lambda ask: f"Score: {ask.seed}"))
    assert found.name == "random" and [reply.text for reply in found.reply([Ask(JUDGE, ())] * 3)] == ["Score: 0"] * 3
    with found.stream() as stream:
        for key in range(3):
            stream.put(key, Ask(JUDGE, (), seed=key))
        assert len(stream) == 3
        said = [(key, reply.text) for _ in range(3) for key, reply in stream.take()]
    assert said == [(key, f"Score: {key}") for key in (2, 1, 0)] and own.answered == 6
    assert isinstance(found, Streaming)  # a rollout need not gather asks for it


def test_auroc_is_the_share_of_pairs_that_are_in_order() -> None:
    random = np.random.default_rng(0)
    for _ in range(50):
        scores = random.integers(0, 4, 12) / 3
        right = np.array([0.0, 1.0, *random.integers(0, 2, 10)])
        pairs = [(good > bad) + (good == bad) / 2 for good in scores[right == 1] for bad in scores[right == 0]]
        assert auroc(scores, right) == pytest.approx(np.mean(pairs))
