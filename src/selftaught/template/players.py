"""Scripted players: pure functions of what a seat is asked. They read ``view``, and draw from ``ask.seed`` alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from selftaught.types import Ask, Player, Seat


def oracle(ask: Ask) -> str:
    """Right at once: the most that can be earned. ``selftaught validate`` holds the game to that."""
    return f"Answer: {ask.view['first'] + ask.view['second']}"


def guesser(ask: Ask) -> str:
    """Near, and seldom right: what any player must beat."""
    miss = int(np.random.default_rng(ask.seed).integers(-3, 4))
    return f"Answer: {ask.view['first'] + ask.view['second'] + miss}"


PLAYERS: Mapping[Seat, Mapping[str, Player]] = {"solver": {"guesser": guesser, "oracle": oracle}}
"""By seat and name; the first of a seat is its default."""
