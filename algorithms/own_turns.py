"""Learn from one agent's turns only, where others sat at the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from selftaught.types import Episode


def own_turns(episodes: Sequence[Episode], agent: str) -> list[Episode]:
    """The episodes with the turns of ``agent`` alone; rewards stay as they were.

    A policy gradient is of the policy's own samples, and what a scripted opponent said is none.
    """
    return [
        replace(episode, turns=tuple(turn for turn in episode.turns if turn.agent == agent)) for episode in episodes
    ]
