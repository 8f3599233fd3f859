"""Hardware the PettingZoo way: ``from selftaught.envs import hardware_v0; env = hardware_v0.env()``."""

from functools import partial

from selftaught.envs.registry import make_table_env

__all__ = ["env", "raw_env"]

env = raw_env = partial(make_table_env, "hardware")
"""Both the same: the view enforces the order of calls itself, so nothing needs wrapping."""
