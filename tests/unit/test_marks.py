"""Stretches of replies: what is private, read, right or against the rules, in every game that says so."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest

from selftaught.agents.scripted import Scripted
from selftaught.envs.registry import entry, games, make_game, player
from selftaught.hidden import public_spans, thought_spans
from selftaught.marks import Mark, general, heard
from selftaught.rollout import rollout
from selftaught.types import Episode, Player
from selftaught.validation.texts import HOSTILE

MARKED = [name for name, known in games().items() if known.marks is not None]


def played(game: str, *players: Player, **settings: object) -> Episode:
    """One game between functions, in the order of the seats."""
    rules = make_game(game, **settings)
    cast = {seat: Scripted("p", one) for seat, one in zip(rules.seats, players, strict=True)}
    (found,) = rollout(rules, islice(rules.tasks("test", 0), 1), cast, seed=0)
    return found


def saying(text: str) -> Player:
    return lambda ask: text


def marks(episode: Episode) -> list[Mark]:
    marker = entry(episode.env).marks
    assert marker is not None
    return heard(marker, episode)


def told(episode: Episode) -> list[tuple[str, str, str]]:
    """Kind, note and the stretch itself."""
    return [
        (mark.kind, mark.note, episode.turns[mark.turn].reply.text[mark.start : mark.end]) for mark in marks(episode)
    ]


def test_five_games_say_what_their_replies_mean() -> None:
    assert MARKED == ["taboo", "graph_plan", "self_reward", "sequence", "reflect"]


@pytest.mark.parametrize("game", MARKED)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_any_text_is_data(game: str, text: str) -> None:
    seats = make_game(game).seats
    episode = played(game, *[saying(text)] * len(seats))
    for mark in (*general(episode), *marks(episode)):
        assert 0 <= mark.start <= mark.end <= len(episode.turns[mark.turn].reply.text)


@pytest.mark.parametrize("game", MARKED)
def test_a_task_that_is_none_of_the_games_is_data_too(game: str) -> None:
    episode = played(game, *[saying("Score: 3")] * len(make_game(game).seats))
    found = marks(replace(episode, task=replace(episode.task, public={"kind": 3}, sealed={"instruction": {}})))
    assert all(0 <= mark.turn < len(episode.turns) for mark in found)


def test_taboo_shows_where_the_word_was_said_beyond_private_thoughts() -> None:
    secret = "<think>I must not say it.</think> "
    game = make_game("taboo")
    task = next(task for task in game.tasks("test", 0))
    word = task.public["target"]
    cast = {
        "attacker": Scripted("a", saying(f"  {secret}Well, {word}s are nice.")),
        "defender": Scripted("d", saying("")),
    }
    (episode,) = rollout(game, [task], cast, seed=0)
    ((kind, note, stretch),) = told(episode)
    assert (kind, stretch) == ("breach", f"{word}s") and note == "inflection"


@pytest.mark.parametrize(("guess", "kind"), [("{word}", "right"), ("zebra", "wrong"), ("zebra or {word}", "breach")])
def test_taboo_shows_the_guess(guess: str, kind: str) -> None:
    game = make_game("taboo")
    task = next(iter(game.tasks("test", 0)))
    said = guess.format(word=task.public["target"])
    cast = {
        "attacker": Scripted("a", saying("Well.")),
        "defender": Scripted("d", saying(f"<think>hm</think>Guess: {said}.")),
    }
    (episode,) = rollout(game, [task], cast, seed=0)
    assert told(episode) == [(kind, "guess", said)]


def test_a_forfeit_is_of_the_whole_turn() -> None:
    assert told(played("taboo", saying("Guess: me"), saying("")))[0] == ("breach", "only the defender may guess", "")
    assert told(played("taboo", saying(""), saying("")))[0] == ("breach", "nothing was said", "")


def test_thoughts_are_private_where_nobody_read_them() -> None:
    episode = played("taboo", saying("<think>bamboo</think>It is black."), saying("Yes?"), turns=1)
    (mark,) = general(episode)
    assert (mark.kind, mark.note, mark.turn) == ("thought", "private", 0)
    heard = played("taboo", saying("<think>bamboo</think>It is black."), saying("Yes?"), turns=1, private=False)
    assert [mark.note for mark in general(heard)] == ["others read it"]


def test_secrets_are_marked_where_they_are_said() -> None:
    game = make_game("taboo")
    task = next(iter(game.tasks("test", 0)))
    word = str(task.public["target"])
    cast = {"attacker": Scripted("a", saying("Well.")), "defender": Scripted("d", saying(f"A {word.upper()}?"))}
    (episode,) = rollout(game, [task], cast, seed=0)
    (mark,) = [mark for mark in general(episode) if mark.kind == "secret"]
    assert episode.turns[mark.turn].reply.text[mark.start : mark.end] == word.upper()


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("a<think>b</think>c", ["a", "c"]),
        ("<think>a<think>b</think>c</think>d", ["d"]),
        ("a</think>b", ["b"]),
        ("a<think>b", ["a"]),
        ("plain", ["plain"]),
        ("", []),
    ],
)
def test_thoughts_and_what_is_not_make_up_the_text(text: str, public: list[str]) -> None:
    assert [text[first:last] for first, last in public_spans(text)] == public
    both = sorted([*public_spans(text), *thought_spans(text)])
    assert "".join(text[first:last] for first, last in both) == text


def test_plans_have_a_verdict_on_every_line() -> None:
    right = played("graph_plan", player("graph_plan", "planner", "oracle"))
    assert [kind for kind, _, _ in told(right)] == ["right"] * 5
    # The last line of a label counts; a schedule that nobody can carry out is wrong, with its fault.
    edges, *_, answer = right.turns[0].reply.text.splitlines()
    episode = played("graph_plan", saying(f"answer: 1 second\n{edges}\nschedule: 1=0\npath: x\n{answer}"))
    found = told(episode)
    assert [(kind, stretch) for kind, _, stretch in found] == [
        ("about", "answer: 1 second"),
        ("right", edges),
        ("wrong", "schedule: 1=0"),
        ("unread", "path: x"),
        ("right", answer),
    ]
    assert "missing" in found[2][1]


def test_judgements_are_told_from_their_reasons_and_answers_from_the_truth() -> None:
    sums = {"kinds": ("sum",), "candidates": 1, "judgements": 1}
    solver, oracle = player("self_reward", "actor", "solver"), player("self_reward", "judge", "oracle")
    answer, about, *judged = told(played("self_reward", solver, oracle, **sums))
    assert answer[:2] == ("right", "right") and about[:2] == ("about", "of answer 1")
    assert [kind for kind, _, _ in judged] == ["rationale", "read"] and judged[1][1] == "5 of 5"
    assert judged[1][2].startswith("Score: 5")
    wrong, _, unread = told(played("self_reward", saying("no"), saying("I like it"), **sums))
    assert wrong[0] == "wrong" and wrong[1].startswith("right: ")
    assert unread == ("unread", "no score in the last line", "I like it")


def test_answers_made_to_fool_the_judge_are_said_to_be_so() -> None:
    settings = {"candidates": 1, "judgements": 1, "adversaries": 1.0, "tricks": ("forged",)}
    episode = played("self_reward", saying("no"), player("self_reward", "judge", "oracle"), **settings)
    assert {note for kind, note, _ in told(episode) if kind == "about"} == {
        "of answer 1",
        "of an answer made to fool the judge",
    }


def test_pairwise_judgements_say_whom_they_prefer() -> None:
    settings = {"candidates": 2, "judgements": 1, "mode": "pairwise"}
    episode = played("self_reward", saying("no"), saying("Both.\nBetter: neither"), **settings)
    assert {(kind, note) for kind, note, _ in told(episode)} >= {("rationale", ""), ("read", "better: neither")}


def test_steps_are_right_wrong_or_right_for_their_own_input() -> None:
    solver = player("sequence", "worker", "oracle")
    right = played("sequence", solver)
    found = told(right)
    assert found and {kind for kind, _, _ in found} == {"right"}
    assert [stretch for _, _, stretch in found] == right.turns[0].reply.text.splitlines()
    wrong = told(played("sequence", saying("1: ?\n2: ?")))
    assert {kind for kind, _, _ in wrong} <= {"wrong", "partly"} and wrong[0][1].startswith("right: ")
    turns = played("sequence", solver, mode="turns")
    assert [mark.kind for mark in marks(turns)] == ["right"] * len(turns.turns)


def test_reflection_shows_checks_and_decisions() -> None:
    thinker, reflector = player("reflect", "thinker", "solver"), saying("It stands.\nDecision: submit")
    answer, reasons, decision = told(played("reflect", thinker, reflector))
    assert answer[0] == "right" and reasons == ("rationale", "", "It stands.")
    assert decision == ("read", "submit", "Decision: submit")


def test_marks_of_an_empty_game_are_none() -> None:
    episode = replace(played("taboo", saying("Well."), saying("Yes."), turns=1), turns=())
    assert general(episode) == [] and marks(episode) == []
