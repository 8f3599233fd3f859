"""Run a recipe of ``selftaught.benchmarks.recipes``: its stages one after the other on one adapter, each resumable.

A folder of training has a subfolder for every stage, which is an ordinary run folder, then ``adapter`` and, last of
all, ``trained.json`` with what it cost: where that is, the training is done.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from selftaught.agents.local import LocalAgent, with_lora
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_models import load
from selftaught.agents.scripted import Scripted
from selftaught.algorithms.dpo import Dpo
from selftaught.algorithms.grpo import Grpo
from selftaught.algorithms.imitation import Imitation
from selftaught.algorithms.learner import Algorithm
from selftaught.algorithms.ppo import Ppo
from selftaught.algorithms.spag import Spag
from selftaught.algorithms.train import Loop, train
from selftaught.benchmarks import hardware_learning, self_rewarding, sequences, studying
from selftaught.benchmarks.cost import Cost, Label, metered, noted, of_data, of_training
from selftaught.benchmarks.recipes import ADAPTER, SELF, TRAINED, Cap, Judged, Played, Recipe, Stage, Studied, Taught
from selftaught.benchmarks.recipes import Algorithm as Name
from selftaught.benchmarks.self_rewarding_studies import STUDIES as JUDGED
from selftaught.benchmarks.self_rewarding_studies import Arm as JudgedArm
from selftaught.benchmarks.studies import POLICY, imitate, learner_from_here, of_chats, resumed, teach
from selftaught.benchmarks.study import Course, Method, ask, learn
from selftaught.benchmarks.suite import ITEMS
from selftaught.envs.registry import entry, make_game, player
from selftaught.envs.self_reward.state import JUDGE, META_JUDGE
from selftaught.envs.self_study.corpus import corpus
from selftaught.progress import Meter
from selftaught.rollout import rollout
from selftaught.store import aside
from selftaught.types import Agent, Codec, Episode, Seat


def train_policy(
    recipe: Recipe, *, model: str, start: Path | None, cap: Cap, seed: int, folder: Path, bars: Meter
) -> Path:
    """Train or go on training; the folder of the adapter. ``start`` is an adapter to begin from; None: a fresh one."""
    if (folder / TRAINED).exists():
        return folder / ADAPTER
    stages = [cap.of(stage) for stage in recipe.stages]
    with metered(folder):
        agent = _learner(recipe, model=model, start=start, seed=seed)
        for place, stage in enumerate(stages):
            here, played = folder / f"{place}-{_name(stage)}", sum(_tasks(one, recipe) for one in stages[:place])
            _run(stage, recipe, agent, model=model, seed=seed, played=played, folder=here, bars=bars)
        hidden = folder / f".{ADAPTER}"
        shutil.rmtree(hidden, ignore_errors=True)
        agent.save(hidden)
        shutil.rmtree(folder / ADAPTER, ignore_errors=True)
        hidden.rename(folder / ADAPTER)
    spent = noted(folder)
    for place, stage in enumerate(stages):
        here = folder / f"{place}-{_name(stage)}"
        learners = stage.learners if isinstance(stage, Played) else ()
        spent += of_training(here, labels=_labels(stage), judges=(JUDGE, META_JUDGE), learners=learners)
    with aside(folder / TRAINED) as file:
        file.write((json.dumps({"cost": spent.as_data()}, indent=1) + "\n").encode())
    return folder / ADAPTER


def cost_of(folder: Path) -> Cost:
    """What a finished training cost."""
    return of_data(json.loads((folder / TRAINED).read_text())["cost"])


def metrics_of(folder: Path) -> list[dict[str, Any]]:
    """The figures of all stages as they came one after the other, their steps counted through."""
    found: list[dict[str, Any]] = []
    for path in sorted(folder.rglob("metrics.jsonl"), key=partial(_order, folder)):
        first = len(found)
        found += [{**json.loads(line), "step": first + place} for place, line in enumerate(path.open(), 1)]
    return found


def _order(folder: Path, path: Path) -> tuple[int, float]:
    """When a file of a training came: by its stage, and within one by its time."""
    stage = path.relative_to(folder).parts[0].partition("-")[0]
    return int(stage) if stage.isdigit() else 0, path.stat().st_mtime


def _learner(recipe: Recipe, *, model: str, start: Path | None, seed: int) -> LocalAgent:
    rank, alpha = recipe.rank, 2 * recipe.rank
    if start is not None:
        told = json.loads((start / "adapter_config.json").read_text(encoding="utf-8"))
        rank, alpha = told["r"], told["lora_alpha"]
    loaded = with_lora(load(model), rank=rank, alpha=alpha, seed=seed)
    agent = LocalAgent(loaded, name=POLICY, sampling=Sampling(max_new_tokens=recipe.tokens))
    if start is not None:
        agent.load(start)
    return agent


def _run(
    stage: Stage, recipe: Recipe, agent: LocalAgent, *, model: str, seed: int, played: int, folder: Path, bars: Meter
) -> None:
    """One stage, after stages that used up ``played`` tasks; a finished one only loads what it ended with."""
    match stage:
        case Played():
            _played(stage, recipe, agent, seed=seed, played=played, folder=folder, bars=bars)
        case Taught():
            told = cache(lambda: _lessons(stage, agent.codec, seed))
            teach(agent, told, learning=stage.learning, seed=seed, folder=folder, bars=bars)
        case Judged():
            _judged(stage, recipe, agent, model=model, seed=seed, folder=folder, bars=bars)
        case Studied():
            _studied(stage, agent, seed=seed, folder=folder, bars=bars)


def _each(stage: Played, recipe: Recipe) -> int:
    """Tasks of each setting in a step."""
    return max(1, stage.games // stage.samples // len(recipe.settings))


def _tasks(stage: Stage, recipe: Recipe) -> int:
    """Tasks of each setting that a stage uses up."""
    return stage.steps * _each(stage, recipe) if isinstance(stage, Played) else 0


def _played(
    stage: Played, recipe: Recipe, agent: LocalAgent, *, seed: int, played: int, folder: Path, bars: Meter
) -> None:
    games = [make_game(recipe.game, **settings) for settings in recipe.settings]
    casts = [_cast(recipe.game, table, agent) for table in _tables(stage, recipe.game)]
    each = _each(stage, recipe)
    of = () if stage.tables else entry(recipe.game).teacher_names()

    def source(step: int, seed_: int) -> list[Episode]:
        advance = bars(f"{stage.algorithm} {step + 1}/{stage.steps}: play", each * stage.samples * len(games))
        found: list[Episode] = []
        for place, game in enumerate(games):
            first = played + step * each
            found += rollout(
                game,
                islice(game.tasks("train", seed), first, first + each),
                lambda index, first=first: casts[(first + index // stage.samples) % len(casts)],  # type: ignore[misc]
                seed=seed_ + place,
                samples=stage.samples,
                label=f"{step}/{place}/",
                progress=advance,
            )
        if stage.every_turn:
            found = [replace(episode, credits=(1.0,) * len(episode.turns)) for episode in found]
        return found

    train(
        folder=folder,
        agent=agent,
        algorithm=algorithm_of(stage.algorithm, kl=stage.kl, of=of, anchored=stage.anchored, scale=stage.scale),
        learner=learner_from_here(agent, stage.learning, critic=stage.algorithm == "ppo"),
        source=source,
        tracker=resumed(folder),
        loop=Loop(steps=stage.steps, seed=seed),
        meter=bars,
        agents=() if stage.algorithm == "imitation" else (POLICY,),
        seats=(*stage.learners, *stage.anchored) if stage.learners else (),
    )


def _tables(stage: Played, game: str) -> list[Mapping[Seat, str]]:
    if stage.tables:
        return list(stage.tables)
    known = entry(game)
    return known.lessons() if stage.algorithm == "imitation" else [dict.fromkeys(known.players, SELF)]


def _cast(game: str, table: Mapping[Seat, str], agent: LocalAgent) -> dict[Seat, Agent]:
    return {seat: agent if name == SELF else Scripted(name, player(game, seat, name)) for seat, name in table.items()}


def algorithm_of(
    name: Name,
    *,
    kl: float | None = None,
    of: Sequence[str] = (),
    anchored: Sequence[Seat] = (),
    scale: bool = True,
    rewards: Literal["winner", "signed"] = "winner",
) -> Algorithm:
    """An algorithm by its name.

    Args:
        name: which one.
        kl: pull to the reference (beta of DPO); the algorithm's own if None.
        of: for imitation: agents whose wins are learned from, everybody's if empty.
        anchored: for GRPO: seats that are only held near the base model.
        scale: for GRPO: whether advantages are divided by the spread of their group.
        rewards: for SPAG: winners' turns alone, or both seats with a running baseline.
    """
    pull: dict[str, Any] = {} if kl is None else {"kl": kl}
    match name:
        case "imitation":
            return Imitation(of=tuple(of), **pull)
        case "grpo":
            return Grpo(anchored=tuple(anchored), scale=scale, **pull)
        case "ppo":
            return Ppo(**pull)
        case "dpo":
            return Dpo() if kl is None else Dpo(beta=kl)
        case "spag":
            # Signed rewards give every turn the whole advantage, as in SPIRAL; winners' rewards decay as in SPAG.
            return Spag(rewards="signed", decay=1.0, **pull) if rewards == "signed" else Spag(**pull)


def _lessons(stage: Taught, codec: Codec, seed: int) -> list[Episode]:
    if stage.source == "hardware":
        rows = replace(hardware_learning.STUDIES["hardware"], tokens=stage.tokens)
        return of_chats(hardware_learning.syllabus(rows, rows.arms[hardware_learning.MIXED], seed=seed, codec=codec))
    grown = replace(sequences.STUDIES["sequence"], tokens=stage.tokens)
    return sequences.syllabus(grown, grown.arms[sequences.GROWN], seed=seed, codec=codec)


def _judged(
    stage: Judged, recipe: Recipe, agent: LocalAgent, *, model: str, seed: int, folder: Path, bars: Meter
) -> None:
    # The audit of every round is for people: a few instructions say whether the run goes well.
    study = replace(JUDGED[stage.study], model=model, rank=recipe.rank, held_out=8)
    study = replace(study, rounds=stage.rounds, tasks=stage.tasks, taught=stage.taught)
    sampling = replace(agent.sampling, max_new_tokens=study.answer_tokens)
    actor = agent.sibling(name=POLICY, adapter="default", sampling=sampling)
    self_rewarding.run_arm(study, JudgedArm(), seed=seed, folder=folder, bars=bars, agent=actor)


def _studied(stage: Studied, agent: LocalAgent, *, seed: int, folder: Path, bars: Meter) -> None:
    item, game = ITEMS[stage.item], studying.STUDIES["self-study-smollm2"].game
    if stage.taught:
        chats = list(corpus(np.random.default_rng(seed), count=stage.taught))
        learning, here = stage.learning, folder / "taught"
        imitate(agent, lambda *_: of_chats(chats), learning=learning, seed=seed, folder=here, bars=bars)
    cast: dict[Seat, Agent] = dict.fromkeys(game.seats, agent)
    asked = ask(cast, game, item.drawn(), seed=seed, folder=folder / "asked", bars=bars)
    learn(agent, Method(), Course(game, stage.tokens, stage.learning), asked, seed=seed, folder=folder, bars=bars)


def _name(stage: Stage) -> str:
    return stage.algorithm if isinstance(stage, Played) else type(stage).__name__.lower()


def _labels(stage: Stage) -> Mapping[str, Label]:
    """What kind of labels the runs in a stage's folder made for themselves."""
    match stage:
        case Played("imitation"):
            return {"": "rows"}
        case Played("dpo"):
            return {"": "pairs"}
        case Played():
            return {"": "rewards"}
        case Taught():
            return {"": "rows"}
        case Judged():
            return {"taught": "rows", "": "judgements"}
        case Studied():
            return {"taught": "rows", "told": "rows", "preferred": "pairs"}
