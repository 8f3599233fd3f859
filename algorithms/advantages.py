"""From outcomes to a number for every turn."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from selftaught.types import Episode, Seat

Baselines = Mapping[Seat, float]
Figures = npt.NDArray[np.float64]


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


def generalised_advantages(rewards_T: Figures, values_T: Figures, *, discount: float, trace: float) -> Figures:
    """Generalised advantage estimates [T] of one episode that ends after its last step (GAE, arXiv 1506.02438, eq. 16).

    ``A_t = sum over l of (discount trace)^l delta_(t+l)`` with ``delta_t = r_t + discount V_(t+1) - V_t``.
    """
    following = np.append(values_T[1:], 0.0)
    errors_T = rewards_T + discount * following - values_T
    advantages_T = np.zeros_like(errors_T)
    carried = 0.0
    for step in range(len(errors_T) - 1, -1, -1):
        carried = advantages_T[step] = errors_T[step] + discount * trace * carried
    return advantages_T


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
        for seat, reward in episode.outcome.rewards.items():
            current[seat] = rate * current[seat] + (1 - rate) * reward
            row[seat] = reward - current[seat]
        advantages.append(row)
    return advantages, current


def group_advantages(episodes: Sequence[Episode], *, scale: bool) -> list[Mapping[Seat, float]]:
    """Rewards less the mean of their group, by seat; with ``scale`` over its (sample) standard deviation + 1e-4.

    Where all rewards of a group are the same, advantages are 0, whatever rounding has to say.
    """
    groups = _groups(episodes)

    def advantage(episode: Episode, seat: Seat) -> float:
        rewards = groups[episode.group, seat]
        if min(rewards) == max(rewards):
            return 0.0
        centred = episode.outcome.rewards[seat] - float(np.mean(rewards))
        return centred / (float(np.std(rewards, ddof=1)) + 1e-4) if scale and len(rewards) > 1 else centred

    return [{seat: advantage(episode, seat) for seat in episode.outcome.rewards} for episode in episodes]


def leave_one_out_advantages(episodes: Sequence[Episode]) -> list[Mapping[Seat, float]]:
    """Rewards less the mean of the others in their group, by seat (RLOO, arXiv 2402.14740, equation 8); alone, 0."""
    groups = _groups(episodes)

    def advantage(episode: Episode, seat: Seat) -> float:
        rewards, own = groups[episode.group, seat], episode.outcome.rewards[seat]
        return own - (sum(rewards) - own) / (len(rewards) - 1) if min(rewards) < max(rewards) else 0.0

    return [{seat: advantage(episode, seat) for seat in episode.outcome.rewards} for episode in episodes]


def _groups(episodes: Sequence[Episode]) -> Mapping[tuple[str, Seat], Sequence[float]]:
    """The rewards of every group and seat."""
    groups: dict[tuple[str, Seat], list[float]] = defaultdict(list)
    for episode in episodes:
        for seat, reward in episode.outcome.rewards.items():
            groups[episode.group, seat].append(reward)
    return groups
