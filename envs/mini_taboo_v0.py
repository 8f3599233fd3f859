"""Mini-taboo the PettingZoo way: ``from selftaught.envs import mini_taboo_v0; env = mini_taboo_v0.env()``."""

from functools import partial

from selftaught.envs.registry import make_table_env

__all__ = ["env", "raw_env"]

env = raw_env = partial(make_table_env, "mini_taboo")
"""Both the same: the view enforces the order of calls itself, so nothing needs wrapping."""
