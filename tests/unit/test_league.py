"""Equilibria, ratings and leagues: by hand, on small games, and on folders that were left half done."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from selftaught.agents.scripted import Scripted
from selftaught.benchmarks.equilibrium import gap, nash_average, optimizer, solve
from selftaught.benchmarks.league import Played, cell, file_name, play, table
from selftaught.benchmarks.ratings import POINTS, rate
from selftaught.envs.mini_taboo.game import ATTACKER, DEFENDER, VALUE, MiniTaboo
from selftaught.envs.mini_taboo.players import PLAYERS
from selftaught.envs.registry import make_game
from selftaught.statistics import Array
from selftaught.types import Agent, Seat

ROCK = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
PAYOFFS = arrays.arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=st.floats(-1, 1, width=16)
)


def table_agents() -> dict[Seat, list[Agent]]:
    """All scripted players of mini-taboo."""
    return {seat: [Scripted(name, player) for name, player in players.items()] for seat, players in PLAYERS.items()}


@pytest.mark.parametrize(
    ("payoffs", "value", "row", "column"),
    [
        (ROCK, 0, [1 / 3] * 3, [1 / 3] * 3),
        # Matching pennies with stakes 2, 1, 1, 1: 3/5 wins as often as not, and 2x - (1 - x) = 1/5.
        (np.array([[2.0, -1], [-1, 1]]), 0.2, [0.4, 0.6], [0.4, 0.6]),
        (np.array([[0.3]]), 0.3, [1], [1]),
        (np.array([[1.0, 0.5], [0.7, 0.2]]), 0.5, [1, 0], [0, 1]),  # the first row is better everywhere
        (np.zeros((2, 4)), 0, [0.5] * 2, [0.25] * 4),  # all is best: the most even
    ],
)
def test_solutions_by_hand(payoffs: Array, value: float, row: list[float], column: list[float]) -> None:
    found = solve(payoffs)
    assert found.value == pytest.approx(value, abs=1e-9)
    assert found.row == pytest.approx(row, abs=1e-5) and found.column == pytest.approx(column, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(PAYOFFS)
def test_solutions_are_equilibria(payoffs: Array) -> None:
    found = solve(payoffs)
    assert payoffs.min(axis=1).max() - 1e-6 <= found.value <= payoffs.max(axis=0).min() + 1e-6  # pure bounds
    for strategy in (found.row, found.column):
        assert strategy.min() >= 0 and strategy.sum() == pytest.approx(1)
    assert -1e-9 <= gap(payoffs, found.row, found.column) < 1e-5
    assert solve(-payoffs.T).value == pytest.approx(-found.value, abs=1e-6)  # the other side's view
    square = np.pad(payoffs, [(0, max(payoffs.shape) - size) for size in payoffs.shape])
    assert solve(square - square.T).value == pytest.approx(0, abs=1e-6)  # symmetric games are worth nothing


def test_copies_change_no_skill_in_a_nash_average() -> None:
    """What Elo ratings fail at, and the reason for the Nash average (Balduzzi et al., 1806.02643, section 4)."""
    plain = nash_average(ROCK * 0.5)
    copied = nash_average(np.vstack([ROCK * 0.5] + [ROCK[:1] * 0.5] * 3))
    assert copied.column_skill == pytest.approx(plain.column_skill, abs=1e-5)
    assert copied.row_skill == pytest.approx([*plain.row_skill, *[plain.row_skill[0]] * 3], abs=1e-5)
    assert copied.equilibrium.row[[0, 3, 4, 5]] == pytest.approx([1 / 12] * 4, abs=1e-5)
    with pytest.raises(ValueError, match="finite"):
        solve(np.array([[np.nan]]))


def test_ratings_find_the_strengths_that_made_the_shares() -> None:
    """Strengths in log-odds 1, 0, -1 against 0.5, -0.5, and 0.3 for the seat, without noise and with endless games."""
    first, second, seat = np.array([1.0, 0, -1]), np.array([0.5, -0.5]), 0.3
    shares = 1 / (1 + np.exp(-(first[:, None] - second + seat)))
    found = rate(shares, 10**7)
    assert found.first == pytest.approx(POINTS * first, abs=0.1) and found.second == pytest.approx(
        POINTS * second, abs=0.1
    )
    assert found.seat == pytest.approx(POINTS * seat, abs=0.1) and found.shares == pytest.approx(shares, abs=1e-5)
    assert rate(np.stack([shares, shares]), 10**7).first[1] == pytest.approx(found.first)
    # Perfect records stay finite, and longer ones are better.
    perfect = [rate(np.array([[1.0], [0.0]]), games).first for games in (10, 100)]
    assert 0 < perfect[0][0] < perfect[1][0] < 2000 and perfect[0].sum() == pytest.approx(0)
    assert 0 < rate(np.ones((2, 2)), 100).seat < 2500  # as is a seat that always wins
    with pytest.raises(ValueError, match=r"from 0\.0 to 2\.0"):
        rate(np.array([[0.0, 2.0]]), 1)


@settings(max_examples=30, deadline=None)
@given(arrays.arrays(np.float64, (3, 2), elements=st.floats(0, 1, width=16)), st.integers(1, 500))
def test_ratings_turn_with_the_seats(shares: Array, games: int) -> None:
    found, turned = rate(shares, games), rate(1 - shares.T, games)
    assert found.first == pytest.approx(turned.second, abs=1e-4) and found.seat == pytest.approx(-turned.seat, abs=1e-4)
    assert found.first.sum() == pytest.approx(0, abs=1e-6) == found.second.sum()


def test_a_league_of_mini_taboo_finds_its_value() -> None:
    played = play(MiniTaboo(), table_agents(), games=800, seed=1, split="train")
    found = table(played, resamples=150)
    assert (found["over"], found["games"], len(found["pairings"])) == ("games", 800, 16)
    best = found["pairings"][0]
    assert (best[ATTACKER], best[DEFENDER]) == ("nash_clue", "nash_reply")
    for figure in (best["payoff"], found["nash"]["value"]):
        assert figure["low"] <= float(VALUE) <= figure["high"] and figure["high"] - figure["low"] < 0.2
    # By hand: first_guess takes every narrow clue for the penguin, and is right with one word of four.
    (sure,) = (one for one in found["pairings"] if (one[ATTACKER], one[DEFENDER]) == ("narrow_clue", "first_guess"))
    assert (sure["payoff"]["mean"], sure["won"], sure["lost"]) == (0.5, 0.75, 0.25)
    points = {row["player"]: row["points"]["mean"] for row in found["ratings"]}
    assert min(points, key=points.__getitem__) == "chatty" and found["seat_points"]["low"] > 0
    skills = {row["player"]: row["skill"]["mean"] for row in found["nash"]["players"]}
    assert max(skills[name] for name in PLAYERS[ATTACKER]) == pytest.approx(found["nash"]["value"]["mean"], abs=1e-6)
    assert skills["chatty"] < skills["nash_reply"]


def test_intervals_draw_tasks_where_tasks_are_many_and_games_where_they_are_few() -> None:
    payoffs = np.repeat([1.0, -1.0], 8)[None, None]
    names = {"a": ("one",), "b": ("two",)}
    few = Played(("a", "b"), names, ("x",) * 8 + ("y",) * 8, payoffs)
    assert table(few, resamples=50)["over"] == "games"
    ends = [table(few, over=over, resamples=50)["pairings"][0]["payoff"] for over in ("games", "tasks")]
    assert (ends[0]["low"], ends[0]["high"]) == (0, 0)  # each task always ends the same
    assert (ends[1]["low"], ends[1]["high"]) == (-1, 1)  # and there might have been others
    many = Played(("a", "b"), names, tuple(map(str, range(16))), payoffs)
    assert table(many, resamples=50)["over"] == "tasks"
    with pytest.raises(ValueError, match=r"no games to draw anew .*--over tasks"):
        table(many, over="games", resamples=50)
    with pytest.raises(ValueError, match="8 games of 1 tasks leave no tasks to draw anew"):
        table(Played(("a", "b"), names, ("x",) * 8, payoffs[..., :8]), over="tasks", resamples=50)


def test_a_league_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    calls: list[str] = []

    def counted(name: str, seat: Seat) -> Scripted:
        def player(ask: object) -> str:
            calls.append(name)
            return PLAYERS[seat][name](ask)  # type: ignore[arg-type]

        return Scripted(name, player)

    agents: dict[Seat, list[Agent]] = {
        ATTACKER: [counted("nash_clue", ATTACKER), counted("wide_clue", ATTACKER)],
        DEFENDER: [counted("chatty", DEFENDER)],
    }
    whole = play(MiniTaboo(), agents, games=12, split="train", folder=tmp_path)
    assert len(calls) == 2 * 2 * 12
    (cell(tmp_path, "wide_clue", "chatty") / "episodes" / "step-000000.jsonl").unlink()
    calls.clear()
    again = play(MiniTaboo(), agents, games=12, split="train", folder=tmp_path)
    assert set(calls) == {"wide_clue", "chatty"} and len(calls) == 2 * 12
    assert (again.payoffs == whole.payoffs).all()
    with pytest.raises(ValueError, match="other tasks"):
        play(MiniTaboo(), agents, games=13, split="train", folder=tmp_path)


def test_games_of_a_player_with_another_mark_are_not_taken_for_its_own(tmp_path: Path) -> None:
    best = {ATTACKER: "nash_clue", DEFENDER: "nash_reply"}
    agents = {seat: [Scripted(name, PLAYERS[seat][name])] for seat, name in best.items()}
    for marks in ({"nash_reply": "a"}, {"nash_reply": "a", "somebody": "b"}):
        play(MiniTaboo(), agents, games=4, folder=tmp_path, marks=marks)
    (cell(tmp_path, "nash_clue", "other") / "settings").mkdir(parents=True)
    (cell(tmp_path, "nash_clue", "other") / "settings" / "config.json").write_text('{"other": "a text that failed"}')
    mended = {**agents, DEFENDER: [Scripted("other", PLAYERS[DEFENDER]["nash_reply"])]}
    play(MiniTaboo(), mended, games=4, folder=tmp_path, marks={"other": "b"})
    with pytest.raises(ValueError, match=r"other settings.*nash_reply: then a, now b"):
        play(MiniTaboo(), agents, games=4, folder=tmp_path, marks={"nash_reply": "b"})


def test_names_of_folders_are_harmless_and_different() -> None:
    names = ["bayes", "model:pocket@runs/a/b", "model:pocket@runs/a-b", "../..", "openai:http://h:1/v1#m"]
    made = [file_name(name) for name in names]
    assert made[0] == "bayes" and len(set(made)) == len(names)
    assert all(not {"/", ":", "#"} & set(name) and not name.startswith(".") for name in made)


def test_without_scipy_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(ImportError, match=r"pip install 'selftaught\[league\]'"):
        optimizer()


def test_leagues_that_make_no_sense_are_refused() -> None:
    silent = Scripted("silent", lambda ask: "")
    with pytest.raises(ValueError, match="two seats, and graph_plan has planner"):
        play(make_game("graph_plan"), {"planner": [silent]}, games=1)
    with pytest.raises(ValueError, match="'defender' needs players"):
        play(MiniTaboo(), {ATTACKER: [silent]}, games=1)
    with pytest.raises(ValueError, match="at least 1 game of every pairing, not 0"):
        play(MiniTaboo(), {ATTACKER: [silent], DEFENDER: [silent]}, games=0)
    with pytest.raises(ValueError, match="twice"):
        play(MiniTaboo(), {ATTACKER: [silent, silent], DEFENDER: [silent]}, games=1)
    game = make_game("taboo", payoffs={"attacker_empty": [0.5, 1]})
    with pytest.raises(ValueError, match=r"zero-sum.*paid \{'attacker': 0.5"):
        play(game, {ATTACKER: [silent], DEFENDER: [silent]}, games=1)
