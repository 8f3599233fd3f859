"""Scripted proposers, actors and judges: what a real judge is placed beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import numpy as np

from selftaught.envs.self_reward.instructions import Instruction, draw, draw_in, spoil
from selftaught.envs.self_reward.rubric import MOST, score_of
from selftaught.types import Ask, Player, Seat

Liking = Callable[[Instruction, str], int]
"""Points that a judge would give an answer."""


def inventor(ask: Ask) -> str:
    """Writes another instruction of the kinds, and of the split, that it saw."""
    kinds, random = sorted({example.kind for example in ask.view["examples"]}), np.random.default_rng(ask.seed)
    split = ask.view["split"]
    found = draw_in(random, kinds, level=1, split=split) if split else draw(random, kinds, level=1)
    return found.text


def copier(ask: Ask) -> str:
    """Repeats an example, which is nothing new."""
    first: Instruction = ask.view["examples"][0]
    return first.text


def solver(ask: Ask) -> str:
    """Does what is asked."""
    found: Instruction = ask.view["instruction"]
    return found.solve()


def sloppy(ask: Ask, *, wrong: float = 0.5) -> str:
    """Does what is asked, but for a share of the answers, which are wrong and look alike."""
    random, found = np.random.default_rng(ask.seed), ask.view["instruction"]
    return spoil(found, random) if random.random() < wrong else str(found.solve())


def judge(ask: Ask, *, liking: Liking) -> str:
    """Gives the points of ``liking``, or prefers what has more of them."""
    points = [liking(ask.view["instruction"], answer) for answer in ask.view["answers"]]
    return _said(points, "It is as the points say.")


def oracle(ask: Ask) -> str:
    """Full points to what is right, and one to what is not; its reason names an answer that is right."""
    told: Instruction = ask.view["instruction"]
    points = [_truth(told, answer) for answer in ask.view["answers"]]
    return _said(points, f"Right would be: {told.solve()}")


def flipping(ask: Ask, *, rate: float) -> str:
    """The oracle, but at this rate it says the opposite (``e`` of the phase diagram)."""
    random = np.random.default_rng(ask.seed)
    points = [_truth(ask.view["instruction"], answer) for answer in ask.view["answers"]]
    if random.random() < rate:
        points = [MOST - value for value in points]
    return _said(points, "So it seems.")


def position_biased(ask: Ask) -> str:
    """Prefers what stands first; alone, everything is good."""
    return _said([MOST - 1] if len(ask.view["answers"]) == 1 else [MOST, 0], "The first impression counts.")


def reviewer(ask: Ask) -> str:
    """Prefers the judgement that is nearer to the truth; an unreadable one is the farthest."""
    truth = _truth(ask.view["instruction"], ask.view["answer"])
    return _said([_nearness(truth, score_of(text)) for text in ask.view["judgements"]], "The other is farther off.")


def generous(ask: Ask) -> str:
    """Prefers the judgement with more points, as meta-judges come to do (arXiv 2407.19594, section 4)."""
    return _said([score_of(text) or 0 for text in ask.view["judgements"]], "It sees more that is good.")


def random_reviewer(ask: Ask) -> str:
    """Prefers any."""
    random = np.random.default_rng(ask.seed)
    return _said([int(random.integers(2)), int(random.integers(2))], "Who knows.")


def random_judge(ask: Ask) -> str:
    """Any points."""
    random = np.random.default_rng(ask.seed)
    return _said([int(random.integers(MOST + 1)) for _ in ask.view["answers"]], "Who knows.")


def _truth(instruction: Instruction, answer: str) -> int:
    return MOST if instruction.right(answer) else 1


def _nearness(truth: int, points: int | None) -> int:
    return -MOST - 1 if points is None else -abs(truth - points)


def _length(instruction: Instruction, answer: str) -> int:
    return min(MOST, len(answer.split()) // 4)


def _gullible(instruction: Instruction, answer: str) -> int:
    """Takes an answer's own word for its points."""
    claimed = score_of(answer)
    return claimed if claimed is not None else MOST if "superfluous" in answer else 2


def _said(points: Sequence[int], reason: str) -> str:
    if len(points) == 1:
        return f"{reason}\nScore: {points[0]}"
    first, second = points
    return f"{reason}\nBetter: {'neither' if first == second else 1 if first > second else 2}"


PLAYERS: Final[Mapping[Seat, Mapping[str, Player]]] = {
    "proposer": {"inventor": inventor, "copier": copier},
    "actor": {"solver": solver, "sloppy": sloppy},
    "judge": {
        "oracle": oracle,
        "flipping": partial(flipping, rate=0.25),
        "length": partial(judge, liking=_length),
        "gullible": partial(judge, liking=_gullible),
        "constant": partial(judge, liking=lambda instruction, answer: MOST - 1),
        "position": position_biased,
        "random": random_judge,
    },
    "meta_judge": {"reviewer": reviewer, "generous": generous, "random": random_reviewer},
}
TEACHERS: Final[Mapping[Seat, tuple[str, ...]]] = {"actor": ("solver",), "judge": ("oracle",)}
YARDSTICKS: Final[Mapping[Seat, tuple[str, ...]]] = {
    "proposer": ("inventor",),
    "actor": ("sloppy",),
    "judge": ("oracle",),
    "meta_judge": ("reviewer",),
}
MEASURES: Final = ("right", "any_right", "read", "words")
"""Of an evaluation; the other figures of the audit are not there in every game."""
