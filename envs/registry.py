"""Every game by name: how to make it, its scripted players, and its environments."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import gymnasium

from selftaught.envs.entry import Entry
from selftaught.envs.own import load
from selftaught.types import Game, Player, Seat

if TYPE_CHECKING:
    from selftaught.envs.aec_view import AecView
    from selftaught.envs.gym_view import Other, SeatEnv

IDS: Mapping[str, str] = {
    "taboo": "selftaught/Taboo-v0",
    "graph_plan": "selftaught/GraphPlan-v0",
    "graph_questions": "selftaught/GraphQuestions-v0",
    "self_reward": "selftaught/SelfReward-v0",
    "sequence": "selftaught/Sequence-v0",
    "reflect": "selftaught/Reflect-v0",
    "self_study": "selftaught/SelfStudy-v0",
    "hardware": "selftaught/Hardware-v0",
    "mini_taboo": "selftaught/MiniTaboo-v0",
}
"""Gymnasium ids by game name, which is that of the game's folder; known before any game is imported."""

GAMES: Mapping[str, Entry]
"""All entries by name; built on first access, so that importing ``selftaught.envs`` imports no game."""


@functools.cache
def games() -> Mapping[str, Entry]:
    """What ``GAMES`` holds."""
    return {name: entry(name) for name in IDS}


def __getattr__(name: str) -> Any:
    if name == "GAMES":
        return games()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def entry(name: str) -> Entry:
    """The entry of a game: a registered one by its name, the user's own by ``MODULE:NAME`` or ``FILE.py:NAME``.

    Raises:
        ValueError: on an unknown name, with the known ones; and as ``selftaught.envs.own.load``.
        FileNotFoundError: if there is no such file.
    """
    if ":" in name:
        return load(name)
    if name not in IDS:
        raise ValueError(f"{_unknown('game', name, IDS)}; a game of your own is written MODULE:NAME")
    found: Entry = import_module(f"selftaught.envs.{name}.entry").ENTRY
    return found


def make_game(name: str, **settings: Any) -> Game[Any]:
    """A game with the given settings.

    Raises:
        ValueError: on an unknown game or setting, whereupon the message lists the known ones, or on a value of a wrong
            type.
    """
    make = entry(name).make
    known = inspect.signature(make).parameters
    for setting in settings:
        if setting not in known:
            raise ValueError(_unknown(f"setting of game {name!r}", setting, known))
    try:
        return make(**settings)
    except TypeError as error:
        if not settings:
            raise
        raise ValueError(f"settings {settings} are not what game {name!r} takes: {error}") from error


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

    ``seat`` and ``others`` default to those of the entry; ``game_name`` may be ``MODULE:NAME``, as for ``entry``.
    """
    from selftaught.envs.gym_view import SeatEnv

    known = entry(game_name)
    seat = known.default_seat if seat is None else seat
    game = make_game(game_name, **settings)
    wanted = [other for other in game.seats if other != seat]
    if others is None:
        others = {other: known.others(seat)[other] for other in wanted}
    if ":" in game_name:  # the view looks names up by the game's own name, under which only registered games are found
        given = others if isinstance(others, Mapping) else dict.fromkeys(wanted, others)
        others = {other: player(game_name, other, one) if isinstance(one, str) else one for other, one in given.items()}
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
    hint = f"; did you mean {close[0]!r}?" if close else "."
    return f"unknown {kind}: {name!r}{hint} Known: {', '.join(names) or 'none'}"
