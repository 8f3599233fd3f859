"""What the contract tests run over: every registered game and the toy, and how to seat players at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium
import pytest

from selftaught.envs.aec_view import AecView
from selftaught.envs.entry import Entry
from selftaught.envs.gym_view import SeatEnv
from selftaught.envs.registry import games
from selftaught.types import Ask, Outcome, Paying, Player, Seat
from tests.contract import toy

SPECS = {**{name: name for name in games()}, "toy": "tests.contract.toy:ENTRY"}
"""How the checks of games find the entries, by name."""
ENTRIES: Sequence[Entry] = (*games().values(), toy.ENTRY)
SEATS = [(entry, seat) for entry in ENTRIES for seat in entry.seats]


def entry_id(value: Any) -> str | None:
    """The pytest id of an entry or a seat's name."""
    return value.name if isinstance(value, Entry) else None


def cast_of(entry: Entry, names: Mapping[Seat, str] | None = None) -> dict[Seat, Player]:
    """Scripted players for all seats: those of the entry's defaults where no names are given."""
    chosen = {**entry.default_others, **(names or {})}
    return {seat: entry.players[seat][chosen[seat]] for seat in entry.seats}


def seat_env(entry: Entry, seat: Seat, names: Mapping[Seat, str] | None = None, **options: Any) -> SeatEnv:
    """One seat of the entry's game against scripted players."""
    others = {other: player for other, player in cast_of(entry, names).items() if other != seat}
    return SeatEnv(entry.make(), seat=seat, others=others, **options)


def play_seat(env: SeatEnv, player: Player, *, seed: int | None = None, between: Callable[[], object] = int) -> Any:
    """Play one game and return its record; ``between`` is called before every step."""
    _, info = env.reset(seed=seed)
    paid = 0.0
    while "ask" in info:
        between()
        _, reward, terminated, truncated, info = env.step(player(info["ask"]))
        assert terminated == ("outcome" in info)
        assert truncated is False
        assert terminated or reward == 0 or isinstance(env.game, Paying)
        paid += reward
    assert paid == pytest.approx(info["outcome"].rewards[env.seat], abs=1e-9)
    return info["record"]


def play_table(
    env: AecView,
    reply: Callable[[Ask], str],
    *,
    seed: int | None = None,
    between: Callable[[], object] = int,
    **task: Any,
) -> tuple[list[tuple[Ask, str]], Outcome, Mapping[str, float]]:
    """Play one game with all seats; returns its turns, outcome and metrics."""
    env.reset(seed=seed, options=task)
    turns: list[tuple[Ask, str]] = []
    last: Mapping[str, Any] = {}
    paid = dict.fromkeys(env.possible_agents, 0.0)
    for seat in env.agent_iter():
        between()
        observation, reward, terminated, _, info = env.last()
        assert observation in env.observation_space(seat)
        paid[seat] += reward
        if terminated:
            last = info
            assert paid[seat] == pytest.approx(info["outcome"].rewards[seat], abs=1e-9)
            env.step(None)
            continue
        assert reward == 0 or isinstance(env.game, Paying)
        turns.append((info["ask"], reply(info["ask"])))
        env.step(turns[-1][1])
    return turns, last["outcome"], last["metrics"]


def by_seat(cast: Mapping[Seat, Player]) -> Callable[[Ask], str]:
    """One function that answers for every seat."""
    return lambda ask: cast[ask.seat](ask)


def make(entry: Entry, **options: Any) -> gymnasium.Env[str, str]:
    """The entry through ``gymnasium.make``."""
    return gymnasium.make(entry.id, **options)
