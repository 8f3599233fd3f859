"""A second opinion on two designs: Yosys makes one circuit of both, clocks as data, and PDR in its ABC decides it.

Slow (a fifth of a second) and unbounded; names of registers do not matter. Where it differs from the prover: registers
without a first value start at 0, and an x is a value of its choice. Needs ``pyosys``, which is an extra.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from selftaught.envs.hardware.judging import named
from selftaught.envs.hardware.safety import refusal
from selftaught.envs.hardware.verdicts import Verdict

INSTALL: Final = "pip install 'selftaught[formal]'"

_SIDE: Final = (
    "read_verilog -sv {side}.v; hierarchy -check -top {top}; proc; flatten; memory; check -assert; "
    "rename {top} {side}; design -stash {side}"
)
_BOTH: Final = (
    "design -copy-from gold -as gold gold; design -copy-from gate -as gate gate; miter -equiv -flatten gold gate both; "
    "hierarchy -top both; clk2fflogic; opt -fast; techmap; opt -fast; aigmap; setundef -undriven -init -zero; "
    "opt_clean; write_aiger -zinit both.aig"
)
_RUN: Final = (
    "import resource, sys; sys.platform != 'linux' or resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32)); "
    "sys.path[:] = {path!r}; from pyosys import libyosys; design = libyosys.Design(); "
    "[libyosys.run_pass(command, design) for command in {commands!r}]"
)


def confirm(golden: str, candidate: str, *, top: str | None = None, seconds: int = 4) -> Verdict:
    """The verdict by unbounded proof, without a trace; *unknown* also where Yosys refuses a text, as it does latches.

    ``seconds`` are the proof's. A process of its own does the work, since an error in Yosys ends it.

    Raises:
        ImportError: without ``pyosys``; the message says how to install it.
    """
    found = importlib.util.find_spec("pyosys")
    if found is None or found.origin is None:
        raise ImportError(f"a second opinion needs pyosys, which is not installed: {INSTALL}")
    if (reason := refusal(candidate)) is not None:
        return Verdict("different", reason, "text")
    reading, name = named(golden, top=top)
    if name is None:
        return Verdict("unknown", f"the golden design cannot be judged by: {reading.refused or reading.errors}")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        wrong = _translate(folder, {"gold": golden, "gate": candidate}, name)
        if wrong:
            return Verdict("unknown", wrong)
        return _decide(Path(found.origin).parent / "yosys-abc", folder, seconds)


def _translate(folder: Path, sides: dict[str, str], top: str) -> str:
    """Writes the circuit of both; why not, if Yosys does not."""
    commands = list[str]()
    for side, text in sides.items():
        (folder / f"{side}.v").write_text(text, encoding="utf-8")
        commands += _SIDE.format(side=side, top=top).split("; ")
    code = _RUN.format(path=[os.path.abspath(place) for place in sys.path], commands=commands + _BOTH.split("; "))
    try:
        done = _run([sys.executable, "-c", code], folder, 10)
    except subprocess.TimeoutExpired:
        return "Yosys takes too long to translate the designs"
    wrong = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
    return (wrong[-1] if wrong else "Yosys failed") if done.returncode else ""


def _decide(program: Path, folder: Path, seconds: int) -> Verdict:
    latches = int((folder / "both.aig").read_bytes().split()[3])
    steps = f"pdr -T {seconds}" if latches else "iprove -C 100000"
    try:
        said = _run([str(program), "-c", f"read_aiger both.aig; strash; {steps}"], folder, seconds + 30).stdout
    except subprocess.TimeoutExpired:
        return Verdict("unknown", "the proof takes too long")
    if "Property proved" in said or "UNSATISFIABLE" in said:
        return Verdict("equal", "the same outputs for ever, by PDR in ABC")
    if "was asserted in frame" in said or "SATISFIABLE" in said:
        return Verdict("different", "the outputs differ, by PDR in ABC")
    return Verdict("unknown", f"ABC does not decide it: {said.strip()[-200:]}")


def _run(command: list[str], folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=seconds, check=False
    )
