"""How each game trains a policy in the suite: recipes of stages, as data; ``selftaught.benchmarks.training`` runs them.

The amounts are those of this project's own studies of SmolLM2-135M where there are any (docs/benchmarks.md names them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, Literal

from selftaught.algorithms.optimisation import Optimisation
from selftaught.benchmarks.item import REASONING, Item
from selftaught.envs.registry import entry
from selftaught.types import Seat

Algorithm = Literal["imitation", "spag", "grpo", "ppo", "dpo"]
Table = Mapping[Seat, str]
SELF: Final = "self"
RECIPE: Final = "recipe"
TRAINED: Final = "trained.json"
ADAPTER: Final = "adapter"
"""What a finished training leaves in its folder: its cost, last of all, and its adapter."""
GROUPED: Final[tuple[Algorithm, ...]] = ("grpo", "dpo")
"""Algorithms that compare several games of one task."""


@dataclass(frozen=True)
class Played:
    """Learning from games on the training split."""

    algorithm: Algorithm
    steps: int
    games: int
    """A step."""
    samples: int = 1
    """Games of one task."""
    tables: tuple[Table, ...] = ()
    """Who sits where, in turn; ``self`` is the policy. If empty, the game's teachers for imitation, else the policy in
    all seats."""
    learners: tuple[Seat, ...] = ()
    """Seats whose turns are learned; all if empty."""
    anchored: tuple[Seat, ...] = ()
    """For GRPO: seats that are only held near the base model."""
    every_turn: bool = False
    """Whether imitation learns all turns, whatever became of them, and not those of winners alone."""
    kl: float | None = None
    """Pull to the reference; the algorithm's own if None."""
    scale: bool = True
    """For GRPO: whether advantages are divided by the spread of their group."""
    learning: Optimisation = field(default_factory=Optimisation)


@dataclass(frozen=True)
class Taught:
    """Imitation of lessons that a program made without a teacher, so many tokens of them.

    ``sequence``: single instructions, grown (SIT, arXiv 2403.07794). ``hardware``: rows of drawn designs, every row
    proved (arXiv 2403.11202), mixed: stage after stage, as published, the last one is all that is kept.
    """

    source: Literal["sequence", "hardware"]
    tokens: int
    learning: Optimisation = field(default_factory=Optimisation)


@dataclass(frozen=True)
class Judged:
    """Rounds of answers, own judgements and preferences (arXiv 2401.10020), after imitation of ``taught`` chats."""

    study: str = "self-reward-smollm2"
    rounds: int = 3
    tasks: int = 96
    taught: int = 1024


@dataclass(frozen=True)
class Studied:
    """The texts of an item read, asked about and studied (arXiv 2406.00606), after ``taught`` chats on other worlds.

    Texts alone are studied: their sealed worlds, by which answers are scored, are not looked at.
    """

    item: str
    tokens: int = 60_000
    taught: int = 400
    learning: Optimisation = field(default_factory=Optimisation)


Stage = Played | Taught | Judged | Studied
TOKENS_A_GAME: Final = 256
"""What one game of a budget is worth where a stage counts tokens."""


@dataclass(frozen=True)
class Cap:
    """A budget: so many steps of a stage and so many games of a step, at most; None: as the recipe has it."""

    steps: int | None = None
    games: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("steps", self.steps), ("games", self.games)):
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, not {value}")

    def of(self, stage: Stage) -> Stage:
        """The stage within the budget."""
        steps, games = self.steps or 10**9, self.games or 10**9
        match stage:
            case Played():
                samples = min(stage.samples, games)
                most = max(samples, min(stage.games, games) // samples * samples)
                return replace(stage, steps=min(stage.steps, steps), games=most, samples=samples)
            case Taught():
                return replace(stage, tokens=min(stage.tokens, games * TOKENS_A_GAME))
            case Judged():
                tasks, taught = min(stage.tasks, games), min(stage.taught, games)
                return replace(stage, rounds=min(stage.rounds, steps), tasks=tasks, taught=taught)
            case Studied():
                taught = min(stage.taught, games)
                return replace(stage, tokens=min(stage.tokens, games * TOKENS_A_GAME), taught=taught)


@dataclass(frozen=True)
class Recipe:
    """Stages, one after the other, on one adapter. Games of several ``settings`` are played side by side."""

    game: str
    stages: tuple[Stage, ...]
    settings: tuple[Mapping[str, Any], ...] = ({},)
    tokens: int = 32
    """Of a reply in training, at most."""
    rank: int = 16
    """Of a fresh adapter."""


_short: Final = partial(Optimisation, precision="bfloat16")
"""Nothing is compared with what was sampled where others are imitated."""
_SLOW: Final = Optimisation(learning_rate=1e-4, batch=32, tokens=4096, grouped=True)
_CROWD: Final[tuple[Table, ...]] = tuple({"planner": name} for name in ("oracle", "oracle", "waves", "one_by_one"))
_THINKERS: Final[tuple[Table, ...]] = tuple({"thinker": "trier", "reflector": name} for name in ("worker", "torn"))

RECIPES: Final[Mapping[str, Recipe]] = {
    recipe.game: recipe
    for recipe in (
        Recipe(
            "taboo",
            (
                Played("imitation", 12, 48, learning=_short(learning_rate=7e-4, batch=12, tokens=2560)),
                Played("spag", 1, 128, learning=Optimisation(learning_rate=2e-4, batch=16, tokens=2560)),
            ),
            tokens=28,
        ),
        Recipe(
            "graph_plan",
            (
                Played(
                    "imitation",
                    1,
                    1024,
                    tables=_CROWD,
                    kl=0.0,
                    learning=_short(learning_rate=1e-3, batch=8, tokens=8192),
                ),
                Played("grpo", 24, 64, samples=8, learning=_SLOW),
            ),
            ({"band": 1, "encoding": "edges", "knobs": {"most": 9}},),
            tokens=160,
        ),
        Recipe(
            "graph_questions",
            (
                Played("imitation", 1, 512, kl=0.0, learning=_short(learning_rate=7e-4, batch=8, tokens=8192)),
                Played("grpo", 8, 64, samples=8, learning=_SLOW),
            ),
            ({"family": "network"}, {"family": "knowledge"}),
            tokens=96,
        ),
        Recipe("self_reward", (Judged(),), tokens=60),
        Recipe(
            "sequence",
            (Taught("sequence", 120_000, _short(learning_rate=5e-4, batch=8, tokens=4096)),),
            tokens=192,
        ),
        Recipe(
            "reflect",
            (
                Played(
                    "imitation",
                    1,
                    256,
                    tables=_THINKERS,
                    every_turn=True,
                    kl=0.0,
                    learning=_short(learning_rate=1e-3, batch=8, tokens=8192),
                ),
                Played(
                    "grpo",
                    6,
                    64,
                    samples=8,
                    learners=("reflector",),
                    anchored=("thinker",),
                    kl=0.03,
                    # Most groups differ in the cost of their answers alone.
                    scale=False,
                    learning=_SLOW,
                ),
            ),
            ({"settings": {"kinds": ("pick", "expression"), "level": 1}, "answers": 4, "reward": "potential"},),
            tokens=60,
        ),
        Recipe(
            "self_study",
            (Studied("self_study/2", learning=_short(learning_rate=5e-4, batch=16, tokens=4096)),),
            tokens=40,
            rank=32,
        ),
        Recipe(
            "hardware",
            (
                Taught("hardware", 200_000, _short(learning_rate=1e-3, batch=4, tokens=4096)),
                Played("grpo", 8, 64, samples=4, kl=0.01, learning=replace(_SLOW, batch=16)),
            ),
            ({"kinds": ("repair",), "level": 0, "reply": "lines"},),
            tokens=100,
        ),
    )
}
"""By game."""


def plain(algorithm: Algorithm, item: Item) -> Recipe:
    """One algorithm on an item's training split: the policy in its seats, the same players as there in the others.

    Raises:
        ValueError: if nothing trains on the item, or imitation is wanted and the game has no teachers.
    """
    if item.game == REASONING:
        raise ValueError(f"{item.id} is for evaluation: nothing here trains on reasoning-gym's tasks")
    if algorithm == "imitation":
        if not entry(item.game).lessons():
            raise ValueError(
                f"{item.game} has no teachers in all seats to imitate: use its recipe, or another algorithm"
            )
        return Recipe(item.game, (Played(algorithm, 4, 128),), (item.settings,), item.tokens)
    turns = max((len(names) for names in item.others.values()), default=1)
    tables = tuple(
        {
            **dict.fromkeys(item.seats, SELF),
            **{seat: names[place % len(names)] for seat, names in item.others.items()},
        }
        for place in range(turns)
    )
    samples = 8 if algorithm in GROUPED else 1
    stage = Played(algorithm, 8, 64, samples, tables, learners=item.seats, learning=_SLOW)
    return Recipe(item.game, (stage,), (item.settings,), item.tokens)


def recipe_of(algorithm: str, on: str) -> Recipe:
    """What ``--train`` means: a game's own recipe, or a plain algorithm on an item.

    Raises:
        ValueError: if the game has no recipe.
    """
    from selftaught.benchmarks.suite import ITEMS

    if algorithm != RECIPE:
        return plain(algorithm, ITEMS[on])  # type: ignore[arg-type]
    if on not in RECIPES:
        raise ValueError(f"{on!r} has no recipe; there are those of {', '.join(RECIPES)}")
    return RECIPES[on]
