"""What study teaches, by a sealed quiz: against reading the same tokens, against the published pairs, and in parts.

``python -m selftaught.benchmarks.studying`` runs every arm of a study with every seed, in
``runs/<study>/<arm>/seed-<n>``, and resumes what is there; then it writes ``benchmarks/results/<study>.json`` with the
quiz before and after every part: plain questions, other wordings, reversed ones, two steps, and ones without answer.
The worlds of the quiz do not exist, so a model knows nothing of them before. Settings are chosen on the validation
split.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import tyro

from selftaught.agents.local import LocalAgent
from selftaught.agents.local_adapters import copy_adapter
from selftaught.algorithms.optimisation import Optimisation
from selftaught.benchmarks.record import claim
from selftaught.benchmarks.studies import Chosen, imitate, of_chats, policy_of, run_of, run_study
from selftaught.benchmarks.study import Course, Method, ask, learn
from selftaught.envs.self_study.corpus import corpus
from selftaught.envs.self_study.game import SelfStudy
from selftaught.envs.self_study.lessons import PUBLISHED, Choice
from selftaught.envs.self_study.library import Library
from selftaught.envs.self_study.quiz import Quiz, quiz
from selftaught.envs.self_study.state import STUDENT, Kind
from selftaught.progress import Meter
from selftaught.rollout import rollout
from selftaught.store import aside
from selftaught.summary import bootstrap, means
from selftaught.types import Episode, Task

START: Final = "start"
"""The adapter as it is before the first part."""
READ: Final = Method(choice=None)
STUDIED: Final = Method(Choice(trust=0.3))
"""Two of five other answers that say the same are enough: on validation 0.99 of what is taught so is right."""
KINDS: Final[tuple[Kind, ...]] = ("plain", "plain", "reverse", "plain", "plain", "reverse", "plain")
"""Of questions, in turn: a document has five facts."""


@dataclass(frozen=True)
class Study:
    """Methods that are compared on the same documents, tokens and quiz; None learns nothing."""

    arms: Mapping[str, Method | None]
    model: str = "pocket-study"
    rank: int = 32
    library: Library = field(default_factory=Library)
    parts: int = 1
    """In which the documents are studied, one after another."""
    game: SelfStudy = field(default_factory=lambda: SelfStudy(questions=14, opened=6, reword=4, kinds=KINDS))
    tokens: int = 150_000
    """That each method may learn from in a part."""
    taught: int = 0
    """Chats on other worlds that are imitated first, for models that cannot ask and read yet."""
    split: str = "test"
    reply_tokens: int = 40
    threads: int = 1
    learning: Optimisation = field(default_factory=lambda: Optimisation(learning_rate=1e-3, batch=16, tokens=8192))


STUDIES: Final[Mapping[str, Study]] = {
    "self-study": Study({"study": STUDIED, "published": Method(PUBLISHED), "reading": READ, "nothing": None}),
    "self-study-parts": Study(
        {
            "without replay": STUDIED,
            "with replay": replace(STUDIED, replay=0.5),
            "with replay, asked by the student": replace(STUDIED, replay=0.5, asks="student"),
        },
        library=Library(documents=16),
        parts=8,
        tokens=40_000,
    ),
    "self-study-poison": Study(
        {"study": STUDIED, "published": Method(PUBLISHED), "reading": READ},
        library=Library(poisoned=0.5, contradicted=0.3),
    ),
    "self-study-smollm2": Study(
        {"study": STUDIED, "published": Method(PUBLISHED), "reading": READ, "nothing": None},
        model="smollm2-135m",
        game=SelfStudy(questions=7, opened=4, reword=2, kinds=KINDS),
        tokens=60_000,
        taught=400,
        threads=1,
        learning=Optimisation(learning_rate=5e-4, batch=16, tokens=4096, precision="bfloat16"),
    ),
    "self-study-fake": Study(
        {"study": Method(), "with replay": Method(PUBLISHED, replay=0.5), "reading": READ, "nothing": None},
        model="fake",
        rank=2,
        library=Library(documents=2),
        parts=2,
        game=SelfStudy(questions=1, opened=1, closed=1),
        tokens=2000,
        taught=2,
        reply_tokens=4,
        learning=Optimisation(batch=8),
    ),
}
"""Studies by name; the last runs all of the machinery on a random model."""


def run(chosen: Chosen) -> Path:
    """Run or resume; where the result lies.

    Raises:
        ValueError: on an unknown study, or without seeds.
    """
    return run_study(chosen, STUDIES, run_arm, module="studying", more={"learned": _learned})


def run_arm(study: Study, arm: Method | None, *, seed: int, folder: Path, bars: Meter) -> list[dict[str, Any]]:
    """Study the documents by one method, part by part, with the quiz after each; rows of earlier calls included.

    Raises:
        ValueError: if the folder holds a run with other settings.
    """
    with run_of(study, arm, seed=seed, folder=folder):
        _run_arm(study, arm, seed=seed, folder=folder, bars=bars)
    paths = sorted((folder / "evaluations").glob("after-*.json"))
    return [row for path in paths for row in json.loads(path.read_text())]


def _run_arm(study: Study, arm: Method | None, *, seed: int, folder: Path, bars: Meter) -> None:
    agent = policy_of(study, seed=seed, tokens=study.reply_tokens)
    shared = folder.parent.parent / "shared" / folder.name
    settings = {name: value for name, value in asdict(study).items() if name != "arms"}
    claim(shared / "settings", {**settings, "seed": seed})
    if study.taught:
        chats = list(corpus(np.random.default_rng(seed), count=study.taught))
        imitate(
            agent, lambda *_: of_chats(chats), learning=study.learning, seed=seed, folder=shared / "taught", bars=bars
        )
    parts = _parts(study, seed)
    place = {task.public["name"]: part for part, tasks in reversed(list(enumerate(parts))) for task in tasks}
    items: dict[int, list[Task]] = {part: [] for part in range(len(parts))}
    for item in quiz(task for tasks in parts for task in tasks):
        items[place[item.sealed["of"]]].append(item)
    _evaluate(agent, items, after=0, folder=folder)
    if arm is None:
        return
    copy_adapter(agent.model, name="default", to=START)
    asking = agent.sibling(name=agent.name, adapter=START) if arm.asks == "start" else agent
    cast = {**dict.fromkeys(study.game.seats, asking), STUDENT: agent}
    course = Course(study.game, study.tokens, study.learning)
    earlier: list[Episode] = []
    learned = []
    for part, tasks in enumerate(parts):
        # Before anything is learned all methods ask the same.
        there = folder if part else shared
        asked = ask(cast, study.game, tasks, seed=seed, folder=there / f"asked-{part}", bars=bars)
        here = folder / f"part-{part}"
        figures = learn(agent, arm, course, asked, earlier=earlier, seed=seed, folder=here, bars=bars)
        told = means([episode.metrics for episode in asked])
        learned.append({"part": part, **figures, **told})
        earlier += asked
        _evaluate(agent, items, after=part + 1, folder=folder)
    with aside(folder / "learned.json") as file:
        file.write(json.dumps(learned).encode())


def _parts(study: Study, seed: int) -> list[list[Task]]:
    """The documents of the seed's world in parts of the same size; second documents come last."""
    tasks = study.library.shelf(study.split, seed)
    size = -(-len(tasks) // study.parts)
    return [tasks[start : start + size] for start in range(0, len(tasks), size)]


def _evaluate(agent: LocalAgent, items: Mapping[int, Sequence[Task]], *, after: int, folder: Path) -> None:
    """The likeliest answers to the quiz, unless that was done before: a row a form, of every part."""
    path = folder / "evaluations" / f"after-{after:02d}.json"
    if path.exists():
        return
    greedy = agent.sibling(name="student", adapter="default", sampling=replace(agent.sampling, temperature=0.0))
    rows = []
    for part, mine in items.items():
        episodes = rollout(Quiz(tuple(mine)), mine, {STUDENT: greedy}, seed=0)
        for form in dict.fromkeys(str(task.sealed["form"]) for task in mine):
            some = [episode for episode in episodes if episode.task.sealed["form"] == form]
            rows.append({"after": after, "part": part, "form": form, **_figures(some)})
    with aside(path) as file:
        file.write(json.dumps(rows).encode())


def _figures(episodes: Sequence[Episode]) -> dict[str, Any]:
    """Right and misled answers, with intervals over questions."""
    found = {}
    for name in ("right", "misled"):
        some = [episode for episode in episodes if name in episode.metrics]
        if some:
            ids = [episode.task.id for episode in some]
            found[name] = asdict(bootstrap([episode.metrics[name] for episode in some], ids))
    return found


def _learned(folder: Path) -> list[dict[str, Any]]:
    path = folder / "learned.json"
    found: list[dict[str, Any]] = json.loads(path.read_text()) if path.exists() else []
    return found


if __name__ == "__main__":
    print(run(tyro.cli(Chosen, default=Chosen("self-study"))))
