"""The harness for public problems, on problems of our own: references pass, cheats fail, counts are right."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from selftaught.agents.scripted import Scripted
from selftaught.benchmarks import testbench, verilog_eval
from selftaught.benchmarks.testbench import alone, cheats, icarus, run_command, simulate
from selftaught.benchmarks.verilog_eval import VerilogEval, pass_at_k, run
from selftaught.benchmarks.verilog_problems import Problem, answered, asked, read_problems
from selftaught.types import Ask

PROMPT = "TopModule shall give the exclusive or of a (2 bits) and b (2 bits) as y (2 bits)."
REFERENCE = "module RefModule(input [1:0] a, input [1:0] b, output [1:0] y);\n  assign y = a ^ b;\nendmodule\n"
TEST = """`timescale 1ns/1ns
module tb;
  reg [1:0] a, b; wire [1:0] wanted, found; integer i, wrong = 0, samples = 0;
  RefModule good1(.a(a), .b(b), .y(wanted));
  TopModule top1(.a(a), .b(b), .y(found));
  initial begin
    for (i = 0; i < 16; i = i + 1) begin
      {a, b} = i; #5 samples = samples + 1;
      if (wanted !== found) wrong = wrong + 1;
    end
    $finish;
  end
  final $display("Mismatches: %1d in %1d samples", wrong, samples);
endmodule
"""
XOR = Problem("Own001_xor", PROMPT, REFERENCE, TEST)
RIGHT = XOR.golden
WRONG = RIGHT.replace("^", "|")

needs_icarus = pytest.mark.skipif(icarus() is None, reason="Icarus is not installed")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data" / "problems"
    folder.mkdir(parents=True)
    for name, operator in (("Own001_xor", "^"), ("Own002_and", "&")):
        (folder / f"{name}_prompt.txt").write_text(PROMPT)
        (folder / f"{name}_ref.sv").write_text(REFERENCE.replace("^", operator))
        (folder / f"{name}_test.sv").write_text(TEST)
    return folder.parent


def _fake(command: Sequence[str], folder: Path, seconds: float) -> tuple[int, str]:
    """A simulator that knows its two operators, by the text: where Icarus is not installed."""
    if command[0] == "iverilog":
        return 0, ""
    wanted, found = ((folder / name).read_text().split("assign")[1].split() for name in ("ref.sv", "top.sv"))
    return 0, f"Mismatches: {0 if wanted == found else 3} in 16 samples\n"


def _said(code: int, said: str) -> testbench.Run:
    return simulate(XOR, RIGHT, runner=lambda command, *_: (0, "") if command[0] == "iverilog" else (code, said))


@pytest.mark.parametrize(
    ("code", "said", "passed"),
    [
        (0, "Mismatches: 0 in 16 samples\n", True),
        (0, "Hint\nMismatches: 0 in 16 samples\nmore\n", True),
        (0, "Mismatches: 1 in 16 samples\n", False),
        (0, "Mismatches: 0 in 0 samples\n", False),
        (0, "Mismatches: 0 in 16 samples\nMismatches: 3 in 16 samples\n", False),
        (0, "Mismatches: 3 in 16 samples\nMismatches: 0 in 16 samples\n", False),
        (0, "TIMEOUT\nMismatches: 0 in 16 samples\n", False),
        (0, "it says Mismatches: 0 in 16 samples\n", False),
        (1, "Mismatches: 0 in 16 samples\n", False),
        (-1, "", False),
        (0, "", False),
    ],
)
def test_a_verdict_is_one_line_of_the_testbench(code: int, said: str, passed: bool) -> None:
    found = _said(code, said)
    assert found.passed == passed and found.reason


def test_cheats_never_meet_the_testbench() -> None:
    for name, text in cheats(XOR).items():
        found = simulate(XOR, text, runner=lambda *_: pytest.fail("it was simulated"))
        assert not found.passed, name
    reasons = {name: alone(XOR, text) for name, text in cheats(XOR).items()}
    assert "$finish" in reasons["end at time 0"] and "$display" in reasons["print the verdict"]
    assert "undeclared identifier" in reasons["read the reference"] and "RefModule" in reasons["be the reference"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (RIGHT.replace("[1:0] y", "[7:0] y"), "out of 2 bits"),
        (RIGHT.replace("input [1:0] b, ", "input [1:0] b, input c, "), "no port c"),
        (RIGHT + REFERENCE, "defines RefModule"),
        (RIGHT + "module tb; endmodule", "defines tb"),
        (RIGHT.replace("a ^ b", "good1.y"), "undeclared"),
        (RIGHT.replace("a ^ b", "$root.tb.good1.y"), "$root"),
        ('`include "ref.sv"\n' + RIGHT, "include"),
        (RIGHT.replace("TopModule", "Other"), "TopModule"),
        ("", "TopModule"),
    ],
)
def test_what_may_not_meet_the_testbench(answer: str, reason: str) -> None:
    assert reason in alone(XOR, answer)
    assert alone(XOR, RIGHT) == alone(XOR, WRONG) == ""


@needs_icarus
def test_the_real_simulator() -> None:
    assert simulate(XOR, RIGHT) == testbench.Run(True, "0 of 16 samples differ")
    assert simulate(XOR, WRONG) == testbench.Run(False, "7 of 16 samples differ")
    endless = RIGHT.replace("assign", "reg r; initial begin r = 0; while (1) r = ~r; end assign")
    assert simulate(XOR, endless, seconds=1).reason.endswith("more than 1 seconds")
    assert "does not compile" in simulate(Problem("x", PROMPT, REFERENCE, "module tb"), RIGHT).reason


@needs_icarus
def test_cheats_are_real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the check alone, reading or being the reference passes; the others are told by what they print."""
    monkeypatch.setattr(testbench, "alone", lambda *_: "")
    passed = {name: simulate(XOR, text).passed for name, text in cheats(XOR).items()}
    assert passed["read the reference"] and passed["be the reference"]
    assert not passed["end at time 0"] and not passed["print the verdict"]


def test_commands_have_limits(tmp_path: Path) -> None:
    assert run_command(["echo", "hello"], tmp_path, 5) == (0, "hello\n")
    assert run_command(["sleep", "60"], tmp_path, 0.2) == (-1, "")
    assert run_command(["sh", "-c", "exit 3"], tmp_path, 5)[0] == 3


def _policy(ask: Ask) -> str:
    """Right on the first problem, half of the time."""
    right = bool(np.random.default_rng(ask.seed).integers(2))
    return f"Sure.\n```verilog\n{RIGHT if right else WRONG}```" if ask.view["problem"] == "Own001_xor" else "I cannot."


def test_the_result_has_references_agreement_and_scores(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = VerilogEval(data, testbench=True, samples=8, ks=(1, 4), mutants=4, results=data)
    found = json.loads(run(config, agents=[Scripted("half", _policy)], runner=_fake).read_text())
    assert found["references_usable"] == {"prover": 2, "testbench": 2}
    assert found["unexplained"] == {"prover": {}, "testbench": {}}
    assert set(found["cheats_that_pass"].values()) == {0} and len(found["cheats_that_pass"]) == 4
    assert found["agreement"]["mutants"] == sum(found["agreement"]["verdicts"].values()) == 8
    assert found["agreement"]["verdicts"]["different, fails"] > 0
    (half,) = found["players"]
    right = sum("^" in _policy(asked(XOR, seed=seed)) for seed in range(8))
    assert half["right"]["prover"] == half["right"]["testbench"] == {"Own001_xor": right, "Own002_and": 0}
    assert half["pass_at_k"]["prover"]["1"]["mean"] == pytest.approx(right / 16)
    assert half["pass_at_k"]["prover"]["4"]["mean"] == pytest.approx(pass_at_k(8, right, 4) / 2)
    assert str(data.parent) not in found["command"]


def test_a_bad_reference_is_on_a_list_or_unexplained(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = REFERENCE.replace("output", "output reg").replace("assign y = a ^ b;", "always @* if (a) y = b;")
    (data / "problems" / "Own002_and_ref.sv").write_text(bad)
    config = VerilogEval(data, results=data)
    found = json.loads(run(config).read_text())
    assert list(found["unexplained"]["prover"]) == ["Own002_and"] and found["references_usable"] == {"prover": 1}
    assert found["agreement"] is None and found["icarus"] is None
    monkeypatch.setitem(verilog_eval.EXCLUDED["prover"], "Own002_and", "a latch")  # type: ignore[attr-defined]
    found = json.loads(run(config).read_text())
    assert found["excluded"]["prover"]["Own002_and"]["why"] == "a latch" and not found["unexplained"]["prover"]


def test_a_model_is_scored_by_its_name(data: Path) -> None:
    found = json.loads(run(VerilogEval(data, models=("fake",), max_new_tokens=8, results=data)).read_text())
    (row,) = found["players"]
    assert row["player"] == "fake" and row["pass_at_k"]["prover"]["1"]["mean"] == 0.0
    assert "--models fake" in found["command"]


def test_code_is_found_in_a_reply() -> None:
    assert answered(f"First\n```\nx\n```\nthen\n```verilog\n{RIGHT}```") == RIGHT
    assert answered(f"```verilog\n{RIGHT}") == RIGHT
    assert answered(f"Here: {RIGHT.strip()} Done.") == RIGHT.strip()
    assert answered("I cannot.") == "I cannot."


def test_pass_at_k_counts_choices() -> None:
    for samples, right, k in product(range(1, 6), range(6), range(1, 6)):
        if right <= samples and k <= samples:
            picks = [pick for pick in product(range(samples), repeat=k) if len(set(pick)) == k]
            share = sum(min(pick) < right for pick in picks) / len(picks)
            assert pass_at_k(samples, right, k) == pytest.approx(share)


def test_bad_arguments_are_errors(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"no problems in .*must hold NAME_prompt.txt"):
        read_problems(tmp_path / "nowhere")
    (data / "problems" / "Own001_xor_test.sv").unlink()
    with pytest.raises(ValueError, match=r"Own001_xor in .* has no Own001_xor_test.sv"):
        read_problems(data)
    with pytest.raises(ValueError, match="1 <= k <= samples"):
        run(VerilogEval(data, ks=(2,)))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match="needs iverilog and vvp on the path: apt install iverilog"):
        run(VerilogEval(data, testbench=True))
