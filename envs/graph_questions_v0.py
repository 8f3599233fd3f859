"""Questions on graphs, the PettingZoo way: ``from selftaught.envs import graph_questions_v0``."""

from functools import partial

from selftaught.envs.registry import make_table_env

__all__ = ["env", "raw_env"]

env = raw_env = partial(make_table_env, "graph_questions")
"""Both the same: the view enforces the order of calls itself, so nothing needs wrapping."""
