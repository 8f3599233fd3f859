"""From a raw model to imitation of scripted players to self-play, each stage measured on held-out tasks.

This one experiment serves ``selftaught demo``, the published learning curves and ``train --preset``. A stage that has
its evaluation on disk is not run again, so a killed experiment goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from selftaught.agents.local import LocalAgent, load_adapter, with_lora
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_models import load, use_threads
from selftaught.agents.scripted import Scripted
from selftaught.algorithms.imitation import Imitation
from selftaught.algorithms.learner import Algorithm, Learner
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.spag import Spag
from selftaught.algorithms.train import Loop, Source, train
from selftaught.benchmarks.evaluation import Opponents, evaluate
from selftaught.envs.registry import entry, make_game
from selftaught.progress import Meter, silent
from selftaught.rollout import rollout
from selftaught.store import write_shard
from selftaught.types import Agent, Episode, Game, Seat, Tracker

Rewards = Literal["winner", "signed"]


@dataclass(frozen=True)
class Plan:
    """All that fixes an experiment; the defaults are those of ``selftaught demo``."""

    game: str = "taboo"
    model: str = "smollm2-135m"
    seed: int = 0
    rank: int = 16
    imitation_rounds: int = 12
    imitation_games: int = 48
    """Scripted games a round; only their winners' turns are learned from."""
    imitation: Optimisation = field(default_factory=lambda: Optimisation(learning_rate=7e-4, batch=12, tokens=2560))
    imitation_kl: float = 0.1
    selfplay_rounds: int = 1
    selfplay_games: int = 128
    rewards: tuple[Rewards, ...] = ("winner",)
    selfplay: Optimisation = field(default_factory=lambda: Optimisation(learning_rate=2e-4, batch=16, tokens=2560))
    temperature: float = 1.0
    """Of self-play; evaluation is greedy unless ``evaluation_temperature`` says otherwise."""
    evaluation_temperature: float = 0.0
    evaluation_games: int = 102
    """In each seat, on tasks of ``evaluation_split``; settings are chosen on ``validation``, never on ``test``."""
    evaluation_split: str = "test"
    past_selves: bool = False
    """Also measure each round against the imitation model and the round before it."""
    max_new_tokens: int = 28
    batch: int = 64
    threads: int = 0
    """Of torch; 0 leaves them as they are. A small model is quicker on one, and two seeds fit on two cores."""


PRESETS: Mapping[str, Plan] = {
    "demo": Plan(),
    "cpu": Plan(selfplay_rounds=5, selfplay_games=160, past_selves=True),
    "pocket": Plan(
        model="pocket",
        rank=32,
        imitation_rounds=6,
        imitation_games=120,
        imitation=Optimisation(learning_rate=2e-3, batch=16, tokens=8192),
        selfplay_rounds=6,
        selfplay_games=256,
        selfplay=Optimisation(learning_rate=1.5e-4, batch=32, tokens=8192),
        rewards=("winner", "signed"),
        evaluation_games=94,
        past_selves=True,
        batch=128,
        threads=1,
    ),
    "fake": Plan(
        model="fake",
        rank=4,
        imitation_rounds=2,
        imitation_games=6,
        imitation=Optimisation(learning_rate=1e-3, batch=4),
        selfplay_games=4,
        selfplay=Optimisation(learning_rate=1e-3, batch=4),
        evaluation_games=4,
        max_new_tokens=8,
    ),
}
"""Plans by name: ``demo`` is short, ``cpu`` has more rounds of SmolLM2, ``pocket`` many rounds of a small model, and
``fake`` runs all the machinery on a random one in seconds."""

Track = Callable[[Path], AbstractContextManager[Tracker]]
"""Opens the tracker of one stage's folder; every stage counts its steps from 1."""


@dataclass
class Experiment:
    """A plan under way in a folder."""

    plan: Plan
    folder: Path
    track: Track
    meter: Meter = silent

    def __post_init__(self) -> None:
        if self.plan.threads:
            use_threads(self.plan.threads)
        self.game: Game[Any] = make_game(self.plan.game)
        loaded = with_lora(load(self.plan.model), rank=self.plan.rank, alpha=2 * self.plan.rank, seed=self.plan.seed)
        self.agent = LocalAgent(
            loaded,
            name="policy",
            sampling=Sampling(temperature=self.plan.temperature, max_new_tokens=self.plan.max_new_tokens),
            batch=self.plan.batch,
        )
        self.yardsticks = scripted(self.plan.game, entry(self.plan.game).yardsticks)

    def run(self) -> list[dict[str, Any]]:
        """All stages; the rows of all evaluations, each with its ``stage``."""
        rows = self._evaluate("base", "base", adapter=None)
        imitated = self._train("imitation", self._imitation(), self._lessons())
        rows += self._evaluate("imitation", "imitation")
        for rewards in self.plan.rewards:
            name = f"selfplay-{rewards}"
            past = {"imitation": imitated}
            for round_ in range(1, self.plan.selfplay_rounds + 1):
                stage = f"{name}-{round_}"
                if round_ == 1:
                    self.agent.load(imitated)
                spag = Spag(rewards=rewards) if rewards == "winner" else Spag(rewards=rewards, decay=1.0)
                here = self._train(name, spag, self._selfplay(), rounds=round_)
                rows += self._evaluate(stage, name)
                if self.plan.past_selves:
                    rows += self._against_past(stage, name, past)
                past = {"imitation": imitated, stage: here}
        self._log(rows)
        return rows

    def _train(self, name: str, algorithm: Algorithm, source: Source, *, rounds: int | None = None) -> Path:
        """Train up to ``rounds`` in ``folder/name``, going on from what is there; where its adapter lies."""
        imitating = name == "imitation"
        folder = self.folder / name
        kept = folder / "adapters" / f"round-{rounds or self.plan.imitation_rounds}"
        if not kept.exists():
            optimisation = self.plan.imitation if imitating else self.plan.selfplay
            with self.track(folder) as tracker:
                train(
                    folder=folder,
                    agent=self.agent,
                    algorithm=algorithm,
                    learner=Learner(self.agent.model, optimisation),
                    source=source,
                    tracker=tracker,
                    loop=Loop(steps=rounds or self.plan.imitation_rounds, seed=self.plan.seed),
                    meter=self.meter,
                )
            aside = kept.with_name(f".{kept.name}")
            self.agent.save(aside)
            aside.rename(kept)
        self.agent.load(kept)
        return kept

    def _imitation(self) -> Imitation:
        return Imitation(kl=self.plan.imitation_kl, of=entry(self.plan.game).teacher_names())

    def _lessons(self) -> Source:
        """Games of the teachers against the yardsticks on training tasks."""
        players = entry(self.plan.game).players
        tables = [
            {seat: Scripted(name, players[seat][name]) for seat, name in table.items()}
            for table in entry(self.plan.game).lessons()
        ]

        def source(step: int, seed: int) -> list[Episode]:
            count = self.plan.imitation_games
            tasks = islice(self.game.tasks("train", self.plan.seed), step * count, (step + 1) * count)
            return rollout(self.game, tasks, lambda index: tables[index % len(tables)], seed=seed)

        return source

    def _selfplay(self) -> Source:
        def source(step: int, seed: int) -> list[Episode]:
            count = self.plan.selfplay_games
            # Another order of the words than imitation saw.
            tasks = islice(self.game.tasks("train", self.plan.seed + 1), step * count, (step + 1) * count)
            cast = dict.fromkeys(self.game.seats, self.agent)
            return rollout(self.game, tasks, cast, seed=seed, progress=self.meter(f"self-play {step + 1}", count))

        return source

    def _evaluate(self, stage: str, series: str, *, adapter: str | None = "default") -> list[dict[str, Any]]:
        return self._measured(stage, series, self.yardsticks, adapter=adapter, games=self.plan.evaluation_games)

    def _against_past(self, stage: str, series: str, past: Mapping[str, Path]) -> list[dict[str, Any]]:
        rows = []
        for name, folder in past.items():
            load_adapter(self.agent.model, folder, name="past")
            other = self.agent.sibling(name=name, adapter="past", sampling=self._evaluation_sampling())
            opponents: Opponents = {seat: [other] for seat in self.game.seats}
            rows += self._measured(f"{stage}-against-{name}", series, opponents, games=self.plan.evaluation_games)
        return rows

    def _measured(
        self, stage: str, series: str, opponents: Opponents, *, games: int, adapter: str | None = "default"
    ) -> list[dict[str, Any]]:
        path = self.folder / "evaluations" / f"{stage}.json"
        if path.exists():
            return list(json.loads(path.read_text(encoding="utf-8")))
        policy = self.agent.sibling(name=stage, adapter=adapter, sampling=self._evaluation_sampling())
        advance = self.meter(f"evaluate {stage}", games * len(self.game.seats))
        clock = perf_counter()
        result = evaluate(
            self.game,
            policy,
            opponents,
            games=games,
            seed=self.plan.seed,
            split=self.plan.evaluation_split,
            progress=advance,
        )
        write_shard(path.with_suffix(".jsonl"), result.episodes)
        seconds = perf_counter() - clock
        shared = {"stage": stage, "series": series, "seed": self.plan.seed, "seconds": round(seconds, 1)}
        rows = [shared | row for row in result.as_data()]
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        temporary.replace(path)
        return rows

    def _log(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """One step an evaluation, in the order of the stages."""
        with self.track(self.folder / "evaluations") as tracker:
            for step, stage in enumerate(dict.fromkeys(row["stage"] for row in rows), start=1):
                figures = {
                    f"{row['series']}/{row['seat']}/{row['opponent']}/{name}": estimate["mean"]
                    for row in rows
                    if row["stage"] == stage
                    for name, estimate in row.items()
                    if isinstance(estimate, Mapping)
                }
                tracker.log(figures, step)

    def _evaluation_sampling(self) -> Sampling:
        return Sampling(temperature=self.plan.evaluation_temperature, max_new_tokens=self.plan.max_new_tokens)


def scripted(game: str, names: Mapping[Seat, Sequence[str]]) -> dict[Seat, list[Agent]]:
    """Registered players as agents, by seat."""
    players = entry(game).players
    return {seat: [Scripted(name, players[seat][name]) for name in chosen] for seat, chosen in names.items()}


def describe(plan: Plan) -> dict[str, Any]:
    """The plan as plain data."""
    return asdict(plan)
