"""What the seats of ``hardware`` read."""

from __future__ import annotations

from typing import Final

from selftaught.envs.hardware import scripts
from selftaught.envs.hardware.patches import numbered
from selftaught.envs.hardware.problems import MARK, Problem
from selftaught.types import Message

_CODE: Final = "Reply with Verilog code only, the whole module with the same name and ports."
RULES: Final = {
    "repair": f"The Verilog module below has a fault. Repair it. {_CODE}",
    "complete": f"The Verilog module below has holes, written {MARK.format(1)}, {MARK.format(2)} and so on. Fill them.",
    "round_trip": f"Write the Verilog module that is described. {_CODE}",
    "construct": f"Write the Verilog module that is specified. {_CODE}",
    "script": "Write the flow script that is described. Reply with the script only.",
    "describe": (
        "Describe the Verilog module below in plain English, so that an engineer who does not see it can write it "
        "anew: name and ports with their widths, and exactly what each output does. Paste no code."
    ),
}
_LINES: Final = (
    "The Verilog module below has a fault. Repair it. Reply only with the lines that change, each as its number, a "
    "colon, and the new line."
)
_ONE: Final = f"Reply with the text of {MARK.format(1)} only."
_MANY: Final = "Reply with one line for each hole: its number, a colon, and its text."
PASTED: Final = 8
"""Tokens in a row that a description may not share with the code."""
KEPT: Final = 2 / 3
"""Share of the code's tokens that a description may not have in their order, whatever stands between them."""


def chat(found: Problem) -> tuple[Message, ...]:
    """The messages to the engineer."""
    rules = RULES["round_trip" if found.kind == "describe" else found.kind]
    if found.lines:
        rules = _LINES
    if found.kind == "complete":
        rules = f"{rules} {_ONE if len(found.answers) == 1 else _MANY}"
    if found.kind == "script":
        rules = f"{rules}\n{scripts.MANUAL}"
    shown = numbered(found.shown) if found.lines else found.shown
    parts = [found.told.strip(), fenced(shown) if shown else ""]
    if found.said:
        parts.append(f"The tools say:\n{found.said}")
    return Message("system", rules), Message("user", "\n\n".join(part for part in parts if part))


def describing(found: Problem) -> tuple[Message, ...]:
    """The messages to the describer."""
    return Message("system", RULES["describe"]), Message("user", fenced(found.shown))


def again(said: str) -> Message:
    """What an engineer reads who is to try again."""
    return Message("user", f"Not yet. The tools say:\n{said}\nTry again.")


def fenced(code: str) -> str:
    """Code in a block."""
    return f"```\n{code.strip(chr(10))}\n```"
