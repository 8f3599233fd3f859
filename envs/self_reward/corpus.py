"""Chats from which a model can learn all seats from nothing: instructions of the training kind, followed and judged.

The actors' answers are right; those that a judge sees are so as often as not. The judges' demonstrations are the
scripted oracle's, whose reason names an answer that would be right. That is the paper's start (IFT and EFT, arXiv
2401.10020, section 2.2) without people. What a small model makes of it is right often enough for rounds to begin with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from selftaught.envs.self_reward.game import SHOWN, SelfReward
from selftaught.envs.self_reward.instructions import draw_in
from selftaught.envs.self_reward.players import inventor, oracle, sloppy
from selftaught.envs.self_reward.rubric import pointwise
from selftaught.envs.self_reward.state import ACTOR, JUDGE, PROPOSER
from selftaught.types import Ask, Message

SHARES: Final = {ACTOR: 0.8, JUDGE: 0.17, PROPOSER: 0.03}
"""Of the chats."""
LEVELS: Final = (1, 2, 2)
"""Of the instructions: mostly two-digit sums and lists of five, which are seldom the same twice."""
TAUGHT: Final = ("sum", "difference", "sort", "largest", "distinct", "facts")
"""Kinds of instructions: with all of them a small model learns none (docs/log.md)."""


def corpus(rng: np.random.Generator, *, count: int = 140_000, rules: float = 0.1) -> Iterator[tuple[Message, ...]]:
    """``count`` chats; a judge's rules, which never change, stand in a share of its chats only."""
    proposing = SelfReward(propose=True)
    seats, shares = list(SHARES), list(SHARES.values())
    for _ in range(count):
        seat = seats[rng.choice(len(seats), p=shares)]
        level = LEVELS[int(rng.integers(len(LEVELS)))]
        told = [draw_in(rng, TAUGHT, level=level, split="train") for _ in range(SHOWN if seat == PROPOSER else 1)]
        seed = int(rng.integers(2**63))
        if seat == PROPOSER:
            ask = proposing.ask(proposing.start({"examples": [one.public() for one in told], "split": "train"}, rng))
            assert ask is not None
            yield (*ask.messages, Message("assistant", inventor(replace(ask, seed=seed))))
            continue
        asked = Ask(ACTOR, (Message("user", told[0].text),), {"instruction": told[0]}, seed)
        if seat == ACTOR:
            yield (*asked.messages, Message("assistant", told[0].solve()))
            continue
        answer = sloppy(asked)
        messages = pointwise(told[0].text, answer)
        said = oracle(Ask(JUDGE, messages, {"instruction": told[0], "answers": (answer,)}))
        yield (*(messages if rng.random() < rules else messages[1:]), Message("assistant", said))
