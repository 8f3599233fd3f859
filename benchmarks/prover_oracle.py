"""A second opinion on two designs: Yosys makes one circuit of both, clocks as data, and PDR in its ABC decides it.

Slow (a fifth of a second) and unbounded. Registers without a first value start at 0 here. Needs ``pyosys``, which the
library does not depend on.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Literal

Opinion = Literal["equal", "different", "unknown"]

_SIDE = "read_verilog -sv {file}; hierarchy -check -top top; proc; flatten; memory; check -assert; rename top {name}"
_BOTH = (
    "design -copy-from gold -as gold gold; design -copy-from gate -as gate gate; miter -equiv -flatten gold gate both; "
    "hierarchy -top both; clk2fflogic; opt -fast; techmap; opt -fast; aigmap; setundef -undriven -init -zero; "
    "opt_clean; write_aiger -zinit {file}"
)


def opinion(golden: str, candidate: str, *, seconds: int = 4) -> tuple[Opinion, str]:
    """The verdict, and for ``unknown`` why: Yosys refuses a text, or the proof takes longer than ``seconds``."""
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()  # an error in Yosys ends its process
        if child == 0:
            _translate(Path(folder), golden, candidate)
        status = os.waitpid(child, 0)[1]
        log = (Path(folder) / "log").read_text(errors="replace")
        if status:
            wrong = [line for line in log.splitlines() if "ERROR" in line]
            return "unknown", wrong[-1] if wrong else "yosys failed"
        return _decide(Path(folder) / "both.aig", seconds)


def _translate(folder: Path, golden: str, candidate: str) -> None:
    """Writes the circuit of both and ends the process."""
    try:
        signal.alarm(5)
        output = os.open(folder / "log", os.O_CREAT | os.O_WRONLY)
        os.dup2(output, 1)
        os.dup2(output, 2)
        yosys = importlib.import_module("pyosys.libyosys")
        design = yosys.Design()
        for name, text in (("gold", golden), ("gate", candidate)):
            file = folder / f"{name}.v"
            file.write_text(text)
            for command in _SIDE.format(file=file, name=name).split("; "):
                yosys.run_pass(command, design)
            yosys.run_pass(f"design -stash {name}", design)
        for command in _BOTH.format(file=folder / "both.aig").split("; "):
            yosys.run_pass(command, design)
        os._exit(0)
    except BaseException:
        os._exit(1)


def _decide(file: Path, seconds: int) -> tuple[Opinion, str]:
    program = Path(importlib.import_module("pyosys").__file__ or "").parent / "yosys-abc"
    steps = f"pdr -T {seconds}" if int(file.read_bytes().split()[3]) else "iprove -C 100000"  # latches, or none
    command = [str(program), "-c", f"read_aiger {file}; strash; {steps}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=False)
    if "Property proved" in done.stdout or "UNSATISFIABLE" in done.stdout:
        return "equal", ""
    if "was asserted in frame" in done.stdout or "SATISFIABLE" in done.stdout:
        return "different", ""
    return "unknown", done.stdout[-200:]
