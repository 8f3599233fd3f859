"""TRL as a neighbour: a game of one seat inside its ``GRPOTrainer``, and episodes in its dataset formats.

Nothing here imports TRL: rows are plain data for ``datasets.Dataset.from_list``, and a rollout function is called by
the trainer as its (experimental) ``rollout_func`` is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from selftaught.algorithms.turns import question
from selftaught.rollout import rollout
from selftaught.types import Agent, Episode, Game, Message, Seat, Task, Turn

Chat = list[dict[str, str]]
"""Messages as TRL has them."""


@dataclass
class TrlGame:
    """A game of one seat as what ``GRPOTrainer`` takes: ``rows`` (its dataset), ``rollout_func`` and ``reward``.

    Args:
        game: of one seat, whose first prompt is a function of the task.
        tasks: finitely many.
        agent: what samples; its model must be the trainer's.

    Raises:
        ValueError: if the game has several seats, or two tasks begin with the same prompt.
    """

    game: Game[Any]
    tasks: Sequence[Task]
    agent: Agent

    def __post_init__(self) -> None:
        if len(self.game.seats) != 1:
            raise ValueError(f"TRL's GRPO trains one seat, and {self.game.name!r} has {list(self.game.seats)}")
        self._tasks: dict[str, Task] = {}
        self.rows: list[dict[str, Chat]] = []
        self._calls = 0
        for task in self.tasks:
            ask = self.game.ask(self.game.start(task.public, np.random.default_rng(0)))
            assert ask is not None
            chat = as_chat(ask.messages)
            if repr(chat) in self._tasks:
                raise ValueError(f"tasks {self._tasks[repr(chat)].id!r} and {task.id!r} begin with the same prompt")
            self._tasks[repr(chat)] = task
            self.rows.append({"prompt": chat})

    def rollout_func(self, prompts: Sequence[Chat], trainer: Any) -> dict[str, list[Any]]:
        """A game for each prompt; what others said within it is masked out."""
        self._calls += 1
        tasks = [self._tasks[repr(prompt)] for prompt in prompts]
        (seat,) = self.game.seats
        episodes = rollout(self.game, tasks, {seat: self.agent}, seed=self._calls)
        found = [_sequence(episode) for episode in episodes]
        columns = dict(
            zip(
                ("prompt_ids", "completion_ids", "logprobs", "env_mask"),
                map(list, zip(*found, strict=True)),
                strict=True,
            )
        )
        return columns | {"game_reward": [episode.outcome.rewards[seat] for episode in episodes]}

    @staticmethod
    def reward(completions: Sequence[Any], game_reward: Sequence[float], **_: Any) -> list[float]:
        """A reward function for the trainer: what the game paid."""
        return list(game_reward)


def as_chat(messages: Iterable[Message]) -> Chat:
    """Messages as plain data."""
    return [{"role": message.role, "content": message.content} for message in messages]


def sft_rows(episodes: Iterable[Episode], *, keep: Callable[[Episode, Seat], bool]) -> list[dict[str, Chat]]:
    """Rows with ``messages``, for ``SFTTrainer``: the last dialogue of every seat that ``keep`` keeps."""
    found = []
    for episode in episodes:
        for seat in episode.outcome.rewards:
            turns = episode.turns_of(seat)
            if turns and keep(episode, seat):
                found.append({"messages": [*as_chat(turns[-1].ask.messages), _said(turns[-1])]})
    return found


def preference_rows(episodes: Iterable[Episode], *, margin: float = 0.0) -> list[dict[str, Chat]]:
    """Rows with ``prompt``, ``chosen`` and ``rejected``, for ``DPOTrainer``: best and worst reply to every question.

    For games of one reply a seat. Groups whose rewards are not further apart than ``margin`` give none.
    """
    groups: dict[tuple[Seat, str, str], list[tuple[float, Turn]]] = defaultdict(list)
    for episode in episodes:
        for seat, reward in episode.outcome.rewards.items():
            turns = episode.turns_of(seat)
            if len(turns) != 1:
                raise ValueError(f"episode {episode.id!r}: {len(turns)} turns of {seat!r}, and a preference is of one")
            groups[seat, episode.group, question(turns[0])].append((reward, turns[0]))
    found = []
    for replies in groups.values():
        best, worst = (choose(replies, key=lambda pair: pair[0]) for choose in (max, min))
        if best[0] - worst[0] > margin:
            prompt = as_chat(best[1].ask.messages)
            found.append({"prompt": prompt, "chosen": [_said(best[1])], "rejected": [_said(worst[1])]})
    return found


def _said(turn: Turn) -> dict[str, str]:
    return {"role": "assistant", "content": turn.reply.text}


def _sequence(episode: Episode) -> tuple[list[int], list[int], list[float], list[int]]:
    """First prompt, all that follows, its log-probabilities, and which of it was sampled.

    Raises:
        ValueError: if a later prompt does not extend the earlier prompt and reply.
    """
    first, *later = episode.turns
    prompt, tokens = list(first.reply.prompt_tokens), list(first.reply.tokens)
    logprobs, mask = list(first.reply.logprobs), [1] * len(tokens)
    for turn in later:
        whole = [*prompt, *tokens]
        told = list(turn.reply.prompt_tokens)
        if told[: len(whole)] != whole:
            raise ValueError(f"episode {episode.id!r}: a prompt does not extend the one before, which TRL needs")
        between = told[len(whole) :]
        tokens += [*between, *turn.reply.tokens]
        logprobs += [*[0.0] * len(between), *turn.reply.logprobs]
        mask += [*[0] * len(between), *[1] * len(turn.reply.tokens)]
    return prompt, tokens, logprobs, mask
