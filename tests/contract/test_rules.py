"""What every game promises: the checks of ``selftaught validate``, and any text at all in both views."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.envs.aec_view import AecView
from selftaught.envs.entry import Entry
from selftaught.types import Ask, Player, Seat
from selftaught.validation import HOSTILE, Subject
from selftaught.validation.checks import CHECKS, Check, checked
from selftaught.validation.repeating import in_turn
from selftaught.validation.subject import Table, by_seat, tables
from tests.contract.cases import SEATS, SPECS, cast_of, entry_id, play_seat, play_table, seat_env

GAMES = 3
OPEN = {"graph_plan", "graph_questions", "sequence", "reflect", "hardware"}
"""Games in which each seat is told all that was said: no two positions look alike to it."""
SHORT = [text for text in HOSTILE.values() if len(text) <= 5_000]
HOSTILE_TEXT = st.one_of(
    st.sampled_from(SHORT),
    st.text(st.characters(exclude_categories=()), max_size=300),
    st.from_regex(r"(guess|score|answer|plan|<think>|</think>|[:\[\]{}()<>*\n \d.])+", fullmatch=True),
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
@pytest.mark.parametrize("name", SPECS)
def test_every_game_passes_every_check(name: str, check: Check) -> None:
    subject = Subject(SPECS[name], games=GAMES)
    found = checked(subject, check)
    # Only what a game does not have is not looked at.
    lacking = {
        "oracle": not subject.entry.oracles,
        "sealed": not subject.tasks(subject.make(), 1)[0].sealed,
        "knowledge": name in OPEN,
    }
    assert found.status == ("skipped" if lacking.get(check.name) else "passed"), found


def test_games_of_all_kinds_in_turns_go_as_they_go_alone() -> None:
    def dealt() -> list[tuple[Table, Player]]:
        subjects = [Subject(spec, games=2) for spec in SPECS.values()]
        return [(table, by_seat(one.default())) for one in subjects for table in tables(one, one.make())]

    alone, together = [table.finish(reply) for table, reply in dealt()], dealt()
    in_turn(together)
    assert [table.record() for table in alone] == [table.record() for table, _ in together]


@pytest.mark.parametrize(("entry", "seat"), SEATS, ids=entry_id)
@settings(max_examples=30, deadline=None)
@given(texts=st.lists(HOSTILE_TEXT, min_size=1, max_size=8))
def test_any_text_never_raises(entry: Entry, seat: Seat, texts: list[str]) -> None:
    """The seat is hostile in both views, then all seats are; rewards must be finite and every game can be printed."""

    def hostile(ask: Ask) -> str:
        return texts[ask.seed % len(texts)]

    env = seat_env(entry, seat, render_mode="ansi")
    record = play_seat(env, hostile, seed=0)
    assert all(math.isfinite(reward) for reward in record.outcome.rewards.values())
    text = env.render()
    assert text is not None
    text.encode()
    table = AecView(entry.make(), render_mode="ansi")
    for reply in (hostile, by_seat({**cast_of(entry), seat: hostile})):
        _, outcome, _ = play_table(table, reply, seed=2)
        assert all(math.isfinite(reward) for reward in outcome.rewards.values())
