"""Chip flows as data: what a flow script in the style of SiliconCompiler sets up, runs and reports (arXiv 2403.11202).

A flow is what remains of a script when its order and spelling are forgotten, so two scripts do the same if and only if
they give equal flows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, get_args

import numpy as np

Level = Literal["basic", "clock", "layout", "area", "mixed"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""The five tasks of the paper's table 4: sources and target alone, then what is set beside them, then all of it."""
Value = Any
"""A text, a number, a truth value, a tuple of texts, or two corners of a box."""

TARGETS: Final = ("asap7_demo", "freepdk45_demo", "gf180_demo", "skywater130_demo")
FRONTENDS: Final = ("systemverilog", "verilog", "vhdl")
REPORTS: Final = ("show", "summary")

_DESIGNS: Final = tuple(
    "adder alu arbiter barrel_shifter cache_controller cordic counter crc32 crossbar decoder divider dma fft fifo "
    "fir_filter gcd gpio hamming i2c_master interrupt_controller lfsr mac multiplier pwm ram_controller rob router "
    "sorter spi_master spi_slave systolic timer traffic_light uart uart_rx uart_tx vga watchdog".split()
)
_PARTS: Final = ("core", "ctrl", "datapath", "defs", "mem", "regs", "top", "utils")
_CLOCKS: Final = ("clk", "clk_i", "clock", "core_clk", "sys_clk")
_PERIODS: Final = (0.5, 0.8, 1, 1.25, 2, 2.5, 4, 5, 8, 10, 12.5, 16, 20, 25, 40, 50, 100)
_DEFINES: Final = ("DEBUG", "FAST_ADD", "NO_RESET", "SYNTHESIS", "USE_DSP", "WIDTH=16", "WIDTH=32", "WIDTH=8")


@dataclass(frozen=True, slots=True)
class Flow:
    """What a script leaves behind, as its last run finds it.

    ``sources`` and ``reports`` are sorted, since their order has no effect. ``clocks`` has the period in nanoseconds of
    each pin. ``settings`` are keyed as ``constraint/density``: boxes are two corners in micrometres, the density is in
    per cent, and what is false is left out.
    """

    design: str
    sources: tuple[str, ...]
    target: str
    clocks: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Value] = field(default_factory=dict)
    runs: int = 1
    reports: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """As plain data for a task."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Flow:
        """From plain data, whose tuples may have become lists."""
        given: dict[str, Any] = {name: _tuples(value) for name, value in data.items()}
        return cls(**given)


def _tuples(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _tuples(part) for name, part in value.items()}
    return tuple(_tuples(part) for part in value) if isinstance(value, list | tuple) else value


def number(value: object) -> bool:
    """Whether it is a finite number; truth values are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _texts(value: object) -> bool:
    return isinstance(value, tuple) and bool(value) and all(map(_text, value))


def _box(value: object) -> bool:
    """Two corners, the lower left one first."""
    if not (isinstance(value, tuple) and len(value) == 2 and all(isinstance(p, tuple) and len(p) == 2 for p in value)):
        return False
    (left, low), (right, high) = value
    return all(map(number, (left, low, right, high))) and left < right and low < high


def _truth(value: object) -> bool:
    return isinstance(value, bool)


SETTINGS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "constraint/outline": (_box, "two corners (left, low), (right, high)"),
    "constraint/corearea": (_box, "two corners (left, low), (right, high)"),
    "constraint/density": (lambda value: number(value) and 0 < value <= 100, "a number up to 100"),
    "constraint/coremargin": (lambda value: number(value) and value >= 0, "a number from 0"),
    "constraint/aspectratio": (lambda value: number(value) and value > 0, "a number above 0"),
    "option/define": (_texts, "a list of texts"),
    "option/entrypoint": (_text, "a text"),
    "option/frontend": (lambda value: value in FRONTENDS, f"one of {', '.join(FRONTENDS)}"),
    "option/idir": (_texts, "a list of texts"),
    "option/jobname": (_text, "a text"),
    "option/nodisplay": (_truth, "True or False"),
    "option/quiet": (_truth, "True or False"),
    "option/relax": (_truth, "True or False"),
}
"""What may be set: what a value must be, as a test and in words."""
LISTS: Final = ("option/define", "option/idir")
"""Settings of several texts, to which ``add`` adds; kept sorted."""


def draw(rng: np.random.Generator, level: Level) -> Flow:
    """A random flow.

    Raises:
        ValueError: on an unknown level.
    """
    if level not in LEVELS:
        raise ValueError(f"no level {level!r} of flows; the levels are {', '.join(LEVELS)}")
    design = str(rng.choice(_DESIGNS))
    parts = rng.choice(_PARTS, size=int(rng.integers(0, 4)), replace=False)
    folder = str(rng.choice(["", "", "rtl/", "src/", "hdl/"]))
    suffix = str(rng.choice([".v", ".v", ".sv"]))
    sources = {f"{folder}{design}{suffix}", *(f"{folder}{design}_{part}{suffix}" for part in parts)}
    clocks, settings = dict[str, float](), dict[str, Value]()
    if level in ("clock", "mixed"):
        clocks[str(rng.choice(_CLOCKS))] = float(rng.choice(_PERIODS))
    if level in ("layout", "mixed"):
        settings |= _layout(rng)
    if level in ("area", "mixed"):
        settings |= _area(rng, settings.get("constraint/outline"))
    if level == "mixed":
        settings |= _options(rng, design, suffix)
    reports = tuple(name for name in REPORTS if rng.random() < 0.6)
    return Flow(design, tuple(sorted(sources)), str(rng.choice(TARGETS)), clocks, settings, reports=reports)


def _layout(rng: np.random.Generator) -> dict[str, Value]:
    width, height = (int(side) for side in rng.integers(8, 120, size=2) * 10)
    found: dict[str, Value] = {"constraint/outline": ((0, 0), (width, height))}
    if rng.random() < 0.7:
        found["constraint/density"] = int(rng.integers(4, 18) * 5)
    return found


def _area(rng: np.random.Generator, outline: Value | None) -> dict[str, Value]:
    """A core within the outline, or without one a density with margin and shape."""
    if outline is None and rng.random() < 0.4:
        density, margin, shape = int(rng.integers(4, 18) * 5), int(rng.integers(1, 21)), float(rng.choice([0.5, 1, 2]))
        found = {"constraint/density": density, "constraint/coremargin": margin, "constraint/aspectratio": shape}
        return {name: value for name, value in found.items() if name.endswith("margin") or rng.random() < 0.8}
    width, height = outline[1] if outline is not None else (int(side) for side in rng.integers(8, 120, size=2) * 10)
    edge = int(rng.integers(1, 4)) * 10
    return {"constraint/corearea": ((edge, edge), (width - edge, height - edge))}


def _options(rng: np.random.Generator, design: str, suffix: str) -> dict[str, Value]:
    defines = tuple(sorted(str(name) for name in rng.choice(_DEFINES[:6], size=int(rng.integers(1, 3)), replace=False)))
    every: dict[str, Value] = {
        "option/define": defines,
        "option/entrypoint": f"{design}_{rng.choice(['core', 'top', 'wrapper'])}",
        "option/frontend": "systemverilog" if suffix == ".sv" else "verilog",
        "option/idir": (str(rng.choice(["include", "inc", "rtl/include"])),),
        "option/jobname": f"{rng.choice(['job', 'run', 'trial'])}{rng.integers(1, 20)}",
        "option/nodisplay": True,
        "option/quiet": True,
        "option/relax": True,
    }
    chosen = rng.choice(sorted(every), size=int(rng.integers(0, 4)), replace=False)
    return {str(name): every[str(name)] for name in chosen}
