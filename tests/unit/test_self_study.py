"""Self-study: questions from texts, answers with the book open and closed, gaps, lessons and the sealed quiz."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.agents.scripted import Scripted
from selftaught.algorithms.turns import decisions
from selftaught.envs.self_study.game import SelfStudy
from selftaught.envs.self_study.lessons import CLOSED, OPEN, PUBLISHED, Choice, asked_in, lessons
from selftaught.envs.self_study.library import ORDERS, SPLITS, Library
from selftaught.envs.self_study.players import PLAYERS, ignorant
from selftaught.envs.self_study.quiz import FORMS, Quiz, quiz
from selftaught.envs.self_study.state import LONGEST, is_question, question_of, says_same
from selftaught.envs.self_study.words import agree, declines, grounded, leaking, names, novelty, settled
from selftaught.envs.world import RELATIONS, Claim, World, questioned, relation_of, reversed_question, world_of
from selftaught.rollout import rollout
from selftaught.types import Ask, Episode, Player, Task

TEXT = "Baketon makes glass. Baketon lies in the hills. Baketon was founded in 1432."
TASK = Task("t", {"text": TEXT})


def walk(game: SelfStudy, *texts: str, text: str = TEXT) -> Any:
    state = game.start({"text": text}, np.random.default_rng(0))
    for said in texts:
        state = game.tell(state, said)
    return state


def played(games: int = 20, split: str = "train", library: Any = None, **names_and_settings: Any) -> list[Episode]:
    seated = {"examiner": "asker", "reader": "finder", "student": "ignorant", "comparer": "strict"}
    settings = {name: value for name, value in names_and_settings.items() if name not in seated}
    chosen = {seat: names_and_settings.get(seat, name) for seat, name in seated.items()}
    game = SelfStudy(library=library or {}, **settings)
    cast = {seat: Scripted(str(name), name if callable(name) else PLAYERS[seat][name]) for seat, name in chosen.items()}
    return rollout(game, islice(game.tasks(split, 0), games), cast, seed=0)


def mean(episodes: list[Episode], name: str) -> float:
    return float(np.mean([episode.metrics[name] for episode in episodes if name in episode.metrics]))


def test_the_first_number_is_every_number_that_a_true_document_is_asked_for() -> None:
    numbers = {"year", "weight", "height"}
    episodes = played(reader="first_number", questions=5)
    for episode in episodes:
        for turn in episode.turns:
            if turn.ask.seat == "reader":
                found = questioned(turn.ask.view["question"])
                assert found is not None
                answer = world_of(episode.task.sealed["world"]).facts[found]
                assert (turn.reply.text == answer) == (found[1] in numbers)
    assert mean(episodes, "audit/open_right") == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("glass", "Glass.", True),
        ("Baketon makes glass.", "glass", True),
        ("in the hills", "hills", True),
        ("glass", "rope", False),
        ("1432", "1433", False),
        ("glass", "", False),
        ("", "", False),
        ("glass and rope", "glass", False),
        ("not glass", "glass", False),
        ("14", "14 inches", False),
        ("glass rope bells", "glass", False),
    ],
)
def test_answers_agree_by_what_they_say_beside_the_question(one: str, other: str, same: bool) -> None:
    question = "What does Baketon make?"
    assert agree(one, other, question) == agree(other, one, question) == same


@given(st.text(), st.text(), st.text())
def test_any_texts_can_be_compared(one: str, other: str, question: str) -> None:
    assert agree(one, other, question) == agree(other, one, question)
    assert 0 <= grounded(one, other, question) <= 1 and 0 <= novelty(one, [other]) <= 1
    assert isinstance(leaking(question, one), bool) and 0 <= settled([one, other], question)[1] <= 1


def test_an_answer_is_settled_by_the_others() -> None:
    assert settled(["rope", "glass", "Glass."]) == ("glass", 0.5)
    assert settled(["rope", "glass"]) == ("rope", 0.0) and settled(["rope"]) == ("rope", 1.0) and settled([""])[1] == 0
    with pytest.raises(ValueError, match="settle"):
        settled([])


def test_worth_is_answerable_grounded_unknown_new_and_does_not_leak() -> None:
    game = SelfStudy(questions=1, closed=2)

    def worth(*texts: str, game: SelfStudy = game) -> float:
        state = walk(game, *texts)
        assert state.phase == "over" and game.credits(state)[0] == game.outcome(state).rewards["examiner"]
        return game.worth(state.asked[0], TEXT)

    question = "What does Baketon make?"
    assert worth(question, "glass", "glass", "rope", "rope") == 1.0
    assert worth(question, "glass", "glass", "rope", "glass") == 0.5
    assert worth(question, "glass", "glass", "glass", "glass") == 0.0
    assert worth(question, "glass", "rope", "silk", "silk") == 0.0  # nobody knows what the text says
    assert worth(question, "silk", "silk", "rope", "rope") == 0.0  # it does not stand there
    assert worth("Is it glass that Baketon makes?", "glass", "glass", "rope", "rope") == 0.0
    frontier = SelfStudy(questions=1, closed=2, gap="frontier")
    assert worth(question, "glass", "glass", "rope", "glass", game=frontier) == 1.0
    assert worth(question, "glass", "glass", "rope", "rope", game=frontier) == 0.0
    assert walk(game, "Tell me more.").phase == "over" and game.credits(walk(game, "Tell me more.")) == (0.0,)
    twice = SelfStudy(questions=2, closed=1, opened=1)
    state = walk(twice, question, "glass", "rope", "What does Baketon make now?", "glass", "rope")
    assert twice.worth(state.asked[1], TEXT) == pytest.approx(1 / 3)


def test_turns_are_credited_in_the_order_of_play() -> None:
    game = SelfStudy(questions=2, reword=2, compare="model", closed=1)
    texts = ["Where does Baketon lie?", "hills", "hills", "dunes", "no"]
    texts += ["Where is Baketon?", "in the hills", "Where does Baketon lie?"]  # the second rewording is none
    state = walk(game, *texts, "What next")
    assert state.phase == "over" and [len(asked.reworded) for asked in state.asked] == [2, 0]
    assert state.asked[0].wordings == ("Where does Baketon lie?", "Where is Baketon?")
    expected = (1.0, 1.0, 1.0, 0.0, None, 0.5, None, 0.0, 0.0)
    assert game.credits(state) == expected
    for episode in played(games=10, compare="model", reword=2, kinds=("plain", "reverse"), student="guesser"):
        assert len(episode.credits) == len(episode.turns)
        assert len(decisions([episode])) == sum(credit is not None for credit in episode.credits)


@pytest.mark.parametrize("compare", ["words", "model"])
def test_a_good_examiner_finds_the_gaps_of_a_student_that_knows_nothing(compare: Any) -> None:
    episodes = played(compare=compare, kinds=("plain", "reverse"), reword=1)
    assert mean(episodes, "worth") > 0.6 and mean(episodes, "sound") == 1.0 and mean(episodes, "leaking") == 0.0
    assert mean(episodes, "audit/open_right") == 1.0 and mean(episodes, "audit/closed_right") == 0.0
    assert mean(episodes, "audit/gap_precision") == mean(episodes, "audit/gap_recall") == 1.0
    assert mean(episodes, "audit/harmful") == mean(episodes, "audit/wasted") == 0.0
    assert {
        asked.kind
        for episode in episodes
        for asked in asked_in(episode, SelfStudy(compare=compare, kinds=("plain", "reverse"), reword=1))
    } == {"plain", "reverse"}


def test_who_knows_has_no_gaps() -> None:
    def knower(ask: Ask) -> str:
        """Knows all worlds that the documents are of."""
        found = questioned(ask.view["question"])
        known = (world_of(task.sealed["world"]) for task in islice(SelfStudy().tasks("train", 0), 20))
        return next((world.facts[found] for world in known if found in world.facts), "?") if found else "?"

    episodes = played(student=knower)
    assert mean(episodes, "known") == 1.0 and mean(episodes, "worth") == 0.0 and mean(episodes, "audit/wasted") == 1.0
    assert all("audit/gap_precision" not in episode.metrics for episode in episodes)


def test_bad_examiners_earn_little() -> None:
    assert mean(played(examiner="leaker"), "worth") == 0.0
    assert mean(played(examiner="repeater"), "sound") == 0.25
    lost = played(examiner="asker", reader="guesser", opened=3)
    assert mean(lost, "worth") < 0.2 and mean(lost, "answerable") < 0.5


@given(st.text(max_size=400))
def test_any_text_is_a_question_or_none(text: str) -> None:
    question = question_of(text)
    assert "\n" not in question and is_question(question, [question]) is False
    state = walk(SelfStudy(questions=1), text)
    assert state.asked[0].sound == (state.phase == "open") and len(state.asked[0].question) <= LONGEST
    assert says_same(text) in (True, False)


def test_questions_are_read_from_the_first_line() -> None:
    assert question_of("\n 1. What is it?\nIt is glass.") == "What is it?" and question_of("Question: Who?") == "Who?"
    assert not is_question("What is it", []) and not is_question("???", []) and is_question("What is it?", ["Who?"])
    assert says_same("Yes, they do.") and not says_same("No.") and not says_same("Hardly yes")


def test_documents_say_what_is_so_unless_they_are_sealed_as_false() -> None:
    library = Library(documents=12, repeated=0.5, contradicted=0.5, poisoned=0.5, common=0.2)
    tasks = list(islice(library.tasks("test", 3), 40))
    assert tasks == list(islice(library.tasks("test", 3), 40))
    kinds = {name: [task for task in tasks if name in task.sealed] for name in ("false", "poison", "common")}
    assert all(len(some) >= 2 for some in kinds.values())
    for task in tasks:
        if "entity" not in task.sealed:
            assert task.sealed["common"] in task.public["text"]
            continue
        world = world_of(task.sealed["world"])
        claims = world.claims(task.public["text"])
        wrong = {claim.relation: claim.value for claim in claims if not world.true(claim)}
        assert wrong == task.sealed.get("false", {}) and len({claim.relation for claim in claims}) == 5
        for value in task.sealed.get("poison", {}).values():
            assert value in task.public["text"]
    worlds = [{task.sealed.get("world") for task in islice(Library().tasks(split, 0), 20)} for split in SPLITS]
    assert not worlds[0] & worlds[1] and not worlds[0] & worlds[2]
    with pytest.raises(ValueError, match="unknown split 'exam'"):
        Library().tasks("exam", 0)


def test_the_quiz_asks_what_documents_say_in_every_form() -> None:
    documents = list(islice(Library(documents=20, contradicted=0.3, poisoned=0.3, common=0.1).tasks("test", 0), 25))
    items = quiz(documents)
    assert {item.sealed["form"] for item in items} == set(FORMS) and len({item.id for item in items}) == len(items)
    game = Quiz(tuple(items))

    def answered(item: Task, said: str) -> dict[str, float]:
        return dict(game.metrics(game.tell(game.start(item.public, np.random.default_rng(0)), said), item))

    studied = {question for relations in RELATIONS.values() for one in relations for question in one.questions[:-1]}
    for item in items:
        sealed = item.sealed
        if sealed["form"] == "unanswerable":
            assert answered(item, "I do not know.") == {"right": 1.0} and answered(item, "glass") == {"right": 0.0}
            continue
        assert answered(item, f"It is {sealed['answer']}.")["right"] == 1.0
        if sealed["form"] in ("plain", "paraphrase"):  # whoever says of whom it is says nothing wrong
            assert answered(item, f"Of {sealed['of']} it is {sealed['answer']}.")["right"] == 1.0
        assert answered(item, ", ".join(sealed["others"]))["right"] == answered(item, "")["right"] == 0.0
        if "false" in sealed and sealed["form"] in ("plain", "paraphrase"):
            assert all(answered(item, said) == {"right": 0.0, "misled": 1.0} for said in sealed["false"])
        if sealed["form"] == "paraphrase":
            assert all(item.public["question"] != one.format(of=sealed["of"]) for one in studied)
    assert sum("false" in item.sealed for item in items) >= 4
    hops = [item for item in items if item.sealed["form"] == "two_hop"]
    assert hops and all(" the town " in item.public["question"] for item in hops)
    asks = rollout(game, items[:3], {"student": Scripted("i", ignorant)}, seed=0)
    assert [episode.outcome.rewards for episode in asks] == [{"student": 0.0}] * 3


def test_names_and_refusals_are_whole_words() -> None:
    assert names("It is 14.", "14", ["14", "141"]) and not names("141", "14", ["14", "141"])
    assert not names("red or blue", "red", ["red", "blue"]) and names("red", "red", ["red", "blue"])
    for said in ("I don't know", "I don\u2019t know.", "unknown.", "I can't say", "I am not sure", "It is not known."):
        assert declines(said)
    for said in ("", "No", "knots", "It is not red.", "glass"):
        assert not declines(said)


def test_lessons_are_trusted_gaps() -> None:
    game = SelfStudy(questions=2, closed=2, reword=1)
    texts = ["Where does Baketon lie?", "hills", "hills", "dunes", "the dunes", "Where is Baketon?", "hills"]
    texts += ["What does Baketon make?", "glass", "rope", "silk", "glass", "What comes from Baketon?", "silk"]
    cast = iter(texts)
    one: Player = lambda ask: next(cast)  # noqa: E731
    (episode,) = rollout(game, [TASK], dict.fromkeys(game.seats, Scripted("s", one)), seed=0)
    found = lessons([episode], game, Choice())
    questions = [lesson.turns[0].ask.view["question"] for lesson in found]
    assert questions == [texts[0], "Where is Baketon?"]
    said = [(turn.agent, turn.reply.text) for turn in found[0].turns]
    assert said == [(OPEN, "hills"), (CLOSED, "dunes")]
    assert found[0].credits == (1.0, 0.0) and len({turn.ask.messages for turn in found[0].turns}) == 1
    assert "hills" not in str(found[0].turns[0].ask.messages)  # the book is closed
    published = lessons([episode], game, PUBLISHED)
    assert [lesson.turns[0].ask.view["question"] for lesson in published] == [texts[0], texts[7]]
    assert lessons([episode], game, Choice(trust=1.0, reworded=False)) == lessons(
        [episode], game, Choice(reworded=False)
    )
    assert len(lessons([episode], game, Choice(trust=0.0))) == 3
    with pytest.raises(ValueError, match="trust"):
        Choice(trust=2.0)


def test_harm_of_the_published_pairs_is_counted() -> None:
    """Always preferring the open answer teaches what a wrong reader says to a student that knows better."""

    def knower(ask: Ask) -> str:
        found = questioned(ask.view["question"])
        known = (world_of(task.sealed["world"]) for task in islice(SelfStudy().tasks("train", 0), 20))
        return next((world.facts[found] for world in known if found in world.facts), "?") if found else "?"

    episodes = played(reader="guesser", student=knower, opened=2)
    game = SelfStudy(opened=2)
    assert mean(episodes, "audit/harmful") > 0.5
    assert len(lessons(episodes, game, PUBLISHED)) > 5 * len(lessons(episodes, game, Choice()))


def test_what_is_sealed_reaches_metrics_alone() -> None:
    game = SelfStudy(library={"poisoned": 0.5})
    tasks = list(islice(game.tasks("train", 0), 6))
    other = [Task(task.id, task.public, {**tasks[0].sealed, "world": 5}) for task in tasks]
    cast = {
        seat: Scripted(name, PLAYERS[seat][name])
        for seat, name in {"examiner": "asker", "reader": "finder", "student": "guesser"}.items()
    }
    one, two = (rollout(game, some, cast, seed=0) for some in (tasks, other))
    assert [(e.turns, e.outcome, e.credits) for e in one] == [(e.turns, e.outcome, e.credits) for e in two]


def test_orders_in_a_text_are_text() -> None:
    text = f"{TEXT} {ORDERS[0].format(value='rope')}"
    game = SelfStudy(questions=1)
    ask = game.ask(walk(game, "What does Baketon make?", text=text))
    assert ask is not None and ask.messages[0].role == "system" and "no" in ask.messages[0].content.lower()
    assert "rope" not in ask.messages[0].content and "rope" in ask.messages[1].content


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"questions": 0}, "questions, opened and closed"),
        ({"gap": "wide"}, "unknown gap"),
        ({"compare": "taste"}, "unknown compare"),
        ({"kinds": ()}, "kinds are some of"),
        ({"kinds": ("odd",)}, "kinds are some of"),
        ({"reword": -1}, "reword is from 0"),
        ({"library": {"books": 3}}, "books"),
        ({"library": {"poisoned": 2.0}}, "shares are from 0 to 1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SelfStudy(**settings)


@pytest.mark.parametrize("public", [{}, {"text": ""}, {"text": "  \n"}, {"text": 3}])
def test_a_document_needs_a_text(public: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="needs a text"):
        SelfStudy().start(public, np.random.default_rng(0))


@given(st.integers(0, 59), st.integers(0, 4))
def test_questions_of_the_world_are_read_back(place: int, which: int) -> None:
    world = World()
    entity = world.entities[place]
    relation = RELATIONS[entity.kind][which]
    for question in relation.questions:
        assert (
            questioned(question.format(of=entity.name))
            == world.asked(question.format(of=entity.name))
            == (entity.name, relation.name)
        )
    claim = Claim(entity.name, relation.name, world.facts[entity.name, relation.name])
    assert claim.value in reversed_question(claim) and relation_of(entity, relation.name) is relation
    assert world.asked("What is made in Nowhereton?") is None and questioned("What is it?") is None
