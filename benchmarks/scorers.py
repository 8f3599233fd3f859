"""How well scorers of ``reflect`` tell right answers from wrong ones: their AUROC against the sealed truth.

The report that comes out is what a scorer needs before it may pay (``worth="scorer"``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.agents.scripted import Scripted
from selftaught.benchmarks.audit import auroc
from selftaught.envs.reflect.game import Reflect
from selftaught.envs.reflect.state import SCORER, THINKER
from selftaught.rollout import rollout
from selftaught.summary import Estimate
from selftaught.types import Agent, Ask, Task

Numbers = npt.NDArray[np.float64]


def measured(
    subject: str,
    settings: Mapping[str, Any],
    thinker: Agent,
    scorers: Mapping[str, Agent],
    *,
    answers: int,
    split: str = "test",
    seed: int = 0,
    progress: Callable[[str], object] = lambda scorer: None,
) -> list[dict[str, Any]]:
    """A row a scorer: AUROC with its interval, Brier score, and shares of right answers and of scores that were read.

    The thinker answers once, and all scorers see the same answers; a score that cannot be read counts as one half.

    Raises:
        ValueError: if all answers are right, or none is: nothing can be told apart.
    """
    game = Reflect(subject=subject, settings=settings, answers=1, keep="best")
    tasks = list(islice(game.tasks(split, seed), answers))
    plain = Reflect(subject=subject, settings=settings, answers=1)
    said = {
        episode.turns[0].ask.messages: episode.turns[0].reply.text
        for episode in rollout(plain, tasks, {THINKER: thinker}, seed=seed)
    }

    def again(ask: Ask) -> str:
        return said[ask.messages]

    rows = []
    for name, scorer in scorers.items():
        progress(name)
        episodes = rollout(game, tasks, {THINKER: Scripted(thinker.name, again), SCORER: scorer}, seed=seed)
        right = np.array([episode.metrics["right_first"] for episode in episodes])
        scores = np.array([episode.metrics.get("score_first", 0.5) for episode in episodes])
        if not 0 < right.mean() < 1:
            kind = "right" if right.mean() else "wrong"
            raise ValueError(f"all {answers} answers on {subject!r} are {kind}: there is nothing to tell apart")
        rows.append(
            {
                "scorer": name,
                "subject": subject,
                "settings": dict(settings),
                "thinker": thinker.name,
                "auroc": asdict(separation(scores, right, [texts(task) for task in tasks])),
                "brier": float(np.mean((scores - right) ** 2)),
                "right": float(right.mean()),
                "read": float(1 - np.mean([episode.metrics["unreadable"] for episode in episodes])),
            }
        )
    return rows


def separation(scores: Numbers, right: Numbers, clusters: Sequence[str], *, resamples: int = 1000) -> Estimate:
    """AUROC with the 95 % percentile bootstrap over clusters; resamples with one kind of answer alone are left out."""
    random = np.random.default_rng(0)
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    members = [np.flatnonzero(place == number) for number in range(len(names))]
    found = []
    for _ in range(resamples):
        chosen = np.concatenate([members[one] for one in random.integers(len(names), size=len(names))])
        if 0 < right[chosen].mean() < 1:
            found.append(auroc(scores[chosen], right[chosen]))
    low, high = np.percentile(found, [2.5, 97.5]) if found else (0.0, 1.0)
    return Estimate(auroc(scores, right), float(low), float(high), len(scores))


def texts(task: Task) -> str:
    """What a task says: two draws of the same question are no two questions."""
    return repr(sorted(task.public.items(), key=repr))
