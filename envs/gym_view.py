"""One seat of any game as a Gymnasium environment; the other seats are played by given players."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gymnasium
from gymnasium.error import ResetNeeded

from selftaught.envs import registry
from selftaught.envs.spaces import UnicodeText
from selftaught.envs.table import (
    RENDER_MODES,
    check_render_mode,
    next_task,
    prompt_text,
    seeded,
    task_of,
    task_stream,
    transcript_text,
)
from selftaught.rollout import finished, pay_others, turn_reward
from selftaught.types import Agent, Ask, Game, Message, Outcome, Paying, Player, Reply, Seat, Task, Turn

Other = Agent | Player | str
"""Who may play a seat: an agent, a function of the ask, or the registered name of a scripted player."""

LEARNER = "learner"
"""The agent's name in the turns that ``step`` plays."""

MOST_SKIPS = 1000
"""How many games in a row may end before the learning seat acts."""


class SeatEnv(gymnasium.Env[str, str]):
    """One seat of a game: read the prompt, reply with text, get a reward.

    Observation: the seat's chat messages as plain text (``prompt_text``); after the end, the last prompt followed by
    the last reply. Action: the reply. Reward: what the seat was paid since its last step, which in most games is zero
    until the end; all together they are the seat's reward. ``terminated`` is the end of the game; ``truncated`` is
    always False, for games limit their own length.

    ``info`` holds ``ask`` (the ``Ask`` itself) while the game runs, and after the end ``outcome``, ``metrics`` and
    ``record`` (the ``Episode``; not called ``episode``, which Gymnasium's ``RecordEpisodeStatistics`` claims).

    Games that end before the learning seat acts are skipped: ``reset`` goes on to the next task, at most ``MOST_SKIPS``
    times, and ``skipped`` counts them. Everything random comes from ``np_random``: equal seeds give equal episodes, and
    an unseeded reset goes on with the stream of tasks and numbers.

    Args:
        game: the rules.
        seat: the learning seat.
        others: who plays the other seats: one for all of them, or one a seat. ``None`` only where there are none.
        split: which tasks.
        task_seed: fixes the order of the tasks apart from the seed of ``reset``.
        render_mode: ``ansi`` (``render`` returns the transcript), ``human`` (new turns are printed as they come).
    """

    metadata = {"render_modes": list(RENDER_MODES), "render_fps": 1}  # noqa: RUF012  # Gymnasium declares it so

    def __init__(
        self,
        game: Game[Any],
        *,
        seat: Seat,
        others: Other | Mapping[Seat, Other] | None = None,
        split: str = "train",
        task_seed: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        check_render_mode(render_mode)
        self.game = game
        self.seat = seat
        self.split = split
        self.task_seed = task_seed
        self.render_mode = render_mode
        self.skipped = 0
        self.observation_space = UnicodeText()
        self.action_space = UnicodeText()
        self._others = _seated_others(game, seat, others)
        self._tasks: Iterator[Task] | None = None
        self._task: Task | None = None
        self._state: Any = None
        self._ask: Ask | None = None
        self._turns: list[Turn] = []
        self._paying = game if isinstance(game, Paying) else None
        self._paid = 0.0
        self._outcome: Outcome | None = None
        self._episode_id = ""
        self._printed = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Start the next game; ``options`` may carry ``task``, a ``Task`` to play instead of the next one.

        Raises:
            ValueError: on unknown options.
            RuntimeError: if ``MOST_SKIPS`` games in a row end before the learning seat acts.
        """
        given = task_of(options)
        super().reset(seed=seed)
        if seed is not None or self._tasks is None:
            self._tasks = task_stream(self.game, self.split, self.task_seed, self.np_random)
        for _ in range(MOST_SKIPS):
            self._start(given or next_task(self._tasks, self.game))
            ask = self._play_others()
            if ask is not None:
                if self.render_mode == "human":
                    self.render()
                return prompt_text(ask.messages), {"ask": ask}
            self.skipped += 1
        raise RuntimeError(f"{MOST_SKIPS} games of {self.game.name!r} in a row ended before seat {self.seat!r} acted")

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Reply with ``action`` and let the other seats play on.

        Raises:
            ResetNeeded: before the first reset and after the end of the game.
            TypeError: if the action is not a ``str``.
        """
        asked = self._ask
        if asked is None:
            raise ResetNeeded("the game is over" if self._task else "no game was started", "call reset() first")
        if not isinstance(action, str):
            raise TypeError(f"an action is a str, got {type(action).__name__}")
        text = str(action)  # np.str_ is a str, too
        self._tell(asked, Reply(text), LEARNER)
        ask = self._play_others()
        if ask is not None:
            paid = 0.0 if self._paying is None else float(self._paying.paid(self._state)[self.seat])
            observation, reward, info = prompt_text(ask.messages), paid - self._paid, {"ask": ask}
            self._paid = paid
        else:
            observation = prompt_text((*asked.messages, Message("assistant", text)))
            reward, info = self._finish()
        if self.render_mode == "human":
            self.render()
        return observation, reward, ask is None, False, info

    def render(self) -> str | None:
        """The transcript so far: returned in mode ``ansi``, its new lines printed in mode ``human``.

        Raises:
            ResetNeeded: before the first reset.
        """
        if self._task is None:
            raise ResetNeeded("no game was started", "call reset() first")
        if self.render_mode is None:
            gymnasium.logger.warn("render() does nothing without a render_mode; give 'ansi' or 'human' when making it")
            return None
        turns = [(turn.ask.seat, turn.reply.text) for turn in self._turns]
        text = transcript_text(self._task, turns, self._outcome)
        if self.render_mode == "ansi":
            return text
        if len(text) > self._printed:
            print(text[self._printed :].lstrip("\n"))
            self._printed = len(text)
        return None

    def _start(self, task: Task) -> None:
        self._task = task
        self._turns = []
        self._paid = 0.0
        self._outcome = None
        self._printed = 0
        self._episode_id = f"{self.game.name}-{self.np_random.bit_generator.random_raw():016x}"
        self._state = self.game.start(task.public, self.np_random)

    def _tell(self, ask: Ask, reply: Reply, agent: str) -> None:
        before, self._state = self._state, self.game.tell(self._state, reply.text)
        self._turns.append(Turn(ask, reply, agent, turn_reward(self.game, before, self._state, ask.seat)))
        pay_others(self.game, before, self._state, self._turns)

    def _play_others(self) -> Ask | None:
        """Play the other seats until the learning seat is asked, and return its ask; ``None`` if the game ends."""
        while (ask := self.game.ask(self._state)) is not None:
            ask = seeded(ask, self.np_random)
            if ask.seat == self.seat:
                break
            name, answer = self._others[ask.seat]
            self._tell(ask, answer(ask), name)
        self._ask = ask
        return ask

    def _finish(self) -> tuple[float, dict[str, Any]]:
        assert self._task is not None
        record = finished(self.game, self._state, self._task, self._turns, name=self._episode_id, group=self._task.id)
        outcome = self._outcome = record.outcome
        return float(outcome.rewards[self.seat]) - self._paid, {
            "outcome": outcome,
            "metrics": dict(record.metrics),
            "record": record,
        }


def _seated_others(
    game: Game[Any], seat: Seat, others: Other | Mapping[Seat, Other] | None
) -> dict[Seat, tuple[str, Callable[[Ask], Reply]]]:
    """Name and answering function of every seat but ``seat``; raises ValueError where a seat is missing or too many."""
    if seat not in game.seats:
        raise ValueError(f"game {game.name!r} has no seat {seat!r}; its seats are {list(game.seats)}")
    wanted = [other for other in game.seats if other != seat]
    if others is None:
        cast: Mapping[Seat, Other] = {}
    else:
        cast = others if isinstance(others, Mapping) else dict.fromkeys(wanted, others)
    missing = [other for other in wanted if other not in cast]
    surplus = [other for other in cast if other not in wanted]
    if missing or surplus:
        raise ValueError(f"others must name exactly the seats {wanted}: missing {missing}, not wanted {surplus}")
    return {other: _answering(game.name, other, cast[other]) for other in wanted}


def _answering(game_name: str, seat: Seat, other: Other) -> tuple[str, Callable[[Ask], Reply]]:
    """One signature for agents, functions and names of scripted players."""
    if isinstance(other, str):
        return other, _scripted(registry.player(game_name, seat, other))
    if isinstance(other, Agent):
        return other.name, lambda ask: other.reply([ask])[0]
    if callable(other):
        return getattr(other, "__name__", type(other).__name__), _scripted(other)
    raise TypeError(f"seat {seat!r} needs an Agent, a function or a name, got {type(other).__name__}")


def _scripted(player: Player) -> Callable[[Ask], Reply]:
    return lambda ask: Reply(player(ask))
