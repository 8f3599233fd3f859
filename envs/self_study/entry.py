"""The game's entry in the registry."""

from __future__ import annotations

from selftaught.envs.entry import Entry
from selftaught.envs.self_study.corpus import corpus
from selftaught.envs.self_study.game import SelfStudy
from selftaught.envs.self_study.players import MEASURES, PLAYERS, TEACHERS, YARDSTICKS

ENTRY = Entry(
    name="self_study",
    id="selftaught/SelfStudy-v0",
    make=SelfStudy,
    seats=("examiner", "reader", "student"),
    players=PLAYERS,
    default_seat="examiner",
    default_others={"examiner": "asker", "reader": "finder", "student": "ignorant", "comparer": "strict"},
    yardsticks=YARDSTICKS,
    teachers=TEACHERS,
    corpus=corpus,
    measures=MEASURES,
    oracles={"reader": "finder"},
    scores={"examiner": "worth", "reader": "audit/open_right", "student": "audit/closed_right"},
)
