"""Taboo the PettingZoo way: ``from selftaught.envs import taboo_v0; env = taboo_v0.env()``."""

from __future__ import annotations

from typing import Any

from selftaught.envs.aec_view import AecView
from selftaught.envs.registry import make_game

__all__ = ["env", "raw_env"]


def raw_env(
    *, split: str = "train", task_seed: int | None = None, render_mode: str | None = None, **settings: Any
) -> AecView:
    """Taboo with the given settings; ``AecView`` explains the other arguments."""
    return AecView(make_game("taboo", **settings), split=split, task_seed=task_seed, render_mode=render_mode)


env = raw_env
"""The same: the view enforces the order of calls itself, so nothing needs wrapping."""
