"""Adversarial taboo (SPAG, arXiv 2404.10642): the game, its judge, its words and its scripted players."""

from selftaught.envs.taboo.game import Taboo
from selftaught.envs.taboo.judge import Verdict, judge

__all__ = ["Taboo", "Verdict", "judge"]
