"""The game of taboo as a table of outcomes: ends, private thoughts, payoffs, tasks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

import numpy as np
import pytest

from selftaught.envs.taboo.game import ATTACKER, BROKEN_BY, DEFENDER, WINNERS, Taboo, TabooState
from selftaught.envs.taboo.words import Source, lexicon, vocabulary, words
from selftaught.hidden import public_part
from selftaught.types import Game, Task

TARGET = "panda"
CLUE, QUESTION = "It is black and white.", "Does it swim?"
LONG = "long " * 121

DIALOGUES: Mapping[str, tuple[str, ...]] = {
    "defender_uttered": (CLUE, QUESTION, CLUE, "Like pandas, perhaps."),
    "wrong_guess": (CLUE, "Guess: zebra"),
    "multiple_guess": (CLUE, "Guess: zebra or panda"),
    "defender_empty": (CLUE, " \n\t"),
    "defender_too_long": (CLUE, LONG),
    "correct_guess": (CLUE, QUESTION, CLUE, "I know the word! It is panda."),
    "attacker_leaked": (CLUE, QUESTION, "It is a P-A-N-D-A."),
    "attacker_guessed": ("Guess: zebra",),
    "attacker_empty": (CLUE, QUESTION, ""),
    "attacker_too_long": (LONG,),
    "tie": (CLUE, QUESTION, CLUE, QUESTION),
}
"""For every end a dialogue of at most two turns each that comes to it."""

every_end = pytest.mark.parametrize("end", sorted(WINNERS))


def play(*texts: str, game: Taboo | None = None, target: str = TARGET) -> TabooState:
    game = Taboo(turns=2) if game is None else game
    state = game.start({"target": target}, np.random.default_rng(0))
    for text in texts:
        state = game.tell(state, text)
    return state


@every_end
def test_every_end_is_reached(end: str) -> None:
    game = Taboo(turns=2)
    state = play(*DIALOGUES[end])
    assert state.end == end
    assert game.ask(state) is None
    outcome = game.outcome(state)
    assert outcome.end == end
    assert outcome.reason
    winner = WINNERS[end]
    loser = {ATTACKER: DEFENDER, DEFENDER: ATTACKER, None: None}[winner]
    assert outcome.rewards == (
        {ATTACKER: 0.0, DEFENDER: 0.0} if winner is None or loser is None else {winner: 1.0, loser: -1.0}
    )


@every_end
def test_wins_are_told_from_gifts(end: str) -> None:
    """A win through a breach of the other seat is won but not earned."""
    figures = Taboo(turns=2).metrics(play(*DIALOGUES[end]), Task("train/panda", {"target": TARGET}))
    winner, breaker = WINNERS[end], BROKEN_BY.get(end)
    assert figures[f"end/{end}"] == 1
    assert figures["tie"] == (end == "tie")
    assert figures["turns"] == (len(DIALOGUES[end]) + 1) // 2
    for seat in (ATTACKER, DEFENDER):
        assert figures[f"{seat}_win"] == (winner == seat)
        assert figures[f"{seat}_earned"] == (winner == seat and breaker is None)
        assert figures[f"{seat}_legal"] == (breaker != seat)
    assert "relevance" not in figures, "the task has no facts"


@pytest.mark.parametrize("end", sorted(set(WINNERS) - {"tie"}))
def test_no_prefix_is_over(end: str) -> None:
    texts = DIALOGUES[end]
    for length in range(len(texts)):
        state = play(*texts[:length])
        ask = Taboo(turns=2).ask(state)
        assert state.end is None
        assert ask is not None
        assert ask.seat == (DEFENDER if length % 2 else ATTACKER)
        assert ask.view["turn"] == length // 2
        assert ("target" in ask.view) == (ask.seat == ATTACKER)


def test_the_breaches_are_never_wins_of_their_seat() -> None:
    assert set(DIALOGUES) == set(WINNERS)
    assert set(BROKEN_BY) <= set(WINNERS)
    assert all(WINNERS[end] not in (None, seat) for end, seat in BROKEN_BY.items())


def test_the_defender_never_reads_the_target() -> None:
    state = play(CLUE, QUESTION, "<think>panda</think>It eats bamboo.")
    assert TARGET in state.threads[ATTACKER][0].content
    assert all(TARGET not in message.content for message in state.threads[DEFENDER])
    assert [message.role for message in state.threads[DEFENDER]] == ["system", "user", "assistant", "user"]
    assert [message.role for message in state.threads[ATTACKER]] == [
        *("system", "user", "assistant", "user", "assistant")
    ]


def test_a_finished_game_takes_no_more_and_an_unfinished_one_has_no_result() -> None:
    game, task = Taboo(turns=2), Task("train/panda", {"target": TARGET})
    over, open_state = play(*DIALOGUES["wrong_guess"]), play(CLUE)
    with pytest.raises(ValueError, match="over \\(wrong_guess\\)"):
        game.tell(over, "More?")
    with pytest.raises(ValueError, match="not over: 1 utterances of 4"):
        game.outcome(open_state)
    with pytest.raises(ValueError, match="finished"):
        game.metrics(open_state, task)


@pytest.mark.parametrize("target", [None, "", 5, "ice cream", "panda1", "\ud800", "\u3164", "\ufe70"])
def test_a_task_needs_one_word_of_letters(target: Any) -> None:
    with pytest.raises(ValueError, match="word of letters"):
        Taboo().start({"target": target}, np.random.default_rng(0))
    with pytest.raises(ValueError, match="target"):
        Taboo().start({}, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("no thought", "no thought"),
        (" a < b > c\n", "a < b > c"),
        ("<think>hidden</think> said", "said"),
        ("said <think>hidden</think> more", "said  more"),
        ("<THINK>hidden</Think>said", "said"),
        ("< think >hidden< / think >said", "said"),
        ("<think>a<think>b</think>c</think>said", "said"),
        ("<think>a</think>said<think>b</think>", "said"),
        ("<think>never closed, panda", ""),
        ("said<think>never closed", "said"),
        ("<think>a<think>b</think>still hidden", ""),
        ("opened in the prompt</think>said", "said"),
        ("a<think>b</think>c</think>said", "said"),
        ("<th<think></think>ink>panda</think>said", "said"),
        ("<thinking>said", "<thinking>said"),
        ("<think></think>", ""),
        ("", ""),
    ],
)
def test_thoughts_are_cut(text: str, public: str) -> None:
    assert public_part(text) == public


@pytest.mark.timeout(30)
@pytest.mark.parametrize("piece", ["<", "< ", "</", "<think", "<think>", "</think>", "<think></think>", "< /think >"])
def test_cutting_thoughts_takes_linear_time(piece: str) -> None:
    assert "secret" not in public_part(piece * (200_000 // len(piece)) + "<think>secret")
    assert "secret" not in public_part("<" + " " * 200_000 + piece + "<think>secret")


THOUGHTS = (
    "<think>the panda</think>{}",
    "<think>a <think>panda</think> panda</think>{}",
    "the panda</think>{}",
    "{}<think>the panda",
    "<THINK>the panda</THINK>{}<Think>PANDA</Think>",
)


@pytest.mark.parametrize("thought", THOUGHTS)
@pytest.mark.parametrize("seat", [ATTACKER, DEFENDER])
def test_thoughts_are_private(thought: str, seat: str) -> None:
    """They are kept in one's own thread, not shown to the other seat, and not judged."""
    said = thought.format("Nice weather.")
    state = play(said) if seat == ATTACKER else play(CLUE, said)
    assert state.end is None
    assert state.heard[-1] == (seat, "Nice weather.")
    other = ATTACKER if seat == DEFENDER else DEFENDER
    assert state.threads[seat][-1].content == said
    assert state.threads[other][-1].content == "Nice weather."


@pytest.mark.parametrize("thought", THOUGHTS)
def test_without_privacy_thoughts_are_speech(thought: str) -> None:
    game = Taboo(private=False)
    said = thought.format("Nice weather.")
    assert play(said, game=game).end == "attacker_leaked"
    state = play(CLUE, said, game=game)
    assert state.end == "defender_uttered"
    assert state.heard[-1] == (DEFENDER, said)


def test_only_the_public_part_counts_for_guesses_and_forfeits() -> None:
    assert play(CLUE, "<think>zebra? no</think>Guess: panda").end == "correct_guess"
    assert play(CLUE, "<think>Guess: panda</think>").end == "defender_empty"
    assert play("<think>Guess: panda").end == "attacker_empty"
    assert play(f"<think>{LONG}</think>{CLUE}").end is None
    assert play("x" * 600).end is None
    assert play("x" * 601).end == "attacker_too_long"
    assert play(CLUE, "x" * 6, game=Taboo(longest=len(CLUE))).end is None


@pytest.mark.parametrize("text", ["", " ", LONG, "<think>only a thought</think>"])
def test_the_published_rules_have_no_forfeits(text: str) -> None:
    pytest.importorskip("textblob")
    game = Taboo(turns=2, rules="spag-v1")
    assert play(*(text,) * 4, game=game).end == "tie"


def test_the_published_rules_decide_by_substrings() -> None:
    pytest.importorskip("textblob")
    game = Taboo(turns=2, rules="spag-v1")
    assert play("We start.", game=game, target="art").end == "attacker_leaked"
    assert play(CLUE, "We start.", game=game, target="art").end == "defender_uttered"
    assert play(CLUE, "I know the word! It is start.", game=game, target="art").end == "correct_guess"
    assert play(CLUE, "I know the word! It is a zebra.", game=game).end == "wrong_guess"
    assert play("I know the word! It is a zebra.", game=game).end == "attacker_guessed"
    assert play(CLUE, "Guess: panda", game=game).end == "defender_uttered"


def test_payoffs_override_the_defaults() -> None:
    game = Taboo(turns=2, payoffs={"tie": (-0.5, 0.5), "attacker_leaked": (-2, 0)})
    assert game.outcome(play(*DIALOGUES["tie"])).rewards == {ATTACKER: -0.5, DEFENDER: 0.5}
    assert game.outcome(play(*DIALOGUES["attacker_leaked"])).rewards == {ATTACKER: -2, DEFENDER: 0}
    assert game.outcome(play(*DIALOGUES["correct_guess"])).rewards == {ATTACKER: -1, DEFENDER: 1}


def test_zero_sum_is_told_of_all_ends() -> None:
    assert Taboo().zero_sum
    assert Taboo(payoffs={"tie": (-0.5, 0.5)}).zero_sum
    assert not Taboo(payoffs={"tie": (-0.5, -0.5)}).zero_sum


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"turns": 0}, "turns must be at least 1, not 0"),
        ({"longest": 0}, "longest must be at least 1 character, not 0"),
        ({"rules": "lax"}, "unknown rules 'lax'"),
        ({"source": "web"}, "unknown source 'web'"),
        ({"payoffs": {"draw": (0, 0)}}, r"unknown ends \['draw'\]"),
        ({"payoffs": {"tie": (0,)}}, "'tie' must be two finite numbers"),
        ({"payoffs": {"tie": (0, float("nan"))}}, "'tie' must be two finite numbers"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Taboo(**settings)


def test_it_is_a_game() -> None:
    assert isinstance(Taboo(), Game)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_tasks_are_endless_passes_over_the_split(split: str) -> None:
    assert split in ("train", "validation", "test")
    pool = words(split)
    drawn = list(islice(Taboo().tasks(split, 3), 2 * len(pool)))
    passes = [[task.public["target"] for task in part] for part in (drawn[: len(pool)], drawn[len(pool) :])]
    assert sorted(passes[0]) == sorted(passes[1]) == list(pool)
    assert passes[0] != passes[1]
    for task in drawn:
        entry = lexicon()[task.public["target"]]
        assert task.id == f"{split}/{entry.word}"
        assert task.public == {"target": entry.word}
        assert task.sealed == {"category": entry.category, "facts": list(entry.facts)}


def test_task_streams_are_fixed_by_their_seed() -> None:
    streams = [[task.id for task in islice(Taboo().tasks("train", seed), 50)] for seed in (0, 0, 1)]
    assert streams[0] == streams[1] != streams[2]


def test_words_of_the_vocabulary_may_lack_facts() -> None:
    source: Source = "vocabulary"
    drawn = list(islice(Taboo(source=source).tasks("test", 0), 400))
    assert {task.public["target"] for task in drawn} <= set(vocabulary())
    bare = [task for task in drawn if not task.sealed]
    assert len(bare) > 300
    assert all(task.public["target"] not in lexicon() for task in bare)


def test_unknown_splits_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown split 'dev'; the splits are train, validation, test"):
        next(Taboo().tasks("dev", 0))
