"""The game's entry in the registry."""

from __future__ import annotations

from selftaught.envs.entry import Entry
from selftaught.envs.graph_plan.corpus import corpus
from selftaught.envs.graph_plan.game import LEVELS, GraphPlan
from selftaught.envs.graph_plan.marks import marks
from selftaught.envs.graph_plan.players import MEASURES, PLAYERS, TEACHERS, YARDSTICKS

ENTRY = Entry(
    name="graph_plan",
    id="selftaught/GraphPlan-v0",
    make=GraphPlan,
    seats=("planner",),
    players=PLAYERS,
    default_seat="planner",
    default_others={"planner": "oracle"},
    yardsticks=YARDSTICKS,
    teachers=TEACHERS,
    corpus=corpus,
    measures=MEASURES,
    levels=LEVELS,
    oracles={"planner": "oracle"},
    scores={"planner": "success"},
    marks=marks,
)
