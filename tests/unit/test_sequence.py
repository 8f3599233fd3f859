"""Sequential instructions: every operation against its checker, chains, replies, and what is paid."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.agents.scripted import Scripted
from selftaught.envs.sequence.chains import Call, Chain, Choice, Step, chain
from selftaught.envs.sequence.drawing import (
    DEPENDENCIES,
    LURES,
    datum,
    draw,
    held_out_pair,
    longer_chain,
    operations_of,
)
from selftaught.envs.sequence.game import SPLITS, Sequence
from selftaught.envs.sequence.operations import HELD_OUT, OPERATIONS, operation
from selftaught.envs.sequence.players import PLAYERS
from selftaught.envs.sequence.proposals import proposed
from selftaught.envs.sequence.replies import CARRIED, score, sections, spans
from selftaught.envs.sequence.values import read, whole, write
from selftaught.hidden import public_part
from selftaught.rollout import rollout
from selftaught.types import Ask, Episode

SEEDS = st.integers(0, 2**32)
CHAIN = Chain(
    "text",
    "red boat dog",
    (
        Step(0, Call("reverse")),
        Step(0, Call("count_words")),
        Step(2, Call("add", {"n": 4})),
        Step(1, Call("upper"), choice=Choice(3, "even", Call("quote"))),
    ),
)
RIGHT = '1: god taob der\n2: 3\n3: 7\n4: "god taob der"'


def single(id: str, seed: int) -> Chain:
    """A chain of one step with an operation, on a datum of its kind or what another operation made."""
    one, random = operation(id), np.random.default_rng(seed)
    for _ in range(100):
        value = datum(random, one.takes)
        try:
            arguments = one.draw(random, value)
        except (ValueError, LookupError):
            continue
        if one.result(value, arguments) is not None:
            return Chain(one.takes, value, (Step(0, Call(id, arguments, int(random.integers(9)))),))
    raise AssertionError(f"nothing that {id} can work on")


def paid(found: Chain, reply: str) -> float:
    return score(found, sections(reply)).reward


@pytest.mark.parametrize("id", OPERATIONS)
@given(seed=SEEDS, place=st.integers(0, 10**6), letter=st.sampled_from("abcxyz019 ,|-"))
def test_every_checker_takes_the_gold_and_nothing_like_it(id: str, seed: int, place: int, letter: str) -> None:
    found = single(id, seed)
    gold = found.solved().removeprefix("1: ")
    assert paid(found, f"1: {gold}") == 1.0
    told = write(found.kind, found.datum)
    every = " ".join(
        {
            gold,
            told,
            *(
                write(one.gives, r)
                for one in OPERATIONS.values()
                if one.takes == found.kind and (r := one.result(found.datum, found.steps[0].call.arguments)) is not None
            ),
        }
    )
    place %= len(gold)
    changed = (gold[:place] + letter + gold[place + 1 :]).strip()
    wrong = [
        "",
        "1:",
        f"1: {gold}\n1: {gold}",
        f"2: {gold}",
        f"1: {gold}\n2: {gold}",
        gold if gold[:1] not in "1" else "",
    ]
    wrong += [
        f"1: {text}" for text in (every, changed, told, f"{gold} {gold}", f"the result is {gold}") if text != gold
    ]
    for reply in wrong:
        assert paid(found, reply) == 0.0, reply


@pytest.mark.parametrize("id", OPERATIONS)
@given(seed=SEEDS)
def test_every_wording_is_read_back(id: str, seed: int) -> None:
    found = single(id, seed)
    one, arguments = operation(id), found.steps[0].call.arguments
    of = found.operand(0)
    for wording in range(len(one.wordings)):
        assert one.read(one.tell(wording, of=of, arguments=arguments)) == (of, dict(arguments))
    assert len(one.wordings) >= 2 or one.id == "x"


@given(SEEDS, st.integers(1, 8), st.sampled_from(SPLITS))
def test_chains_are_whole_and_come_back_from_json(seed: int, length: int, split: str) -> None:
    if split == "pairs":
        length = max(2, length)
    found = draw(np.random.default_rng(seed), length=length, split=split, lures=0.5)
    assert len(found.steps) == length == len(found.results)
    for step, value in zip(found.steps, found.results, strict=True):
        assert value is not None and whole(step.gives, value) and read(step.gives, write(step.gives, value)) == value
    assert chain(json.loads(json.dumps(found.public()))) == found
    assert paid(found, found.solved()) == 1.0
    pairs = [held_out_pair(one, op) for before, op in operations_of(found) for one in before]
    families = [OPERATIONS[op].family in HELD_OUT for _, op in operations_of(found)]
    assert any(pairs) if split == "pairs" else not any(pairs)
    assert any(families) if split == "families" else not any(families)


def test_there_are_enough_operations_of_every_kind() -> None:
    assert len(OPERATIONS) >= 40 and len({one.family for one in OPERATIONS.values()}) >= 12
    with pytest.raises(ValueError, match="unknown operation 'sorted'"):
        operation("sorted")
    with pytest.raises(ValueError, match="gaps"):
        type(OPERATIONS["upper"])("x", "letters", "text", "text", ("Do it.",), str.upper)


@pytest.mark.parametrize(
    ("id", "value", "arguments", "result"),
    [
        ("caesar", "xyz Abc", {"n": 3}, "abc Def"),
        ("atbash", "abz", {}, "zya"),
        ("roman", 1994, {}, "MCMXCIV"),
        ("spelled", 42, {}, "forty-two"),
        ("translate", "red cat runs", {"glossary": "cat = mio, red = rubo"}, "rubo mio runs"),
        ("running", (1, 2, 3), {}, (1, 3, 6)),
        ("sorted_by", (("id", "x"), ("B", "9"), ("A", "3")), {"column": "x"}, (("id", "x"), ("A", "3"), ("B", "9"))),
        ("to_json", (("name", "age"), ("Bo", "9")), {}, '[{"name": "Bo", "age": "9"}]'),
        ("describe", (("name", "age"), ("Bo", "9")), {}, "Bo: age 9"),
        ("best_row", (("name", "age"), ("Bo", "9"), ("Ada", "9")), {"column": "age"}, "Bo"),
        ("acronym", "red boat dog", {}, "RBD"),
        ("even", (1, 3), {}, None),
        ("roman", 0, {}, None),
        ("column_words", (("name", "age"), ("Bo", "9")), {"column": "price"}, None),
    ],
)  # fmt: skip
def test_operations_by_hand(id: str, value: Any, arguments: dict[str, Any], result: Any) -> None:
    assert operation(id).result(value, arguments) == result


def test_a_chain_is_told_and_solved() -> None:
    assert CHAIN.solved() == RIGHT
    assert CHAIN.told.split("\n")[0] == "The text: red boat dog"
    assert CHAIN.told.split("\n")[3] == "Step 3: Add 4 to the result of step 2."
    assert CHAIN.told.split("\n")[4].startswith(
        "Step 4: If the result of step 3 is even: Write the result of step 1 in"
    )


@pytest.mark.parametrize(
    ("reply", "right", "carried", "depth", "followed"),
    [
        (RIGHT, 4, 0, 4, True),
        (f"Here it is.\n{RIGHT}\n", 4, 0, 4, True),
        (RIGHT.replace("3: 7", "3: 8"), 3, 0, 2, True),
        ("1: god taob der\n2: 4\n3: 8\n4: GOD TAOB DER", 1, 2, 1, True),
        (RIGHT.replace("2: 3\n", ""), 3, 0, 1, False),
        (RIGHT.replace("2: 3", "2: 3\n2: 3"), 3, 0, 1, False),
        ("\n".join([*RIGHT.split("\n")[1:], RIGHT.split("\n")[0]]), 3, 0, 0, False),
        (f"{RIGHT}\n5: done", 4, 0, 0, False),
        ("", 0, 0, 0, False),
        ('1) god taob der\n2. 3\n3 : 7\n4: "god taob der"', 4, 0, 4, True),
        (f"<think>\n1: red?\n9: no\n</think>\n\n{RIGHT}", 4, 0, 4, True),
        (f"<think>hm</think>{RIGHT}", 4, 0, 4, True),
        (f"<think>\n{RIGHT}\n</think>", 0, 0, 0, False),
        (f"{'hm ' * 2000}</think>{RIGHT}", 4, 0, 4, True),
    ],
)  # fmt: skip
def test_replies_by_hand(reply: str, right: int, carried: int, depth: int, followed: bool) -> None:
    found = score(CHAIN, sections(public_part(reply)))
    assert (sum(found.right), sum(found.carried), found.depth, found.followed) == (right, carried, depth, followed)
    extra = "5:" in reply
    assert sum(found.credits) == pytest.approx(0 if extra else right + CARRIED * carried)


@pytest.mark.parametrize("mode", ["reply", "turns"])
def test_thoughts_before_an_answer_are_no_answers(mode: Any) -> None:
    def thinking(ask: Ask) -> str:
        player = "oracle" if ask.seat == "worker" else "inventor"
        return f"<think>\n1: x\n9: y</think>\n{PLAYERS[ask.seat][player](ask)}"

    game, cast = Sequence(mode=mode, propose=1), dict.fromkeys(PLAYERS, Scripted("thinking", thinking))
    for episode in rollout(game, islice(game.tasks("test", 0), 5), cast, seed=0):
        assert episode.outcome.rewards["worker"] == 1.0 and episode.metrics["proposed"] == 1.0


def test_places_of_answers_are_those_in_the_reply() -> None:
    text = f"\n{RIGHT}\n \r\n5: more"
    assert [text[slice(*span)] for _, span in spans(text)] == [*RIGHT.split("\n"), "5: more"]
    assert [number for number, _ in spans(text)] == [number for number, _ in sections(text)]


@given(st.text())
def test_any_reply_is_scored(text: str) -> None:
    assert 0 <= paid(CHAIN, text) < 0.5


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ((Step(1, Call("reverse")),), "refers to"),
        ((Step(0, Call("add", {"n": 1})),), "takes"),
        ((Step(0, Call("count_words"), then=Call("reverse")),), "does not take"),
        ((Step(0, Call("count_words")), Step(0, Call("upper"), choice=Choice(1, "even", Call("split")))), "same kind"),
    ],
)
def test_chains_that_do_not_fit_are_refused(steps: tuple[Step, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Chain("text", "red boat", steps)


@pytest.mark.parametrize(
    "public",
    [
        {},
        {"kind": "number", "datum": "x", "steps": []},
        {"kind": "number", "datum": "0", "steps": [{"of": 0, "call": {"op": "roman"}}]},
        {"kind": "text", "datum": "a", "steps": [{"of": 0, "call": {"op": "nothing"}}]},
        {"kind": "text", "datum": "a", "steps": []},
    ],
)
def test_tasks_that_are_no_chains_are_refused(public: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no chain|has no result|is no |unknown operation"):
        chain(public)


def test_a_lure_is_material() -> None:
    lured = [draw(np.random.default_rng(seed), length=2, lures=1.0) for seed in range(40)]
    texts = [str(one.datum) for one in lured if one.kind == "text"]
    assert texts and all(any(lure in text for lure in LURES) for text in texts)
    assert all(paid(one, one.solved()) == 1.0 for one in lured)


def played(worker: str, *, games: int = 40, split: str = "test", **settings: Any) -> list[Episode]:
    game = Sequence(**settings)
    cast = {
        "worker": Scripted(worker, PLAYERS["worker"][worker]),
        "instructor": Scripted("i", PLAYERS["instructor"]["inventor"]),
    }
    return rollout(game, list(islice(game.tasks(split, 0), games)), cast, seed=0)


def mean(episodes: list[Episode], name: str) -> float:
    return float(np.mean([episode.metrics[name] for episode in episodes if name in episode.metrics]))


@pytest.mark.parametrize("mode", ["reply", "turns"])
@pytest.mark.parametrize("split", SPLITS)
def test_the_oracle_earns_everything(mode: str, split: str) -> None:
    episodes = played("oracle", mode=mode, split=split, steps=(2, 5), propose=2, lures=0.3)
    assert {episode.outcome.rewards["worker"] for episode in episodes} == {1.0}
    assert mean(episodes, "proposed") > 0.95


def test_players_fail_where_they_should() -> None:
    sloppy, last, skipper, echo = (played(name, steps=(3, 4)) for name in ("sloppy", "last_only", "skipper", "echo"))
    assert 0.3 < mean(sloppy, "quality") < 0.8 and mean(sloppy, "carried") > 0.05 and mean(sloppy, "following") == 1.0
    assert all(episode.metrics.get("right_on_right", 1.0) >= episode.metrics["depth"] for episode in sloppy)
    assert mean(last, "final_right") == 1.0 and mean(last, "following") == mean(last, "success") == 0.0
    assert mean(skipper, "following") == 0.0 and mean(echo, "success") < 0.1
    assert mean(last, "depth") == 0.0


def test_turns_pay_on_the_way() -> None:
    game = Sequence(mode="turns")
    state = game.start(CHAIN.public(), np.random.default_rng(0))
    shares = []
    for text in ("god taob der", "4", "8", "GOD TAOB DER"):
        state = game.tell(state, text)
        shares.append(game.paid(state)["worker"])
    assert shares == pytest.approx([1 / 12, 1 / 12, 1.3 / 12, (1.6 / 4 + 1 / 4) / 3])
    assert [message.content.split(":")[0] for message in state.thread if message.role == "user"][1:] == [
        "Step 2",
        "Step 3",
        "Step 4",
    ]


def test_what_is_no_step_is_refused() -> None:
    for text in (
        "",
        "Do it well.",
        "Add 4 to the result of step 9.",
        "Add 4 to the result of step 1.",
        "Sort the list, least number first.",
        "Repeat the text. Then, in the same step: Repeat the text.",
        "If the result of step 3 is even: Repeat the result of step 1. Otherwise: Repeat the text.",
        "If the result of step 1 is even: Repeat the text. Otherwise: Repeat the text.",
        "If the result of step 3 is above 5 characters: Repeat the text. Otherwise: Repeat the text.",
        "If the result of step 3 is even: Repeat the text.",
    ):
        assert proposed(text, CHAIN) is None
    assert proposed("Add 4 to the result of step 2.", CHAIN) == Step(2, Call("add", {"n": 4}))
    assert proposed(" Repeat  the text. ", CHAIN) == Step(0, Call("repeat"))
    nested = proposed("Repeat the text. Then, in the same step: Count the words of that.", CHAIN)
    assert nested == Step(0, Call("repeat"), then=Call("count_words"))
    game = Sequence(propose=1)
    state = game.tell(game.start(CHAIN.public(), np.random.default_rng(0)), "Do it well.")
    ask = game.ask(state)
    assert ask is not None and ask.seat == "worker" and state.refused == 1
    assert game.outcome(game.tell(state, "")).rewards == {"worker": 0.0, "instructor": 0.0}


@given(SEEDS)
def test_a_step_that_was_drawn_is_read_back(seed: int) -> None:
    random = np.random.default_rng(seed)
    found = draw(random, length=2)
    longer = longer_chain(random, found, dependencies=("chained", "back", "independent", "nested", "select", "select"))
    if longer is not None:
        step = proposed(longer.instruction(3), found)
        assert step is not None and Chain(found.kind, found.datum, (*found.steps, step)).results == longer.results


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": (0, 2)}, "steps are two numbers"),
        ({"steps": (3, 2)}, "steps are two numbers"),
        ({"dependencies": ("random",)}, "unknown dependencies"),
        ({"dependencies": ("select",)}, "allow one of them"),
        ({"mode": "chat"}, "unknown mode"),
        ({"lures": 2.0}, "lures"),
        ({"propose": 8}, "propose"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sequence(**settings)
    assert set(Sequence().dependencies) == set(DEPENDENCIES)


@pytest.mark.parametrize("split", ["train", "test", "pairs", "families"])
def test_an_instructor_keeps_to_what_its_split_may_have(split: str) -> None:
    game = Sequence(steps=(2, 2), propose=4)
    cast = {
        "worker": Scripted("w", PLAYERS["worker"]["oracle"]),
        "instructor": Scripted("i", PLAYERS["instructor"]["inventor"]),
    }
    for episode in rollout(game, list(islice(game.tasks(split, 0), 30)), cast, seed=0):
        seen = operations_of(episode.turns_of("worker")[0].ask.view["chain"])
        pairs = any(held_out_pair(one, op) for before, op in seen for one in before)
        families = any(OPERATIONS[op].family in HELD_OUT for _, op in seen)
        assert (pairs, families) == (split == "pairs", split == "families")
    state = game.start(CHAIN.public(), np.random.default_rng(0))
    assert game.tell(state, "Write the text in ROT13.").refused == 1


def test_a_result_that_is_too_long_is_none() -> None:
    assert operation("double").result("ab" * 100, {}) == "aabb" * 100
    assert operation("double").result("ab" * 101, {}) is None
    assert (
        operation("last_letters").result("abc", {"n": 0}) is operation("last_in_text").result("a b", {"n": 0}) is None
    )


def test_a_turn_tells_no_later_step() -> None:
    game = Sequence(mode="turns")
    state = game.start(CHAIN.public(), np.random.default_rng(0))
    for number in (1, 2, 3):
        ask = game.ask(state)
        assert ask is not None and len(ask.view["chain"].steps) == number == ask.view["step"]
        state = game.tell(state, "x")
