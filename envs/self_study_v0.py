"""Self-study the PettingZoo way: ``from selftaught.envs import self_study_v0; env = self_study_v0.env()``."""

from functools import partial

from selftaught.envs.registry import make_table_env

__all__ = ["env", "raw_env"]

env = raw_env = partial(make_table_env, "self_study")
"""Both the same: the view enforces the order of calls itself, so nothing needs wrapping."""
