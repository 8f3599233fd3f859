"""Every game by name: how to make it, its seats, its scripted players, and its Gymnasium id."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from selftaught.types import Game, Message, Player, Seat

if TYPE_CHECKING:
    from selftaught.envs.aec_view import AecView
    from selftaught.envs.gym_view import Other, SeatEnv

IDS: Mapping[str, str] = {
    "taboo": "selftaught/Taboo-v0",
    "graph_plan": "selftaught/GraphPlan-v0",
    "graph_questions": "selftaught/GraphQuestions-v0",
    "self_reward": "selftaught/SelfReward-v0",
}
"""Gymnasium ids by game name; known before any game is imported."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One registered game.

    ``make`` takes the game's settings as keywords. ``seats`` are those of the plain game. ``players`` are the scripted
    ones by seat and name, of the seats that settings bring as well. ``default_seat`` and ``default_others`` are what
    ``gymnasium.make`` takes where the caller names none. ``yardsticks`` names the players that a policy in another seat
    is measured against, ``teachers`` those whose wins are worth imitating (``lessons``). ``corpus`` draws the chats
    from which a model can learn the game from nothing, if there are any. ``measures`` are the metrics that an
    evaluation reports, where winning and losing say little. ``levels`` are settings of rising difficulty, for games
    whose metric ``success`` says whether a task was mastered.
    """

    name: str
    id: str
    make: Callable[..., Game[Any]]
    seats: tuple[Seat, ...]
    players: Mapping[Seat, Mapping[str, Player]]
    default_seat: Seat
    default_others: Mapping[Seat, str]
    yardsticks: Mapping[Seat, tuple[str, ...]]
    teachers: Mapping[Seat, tuple[str, ...]]
    corpus: Callable[[np.random.Generator], Iterator[tuple[Message, ...]]] | None = None
    measures: tuple[str, ...] = ()
    levels: tuple[Mapping[str, Any], ...] = ()

    def lessons(self) -> list[Mapping[Seat, str]]:
        """Every table at which a teacher sits in one seat and yardsticks in the others: the player of each seat."""
        tables: list[Mapping[Seat, str]] = []
        for seat in self.seats:
            others = [other for other in self.seats if other != seat]
            for teacher, *facing in product(self.teachers[seat], *(self.yardsticks[other] for other in others)):
                tables.append({seat: teacher, **dict(zip(others, facing, strict=True))})
        return tables

    def teacher_names(self) -> tuple[str, ...]:
        """All teachers, whatever their seat."""
        return tuple(dict.fromkeys(name for seat in self.seats for name in self.teachers[seat]))


GAMES: Mapping[str, Entry]
"""All entries by name; built on first access, so that importing ``selftaught.envs`` imports no game."""


@functools.cache
def games() -> Mapping[str, Entry]:
    """What ``GAMES`` holds."""
    from selftaught.envs.graph_plan.corpus import corpus as plan_corpus
    from selftaught.envs.graph_plan.game import LEVELS as PLAN_LEVELS
    from selftaught.envs.graph_plan.game import GraphPlan
    from selftaught.envs.graph_plan.players import MEASURES as PLAN_MEASURES
    from selftaught.envs.graph_plan.players import PLAYERS as PLAN_PLAYERS
    from selftaught.envs.graph_plan.players import TEACHERS as PLAN_TEACHERS
    from selftaught.envs.graph_plan.players import YARDSTICKS as PLAN_YARDSTICKS
    from selftaught.envs.graph_questions.game import GraphQuestions
    from selftaught.envs.graph_questions.game import guess as random_solver
    from selftaught.envs.graph_questions.game import oracle as right_solver
    from selftaught.envs.self_reward.game import SelfReward
    from selftaught.envs.self_reward.players import MEASURES as REWARD_MEASURES
    from selftaught.envs.self_reward.players import PLAYERS as REWARD_PLAYERS
    from selftaught.envs.self_reward.players import TEACHERS as REWARD_TEACHERS
    from selftaught.envs.self_reward.players import YARDSTICKS as REWARD_YARDSTICKS
    from selftaught.envs.taboo.corpus import corpus as taboo_corpus
    from selftaught.envs.taboo.game import Taboo
    from selftaught.envs.taboo.players import PLAYERS as TABOO_PLAYERS
    from selftaught.envs.taboo.players import TEACHERS as TABOO_TEACHERS
    from selftaught.envs.taboo.players import YARDSTICKS as TABOO_YARDSTICKS

    return {
        "taboo": Entry(
            name="taboo",
            id=IDS["taboo"],
            make=Taboo,
            seats=("attacker", "defender"),
            players=TABOO_PLAYERS,
            default_seat="attacker",
            default_others={"attacker": "fact_giver", "defender": "bayes"},
            yardsticks=TABOO_YARDSTICKS,
            teachers=TABOO_TEACHERS,
            corpus=taboo_corpus,
        ),
        "graph_plan": Entry(
            name="graph_plan",
            id=IDS["graph_plan"],
            make=GraphPlan,
            seats=("planner",),
            players=PLAN_PLAYERS,
            default_seat="planner",
            default_others={"planner": "oracle"},
            yardsticks=PLAN_YARDSTICKS,
            teachers=PLAN_TEACHERS,
            corpus=plan_corpus,
            measures=PLAN_MEASURES,
            levels=PLAN_LEVELS,
        ),
        "graph_questions": Entry(
            name="graph_questions",
            id=IDS["graph_questions"],
            make=GraphQuestions,
            seats=("solver",),
            players={"solver": {"oracle": right_solver, "guess": random_solver}},
            default_seat="solver",
            default_others={"solver": "oracle"},
            yardsticks={"solver": ()},
            teachers={"solver": ("oracle",)},
            measures=("success", "read"),
        ),
        "self_reward": Entry(
            name="self_reward",
            id=IDS["self_reward"],
            make=SelfReward,
            seats=("actor", "judge"),
            players=REWARD_PLAYERS,
            default_seat="actor",
            default_others={"proposer": "inventor", "actor": "sloppy", "judge": "oracle", "meta_judge": "reviewer"},
            yardsticks=REWARD_YARDSTICKS,
            teachers=REWARD_TEACHERS,
            measures=REWARD_MEASURES,
        ),
    }


def __getattr__(name: str) -> Any:
    if name == "GAMES":
        return games()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def entry(name: str) -> Entry:
    """The entry of a game.

    Raises:
        ValueError: on an unknown name; the message lists the known ones.
    """
    if name not in games():
        raise ValueError(_unknown("game", name, games()))
    return games()[name]


def make_game(name: str, **settings: Any) -> Game[Any]:
    """A game with the given settings.

    Raises:
        ValueError: on an unknown game or setting; the message lists the known ones.
    """
    make = entry(name).make
    known = inspect.signature(make).parameters
    for setting in settings:
        if setting not in known:
            raise ValueError(_unknown(f"setting of game {name!r}", setting, known))
    return make(**settings)


def player(game_name: str, seat: Seat, name: str) -> Player:
    """A scripted player of one seat.

    Raises:
        ValueError: on an unknown game, seat or player; the message lists the known ones.
    """
    players = entry(game_name).players
    if seat not in players:
        raise ValueError(_unknown(f"seat of game {game_name!r}", seat, players))
    if name not in players[seat]:
        raise ValueError(_unknown(f"player of seat {seat!r} of game {game_name!r}", name, players[seat]))
    return players[seat][name]


def make_seat_env(
    game_name: str,
    *,
    seat: Seat | None = None,
    others: Other | Mapping[Seat, Other] | None = None,
    split: str = "train",
    task_seed: int | None = None,
    render_mode: str | None = None,
    **settings: Any,
) -> SeatEnv:
    """The environment behind a Gymnasium id: ``SeatEnv`` arguments, and the settings of the game.

    ``seat`` and ``others`` default to those of the entry.
    """
    from selftaught.envs.gym_view import SeatEnv

    known = entry(game_name)
    seat = known.default_seat if seat is None else seat
    game = make_game(game_name, **settings)
    if others is None:
        others = {other: known.default_others[other] for other in game.seats if other != seat}
    return SeatEnv(game, seat=seat, others=others, split=split, task_seed=task_seed, render_mode=render_mode)


def make_table_env(
    game_name: str,
    *,
    split: str = "train",
    task_seed: int | None = None,
    render_mode: str | None = None,
    **settings: Any,
) -> AecView:
    """The PettingZoo environment of a game with the given settings; ``AecView`` explains the other arguments."""
    from selftaught.envs.aec_view import AecView

    return AecView(make_game(game_name, **settings), split=split, task_seed=task_seed, render_mode=render_mode)


def register_ids() -> None:
    """Make every id known to Gymnasium; ids that it knows already stay as they are."""
    for name, gym_id in IDS.items():
        if gym_id not in gymnasium.registry:
            gymnasium.register(
                id=gym_id, entry_point="selftaught.envs.registry:make_seat_env", kwargs={"game_name": name}
            )


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """An error message that names the known ones and, where one is close, what was probably meant."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return f"unknown {kind}: {name!r}{hint} Known: {', '.join(names) or 'none'}"
