"""Self-rewarding language models (arXiv 2401.10020): a game of answers and judgements, with a sealed audit."""

from selftaught.envs.self_reward.game import SelfReward
from selftaught.envs.self_reward.instructions import Instruction
from selftaught.envs.self_reward.rubric import better_of, score_of

__all__ = ["Instruction", "SelfReward", "better_of", "score_of"]
