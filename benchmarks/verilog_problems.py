"""Problems in the format of VerilogEval (arXiv 2309.07544): a prompt, a reference and a testbench, three files each.

The data is not part of this package. ``NNN_prompt.txt`` describes a module ``TopModule``, ``NNN_ref.sv`` has it as
``RefModule``, and ``NNN_test.sv`` has a module ``tb`` that compares both and prints how many samples differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from selftaught.types import Ask, Message

TOP: Final = "TopModule"
_REFERENCE: Final = "RefModule"
_PROMPT: Final = "_prompt.txt"

LATCH: Final = "the reference keeps an old value on some path of combinational code: a latch"
OLD_CAST: Final = "Icarus 11 does not know a cast in the reference"
EXCLUDED: Final[Mapping[str, Mapping[str, str]]] = {
    "prover": {
        "Prob028_m2014_q4a": "a latch is what is asked for",
        "Prob096_review2015_fsmseq": LATCH,
        "Prob118_history_shift": "the reference assigns one register both at once and at the end of the step",
        "Prob144_conwaylife": "too many nested steps to follow: 256 cells with eight neighbours each",
        "Prob146_fsm_serialdata": LATCH,
        "Prob152_lemmings3": LATCH,
        "Prob156_review2015_fancytimer": "the reference compares values that may be x",
    },
    "testbench": {
        "Prob053_m2014_q4d": "the reference stays x for ever, so any answer that starts at 0 passes",
        "Prob082_lfsr32": "the reference runs into the testbench's own limit of time",
        "Prob099_m2014_q6c": "testbench and reference name their ports differently",
        "Prob141_count_clock": "the reference runs into the testbench's own limit of time",
        "Prob151_review2015_fsm": OLD_CAST,
        "Prob156_review2015_fancytimer": OLD_CAST,
    },
}
"""References that a judge cannot use, and why."""
WEAK: Final[Mapping[str, str]] = {
    "Prob092_gatesv100": "100 bits of input from 32 random ones with their sign: wrong upper bits can go unseen",
}
"""Testbenches that are used although they miss some errors."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem, as its three files have it."""

    name: str
    prompt: str
    reference: str
    testbench: str

    @property
    def golden(self) -> str:
        """The reference as an answer: named as the prompt wants it."""
        return re.sub(rf"\b{_REFERENCE}\b", TOP, self.reference)

    @property
    def taken(self) -> frozenset[str]:
        """Modules that an answer must not define."""
        return frozenset(re.findall(r"\bmodule\s+(\w+)", self.testbench + self.reference))


def read_problems(folder: Path) -> list[Problem]:
    """The problems of a folder, or of a folder in it, by name.

    Raises:
        ValueError: if there are none, or one has no reference or testbench.
    """
    found = []
    for prompt in sorted(folder.glob(f"**/*{_PROMPT}")):
        name = prompt.name.removesuffix(_PROMPT)
        files = [prompt, prompt.with_name(f"{name}_ref.sv"), prompt.with_name(f"{name}_test.sv")]
        missing = [path.name for path in files if not path.is_file()]
        if missing:
            raise ValueError(f"the problem {name} in {prompt.parent} has no {missing[0]}")
        found.append(Problem(name, *(path.read_text(encoding="utf-8") for path in files)))
    if not found:
        raise ValueError(
            f"no problems in {folder}: it must hold NAME{_PROMPT}, NAME_ref.sv and NAME_test.sv, as the folder "
            "dataset_spec-to-rtl of NVlabs/verilog-eval does"
        )
    return found


def asked(problem: Problem, *, seed: int) -> Ask:
    """The question of a problem to a policy; ``view`` has the prompt alone."""
    rule = f"Answer with one complete Verilog module named {TOP} in a fenced block and nothing else."
    text = f"{problem.prompt.strip()}\n\n{rule}"
    return Ask("designer", (Message("user", text),), {"problem": problem.name, "prompt": problem.prompt}, seed)


def answered(reply: str) -> str:
    """The code of a reply: the last fenced block, or all from the first ``module`` to the last ``endmodule``."""
    blocks = re.findall(r"```[^\n`]*\n(.*?)(?:```|\Z)", reply, re.DOTALL)
    if blocks:
        return str(blocks[-1])
    start, end = reply.find("module"), reply.rfind("endmodule")
    return reply[start : end + len("endmodule")] if 0 <= start < end else reply
