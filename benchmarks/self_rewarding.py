"""Self-rewarding rounds with an audit at every one: how good must a judge be, and does the alarm ring when it is not?

``python -m selftaught.benchmarks.self_rewarding`` trains every arm of a study with every seed, in
``runs/<study>/<arm>/seed-<n>``, and resumes what is there; then it writes ``benchmarks/results/<study>.json`` with the
audit of every round on the same held-out instructions. The audit and the alarm are for people: what learns sees the
judge's points alone. Settings are chosen on the validation split.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import tyro

from selftaught.agents.local import LocalAgent, load_adapter, with_lora
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_models import load, use_threads
from selftaught.agents.scripted import Scripted
from selftaught.algorithms.dpo import Dpo
from selftaught.algorithms.gap_alarm import reading
from selftaught.algorithms.imitation import Imitation
from selftaught.algorithms.learner import Learner
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.self_rewarding import AGAIN, ANCHOR, LEARNED_FROM, POLICY, Rounds
from selftaught.algorithms.train import Loop, train
from selftaught.benchmarks.audit import audited
from selftaught.benchmarks.record import RESULTS, record
from selftaught.envs.registry import player
from selftaught.envs.self_reward.game import SelfReward
from selftaught.envs.self_reward.players import flipping, oracle, reviewer, sloppy
from selftaught.envs.self_reward.proposals import settled
from selftaught.envs.self_reward.state import ACTOR, JUDGE, META_JUDGE
from selftaught.progress import Meter, meter
from selftaught.rollout import rollout
from selftaught.tracking import JsonlTracker
from selftaught.types import Agent, Episode, Seat, Tracker

SELF: Final = "self"
RAW: Final = -1
"""The round of a model that was not even taught by imitation."""


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


@dataclass(frozen=True)
class Study:
    """Loops that are compared on the same held-out instructions."""

    arms: Mapping[str, Arm]
    model: str = "pocket-judge"
    rank: int = 16
    rounds: int = 3
    tasks: int = 256
    """Instructions a round."""
    level: int = 2
    judgements: int | None = None
    """Of every candidate, if not the recipe's own."""
    adversaries: float = 0.25
    """In evaluations, chance of each kind of them."""
    taught: int = 0
    """Chats of scripted players that are imitated before the first round."""
    held_out: int = 200
    split: str = "test"
    answer_tokens: int = 40
    judge_tokens: int = 60
    threads: int = 1
    imitation: Optimisation = field(default_factory=lambda: Optimisation(learning_rate=5e-4, batch=16, tokens=8192))
    learning: Optimisation = field(
        default_factory=lambda: Optimisation(learning_rate=3e-4, batch=32, tokens=8192, epochs=1)
    )

    def recipe(self, arm: Arm) -> Recipe:
        """The arm's, at the study's level."""
        found = RECIPES[arm.recipe]
        game = replace(found.game, level=self.level, judgements=self.judgements or found.game.judgements)
        return replace(found, game=game)


RATES: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
STUDIES: Mapping[str, Study] = {
    "self-reward-phases": Study(
        {f"flipped {rate:.0%}": Arm(rate) for rate in RATES}, rounds=6, judgements=1, adversaries=0.0
    ),
    "self-reward-judges": Study(
        {
            **{judge: Arm(judge) for judge in ("oracle", "random", "length", "gullible", "constant")},
            "self": Arm(),
            "self, robust": Arm(recipe="robust"),
        },
        rounds=6,
    ),
    "self-reward-smollm2": Study(
        {"self": Arm(), "random": Arm("random")},
        model="smollm2-135m",
        tasks=96,
        level=1,
        taught=2048,
        held_out=100,
        threads=2,
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


@dataclass(frozen=True)
class SelfRewarding:
    """Train all arms of a study with all seeds and publish them as one result."""

    study: str = "self-reward-phases"
    """One of the studies."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """One run an arm each."""
    split: str | None = None
    """Of the held-out instructions, if not the study's own: settings are chosen on validation."""
    folder: Path = Path("runs")
    """Where the run folders go."""
    results: Path = RESULTS
    """Where the result goes."""


def run(config: SelfRewarding) -> Path:
    """Run or resume; where the result lies.

    Raises:
        ValueError: on an unknown study, or without seeds.
    """
    if config.study not in STUDIES or not config.seeds:
        raise ValueError(f"need a study out of {sorted(STUDIES)} and at least one seed, not {config}")
    study = replace(STUDIES[config.study], split=config.split or STUDIES[config.study].split)
    rows: list[dict[str, Any]] = []
    seconds: dict[str, float] = {}
    for seed in config.seeds:
        for name, arm in study.arms.items():
            folder = config.folder / config.study / name.replace(" ", "-").replace("%", "") / f"seed-{seed}"
            with meter() as bars:
                found = run_arm(study, arm, seed=seed, folder=folder, bars=bars)
            rows += [{"arm": name, "seed": seed, **row} for row in found]
            seconds[f"{name}, seed {seed}"] = sum(json.loads((folder / "seconds.json").read_text()))
    arguments = f"--study {config.study} --seeds {' '.join(map(str, config.seeds))}"
    if config.split is not None:
        arguments += f" --split {config.split}"
    return record(
        config.study,
        command=f"python -m selftaught.benchmarks.self_rewarding {arguments}",
        seeds=config.seeds,
        values={"study": asdict(study), "wall_seconds": seconds, "rows": rows},
        folder=config.results,
    )


def run_arm(
    study: Study, arm: Arm, *, seed: int, folder: Path, bars: Meter, tracker: Tracker | None = None
) -> list[dict[str, Any]]:
    """Run or resume one loop; a row a round, those of earlier calls included.

    ``tracker`` gets the figures of training and the audit (``audit/...``); a ``metrics.jsonl`` in the folder if None.
    """
    if study.threads:
        use_threads(study.threads)
    clock, recipe = perf_counter(), study.recipe(arm)
    loaded = with_lora(load(study.model), rank=study.rank, alpha=2 * study.rank, seed=seed)
    sampling = Sampling(max_new_tokens=study.answer_tokens)
    agent = LocalAgent(loaded, name=POLICY, sampling=sampling, batch=128, cache_gigabytes=6)
    judging = replace(sampling, max_new_tokens=study.judge_tokens)
    judges = dict.fromkeys((JUDGE, META_JUDGE), agent.sibling(name=POLICY, adapter="default", sampling=judging))
    cast: Mapping[Seat, Agent] = {ACTOR: agent, **(judges if arm.judge == SELF else _scripted(arm))}

    evaluate = partial(_evaluate, study, recipe, cast, folder)
    if study.taught:
        if not (folder / "taught").exists():
            evaluate(RAW)
        _teach(study, recipe, agent, seed=seed, folder=folder / "taught", bars=bars)
    start = folder / "start"
    if not start.exists():
        _save_start(agent, start)
    evaluate(0)
    rounds = Rounds(
        recipe.game,
        replace(recipe.game, propose=False, review=False),
        settled,
        cast,
        tasks=study.tasks,
        seed=seed,
        anchor=_snapshot(agent, start, name=ANCHOR, sampling=sampling) if recipe.dpo.anchor else None,
        progress=lambda step, games: bars(f"round {step + 1}/{study.rounds}: play", games),
    )
    if recipe.dpo.second and arm.judge == SELF:
        rounds.former = _former(agent, folder, start, judging)
    train(
        folder=folder,
        agent=agent,
        algorithm=recipe.dpo,
        learner=Learner(agent.model, study.learning),
        source=rounds,
        tracker=tracker or JsonlTracker(folder),
        # All rounds are kept: M1, M2, M3 are what comes out.
        loop=Loop(steps=study.rounds, seed=seed, keep=study.rounds),
        meter=bars,
        evaluate=evaluate,
        agents=LEARNED_FROM,
        seats=recipe.learners,
    )
    _add_seconds(folder, perf_counter() - clock)
    return _rows(folder)


def _evaluate(study: Study, recipe: Recipe, cast: Mapping[Seat, Agent], folder: Path, round_: int) -> dict[str, float]:
    """Audit a round on the held-out instructions, if that was not done before; figures for who follows the run."""
    path = folder / "evaluations" / ("raw.json" if round_ == RAW else f"round-{round_:02d}.json")
    if not path.exists():
        game = replace(recipe.game, review=False, adversaries=study.adversaries)
        tasks = list(islice(game.tasks(study.split, 0), study.held_out))
        episodes = rollout(game, tasks, cast, seed=0, label=f"round {round_}/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"round": round_, **audited(episodes)}))
    return _tracked(folder, round_)


def _scripted(arm: Arm) -> Mapping[Seat, Agent]:
    """A judge from outside, and a meta-judge beside it."""
    name = str(arm.judge)
    judge = partial(flipping, rate=arm.judge) if isinstance(arm.judge, float) else player("self_reward", JUDGE, name)
    return {JUDGE: Scripted(name, judge), META_JUDGE: Scripted("reviewer", reviewer)}


def _teach(study: Study, recipe: Recipe, agent: LocalAgent, *, seed: int, folder: Path, bars: Meter) -> None:
    """Imitate actors that are right half of the time and judges that are always (IFT and EFT, without people)."""
    actor, judge = Scripted("sloppy", sloppy), Scripted("oracle", oracle)
    game = replace(recipe.game, candidates=1, judgements=1, review=False)

    def source(step: int, seed_: int) -> list[Episode]:
        tasks = islice(game.tasks("train", seed + 1000), study.taught // 2)
        found = rollout(game, tasks, {ACTOR: actor, JUDGE: judge}, seed=seed_)
        # Every turn is worth learning, whatever it was paid: what is right is for the rounds to find out.
        return [replace(episode, credits=(1.0,) * len(episode.turns)) for episode in found]

    train(
        folder=folder,
        agent=agent,
        algorithm=Imitation(kl=0.0),
        learner=Learner(agent.model, study.imitation),
        source=source,
        tracker=JsonlTracker(folder),
        loop=Loop(steps=1, seed=seed),
        meter=bars,
    )


def _save_start(agent: LocalAgent, folder: Path) -> None:
    aside = folder.with_name(f".{folder.name}")
    shutil.rmtree(aside, ignore_errors=True)
    agent.save(aside)
    aside.rename(folder)


def _snapshot(agent: LocalAgent, folder: Path, *, name: str, sampling: Sampling) -> LocalAgent:
    """The model as it was saved in ``folder``."""
    load_adapter(agent.model, folder, name=name)
    return agent.sibling(name=name, adapter=name, sampling=sampling)


def _former(agent: LocalAgent, folder: Path, start: Path, sampling: Sampling) -> Callable[[int], Agent | None]:
    """The judge of the round before."""

    def found(step: int) -> Agent | None:
        if step == 0:
            return None
        saved = start if step == 1 else folder / "checkpoints" / f"step-{step - 1:06d}" / "adapter"
        return _snapshot(agent, saved, name="former", sampling=sampling)

    return found


def _tracked(folder: Path, round_: int) -> dict[str, float]:
    """The audit of a round for people who follow a run."""
    if round_ < 1:
        return {}
    row = next(row for row in _rows(folder) if row["round"] == round_)
    found = {f"audit/{name}": figure["mean"] for name, figure in row["figures"].items()}
    found |= {f"audit/pooled_{name}": value for name, value in row["pooled"].items()}
    if "alarm" in row:
        found |= {f"alarm/{name}": float(value) for name, value in row["alarm"].items()}
    return found


def _rows(folder: Path) -> list[dict[str, Any]]:
    """A row a round, with what the alarm reads of it against the first."""
    found = [json.loads(path.read_text()) for path in sorted((folder / "evaluations").glob("*.json"))]
    first = next(row for row in found if row["round"] == 0)
    rows = []
    for row in sorted(found, key=lambda row: row["round"]):
        columns = [(row_["points_by_task"], row_["right_by_task"]) for row_ in (first, row)]
        both = [
            (then, now, was, is_)
            for then, was, now, is_ in zip(*columns[0], *columns[1], strict=True)
            if then is not None and now is not None
        ]
        kept = {name: value for name, value in row.items() if not name.endswith("_by_task")}
        if row["round"] > 0 and len(both) > 1:
            then, now, was, is_ = zip(*both, strict=True)
            kept["alarm"] = asdict(reading((then, now), (was, is_)))
        rows.append(kept)
    return rows


def _add_seconds(folder: Path, seconds: float) -> None:
    path = folder / "seconds.json"
    past: Sequence[float] = json.loads(path.read_text()) if path.exists() else []
    path.write_text(json.dumps([*past, seconds]))


if __name__ == "__main__":
    print(run(tyro.cli(SelfRewarding)))
