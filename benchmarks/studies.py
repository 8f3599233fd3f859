"""What all studies share: every arm with every seed in a folder of its own, one result, and the time that it took."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, Literal, Protocol

from selftaught.agents.local import LocalAgent, with_lora
from selftaught.agents.local_adapters import copy_adapter
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_models import load, use_threads
from selftaught.algorithms.grpo import Grpo
from selftaught.algorithms.imitation import Imitation
from selftaught.algorithms.learner import Learner
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.train import Loop, Source, train
from selftaught.benchmarks.record import RESULTS, claim, record
from selftaught.checkpoint import latest
from selftaught.progress import Meter, meter
from selftaught.rollout import rollout
from selftaught.store import alone, aside
from selftaught.tracking import JsonlTracker
from selftaught.types import Ask, Codec, Episode, Game, Message, Outcome, Reply, Task, Turn

Rows = Sequence[Mapping[str, Any]]


class RunArm(Protocol):
    """Runs or resumes one arm; a row each evaluation."""

    def __call__(self, study: Any, arm: Any, *, seed: int, folder: Path, bars: Meter) -> Rows:
        """The rows of this and of earlier calls."""


@dataclass(frozen=True)
class Chosen:
    """Train all arms of a study with all seeds and publish them as one result."""

    study: str
    """One of the studies."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """One run an arm each."""
    split: str | None = None
    """Of the held-out tasks, if not the study's own: settings are chosen on validation."""
    folder: Path = Path("runs")
    """Where the run folders go."""
    results: Path = RESULTS
    """Where the result goes."""


def run_study(
    chosen: Chosen,
    studies: Mapping[str, Any],
    run_arm: RunArm,
    *,
    module: str,
    more: Mapping[str, Callable[[Path], Rows]] | None = None,
) -> Path:
    """Run or resume a study; where the result lies.

    Args:
        chosen: which study, and with what seeds.
        studies: dataclasses by name, with ``arms`` by name and a ``split``.
        run_arm: runs one.
        module: the benchmark's, for the record of the command.
        more: further rows of a run's folder, by the name that they have in the result.

    Raises:
        ValueError: on an unknown study, or without seeds.
    """
    if chosen.study not in studies or not chosen.seeds:
        raise ValueError(f"need a study out of {sorted(studies)} and at least one seed, not {chosen}")
    study = replace(studies[chosen.study], split=chosen.split or studies[chosen.study].split)
    found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in ("rows", *(more or {}))}
    seconds: dict[str, float] = {}
    for seed in chosen.seeds:
        for name, arm in study.arms.items():
            folder = chosen.folder / chosen.study / re.sub(r"[^\w.,-]+", "-", name) / f"seed-{seed}"
            with meter() as bars:
                rows = {"rows": run_arm(study, arm, seed=seed, folder=folder, bars=bars)}
            rows |= {kind: of(folder) for kind, of in (more or {}).items()}
            for kind, some in rows.items():
                found[kind] += [{"arm": name, "seed": seed, **row} for row in some]
            seconds[f"{name}, seed {seed}"] = sum(json.loads((folder / SECONDS).read_text()))
    arguments = f"--study {chosen.study} --seeds {' '.join(map(str, chosen.seeds))}"
    if chosen.split is not None:
        arguments += f" --split {chosen.split}"
    return record(
        chosen.study,
        command=f"python -m selftaught.benchmarks.{module} {arguments}",
        seeds=chosen.seeds,
        values={"study": asdict(study), "wall_seconds": seconds, **found},
        folder=chosen.results,
    )


def resumed(folder: Path) -> JsonlTracker:
    """The tracker of a run that may be gone on with: it drops what it holds of steps after the newest checkpoint."""
    found = latest(folder)
    return JsonlTracker(folder, resume_step=found.step if found else 0)


@contextmanager
def run_of(study: Any, arm: Any, *, seed: int, folder: Path, free: Collection[str] = ()) -> Iterator[None]:
    """Claim a folder for one run, with all that fixes it but the fields in ``free``, and time what is within.

    Raises:
        ValueError: if the folder holds a run with other settings, or another process is at work in it.
    """
    settings = {name: value for name, value in asdict(study).items() if name not in ("arms", *free)}
    with alone(folder):
        claim(folder / "settings", {**settings, "arm": None if arm is None else asdict(arm), "seed": seed})
        with timed(folder):
            yield


def policy_of(study: Any, *, seed: int, tokens: int) -> LocalAgent:
    """The study's model with a fresh adapter; replies have so many tokens at most."""
    if study.threads:
        use_threads(study.threads)
    loaded = with_lora(load(study.model), rank=study.rank, alpha=2 * study.rank, seed=seed)
    return LocalAgent(loaded, name=POLICY, sampling=Sampling(max_new_tokens=tokens), batch=128, cache_gigabytes=6)


def imitate(
    agent: LocalAgent,
    source: Source,
    *,
    learning: Optimisation,
    seed: int,
    folder: Path,
    bars: Meter,
    steps: int = 1,
    normalise: Literal["sequence", "token"] = "sequence",
) -> None:
    """Learn from games of others, before a study's own algorithm begins; without any pull to the model as it was."""
    train(
        folder=folder,
        agent=agent,
        algorithm=Imitation(kl=0.0, normalise=normalise),
        learner=Learner(agent.model, learning),
        source=source,
        tracker=resumed(folder),
        loop=Loop(steps=steps, seed=seed),
        meter=bars,
    )


def shared_by(study: Any, folder: Path) -> Path:
    """Where lies what all arms and seeds of a study share, as the model as it comes; ``folder`` is that of a run.

    Raises:
        ValueError: if it is of a study with other settings.
    """
    shared = folder.parent.parent / "shared"
    claim(shared / "settings", {name: value for name, value in asdict(study).items() if name != "arms"})
    return shared


def run_stages(
    study: Any,
    arm: Any,
    *,
    seed: int,
    folder: Path,
    bars: Meter,
    tokens: int,
    lessons: Callable[[Codec], Sequence[Episode]],
    game: Game[Any],
    evaluate: Callable[..., None],
) -> list[dict[str, Any]]:
    """The model as it comes, taught by lessons, then by GRPO where the arm has ``steps`` of it: evaluated each time.

    Args:
        study: what all arms share: ``teaching``, ``learning``, ``games`` a step, ``samples`` of a task, ``kl``.
        arm: one of them.
        seed: fixes everything random.
        folder: of the run.
        bars: progress.
        tokens: of a reply at most.
        lessons: games of one turn each, for the agent's codec.
        game: whose training tasks GRPO is on, the agent in all seats.
        evaluate: ``evaluate(study, agent, stage=, path=)`` writes rows to ``path`` unless they are there.

    Returns:
        The rows of all evaluations, those of earlier calls included.

    Raises:
        ValueError: if the folder holds a run with other settings, or another process is at work in it.
    """
    stages = {name: folder / "evaluations" / f"{name}.json" for name in ("taught", "rewarded")}
    with run_of(study, arm, seed=seed, folder=folder):
        agent, base = policy_of(study, seed=seed, tokens=tokens), shared_by(study, folder) / "base.json"
        evaluate(study, agent, stage="base", path=base)
        told = cache(lambda: lessons(agent.codec))
        teach(agent, told, learning=study.teaching, seed=seed, folder=folder / "taught", bars=bars)
        evaluate(study, agent, stage="taught", path=stages["taught"])
        if arm.steps:
            _practise(study, agent, game, steps=arm.steps, seed=seed, folder=folder, bars=bars)
            evaluate(study, agent, stage="rewarded", path=stages["rewarded"])
    return [row for path in (base, *stages.values()) if path.exists() for row in json.loads(path.read_text())]


def _practise(
    study: Any, agent: LocalAgent, game: Game[Any], *, steps: int, seed: int, folder: Path, bars: Meter
) -> None:
    """GRPO on new training tasks of a game, the agent in all seats."""
    each = study.games // study.samples

    def source(step: int, seed_: int) -> list[Episode]:
        tasks, cast = (
            islice(game.tasks("train", seed), step * each, (step + 1) * each),
            dict.fromkeys(game.seats, agent),
        )
        return rollout(game, tasks, cast, seed=seed_, samples=study.samples, label=f"{step}/")

    train(
        folder=folder,
        agent=agent,
        algorithm=Grpo(kl=study.kl),
        learner=learner_from_here(agent, study.learning),
        source=source,
        tracker=resumed(folder),
        loop=Loop(steps=steps, seed=seed),
        meter=bars,
    )


def learner_from_here(agent: LocalAgent, learning: Optimisation, *, critic: bool = False) -> Learner:
    """A learner that holds the policy near what the agent is now, not near what it was before it was taught anything.

    Each part of a training begins with one, before an interrupted part is read back.
    """
    copy_adapter(agent.model, name="default", to=TAUGHT)
    return Learner(agent.model, learning, critic=critic, base=TAUGHT)


def teach(
    agent: LocalAgent,
    lessons: Callable[[], Sequence[Episode]],
    *,
    learning: Optimisation,
    seed: int,
    folder: Path,
    bars: Meter,
) -> None:
    """One pass over ``lessons``, every trained token alike; ``lessons.json`` says how many there were."""

    def source(step: int, seed_: int) -> list[Episode]:
        each = -(-len(lessons()) // PARTS)
        return list(lessons()[step * each : (step + 1) * each])

    imitate(agent, source, learning=learning, seed=seed, folder=folder, bars=bars, steps=PARTS, normalise="token")
    path = folder / LESSONS
    if not path.exists():
        counted = [tokens_of(episode, agent.codec) for episode in lessons()]
        figures = {"lessons": len(counted)} | {kind: sum(one[kind] for one in counted) for kind in counted[0]}
        with aside(path) as file:
            file.write(json.dumps([figures]).encode())


def taught_in(folder: Path) -> Rows:
    """How many lessons the run of ``folder`` had, and how many tokens they had; nothing of an arm without any."""
    path = folder / "taught" / LESSONS
    found: Rows = json.loads(path.read_text()) if path.exists() else []
    return found


def tokens_of(episode: Episode, codec: Codec) -> Mapping[Counted, int]:
    """Of a lesson of one turn: all that are read, and those of the reply alone."""
    (turn,) = episode.turns
    replies = len(codec.reply(turn.reply.text))
    return {"all": len(codec.prompt(turn.ask.messages)) + replies, "replies": replies}


def of_chats(chats: Iterable[Sequence[Message]]) -> list[Episode]:
    """Chats as games of one turn each, whose last message is worth learning."""
    found = []
    for number, (*before, last) in enumerate(chats):
        turn = Turn(Ask("speaker", tuple(before)), Reply(last.content), "chat")
        task, outcome = Task(f"chat-{number}", {}), Outcome("said", {"speaker": 1.0})
        found.append(Episode(task.id, "chat", task, task.id, (turn,), outcome, {}, credits=(1.0,)))
    return found


def training_rows(folder: Path, kept: Collection[str]) -> list[dict[str, Any]]:
    """Those figures of a run's ``metrics.jsonl``, a row a step."""
    lines = (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return [{"step": row["step"], **{name: row[name] for name in kept if name in row}} for row in found]


POLICY = "policy"
SECONDS = "seconds.json"
TAUGHT = "taught"
"""Adapter of the policy from which rewards began."""
LESSONS = "lessons.json"
PARTS = 8
"""Steps of teaching, each with a share of the lessons: what a kill can lose at most."""
Counted = Literal["all", "replies"]
"""Which tokens are made equal between arms: all that are read, or those of the replies, which are trained."""


@contextmanager
def timed(folder: Path) -> Iterator[None]:
    """Add the seconds within to those of earlier calls in the folder, however it ends."""
    clock = perf_counter()
    try:
        yield
    finally:
        path = folder / SECONDS
        past: Sequence[float] = json.loads(path.read_text()) if path.exists() else []
        with aside(path) as file:
            file.write(json.dumps([*past, perf_counter() - clock]).encode())
