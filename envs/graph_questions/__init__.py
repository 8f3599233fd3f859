"""Questions on graphs other than plans: networks and chains of facts, with answers that carry their proof."""

from selftaught.envs.graph_questions.game import GraphQuestions

__all__ = ["GraphQuestions"]
