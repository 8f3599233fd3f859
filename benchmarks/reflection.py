"""Learning to reflect: is the last answer better than the first, and than as many tokens spent on plain answers?

``python -m selftaught.benchmarks.reflection`` trains every arm of a study with every seed, in
``runs/<study>/<arm>/seed-<n>``, and resumes what is there; then it writes ``benchmarks/results/<study>.json`` with
first and last answers on held-out tasks, what changed between them, how well decisions tell right from wrong, and two
controls at the same number of sampled tokens: the most frequent of several plain answers, and the best of them (a
bound, for it knows the truth). Settings are chosen on the validation split.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any, Final

import numpy as np
import tyro

from selftaught.agents.local import LocalAgent
from selftaught.agents.scripted import Scripted
from selftaught.algorithms.grpo import Grpo
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.train import Loop, train
from selftaught.benchmarks.scorers import separation, texts
from selftaught.benchmarks.studies import (
    Chosen,
    imitate,
    learner_from_here,
    policy_of,
    resumed,
    run_of,
    run_study,
    training_rows,
)
from selftaught.envs.reflect.game import Gate, Reflect, Reward
from selftaught.envs.reflect.players import torn, trier, worker
from selftaught.envs.reflect.state import REFLECTOR, THINKER, decision_of
from selftaught.hidden import public_part
from selftaught.progress import Meter
from selftaught.rollout import rollout
from selftaught.store import aside
from selftaught.summary import bootstrap
from selftaught.types import Agent, Ask, Episode, Message, Reply, Task

RAW, START, TRAINED, PROMPTED = "raw", "start", "trained", "prompted"
KEPT: Final = ("metric/right_first", "metric/right_last", "metric/decision_right", "learn/kl", "sampled/entropy")
"""Training figures that are published."""


@dataclass(frozen=True)
class Arm:
    """One way to learn to reflect."""

    reward: Reward = "potential"
    anchored: bool = True
    """Whether first answers are held near the base model."""


@dataclass(frozen=True)
class Study:
    """Arms that are compared on the same held-out tasks."""

    arms: Mapping[str, Arm]
    model: str = "pocket-reflect"
    rank: int = 16
    kinds: tuple[str, ...] = ("pick", "expression")
    """Of instructions in training. Of ``factors`` there are so few that a model knows them by heart."""
    apart: tuple[str, ...] = ("factors",)
    """Kinds that are only evaluated; a pocket model knows them from the chats that it was made of."""
    level: int = 1
    answers: int = 4
    imitated: int = 0
    """Games of scripted players that are imitated before the first step."""
    steps: int = 24
    games: int = 256
    samples: int = 4
    kl: float = 0.03
    held_out: int = 300
    """Tasks of each set of kinds."""
    checks: int = 8
    """Checks of every first answer, whose share of submissions says how sure the reflector is."""
    split: str = "test"
    answer_tokens: int = 60
    prompted: bool = False
    """Whether the model is also evaluated with a worked example before the task."""
    threads: int = 1
    imitation: Optimisation = field(default_factory=lambda: Optimisation(learning_rate=1e-3, batch=8, tokens=8192))
    learning: Optimisation = field(
        default_factory=lambda: Optimisation(learning_rate=1.5e-3, batch=32, tokens=8192, grouped=True)
    )

    def game(self, kinds: Sequence[str], *, gate: Gate = "policy", reward: Reward = "final") -> Reflect:
        """Reflection on instructions of these kinds."""
        settings = {"kinds": tuple(kinds), "level": self.level}
        return Reflect(settings=settings, answers=self.answers, gate=gate, reward=reward)


STUDIES: Final[Mapping[str, Study]] = {
    "reflect": Study({"potential": Arm()}),
    "reflect-rewards": Study({"improvement": Arm("improvement"), "not anchored": Arm(anchored=False)}),
    "reflect-smollm2": Study(
        {"potential": Arm()},
        model="smollm2-135m",
        imitated=256,
        steps=6,
        games=64,
        samples=8,
        held_out=60,
        checks=4,
        prompted=True,
        # Ten times as much breaks this model's planning within two steps: docs/log.md.
        learning=Optimisation(learning_rate=1e-4, batch=32, tokens=8192, grouped=True),
    ),
    "reflect-fake": Study(
        {"potential": Arm(), "not anchored": Arm(anchored=False)},
        model="fake",
        rank=2,
        imitated=4,
        steps=1,
        games=8,
        held_out=3,
        checks=2,
        answer_tokens=4,
        prompted=True,
        imitation=Optimisation(batch=8),
        learning=Optimisation(batch=8, grouped=True),
    ),
}
"""Studies by name; the last runs all of the machinery on a random model."""


def run(chosen: Chosen) -> Path:
    """Run or resume; where the result lies.

    Raises:
        ValueError: on an unknown study, or without seeds.
    """
    return run_study(
        chosen, STUDIES, run_arm, module="reflection", more={"training": partial(training_rows, kept=KEPT)}
    )


def run_arm(study: Study, arm: Arm, *, seed: int, folder: Path, bars: Meter) -> list[dict[str, Any]]:
    """Train one arm and evaluate it before and after; rows of all evaluations, those of earlier calls included.

    Raises:
        ValueError: if the folder holds a run with other settings.
    """
    with run_of(study, arm, seed=seed, folder=folder):
        _run_arm(study, arm, seed=seed, folder=folder, bars=bars)
    paths = [folder / "evaluations" / f"{stage}.json" for stage in (RAW, PROMPTED, START, TRAINED)]
    return [row for path in paths if path.exists() for row in json.loads(path.read_text())]


def _run_arm(study: Study, arm: Arm, *, seed: int, folder: Path, bars: Meter) -> None:
    agent = policy_of(study, seed=seed, tokens=study.answer_tokens)
    if study.imitated:
        _evaluate(study, agent, stage=RAW, folder=folder)
        if study.prompted:
            _evaluate(study, Prompted(agent, example(study)), stage=PROMPTED, folder=folder)
        _imitate(study, agent, seed=seed, folder=folder / "imitation", bars=bars)
    _evaluate(study, agent, stage=START, folder=folder)
    game = study.game(study.kinds, reward=arm.reward)

    def source(step: int, seed_: int) -> list[Episode]:
        each = study.games // study.samples
        begin = study.imitated + step * each
        tasks = islice(game.tasks("train", seed), begin, begin + each)
        cast = {THINKER: agent, REFLECTOR: agent}
        return rollout(game, tasks, cast, seed=seed_, samples=study.samples, label=f"{step}/")

    train(
        folder=folder,
        agent=agent,
        # Most groups differ in the cost of their answers alone: scaled, that would weigh as much as being right.
        algorithm=Grpo(kl=study.kl, scale=False, anchored=(THINKER,) if arm.anchored else ()),
        learner=learner_from_here(agent, study.learning),
        source=source,
        tracker=resumed(folder),
        loop=Loop(steps=study.steps, seed=seed),
        meter=bars,
        seats=(REFLECTOR, *([THINKER] if arm.anchored else [])),
    )
    _evaluate(study, agent, stage=TRAINED, folder=folder)


def _imitate(study: Study, agent: LocalAgent, *, seed: int, folder: Path, bars: Meter) -> None:
    """Learn the form from games of the crowd, half of which decides by chance, in one pass."""
    game = study.game(study.kinds)
    crowd = [Scripted("worker", worker), Scripted("torn", torn)]
    first = Scripted("trier", trier)

    def source(step: int, seed_: int) -> list[Episode]:
        tasks = islice(game.tasks("train", seed), study.imitated)
        found = rollout(game, tasks, lambda index: {THINKER: first, REFLECTOR: crowd[index % 2]}, seed=seed_)
        # Every turn is worth learning, whatever became of it.
        return [replace(episode, credits=(1.0,) * len(episode.turns)) for episode in found]

    imitate(agent, source, learning=study.imitation, seed=seed, folder=folder, bars=bars)


@dataclass(frozen=True)
class Prompted:
    """An agent that reads a worked example before every conversation."""

    agent: Agent
    example: tuple[Message, ...]
    name: str = "prompted"

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """What the agent says after the example."""
        return self.agent.reply([replace(ask, messages=(*self.example, *ask.messages)) for ask in asks])


def example(study: Study) -> tuple[Message, ...]:
    """A training game of the scripted worker in which a wrong answer is refined, as a conversation."""
    game = study.game(study.kinds)
    cast = {THINKER: Scripted("trier", trier), REFLECTOR: Scripted("worker", worker)}
    for episode in rollout(game, islice(game.tasks("train", 2**31), 50), cast, seed=0):
        if len(episode.turns) == 4 and episode.metrics["fixed"]:
            last = episode.turns[-1]
            return (*last.ask.messages, Message("assistant", last.reply.text))
    raise AssertionError("the worker mends one answer in fifty")


def _evaluate(study: Study, agent: Agent, *, stage: str, folder: Path) -> None:
    """Answers and their controls on held-out tasks, unless that was done before: a row a set of kinds."""
    path = folder / "evaluations" / f"{stage}.json"
    if path.exists():
        return
    rows = []
    for kinds in (study.kinds, study.apart):
        game = study.game(kinds)
        tasks = list(islice(game.tasks(study.split, 0), study.held_out))
        rows.append({"stage": stage, "kinds": ", ".join(kinds), **measured(study, game, tasks, agent)})
    with aside(path) as file:
        file.write(json.dumps(rows).encode())


def measured(study: Study, game: Reflect, tasks: Sequence[Task], agent: Agent) -> dict[str, Any]:
    """Figures of an agent in both seats, as estimates over tasks, and what it sampled."""
    cast = {THINKER: agent, REFLECTOR: agent}
    episodes = rollout(game, tasks, cast, seed=0)
    ids = [texts(task) for task in tasks]
    figures = {
        name: asdict(bootstrap([episode.metrics.get(name, 0.0) for episode in episodes], ids))
        for name in ("right_first", "right_last", "fixed", "broken", "over_refined", "answers", "unreadable")
    }
    gain = [episode.metrics["right_last"] - episode.metrics["right_first"] for episode in episodes]
    figures["gain"] = asdict(bootstrap(gain, ids))
    tokens = [sum(len(turn.reply.tokens) for turn in episode.turns) for episode in episodes]
    first = [len(episode.turns[0].reply.tokens) for episode in episodes]
    plain = ceil(np.sum(tokens) / max(1, np.sum(first)))
    figures |= _resampled(study, game, tasks, agent, samples=plain, last=[e.metrics["right_last"] for e in episodes])
    bound = rollout(study.game(game.settings["kinds"], gate="oracle"), tasks, cast, seed=0)
    figures["oracle_stop"] = asdict(bootstrap([episode.metrics["right_last"] for episode in bound], ids))
    figures |= _stopping(game, episodes, agent, checks=study.checks)
    return figures | {"tokens": float(np.mean(tokens)), "plain_answers": plain}


def _resampled(
    study: Study, game: Reflect, tasks: Sequence[Task], agent: Agent, *, samples: int, last: Sequence[float]
) -> dict[str, Any]:
    """As many plain answers as the tokens of reflection buy: the most frequent one, and the best by the truth."""
    plain = Reflect(settings=game.settings, answers=1)
    answers = rollout(plain, tasks, {THINKER: agent}, seed=1, samples=samples)
    voted, best = [], []
    for place in range(len(tasks)):
        mine = answers[place * samples : (place + 1) * samples]
        said = [" ".join(public_part(episode.turns[0].reply.text).split()) for episode in mine]
        (winner, _) = Counter(said).most_common(1)[0]
        voted.append(mine[said.index(winner)].metrics["right_first"])
        best.append(max(episode.metrics["right_first"] for episode in mine))
    ids = [texts(task) for task in tasks]
    beyond = [one - two for one, two in zip(last, voted, strict=True)]
    columns = {"voted": voted, "best_of_plain": best, "beyond_voted": beyond}
    spent = float(np.sum([len(episode.turns[0].reply.tokens) for episode in answers])) / len(tasks)
    return {name: asdict(bootstrap(values, ids)) for name, values in columns.items()} | {"plain_tokens": spent}


def _stopping(game: Reflect, episodes: Sequence[Episode], agent: Agent, *, checks: int) -> dict[str, Any]:
    """AUROC of the decision to submit the first answer: the share of several checks that do, against the truth."""
    asks = [episode.turns[1].ask for episode in episodes if len(episode.turns) > 1]
    ids = [texts(episode.task) for episode in episodes if len(episode.turns) > 1]
    right = [episode.metrics["right_first"] for episode in episodes if len(episode.turns) > 1]
    again = [replace(ask, seed=seed) for ask in asks for seed in range(checks)]
    said = [decision_of(public_part(reply.text)) in ("submit", None) for reply in agent.reply(again)]
    shares = [float(np.mean(said[place * checks : (place + 1) * checks])) for place in range(len(asks))]
    if not 0 < np.mean(right) < 1:
        return {}
    return {"stop_auroc": asdict(separation(np.array(shares), np.array(right), ids))}


if __name__ == "__main__":
    print(run(tyro.cli(Chosen, default=Chosen("reflect"))))
