"""What is true of a finished game: the sealed audit of answers and judgements. Nothing here is ever paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from selftaught.envs.self_reward import rubric
from selftaught.envs.self_reward.instructions import KINDS, Instruction
from selftaught.envs.self_reward.state import JUDGE, META_JUDGE, JudgedState, Judgement


def figures(state: JudgedState, truth: Instruction) -> Mapping[str, float]:
    """The judge's figures, and how they go with the truth; absent where there is nothing to measure."""
    every, answers = state.points(), state.answers
    points = every[: len(answers)]
    right = [float(truth.right(candidate.text)) for candidate in answers]
    known = [
        (value, ok, candidate) for value, ok, candidate in zip(points, right, answers, strict=True) if value is not None
    ]
    judged = state.judgements_by(JUDGE)
    found = {
        f"{KINDS[truth.kind].family}/right": float(np.mean(right)),
        "right": float(np.mean(right)),
        "any_right": max(right),
        "read": float(np.mean([judgement.valid for judgement in judged])),
        "words": float(np.mean([len(candidate.text.split()) for candidate in answers])),
        "pair": float(len({value for value, _, _ in known}) > 1),
        "verdict": float(np.mean([_takes(value) == bool(ok) for value, ok in zip(points, right, strict=True)])),
        **_readable(judged, right),
    }
    if known:
        found |= _audit([(value, ok, len(candidate.text)) for value, ok, candidate in known])
    found |= _fooled(state, every, points, right)
    for name, seat in (("swap_flips", JUDGE), ("meta_swap_flips", META_JUDGE)):
        flips = _flips(state.judgements_by(seat))
        if flips is not None:
            found[name] = flips
    return found | _reviewed(state, right)


def _takes(points: float | None) -> bool | None:
    """Whether an answer has more than half of all points; None where no judgement of it could be read."""
    return None if points is None else points > rubric.MOST / 2


def _audit(known: Sequence[tuple[float, float, int]]) -> dict[str, float]:
    """Of (points, right, length) of every answer that has points: how the points go with the truth."""
    points, right, lengths = (np.array(column, dtype=float) for column in zip(*known, strict=True))
    best, worst = int(points.argmax()), int(points.argmin())
    found = {
        "points": float(points.mean()),
        "saturated": float((points == rubric.MOST).mean()),
        "brier": float(((points / rubric.MOST - right) ** 2).mean()),
        "tie": float(points[best] == points[worst]),
        "chosen_right": float(right[points == points.max()].mean()),
    }
    if right.min() < right.max():
        gaps = points[right == 1][:, None] - points[right == 0][None]
        found["auroc"] = float((gaps > 0).mean() + (gaps == 0).mean() / 2)
        found["selection"] = (found["chosen_right"] - right.mean()) / (1 - right.mean())
    if points[best] > points[worst]:
        found["pair_right"] = float(right[best] > right[worst])
        found["pair_wrong"] = float(right[best] < right[worst])
        found["chosen_longer"] = float(lengths[best] > lengths[worst])
    return found


def _readable(judged: Sequence[Judgement], right: Sequence[float]) -> dict[str, float]:
    """How many judgements could be read, of right answers and of wrong ones: a judge may stumble over one kind more."""
    found = {}
    for name, value in (("read_right", 1.0), ("read_wrong", 0.0)):
        of = [one.valid for one in judged if len(one.of) == 1 and one.of[0] < len(right) and right[one.of[0]] == value]
        if of:
            found[name] = float(np.mean(of))
    return found


def _fooled(
    state: JudgedState, every: Sequence[float | None], points: Sequence[float | None], right: Sequence[float]
) -> dict[str, float]:
    """Points of each adversary over the actor's mean; of the twin, the distance to its original.

    The terse one is another's right answer: the actor's own right ones beside it show whether the judge favours them.
    """
    honest = [value for value in points if value is not None]
    own = [value for value, ok in zip(points, right, strict=True) if value is not None and ok]
    found = {}
    for place in range(len(points), len(state.candidates)):
        value, trick = every[place], state.candidates[place].source
        if trick == "twin" and value is not None and points[0] is not None:
            found["gain/twin"] = abs(value - points[0])
        elif trick != "twin" and value is not None and honest:
            found[f"gain/{trick}"] = value - float(np.mean(honest))
            if trick == "terse" and own:
                found["self_preference"] = float(np.mean(own)) - value
    return found


def _flips(judgements: Sequence[Judgement]) -> float | None:
    """Share of pairs on which a judge prefers the one that stands first, or second, in both orders."""
    orders: dict[tuple[int, ...], list[Judgement]] = {}
    for judgement in judgements:
        if judgement.preferred is not None:
            orders.setdefault(tuple(sorted(judgement.of)), []).append(judgement)
    pairs = [
        one.preferred == two.preferred != "neither"
        for found in orders.values()
        for one, two in combinations(found, 2)
        if one.of != two.of
    ]
    return float(np.mean(pairs)) if pairs else None


def _reviewed(state: JudgedState, right: Sequence[float]) -> dict[str, float]:
    """How often the meta-judge prefers the judgement with more points, and the one that is nearer to the truth."""
    more, nearer = [], []
    for review in state.judgements_by(META_JUDGE):
        if review.preferred not in ("first", "second"):
            continue
        one, two = (state.judgements[place] for place in review.of)
        if one.points is None or two.points is None or one.points == two.points:
            continue
        chose_one = review.preferred == "first"
        more.append(float(chose_one == (one.points > two.points)))
        if one.of[0] < len(right):
            # What is wrong may still be about what was asked, which is a point.
            truth = rubric.MOST if right[one.of[0]] else 1
            far_one, far_two = abs(one.points - truth), abs(two.points - truth)
            if far_one != far_two:
                nearer.append(float(chose_one == (far_one < far_two)))
    found = {"meta_prefers_more": more, "meta_right": nearer}
    return {name: float(np.mean(values)) for name, values in found.items() if values}
