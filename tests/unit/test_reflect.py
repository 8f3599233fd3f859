"""Self-reflection: a world without labels, claims that are checked one by one, and decisions that are actions."""

from __future__ import annotations

import json
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from selftaught.agents.scripted import Scripted
from selftaught.envs.reflect.game import Reflect
from selftaught.envs.reflect.players import PLAYERS
from selftaught.envs.reflect.state import decision_of, score_of
from selftaught.envs.reflect.subjects import SPLITS
from selftaught.envs.self_reward.instructions import Instruction
from selftaught.envs.world import Claim, World, relation_of, state
from selftaught.rollout import rollout
from selftaught.types import Episode, Task

SEEDS = st.integers(0, 2**32)
WORLD = World()
SUM = Instruction("factors", {"product": 12}).public()


def test_the_notes_are_no_answer() -> None:
    game = Reflect(subject="world", settings={"notes": 3}, answers=1)
    for task in islice(game.tasks("test", 0), 50):
        state = game.start(task.public, np.random.default_rng(0))
        figures = game.metrics(game.tell(state, task.public["notes"]), task)
        assert figures["right_first"] == 0.0
        ask = game.ask(state)
        assert ask is not None and "Reply with one sentence" in ask.messages[-1].content


def test_no_instruction_is_in_two_splits() -> None:
    game = Reflect()
    told = {split: {repr(task.public) for task in islice(game.tasks(split, 0), 200)} for split in SPLITS}
    assert (
        not told["train"] & told["test"]
        and not told["train"] & told["validation"]
        and not told["test"] & told["validation"]
    )


@pytest.mark.parametrize("subject", ["world", "sequence", "graph_questions", "graph_plan"])
def test_scripted_players_sit_at_every_subject(subject: str) -> None:
    for thinker, reflector, scorer in product(*(PLAYERS[seat] for seat in ("thinker", "reflector", "scorer"))):
        for episode in played(
            subject=subject, games=1, thinker=thinker, reflector=reflector, scorer=scorer, keep="best"
        ):
            assert episode.outcome.end in ("first", "later")


def played(
    *, games: int = 100, thinker: str = "guesser", reflector: str = "checker", scorer: str = "oracle", **settings: Any
) -> list[Episode]:
    game = Reflect(**settings)
    names = {"thinker": thinker, "reflector": reflector, "scorer": scorer}
    cast = {seat: Scripted(name, PLAYERS[seat][name]) for seat, name in names.items()}
    return rollout(game, list(islice(game.tasks("test", 0), games)), cast, seed=0)


def mean(episodes: list[Episode], name: str) -> float:
    return float(np.mean([episode.metrics[name] for episode in episodes if name in episode.metrics]))


def test_who_can_check_gets_better_and_who_cannot_does_not() -> None:
    checker, stubborn, doubter = (played(reflector=name) for name in ("checker", "stubborn", "doubter"))
    assert mean(checker, "right_first") < 0.7 and mean(checker, "right_last") > 0.8
    assert mean(checker, "broken") == mean(checker, "over_refined") == 0 and mean(checker, "decision_right") == 1
    assert mean(stubborn, "right_last") == mean(stubborn, "right_first") and mean(stubborn, "answers") == 1
    assert mean(doubter, "answers") == 3 and mean(doubter, "broken") > 0.1 and mean(doubter, "over_refined") > 0.5
    assert abs(mean(doubter, "right_last") - 0.5) < 0.15


@pytest.mark.parametrize(("scorer", "better"), [("oracle", True), ("constant", False), ("random", False)])
def test_a_threshold_is_as_good_as_its_scorer(scorer: str, better: bool) -> None:
    found = played(gate="threshold", keep="best", scorer=scorer, games=200)
    assert (mean(found, "right_last") > mean(found, "right_first") + 0.2) == better


def test_relevance_is_not_truth() -> None:
    """The published loop ends on a similarity of question and answer: a wrong number is as near as a right one."""
    found = played(
        subject="checkable", settings={"kinds": ("factors",)}, gate="budget", keep="best", scorer="overlap", games=200
    )
    assert abs(mean(found, "right_last") - mean(found, "right_first")) < 0.12
    assert mean(found, "score_gain_untrue") < 0.2


def test_the_oracle_is_a_bound() -> None:
    bound, policy = played(gate="oracle", games=200), played(reflector="doubter", games=200)
    assert mean(bound, "right_last") > mean(policy, "right_last") + 0.2 and mean(bound, "broken") == 0


def walk(game: Reflect, *texts: str) -> Any:
    state = game.start(SUM, np.random.default_rng(0))
    for text in texts:
        state = game.tell(state, text)
    return state


def test_budgets_are_kept() -> None:
    restart = "Decision: restart"
    game = Reflect(answers=2, rounds=2)
    state = walk(game, "1 12", restart, "5 5", "Decision: refine", "3 4")
    assert state.phase == "over" and state.rounds == 2 and len(state.drafts) == 3
    assert state.decisions == ("restart", "refine")
    assert walk(Reflect(answers=2), "1 12", restart).phase == "answer"  # no round is left, an answer is
    assert walk(Reflect(answers=1), "1 12").phase == "over" and Reflect(answers=1).seats == ("thinker",)
    published = played(gate="threshold", scorer="constant", threshold=0.9, answers=3, rounds=3, know=True, games=5)
    assert {episode.metrics["answers"] for episode in published} == {9.0}


def test_the_published_loop_gates_knowledge_answer_and_round_apart() -> None:
    """Knowledge is written anew until it passes, or the best of it is kept; then the answer, then the whole round."""
    limits = {"knowledge": 0.9, "round": 0.8}
    game = Reflect(know=True, notes=3, answers=2, rounds=2, gate="threshold", thresholds=limits, keep="best")
    state = walk(game, "a", "Score: 0.5", "b", "Score: 0.7")
    ask = game.ask(state)
    assert ask is not None and "It scored 0.7, and 0.9 is wanted." in ask.messages[-1].content
    assert ask.seat == "reflector"
    state = walk(game, "a", "Score: 0.5", "b", "Score: 0.7", "c", "Score: 0.6")
    ask = game.ask(state)
    assert ask is not None and ask.seat == "thinker" and state.knowledge == "b"
    assert [message.content for message in ask.messages][1] == "b" and "0.7" not in str(ask.messages)
    state = game.tell(state, "1 12")
    ask = game.ask(state)
    assert ask is not None and "agree with what was written down" in ask.messages[0].content
    state = game.tell(state, "Score: 0.6")
    ask = game.ask(state)
    assert ask is not None and ask.view["aspect"] == "round" and "what was asked" in ask.messages[0].content
    state = game.tell(state, "Score: 0.5")
    ask = game.ask(state)
    assert state.rounds == 2 and state.phase == "know" and ask is not None and len(ask.messages) == 1
    state = game.tell(game.tell(game.tell(state, "d"), "Score: 0.95"), "3 4")
    assert state.knowledge == "d" and game.tell(state, "Score: 0.4").phase == "answer"
    state = game.tell(state, "Score: 0.6")  # of the last round, it is enough that the answer passes
    assert state.phase == "over" and state.decisions == ("restart", "submit")
    assert game.kept(state).answer == "3 4" and [draft.score for draft in state.drafts] == [0.55, 0.6]


def test_a_reflector_may_have_knowledge_written_anew() -> None:
    game = Reflect(know=True, notes=2, answers=1)
    assert game.seats == ("thinker", "reflector")
    ask = game.ask(walk(game, "a"))
    assert ask is not None and ask.seat == "reflector" and ask.view["aspect"] == "knowledge"
    assert walk(game, "a", "Decision: submit").knowledge == walk(game, "a", "No.").knowledge == "a"
    assert walk(game, "a", "No.").unreadable == 1
    rewritten = walk(game, "a", "Decision: refine", "b")
    assert rewritten.knowledge == "b" and walk(game, "a", "Decision: refine", "b", "3 4").phase == "over"
    assert walk(Reflect(know=True, notes=3, gate="budget"), "a", "b", "c").knowledge == "c"
    fresh = game.ask(walk(Reflect(know=True, notes=2, context="fresh"), "a"))
    assert fresh is not None and len(fresh.messages) == 1 and "Written down: a" in fresh.messages[0].content


def test_who_writes_anew_is_a_setting() -> None:
    for rewriter, seat in (("reflector", "reflector"), ("thinker", "thinker")):
        game = Reflect(rewriter=rewriter)  # type: ignore[arg-type]
        check, answer = game.ask(walk(game, "1 12")), game.ask(walk(game, "1 12", "Decision: refine"))
        assert check is not None and check.seat == "reflector" and answer is not None and answer.seat == seat


def test_a_restart_remembers_nothing() -> None:
    game = Reflect(answers=2, rounds=2, know=True)
    state = walk(game, "twelve has factors", "1 12", "Decision: restart")
    ask = game.ask(state)
    assert ask is not None and len(ask.messages) == 1 and "1 12" not in ask.messages[0].content
    shared, fresh = (walk(Reflect(context=context), "1 12") for context in ("shared", "fresh"))
    assert len(shared.thread) == 3 and len(fresh.thread) == 1 and "1 12" in fresh.thread[0].content


def test_an_unreadable_decision_ends_the_game_and_is_counted() -> None:
    game = Reflect()
    state = walk(game, "3 4", "I am not sure.")
    assert state.phase == "over" and game.metrics(state, Task("t", SUM))["unreadable"] == 1
    assert decision_of("Decision: refine\nDecision: Submit.") == "submit"
    assert (
        decision_of("Decision: go on") is decision_of("refine") is decision_of("Decision: refine\nDecision: ?") is None
    )


@pytest.mark.parametrize(
    ("said", "score"),
    [
        ("Score: 0.7", 0.7),
        ("so\nscore: 1", 1.0),
        ("Score: 1.5", None),
        ("Score: .7", None),
        ("0.7", None),
        ("Score: 0.7\nScore: high", None),
    ],
)
def test_scores_are_read_strictly(said: str, score: float | None) -> None:
    assert score_of(said) == score


@pytest.fixture
def licence(tmp_path: Path) -> dict[str, Any]:
    """Settings with which the scorer ``lucky`` may pay."""
    rows = [{"scorer": "lucky", "subject": "checkable", "settings": {}, "auroc": {"mean": 0.7}}]
    (tmp_path / "scorers.json").write_text(json.dumps({"rows": rows}))
    return {"worth": "scorer", "scorer": "lucky", "report": str(tmp_path / "scorers.json")}


@pytest.mark.parametrize(
    ("reward", "worth", "paid"),
    [
        ("final", "subject", (0.0, 1 - 0.02)),
        ("improvement", "subject", (0.0, 1 - 0.02 + 1.0)),
        ("potential", "subject", (0.0, 1 - 0.02)),
        ("final", "scorer", (0.1, 0.8 - 0.02)),
        ("improvement", "scorer", (0.1, 0.8 - 0.02 + 0.7)),
        ("potential", "scorer", (0.1, 0.7 - 0.02)),
    ],
)
def test_rewards_by_hand(reward: Any, worth: str, paid: tuple[float, float], licence: dict[str, Any]) -> None:
    scored = worth == "scorer"
    game = Reflect(reward=reward, **licence) if scored else Reflect(reward=reward)
    texts = ["1 12", *["Score: 0.1"] * scored, "Decision: refine", "3 4", *["Score: 0.8"] * scored, "Decision: submit"]
    state = walk(game, *texts)
    rewards = game.outcome(state).rewards
    assert (rewards["thinker"], rewards["reflector"]) == pytest.approx(paid)
    assert game.metrics(state, Task("t", SUM)).get("scorer_auroc") == (0.7 if scored else None)


def test_a_potential_is_paid_answer_by_answer() -> None:
    game = Reflect(reward="potential", answers=4)
    state, so_far = walk(game, "1 12"), []
    for text in ("Decision: refine", "3 4", "Decision: refine", "5 5", "Decision: submit"):
        state = game.tell(state, text)
        so_far.append(game.paid(state)["reflector"])
    assert so_far == pytest.approx([0.0, 0.98, 0.98, -0.04, -0.04]) and state.phase == "over"
    silent = Reflect(answers=4)
    assert silent.paid(walk(silent, "1 12", "Decision: refine", "3 4")) == {"thinker": 0.0, "reflector": 0.0}


@pytest.mark.parametrize("rewriter", ["reflector", "thinker"])
def test_a_potential_reaches_the_turn_that_earned_it(rewriter: Any) -> None:
    """Whoever acts when it is paid, it is booked on the reflector's latest turn."""
    game = Reflect(reward="potential", rewriter=rewriter, answers=3)
    texts = iter(["1 12", "Decision: refine", "3 4", "Decision: refine", "5 5"])
    everybody = Scripted("s", lambda ask: next(texts))
    (episode,) = rollout(game, [Task("t", SUM)], dict.fromkeys(game.seats, everybody), seed=0)
    earned = [turn.reward for turn in episode.turns if turn.ask.seat == "reflector"]
    assert sum(earned) == pytest.approx(0.98) and max(earned) == pytest.approx(0.98)
    assert earned.index(max(earned)) == (1 if rewriter == "reflector" else 0)


def test_a_scorer_without_a_measured_auroc_may_not_pay(licence: dict[str, Any], tmp_path: Path) -> None:
    assert Reflect(**licence).auroc == 0.7
    (tmp_path / "other.json").write_text("[]")
    for change, message in (
        ({"report": ""}, "report of its AUROC"),
        ({"scorer": ""}, "report of its AUROC"),
        ({"scorer": "p_true"}, "no AUROC of p_true on checkable"),
        ({"subject": "world"}, "no AUROC of lucky on world"),
        ({"settings": {"level": 2}}, "no AUROC of lucky on checkable"),
        ({"report": str(tmp_path / "none.json")}, "no report of scorers"),
        ({"report": str(tmp_path / "other.json")}, "no report of scorers"),
    ):
        with pytest.raises(ValueError, match=message):
            Reflect(**{**licence, **change})


def test_keep_best_differs_from_keep_last() -> None:
    texts = ("3 4", "Score: 0.9", "Decision: refine", "1 12", "Score: 0.2", "Decision: submit")
    best = Reflect(keep="best")
    last = Reflect(gate="threshold", threshold=1.0, answers=2)
    assert best.outcome(walk(best, *texts)).rewards["reflector"] == pytest.approx(0.98)
    assert last.outcome(walk(last, "3 4", "Score: 0.9", "1 12", "Score: 0.2")).rewards["reflector"] == pytest.approx(
        -0.02
    )


def test_wrong_notes_that_are_followed_are_seen() -> None:
    game = Reflect(subject="world", know=True, answers=1)
    task = next(game.tasks("test", 0))
    entity = WORLD.kinds[task.public["entity"]]
    relation = relation_of(entity, task.public["relation"])
    false = next(value for value in WORLD.values(relation) if value != WORLD.facts[entity.name, relation.name])
    said = state(entity, relation, false, np.random.default_rng(0))
    assert not WORLD.true(Claim(entity.name, relation.name, false))
    cases = ((said, said, 1.0), (said, f"{false}.", 1.0), ("I know nothing of it.", said, 0.0))
    for notes, answer, expected in cases:
        told = game.start(task.public, np.random.default_rng(0))
        for text in (notes, answer):
            told = game.tell(told, text)
        figures = game.metrics(told, task)
        assert figures["consistent_with_wrong"] == expected and figures["subject/answer/fact_inconsistent"] == 1.0
        assert game.outcome(told).rewards == {"thinker": 0.0}


def test_what_is_sealed_reaches_metrics_alone() -> None:
    game = Reflect(subject="world", settings={"notes": 2}, gate="budget")
    tasks = list(islice(game.tasks("test", 0), 10))
    sealed = [Task(task.id, task.public, {"world": 7, "weight": 0.0}) for task in tasks]
    cast = {"thinker": Scripted("t", lambda ask: "It is so."), "reflector": Scripted("r", lambda ask: "It is not.")}
    one, two = (rollout(game, some, cast, seed=0) for some in (tasks, sealed))
    assert [(e.turns, e.outcome) for e in one] == [(e.turns, e.outcome) for e in two]


def test_other_games_are_subjects() -> None:
    game = Reflect(subject="sequence", settings={"steps": [1, 2]}, gate="budget", answers=2)
    task = next(game.tasks("train", 0))
    solved = game.inner.ask(game.inner.start(task.public, np.random.default_rng(0)))
    assert solved is not None
    told = game.start(task.public, np.random.default_rng(0))
    for text in ("nothing", solved.view["chain"].solved()):
        told = game.tell(told, text)
    assert game.outcome(told).rewards["reflector"] == pytest.approx(0.98)
    assert game.metrics(told, task)["fixed"] == 1.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"answers": 0}, "answers and rounds"),
        ({"notes": 2}, "need know=True"),
        ({"thresholds": {"mood": 0.5}}, "unknown thresholds"),
        ({"thresholds": {"round": 1.5}}, "threshold is"),
        ({"rewriter": "judge"}, "unknown rewriter"),
        ({"worth": "scorer"}, "report of its AUROC"),
        ({"gate": "mood"}, "unknown gate"),
        ({"keep": "all"}, "unknown keep"),
        ({"reward": "praise"}, "unknown reward"),
        ({"context": "none"}, "unknown context"),
        ({"threshold": 2.0}, "threshold"),
        ({"subject": "taboo"}, "one seat"),
        ({"subject": "riddles"}, "unknown game"),
        ({"subject": "world", "gate": "oracle"}, "knows what is right"),
        ({"subject": "world", "settings": {"notes": -1}}, "notes from 0"),
        ({"settings": {"level": 0}}, "level is at least 1"),
        ({"subject": "checkable", "settings": {"size": 3}}, "size"),
        ({"settings": {"kinds": ["riddle"]}}, "unknown kinds"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Reflect(**settings)


def test_a_subject_of_several_replies_is_refused() -> None:
    game = Reflect(subject="graph_plan", settings={"turns": 3})
    state = game.start(next(game.tasks("train", 0)).public, np.random.default_rng(0))
    with pytest.raises(ValueError, match="one reply"):
        game.tell(state, "edges: 1>2")
