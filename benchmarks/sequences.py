"""Sequential instruction tuning against plain: the same single instructions, grown or as they are, at equal tokens.

``python -m selftaught.benchmarks.sequences`` teaches every arm of a study with every seed, in
``runs/<study>/<arm>/seed-<n>``, lets it learn from rewards where the arm says so, and resumes what is there; then it
writes ``benchmarks/results/<study>.json`` with following and quality by the number of steps, on chains of the training
operations, on pairs of operations that training never puts together, and on families of operations that it never has.
Settings are chosen on the validation split.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import tyro

from selftaught.agents.local import LocalAgent
from selftaught.algorithms.optimisation import Optimisation
from selftaught.benchmarks.evaluation import seat_figures
from selftaught.benchmarks.studies import (
    Chosen,
    Counted,
    run_stages,
    run_study,
    taught_in,
    tokens_of,
)
from selftaught.envs.registry import entry, make_game
from selftaught.envs.sequence.drawing import Dependency, allowed_in, draw
from selftaught.envs.sequence.game import FORMS, RULES, WORKER
from selftaught.envs.sequence.grow import Lesson, grow
from selftaught.progress import Meter
from selftaught.rollout import rollout
from selftaught.store import aside
from selftaught.types import Ask, Codec, Episode, Outcome, Reply, Task, Turn

GAME: Final = "sequence"


@dataclass(frozen=True)
class Arm:
    """One way to use the single instructions."""

    rounds: int = 0
    """Of growing, at most, each lesson as many as chance has it; none: the instructions as they are."""
    counted: Counted = "all"
    """Which tokens are made equal between arms: all that are read, or those of the replies, which are trained."""
    steps: int = 0
    """Of GRPO after teaching."""


@dataclass(frozen=True)
class Study:
    """Arms that are compared on the same held-out chains."""

    arms: Mapping[str, Arm]
    model: str = "pocket-steps"
    rank: int = 64
    tokens: int = 600_000
    """Of an arm's lessons, replies included; for an arm that counts replies, as many of theirs as the first arm has."""
    dependencies: tuple[Dependency, ...] = ("independent", "chained", "nested", "back")
    """Of held-out chains. Growth makes no choices between two ways, and those are not asked for."""
    lengths: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8)
    held_out: int = 100
    """Chains of each length and split."""
    split: str = "test"
    apart: tuple[str, ...] = ("pairs", "families")
    """Further splits, of what training never combines or never has."""
    tokens_a_step: int = 48
    """Of a reply, at most."""
    games: int = 256
    """A step of GRPO."""
    samples: int = 4
    practised: tuple[int, int] = (2, 6)
    """Steps of chains in GRPO, at least and at most."""
    kl: float = 0.03
    threads: int = 1
    teaching: Optimisation = field(default_factory=lambda: Optimisation(learning_rate=3e-4, batch=8, tokens=8192))
    learning: Optimisation = field(
        default_factory=lambda: Optimisation(learning_rate=3e-4, batch=32, tokens=8192, grouped=True)
    )


SINGLE, GROWN = "single", "grown"
STUDIES: Final[Mapping[str, Study]] = {
    "sequence": Study(
        {GROWN: Arm(rounds=12, steps=16), SINGLE: Arm(), "single, equal replies": Arm(counted="replies")},
        held_out=48,
        practised=(1, 6),
    ),
    "sequence-smollm2": Study(
        {GROWN: Arm(rounds=12), SINGLE: Arm()},
        model="smollm2-135m",
        rank=16,
        tokens=120_000,
        held_out=24,
        threads=1,
        teaching=Optimisation(learning_rate=5e-4, batch=8, tokens=4096),
    ),
    "sequence-fake": Study(
        {GROWN: Arm(rounds=2, steps=1), SINGLE: Arm(), "single, equal replies": Arm(counted="replies")},
        model="fake",
        rank=2,
        tokens=3000,
        lengths=(1, 2),
        held_out=2,
        tokens_a_step=4,
        games=8,
        teaching=Optimisation(batch=8),
        learning=Optimisation(batch=8, grouped=True),
    ),
}
"""Studies by name; the last runs all of the machinery on a random model."""


def run(chosen: Chosen) -> Path:
    """Run or resume; where the result lies.

    Raises:
        ValueError: on an unknown study, or without seeds.
    """
    return run_study(chosen, STUDIES, run_arm, module="sequences", more={"taught": taught_in})


def run_arm(study: Study, arm: Arm, *, seed: int, folder: Path, bars: Meter) -> list[dict[str, Any]]:
    """Teach one arm and evaluate it at every stage; rows as ``run_stages``.

    Raises:
        ValueError: as ``run_stages``.
    """
    return run_stages(
        study,
        arm,
        seed=seed,
        folder=folder,
        bars=bars,
        tokens=study.tokens_a_step * max(study.lengths),
        lessons=lambda codec: syllabus(study, arm, seed=seed, codec=codec),
        game=make_game(GAME, steps=study.practised, dependencies=study.dependencies),
        evaluate=_evaluate,
    )


def lessons(arm: Arm, *, seed: int) -> Iterator[Lesson]:
    """Endless single instructions of the training split, grown where the arm does; the same for all arms."""
    allowed = allowed_in("train")
    number = 0
    while True:
        # One generator for the instruction and one for its growth, so that all arms begin with the same instructions.
        first, growth = (np.random.default_rng([seed, kind, number]) for kind in range(2))
        single = draw(first, length=1, dependencies=("independent", "nested"))
        yield grow(growth, single, rounds=int(growth.integers(arm.rounds + 1)), allowed=allowed)
        number += 1


def syllabus(study: Study, arm: Arm, *, seed: int, codec: Codec) -> list[Episode]:
    """The arm's lessons, as many as its budget of tokens has room for."""
    first = next(iter(study.arms.values()))
    budget = study.tokens
    if arm.counted == "replies":
        budget = sum(tokens_of(episode, codec)["replies"] for episode in syllabus(study, first, seed=seed, codec=codec))
    found: list[Episode] = []
    for number, lesson in enumerate(lessons(arm, seed=seed)):
        episode = _taught_by(lesson, number)
        budget -= tokens_of(episode, codec)[arm.counted]
        if budget < 0:
            return found
        found.append(episode)
    raise AssertionError("lessons are endless")


def _taught_by(lesson: Lesson, number: int) -> Episode:
    """A lesson as a finished game of one turn, as ``selftaught grow`` writes it."""
    *asked, said = lesson.messages(RULES.format(form=FORMS["reply"]))
    turn = Turn(Ask(WORKER, tuple(asked)), Reply(said.content), "lesson")
    name = f"lesson-{number}"
    return Episode(name, GAME, Task(name, {}), name, (turn,), Outcome("done", {WORKER: 1.0}), {})


def _evaluate(study: Study, agent: LocalAgent, *, stage: str, path: Path) -> None:
    """The likeliest replies to held-out chains, unless that was done before: one row a split and length."""
    if path.exists():
        return
    rows = []
    for split in (study.split, *study.apart):
        for length in study.lengths:
            if split == "pairs" and length == 1:  # two operations are two steps
                continue
            game = make_game(GAME, steps=(length, length), dependencies=study.dependencies)
            limit = replace(agent.sampling, max_new_tokens=study.tokens_a_step * length, temperature=0.0)
            greedy = agent.sibling(name=stage, adapter="default", sampling=limit)
            episodes = rollout(game, islice(game.tasks(split, 0), study.held_out), {WORKER: greedy}, seed=0)
            figures = seat_figures(WORKER, episodes, measures=(*entry(GAME).measures, "right_on_right"))
            measured = {name: asdict(figure) for name, figure in figures.items()}
            rows.append({"stage": stage, "split": split, "length": length, **measured})
    with aside(path) as file:
        file.write(json.dumps(rows).encode())


if __name__ == "__main__":
    print(run(tyro.cli(Chosen, default=Chosen("sequence"))))
