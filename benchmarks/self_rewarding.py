"""Self-rewarding rounds with an audit at every one: how good must a judge be, and does the alarm ring when it is not?

``python -m selftaught.benchmarks.self_rewarding`` trains every arm of a study with every seed, in
``runs/<study>/<arm>/seed-<n>``, and resumes what is there; then it writes ``benchmarks/results/<study>.json`` with the
audit of every round on the same held-out instructions. The audit and the alarm are for people: what learns sees the
judge's points alone. Settings are chosen on the validation split.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import tyro

from selftaught.agents.local import LocalAgent, load_adapter
from selftaught.agents.local_draw import Sampling
from selftaught.agents.scripted import Scripted
from selftaught.algorithms.gap_alarm import blind, reading
from selftaught.algorithms.learner import Learner
from selftaught.algorithms.self_rewarding import ANCHOR, LEARNED_FROM, POLICY, Discarded, Rounds, of_the_policy
from selftaught.algorithms.train import Loop, train
from selftaught.benchmarks.audit import audited
from selftaught.benchmarks.record import claim
from selftaught.benchmarks.self_rewarding_studies import SELF, STUDIES, Arm, Recipe, Study
from selftaught.benchmarks.studies import Chosen, imitate, policy_of, resumed, run_of, run_study
from selftaught.checkpoint import latest
from selftaught.envs.registry import player
from selftaught.envs.self_reward.players import flipping, oracle, reviewer, sloppy
from selftaught.envs.self_reward.proposals import settled
from selftaught.envs.self_reward.state import ACTOR, JUDGE, META_JUDGE
from selftaught.progress import Meter
from selftaught.rollout import rollout
from selftaught.store import aside
from selftaught.types import Agent, Episode, Seat, Tracker

SETTINGS: Final = "settings"
KEPT: Final = (
    "learn/sequences",
    "learn/loss",
    "learn/accuracy",
    "reward/actor",
    "time/play_seconds",
    "time/learn_seconds",
)
"""Figures of training that are published: half of the sequences are pairs."""
RAW: Final = -1
"""The round of a model that was not even taught by imitation."""


def run(chosen: Chosen) -> Path:
    """Run or resume; where the result lies.

    Raises:
        ValueError: on an unknown study, or without seeds.
    """
    return run_study(chosen, STUDIES, _run_sharing, module="self_rewarding")


def _run_sharing(study: Study, arm: Arm, *, seed: int, folder: Path, bars: Meter) -> list[dict[str, Any]]:
    """One arm of several, which share what they are taught before the first round: the first of them pays for it."""
    taught = folder.parent.parent / f"taught-{arm.recipe}" / folder.name
    settings = {name: value for name, value in asdict(study).items() if name not in ("arms", "rounds")}
    claim(taught / SETTINGS, {**settings, "recipe": arm.recipe, "seed": seed})
    return run_arm(study, arm, seed=seed, folder=folder, bars=bars, taught=taught)


def run_arm(
    study: Study,
    arm: Arm,
    *,
    seed: int,
    folder: Path,
    bars: Meter,
    tracker: Tracker | None = None,
    taught: Path | None = None,
    agent: LocalAgent | None = None,
) -> list[dict[str, Any]]:
    """Run or resume one loop; a row a round, those of earlier calls included.

    ``tracker`` gets the figures of training and the audit (``audit/...``); a ``metrics.jsonl`` in the folder if None.
    ``taught`` is where the first imitation is made, or found made by another arm; a part of the folder if None.
    ``agent`` is who learns; the study's model with a fresh adapter if None.

    Raises:
        ValueError: if the folder holds a run with other settings.
    """
    with run_of(study, arm, seed=seed, folder=folder, free=("rounds",)):
        agent = agent or policy_of(study, seed=seed, tokens=study.answer_tokens)
        taught = taught or folder / "taught"
        _run_arm(study, arm, agent, seed=seed, folder=folder, bars=bars, tracker=tracker, taught=taught)
    return _rows(folder)


def _run_arm(
    study: Study,
    arm: Arm,
    agent: LocalAgent,
    *,
    seed: int,
    folder: Path,
    bars: Meter,
    tracker: Tracker | None,
    taught: Path,
) -> None:
    recipe = study.recipe(arm)
    sampling = agent.sampling
    judging = replace(sampling, max_new_tokens=study.judge_tokens)
    own = agent.sibling(name=POLICY, adapter="default", sampling=judging)
    cast: Mapping[Seat, Agent] = {ACTOR: agent, **_judges(arm, own)}
    evaluate = partial(_evaluate, study, cast, folder)
    if study.taught:
        if not (folder / "start").exists():
            evaluate(RAW)
        _teach(study, recipe, agent, seed=seed, folder=taught, bars=bars)
    start = folder / "start"
    if not start.exists():
        _save_start(agent, start)
    tracker = tracker or resumed(folder)
    first = evaluate(0)
    if not _reached(folder):
        tracker.log(first, 0)
    rounds = Rounds(
        recipe.game,
        replace(recipe.game, propose=False, review=False),
        settled,
        cast,
        tasks=study.tasks,
        seed=seed,
        anchor=_anchored(agent, arm, start, sampling=sampling, judging=judging) if recipe.dpo.anchor else None,
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
        tracker=tracker,
        # All rounds are kept: M1, M2, M3 are what comes out.
        loop=Loop(steps=study.rounds, seed=seed, keep=study.rounds),
        meter=bars,
        evaluate=evaluate,
        agents=LEARNED_FROM,
        seats=recipe.learners,
        shown=of_the_policy,
    )


def _evaluate(study: Study, cast: Mapping[Seat, Agent], folder: Path, round_: int) -> dict[str, float]:
    """Audit a round on the held-out instructions, if that was not done before; figures for who follows the run.

    The game is that of the paper's recipe in every arm: the same answers, judgements and adversaries for all.
    """
    path = folder / "evaluations" / ("raw.json" if round_ == RAW else f"round-{round_:02d}.json")
    if not path.exists():
        game = replace(study.recipe(Arm()).game, adversaries=study.adversaries)
        game = replace(game, judgements=study.audited or game.judgements)
        tasks = list(islice(game.tasks(study.split, 0), study.held_out))
        # What a judge at somebody else's price costs is of interest in training alone.
        heard = {seat: one.says if isinstance(one, Discarded) else one for seat, one in cast.items()}
        episodes = rollout(game, tasks, heard, seed=0, label=f"round {round_}/")
        with aside(path) as file:
            file.write(json.dumps({"round": round_, **audited(episodes)}).encode())
    return _tracked(folder, round_)


def _judges(arm: Arm, own: LocalAgent) -> Mapping[Seat, Agent]:
    """Judge and meta-judge: the policy, a scripted one, or chance at the price of the policy."""
    if arm.judge == SELF:
        return {JUDGE: own, META_JUDGE: own}
    name = str(arm.judge)
    judge = partial(flipping, rate=arm.judge) if isinstance(arm.judge, float) else player("self_reward", JUDGE, name)
    scripted: Agent = Scripted(name, judge)
    return {JUDGE: Discarded(own, scripted) if arm.asked else scripted, META_JUDGE: Scripted("reviewer", reviewer)}


def _anchored(
    agent: LocalAgent, arm: Arm, start: Path, *, sampling: Sampling, judging: Sampling
) -> Mapping[Seat, Agent]:
    """The first model, and who judges it: what is said of it is no judgement to learn from."""
    judge = agent.sibling(name="anchor's judge", adapter="default", sampling=judging)
    return {ACTOR: _snapshot(agent, start, name=ANCHOR, sampling=sampling), JUDGE: _judges(arm, judge)[JUDGE]}


def _reached(folder: Path) -> int:
    """The round that a resumed run goes on from."""
    found = latest(folder)
    return found.step if found else 0


def _teach(study: Study, recipe: Recipe, agent: LocalAgent, *, seed: int, folder: Path, bars: Meter) -> None:
    """Imitate right judgements of answers that are right half of the time, and the answers (EFT, IFT, without people).

    Where there are reviews, the meta-judge as well, of judgements that are wrong half of the time and not learned.
    """
    actor, judge = Scripted("sloppy", sloppy), Scripted("oracle", oracle)
    game = replace(recipe.game, candidates=1, judgements=1, review=False)
    disputed = replace(recipe.game, candidates=1, judgements=2, review=True)
    torn = {ACTOR: actor, JUDGE: Scripted("torn", partial(flipping, rate=0.5)), META_JUDGE: Scripted("r", reviewer)}

    def source(step: int, seed_: int) -> list[Episode]:
        tasks = list(islice(game.tasks("train", seed + 1000), study.taught // 2))
        found = rollout(game, tasks, {ACTOR: actor, JUDGE: judge}, seed=seed_)
        found = [replace(episode, credits=tuple(_taught(episode, noisy=study.noisy))) for episode in found]
        if recipe.game.review:
            more = rollout(disputed, tasks[: study.taught // 4], torn, seed=seed_ + 1)
            found += [replace(episode, credits=tuple(_reviewed(episode))) for episode in more]
        return found

    imitate(agent, source, learning=study.imitation, seed=seed, folder=folder, bars=bars)


def _taught(episode: Episode, *, noisy: bool) -> list[float | None]:
    """The judge's turns, and the actor's: all of them (``noisy``), or where they are right."""
    right = 1.0 if noisy or episode.metrics["right"] else None
    return [right if turn.ask.seat == ACTOR else 1.0 for turn in episode.turns]


def _reviewed(episode: Episode) -> list[float | None]:
    """The meta-judge's turns alone."""
    return [1.0 if turn.ask.seat == META_JUDGE else None for turn in episode.turns]


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
    found["alarm/blind"] = float(blind(row["figures"].get("auroc")))
    if "alarm" in row:
        found |= {f"alarm/{name}": float(value) for name, value in row["alarm"].items()}
    return found


def _rows(folder: Path) -> list[dict[str, Any]]:
    """A row a round, with what the alarm reads of it against the first."""
    found = [json.loads(path.read_text()) for path in sorted((folder / "evaluations").glob("*.json"))]
    first = next(row for row in found if row["round"] == 0)
    metrics = folder / "metrics.jsonl"
    lines = metrics.read_text(encoding="utf-8").splitlines() if metrics.exists() else []
    trained = {row["step"]: {name: row[name] for name in KEPT if name in row} for row in map(json.loads, lines)}
    rows = []
    for row in sorted(found, key=lambda row: row["round"]):
        kept = {name: value for name, value in row.items() if not name.endswith("_by_task")}
        if row["round"] > 0 and len(row["right_by_task"]) > 1:
            judged, true = ((first[name], row[name]) for name in ("points_by_task", "right_by_task"))
            kept["alarm"] = asdict(reading(judged, true))
            kept["training"] = trained.get(row["round"], {})
        rows.append(kept)
    return rows


if __name__ == "__main__":
    print(run(tyro.cli(Chosen, default=Chosen("self-reward-phases"))))
