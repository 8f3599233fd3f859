"""From outcomes to a number for every turn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from selftaught.types import Episode, Seat

Baselines = Mapping[Seat, float]


def geometric_shares(turns: int, *, decay: float) -> list[float]:
    """How a game's reward is spread over a seat's turns: later turns get more, all sum to one.

    Turn ``k`` of ``n`` gets ``decay ** (n - k) * (1 - decay) / (1 - decay ** n)`` (SPAG, arXiv 2404.10642, section
    3.3); ``decay`` 1 gives equal shares.

    Raises:
        ValueError: if ``decay`` is outside (0, 1] or there is no turn.
    """
    if turns < 1 or not 0 < decay <= 1:
        raise ValueError(f"geometric shares need at least one turn and 0 < decay <= 1, not {turns} and {decay}")
    weights = [decay ** (turns - turn) for turn in range(1, turns + 1)]
    return [weight / sum(weights) for weight in weights]


def role_weights(winners: Sequence[Seat], seats: Sequence[Seat]) -> Mapping[Seat, float]:
    """Weights that give every seat's wins the same total: all wins / (seats x the seat's wins), 0 without any.

    ``winners`` holds a seat for each win.
    """
    wins = Counter(winners)
    return {seat: len(winners) / (len(seats) * wins[seat]) if wins[seat] else 0.0 for seat in seats}


def role_advantages(
    episodes: Sequence[Episode], seats: Sequence[Seat], *, baselines: Baselines, rate: float
) -> tuple[list[Mapping[Seat, float]], Baselines]:
    """Role-conditioned advantages (SPIRAL's RAE, arXiv 2506.24119, algorithm 1).

    Every seat has a running baseline ``b <- rate * b + (1 - rate) * R``, updated episode by episode *before* it is
    subtracted, as the paper has it. Returns one mapping an episode, and the baselines to go on with.
    """
    current = {seat: baselines.get(seat, 0.0) for seat in seats}
    advantages: list[Mapping[Seat, float]] = []
    for episode in episodes:
        row: dict[Seat, float] = {}
        for seat in seats:
            reward = episode.outcome.rewards[seat]
            current[seat] = rate * current[seat] + (1 - rate) * reward
            row[seat] = reward - current[seat]
        advantages.append(row)
    return advantages, current
