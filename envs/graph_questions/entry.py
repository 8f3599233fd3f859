"""The game's entry in the registry."""

from __future__ import annotations

from selftaught.envs.entry import Entry
from selftaught.envs.graph_questions.game import GraphQuestions, ends, guess, oracle

ENTRY = Entry(
    name="graph_questions",
    id="selftaught/GraphQuestions-v0",
    make=GraphQuestions,
    seats=("solver",),
    players={"solver": {"oracle": oracle, "guess": guess, "ends": ends}},
    default_seat="solver",
    default_others={"solver": "oracle"},
    yardsticks={"solver": ()},
    teachers={"solver": ("oracle",)},
    measures=("success", "read"),
    oracles={"solver": "oracle"},
    scores={"solver": "success"},
)
