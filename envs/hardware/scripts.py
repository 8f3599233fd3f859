"""Scripts that drive a chip flow (arXiv 2403.11202, section 3.4): written, told, broken and judged by what they record.

The published method shows about 200 scripts to a paid model and runs none of them. Here flows are drawn, scripts and
descriptions follow by rule, and an answer is judged by replaying its calls on a recorder.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import numpy as np

from selftaught.envs.hardware.flow_faults import FAULTS, broken
from selftaught.envs.hardware.flow_replay import LIBRARY, Complaint, replay
from selftaught.envs.hardware.flow_words import MANUAL, describe
from selftaught.envs.hardware.flows import LEVELS, LISTS, Flow, Level, Value, draw

__all__ = [
    "FAULTS",
    "LEVELS",
    "MANUAL",
    "Complaint",
    "Flow",
    "Level",
    "Score",
    "broken",
    "describe",
    "draw",
    "judge",
    "replay",
    "write",
]

_FENCED: Final = re.compile(r"```[^\n`]*\n(.*?)```", re.DOTALL)


class Score(NamedTuple):
    """``syntax``: the tool takes the script. ``function``: it sets up, runs and reports what the flow does.

    ``reason`` is the tool's complaint, or names what differs without saying what it should be.
    """

    syntax: bool
    function: bool
    reason: str


def judge(flow: Flow, text: str) -> Score:
    """The score of a script, or of an answer with one in a fenced block. No text raises."""
    fenced = _FENCED.search(text)
    try:
        found = replay(fenced[1] if fenced else text)
    except Complaint as complaint:
        return Score(False, False, str(complaint))
    wrong = [
        f"the {name} differ" for name in ("sources", "clocks", "reports") if getattr(found, name) != getattr(flow, name)
    ]
    wrong += [f"the {name} differs" for name in ("design", "target") if getattr(found, name) != getattr(flow, name)]
    for key in sorted({*found.settings, *flow.settings}):
        if key not in flow.settings or key not in found.settings:
            wrong.append(f"{key} is {'set' if key in found.settings else 'not set'}")
        elif found.settings[key] != flow.settings[key]:
            wrong.append(f"{key} differs")
    if found.runs != flow.runs:
        wrong.append(f"the flow runs {found.runs} times")
    return Score(True, not wrong, "; ".join(wrong))


def write(flow: Flow, rng: np.random.Generator) -> str:
    """A script for the flow, one call a line: spelling and the order of what is free are drawn."""
    chip, quote = str(rng.choice(["chip", "chip", "c", "project"])), str(rng.choice(["'", '"']))
    start = {
        f"import {LIBRARY}": f"{LIBRARY}.Chip",
        f"import {LIBRARY} as sc": "sc.Chip",
        f"from {LIBRARY} import Chip": "Chip",
    }
    opening = str(rng.choice(list(start)))

    def text(value: str) -> str:
        return f"{quote}{value}{quote}"

    calls = [f"{chip}.input({text(source)})" for source in flow.sources]
    calls.append(f"{chip}.load_target({text(flow.target)})")
    for pin, period in flow.clocks.items():
        name = str(rng.choice(["", "pin="]))
        calls.append(f"{chip}.clock({name}{text(pin)}, period={period:g})")
    for key, value in flow.settings.items():
        group, _, setting = key.partition("/")
        added = key in LISTS and (len(value) > 1 or rng.random() < 0.5)
        for part in value if added else [value]:
            shown = _shown(part, quote)
            calls.append(f"{chip}.{'add' if added else 'set'}({text(group)}, {text(setting)}, {shown})")
    calls = [calls[place] for place in rng.permutation(len(calls))]
    ends = [f"{chip}.run()"] * flow.runs
    ends += [f"{chip}.{flow.reports[place]}()" for place in rng.permutation(len(flow.reports))]
    return "\n".join([opening, "", f"{chip} = {start[opening]}({text(flow.design)})", *calls, *ends]) + "\n"


def _shown(value: Value, quote: str) -> str:
    """A literal."""
    if isinstance(value, str):
        return f"{quote}{value}{quote}"
    if isinstance(value, tuple):
        shown = ", ".join(_shown(part, quote) for part in value)
        return f"({shown})" if len(value) == 2 and not isinstance(value[0], str | tuple) else f"[{shown}]"
    return str(value) if isinstance(value, bool) else f"{value:g}"
