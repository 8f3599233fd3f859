"""Equal seeds give equal games; nothing outside an environment changes what it plays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

import pytest

from selftaught.envs.aec_view import AecView
from selftaught.envs.entry import Entry
from selftaught.types import Seat
from tests.contract.cases import (
    ENTRIES,
    PAIRINGS,
    SEATS,
    by_seat,
    cast_of,
    entry_id,
    global_randomness,
    play_seat,
    play_table,
    seat_env,
)

MOST_TASKS = 1500
"""Tasks after which a split counts as endless."""
ENTRY = pytest.mark.parametrize("entry", ENTRIES, ids=entry_id)
ENTRY_SEAT = pytest.mark.parametrize(("entry", "seat"), SEATS, ids=entry_id)
PAIRING = pytest.mark.parametrize(("entry", "names"), PAIRINGS, ids=entry_id)


@PAIRING
def test_equal_seeds_give_byte_equal_games(entry: Entry, names: Mapping[Seat, str]) -> None:
    reply = by_seat(cast_of(entry, names))
    one, two = AecView(entry.make()), AecView(entry.make())
    for seed in (0, None, None, 7, None, 0):
        first, second = play_table(one, reply, seed=seed), play_table(two, reply, seed=seed)
        assert repr(first).encode() == repr(second).encode()
    for seat in entry.seats:
        left, right = (seat_env(entry, seat, names) for _ in range(2))
        for seed in (0, None, 7):
            player = cast_of(entry, names)[seat]
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


@ENTRY_SEAT
def test_global_random_state_is_never_touched(entry: Entry, seat: Seat) -> None:
    before = global_randomness()
    env, table = seat_env(entry, seat), AecView(entry.make())
    for seed in (1, None):
        play_seat(env, cast_of(entry)[seat], seed=seed)
        play_table(table, by_seat(cast_of(entry)), seed=seed)
    env.observation_space.seed(1)
    env.action_space.sample()
    assert global_randomness() == before


@ENTRY_SEAT
def test_other_environments_change_nothing(entry: Entry, seat: Seat) -> None:
    player, reply = cast_of(entry)[seat], by_seat(cast_of(entry))
    env, table = seat_env(entry, seat), AecView(entry.make())
    alone = [repr((play_seat(env, player, seed=seed), play_table(table, reply, seed=seed))) for seed in (3, None, None)]
    noises = [_noise(rival) for rival in ENTRIES]

    def disturb() -> None:
        for noise in noises:
            next(noise)

    env, table = seat_env(entry, seat), AecView(entry.make())
    together = []
    for seed in (3, None, None):
        record = play_seat(env, player, seed=seed, between=disturb)
        together.append(repr((record, play_table(table, reply, seed=seed, between=disturb))))
    assert alone == together


@PAIRING
def test_recorded_texts_replay_to_the_same_outcome(entry: Entry, names: Mapping[Seat, str]) -> None:
    reply, env = by_seat(cast_of(entry, names)), AecView(entry.make())
    for seed in range(3):
        turns, outcome, metrics = play_table(env, reply, seed=seed)
        texts = iter([text for _, text in turns])
        again = play_table(AecView(entry.make()), lambda ask: next(texts), seed=seed)  # noqa: B023  # used at once
        assert repr(again) == repr((turns, outcome, metrics))


@ENTRY
def test_a_task_seed_fixes_the_tasks_whatever_the_reset_seed(entry: Entry) -> None:
    env, expected = AecView(entry.make(), task_seed=8), entry.make().tasks("train", 8)
    first, second = next(expected), next(expected)
    for seed in (1, 2):
        for task in (first, second):
            env.reset(seed=seed if task is first else None)
            assert env._task == task


@ENTRY
def test_task_stream_is_seeded_endless_and_fair(entry: Entry) -> None:
    game = entry.make()
    for split in ("train", "validation", "test"):
        stream, twin, rival = (game.tasks(split, seed) for seed in (1, 1, 2))
        pool: dict[str, None] = {}
        for task in islice(stream, MOST_TASKS):
            assert task == next(twin)
            if task.id in pool:
                again = [task.id, *(next(stream).id for _ in range(len(pool) - 1))]
                assert set(again) == pool.keys(), "a task came twice before all had come once"
                break
            pool[task.id] = None
        assert list(pool) != [next(rival).id for _ in pool]
    with pytest.raises(ValueError, match="nowhere"):
        next(game.tasks("nowhere", 0))


def _noise(entry: Entry) -> Iterator[None]:
    """Endless play of another environment, one call a step."""
    env, reply = AecView(entry.make()), by_seat(cast_of(entry))
    seed = 0
    while True:
        seed += 1
        env.reset(seed=seed)
        yield
        while not any(env.terminations.values()):
            env.step(reply(env.infos[env.agent_selection]["ask"]))
            yield
