"""The game's entry in the registry."""

from __future__ import annotations

from selftaught.envs.entry import Entry
from selftaught.envs.reflect.corpus import corpus
from selftaught.envs.reflect.game import Reflect
from selftaught.envs.reflect.marks import marks
from selftaught.envs.reflect.players import MEASURES, PLAYERS, TEACHERS, YARDSTICKS

ENTRY = Entry(
    name="reflect",
    id="selftaught/Reflect-v0",
    make=Reflect,
    seats=("thinker", "reflector"),
    players=PLAYERS,
    default_seat="reflector",
    default_others={"thinker": "guesser", "reflector": "checker", "scorer": "overlap"},
    yardsticks=YARDSTICKS,
    teachers=TEACHERS,
    corpus=corpus,
    measures=MEASURES,
    oracles={"thinker": "solver"},
    scores={"thinker": "right_first", "reflector": "right_last"},
    marks=marks,
)
