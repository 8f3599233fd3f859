"""The game's entry in the registry."""

from __future__ import annotations

from selftaught.envs.entry import Entry
from selftaught.envs.mini_taboo.game import ATTACKER, DEFENDER, MiniTaboo
from selftaught.envs.mini_taboo.players import PLAYERS, TEACHERS, YARDSTICKS

ENTRY = Entry(
    name="mini_taboo",
    id="selftaught/MiniTaboo-v0",
    make=MiniTaboo,
    seats=(ATTACKER, DEFENDER),
    players=PLAYERS,
    default_seat=ATTACKER,
    default_others={ATTACKER: "uniform_clue", DEFENDER: "uniform_reply"},
    yardsticks=YARDSTICKS,
    teachers=TEACHERS,
)
