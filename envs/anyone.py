"""Players that can sit in any seat of any game, because they know nothing of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from selftaught.types import Ask, Player

MOST_WORDS: Final = 12


def silent(ask: Ask) -> str:
    """Says nothing."""
    return ""


def echo(ask: Ask) -> str:
    """Says what it heard last."""
    return ask.messages[-1].content


def babbler(ask: Ask) -> str:
    """Says a few words of what it read, drawn by the ask's seed."""
    random = np.random.default_rng(ask.seed)
    heard = " ".join(message.content for message in ask.messages[-2:]).split() or ["nothing"]
    return " ".join(heard[place] for place in random.integers(len(heard), size=int(random.integers(1, MOST_WORDS + 1))))


ANYONE: Final[Mapping[str, Player]] = {"silent": silent, "echo": echo, "babbler": babbler}
"""By name."""
