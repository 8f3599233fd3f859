"""Agents without a model: any pure function of an ask, and a person at the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from selftaught.types import Ask, Player, Reply


@dataclass(frozen=True, slots=True)
class Scripted:
    """A player function as an agent."""

    name: str
    player: Player

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """The player's text for every ask."""
        return [Reply(self.player(ask)) for ask in asks]


@dataclass(frozen=True, slots=True)
class Human:
    """A person at the terminal, who sees what the seat sees and types one reply an ask."""

    name: str = "human"
    read: Callable[[str], str] = input
    write: Callable[[str], None] = print

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """Show the last messages of each ask and read one line.

        Raises:
            EOFError: when the input ends.
        """
        return [self._one(ask) for ask in asks]

    def _one(self, ask: Ask) -> Reply:
        shown = ask.messages if len(ask.messages) <= 2 else ask.messages[-1:]
        for message in shown:
            self.write(f"[{message.role}] {message.content}")
        return Reply(self.read(f"{ask.seat}> "))
