"""Games in which language models teach themselves: the nouns of :mod:`selftaught.types`, and the version."""

from selftaught.types import (
    Agent,
    Ask,
    Codec,
    Episode,
    Game,
    Message,
    Outcome,
    Player,
    Reply,
    Role,
    Seat,
    Stop,
    Task,
    Tracker,
    Turn,
)

__version__ = "0.1.0"

__all__ = [
    "Agent",
    "Ask",
    "Codec",
    "Episode",
    "Game",
    "Message",
    "Outcome",
    "Player",
    "Reply",
    "Role",
    "Seat",
    "Stop",
    "Task",
    "Tracker",
    "Turn",
]
