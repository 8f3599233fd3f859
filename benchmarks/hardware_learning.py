"""What the data of ``hardware`` teach: all of its tasks, in stages or mixed, against completion alone; then by proof.

``python -m selftaught.benchmarks.hardware_learning`` teaches every arm of a study with every seed, in
``runs/<study>/<arm>/seed-<n>``, lets it learn to repair from what the prover pays, and resumes what is there; then it
writes ``benchmarks/results/<study>.json`` with what is proved right on held-out designs (``test``), and on families of
designs and kinds of faults that training never has (``hard``): likeliest replies by kind of problem, and of repairs
pass@k by kind of fault. Settings are chosen on the validation split.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import tyro

from selftaught.agents.local import LocalAgent
from selftaught.agents.scripted import Scripted
from selftaught.algorithms.optimisation import Optimisation
from selftaught.benchmarks.evaluation import pass_at, seat_figures
from selftaught.benchmarks.studies import (
    Chosen,
    of_chats,
    run_stages,
    run_study,
    shared_by,
    taught_in,
    tokens_of,
    training_rows,
)
from selftaught.envs.hardware.dataset import STAGES, Amounts, rows_of
from selftaught.envs.hardware.designs import draw
from selftaught.envs.hardware.game import ENGINEER, Hardware
from selftaught.envs.hardware.players import PLAYERS
from selftaught.envs.hardware.problems import Kind
from selftaught.progress import Meter
from selftaught.rollout import rollout
from selftaught.store import aside
from selftaught.summary import bootstrap
from selftaught.types import Agent, Codec, Episode

MEASURES: Final = ("success", "syntax", "gained")
KEPT: Final = ("reward/engineer", "metric/success", "metric/syntax", "learn/kl", "sampled/entropy")
"""Training figures that are published."""
BESIDE: Final = ("identity", "random_edit", "hint_fixer")
"""Scripted engineers on the same repairs."""


@dataclass(frozen=True)
class Arm:
    """One way to use the same designs."""

    stages: tuple[str, ...] = STAGES
    """Of rows, in the order of training."""
    mixed: bool = False
    """Whether the same rows are shuffled instead."""
    steps: int = 0
    """Of GRPO on repairs after teaching."""


@dataclass(frozen=True)
class Study:
    """Arms that are compared on the same held-out problems."""

    arms: Mapping[str, Arm]
    model: str = "pocket-hardware"
    rank: int = 64
    level: int = 0
    tokens: int = 1_300_000
    """Of an arm's rows, replies included."""
    amounts: Amounts = field(default_factory=lambda: Amounts(holes=1, repairs=6, lines=True))
    kinds: tuple[Kind, ...] = ("repair", "complete", "round_trip")
    """Of problems that are evaluated."""
    splits: tuple[str, ...] = ("test", "hard")
    held_out: int = 200
    """Problems of each kind and split."""
    samples: int = 8
    """Replies to each repair for pass@k, and in a group of GRPO."""
    games: int = 256
    """A step of GRPO."""
    kl: float = 0.01
    reply_tokens: int = 100
    threads: int = 1
    split: str = "test"
    """Of the designs that are held out; validation while settings are chosen, and then nothing is ``hard``."""
    teaching: Optimisation = field(
        default_factory=lambda: Optimisation(learning_rate=1e-3, batch=32, tokens=8192, precision="bfloat16")
    )
    learning: Optimisation = field(
        default_factory=lambda: Optimisation(learning_rate=1e-4, batch=32, tokens=8192, grouped=True)
    )

    def game(self, kind: Kind) -> Hardware:
        """Problems of a kind; repairs are told as in the rows."""
        return Hardware(kinds=(kind,), level=self.level, reply="lines" if self.amounts.lines else "module")


ALL, MIXED, COMPLETION = "all tasks", "all tasks, mixed", "completion alone"
STUDIES: Final[Mapping[str, Study]] = {
    "hardware": Study({ALL: Arm(steps=48), MIXED: Arm(mixed=True, steps=48), COMPLETION: Arm(STAGES[:1])}),
    "hardware-smollm2": Study(
        {ALL: Arm(steps=8), COMPLETION: Arm(STAGES[:1])},
        model="smollm2-135m",
        rank=16,
        tokens=200_000,
        held_out=40,
        samples=4,
        games=64,
        teaching=Optimisation(learning_rate=1e-3, batch=4, tokens=4096, precision="bfloat16"),
        learning=Optimisation(learning_rate=1e-4, batch=16, tokens=4096, grouped=True),
    ),
    "hardware-fake": Study(
        {ALL: Arm(steps=1), COMPLETION: Arm(STAGES[:1])},
        model="fake",
        rank=2,
        tokens=6000,
        held_out=3,
        samples=2,
        games=4,
        reply_tokens=4,
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
    more = {"taught": taught_in, "training": _training, "players": _beside}
    return run_study(chosen, STUDIES, run_arm, module="hardware_learning", more=more)


def run_arm(study: Study, arm: Arm, *, seed: int, folder: Path, bars: Meter) -> list[dict[str, Any]]:
    """Teach one arm and evaluate it at every stage, the scripted engineers beside; rows as ``run_stages``.

    Raises:
        ValueError: as ``run_stages``.
    """
    _evaluate_players(study, shared_by(study, folder) / "players.json")
    return run_stages(
        study,
        arm,
        seed=seed,
        folder=folder,
        bars=bars,
        tokens=study.reply_tokens,
        lessons=lambda codec: of_chats(syllabus(study, arm, seed=seed, codec=codec)),
        game=study.game("repair"),
        evaluate=_evaluate,
    )


def syllabus(study: Study, arm: Arm, *, seed: int, codec: Codec) -> list[Any]:
    """The arm's rows as chats, stage after stage or mixed, the same share of its tokens each."""
    left = dict.fromkeys(arm.stages, study.tokens / len(arm.stages))
    found: dict[str, list[Any]] = {stage: [] for stage in arm.stages}
    for row in rows(study, seed=seed):
        if left.get(row.stage, -1.0) >= 0:
            (lesson,) = of_chats([row.messages])
            left[row.stage] -= tokens_of(lesson, codec)["all"]
            if left[row.stage] >= 0:
                found[row.stage].append(row.messages)
        if max(left.values()) < 0:
            chats = [chat for stage in arm.stages for chat in found[stage]]
            order = np.random.default_rng(seed).permutation(len(chats)) if arm.mixed else range(len(chats))
            return [chats[place] for place in order]
    raise AssertionError("rows are endless")


def rows(study: Study, *, seed: int) -> Iterator[Any]:
    """The rows of endless drawn designs of the training split, those of one design after another."""
    number = 0
    while True:
        random = np.random.default_rng([seed, number])
        yield from rows_of(draw(random, level=study.level, split="train").text, random, study.amounts)
        number += 1


def _evaluate(study: Study, agent: LocalAgent, *, stage: str, path: Path) -> None:
    """The likeliest replies by split and kind, and several samples of repairs, unless that was done before."""
    if path.exists():
        return
    greedy = agent.sibling(name=stage, adapter="default", sampling=replace(agent.sampling, temperature=0.0))
    found = []
    for split in _splits(study):
        for kind in study.kinds:
            found.append({"stage": stage, "split": split, "kind": kind, **_figures(study, greedy, kind, split)})
        game = study.game("repair")
        tasks = islice(game.tasks(split, 0), study.held_out)
        sampled = rollout(game, tasks, {ENGINEER: agent}, seed=1, samples=study.samples)
        for fault, rates in _passed(sampled, study.samples).items():
            found.append({"stage": stage, "split": split, "kind": "repair", "fault": fault, **rates})
    with aside(path) as file:
        file.write(json.dumps(found).encode())


def _splits(study: Study) -> tuple[str, ...]:
    return study.splits if study.split == "test" else (study.split,)


def _figures(study: Study, agent: Agent, kind: Kind, split: str) -> dict[str, Any]:
    game = study.game(kind)
    episodes = rollout(game, islice(game.tasks(split, 0), study.held_out), {ENGINEER: agent}, seed=0)
    figures = seat_figures(ENGINEER, episodes, measures=MEASURES)
    return {name: asdict(figures[name]) for name in MEASURES}


def _passed(episodes: Sequence[Episode], samples: int) -> dict[str, dict[str, Any]]:
    """``pass@k`` of all repairs, and by kind of fault, with intervals over problems."""
    by_task = [episodes[start : start + samples] for start in range(0, len(episodes), samples)]
    by_fault: dict[str, list[int]] = defaultdict(list)
    for mine in by_task:
        solved = sum(episode.metrics["success"] == 1 for episode in mine)
        for fault in ("all", mine[0].task.sealed["fault"]):
            by_fault[fault].append(solved)
    return {
        fault: {
            f"pass@{k}": asdict(
                bootstrap([pass_at(k, samples, one) for one in solved], [str(place) for place in range(len(solved))])
            )
            for k in sorted({1, samples})
        }
        for fault, solved in by_fault.items()
    }


def _evaluate_players(study: Study, path: Path) -> None:
    """Scripted engineers on the same problems, unless that was done before."""
    if path.exists():
        return
    found = []
    for name in BESIDE:
        agent = Scripted(name, PLAYERS[ENGINEER][name])
        for split in _splits(study):
            for kind in study.kinds:
                found.append({"player": name, "split": split, "kind": kind, **_figures(study, agent, kind, split)})
    with aside(path) as file:
        file.write(json.dumps(found).encode())


def _beside(folder: Path) -> list[dict[str, Any]]:
    """The scripted players' rows."""
    found: list[dict[str, Any]] = json.loads((folder.parent.parent / "shared" / "players.json").read_text())
    return found


def _training(folder: Path) -> list[dict[str, Any]]:
    """The training figures of arms that learned from rewards."""
    return training_rows(folder, KEPT) if (folder / "metrics.jsonl").exists() else []


if __name__ == "__main__":
    print(run(tyro.cli(Chosen, default=Chosen("hardware"))))
