"""Judges beside the truth: reliability of their points, and the rounds of an audit with both alarms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any, Final

from selftaught.algorithms.gap_alarm import blind, reading
from selftaught.benchmarks.audit import BINS, judged_answers, pooled
from selftaught.benchmarks.report.folders import Row, Run
from selftaught.envs.self_reward.state import ACTOR, JUDGE
from selftaught.types import Episode

FIGURES: Final = ("right", "points", "auroc", "read", "saturated", "pair_right", "pair_wrong")


def reliability(arm: str, episodes: Iterable[Episode]) -> list[dict[str, Any]]:
    """By judge: the share of right answers among those of about as many points, with Wilson's 95 % interval.

    ``points`` is the mean share of the scale within a bin. Of a judge in lessons, whose credits are weights and no
    points any more, nothing is said.
    """
    by_judge: dict[str, list[Episode]] = {}
    for episode in episodes:
        judges = [turn.agent for turn in episode.turns_of(JUDGE)]
        if episode.env == "self_reward" and judges and episode.credits:
            by_judge.setdefault(judges[0], []).append(episode)
    found = []
    for judge, some in by_judge.items():
        answers = judged_answers(some) if all(map(_has_points, some)) else []
        bins: dict[int, list[tuple[float, float]]] = {}
        for credit, right, _ in answers:
            bins.setdefault(round(credit * (BINS - 1)), []).append((credit, right))
        if answers:
            rows = [_bin(bins[place]) for place in sorted(bins)]
            found.append({"arm": arm, "judge": judge, "bins": rows, "pooled": pooled(some)})
    return found


def rounds(run: Run) -> dict[str, Any] | None:
    """The audited rounds of a run, what each alarm says of them; None if it has no audits."""
    audits = [audit for audit in run.audits if audit["round"] >= 0]
    if not audits:
        return None
    return {"run": run.name, "arm": run.arm, "rows": [_round(audits[0], audit) for audit in audits]}


def _has_points(episode: Episode) -> bool:
    """Whether the answers' credits are still the judge's points, whose mean the actor has earned."""
    both = zip(episode.turns, episode.credits, strict=True)
    credits = [credit for turn, credit in both if turn.ask.seat == ACTOR and credit is not None]
    return not credits or math.isclose(sum(credits) / len(credits), episode.outcome.rewards[ACTOR], abs_tol=1e-9)


def _round(first: Row, audit: Row) -> dict[str, Any]:
    row: dict[str, Any] = {
        "round": audit["round"],
        "figures": {name: audit["figures"][name] for name in FIGURES if name in audit["figures"]},
        "ece": audit["pooled"].get("ece"),
        "blind": blind(audit["figures"].get("auroc")),
        "pleased": False,
    }
    if audit["round"] > first["round"] and len(audit["right_by_task"]) > 1:
        judged, true = ((first[name], audit[name]) for name in ("points_by_task", "right_by_task"))
        found = reading(judged, true)
        row |= {"reading": asdict(found), "pleased": found.rings}
    return row


def _bin(answers: Sequence[tuple[float, float]]) -> dict[str, float]:
    count = len(answers)
    right = sum(ok for _, ok in answers) / count
    low, high = _wilson(right, count)
    return {
        "points": sum(credit for credit, _ in answers) / count,
        "right": right,
        "low": low,
        "high": high,
        "count": count,
    }


def _wilson(share: float, count: int, z: float = 1.96) -> tuple[float, float]:
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(0.0, middle - reach), min(1.0, middle + reach)
