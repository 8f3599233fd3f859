"""Autonomous learning (arXiv 2406.00606): read, ask, close the book, find the gap, study."""

from selftaught.envs.self_study.game import SelfStudy
from selftaught.envs.self_study.library import Library

__all__ = ["Library", "SelfStudy"]
