"""The game's entry in the registry."""

from __future__ import annotations

from selftaught.envs.entry import Entry
from selftaught.envs.self_reward.corpus import corpus
from selftaught.envs.self_reward.game import SelfReward
from selftaught.envs.self_reward.marks import marks
from selftaught.envs.self_reward.players import MEASURES, PLAYERS, TEACHERS, YARDSTICKS

ENTRY = Entry(
    name="self_reward",
    id="selftaught/SelfReward-v0",
    make=SelfReward,
    seats=("actor", "judge"),
    players=PLAYERS,
    default_seat="actor",
    default_others={"proposer": "inventor", "actor": "sloppy", "judge": "oracle", "meta_judge": "reviewer"},
    yardsticks=YARDSTICKS,
    teachers=TEACHERS,
    corpus=corpus,
    measures=MEASURES,
    oracles={"actor": "solver"},
    scores={"actor": "right", "judge": "verdict"},
    marks=marks,
    beside={"meta_judge": {"judge": "random"}},  # reviews judgements that differ, and the oracle's never do
)
