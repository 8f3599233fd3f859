"""The nouns of selftaught: what flows between games, agents, algorithms and the store.

Everything here is plain data or a protocol; nothing imports torch, an environment or an agent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

import numpy as np

Seat = str
"""A named place at a game's table, such as ``attacker`` or ``judge``."""

Role = Literal["system", "user", "assistant"]
Stop = Literal["end", "length", "scripted", "failed"]
"""Why a reply ended: the model's end-of-turn token, the token limit, no model at all, or a server that gave none."""


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message, as language models take them."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Task:
    """One problem: the ``public`` half that games and rewards see, the ``sealed`` half that only ``metrics`` sees."""

    id: str
    public: Mapping[str, Any]
    sealed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to the seat that acts next.

    ``messages`` is what a language model reads. ``view`` is the same knowledge as data, for scripted players: it never
    holds more than the messages tell. ``seed`` fixes whatever the agent draws for this one reply; a game leaves it at
    zero and whoever drives the game fills it in.
    """

    seat: Seat
    messages: tuple[Message, ...]
    view: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What an agent said, and exactly what was fed and sampled.

    ``prompt_tokens`` were read, ``tokens`` were sampled (the end-of-turn token included where the model chose it) with
    ``logprobs`` under the sampling policy at temperature 1, in nats. All three are empty for players without a model,
    and for models behind a server that does not tell all three. A reply that ``failed`` is an empty text: the game goes
    on with it, and nothing is learned from it.
    """

    text: str
    prompt_tokens: tuple[int, ...] = ()
    tokens: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    stop: Stop = "scripted"


@dataclass(frozen=True, slots=True)
class Turn:
    """One ask with its reply and the name of the agent that gave it.

    ``reward`` is what the seat was paid for it before the end (``Paying``); whatever else ``Outcome`` pays came at the
    seat's last turn.
    """

    ask: Ask
    reply: Reply
    agent: str
    reward: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a game ended: the named ``end``, a reward for every seat, and why in words a person reads."""

    end: str
    rewards: Mapping[Seat, float]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """One finished game: the only thing that is stored. ``group`` is shared by the samples of one task.

    ``credits`` has what each turn was worth by itself (``Crediting``; None: nobody can say), or is empty.
    """

    id: str
    env: str
    task: Task
    group: str
    turns: tuple[Turn, ...]
    outcome: Outcome
    metrics: Mapping[str, float]
    credits: tuple[float | None, ...] = ()

    def turns_of(self, seat: Seat) -> tuple[Turn, ...]:
        """The turns that ``seat`` played, in order."""
        return tuple(turn for turn in self.turns if turn.ask.seat == seat)


S = TypeVar("S")


@runtime_checkable
class Game(Protocol[S]):
    """The rules of one technique as pure functions over a frozen state ``S``.

    A game never calls a model: it asks a seat. Only ``metrics`` may look at the sealed half of a task.
    """

    @property
    def name(self) -> str:
        """Short name, as in the registry."""

    @property
    def seats(self) -> tuple[Seat, ...]:
        """All seats, in a fixed order."""

    def tasks(self, split: str, seed: int) -> Iterator[Task]:
        """An endless stream of tasks; of a finite split, every task comes once before any comes twice."""

    def start(self, public: Mapping[str, Any], rng: np.random.Generator) -> S:
        """The first state. Consumes ``rng``."""

    def ask(self, state: S) -> Ask | None:
        """Who acts next and what that seat sees; ``None`` when the game is over."""

    def tell(self, state: S, text: str) -> S:
        """The state after the seat just asked replied ``text``. Any text is legal input."""

    def outcome(self, state: S) -> Outcome:
        """The result of a finished game.

        Raises:
            ValueError: if the game is not over.
        """

    def metrics(self, state: S, task: Task) -> Mapping[str, float]:
        """Figures for people, the sealed audit among them. Never part of a reward."""


@runtime_checkable
class Paying(Protocol):
    """A game that also pays during play, so that learning knows which turn was worth what."""

    def paid(self, state: Any) -> Mapping[Seat, float]:
        """What every seat was paid from the start to this state; at the end, what ``outcome`` says."""


@runtime_checkable
class Choosy(Protocol):
    """A game that takes only agents of some names in some seats."""

    @property
    def required(self) -> Mapping[Seat, str]:
        """The name of who must sit there, by seat."""


@runtime_checkable
class Crediting(Protocol):
    """A game of many decisions, each worth something of its own that is known at the end.

    To a learner, such an episode is as many as it has turns with a credit.
    """

    def credits(self, state: Any) -> Sequence[float | None]:
        """What each turn of a finished game was worth, in the order of play; None where nobody can say."""


@runtime_checkable
class Agent(Protocol):
    """Anything that answers asks."""

    @property
    def name(self) -> str:
        """The name written into every turn this agent plays."""

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """One reply an ask, in the same order."""


class Stream(Protocol):
    """Asks under way, each answered as soon as it is, whatever came before it."""

    def put(self, key: int, ask: Ask) -> None:
        """Start on an ask; ``key`` is told with its reply."""

    def take(self) -> Sequence[tuple[int, Reply]]:
        """Go on until at least one reply is there; all that are, with their keys."""

    def __len__(self) -> int:
        """Asks without a reply."""


@runtime_checkable
class Streaming(Agent, Protocol):
    """An agent that a rollout need not wait for: a game whose reply is there asks again at once."""

    def stream(self) -> AbstractContextManager[Stream]:
        """Open a stream for the games of one rollout."""


Player = Callable[[Ask], str]
"""A policy without a model: a pure function of the ask (and of its seed)."""


class Codec(Protocol):
    """How one model family turns chat messages into tokens."""

    def prompt(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """The tokens up to and including the header of the reply that comes next."""

    def reply(self, text: str) -> tuple[int, ...]:
        """The tokens of a complete reply, end-of-turn token included."""


class Tracker(Protocol):
    """Where metrics go."""

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Record scalars of one step."""

    def table(self, name: str, rows: Sequence[Mapping[str, Any]], step: int) -> None:
        """Record a table, such as sampled episodes."""

    def artifact(self, path: str, name: str) -> None:
        """Record a folder, such as a checkpoint."""

    def finish(self) -> None:
        """Flush and close."""
