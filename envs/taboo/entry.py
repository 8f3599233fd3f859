"""The game's entry in the registry."""

from __future__ import annotations

from selftaught.envs.entry import Entry
from selftaught.envs.taboo.corpus import corpus
from selftaught.envs.taboo.game import Taboo
from selftaught.envs.taboo.marks import marks
from selftaught.envs.taboo.players import PLAYERS, TEACHERS, YARDSTICKS

ENTRY = Entry(
    name="taboo",
    id="selftaught/Taboo-v0",
    make=Taboo,
    seats=("attacker", "defender"),
    players=PLAYERS,
    default_seat="attacker",
    default_others={"attacker": "fact_giver", "defender": "bayes"},
    yardsticks=YARDSTICKS,
    teachers=TEACHERS,
    corpus=corpus,
    oracles={"defender": "patient"},
    scores={"attacker": "attacker_earned", "defender": "defender_earned"},
    marks=marks,
)
