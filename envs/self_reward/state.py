"""A game of answers and judgements at one moment, and what follows from the judgements alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from selftaught.envs.self_reward import rubric
from selftaught.envs.self_reward.instructions import Instruction
from selftaught.types import Seat

PROPOSER: Final = "proposer"
ACTOR: Final = "actor"
JUDGE: Final = "judge"
META_JUDGE: Final = "meta_judge"

Job = tuple[Seat, tuple[int, ...]]
"""Who is to judge, and which: one candidate or two, or of a meta-judge two judgements."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer and where it comes from: the actor, or the name of an adversary."""

    text: str
    source: str = ACTOR


@dataclass(frozen=True, slots=True)
class Judgement:
    """What ``seat`` said of one (``points``), or of two in this order (``preferred``); None: unreadable."""

    of: tuple[int, ...]
    text: str
    points: int | None = None
    preferred: rubric.Preferred | None = None
    seat: Seat = JUDGE

    @property
    def valid(self) -> bool:
        """Whether it could be read."""
        return self.points is not None or self.preferred is not None

    @property
    def position(self) -> float:
        """Where it stands from 0 to 1: its points, or how far it prefers the one of the lower number."""
        if self.points is not None:
            return self.points / rubric.MOST
        first = self.share
        return first if self.of[0] < self.of[1] else 1 - first

    @property
    def share(self) -> float:
        """Of two, how far it prefers the first."""
        return {"first": 1.0, "second": 0.0, "neither": 0.5, None: 0.5}[self.preferred]


@dataclass(frozen=True, slots=True)
class JudgedState:
    """One position: the answers so far, those that are still to come, and what was said of which.

    Without an ``instruction`` one is to be proposed, after ``examples`` and of their ``split``, if they have one;
    ``refused`` says why it was not taken.
    """

    instruction: Instruction | None
    wanted: int
    tricks: tuple[str, ...]
    draws: int
    examples: tuple[Instruction, ...] = ()
    split: str = ""
    proposal: str = ""
    refused: str = ""
    candidates: tuple[Candidate, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    queue: tuple[Job, ...] = ()

    @property
    def over(self) -> bool:
        """Whether all answers are judged."""
        return bool(self.refused) or (self.instruction is not None and not self.wanted and not self.queue)

    @property
    def answers(self) -> tuple[Candidate, ...]:
        """The actor's."""
        return tuple(candidate for candidate in self.candidates if candidate.source == ACTOR)

    def judgements_by(self, seat: Seat) -> tuple[Judgement, ...]:
        """What one seat said."""
        return tuple(judgement for judgement in self.judgements if judgement.seat == seat)

    def points(self) -> list[float | None]:
        """Of every candidate, 0 to ``MOST``: the mean of what could be read; None where nothing could."""
        said: list[list[float]] = [[] for _ in self.candidates]
        for judgement in self.judgements_by(JUDGE):
            if judgement.points is not None:
                said[judgement.of[0]].append(judgement.points)
            elif judgement.preferred is not None:
                for place, share in zip(judgement.of, (judgement.share, 1 - judgement.share), strict=True):
                    said[place].append(rubric.MOST * share)
        return [float(np.mean(values)) if values else None for values in said]

    def credits(self) -> list[float | None]:
        """Of every judgement: how well it goes with the others, or what the meta-judge says of it where there is one.

        Agreement is 1 less the distance from the mean of the others of the same, as a share of the scale; a pair's
        other order is another judgement of the same. A judgement that was compared with others is worth the share of
        comparisons that it won. None for the only one of its kind, 0 for one that cannot be read.
        """
        reviews = self.judgements_by(META_JUDGE)
        found = _agreements(self.judgements)
        if not reviews:
            return found
        shares: list[list[float]] = [[] for _ in self.judgements]
        for review in reviews:
            if review.preferred is not None:
                for place, share in zip(review.of, (review.share, 1 - review.share), strict=True):
                    shares[place].append(share)
        return [
            agreement if judgement.seat == META_JUDGE or not judgement.valid else float(np.mean(won)) if won else None
            for judgement, agreement, won in zip(self.judgements, found, shares, strict=True)
        ]

    def reviewed(self) -> tuple[Job, ...]:
        """What the meta-judge compares: the judgements of the candidate on which they differ most, in both orders.

        As in Meta-Rewarding (arXiv 2407.19594, section 2.2). Nothing where all agree.
        """
        by_candidate: dict[int, list[int]] = {}
        for place, judgement in enumerate(self.judgements):
            if judgement.points is not None:
                by_candidate.setdefault(judgement.of[0], []).append(place)

        def spread(places: Sequence[int]) -> float:
            points = [self.judgements[place].points or 0 for place in places]
            return float(np.var(points)) if len(set(points)) > 1 else 0.0

        places = max(by_candidate.values(), key=spread, default=[])
        if not places or not spread(places):
            return ()
        pairs = combinations(places, 2)
        return tuple((META_JUDGE, pair) for one, two in pairs for pair in ((one, two), (two, one)))


def _agreements(judgements: Sequence[Judgement]) -> list[float | None]:
    said: dict[tuple[Seat, tuple[int, ...]], list[tuple[int, float]]] = {}
    for number, judgement in enumerate(judgements):
        if judgement.valid:
            key = (judgement.seat, tuple(sorted(judgement.of)))
            said.setdefault(key, []).append((number, judgement.position))
    found: list[float | None] = [None if judgement.valid else 0.0 for judgement in judgements]
    for group in said.values():
        for number, position in group:
            others = [other for place, other in group if place != number]
            found[number] = 1 - abs(position - float(np.mean(others))) if others else None
    return found
