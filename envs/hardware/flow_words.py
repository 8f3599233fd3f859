"""Flows told in plain English, by rule, in several wordings: what the paper asked a paid model for (section 3.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from selftaught.envs.hardware.flows import Flow, Value

MANUAL: Final = """\
A flow script is Python: imports of siliconcompiler, then one chip and calls of its methods, with literal arguments.
chip = siliconcompiler.Chip('DESIGN')
chip.input('FILE')                 a source, one call each
chip.load_target('TARGET')         asap7_demo, freepdk45_demo, gf180_demo or skywater130_demo
chip.clock('PIN', period=NS)       period in nanoseconds
chip.set('constraint', 'outline', [(X0, Y0), (X1, Y1)])    die, in micrometres; likewise 'corearea'
chip.set('constraint', 'density', PERCENT)                 likewise 'coremargin' (micrometres), 'aspectratio'
chip.set('option', 'jobname', 'NAME')                      likewise 'entrypoint', 'frontend'
chip.set('option', 'quiet', True)                          likewise 'relax', 'nodisplay'
chip.add('option', 'define', 'MACRO')                      likewise 'idir'
chip.run()                         after target and sources
chip.summary()  chip.show()        after the run
"""
"""The calls that a script may make, for prompts."""

_OPENINGS: Final = (
    "Write a script that builds the design {} for the target {}.",
    "I need a flow script: design {}, target {}.",
    "Take the design {} through the flow of {}.",
    "Set up and run a flow. The design is called {} and the target is {}.",
)
_SOURCES: Final = (
    ("Its source is {}.", "Its sources are {}."),
    ("Read {}.", "Read {}."),
    ("The code is in the file {}.", "The code is in the files {}."),
)
_CLOCKS: Final = (
    "The clock comes in at the pin {pin} with a period of {period} ns.",
    "Constrain the clock {pin} to {period} nanoseconds.",
    "The clock pin is {pin}; it runs at {megahertz} MHz.",
    "Use {pin} as the clock, at a frequency of {megahertz} MHz.",
)
_REPORTS: Final[Mapping[tuple[str, ...], Sequence[str]]] = {
    (): ("Run the flow and nothing more.", "Run it; no report is needed."),
    ("summary",): ("Run the flow and print the summary.", "After the run, give a summary."),
    ("show",): ("Run the flow and show the layout.", "After the run, open the layout for viewing."),
    ("show", "summary"): ("Run the flow, print the summary and show the layout.", "After the run, summarise and show."),
}
_BOXES: Final = (
    "{} is the rectangle from ({}, {}) to ({}, {}) micrometres.",
    "{} has its lower left corner at ({}, {}) and its upper right one at ({}, {}), in micrometres.",
)
_SETTINGS: Final[Mapping[str, Sequence[str]]] = {
    "constraint/outline": tuple(text.replace("{}", name, 1) for text in _BOXES for name in ("The die", "The outline")),
    "constraint/corearea": tuple(
        text.replace("{}", name, 1) for text in _BOXES for name in ("The core", "The core area")
    ),
    "constraint/density": ("Fill {} % of the area.", "Aim at a density of {} percent.", "The core density is {} %."),
    "constraint/coremargin": (
        "Leave a margin of {} micrometres around the core.",
        "The core margin is {} micrometres.",
    ),
    "constraint/aspectratio": ("The aspect ratio is {}.", "Height to width must be {}: that is the aspect ratio."),
    "option/define": ("Define {} for the sources.", "Compile with {} defined."),
    "option/entrypoint": ("The top module is {}.", "Start from the module {} as the entry point."),
    "option/frontend": ("The sources are {}: choose that front end.", "Use the {} front end."),
    "option/idir": ("Look for included files in {}.", "The include directory is {}."),
    "option/jobname": ("Call the job {}.", "The name of the job is {}."),
    "option/nodisplay": ("There is no display.", "It runs on a machine without a display."),
    "option/quiet": ("Keep it quiet.", "The run must be quiet: no log on the screen."),
    "option/relax": ("Be relaxed about warnings.", "Relax the checks of the tools."),
}


def describe(flow: Flow, rng: np.random.Generator) -> str:
    """The flow in one paragraph: everything that its script must set up, each fact in one of several wordings."""

    def pick(wordings: Sequence[Any]) -> Any:
        return wordings[int(rng.integers(len(wordings)))]

    facts = [pick(_SOURCES)[len(flow.sources) > 1].format(listed(flow.sources))]
    facts += [_clock(pin, period, pick) for pin, period in flow.clocks.items()]
    facts += [pick(_SETTINGS[key]).format(*_shown(value)) for key, value in flow.settings.items()]
    facts = [facts[place] for place in rng.permutation(len(facts))]
    return " ".join([pick(_OPENINGS).format(flow.design, flow.target), *facts, pick(_REPORTS[flow.reports])])


def _clock(pin: str, period: float, pick: Callable[[Sequence[str]], str]) -> str:
    megahertz = 1000 / period
    exact = 1000 / float(f"{megahertz:g}") == period
    return pick(_CLOCKS if exact else _CLOCKS[:2]).format(pin=pin, period=f"{period:g}", megahertz=f"{megahertz:g}")


def _shown(value: Value) -> list[str]:
    """A setting's value as the parts of its sentence."""
    if isinstance(value, bool):
        return []
    if isinstance(value, tuple) and isinstance(value[0], tuple):
        return [f"{side:g}" for corner in value for side in corner]
    if isinstance(value, tuple):
        return [listed(value)]
    return [value if isinstance(value, str) else f"{value:g}"]


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
