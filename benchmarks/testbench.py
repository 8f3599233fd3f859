"""Public testbenches run by Icarus, for candidates that cannot cheat them.

A testbench shares its simulation with the candidate, which can end it at time 0, print the verdict itself, or read the
reference through a hierarchical name; all of that was seen to pass. So a candidate first stands alone: the gate refuses
system calls and directives, and the compiler refuses names from outside and ports that are not the reference's, which
Icarus would pad. Needs ``iverilog`` and ``vvp`` on the path, which no pip package brings.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from selftaught.benchmarks.verilog_problems import TOP, Problem
from selftaught.envs.hardware.equivalence import port_faults
from selftaught.envs.hardware.judging import complaints

INSTALL: Final = "apt install iverilog, brew install icarus-verilog, or leave out --testbench"
SECONDS: Final = 30.0
_LIMITS: Final = 'ulimit -v 4000000 2>/dev/null; ulimit -f 200000; exec "$@"'  # kilobytes, and blocks of 512 bytes
_VERDICT: Final = re.compile(r"^Mismatches: (\d+) in (\d+) samples\s*$", re.MULTILINE)
_LATE: Final = "TIMEOUT"

Runner = Callable[[Sequence[str], Path, float], tuple[int, str]]
"""Runs a command in a folder with a limit of seconds: its exit code and all that it said; -1 if it takes longer."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a testbench says; ``reason`` why not, or how many samples agreed."""

    passed: bool
    reason: str


def run_command(command: Sequence[str], folder: Path, seconds: float) -> tuple[int, str]:
    """A command as a process with limits on memory, files and time."""
    limited = ["sh", "-c", _LIMITS, "sh", *command]
    try:
        done = subprocess.run(
            limited, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return -1, ""
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def icarus() -> str | None:
    """The version of Icarus on the path; None without one."""
    if shutil.which("iverilog") is None or shutil.which("vvp") is None:
        return None
    found = re.search(r"version (\S+)", run_command(["iverilog", "-V"], Path(), SECONDS)[1])
    return found[1] if found else "unknown"


def alone(problem: Problem, candidate: str) -> str:
    """Why a candidate must not meet the testbench; empty if it may."""
    found = complaints(candidate, top=TOP)
    if found.refused or found.errors:
        return found.refused or found.errors
    defined = problem.taken & set(re.findall(r"\bmodule\s+(\w+)", candidate))
    if defined:
        return f"it defines {min(defined)}, which is the testbench's"
    return "; ".join(port_faults(complaints(problem.golden, top=TOP).ports, found.ports))


def simulate(problem: Problem, candidate: str, *, runner: Runner = run_command, seconds: float = SECONDS) -> Run:
    """The testbench's verdict: one line with no mismatch in some samples, and no line about its own limit of time."""
    if reason := alone(problem, candidate):
        return Run(False, reason)
    with tempfile.TemporaryDirectory() as place:
        folder, files = Path(place), {"test.sv": problem.testbench, "ref.sv": problem.reference, "top.sv": candidate}
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8", errors="replace")
        code, said = runner(["iverilog", "-g2012", "-s", "tb", "-o", "sim", *files], folder, seconds)
        if code:
            return Run(False, f"Icarus does not compile it: {said.strip()[-300:]}")
        code, said = runner(["vvp", "-n", "sim"], folder, seconds)
    verdicts = _VERDICT.findall(said)
    if code == -1:
        return Run(False, f"the simulation takes more than {seconds:g} seconds")
    if code or len(verdicts) != 1:
        return Run(False, f"the testbench gives {len(verdicts)} verdicts, exit code {code}")
    if _LATE in said:
        return Run(False, "the testbench runs into its own limit of time")
    wrong, samples = map(int, verdicts[0])
    return Run(wrong == 0 < samples, f"{wrong} of {samples} samples differ")


def cheats(problem: Problem) -> dict[str, str]:
    """Answers that do nothing of what is asked and were seen to pass unguarded testbenches, by what they do."""
    ports = complaints(problem.golden, top=TOP).ports
    listed = ", ".join(f"{port.direction}put [{port.width - 1}:0] {port.name}" for port in ports)
    outputs = [port.name for port in ports if port.direction == "out"]
    verdict = "Mismatches: 0 in 100 samples"
    bodies = {
        "end at time 0": "initial $finish;",
        "print the verdict": f'initial begin $display("{verdict}"); $finish; end',
        "read the reference": " ".join(f"assign {name} = tb.good1.{name};" for name in outputs),
        "be the reference": f"RefModule copy ({', '.join(f'.{port.name}({port.name})' for port in ports)});",
    }
    return {name: f"module {TOP}({listed});\n  {body}\nendmodule\n" for name, body in bodies.items()}
