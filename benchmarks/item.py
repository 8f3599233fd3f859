"""One item of the suite: a game with its settings, who sits where, which tasks, and what counts. All of it is data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any, Final, Literal, get_args

from selftaught.agents.scripted import Scripted
from selftaught.envs.anyone import ANYONE
from selftaught.envs.registry import entry, make_game, player
from selftaught.store import encode
from selftaught.types import Agent, Episode, Game, Seat, Task

Reference = Literal["random", "scripted", "shortcut", "oracle"]
REFERENCES: Final[tuple[Reference, ...]] = get_args(Reference)
"""What stands beside every score: chance, an honest program, a known wrong way, and the best there is."""
REASONING: Final = "reasoning"
"""The game of reasoning-gym's tasks, which is no registered game: it is only evaluated."""
WITH_DIGEST: Final = 2
"""Tasks whose contents are part of an item's fingerprint."""


@dataclass(frozen=True)
class Item:
    """What a score is a score of.

    An id means the same for ever: whoever changes an item gives it a new id (a test holds every fingerprint).
    """

    id: str
    """The game, a slash, and a number or a suite's name with a number."""
    seats: tuple[Seat, ...]
    """The policy's; the first is the one whose score counts."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[Seat, tuple[str, ...]] = field(default_factory=dict)
    """Scripted players of the other seats, who take turns task by task."""
    references: Mapping[Reference, Mapping[Seat, str]] = field(default_factory=dict)
    """The players of the policy's seats that stand for each reference; a reference that makes no sense is left out."""
    split: str = "test"
    seed: int = 0
    """Of the tasks, which are the same for every policy and run."""
    tasks: int = 100
    tokens: int = 32
    """Of one reply, at most."""
    most: float = 1.0
    """What the oracle scores, where even it cannot have everything."""

    @property
    def game(self) -> str:
        """The game's name."""
        return self.id.partition("/")[0]

    def made(self) -> Game[Any]:
        """The game.

        Raises:
            ImportError: if the game needs an extra that is not installed.
        """
        if self.game == REASONING:
            from selftaught.benchmarks.reasoning import Reasoning

            return Reasoning(**self.settings)
        return make_game(self.game, **self.settings)

    def drawn(self, count: int | None = None) -> list[Task]:
        """The first ``count`` tasks; all of them if None."""
        return list(islice(self.made().tasks(self.split, self.seed), self.tasks if count is None else count))

    @property
    def measure(self) -> str:
        """The metric that is the score, from 0 to 1."""
        return "success" if self.game == REASONING else entry(self.game).scores[self.seats[0]]

    @property
    def measures(self) -> tuple[str, ...]:
        """Further metrics that are reported."""
        return () if self.game == REASONING else entry(self.game).measures

    def score(self, episode: Episode) -> float:
        """How well the policy played one task; a metric that a game does not have counts as 0."""
        return float(episode.metrics.get(self.measure, 0.0))

    def opponents(self) -> dict[Seat, list[Agent]]:
        """Who sits in the other seats."""
        return {seat: [self.scripted(seat, name) for name in names] for seat, names in self.others.items()}

    def scripted(self, seat: Seat, name: str) -> Agent:
        """A player of the game, or one that can sit anywhere.

        Raises:
            ValueError: on an unknown player.
        """
        known = {} if self.game == REASONING else entry(self.game).players.get(seat, {})
        if name in ANYONE and name not in known:
            return Scripted(name, ANYONE[name])
        if self.game == REASONING:
            raise ValueError(
                f"no program plays reasoning-gym's tasks, not {name!r} either: {sorted(ANYONE)} say something"
            )
        return Scripted(name, player(self.game, seat, name))

    @property
    def fingerprint(self) -> str:
        """A digest of all that the item is, its first tasks included: a game that draws others is another item."""
        told = json.dumps(asdict(self), sort_keys=True)
        tasks = [encode({"id": task.id, "public": task.public}) for task in self.drawn(WITH_DIGEST)]
        return hashlib.blake2b("\n".join([told, *tasks]).encode(), digest_size=8).hexdigest()
