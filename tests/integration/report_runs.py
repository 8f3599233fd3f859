"""Runs of every shape that a report reads, small and quick, and texts that a page must not take for anything else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selftaught import cli
from selftaught.benchmarks.audit import audited
from selftaught.benchmarks.cost import Cost
from selftaught.store import read_run, shard_path, write_shard
from selftaught.summary import bootstrap
from selftaught.types import Ask, Episode, Message, Outcome, Reply, Stop, Task, Turn

HOSTILE: Sequence[str] = (
    "</script><script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 1'>",
    "<!--<script>",
    "]]><svg onload=window.pwned=1>",
    "&lt;b&gt;&amp;&#x3c;/script&#x3e;",
    "javascript:window.pwned=1",
    "'\"><style>*{display:none}</style>",
    "\x00\x07\x1b[2J\x7f null and bells",
    "right \u202eto left\u202c and \u2066back\u2069",
    "pan\u200bda, \u2028 and \u2029, \ufeff",
    "lone \ud800 and \udfff halves",
    "tags \U000e0041\U000e0042 that nobody sees, e\u0301, 🐼 pandas",
    "${title} $title {{title}} %s",
    "__proto__",
    "constructor",
)
SEEDS = (0, 1, 2)
SPENT, TAUGHT = Cost(1000, 0, 5.5), Cost(200, 30_000, 60.0, {"rows": 40, "rewards": 60})
"""What an evaluation of the bench cost, and a training, which the cells of both items share."""


def make_runs(folder: Path) -> dict[str, Path]:
    """All of them, by what they are."""
    return {
        "taboo": _played(folder / "bayes", "taboo", "--cast", "attacker=fact_giver", "defender=bayes"),
        "leaker": _played(folder / "leaker", "taboo", "--cast", "attacker=leaker", "defender=hint_beggar"),
        "plans": _played(folder / "plans", "graph_plan", "--cast", "greedy"),
        "judged": _played(
            folder / "judged",
            "self_reward",
            "--cast",
            "actor=sloppy",
            "judge=flipping",
            "--settings",
            "adversaries=0.5",
            "judgements=1",
        ),
        "study": _study(folder / "study"),
        "bench": _bench(folder / "bench"),
        "audit": _audit(folder / "rounds", folder / "judged"),
        "hostile": _hostile(folder / "hostile"),
    }


def episode(name: str, texts: Sequence[str], *, agents: Sequence[str] = ("a", "b"), stop: Stop = "end") -> Episode:
    """A made-up game of taboo in which two seats say these texts in turn; ``stop`` is how all replies ended."""
    task = Task("test/panda", {"target": "panda"})
    turns, thread = [], [Message("system", "You are playing.")]
    for place, text in enumerate(texts):
        seat = ("attacker", "defender")[place % 2]
        turns.append(Turn(Ask(seat, tuple(thread)), Reply(text, stop=stop), agents[place % len(agents)]))
        thread = [*thread, Message("user", text)]
    rewards = {"attacker": 1.0, "defender": -1.0}
    return Episode(name, "taboo", task, task.id, tuple(turns), Outcome("tie", rewards, "over"), {"tie": 1.0})


def row(mean: float, count: int = 10) -> dict[str, Any]:
    """An estimate as a result holds it."""
    return {"mean": mean, "low": max(0.0, mean - 0.1), "high": min(1.0, mean + 0.1), "count": count}


def _played(folder: Path, game: str, *arguments: str) -> Path:
    assert cli.main(["rollout", game, *arguments, "--games", "12", "--split", "test", "--folder", str(folder)]) == 0
    return folder


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def _study(folder: Path) -> Path:
    """Two arms of a study with three seeds each, evaluated twice; the last line of one is still being written."""
    for arm in ("grpo", "ppo"):
        for seed in SEEDS:
            run = folder / arm / f"seed-{seed}"
            _write(run / "settings" / "config.json", {"model": "fake", "seed": seed})
            _write(run / "lessons.json", ["of another kind than a report reads"])
            rows = [
                {
                    "step": step,
                    "learn/loss": 1 / step,
                    "reward/planner": 0.1 * step + 0.01 * seed,
                    "metric/answer_right": 0.2 + 0.1 * step,
                    "metric/shortcut/greedy": 0.7,
                    "learn/trained_tokens": 100.0,
                    "time/learn_seconds": 2.0,
                }
                for step in (1, 2, 3)
            ]
            text = "".join(json.dumps(one) + "\n" for one in rows) + ('{"step": 4, "lear' if seed == 2 else "")
            (run / "metrics.jsonl").write_text(text, encoding="ascii")
            for step in (0, 3):
                found = [{"step": step, "band": band, "success": row(0.1 * band + 0.1 * step)} for band in (1, 2)]
                _write(run / "evaluations" / f"step-{step:06d}.json", found)
            (run / "evaluations" / "metrics.jsonl").write_text('{"step": 1, "won": 0.5}\n', encoding="ascii")
            write_shard(shard_path(run, 0), [episode(f"0/{arm}/{seed}", ["It is black.", "A panda?"])])
    return folder


def _bench(folder: Path) -> Path:
    for policy, right in (("raw", 0.2), ("trained", 0.7), ("oracle", 0.9)):
        for item in ("taboo/0", "graph_plan/1"):
            for seed in SEEDS:
                scores = [float(place < right * 10 + seed) for place in range(10)]
                tasks = [f"test/{place}" for place in range(10)]
                cell = folder / "cells" / policy / item.replace("/", "-") / "none" / f"seed-{seed}"
                result = {
                    "policy": policy,
                    "item": item,
                    "game": item.partition("/")[0],
                    "algorithm": "none",
                    "seed": seed,
                    "score": asdict(bootstrap(scores, tasks)),
                    "scores": scores,
                    "tasks": tasks,
                    "metrics": {"turns": row(0.3)},
                    "references": {"random": row(0.1), "scripted": row(0.5), "oracle": row(1.0)},
                    "cost": {
                        "evaluation": SPENT.as_data(),
                        "training": _training(seed) if policy == "trained" else None,
                    },
                }
                _write(cell / "result.json", result)
                write_shard(shard_path(cell, 0), [episode(f"{seed}", ["Hello.", "Hi."], agents=(policy, "bayes"))])
    return folder


def _training(seed: int) -> dict[str, Any]:
    return {"folder": f"training/trained/all/recipe/seed-{seed}", **TAUGHT.as_data()}


def _audit(folder: Path, judged: Path) -> Path:
    """Two audited rounds, the second of which pleases the judge more and is as right."""
    first = audited(list(read_run(judged)))
    pleased = [None if value is None else min(1.0, value + 0.4) for value in first["points_by_task"]]
    for number, points in enumerate((first["points_by_task"], pleased)):
        audit = {"round": number, **first, "points_by_task": points}
        _write(folder / "evaluations" / f"round-{number:02d}.json", audit)
    return folder


def _hostile(folder: Path) -> Path:
    """Every hostile text as a reply, and as all the names that there are; a reply of one line of a million signs."""
    found = [episode(f"h/{place}", [text, text], agents=(text, "b")) for place, text in enumerate(HOSTILE)]
    found.append(episode("h/long", ["x<" * 500_000, "ok"]))
    write_shard(shard_path(folder, 0), found)
    _write(folder / "config.json", {"model": HOSTILE[0], "game": "taboo"})
    return folder
