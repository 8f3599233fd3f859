"""Every check of games finds what it is for, and nothing else finds it."""

from __future__ import annotations

import ast
import signal
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from selftaught.cli import main
from selftaught.envs.aec_view import AecView
from selftaught.envs.mini_taboo.game import MiniTaboo, MiniTabooState
from selftaught.types import Ask
from selftaught.validation import HOSTILE, Finding, Subject, position, subject, views
from selftaught.validation.checks import CHECKS, checked, findings
from tests.unit import broken

GAME = "tests.unit.broken:ENTRY"
FAULTS = {
    "seats": ("protocol", "distinct names"),
    "repeats": ("tasks", "comes twice"),
    "finite": ("tasks", "ends after 30"),
    "ends late": ("tasks", "ends after 600"),
    "same ids": ("tasks", "'train' and 'validation' share 30 ids of tasks"),
    "leaky": ("tasks", "'train' and 'validation' share 30 tasks by their public halves"),
    "seedless": ("tasks", "the seed changes nothing"),
    "any split": ("tasks", "not refused"),
    "set": ("plain", "is a set"),
    "numpy": ("plain", "int64"),
    "endless": ("play", "goes on after 1000 turns"),
    "nobody": ("play", "'nobody' is asked"),
    "mute": ("play", "at least one Message"),
    "silence": ("play", "IndexError: nothing was said at broken.py"),
    "exit": ("play", "tell raised SystemExit: 3 at broken.py"),
    "loop": ("play", "tell took longer than"),
    "early": ("outcome", "before the end"),
    "unasked": ("outcome", "before the end raised IndexError"),
    "nan": ("outcome", "no finite number"),
    "much": ("outcome", "earned 2"),
    "unpaid": ("outcome", "rewards are of []"),
    "infinite": ("outcome", "finite numbers by name"),
    "global": ("randomness", "start moved the state of random,"),
    "reseeds": ("randomness", "start moved the state of numpy.random,"),
    "dice": ("randomness", "start moved the state of random,"),
    "unseeded": ("determinism", "one task and equal generators start two games"),
    "hash": ("determinism", "messages"),
    "clock": ("determinism", "messages"),
    "fickle": ("purity", "ask of a state and its copy gave"),
    "soft": ("purity", "Soft, which can be changed"),
    "notes": ("purity", "after ask and tell, the state they were given is|tell, with another text"),
    "opaque": ("purity", "equal"),
    "counter": ("isolation", "another way beside others"),
    "shared": ("isolation", "another way beside others"),
    "peek": ("sealed", "another sealed half|metrics changed"),
    "keyed": ("sealed", "KeyError: 'sum'"),
    "table": ("replay", "KeyError"),
    "view": ("knowledge", "reads the same"),
    "surrogates": ("hostile", "UnicodeEncodeError"),
    "long": ("hostile", "tell took longer than"),
    "pattern": ("hostile", "tell took longer than"),
    "gullible": ("hostile", "an order to the judge"),
    "claimed": ("hostile", "earned 10, and the most there is was said to be 1"),
    "half": ("oracle", "earned 0.5 of 1"),
    "parrot": ("oracle", "'echo', who knows nothing, earns 1"),
    "idle": ("gymnasium", "ended before seat 'idle' acted"),
}
REMEDIES = {
    "ends late": "while True",
    "leaky": "deal the tasks out",
    "endless": "let ask give None after some turns",
    "nobody": "by the very name it has there",
    "silence": "stands any text",
    "exit": "stands any text",
    "loop": "end soon",
    "unasked": "raise ValueError('the game is not over')",
    "nan": "one finite float",
    "unseeded": "draw from the generator that it is given alone",
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "SECONDS_A_CALL", 2.0)


def failed(spec: str = GAME, **options: Any) -> list[Finding]:
    found = list(findings(Subject(spec, **{"oracles": {"solver": broken.oracle}, **options})))
    assert [finding.check for finding in found] == [check.name for check in CHECKS]
    return [finding for finding in found if finding.status == "failed"]


def shown_by(example: str) -> object:
    """What the last line of an example gives or raises."""
    *before, last = ast.parse(example).body
    assert isinstance(last, ast.Expr), example
    names: dict[str, Any] = {}
    exec(compile(ast.Module(before, []), "example", "exec"), names)
    try:
        return eval(compile(ast.Expression(last.value), "example", "eval"), names)
    except (NameError, SyntaxError):
        raise
    except (Exception, SystemExit) as error:
        return error


def test_a_right_game_passes_every_check() -> None:
    found = list(findings(Subject(GAME)))
    assert {finding.status for finding in found} == {"passed"}, found
    assert all(finding.said and finding.seconds > 0 for finding in found)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_the_check_meant_for_it(fault: str) -> None:
    check, said = FAULTS[fault]
    (found,) = failed(settings={"fault": fault})
    assert found.check == check
    assert any(part in found.said for part in said.split("|")), found.said
    assert REMEDIES.get(fault, "") in found.remedy and found.remedy
    if fault not in ("loop", "long", "pattern") and "selftaught rollout" not in found.example:
        assert shown_by(found.example) is not True


def test_every_check_that_judges_has_a_fault() -> None:
    assert {check for check, _ in FAULTS.values()} | {"pettingzoo", "throughput"} == {check.name for check in CHECKS}


def test_the_oracles_of_the_entry_are_of_the_plain_game() -> None:
    (check,) = (check for check in CHECKS if check.name == "oracle")
    assert checked(Subject(GAME), check).status == "passed"
    found = checked(Subject(GAME, {"fault": "half"}), check)
    assert found.status == "skipped" and "of these settings" in found.said


def test_other_oracles_can_be_named_and_must_earn_the_most() -> None:
    (found,) = failed(oracles={"solver": broken.wrong})
    assert found.check == "oracle" and found.said.startswith("the oracle of seat 'solver' earned 0 of 1 on task")
    told = next(found for found in findings(Subject("tests.unit.broken:MOODY")) if found.status != "passed")
    assert (told.check, told.status) == ("randomness", "failed") and "the player of seat 'solver'" in told.said


def test_who_is_no_player_of_the_entry_is_named_beside_those_who_are() -> None:
    first, *_ = findings(Subject("tests.unit.broken:MISNAMED"))
    assert first.said == "oracles name 'orakel' for seat 'solver', whose players are oracle, wrong"
    assert first.remedy == "in oracles, name players that the entry's players list for the seat"


def test_public_halves_from_which_start_draws_may_be_in_several_splits() -> None:
    (check,) = (check for check in CHECKS if check.name == "tasks")
    assert checked(Subject(GAME), check).said.endswith("; splits share public halves, from which start draws")


def test_a_game_that_ends_the_process_ends_no_more_than_its_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", GAME, "--games", "1", "--settings", "fault=exit"]) == 1
    assert "tell raised SystemExit: 3" in capsys.readouterr().out
    assert main(["validate", "tests.unit.broken:Quitter"]) == 2
    assert "SystemExit: 3" in capsys.readouterr().err


def test_what_is_no_game_is_told_what_it_lacks() -> None:
    first, *rest = findings(Subject("tests.unit.broken:BARE"))
    assert first.status == "failed" and first.said == "no Game: it lacks tasks, start, ask, tell, outcome, metrics"
    assert all(found.status == "skipped" and "before" in found.said for found in rest)


def test_examples_lead_to_the_fault() -> None:
    (found,) = failed(settings={"fault": "surrogates"})
    assert isinstance(shown_by(found.example), UnicodeEncodeError)
    assert "HOSTILE['surrogates']" in found.example or "ud800" in found.example
    (found,) = failed(settings={"fault": "endless"})
    assert found.example.count("\n") == 2 and "[''] * 1000" in found.example
    game, task, state = position(GAME, seed=3, place=1, texts=["a"], settings={"fault": ""})
    assert game == broken.Broken() and state.said == ("a",) and task.public == {"a": state.a, "b": state.b}


def test_a_broken_view_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Sloppy(AecView):
        def observe(self, agent: str) -> Any:
            return {"prompt": 3}

    monkeypatch.setattr(views, "AecView", Sloppy)
    (found,) = failed()
    assert found.check == "pettingzoo" and found.said.startswith("api_test: AssertionError")


def test_what_a_view_tells_beyond_the_messages_is_found_after_good_moves_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """At any other words mini-taboo ends before the defender is asked."""
    (check,) = (check for check in CHECKS if check.name == "knowledge")
    assert checked(Subject("mini_taboo"), check).said.endswith("that look alike to a seat")
    ask = MiniTaboo.ask

    def telling(game: MiniTaboo, state: MiniTabooState) -> Ask | None:
        asked = ask(game, state)
        return asked and replace(asked, view={**asked.view, "secret": state.secret})

    monkeypatch.setattr(MiniTaboo, "ask", telling)
    found = checked(Subject("mini_taboo"), check)
    assert found.status == "failed" and found.said.startswith("seat 'defender' reads the same and has views")


def test_a_slow_game_is_called_slow_and_passes() -> None:
    check = next(check for check in CHECKS if check.name == "throughput")
    found = checked(Subject(GAME, {"fault": "lazy"}), check)
    assert found.status == "passed" and "slow, below 1,000" in found.said


def test_limits_leave_other_alarms_and_threads_alone() -> None:
    rang: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rang.append(number))
    timer = signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with subject.guarded("a call", str):
            pass
        with (
            pytest.raises(subject.Fault, match="a call took longer than"),
            subject.guarded("a call", str, seconds=0.01),
        ):
            time.sleep(1)
        time.sleep(0.3)
        assert rang == [signal.SIGALRM]
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)
    thread = threading.Thread(target=lambda: checked(Subject(GAME), CHECKS[0]))
    thread.start()
    thread.join()


def test_hostile_texts_are_told_apart() -> None:
    assert len(set(HOSTILE.values())) == len(HOSTILE) and max(map(len, HOSTILE.values())) == 1_000_000
