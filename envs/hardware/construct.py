"""Designs to be built from their behaviour: truth tables, state machines and waveforms, drawn with their goldens.

These are the three forms of CraftRTL (arXiv 2409.12993), whose tasks are correct by construction. So they are here, and
beyond that only one behaviour fits each prompt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, get_args

import numpy as np

from selftaught.envs.hardware.construct_machines import draw_machine
from selftaught.envs.hardware.construct_tables import draw_table
from selftaught.envs.hardware.construct_waves import draw_waveform
from selftaught.envs.hardware.construction import Construction, Kind, Level

__all__ = ["KINDS", "LEVELS", "Construction", "Kind", "Level", "draw"]

LEVELS: Final[tuple[Level, ...]] = get_args(Level)
_DRAWERS: Final[dict[Kind, Callable[[np.random.Generator, Level], Construction]]] = {
    "truth table": draw_table,
    "state machine": draw_machine,
    "waveform": draw_waveform,
}
KINDS: Final[tuple[Kind, ...]] = tuple(_DRAWERS)


def draw(rng: np.random.Generator, level: Level, *, kind: Kind | None = None) -> Construction:
    """A task of this level, of any kind unless one is named.

    Level 1 has tables of two inputs and machines of two or three states, level 4 tables of five inputs with open
    outputs and machines of up to seven states. Raises ``ValueError`` for another level or kind.
    """
    if level not in LEVELS:
        raise ValueError(f"there is no level {level!r}: choose one of {', '.join(map(str, LEVELS))}")
    if kind is None:
        kind = KINDS[int(rng.integers(len(KINDS)))]
    if kind not in KINDS:
        raise ValueError(f"there is no kind {kind!r}: choose one of {', '.join(KINDS)}")
    return _DRAWERS[kind](rng, level)
