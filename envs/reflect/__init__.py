"""Interactive self-reflection (arXiv 2310.06271): answer, check, and submit, refine or begin anew."""

from selftaught.envs.reflect.game import Reflect
from selftaught.envs.world import World

__all__ = ["Reflect", "World"]
