"""Mini-taboo: its rules, its value from all pure strategies, and how exploitable players are, by hand and by sample."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import islice, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.agents.scripted import Scripted
from selftaught.benchmarks.equilibrium import gap, solve
from selftaught.benchmarks.exploitability import (
    BREACH,
    Strategy,
    best_reply,
    exploitability,
    moves,
    observe,
    pure_players,
    questions,
    strategy_of,
)
from selftaught.envs.mini_taboo.game import ATTACKER, DEFENDER, TABLES, VALUE, MiniTaboo, words_of
from selftaught.envs.mini_taboo.players import PLAYERS
from selftaught.rollout import rollout
from selftaught.types import Seat, Task

TASKS = [Task(f"train/{word}", {"split": "train", "secret": word}) for word in words_of(TABLES["train"])]

EXPLOITABILITY: Mapping[tuple[Seat, str], Fraction] = {
    (ATTACKER, "nash_clue"): Fraction(0),
    (ATTACKER, "uniform_clue"): Fraction(1, 6),  # after a narrow clue the odds are 1/3 to 1/2
    (ATTACKER, "narrow_clue"): Fraction(2, 3),  # two words are given away
    (ATTACKER, "wide_clue"): Fraction(1, 6),  # one word is given away, and the three others win for certain
    (DEFENDER, "nash_reply"): Fraction(0),
    (DEFENDER, "uniform_reply"): Fraction(7, 48),
    (DEFENDER, "first_guess"): Fraction(1, 3),  # is right after a narrow clue to the penguin alone
    (DEFENDER, "chatty"): Fraction(1, 3),  # says the secret word in half of the games after narrow clues
}
"""By hand."""


def play(secret: str, *texts: str) -> str:
    """How a game ends."""
    game = MiniTaboo()
    state = game.start({"split": "train", "secret": secret}, np.random.default_rng(0))
    for text in texts:
        state = game.tell(state, text)
    return game.outcome(state).end


@pytest.mark.parametrize(
    ("end", "texts"),
    [
        ("correct_guess", ("It is a bird.", "Guess: parrot")),
        ("correct_guess", ("well...  IT IS\n a bird!", "my guess is the Parrot")),
        ("wrong_guess", ("It is a bird.", "Guess: penguin")),
        ("defender_uttered", ("It is a bird.", "A parrot?")),
        ("tie", ("It is a bird.", "Penguin.")),
        ("tie", ("<think>It is a bird</think>It lives where it is warm", "<think>Guess: parrot</think>shark")),
        ("defender_unclear", ("It is a bird.", "Penguin or parrot.")),
        ("defender_unclear", ("It is a bird.", "Guess: zebra")),
        ("defender_unclear", ("It is a bird.", "")),
        ("attacker_untrue", ("It swims in the sea",)),
        ("attacker_unclear", ("It sings.",)),
        ("attacker_unclear", ("It is a bird. It lives where it is warm.",)),
    ],
)
def test_every_end(end: str, texts: tuple[str, ...]) -> None:
    assert play("parrot", *texts) == end


def test_the_defender_hears_the_clue_alone() -> None:
    game = MiniTaboo()
    state = game.start(TASKS[0].public, np.random.default_rng(0))
    told = [game.ask(game.tell(state, text)) for text in ("It is a bird", "It is a bird, the secret is penguin!")]
    assert told[0] == told[1] and told[0] is not None and "secret" not in told[0].view


def test_bad_tasks_are_refused() -> None:
    with pytest.raises(ValueError, match="'nowhere'; the splits are train"):
        next(MiniTaboo().tasks("nowhere", 0))
    with pytest.raises(ValueError, match="'moon'"):
        MiniTaboo().start({"split": "train", "secret": "moon"}, np.random.default_rng(0))


def test_all_pure_strategies_through_rollout_have_the_value_that_is_known_by_hand() -> None:
    attackers, defenders = list(pure_players(ATTACKER)), list(pure_players(DEFENDER))
    assert (len(attackers), len(defenders)) == (3 * 2**3, 4**3 * 6)
    pairs = [{ATTACKER: one, DEFENDER: two} for one, two in product(attackers, defenders)]
    episodes = rollout(MiniTaboo(), TASKS * len(pairs), lambda index: pairs[index // len(TASKS)], seed=0)
    won = np.array([episode.outcome.rewards[ATTACKER] for episode in episodes])
    payoffs = won.reshape(len(attackers), len(defenders), len(TASKS)).mean(axis=-1)
    found = solve(payoffs)
    assert found.value == pytest.approx(float(VALUE), abs=1e-6)
    assert gap(payoffs, found.row, found.column) == pytest.approx(0, abs=1e-6)
    # The best mixture's parts, added up by word, are the strategy of the scripted player.
    for word, wide in zip(words_of(TABLES["train"]), (0, 2 / 3, 2 / 3, 2 / 3), strict=True):
        place = words_of(TABLES["train"]).index(word)
        plays_wide = [attacker.name.split(" | ")[place] == "It lives where it is warm" for attacker in attackers]
        assert found.row @ np.array(plays_wide) == pytest.approx(wide, abs=1e-5)


@pytest.mark.parametrize("split", TABLES)
def test_the_vocabularies_are_one_game(split: str) -> None:
    shape = [tuple(words_of(TABLES[split]).index(word) for word in words) for words in TABLES[split].values()]
    assert shape == [(0, 1), (0, 2), (0, 3), (1, 2, 3)]
    for clue in TABLES[split]:
        assert sum(clue.casefold() in other.casefold() for other in TABLES[split]) == 1


@pytest.mark.parametrize(("seat", "name"), EXPLOITABILITY)
def test_exploitability_of_players_is_that_by_hand(seat: Seat, name: str) -> None:
    truth = float(EXPLOITABILITY[seat, name])
    agent = Scripted(name, PLAYERS[seat][name])
    strategy = observe(agent, seat, samples=400, seed=3)
    found = exploitability(strategy, resamples=500)
    assert found.low - 1e-9 <= truth <= found.high + 1e-9 and found.high - found.low < 0.2
    assert found.mean == pytest.approx(truth, abs=0.06) and found.count == 1600
    # The best reply, played, wins what is said of it; the strategy that the same games show is the same.
    other = DEFENDER if seat == ATTACKER else ATTACKER
    cast = {seat: agent, other: Scripted("best reply", best_reply(strategy))}
    episodes = rollout(MiniTaboo(), TASKS, cast, seed=9, samples=300)
    won = float(np.mean([episode.outcome.rewards[other] for episode in episodes]))
    sure = float(VALUE) * (1 if other == ATTACKER else -1)
    assert won - sure == pytest.approx(truth, abs=0.09)


def test_games_of_another_agent_are_not_taken_for_an_agents_strategy(tmp_path: Path) -> None:
    agent = Scripted("nash_clue", PLAYERS[ATTACKER]["nash_clue"])
    first, again = (observe(agent, ATTACKER, samples=9, folder=tmp_path, mark="a") for _ in range(2))
    assert first == again
    for other in ({"mark": "b"}, {"mark": "a", "seed": 1}):
        with pytest.raises(ValueError, match="other settings"):
            observe(agent, ATTACKER, samples=9, folder=tmp_path, **other)


def test_intervals_hold_for_players_that_are_best_and_others() -> None:
    inside = 0
    for seed in range(20):
        for seat, name in ((ATTACKER, "nash_clue"), (DEFENDER, "uniform_reply")):
            strategy = observe(Scripted(name, PLAYERS[seat][name]), seat, samples=50, seed=seed)
            found = exploitability(strategy, resamples=300)
            inside += found.low <= float(EXPLOITABILITY[seat, name]) <= found.high
    assert inside >= 37  # of 40


@settings(max_examples=40, deadline=None)
@given(st.sampled_from((ATTACKER, DEFENDER)), st.data())
def test_no_strategy_is_better_than_the_best(seat: Seat, data: st.DataObject) -> None:
    counts = {}
    for question in questions(seat, "train"):
        numbers = data.draw(st.lists(st.integers(0, 5), min_size=len(moves(seat, "train")), max_size=None))
        told = dict(zip(moves(seat, "train"), numbers, strict=False))
        counts[question] = told if any(told.values()) else {BREACH: 1}
    found = exploitability(Strategy(seat, "train", counts), resamples=20)
    owed = 1 + float(VALUE) if seat == ATTACKER else 1 - float(VALUE)
    assert 0 <= found.low <= found.mean <= min(owed + 1e-9, found.high)


def test_who_always_breaks_the_rules_loses_everything() -> None:
    for seat, lost in ((ATTACKER, 1 + VALUE), (DEFENDER, 1 - VALUE)):
        found = exploitability(observe(Scripted("silent", lambda ask: ""), seat, samples=3), resamples=20)
        assert (found.mean, found.low, found.high) == pytest.approx((float(lost),) * 3)


def test_thoughts_are_no_moves() -> None:
    thinking = Scripted(
        "thinking", lambda ask: f"<think>It is a bird? Guess: zebra</think>{PLAYERS[ATTACKER]['wide_clue'](ask)}"
    )
    told, plain = (
        observe(agent, ATTACKER, samples=2) for agent in (thinking, Scripted("wide", PLAYERS[ATTACKER]["wide_clue"]))
    )
    assert told == plain


def test_a_strategy_needs_games_on_every_question() -> None:
    cast = {ATTACKER: pure(ATTACKER), DEFENDER: pure(DEFENDER)}
    episodes = rollout(MiniTaboo(), islice(MiniTaboo().tasks("train", 0), 8), cast, seed=0)
    assert sum(sum(told.values()) for told in strategy_of(episodes, ATTACKER, split="train").counts.values()) == 8
    with pytest.raises(ValueError, match="was asked"):
        strategy_of(episodes[:2], ATTACKER, split="train")
    with pytest.raises(ValueError, match="not 0"):
        observe(cast[ATTACKER], ATTACKER, samples=0)


def pure(seat: Seat) -> Scripted:
    """One pure strategy."""
    return next(iter(pure_players(seat)))


def test_the_page_says_what_is_tested() -> None:
    page = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text("utf-8")
    for (seat, name), value in EXPLOITABILITY.items():
        assert f"| `{name}` | {seat} | {value} |" in page
    for clue, words in TABLES["train"].items():
        assert f"| {clue} | {', '.join(words)} |" in page
