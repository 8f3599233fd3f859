"""Learning to plan from rewards alone: PPO and GRPO on ``graph_plan`` with the pocket model, from its imitation start.

``python -m selftaught.benchmarks.planning`` trains every arm of a study with every seed, in
``runs/<study>/<arm>/seed-<n>``, and resumes what is there; then it writes ``benchmarks/results/<study>.json`` with the
certified success on held-out plans over the steps, the same on the hard split, the shortcuts on the same plans, and the
training figures. Settings are chosen on the validation split.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from itertools import islice, product
from pathlib import Path
from typing import Any, Literal

import tyro

from selftaught.agents.local import LocalAgent
from selftaught.agents.scripted import Scripted
from selftaught.algorithms.grpo import Grpo
from selftaught.algorithms.learner import Algorithm, Learner
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.ppo import Ppo
from selftaught.algorithms.train import Loop, train
from selftaught.benchmarks.evaluation import seat_figures
from selftaught.benchmarks.studies import Chosen, imitate, policy_of, resumed, run_of, run_study, training_rows
from selftaught.envs.graph_plan.corpus import CROWD
from selftaught.envs.graph_plan.encodings import ENCODINGS
from selftaught.envs.registry import entry, make_game
from selftaught.progress import Meter
from selftaught.rollout import rollout
from selftaught.types import Episode, Game, Task

SEAT, GAME = "planner", "graph_plan"
IMITATION = "imitation"
RAW = -1
"""The step of a model that was not even taught by imitation."""
KEPT = (
    "sampled/entropy",
    "learn/kl_sampled",
    "learn/kl",
    "learn/clipped",
    "learn/value_error",
    "reward/planner",
    "time/play_seconds",
    "time/learn_seconds",
)
"""Training figures that are published."""


Told = str | tuple[str, ...]
"""An encoding, or several to draw from."""


@dataclass(frozen=True)
class Arm:
    """One way to train. ``stages`` are encodings (or several, mixed) with the steps for each, in order."""

    algorithm: Literal["grpo", "ppo"] = "grpo"
    stages: tuple[tuple[Told, int], ...] = (("english", 24),)
    samples: int = 4
    games: int = 256
    """A step; half of the plans of each band."""
    kl: float = 0.03
    """Pull to the model without adapter, in the loss."""
    imitated: int = 0
    """Games of the crowd that are imitated before the first step, in the first stage's encoding."""
    learning: Optimisation = field(
        default_factory=lambda: Optimisation(learning_rate=1e-3, batch=32, tokens=8192, grouped=True)
    )

    @property
    def steps(self) -> int:
        """All steps."""
        return sum(steps for _, steps in self.stages)

    def made(self) -> Algorithm:
        """The algorithm."""
        return Grpo(kl=self.kl) if self.algorithm == "grpo" else Ppo(kl=self.kl, kl_in="loss")

    def encoding(self, step: int) -> Told:
        """What is trained on in a step."""
        for encoding, steps in self.stages:
            if step < steps:
                return encoding
            step -= steps
        raise IndexError(f"no stage {step} steps past the end")


@dataclass(frozen=True)
class Study:
    """Arms that are compared on the same held-out plans."""

    arms: Mapping[str, Arm]
    model: str = "pocket-plan"
    rank: int = 16
    bands: tuple[int, ...] = (1, 2)
    most: int = 9
    """Largest number in a plan."""
    partly: float = 0.0
    """What a plan that can be carried out and is not proved the shortest is paid, in training."""
    evaluated: tuple[str, ...] = ("english",)
    """Encodings of the held-out plans."""
    every: int = 6
    """Steps between evaluations."""
    held_out: int = 400
    """Plans of each band."""
    hard: int = 100
    """Plans on which every shortcut fails."""
    split: str = "test"
    max_new_tokens: int = 120
    threads: int = 1
    imitation: Optimisation = field(default_factory=lambda: Optimisation(learning_rate=1e-3, batch=8, tokens=8192))


GRAPH, ENGLISH = "edges", "english"
STUDIES: Mapping[str, Study] = {
    "planning": Study(
        {"grpo": Arm("grpo", ((GRAPH, 32),)), "ppo": Arm("ppo", ((GRAPH, 32),))}, evaluated=(GRAPH,), every=8
    ),
    "graph-first": Study(
        {
            "graph first": Arm(stages=((GRAPH, 8), (ENGLISH, 8))),
            "English first": Arm(stages=((ENGLISH, 8), (GRAPH, 8))),
        },
        every=8,
    ),
    "planning-smollm2": Study(
        # Few of its plans can be carried out at first, and hardly any are the shortest: those alone would be no signal.
        {
            "grpo": Arm(
                stages=((GRAPH, 24),),
                samples=8,
                games=64,
                kl=0.0,
                imitated=1024,
                learning=Optimisation(learning_rate=1e-4, batch=32, tokens=8192, grouped=True),
            )
        },
        model="smollm2-135m",
        bands=(1,),
        partly=0.3,
        evaluated=(GRAPH,),
        every=24,
        held_out=100,
        max_new_tokens=160,
        threads=2,
    ),
    "encodings": Study(
        {"all, mixed": Arm(stages=((ENCODINGS, 16),))}, evaluated=ENCODINGS, every=16, held_out=60, hard=30
    ),
    "fake": Study(
        {"grpo": Arm(stages=(("edges", 2),), games=8, imitated=8, learning=Optimisation(batch=8, grouped=True))},
        model="fake",
        rank=2,
        every=1,
        held_out=2,
        hard=2,
        max_new_tokens=4,
    ),
}
"""Studies by name; ``fake`` runs all of the machinery on a random model."""


def run(chosen: Chosen) -> Path:
    """Run or resume; where the result lies.

    Raises:
        ValueError: on an unknown study, or without seeds.
    """
    return run_study(chosen, STUDIES, run_arm, module="planning", more={"training": partial(training_rows, kept=KEPT)})


def run_arm(study: Study, arm: Arm, *, seed: int, folder: Path, bars: Meter) -> list[dict[str, Any]]:
    """Train one arm and evaluate it on the way; rows of all evaluations, those of earlier calls included.

    Raises:
        ValueError: if the folder holds a run with other settings.
    """
    with run_of(study, arm, seed=seed, folder=folder):
        _run_arm(study, arm, seed=seed, folder=folder, bars=bars)
    paths = sorted((folder / "evaluations").glob("*.json"))
    return [row for path in paths for row in json.loads(path.read_text())]


def _run_arm(study: Study, arm: Arm, *, seed: int, folder: Path, bars: Meter) -> None:
    agent = policy_of(study, seed=seed, tokens=study.max_new_tokens)
    learner = Learner(agent.model, arm.learning, critic=arm.algorithm == "ppo")
    held = cache(partial(_held_out, study))

    def source(step: int, seed_: int) -> list[Episode]:
        found: list[Episode] = []
        each = arm.games // arm.samples // len(study.bands)
        for band in study.bands:
            game = _game(study, band=band, encoding=arm.encoding(step), partly=study.partly)
            tasks = islice(game.tasks("train", seed), arm.imitated + step * each, arm.imitated + (step + 1) * each)
            label = f"{step}/{band}/"
            found += rollout(game, tasks, {SEAT: agent}, seed=seed_ + band, samples=arm.samples, label=label)
        return found

    def evaluate(step: int) -> dict[str, float]:
        if step % study.every and step != arm.steps:
            return {}
        # Sampled as in training; where it begins and ends, the likeliest reply as well.
        temperatures = (1.0, 0.0) if step in (0, arm.steps) else (1.0,)
        _evaluate(held(), agent, step=step, temperatures=temperatures, folder=folder)
        return {}

    if arm.imitated:
        if not (folder / IMITATION).exists():
            _evaluate(held(), agent, step=RAW, temperatures=(1.0, 0.0), folder=folder)
        _imitate(study, arm, agent, seed=seed, folder=folder / IMITATION, bars=bars)
    if not (folder / "evaluations" / "step-000000.json").exists():
        evaluate(0)
    train(
        folder=folder,
        agent=agent,
        algorithm=arm.made(),
        learner=learner,
        source=source,
        tracker=resumed(folder),
        loop=Loop(steps=arm.steps, seed=seed),
        meter=bars,
        evaluate=evaluate,
    )


def _imitate(study: Study, arm: Arm, agent: LocalAgent, *, seed: int, folder: Path, bars: Meter) -> None:
    """Learn from the crowd's games, good and bad alike, in one pass."""
    crowd = [Scripted(f"crowd-{place}", player) for place, player in enumerate(CROWD)]

    def source(step: int, seed_: int) -> list[Episode]:
        found: list[Episode] = []
        for band in study.bands:
            game = _game(study, band=band, encoding=arm.encoding(0))
            tasks = islice(game.tasks("train", seed), arm.imitated // len(study.bands))
            found += rollout(game, tasks, lambda index: {SEAT: crowd[index % len(crowd)]}, seed=seed_ + band)
        return found

    imitate(agent, source, learning=study.imitation, seed=seed, folder=folder, bars=bars)


def _game(study: Study, *, band: int, encoding: Told, **settings: float) -> Game[Any]:
    return make_game(GAME, band=band, encoding=encoding, knobs={"most": study.most}, **settings)


def _held_out(study: Study) -> list[tuple[Mapping[str, Any], Game[Any], Sequence[Task]]]:
    """What is evaluated on: band, split and encoding, the game, its plans; those of the first band are never hard."""
    kinds = [(band, split) for band in study.bands for split in (study.split, "hard") if split != "hard" or band > 1]
    found: list[tuple[Mapping[str, Any], Game[Any], Sequence[Task]]] = []
    for (band, split), encoding in product(kinds, study.evaluated):
        game = _game(study, band=band, encoding=encoding)
        tasks = list(islice(game.tasks(split, 0), study.hard if split == "hard" else study.held_out))
        found.append(({"band": band, "split": split, "encoding": encoding}, game, tasks))
    return found


def _evaluate(
    held: Sequence[tuple[Mapping[str, Any], Game[Any], Sequence[Task]]],
    agent: LocalAgent,
    *,
    step: int,
    temperatures: Sequence[float],
    folder: Path,
) -> None:
    """Replies on held-out plans: one row a band, split, encoding and temperature, written to the folder."""
    rows = []
    for kind, game, tasks in held:
        for temperature in temperatures:
            sampling = replace(agent.sampling, temperature=temperature)
            speaker = agent.sibling(name=f"at {temperature}", adapter="default", sampling=sampling)
            episodes = rollout(game, tasks, {SEAT: speaker}, seed=0)
            figures = seat_figures(SEAT, episodes, measures=entry(GAME).measures)
            measured = {name: asdict(figure) for name, figure in figures.items()}
            rows.append({"step": step, **kind, "temperature": temperature, **measured})
    path = folder / "evaluations" / ("raw.json" if step == RAW else f"step-{step:06d}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows))


if __name__ == "__main__":
    print(run(tyro.cli(Chosen, default=Chosen("planning"))))
