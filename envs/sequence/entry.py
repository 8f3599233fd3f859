"""The game's entry in the registry."""

from __future__ import annotations

from selftaught.envs.entry import Entry
from selftaught.envs.sequence.corpus import corpus
from selftaught.envs.sequence.game import Sequence
from selftaught.envs.sequence.marks import marks
from selftaught.envs.sequence.players import MEASURES, PLAYERS, TEACHERS, YARDSTICKS

ENTRY = Entry(
    name="sequence",
    id="selftaught/Sequence-v0",
    make=Sequence,
    seats=("worker",),
    players=PLAYERS,
    default_seat="worker",
    default_others={"worker": "oracle", "instructor": "inventor"},
    yardsticks=YARDSTICKS,
    teachers=TEACHERS,
    corpus=corpus,
    measures=MEASURES,
    oracles={"worker": "oracle"},
    scores={"worker": "quality"},
    marks=marks,
)
