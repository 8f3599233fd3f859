"""What is compared in studies of self-rewarding: recipes of a round, judges, models, sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from selftaught.algorithms.dpo import Dpo
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.self_rewarding import AGAIN, ANCHOR
from selftaught.envs.self_reward.corpus import TAUGHT
from selftaught.envs.self_reward.game import SelfReward
from selftaught.envs.self_reward.state import ACTOR, JUDGE
from selftaught.types import Seat

SELF: Final = "self"


@dataclass(frozen=True)
class Recipe:
    """What a round is made of."""

    game: SelfReward = field(default_factory=SelfReward)
    dpo: Dpo = field(default_factory=Dpo)
    learners: tuple[Seat, ...] = (ACTOR,)
    """Seats whose replies are compared and learned from."""


RECIPES: Final[Mapping[str, Recipe]] = {
    "paper": Recipe(),
    "robust": Recipe(
        SelfReward(candidates=7, judgements=5, review=True),
        Dpo(band=0.32, gap=0.1, nll=0.1, anchor=ANCHOR, second=AGAIN),
        learners=(ACTOR, JUDGE),
    ),
}
"""``paper``: as published, four answers with three judgements each, and the best against the worst. ``robust``: with
the remedies of later work, which are length control, anchored rejects, an earlier judge's doubt and a meta-judge."""


@dataclass(frozen=True)
class Arm:
    """One loop. ``judge`` is ``self``, the name of a scripted judge, or a rate at which the oracle is flipped."""

    judge: str | float = SELF
    recipe: str = "paper"
    asked: bool = False
    """Whether the policy is asked all the same, and not heard: a control at equal compute."""


@dataclass(frozen=True)
class Study:
    """Loops that are compared on the same held-out instructions."""

    arms: Mapping[str, Arm]
    model: str = "pocket-judge"
    rank: int = 16
    rounds: int = 3
    tasks: int = 512
    """Instructions a round."""
    level: int = 2
    kinds: tuple[str, ...] = TAUGHT
    """Of instructions; all if empty."""
    judgements: int | None = None
    """Of every candidate, if not the recipe's own."""
    audited: int | None = None
    """The same in evaluations, if they are to be others."""
    adversaries: float = 0.25
    """In evaluations, chance of each kind of them."""
    taught: int = 0
    """Chats of scripted players that are imitated before the first round."""
    noisy: bool = False
    """Whether the answers among them are right half of the time only, which leaves the rounds something to find out."""
    held_out: int = 200
    split: str = "test"
    answer_tokens: int = 40
    judge_tokens: int = 60
    threads: int = 1
    imitation: Optimisation = field(default_factory=lambda: Optimisation(learning_rate=5e-4, batch=16, tokens=8192))
    learning: Optimisation = field(
        default_factory=lambda: Optimisation(learning_rate=3e-4, batch=16, tokens=8192, epochs=1)
    )

    def recipe(self, arm: Arm) -> Recipe:
        """The arm's, with the study's instructions."""
        found = RECIPES[arm.recipe]
        judgements = self.judgements or found.game.judgements
        game = replace(found.game, level=self.level, kinds=self.kinds, judgements=judgements)
        return replace(found, game=game)


RATES: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
STUDIES: Mapping[str, Study] = {
    "self-reward-phases": Study(
        {f"flipped {rate:.0%}": Arm(rate) for rate in RATES},
        rounds=4,
        judgements=1,
        adversaries=0.0,
        taught=2048,
        noisy=True,
    ),
    "self-reward-judges": Study(
        {**{judge: Arm(judge) for judge in ("random", "length", "gullible", "constant")}, "self": Arm()},
        rounds=4,
        tasks=256,
        taught=2048,
        noisy=True,
    ),
    "self-reward-smollm2": Study(
        {"self": Arm(), "oracle": Arm("oracle"), "random, at the price of self": Arm("random", asked=True)},
        model="smollm2-135m",
        kinds=(),
        tasks=96,
        level=1,
        audited=1,
        taught=1024,
        held_out=100,
        learning=Optimisation(learning_rate=2e-4, batch=8, tokens=8192, epochs=2),
    ),
    "self-reward-fake": Study(
        {"self": Arm(), "self, robust": Arm(recipe="robust"), "oracle": Arm("oracle")},
        model="fake",
        rank=2,
        rounds=2,
        tasks=2,
        taught=4,
        held_out=2,
        answer_tokens=4,
        judge_tokens=4,
    ),
}
"""Studies by name; the last runs all of the machinery on a random model."""
