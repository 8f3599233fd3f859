"""The suite: every technique as items with fixed settings and held-out tasks, in versioned, immutable tuples.

``SWEEP`` is the main table, ``SMOKE`` runs in seconds, ``PAPER`` has the settings nearest to what was published, and
``REASONING`` are tasks of reasoning-gym, on which nothing here trains. An id never changes its meaning.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from selftaught.benchmarks.item import Item, Reference
from selftaught.types import Seat

Players = Mapping[Reference, Mapping[Seat, str]]


def _alone(seat: Seat, **names: str) -> Players:
    """References of one seat: the player of each."""
    return {kind: {seat: name} for kind, name in names.items()}  # type: ignore[misc]


ATTACKER: Final = _alone("attacker", random="babbler", scripted="leading_questioner", shortcut="misleader")
DEFENDER: Final = _alone("defender", random="babbler", scripted="frequency", shortcut="echo", oracle="patient")
PLANNER: Final = _alone("planner", random="random", scripted="waves", shortcut="most_hops", oracle="oracle")
SOLVER: Final = _alone("solver", random="guess", oracle="oracle")
NETWORKS: Final = _alone("solver", random="guess", shortcut="ends", oracle="oracle")
ACTOR: Final = _alone("actor", random="babbler", scripted="sloppy", oracle="solver")
JUDGE: Final = _alone("judge", random="random", scripted="flipping", shortcut="length", oracle="oracle")
WORKER: Final = _alone("worker", random="babbler", scripted="sloppy", shortcut="last_only", oracle="oracle")
REFLECTION: Final[Players] = {
    "random": {"thinker": "babbler", "reflector": "babbler"},
    "scripted": {"thinker": "guesser", "reflector": "checker"},
    "shortcut": {"thinker": "guesser", "reflector": "stubborn"},
    "oracle": {"thinker": "solver", "reflector": "checker"},
}
ELSEWHERE: Final[Players] = {kind: REFLECTION[kind] for kind in ("random", "oracle")}
"""Subjects whose questions the guesser does not understand."""
READER: Final = _alone("reader", random="guesser", shortcut="babbler", oracle="finder")
EXAMINER: Final = _alone("examiner", random="babbler", scripted="clozer", shortcut="repeater", oracle="asker")
STUDENT: Final = _alone("student", random="guesser", scripted="ignorant")
REPAIRER: Final = _alone("engineer", random="random_edit", scripted="hint_fixer", shortcut="identity", oracle="oracle")
ENGINEER: Final = _alone("engineer", random="babbler", oracle="oracle")

DEFENDERS: Final[Mapping[Seat, tuple[str, ...]]] = {"defender": ("bayes", "frequency", "answerer")}
ATTACKERS: Final[Mapping[Seat, tuple[str, ...]]] = {"attacker": ("fact_giver", "leading_questioner")}
EDGES: Final[Mapping[str, Any]] = {"encoding": "edges", "knobs": {"most": 9}}
ONE_ANSWER: Final[Mapping[str, Any]] = {"candidates": 1, "judgements": 1}
THOUGHT: Final[tuple[Seat, ...]] = ("reflector", "thinker")
STUDYING: Final[Mapping[Seat, tuple[str, ...]]] = {"examiner": ("asker",), "reader": ("finder",)}
SMALL: Final[Mapping[str, Any]] = {"level": 0}


def _reflect(id_: str, settings: Mapping[str, Any], players: Players = REFLECTION, **more: Any) -> Item:
    return Item(id_, THOUGHT, settings, references=players, **{"tokens": 60, **more})


def _hardware(id_: str, kind: str, players: Players, settings: Mapping[str, Any] = SMALL, **more: Any) -> Item:
    return Item(id_, ("engineer",), {"kinds": (kind,), **settings}, references=players, **more)


TABOO: Final[tuple[Item, ...]] = (
    Item("taboo/0", ("attacker",), others=DEFENDERS, references=ATTACKER, tasks=90),
    Item("taboo/1", ("defender",), others=ATTACKERS, references=DEFENDER, tasks=90),
)
SWEEP: Final[tuple[Item, ...]] = (
    *TABOO,
    Item("graph_plan/0", ("planner",), {"band": 1, **EDGES}, references=PLANNER, tokens=160),
    Item("graph_plan/1", ("planner",), {"band": 2, **EDGES}, references=PLANNER, tokens=200),
    Item("graph_plan/2", ("planner",), {"band": 3, **EDGES}, {}, PLANNER, "hard", tasks=40, tokens=256),
    Item("graph_questions/0", ("solver",), {"family": "network"}, references=NETWORKS, tokens=96),
    Item("graph_questions/1", ("solver",), {"family": "knowledge"}, references=SOLVER, tokens=96),
    Item("self_reward/0", ("actor",), ONE_ANSWER, {"judge": ("oracle",)}, ACTOR, tokens=40),
    Item("self_reward/1", ("judge",), {"judgements": 1}, {"actor": ("sloppy",)}, JUDGE, tasks=50, tokens=60),
    Item("sequence/0", ("worker",), {"steps": (1, 4)}, references=WORKER, tokens=192),
    Item("sequence/1", ("worker",), {"steps": (2, 3)}, references=WORKER, split="pairs", tokens=144),
    Item("sequence/2", ("worker",), {"steps": (1, 3)}, references=WORKER, split="families", tokens=144),
    _reflect("reflect/0", {"settings": {"kinds": ("pick", "expression"), "level": 1}}),
    _reflect("reflect/1", {"settings": {"kinds": ("factors",), "level": 1}}),
    _reflect("reflect/2", {"subject": "graph_questions"}, ELSEWHERE, tokens=96),
    _reflect("reflect/3", {"subject": "world", "settings": {"notes": 3}}, {"random": REFLECTION["random"]}),
    Item(
        "self_study/0",
        ("reader",),
        seed=1,
        others={"examiner": ("asker",), "student": ("ignorant",)},
        references=READER,
        tasks=20,
        tokens=40,
    ),
    Item(
        "self_study/1",
        ("examiner",),
        seed=1,
        others={"reader": ("finder",), "student": ("ignorant",)},
        references=EXAMINER,
        tasks=20,
        tokens=40,
        most=0.8,
    ),
    # The recipe studies the texts of this one, and no others.
    Item("self_study/2", ("student",), others=STUDYING, references=STUDENT, tasks=20, tokens=40),
    _hardware("hardware/0", "repair", REPAIRER, {"level": 0, "reply": "lines"}, tokens=96),
    _hardware("hardware/1", "complete", ENGINEER, tokens=96),
    _hardware("hardware/2", "round_trip", {**ENGINEER, "scripted": {"engineer": "builder"}}, tokens=192),
)
"""The main table."""

SMOKE: Final[tuple[Item, ...]] = tuple(
    replace(item, tasks=4, tokens=16)
    for item in (
        Item("taboo/smoke-0", ("defender",), {"turns": 2}, ATTACKERS, DEFENDER),
        Item("graph_plan/smoke-0", ("planner",), {"band": 1, **EDGES}, {}, PLANNER),
        Item("graph_questions/smoke-0", ("solver",), {}, {}, SOLVER),
        Item("self_reward/smoke-0", ("judge",), {"candidates": 2, "judgements": 1}, {"actor": ("sloppy",)}, JUDGE),
        Item("sequence/smoke-0", ("worker",), {"steps": (1, 2)}, {}, WORKER),
        _reflect("reflect/smoke-0", {"answers": 2, "settings": {"kinds": ("pick",)}}),
        Item(
            "self_study/smoke-0",
            ("reader",),
            {"questions": 2},
            {"examiner": ("asker",), "student": ("ignorant",)},
            READER,
        ),
        _hardware("hardware/smoke-0", "complete", ENGINEER),
    )
)
"""One item a game, in seconds."""

PAPER: Final[tuple[Item, ...]] = (
    *TABOO,
    Item("graph_plan/paper-0", ("planner",), {"mode": "answer", "band": 2}, references=PLANNER, tokens=256),
    Item("graph_plan/paper-1", ("planner",), {"mode": "answer", "band": 4}, references=PLANNER, tokens=512),
    Item(
        "self_reward/paper-0",
        ("actor", "judge"),
        references={kind: {**ACTOR[kind], **JUDGE[kind]} for kind in ("random", "scripted", "oracle")},
        tokens=256,
    ),
    Item(
        "sequence/paper-0",
        ("worker",),
        {"steps": (2, 5), "dependencies": ("independent", "chained")},
        references=WORKER,
        tokens=256,
    ),
    _reflect(
        "reflect/paper-0",
        {"subject": "world", "know": True, "notes": 3, "answers": 3, "rounds": 3, "gate": "threshold", "keep": "best"},
        {"random": REFLECTION["random"]},
        others={"scorer": ("overlap",)},
        tokens=128,
    ),
    Item("self_study/paper-0", ("student",), {"opened": 1, "closed": 1}, STUDYING, STUDENT, tasks=20, tokens=40),
    _hardware("hardware/paper-0", "repair", REPAIRER, {"level": 2}, tokens=512),
    _hardware(
        "hardware/paper-1", "round_trip", {**ENGINEER, "scripted": {"engineer": "builder"}}, {"level": 2}, tokens=512
    ),
    _hardware("hardware/paper-2", "script", ENGINEER, {}, tokens=512),
)
"""Settings nearest to what was published; docs/benchmarks.md says where they differ."""

REASONING: Final[tuple[Item, ...]] = tuple(
    Item(f"reasoning/{place}", ("solver",), {"kinds": kinds}, tasks=60, tokens=48)
    for place, kinds in enumerate(
        (
            ("basic_arithmetic", "chain_sum", "leg_counting", "simple_equations"),
            ("letter_counting", "number_sorting", "spell_backward", "word_sorting"),
            ("family_relationships", "knights_knaves", "aiw", "syllogism"),
            ("color_cube_rotation", "course_schedule", "number_filtering", "shortest_path"),
        )
    )
)
"""Tasks of reasoning-gym (extra ``reasoning``), for transfer."""

SUITES: Final[Mapping[str, tuple[Item, ...]]] = {
    "sweep": SWEEP,
    "smoke": SMOKE,
    "paper": PAPER,
    "reasoning": REASONING,
}
ITEMS: Final[Mapping[str, Item]] = {item.id: item for items in SUITES.values() for item in items}


def chosen(names: Iterable[str]) -> tuple[Item, ...]:
    """The items of suites, games of the sweep and items by their names, each once, in the order of the names.

    Raises:
        ValueError: on an unknown name.
    """
    found: dict[str, Item] = {}
    for name in names:
        here: Sequence[Item] = SUITES.get(name, ()) or [item for item in SWEEP if item.game == name]
        if not here and name not in ITEMS:
            close = difflib.get_close_matches(name, [*SUITES, *ITEMS], n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            games = ", ".join(dict.fromkeys(item.game for item in SWEEP))
            raise ValueError(
                f"no suite, game or item {name!r}; {hint}Suites are {', '.join(SUITES)}, games {games}, and items are "
                "written taboo/0"
            )
        found |= {item.id: item for item in here or (ITEMS[name],)}
    if not found:
        raise ValueError(f"name at least one suite, game or item: suites are {', '.join(SUITES)}")
    return tuple(found.values())
