"""Flow scripts: what is written is right, what is broken is wrong, and nothing of a script is ever run."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.envs.hardware import scripts
from selftaught.envs.hardware.flow_replay import LONGEST
from selftaught.envs.hardware.flows import SETTINGS
from selftaught.envs.hardware.scripts import (
    FAULTS,
    LEVELS,
    MANUAL,
    Complaint,
    Flow,
    Level,
    Score,
    broken,
    judge,
    replay,
)

RIGHT = Score(True, True, "")
REFUSED: tuple[str, ...] = (
    *("missing bracket", "missing quote", "missing comma", "missing import"),
    *("misspelt name", "unknown name", "number as text", "early run"),
)
ACCEPTED = ("other target", "other number", "other file", "second run")

GOOD = """import siliconcompiler
chip = siliconcompiler.Chip('gcd')
chip.input('gcd.v')
chip.clock('clk', period=10)
chip.set('constraint', 'outline', [(0, 0), (100, 120)])
chip.set('option', 'quiet', True)
chip.add('option', 'define', 'A')
chip.add('option', 'define', 'B')
chip.load_target('asap7_demo')
chip.run()
chip.summary()
"""
FLOW = Flow(
    "gcd",
    ("gcd.v",),
    "asap7_demo",
    {"clk": 10},
    {"constraint/outline": ((0, 0), (100, 120)), "option/quiet": True, "option/define": ("A", "B")},
    reports=("summary",),
)

drawn = st.tuples(st.integers(0, 2**32 - 1), st.sampled_from(LEVELS))


def _drawn(seed: int, level: Level) -> tuple[Flow, str, np.random.Generator]:
    rng = np.random.default_rng(seed)
    flow = scripts.draw(rng, level)
    return flow, scripts.write(flow, rng), rng


@given(drawn)
def test_what_is_written_is_right(given_: tuple[int, Level]) -> None:
    flow, script, rng = _drawn(*given_)
    assert judge(flow, script) == judge(flow, f"Here it is:\n```python\n{script}```\nDone.") == RIGHT
    assert judge(flow, scripts.write(flow, rng)) == RIGHT
    assert Flow.from_data(json.loads(json.dumps(flow.as_data()))) == flow
    assert all(SETTINGS[key][0](value) for key, value in flow.settings.items())


@given(drawn, drawn)
def test_another_flow_is_another_function(one: tuple[int, Level], other: tuple[int, Level]) -> None:
    flow, script = _drawn(*one)[0], _drawn(*other)[1]
    found = judge(flow, script)
    assert found.syntax and found.function == (flow == _drawn(*other)[0]) == (not found.reason)


@pytest.mark.parametrize("kind", FAULTS)
@settings(max_examples=60)
@given(given_=drawn)
def test_every_fault_is_found(kind: str, given_: tuple[int, Level]) -> None:
    flow, script, rng = _drawn(*given_)
    wrong = broken(script, rng, kind=kind)
    if wrong is None:
        assert kind in ("missing comma", "number as text", "other number") and given_[1] == "basic"
        return
    found = judge(flow, wrong)
    assert not found.function and found.reason
    if kind in REFUSED + ACCEPTED:
        assert found.syntax == (kind in ACCEPTED)


@given(drawn)
def test_a_description_tells_everything(given_: tuple[int, Level]) -> None:
    flow, _, rng = _drawn(*given_)
    text = scripts.describe(flow, rng)
    told = set(re.findall(r"[\w/.=]*[\w=]", text))
    assert {flow.design, flow.target, *flow.sources, *flow.clocks} <= told
    for period in flow.clocks.values():
        assert f"{period:g}" in told or f"{1000 / period:g}" in told
    for key, value in flow.settings.items():
        words = {"option/nodisplay": "display", "option/quiet": "quiet", "option/relax": "relax"}
        assert words[key] in text.lower() if value is True else _atoms(value) <= told
    assert ("summar" in text) == ("summary" in flow.reports)
    assert bool(re.search(r"[^b]show|open", text)) == ("show" in flow.reports)


def _atoms(value: Any) -> set[str]:
    if isinstance(value, tuple):
        return set().union(*map(_atoms, value))
    return {value if isinstance(value, str) else f"{value:g}"}


def test_descriptions_and_scripts_vary() -> None:
    flow, _, rng = _drawn(7, "mixed")
    assert len({scripts.describe(flow, rng) for _ in range(40)}) > 30
    assert len({scripts.write(flow, rng) for _ in range(40)}) > 30
    assert {_drawn(3, "mixed")[1]} == {_drawn(3, "mixed")[1]}


def test_order_and_spelling_do_not_matter() -> None:
    assert replay(GOOD) == FLOW
    first, chip, *calls, run, summary = GOOD.splitlines()
    assert judge(FLOW, "\n".join([first, chip, *calls[::-1], run, summary])) == RIGHT
    for other in (
        GOOD.replace("import siliconcompiler\n", "from siliconcompiler import Chip as C\n").replace(
            "siliconcompiler.Chip", "C"
        ),
        GOOD.replace("'clk', period=10", 'period=10.0, pin="clk"'),
        GOOD.replace("[(0, 0), (100, 120)]", "((0, 0), [100, 120])"),
        GOOD.replace("\nchip.add('option', 'define', 'A')", "").replace("'define', 'B'", "'define', ['B', 'A']"),
        '"""What it does."""\n'
        + GOOD.replace("\nchip.run", "  # comment\nchip.set('option', 'relax', False); chip.run"),
        GOOD.replace("chip.run()", "chip.set('constraint', 'outline', [(0, 0), (100, 120)])\nchip.run()"),
        GOOD + "chip.summary()\nchip.set('option', 'quiet', False)\n",
    ):
        assert judge(FLOW, other) == RIGHT


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("'gcd.v'", "open('x')", "line 3: arguments must be literals"),
        ("'gcd.v'", "f'gcd.v'", "literals"),
        ("'gcd.v'", "b'gcd.v'", "literals"),
        ("'gcd.v'", "...", "literals"),
        ("'gcd.v'", "2j", "literals"),
        ("'gcd.v'", "3", "input takes a text"),
        ("'gcd.v'", "''", "input takes a text"),
        ("'gcd.v'", "*['gcd.v']", "literals"),
        ("'gcd.v'", "**{}", "takes no argument"),
        ("'gcd.v'", "'a', 'b'", "takes 1 arguments"),
        ("'gcd.v'", "'a', filename='b'", "takes no argument filename"),
        ("period=10", "period=True", "above 0"),
        ("period=10", "period=0", "above 0"),
        ("period=10", "period=1e999", "above 0"),
        ("period=10", "period=-5", "above 0"),
        ("True", "1", "must be True or False"),
        ("(0, 0), (100", "(100, 0), (100", "two corners"),
        ("'outline'", "'outlin'", "no setting constraint/outlin"),
        ("add('option', 'define', 'A')", "add('option', 'quiet', True)", "set it"),
        ("asap7_demo", "tsmc28nm", "no target 'tsmc28nm'"),
        ("import siliconcompiler", "import os", "only siliconcompiler"),
        ("import siliconcompiler", "from siliconcompiler import *", "only siliconcompiler"),
        ("import siliconcompiler", "from . import Chip", "only siliconcompiler"),
        ("import siliconcompiler", "", "siliconcompiler.Chip is not defined"),
        ("siliconcompiler.Chip", "getattr(siliconcompiler, 'Chip')", "that is not defined"),
        ("chip.run()", "exec('1')", "only imports"),
        ("chip.run()", "chip.__class__()", "no method __class__"),
        ("chip.run()", "chip.run().x()", "only imports"),
        ("chip.run()", "if 1: chip.run()", "only imports"),
        ("chip.run()", "chip = siliconcompiler.Chip('x')", "only imports"),
        ("chip.run()", "other.run()", "other is not defined"),
        ("chip.run()", "chip.summary()", "summary before anything ran"),
        ("chip.load_target('asap7_demo')", "", "needs a target"),
        ("chip.input('gcd.v')", "", "needs a source"),
        ("chip.run()", "chip.run(", "line 10: '(' was never closed"),
        ("gcd.v", "\\x00", "backslashes"),
        ("gcd.v", "\x00", ""),
        ("gcd.v", "\ud800", "cannot be read"),
        ("gcd.v", "x" * LONGEST, "characters"),
        ("10", "9" * 5000, "line"),
        ("10", "(" * 2500 + "1" + ")" * 2500, "parenthes"),
        ("10", "-" * 7000 + "1", ""),
        ("10", "1" + "+1" * 3500, ""),
        ("10", "f" + "()" * 3500, ""),
        ("10", "x" + ".y" * 3500, ""),
        ("chip.run()", "a" + "=a" * 3500, "only imports"),
        ("chip = siliconcompiler.Chip", "chip = a" + ".a" * 3500, ""),
    ],
)
def test_what_the_tool_refuses(old: str, new: str, reason: str) -> None:
    assert GOOD.count(old) >= 1
    found = judge(FLOW, GOOD.replace(old, new, 1))
    assert not found.syntax and not found.function and reason in found.reason and len(found.reason) < 300


def test_a_complaint_does_not_tell_the_answer() -> None:
    assert judge(FLOW, GOOD.replace("100, 120", "100, 150")).reason == "constraint/outline differs"
    assert judge(FLOW, GOOD.replace("chip.set('option', 'quiet', True)\n", "")).reason == "option/quiet is not set"
    assert judge(FLOW, "import siliconcompiler\nc = siliconcompiler.Chip('gcd')\n").function is False
    assert judge(FLOW, "") == Score(False, False, "the script makes no chip")
    with pytest.raises(Complaint):
        replay("")


@given(st.text(max_size=200))
def test_any_text_is_data(text: str) -> None:
    assert not judge(FLOW, text).function


@settings(max_examples=300)
@given(st.data())
def test_corrupted_scripts_are_data(data: st.DataObject) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 5))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        piece = st.sampled_from(
            ["", "(", ")", "'", "\n", ":", "chip.", "exec(", "*", "lambda:", "1", "=", "\t", "é", "f'{"]
        )
        text = text[:start] + data.draw(piece) + text[end:]
    found = judge(FLOW, text)
    assert found.syntax or not found.function
    if found.function:
        assert replay(text) == FLOW


def test_nothing_is_run(tmp_path: Path) -> None:
    target = tmp_path / "x"
    for code in (f"open({str(target)!r}, 'w')", f"__import__('os').mkdir({str(target)!r})"):
        assert not judge(FLOW, f"{GOOD}{code}\n").syntax
        assert not judge(FLOW, GOOD.replace("'gcd.v'", code)).syntax
    assert not target.exists()


def test_bad_arguments_are_errors() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="no level 'hard'"):
        scripts.draw(rng, "hard")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no kind 'typo'"):
        broken(GOOD, rng, kind="typo")


def test_the_manual_is_what_is_accepted() -> None:
    for name in ("input", "load_target", "clock", "set", "add", "run", "summary", "show"):
        assert f"chip.{name}(" in MANUAL
    assert all(f"'{key.split('/')[1]}'" in MANUAL for key in SETTINGS)
    calls = re.findall(r"^chip.*?\)(?=\s\s|$)", MANUAL, re.MULTILINE)
    assert len(calls) == 11 and all(ast.parse(call) for call in calls)
