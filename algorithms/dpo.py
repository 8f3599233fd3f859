"""Direct preference optimisation (DPO, arXiv 2305.18290) on replies to the same question, round after round.

Of every group the reply with the highest reward is preferred to the one with the lowest, as in Self-Rewarding Language
Models (arXiv 2401.10020, section 2.3), and the reference is the policy as the round found it, so that every step of
training is one iteration. What later work adds are options: control of length (Meta-Rewarding, arXiv 2407.19594),
rejected replies of an earlier model (Temporal Self-Rewarding, arXiv 2508.06026), and labels that count as far as an
earlier judge agrees (CREAM, arXiv 2410.12735).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from torch import Tensor

from selftaught.algorithms.examples import Batch, Example, sequences, with_spans
from selftaught.algorithms.learner import Reference
from selftaught.algorithms.losses import Figures, dpo_loss
from selftaught.algorithms.turns import question
from selftaught.types import Codec, Episode, Seat


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reply and what it was worth."""

    episode: Episode
    seat: Seat
    reward: float

    @property
    def agent(self) -> str:
        """Who gave it."""
        return self.episode.turns_of(self.seat)[0].agent

    @property
    def text(self) -> str:
        """All that the seat said."""
        return "\n".join(turn.reply.text for turn in self.episode.turns_of(self.seat))


@dataclass(frozen=True)
class Dpo:
    """Settings of DPO; implements ``selftaught.algorithms.learner.Algorithm``."""

    beta: float = 0.1
    """How dear it is to leave the reference."""
    nll: float = 0.0
    """Weight of the preferred reply's negative log-likelihood a token."""
    gap: float = 0.0
    """Rewards must differ by more than this."""
    band: float = 0.0
    """Length control: what lies within this share of the range of rewards from the best counts as best, and the
    shortest of it is preferred; likewise the longest of the worst is rejected."""
    anchor: str = ""
    """Name of the agent whose replies alone are rejected, and never preferred, in the seats where it plays."""
    second: str = ""
    """Name of the agent under which the same replies come again with the rewards of another judge. How well the two
    agree on pairs that both decide (mapped to 0..1, mean over the round) is then the chance that a preference of that
    seat is right."""

    def __post_init__(self) -> None:
        if not 0 <= self.band < 0.5 or self.beta <= 0 or self.gap < 0:
            raise ValueError(f"DPO needs beta above 0, gap from 0 and band from 0 to below 0.5: {self}")

    @property
    def reference(self) -> Reference:
        """The policy as the round found it."""
        return "start"

    def examples(
        self, episodes: Sequence[Episode], memory: Mapping[str, Any], *, codec: Codec
    ) -> tuple[list[Example], Mapping[str, Any]]:
        """Preferred and rejected replies to one question in turn; groups without a difference give none.

        Raises:
            ValueError: if a seat's play is more than one reply.
        """
        groups: dict[tuple[Seat, str, str], list[Candidate]] = defaultdict(list)
        for episode in episodes:
            for seat, reward in episode.outcome.rewards.items():
                if turns := episode.turns_of(seat):
                    groups[seat, episode.group, question(turns[0])].append(Candidate(episode, seat, reward))
        anchored = {seat for (seat, *_), group in groups.items() if any(one.agent == self.anchor for one in group)}
        sure = {seat: self._sure([group for (of, *_), group in groups.items() if of == seat]) for seat, *_ in groups}
        found: list[Example] = []
        for (seat, *_), group in groups.items():
            own = [one for one in group if not self.second or one.agent != self.second]
            pair = self.pair(own, anchored=seat in anchored)
            if pair is not None:
                preferred, rejected = (_sequence(one, codec) for one in pair)
                value = [replace(span, value=sure[seat]) for span in preferred.spans]
                found += [with_spans(preferred, value), replace(rejected, rejected=True)]
        return found, memory

    def loss(self, logprobs_BT: Tensor, batch: Batch) -> tuple[Tensor, Figures]:
        """See ``selftaught.algorithms.losses.dpo_loss``."""
        return dpo_loss(logprobs_BT, batch, beta=self.beta, nll=self.nll)

    def pair(self, group: Sequence[Candidate], *, anchored: bool = False) -> tuple[Candidate, Candidate] | None:
        """The preferred reply of a group and the rejected one; None where rewards do not tell, or the texts are one."""
        good = [one for one in group if not anchored or one.agent != self.anchor]
        bad = [one for one in group if not anchored or one.agent == self.anchor]
        if not good or not bad:
            return None
        most, least = max(one.reward for one in good), min(one.reward for one in bad)
        if most - least <= self.gap:
            return None
        slack = self.band * (most - least)
        best = [one for one in good if one.reward >= most - slack]
        worst = [one for one in bad if one.reward <= least + slack]
        preferred = min(best, key=lambda one: len(one.text)) if self.band else best[0]
        rejected = max(worst, key=lambda one: len(one.text)) if self.band else worst[0]
        return None if preferred.text == rejected.text else (preferred, rejected)

    def _sure(self, groups: Sequence[Sequence[Candidate]]) -> float:
        """Chance that a preference is right, by the agreement of two judges; 1 if there is only one."""
        if not self.second:
            return 1.0
        agreements = []
        for group in groups:
            again = {one.text: one.reward for one in group if one.agent == self.second}
            both = [(one.reward, again[one.text]) for one in group if one.agent != self.second and one.text in again]
            found = agreement(both)
            if found is not None:
                agreements.append(found)
        return (1 + float(np.mean(agreements))) / 2 if agreements else 1.0


def agreement(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Goodman and Kruskal's gamma of two rankings: concordant less discordant pairs, over those that both decide.

    None if there are none. Judges that give whole points tie often, and Kendall's tau-a, which CREAM takes, would count
    every tie as doubt.
    """
    signs = [np.sign((one[0] - two[0]) * (one[1] - two[1])) for one, two in combinations(pairs, 2)]
    decided = [float(sign) for sign in signs if sign]
    return float(np.mean(decided)) if decided else None


def _sequence(one: Candidate, codec: Codec) -> Example:
    found = sequences(one.episode, one.seat, codec=codec)
    if len(found) != 1 or len(found[0][0].spans) != 1:
        raise ValueError(
            f"DPO learns from single replies, and {one.seat} of {one.episode.env} gave "
            f"{len(one.episode.turns_of(one.seat))}: use grpo, ppo or spag"
        )
    return found[0][0]
