"""Both views: equal seeds give equal games, and other seeds others."""

from __future__ import annotations

import pytest

from selftaught.envs.aec_view import AecView
from selftaught.envs.entry import Entry
from selftaught.types import Seat
from tests.contract.cases import ENTRIES, SEATS, by_seat, cast_of, entry_id, play_seat, play_table, seat_env

ENTRY = pytest.mark.parametrize("entry", ENTRIES, ids=entry_id)
ENTRY_SEAT = pytest.mark.parametrize(("entry", "seat"), SEATS, ids=entry_id)


@ENTRY
def test_equal_seeds_give_byte_equal_games(entry: Entry) -> None:
    reply = by_seat(cast_of(entry))
    one, two = AecView(entry.make()), AecView(entry.make())
    for seed in (0, None, None, 7, None, 0):
        first, second = play_table(one, reply, seed=seed), play_table(two, reply, seed=seed)
        assert repr(first).encode() == repr(second).encode()
    for seat in entry.seats:
        left, right = (seat_env(entry, seat) for _ in range(2))
        for seed in (0, None, 7):
            player = cast_of(entry)[seat]
            records = [play_seat(env, player, seed=seed) for env in (left, right)]
            assert repr(records[0]).encode() == repr(records[1]).encode()


@ENTRY_SEAT
def test_seeds_matter_and_the_stream_goes_on(entry: Entry, seat: Seat) -> None:
    env, player = seat_env(entry, seat), cast_of(entry)[seat]
    seeded = {repr(play_seat(env, player, seed=seed)) for seed in range(5)}
    env.reset(seed=0)
    going_on = {repr(play_seat(env, player)) for _ in range(5)}
    assert len(seeded) == len(going_on) == 5
    assert len({play_seat(env, player, seed=None).id for _ in range(50)}) == 50


@ENTRY
def test_a_task_seed_fixes_the_tasks_whatever_the_reset_seed(entry: Entry) -> None:
    env, expected = AecView(entry.make(), task_seed=8), entry.make().tasks("train", 8)
    first, second = next(expected), next(expected)
    for seed in (1, 2):
        for task in (first, second):
            env.reset(seed=seed if task is first else None)
            assert env._task == task
