"""The scripted players: legal, pure functions of what they are asked, and as strong or as weak as they should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.envs.taboo.game import ATTACKER, DEFENDER, Taboo
from selftaught.envs.taboo.judge import judge
from selftaught.envs.taboo.players import BEGGING, PLAYERS, QUESTIONS, YARDSTICKS, pick
from selftaught.envs.taboo.words import lexicon, vocabulary
from selftaught.types import Ask, Player

SAMPLE = tuple(lexicon())[::6]
LEGAL_ATTACKERS = sorted(set(PLAYERS[ATTACKER]) - {"leaker"})
BARE_WORDS = ("word", "kind", "kindly", "name", "nameless", "wither", "call", "thing", "mean", "dictionary", "start")
"""Words without facts that the attackers' sentences themselves hold."""

every_player = pytest.mark.parametrize(
    ("seat", "name"), [(seat, name) for seat, players in PLAYERS.items() for name in players]
)

said = st.one_of(
    st.sampled_from(
        [
            *(
                "It is a kind of animal that eats bamboo.",
                "Which tool drives nails?",
                "name ",
                "Guess: zebra",
                "Guess:",
            ),
            *("What is it?", "...", "\x00", "\ud800", "a" * 599, "🐼" * 9, "the the the", "It has many pockets."),
        ]
    ),
    st.text(st.characters(exclude_categories=()), max_size=30),
)


def attack(target: str, *, turn: int, seed: int, turns: int = 5) -> Ask:
    history = tuple(pair for _ in range(turn) for pair in ((ATTACKER, "It is soft."), (DEFENDER, "Is it alive?")))
    return Ask(ATTACKER, (), {"target": target, "turn": turn, "turns": turns, "history": history}, seed)


def defend(*clues: str, seed: int = 0, turns: int = 5) -> Ask:
    """The defender's ask after these clues, with a question of its own between each two."""
    history = tuple(pair for clue in clues for pair in ((ATTACKER, clue), (DEFENDER, "Is it alive?")))[:-1]
    return Ask(DEFENDER, (), {"turn": len(clues) - 1, "turns": turns, "history": history}, seed)


def ends(attacker: str, defender: str, *, games: int, game: Taboo | None = None) -> Counter[str]:
    """How games between two players end."""
    game = Taboo() if game is None else game
    players = {ATTACKER: PLAYERS[ATTACKER][attacker], DEFENDER: PLAYERS[DEFENDER][defender]}
    rng = np.random.default_rng(0)
    counts: Counter[str] = Counter()
    for task in islice(game.tasks("train", 0), games):
        state = game.start(task.public, rng)
        while (ask := game.ask(state)) is not None:
            state = game.tell(state, players[ask.seat](replace(ask, seed=int(rng.integers(2**63)))))
        counts[game.outcome(state).end] += 1
    return counts


def sentences(player: Player, target: str) -> Iterator[str]:
    """What an attacker says of a word, for every turn and several seeds."""
    for turn in range(5):
        for seed in range(4):
            yield player(attack(target, turn=turn, seed=seed * 7919 + turn))


@given(
    target=st.sampled_from((*SAMPLE[::7], *BARE_WORDS, "ox", "Panda", "панда", "ß", "a")),
    texts=st.lists(said, max_size=8),
    turns=st.integers(1, 5),
    seed=st.integers(0, 2**63 - 1),
)
@settings(max_examples=200)
def test_players_answer_any_position_and_are_pure(target: str, texts: list[str], turns: int, seed: int) -> None:
    game = Taboo(turns=turns)
    state = game.start({"target": target}, np.random.default_rng(0))
    for text in (*texts, None):
        if (ask := game.ask(state)) is None:
            break
        seeded = replace(ask, seed=seed)
        frozen = repr(seeded)
        for name, player in PLAYERS[ask.seat].items():
            reply = player(seeded)
            assert isinstance(reply, str)
            assert reply == player(seeded) == player(replace(seeded, messages=())), name
        assert repr(seeded) == frozen
        if text is not None:
            state = game.tell(state, text)


@every_player
def test_the_order_of_calls_changes_no_reply(seat: str, name: str) -> None:
    player = PLAYERS[seat][name]
    clues = [f"It {fact}." for fact in lexicon()["panda"].facts]
    asks = [
        attack(word, turn=turn, seed=turn * 31)
        if seat == ATTACKER
        else replace(defend(*clues[: turn + 1]), seed=len(word))
        for word in SAMPLE[:20]
        for turn in range(4)
    ]
    forward = [player(ask) for ask in asks]
    assert forward == [player(ask) for ask in reversed(asks)][::-1]


def test_picks_are_fixed_and_even() -> None:
    drawn = [pick(attack("panda", turn=seed % 5, seed=seed), 4, salt=seed % 3) for seed in range(4000)]
    assert drawn == [pick(attack("panda", turn=seed % 5, seed=seed), 4, salt=seed % 3) for seed in range(4000)]
    assert all(850 < count < 1150 for count in Counter(drawn).values())
    assert set(drawn) == {0, 1, 2, 3}
    ask = attack("panda", turn=0, seed=2**63 - 1)
    assert len({tuple(pick(replace(ask, seed=seed), 1000, salt=salt) for salt in range(4)) for seed in range(50)}) == 50


@pytest.mark.parametrize("name", LEGAL_ATTACKERS)
def test_attackers_are_legal_for_words_with_facts(name: str) -> None:
    for word in SAMPLE:
        for text in sentences(PLAYERS[ATTACKER][name], word):
            assert judge(text, word).legal, (word, text)
            assert judge(text, word, "strict+derivations").legal, (word, text)
            assert len(text) <= Taboo().longest


@pytest.mark.parametrize("name", LEGAL_ATTACKERS)
def test_attackers_are_legal_for_words_without_facts(name: str) -> None:
    assert set(BARE_WORDS).isdisjoint(lexicon())
    for word in (*BARE_WORDS, *vocabulary()[::200]):
        for text in sentences(PLAYERS[ATTACKER][name], word):
            assert judge(text, word, "strict+derivations").legal, (word, text)


@pytest.mark.parametrize("name", sorted(PLAYERS[DEFENDER]))
def test_games_on_words_without_facts_come_to_an_end(name: str) -> None:
    game = Taboo(source="vocabulary")
    for attacker in LEGAL_ATTACKERS:
        counts = ends(attacker, name, games=12, game=game)
        assert counts.keys() <= {"tie", "correct_guess", "wrong_guess", "defender_uttered"}


def test_no_question_is_a_disclosure() -> None:
    assert len(set(QUESTIONS + BEGGING)) == len(QUESTIONS) + len(BEGGING)
    for word in lexicon():
        for question in (*QUESTIONS, *BEGGING):
            assert judge(question, word).legal, (word, question)
            assert judge(question, word, "strict+derivations").legal, (word, question)


@pytest.mark.parametrize("name", ["bayes", "patient"])
def test_the_bayesian_defenders_know_the_facts(name: str) -> None:
    right = 0
    for word in SAMPLE:
        facts = lexicon()[word].facts
        clues = [f"It {fact}." for fact in facts]
        right += PLAYERS[DEFENDER][name](defend(*clues, turns=len(facts))) == f"Guess: {word}"
    assert right >= 0.9 * len(SAMPLE)


def test_the_bayesian_defender_does_not_guess_unsure() -> None:
    asked = {PLAYERS[DEFENDER]["bayes"](defend("It is nice.", seed=seed)) for seed in range(60)}
    assert asked <= set(QUESTIONS)
    assert len(asked) > 6
    assert PLAYERS[DEFENDER]["bayes"](defend("Mmm.", turns=1)) in QUESTIONS


def test_the_patient_defender_waits_for_its_last_turn() -> None:
    clues = [f"It {fact}." for fact in lexicon()["panda"].facts[-3:]]
    assert PLAYERS[DEFENDER]["bayes"](defend(*clues, turns=4)) == "Guess: panda"
    assert PLAYERS[DEFENDER]["patient"](defend(*clues, turns=4)) in QUESTIONS
    assert PLAYERS[DEFENDER]["patient"](defend(*clues, turns=3)) == "Guess: panda"


def test_the_leaker_always_leaks() -> None:
    leaker = PLAYERS[ATTACKER]["leaker"]
    for word in (*SAMPLE, *BARE_WORDS):
        for seed in range(5):
            for turn in (2, 3, 4):
                assert not judge(leaker(attack(word, turn=turn, seed=seed)), word).legal, word
    early = [judge(leaker(attack("panda", turn=0, seed=seed)), "panda").legal for seed in range(60)]
    assert 30 < sum(early) < 50, "a third of its first turns leak"
    assert ends("leaker", "hint_beggar", games=30) == {"attacker_leaked": 30}


def test_leading_questions_trap_the_polite() -> None:
    trapped = ends("leading_questioner", "answerer", games=60)
    assert trapped["defender_uttered"] >= 50
    assert ends("fact_giver", "answerer", games=30)["defender_uttered"] == 0


@pytest.mark.parametrize("defender", ["hint_beggar", "echo", "answerer"])
def test_gibberish_leads_nowhere(defender: str) -> None:
    assert ends("gibberish", defender, games=20) == {"tie": 20}


def test_yardsticks_decide_games() -> None:
    """The defenders by guessing, right (Bayesian) or often wrong (impatient); see the trap for the polite one above."""
    assert all(set(names) <= set(PLAYERS[seat]) for seat, names in YARDSTICKS.items())
    for attacker in YARDSTICKS[ATTACKER]:
        assert ends(attacker, "bayes", games=40)["correct_guess"] >= 36
        impatient = ends(attacker, "frequency", games=40)
        assert impatient["correct_guess"] + impatient["wrong_guess"] >= 36
        assert min(impatient["correct_guess"], impatient["wrong_guess"]) > 0


def test_the_echo_repeats() -> None:
    assert PLAYERS[DEFENDER]["echo"](defend("One.", "Two.")) == "Two."
