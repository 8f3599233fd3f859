"""The game of hardware: the ladder, what is sealed, attempts, players, and figures by kind and fault."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.agents.scripted import Scripted
from selftaught.envs.hardware import answers, making
from selftaught.envs.hardware.corpus import corpus
from selftaught.envs.hardware.designs import HELD_OUT as FAMILIES_HELD_OUT
from selftaught.envs.hardware.designs import split_of
from selftaught.envs.hardware.game import Hardware, HardwareState
from selftaught.envs.hardware.library import gather, library
from selftaught.envs.hardware.mutations import HELD_OUT, TAUGHT
from selftaught.envs.hardware.patches import patch, patched
from selftaught.envs.hardware.players import PLAYERS, hint_fixer
from selftaught.envs.hardware.problems import KINDS, PAY, RUNGS, Problem, filled, judge, pay, problem, rung_of
from selftaught.envs.hardware.prompts import fenced
from selftaught.envs.hardware.verdicts import UNREFUTED, Verdict
from selftaught.rollout import rollout
from selftaught.types import Ask, Episode, Task

GOLDEN = """module top(input clk, input rst, input [3:0] d, output reg [3:0] q, output z);
  always @(posedge clk)
    if (rst) q <= 4'd0;
    else q <= q + d;
  assign z = q == 4'd9;
endmodule
"""
BROKEN = GOLDEN.replace("q + d", "q - d")
REPAIR = Problem("repair", GOLDEN, (GOLDEN,), shown=BROKEN, said="", floor="driven")
NEW = replace(REPAIR, kind="round_trip", shown="", floor="refused", told="A sum that runs.")


def played(game: Hardware, player: str, count: int = 40, split: str = "train") -> list[Episode]:
    cast = {seat: Scripted(name, PLAYERS[seat][name]) for seat, name in {"describer": "by_rule"}.items()}
    cast |= {"engineer": Scripted(player, PLAYERS["engineer"][player])}
    tasks = islice(game.tasks(split, 0), count)
    return list(rollout(game, tasks, {seat: cast[seat] for seat in game.seats}, seed=0))


def after(game: Hardware, found: Problem, *texts: str) -> HardwareState:
    state = game.start(found.public(), np.random.default_rng(0))
    for text in texts:
        state = game.tell(state, text)
    return state


LADDER = {
    "refused": '`include "x"\n' + GOLDEN,
    "safe": GOLDEN.replace("q + d;", "q + d"),
    "parsed": GOLDEN.replace("q + d", "q + e"),
    "elaborated": GOLDEN.replace("[3:0] d", "[4:0] d"),
    "connected": GOLDEN.replace("endmodule", "assign z = rst;\nendmodule"),
    "driven": BROKEN,
    "equal": GOLDEN.replace("q + d", "d + q"),
}


@pytest.mark.parametrize("rung", LADDER)
def test_the_ladder(rung: str) -> None:
    judged = judge(NEW, f"Here it is:\n```verilog\n{LADDER[rung]}```\nGood luck.")
    assert judged.rung == rung
    assert (judged.said != "") or rung == "equal"
    state = after(Hardware(), NEW, f"```\n{LADDER[rung]}```")
    assert Hardware().outcome(state).end == rung
    assert Hardware().outcome(state).rewards["engineer"] == pytest.approx(PAY[judged.rung])


def test_only_proof_is_paid_in_full() -> None:
    assert list(PAY) == list(RUNGS) and sorted(PAY.values()) == list(PAY.values())
    assert [rung for rung in RUNGS if pay(NEW, rung) == 1] == ["equal"]
    assert rung_of(Verdict("unknown", UNREFUTED)) == "simulated"
    for reason in ("it takes more than 5 seconds to judge", "the compiler crashed", "a loop of loops"):
        assert rung_of(Verdict("unknown", reason)) == "elaborated"


def test_what_was_shown_is_worth_nothing() -> None:
    game = Hardware()
    for text in (BROKEN, LADDER["safe"], LADDER["connected"], "", "no code at all"):
        assert game.outcome(after(game, REPAIR, text)).rewards["engineer"] == 0
    assert game.outcome(after(game, REPAIR, GOLDEN)).rewards["engineer"] == 1
    for episode in played(Hardware(level=0), "identity", 60):
        assert episode.outcome.rewards["engineer"] == 0, episode


def test_holes_are_filled() -> None:
    pieces, holes = ("a ", " b ", " c"), ("1", "2")
    two = Problem("complete", "", holes, pieces=pieces)
    assert filled(two, two.reply) == "a 1 b 2 c"
    assert filled(two, "2: y\n1: x: z") == "a x: z b y c"
    assert filled(two, "[1]: x\n[2]: y") == "a x b y c"
    assert filled(two, "1: x") is None
    assert judge(replace(two, golden=GOLDEN), "1: x").rung == "refused"
    one = Problem("complete", "", ("1",), pieces=("a ", " b"))
    assert filled(one, "\n x \n") == filled(one, "```\nx\n```") == "a x b"
    assert filled(NEW, f"It is {GOLDEN} as you see") == GOLDEN.strip()


@given(st.text(max_size=80))
def test_any_reply_is_judged(text: str) -> None:
    for found in (
        REPAIR,
        NEW,
        Problem("complete", GOLDEN, ("1", "2"), pieces=(GOLDEN[:20], GOLDEN[20:30], GOLDEN[30:])),
    ):
        judged = judge(found, text)
        assert judged.rung in RUNGS and judged.rung != "equal"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "describe"])
@pytest.mark.parametrize("split", ["train", "hard"])
def test_right_replies_are_right_and_no_prompt_has_them(kind: Any, split: str) -> None:
    for level in (0, 1):
        game = Hardware(kinds=(kind,), level=level)
        for task in islice(game.tasks(split, 3), 25):
            assert Task(task.id, json.loads(json.dumps(task.public))).public.keys() == task.public.keys()
            state = game.start(json.loads(json.dumps(task.public)), np.random.default_rng(0))
            ask = game.ask(state)
            assert ask is not None
            seen = " ".join(message.content for message in ask.messages)
            assert fenced(task.public["golden"]) not in seen
            assert str(task.public["golden"]) not in repr(ask.view)
            done = game.tell(state, problem(task.public).reply)
            assert game.outcome(done).rewards["engineer"] == 1, (task, game.outcome(done))
            assert game.metrics(done, task)[f"solved/{kind}"] == 1


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_patches_make_what_is_wanted(old: list[str], new: list[str]) -> None:
    code, wanted = "\n".join(["head", *old]), "\n".join(["head", *new])
    done = patched(code, patch(code, wanted))
    assert [line for line in done.split("\n") if line] == wanted.split("\n")


def test_lines_that_change_are_a_reply() -> None:
    found = replace(REPAIR, lines=True)
    assert found.reply == "4:     else q <= q + d;"
    game = Hardware(kinds=("repair",), reply="lines")
    ask = game.ask(game.start(found.public(), np.random.default_rng(0)))
    assert ask is not None and "4:     else q <= q - d;" in ask.messages[-1].content
    for text in ("", "Nothing to do.", "99: endmodule", BROKEN, "4: else q <= q - d;"):
        assert game.outcome(after(game, found, text)).rewards["engineer"] == 0
    assert game.outcome(after(game, found, "So:\n4: else q <= d + q;")).rewards["engineer"] == 1
    assert all(one.metrics["success"] == 1 for one in played(game, "oracle", 60))
    fixer = np.mean([one.metrics["success"] for one in played(game, "hint_fixer", 60)])
    assert fixer == np.mean([one.metrics["success"] for one in played(replace(game, reply="module"), "hint_fixer", 60)])


def test_hard_tasks_have_what_training_never_has() -> None:
    game = Hardware(kinds=("repair",), level=1)
    faults = {split: {task.sealed["fault"] for task in islice(game.tasks(split, 0), 60)} for split in ("train", "hard")}
    assert faults["hard"] <= set(HELD_OUT) and faults["train"] <= set(TAUGHT)
    scripts = Hardware(kinds=("script",))
    assert {task.sealed["fault"] for task in islice(scripts.tasks("hard", 0), 40)} <= set(making.HARD_FAULTS)
    assert FAMILIES_HELD_OUT


def test_trying_again_shows_what_the_tools_say() -> None:
    game = Hardware(attempts=3)
    state = after(game, NEW, BROKEN)
    ask = game.ask(state)
    assert ask is not None and "should be" in ask.messages[-1].content
    assert [message.role for message in ask.messages] == ["system", "user", "assistant", "user"]
    with pytest.raises(ValueError, match="not over"):
        game.outcome(state)
    solved = game.tell(state, GOLDEN)
    assert game.ask(solved) is None and game.outcome(solved).rewards["engineer"] == 1
    figures = game.metrics(solved, Task("t", NEW.public(), {"kind": "round_trip", "form": "x", "fault": ""}))
    assert (figures["first"], figures["attempts"], figures["success"]) == (0, 2, 1)
    lost = after(game, NEW, BROKEN, LADDER["safe"], LADDER["parsed"])
    assert game.outcome(lost).end == "parsed"
    with pytest.raises(ValueError, match="over"):
        game.tell(lost, GOLDEN)
    complaint = game.ask(after(game, NEW, LADDER["safe"]))
    assert complaint is not None and "design.v:" in complaint.messages[-1].content


def test_a_description_is_judged_by_what_is_built_from_it() -> None:
    game = Hardware(kinds=("describe",), attempts=2)
    assert game.seats == ("describer", "engineer")
    found = Problem("describe", GOLDEN, (GOLDEN,), shown=GOLDEN, floor="parsed")
    state = game.start(found.public(), np.random.default_rng(0))
    ask = game.ask(state)
    assert ask is not None and ask.seat == "describer" and GOLDEN.strip() in ask.messages[-1].content
    told = game.tell(state, "An accumulator.")
    ask = game.ask(told)
    assert ask is not None and ask.seat == "engineer"
    assert "An accumulator." in ask.messages[-1].content and "posedge" not in repr(ask)
    task = Task("t", found.public(), {})
    done = game.tell(told, GOLDEN)
    assert game.outcome(done).rewards == {"engineer": 1.0, "describer": 1.0}
    assert game.metrics(done, task)["faithful"] == 1
    pasted = game.tell(game.tell(state, f"Like this: {GOLDEN}"), GOLDEN)
    assert game.outcome(pasted).rewards == {"engineer": 1.0, "describer": 0.0}
    assert game.metrics(pasted, task)["pasted"] == 1
    with pytest.raises(ValueError, match="describe"):
        Hardware().start(found.public(), np.random.default_rng(0))


def test_players_are_as_good_as_their_names() -> None:
    game = Hardware(kinds=("repair",), level=1)
    right = {name: np.mean([one.metrics["success"] for one in played(game, name, 80)]) for name in PLAYERS["engineer"]}
    assert right["oracle"] == 1 and right["identity"] == 0
    assert 0.25 < right["hint_fixer"] < 0.65 and right["random_edit"] < 0.1
    wrong = (
        LADDER["safe"],
        LADDER["connected"],
        LADDER["elaborated"],
        GOLDEN.replace("output reg", "output"),
        GOLDEN.replace("output z", "output z, spare"),
        GOLDEN.replace("input [3:0] d", "output [3:0] d"),
    )
    for text in wrong:
        fixed = hint_fixer(_asked(replace(REPAIR, shown=text, said=judge(NEW, f"```\n{text}```").said)))
        assert judge(NEW, f"```\n{fixed}```").rung == "equal", text
    assert hint_fixer(_asked(REPAIR)) == BROKEN


def test_descriptions_are_faithful_and_a_builder_needs_no_key() -> None:
    game = Hardware(kinds=("describe", "round_trip"), level=1)
    for episode in played(game, "builder", 40):
        assert episode.metrics["success"] == 1 and episode.metrics.get("pasted", 0) == 0
        if "faithful" in episode.metrics:
            assert episode.outcome.rewards == {"describer": 1.0, "engineer": 1.0}


def test_an_oracle_that_did_not_see_the_start_knows_nothing() -> None:
    ask = _asked(REPAIR)
    assert PLAYERS["engineer"]["oracle"](ask) == GOLDEN.strip()
    other = replace(ask, messages=ask.messages[1:])
    assert answers.known(other.messages) is None
    assert PLAYERS["engineer"]["oracle"](other) == BROKEN


def _asked(found: Problem) -> Ask:
    game = Hardware()
    ask = game.ask(game.start(found.public(), np.random.default_rng(0)))
    assert ask is not None
    return ask


def test_the_corpus_has_the_language_and_no_task() -> None:
    chats = list(corpus(np.random.default_rng(0), count=150))
    whole, exercises = 0, Counter[str]()
    for asked, said in chats:
        order, _, given = asked.content.partition("\n\n")
        exercises[order.partition(":")[0]] += 1
        if order.startswith("Go on"):
            whole += split_of(f"{given} {said.content}") == "train"
        else:
            assert said.content and all(line in given for line in said.content.split("\n"))
    assert set(exercises) == {"Write this again.", "Write these lines", "Go on."}
    assert whole == exercises["Go on."] > 20


def test_designs_of_ones_own(tmp_path: Path) -> None:
    for number, text in enumerate(_own()):
        (tmp_path / f"{number}.v").write_text(text)
    (tmp_path / "bad.v").write_text("module broken(")
    (tmp_path / "bytes.sv").write_bytes(b"\xff\xfe")
    (tmp_path / "twice.v").write_text("// the same\n" + next(_own()))
    (tmp_path / "notes.txt").write_text("nothing")
    found = gather(tmp_path)
    assert len(found.designs) == 40 and len(found.left_out) == 3
    reasons = found.left_out
    assert "error" in reasons["bad.v"] and "cannot be read" in reasons["bytes.sv"] and "the same" in reasons["twice.v"]
    game = Hardware(kinds=("repair", "complete"), folder=str(tmp_path))
    own = {design.text for design in found.designs}
    assert {task.public["golden"] for task in islice(game.tasks("train", 0), 20)} <= own
    assert np.mean([one.metrics["success"] for one in played(game, "oracle", 20)]) > 0.8  # some differ in a hole alone
    single = tmp_path / "one"
    single.mkdir()
    (single / "a.v").write_text(GOLDEN)
    splits = {"train", "validation", "test"} - {split_of(GOLDEN)}
    with pytest.raises(ValueError, match="no designs of the split"):
        Hardware(folder=str(single)).tasks(splits.pop(), 0)
    for name, error in (("nowhere", FileNotFoundError), ("notes.txt", ValueError)):
        with pytest.raises(error, match=name):
            library(str(tmp_path / name))


def test_designs_that_allow_no_problem_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.v").write_text("module a(input x, output y); b one(x, y); endmodule\n" + INNER)
    (split,) = {split_of((tmp_path / "a.v").read_text())}
    with pytest.raises(ValueError, match=r"no problem of kind 'complete': leave it out"):
        next(Hardware(kinds=("complete",), folder=str(tmp_path)).tasks(split, 0))


INNER = "module b(input x, output y); assign y = ~x; endmodule\n"


def _own() -> Iterator[str]:
    for number in range(40):
        yield GOLDEN.replace("4'd9", f"4'd{number % 10}").replace("q + d", f"q + d + 4'd{number // 10}")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"kinds": ()}, "kinds"),
        ({"kinds": ("mend",)}, "mend"),
        ({"level": 4}, "level"),
        ({"attempts": 0}, "attempts"),
        ({"attempts": 9}, "attempts"),
        ({"reply": "words"}, "words"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Hardware(**settings)


def test_kinds_may_be_one_text() -> None:
    assert Hardware(kinds="repair,script") == Hardware(kinds=("repair", "script"))  # type: ignore[arg-type]


def test_what_is_no_problem_is_refused() -> None:
    good = REPAIR.public()
    for bad in ({}, {**good, "kind": "x"}, {**good, "pieces": ("",)}, {**good, "more": 1}, {**good, "floor": "low"}):
        with pytest.raises(ValueError, match="no hardware problem"):
            Hardware().start(bad, np.random.default_rng(0))
    with pytest.raises(ValueError, match="nowhere"):
        Hardware().tasks("nowhere", 0)
