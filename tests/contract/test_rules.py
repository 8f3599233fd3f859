"""What every game promises: pure functions, sealed answers, finite rewards, and no text that breaks it."""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.envs.aec_view import AecView
from selftaught.envs.entry import Entry
from selftaught.types import Ask, Game, Player, Seat, Task
from tests.contract.cases import (
    ENTRIES,
    HOSTILE,
    SEATS,
    by_seat,
    cast_of,
    entry_id,
    play_seat,
    play_table,
    seat_env,
)

ENTRY = pytest.mark.parametrize("entry", ENTRIES, ids=entry_id)
ENTRY_SEAT = pytest.mark.parametrize(("entry", "seat"), SEATS, ids=entry_id)
HOSTILE_TEXT = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=()), max_size=300),
    st.from_regex(r"(guess|score|answer|plan|<think>|</think>|[:\[\]{}()<>*\n \d.])+", fullmatch=True),
)


@ENTRY
def test_game_is_the_protocol(entry: Entry) -> None:
    game = entry.make()
    assert isinstance(game, Game)
    assert (game.name, tuple(game.seats)) == (entry.name, tuple(entry.seats))
    assert game == entry.make() == pickle.loads(pickle.dumps(game))
    assert entry.players.keys() == entry.default_others.keys() == entry.yardsticks.keys() >= set(entry.seats)
    assert all(set(entry.yardsticks[seat]) <= entry.players[seat].keys() for seat in entry.seats)


@ENTRY
def test_functions_are_pure(entry: Entry) -> None:
    game, reply = entry.make(), by_seat(cast_of(entry))
    for state, task in _positions(game, reply):
        frozen = repr(state)
        ask = game.ask(state)
        assert ask == game.ask(state)
        twin = pickle.loads(pickle.dumps(state))
        assert twin == state
        if ask is None:
            assert game.outcome(state) == game.outcome(twin)
            assert repr(game.metrics(state, task)) == repr(game.metrics(twin, task))
        else:
            assert ask.seed == 0, "seeds are for whoever drives the game"
            assert ask.seat in game.seats and ask.messages
            pickle.dumps(ask)
            assert game.tell(state, "a word") == game.tell(state, "a word") == game.tell(twin, "a word")
            with pytest.raises(ValueError, match="over"):
                game.outcome(state)
        assert repr(state) == frozen


@ENTRY
def test_equal_generators_give_equal_starts(entry: Entry) -> None:
    game = entry.make()
    for task in islice(game.tasks("train", 0), 5):
        assert game.start(task.public, np.random.default_rng(5)) == game.start(task.public, np.random.default_rng(5))


@ENTRY
def test_prefixes_can_be_branched(entry: Entry) -> None:
    game, reply = entry.make(), by_seat(cast_of(entry))
    for state, _ in _positions(game, reply):
        if game.ask(state) is None:
            continue
        branches = [_finish(game, state, reply, first=first) for first in (None, "", None)]
        assert branches[0] == branches[2]


@ENTRY
def test_sealed_halves_change_metrics_only(entry: Entry) -> None:
    game, env = entry.make(), AecView(entry.make())
    tasks = list(islice(game.tasks("train", 0), 6))
    for place, task in enumerate(tasks):
        swaps = [task, replace(task, sealed=tasks[place - 1].sealed), replace(task, sealed={})]
        played = [play_table(env, by_seat(cast_of(entry)), seed=1, task=swap) for swap in swaps]
        assert len({repr((turns, outcome)) for turns, outcome, _ in played}) == 1
        for seat in entry.seats:
            seat_wise = seat_env(entry, seat)
            records = []
            for swap in swaps:
                _, info = seat_wise.reset(seed=1, options={"task": swap})
                while "ask" in info:
                    *_, info = seat_wise.step(cast_of(entry)[seat](info["ask"]))
                records.append(info["record"])
            assert len({repr((record.turns, record.outcome)) for record in records}) == 1


@ENTRY
def test_views_tell_no_more_than_messages(entry: Entry) -> None:
    """Where a seat reads the same messages, its view is the same, whatever the hidden state is."""
    game = entry.make()
    seen: dict[tuple[Seat, Any], tuple[Any, ...]] = {}
    for task in islice(game.tasks("train", 0), 40):
        for seed in range(5):
            state = game.start(task.public, np.random.default_rng(seed))
            for text in ("Go on.", "Fine.", "Go on.", "Fine.", "Go on.", "Fine."):
                ask = game.ask(state)
                if ask is None:
                    break
                view = seen.setdefault((ask.seat, ask.messages), (ask.view,))
                assert view == (ask.view,)
                state = game.tell(state, text)


@ENTRY_SEAT
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_never_raises(entry: Entry, seat: Seat, text: str) -> None:
    _play_hostile(entry, seat, lambda ask: text)


@ENTRY_SEAT
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(HOSTILE_TEXT, min_size=1, max_size=8))
def test_any_text_never_raises(entry: Entry, seat: Seat, texts: list[str]) -> None:
    _play_hostile(entry, seat, lambda ask: texts[ask.seed % len(texts)])


@ENTRY
def test_declared_zero_sum_holds(entry: Entry) -> None:
    game = entry.make()
    if not getattr(game, "zero_sum", False):
        pytest.skip("the game does not declare zero_sum")
    env, cast = AecView(game), cast_of(entry)
    for seed in range(30):
        for reply in (by_seat(cast), lambda ask: HOSTILE[ask.seed % len(HOSTILE)]):
            _, outcome, _ = play_table(env, reply, seed=seed)
            assert sum(outcome.rewards.values()) == 0


def _play_hostile(entry: Entry, seat: Seat, hostile: Player) -> None:
    """The seat is hostile in both views, then all seats are; rewards must be finite throughout."""
    env = seat_env(entry, seat, render_mode="ansi")
    for seed in (0, 1):
        record = play_seat(env, hostile, seed=seed)
        assert all(math.isfinite(reward) for reward in record.outcome.rewards.values())
        text = env.render()
        assert text is not None
        text.encode()
    table = AecView(entry.make(), render_mode="ansi")
    for reply in (hostile, by_seat({**cast_of(entry), seat: hostile})):
        _, outcome, _ = play_table(table, reply, seed=2)
        assert all(math.isfinite(reward) for reward in outcome.rewards.values())


def _positions(game: Game[Any], reply: Player) -> Iterator[tuple[Any, Task]]:
    """Every position of a few games."""
    for seed, task in enumerate(islice(game.tasks("train", 0), 4)):
        state = game.start(task.public, np.random.default_rng(seed))
        while True:
            yield state, task
            ask = game.ask(state)
            if ask is None:
                break
            state = game.tell(state, reply(Ask(ask.seat, ask.messages, ask.view, seed)))


def _finish(game: Game[Any], state: Any, reply: Player, *, first: str | None) -> str:
    """Play a position to its end, with ``first`` as the next reply if given."""
    while (ask := game.ask(state)) is not None:
        state = game.tell(state, reply(ask) if first is None else first)
        first = None
    return repr(game.outcome(state))
