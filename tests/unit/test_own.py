"""A stranger's policy by its place: what is taken, what is refused, and whose mistake it was."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from selftaught.agents.own import fingerprint, own_policy
from selftaught.types import Ask, Message, Streaming

POLICIES = """
from helper_of_mine import ANSWER
from selftaught.types import Reply

SAID = "not callable"

def function(ask):
    return f"{ANSWER} {ask.seat}"

class Class:
    def reply(self, asks):
        return [f"{place} of {len(asks)}" for place, _ in enumerate(asks)]

class Named:
    name = "somebody"
    def __init__(self, text):
        self.text = text
    def reply(self, asks):
        return [Reply(self.text, stop="length") for _ in asks]

instance = Named("hello")

def broken(ask):
    return {}[ask.seat]

def silent(ask):
    return None

class Uneven:
    def reply(self, asks):
        return [Reply("ab", tokens=(1, 2, 3), logprobs=(-0.1, -0.2)) for _ in asks]

class Short:
    def reply(self, asks):
        return ["one"]

class Text:
    def reply(self, asks):
        return "ab"

class Streams:
    name = "streams"
    def reply(self, asks): ...
    def stream(self): ...
"""
ASKS = [Ask(seat, (Message("user", f"to the {seat}"),), seed=5) for seat in ("attacker", "defender")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with policies in a file, and with what they import."""
    (tmp_path / "policies_of_mine.py").write_text(POLICIES)
    (tmp_path / "helper_of_mine.py").write_text("ANSWER = 'I am the'")
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


@pytest.fixture(params=["module", "file"])
def place(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the policies are named."""
    if request.param == "file":
        return f"python:{folder / 'policies_of_mine.py'}"
    monkeypatch.chdir(folder)
    return "python:policies_of_mine"


def test_functions_classes_and_objects_play(place: str) -> None:
    function = own_policy(f"{place}:function")
    assert function.name == f"{place}:function"
    replies = function.reply(ASKS)
    assert [reply.text for reply in replies] == ["I am the attacker", "I am the defender"]
    assert {(reply.stop, reply.tokens) for reply in replies} == {("scripted", ())}
    assert [reply.text for reply in own_policy(f"{place}:Class").reply(ASKS)] == ["0 of 2", "1 of 2"]
    instance = own_policy(f"{place}:instance")
    # Under the name by which it was called: that is how a reader finds it again.
    assert instance.name == f"{place}:instance"
    assert [(reply.text, reply.stop) for reply in instance.reply(ASKS)] == [("hello", "length")] * 2


def test_one_file_is_one_module_and_a_streaming_agent_is_taken_as_it_is(place: str) -> None:
    first, second = own_policy(f"{place}:Streams"), own_policy(f"{place}:Streams")
    assert isinstance(first, Streaming) and type(first) is type(second)


def test_mistakes_of_a_policy_name_it_and_the_ask(place: str) -> None:
    with pytest.raises(RuntimeError) as error:
        own_policy(f"{place}:broken").reply(ASKS)
    assert isinstance(error.value.__cause__, KeyError)
    told = str(error.value)
    assert told.startswith(f"policy '{place}:broken' raised KeyError('attacker') at ")
    assert re.search(r"\.py:\d+, at an ask of seat 'attacker' \(seed 5\), which ends with 'to the attacker'$", told)
    with pytest.raises(RuntimeError, match=r":silent' replied with None, which is no text, at an ask of seat 'attack"):
        own_policy(f"{place}:silent").reply(ASKS)
    with pytest.raises(RuntimeError, match=r":Short' gave 1 replies at an ask of seat 'attacker', the first of 2"):
        own_policy(f"{place}:Short").reply(ASKS)
    with pytest.raises(RuntimeError, match=r":Uneven' replied with 2 log-probabilities of 3 tokens, at an ask of"):
        own_policy(f"{place}:Uneven").reply(ASKS)
    with pytest.raises(RuntimeError, match=r":Text' gave 1 replies"):  # and not its letters
        own_policy(f"{place}:Text").reply(ASKS)


def test_what_is_no_policy_is_refused_with_the_remedy(place: str) -> None:
    with pytest.raises(
        ValueError, match=r"has no 'functoin'; it defines Class, Named, Short, .*function, instance, silent$"
    ):
        own_policy(f"{place}:functoin")
    with pytest.raises(ValueError, match=r"is a str: a policy is a function from an ask to a text, or has `reply`"):
        own_policy(f"{place}:SAID")
    with pytest.raises(ValueError, match=r"without arguments failed \(TypeError: .*'text'.*name an object of it"):
        own_policy(f"{place}:Named")


def test_a_policy_that_fails_when_it_is_made_or_imported_is_named(tmp_path: Path) -> None:
    (tmp_path / "weighty.py").write_text("class Weighty:\n    def __init__(self):\n        open('weights.bin')\n")
    with pytest.raises(ValueError, match=r"weighty\.py:Weighty' .* failed \(FileNotFoundError: .*weights\.bin"):
        own_policy(f"python:{tmp_path / 'weighty.py'}:Weighty")
    (tmp_path / "leaving.py").write_text("raise SystemExit(0)\n")
    with pytest.raises(ValueError, match=r"leaving\.py failed: SystemExit: 0"):
        own_policy(f"python:{tmp_path / 'leaving.py'}:policy")


def test_the_fingerprint_is_of_the_file_and_of_what_it_imports_from_beside_it(place: str, folder: Path) -> None:
    before = fingerprint(f"{place}:function")
    assert before == fingerprint(f"{place}:Class") != "" == fingerprint("bayes")
    marks = {before}
    for name in ("policies_of_mine.py", "helper_of_mine.py"):
        with (folder / name).open("a") as file:
            file.write("# edited\n")
        marks.add(fingerprint(f"{place}:function"))
    assert len(marks) == 3


def test_a_policy_that_leaves_is_told(tmp_path: Path) -> None:
    (tmp_path / "rude.py").write_text("def mine(ask):\n    raise SystemExit(0)\n")
    with pytest.raises(RuntimeError, match=r"rude\.py:mine' raised SystemExit\(0\) at .*rude\.py:2"):
        own_policy(f"python:{tmp_path / 'rude.py'}:mine").reply(ASKS)


@pytest.mark.parametrize("written", ["python:", "python:mine", "python::f", "python:mine:", "python:mine.py"])
def test_half_a_name_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"is written python:MODULE:NAME or python:FILE\.py:NAME"):
        own_policy(written)
    with pytest.raises(ValueError, match="an own policy is written"):
        fingerprint(written)


def test_a_place_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no file gone\.py"):
        own_policy("python:gone.py:f")
    with pytest.raises(ValueError, match=r"there is no module 'gone'"):
        own_policy("python:gone.for_good:f")
    # A policy's own missing import is its own, and a file that failed is read again.
    (folder / "needy.py").write_text("import what_nobody_has")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"importing .*needy\.py failed: .*what_nobody_has"):
            own_policy(f"python:{folder / 'needy.py'}:f")
