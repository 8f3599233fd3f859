"""All seats of any game as a PettingZoo AEC environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.utils import seeding
from pettingzoo import AECEnv
from pettingzoo.utils.env_logger import EnvLogger

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
from selftaught.types import Ask, Game, Message, Outcome, Paying, Seat, Task

AFTER_RESET = frozenset(
    {
        "agents",
        "num_agents",
        "agent_selection",
        "rewards",
        "terminations",
        "truncations",
        "infos",
        "_cumulative_rewards",
    }
)


class AecView(AECEnv[Seat, dict[str, str], str]):
    """Every seat of a game is an agent that replies with text in its turn.

    Observation: ``{"prompt": text}``, built only when asked for: the seat's newest prompt (``prompt_text``), with its
    own reply once given, empty while the seat was never asked. Rewards are zero until the game ends; then all agents
    terminate at once. ``infos`` hold ``ask`` for the seat that acts, and after the end ``outcome`` and ``metrics`` for
    all. Wrong order of calls raises as under PettingZoo's ``OrderEnforcingWrapper``, which would halve the speed.

    Args:
        game: the rules.
        split: which tasks.
        task_seed: fixes the order of the tasks apart from the seed of ``reset``.
        render_mode: ``ansi`` (``render`` returns the transcript), ``human`` (new turns are printed as they come).
    """

    metadata: dict[str, Any] = {  # noqa: RUF012  # PettingZoo declares it so
        "render_modes": list(RENDER_MODES),
        "is_parallelizable": False,
    }

    def __init__(
        self,
        game: Game[Any],
        *,
        split: str = "train",
        task_seed: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        super().__init__()
        check_render_mode(render_mode)
        self.game = game
        self.split = split
        self.task_seed = task_seed
        self.render_mode = render_mode
        self.metadata = {**type(self).metadata, "name": f"{game.name}_v0"}
        self.possible_agents = list(game.seats)
        # The key must not be `observation`: PettingZoo's api_test reads a dtype from whatever lies there.
        self.observation_spaces = {seat: gymnasium.spaces.Dict({"prompt": UnicodeText()}) for seat in game.seats}
        self.action_spaces = {seat: UnicodeText() for seat in game.seats}
        self.np_random: np.random.Generator | None = None
        self._tasks: Iterator[Task] | None = None
        self._task: Task | None = None
        self._state: Any = None
        self._ask: Ask | None = None
        self._turns: list[tuple[Ask, str]] = []
        self._paying = game if isinstance(game, Paying) else None
        self._outcome: Outcome | None = None
        self._printed = 0
        self._steps = 0

    def __getattr__(self, name: str) -> Any:
        if name in AFTER_RESET:
            raise AttributeError(f"{name} cannot be accessed before reset")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def observation_space(self, agent: Seat) -> gymnasium.spaces.Dict:
        """The space of ``{"prompt": text}``."""
        return self.observation_spaces[agent]

    def action_space(self, agent: Seat) -> UnicodeText:
        """The space of all texts."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Start the next game; ``options`` may carry ``task``, a ``Task`` to play instead of the next one.

        An option named ``options`` is ignored: PettingZoo's ``api_test`` sends it.

        Raises:
            ValueError: on other unknown options, and if the game is over before any seat acts.
        """
        given = task_of(options, ignored=("options",))
        if seed is not None or self.np_random is None:
            self.np_random, _ = seeding.np_random(seed)
            self._tasks = task_stream(self.game, self.split, self.task_seed, self.np_random)
        assert self._tasks is not None
        task = self._task = given or next_task(self._tasks, self.game)
        self._state = self.game.start(task.public, self.np_random)
        ask = self.game.ask(self._state)
        if ask is None:
            raise ValueError(f"game {self.game.name!r} is over before any seat acts, task {task.id!r}")
        self._turns = []
        self._outcome = None
        self._printed = 0
        self._skip_agent_selection = None
        self.agents = list(self.possible_agents)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self._paid = dict.fromkeys(self.agents, 0.0)
        self.terminations = dict.fromkeys(self.agents, False)
        self.truncations = dict.fromkeys(self.agents, False)
        self.infos: dict[Seat, dict[str, Any]] = {seat: {} for seat in self.agents}
        self._select(ask)
        self._steps += 1
        if self.render_mode == "human":
            self.render()

    def step(self, action: str | None) -> None:
        """Reply for the agent that acts; a dead agent takes ``None`` and leaves.

        Raises:
            AssertionError: before the first reset.
            TypeError: if a living agent's action is not a ``str``.
            ValueError: if a dead agent's action is not ``None``.
        """
        asked = self._ask
        if asked is None:
            self._step_after_end(action)
            return
        if not isinstance(action, str):
            raise TypeError(f"an action is a str, got {type(action).__name__}")
        text = str(action)  # np.str_ is a str, too
        self._steps += 1
        self._turns.append((asked, text))
        self._state = self.game.tell(self._state, text)
        self.infos[asked.seat] = {}
        self._cumulative_rewards[asked.seat] = 0.0
        ask = self.game.ask(self._state)
        if ask is not None:
            if self._paying is not None:
                self._pay(self._paying.paid(self._state))
            self._select(ask)
        else:
            self._finish()
        if self.render_mode == "human":
            self.render()

    def observe(self, agent: Seat) -> dict[str, str]:
        """The newest prompt of ``agent``, with its own reply once given."""
        ask = self._ask
        if ask is not None and ask.seat == agent:
            return {"prompt": prompt_text(ask.messages)}
        if self._task is None:
            EnvLogger.error_observe_before_reset()
        if agent not in self.observation_spaces:
            raise ValueError(f"game {self.game.name!r} has no seat {agent!r}; its seats are {self.possible_agents}")
        for ask, text in reversed(self._turns):
            if ask.seat == agent:
                return {"prompt": prompt_text((*ask.messages, Message("assistant", text)))}
        return {"prompt": ""}

    def agent_iter(self, max_iter: int = 2**63) -> Iterator[Seat]:
        """Yield the acting agent until all have left.

        Raises:
            AssertionError: before the first reset, and if no ``step`` or ``reset`` came since the last agent.
        """
        if self._task is None:
            EnvLogger.error_agent_iter_before_reset()
        return self._agents_in_turn(max_iter)

    def render(self) -> str | None:
        """The transcript so far: returned in mode ``ansi``, its new lines printed in mode ``human``."""
        if self._task is None:
            EnvLogger.error_render_before_reset()
        assert self._task is not None
        if self.render_mode is None:
            gymnasium.logger.warn("render() does nothing without a render_mode; give 'ansi' or 'human' when making it")
            return None
        text = transcript_text(self._task, [(ask.seat, text) for ask, text in self._turns], self._outcome)
        if self.render_mode == "ansi":
            return text
        if len(text) > self._printed:
            print(text[self._printed :].lstrip("\n"))
            self._printed = len(text)
        return None

    def close(self) -> None:
        """Nothing to release."""

    def _select(self, ask: Ask) -> None:
        assert self.np_random is not None
        ask = self._ask = seeded(ask, self.np_random)
        self.agent_selection = ask.seat
        self.infos[ask.seat] = {"ask": ask}

    def _finish(self) -> None:
        assert self._task is not None
        self._ask = None
        outcome = self._outcome = self.game.outcome(self._state)
        metrics = self.game.metrics(self._state, self._task)
        self._pay(outcome.rewards)
        for seat in self.agents:
            self.terminations[seat] = True
            self.infos[seat] = {"outcome": outcome, "metrics": dict(metrics)}
        self.agent_selection = self.agents[0]

    def _pay(self, paid: Mapping[Seat, float]) -> None:
        """Reward every seat by what it was paid since the last step."""
        for seat in self.agents:
            self.rewards[seat] = float(paid[seat]) - self._paid[seat]
            self._cumulative_rewards[seat] += self.rewards[seat]
            self._paid[seat] = float(paid[seat])

    def _step_after_end(self, action: str | None) -> None:
        if self._task is None:
            EnvLogger.error_step_before_reset()
        self._steps += 1
        if self.agents:
            self._was_dead_step(action)
        else:
            EnvLogger.warn_step_after_terminated_truncated()

    def _agents_in_turn(self, max_iter: int) -> Iterator[Seat]:
        left = max_iter
        while self.agents and left > 0:
            left -= 1
            steps = self._steps
            yield self.agent_selection
            if self.agents and self._steps == steps:
                raise AssertionError("need to call step() or reset() in a loop over `agent_iter`")
