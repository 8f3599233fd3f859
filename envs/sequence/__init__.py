"""Sequential instructions (SIT, arXiv 2403.07794): chains of operations, every step checked."""

from selftaught.envs.sequence.chains import Chain, Step, chain
from selftaught.envs.sequence.game import Sequence

__all__ = ["Chain", "Sequence", "Step", "chain"]
