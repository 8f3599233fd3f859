"""The game's entry in the registry."""

from __future__ import annotations

from selftaught.envs.entry import Entry
from selftaught.envs.hardware.corpus import corpus
from selftaught.envs.hardware.game import Hardware
from selftaught.envs.hardware.players import MEASURES, PLAYERS, TEACHERS, YARDSTICKS

ENTRY = Entry(
    name="hardware",
    id="selftaught/Hardware-v0",
    make=Hardware,
    seats=("engineer",),
    players=PLAYERS,
    default_seat="engineer",
    default_others={"engineer": "oracle", "describer": "by_rule"},
    yardsticks=YARDSTICKS,
    teachers=TEACHERS,
    corpus=corpus,
    measures=MEASURES,
    levels=tuple({"level": level} for level in range(4)),
    oracles={"engineer": "oracle"},
    scores={"engineer": "success"},
)
