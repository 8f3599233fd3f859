"""What both views share: prompts and transcripts as plain text, seeds for asks, and where tasks come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from selftaught.types import Ask, Game, Message, Outcome, Seat, Task

RENDER_MODES = ("ansi", "human")


def prompt_text(messages: Iterable[Message]) -> str:
    """Chat messages as ``role: content`` blocks with a blank line between them.

    Made for reading. A message that itself holds such a block cannot be told apart here; whoever must do so reads
    ``ask.messages``.
    """
    return "\n\n".join([f"{message.role}: {message.content}" for message in messages])


def transcript_text(task: Task, turns: Iterable[tuple[Seat, str]], outcome: Outcome | None) -> str:
    """A game for people: task, every turn, and the outcome once there is one.

    Control characters and lone surrogates are escaped, so that a model's text can neither steer nor break a terminal.
    """
    lines = [f"task {task.id}", *(f"{seat}: {text}" for seat, text in turns)]
    if outcome is not None:
        rewards = ", ".join(f"{seat} {reward:+g}" for seat, reward in outcome.rewards.items())
        lines.append(f"{outcome.end} ({rewards}) {outcome.reason}".rstrip())
    return "".join(c if c == "\n" or c.isprintable() else ascii(c)[1:-1] for c in "\n".join(lines))


def seeded(ask: Ask, rng: np.random.Generator) -> Ask:
    """The ask with a fresh 63-bit seed from ``rng``.

    Built by hand and from raw bits: ``dataclasses.replace`` and ``Generator.integers`` cost several times as much, and
    this runs once a turn.
    """
    return Ask(ask.seat, ask.messages, ask.view, rng.bit_generator.random_raw() >> 1)


def task_of(options: Mapping[str, Any] | None, *, ignored: Sequence[str] = ()) -> Task | None:
    """The task that the ``options`` of a ``reset`` carry, if any.

    Raises:
        ValueError: on an option that is neither ``task`` nor ``ignored``.
        TypeError: if the task is not a ``Task``.
    """
    if not options:
        return None
    unknown = [key for key in options if key != "task" and key not in ignored]
    if unknown:
        raise ValueError(f"unknown reset options {unknown}; the only one known is 'task'")
    task = options.get("task")
    if task is not None and not isinstance(task, Task):
        raise TypeError(f"options['task'] must be a Task, got {type(task).__name__}")
    return task


def task_stream(game: Game[Any], split: str, task_seed: int | None, rng: np.random.Generator) -> Iterator[Task]:
    """The game's tasks in the order of ``task_seed``, which is drawn from ``rng`` where it is ``None``.

    The draw is made either way, so that fixing the tasks does not change what the seats draw.
    """
    drawn = int(rng.integers(2**31))
    return game.tasks(split, drawn if task_seed is None else task_seed)


def next_task(tasks: Iterator[Task], game: Game[Any]) -> Task:
    """The next task of the stream.

    Raises:
        RuntimeError: if the stream ends, which ``Game.tasks`` promises it never does.
    """
    task = next(tasks, None)
    if task is None:
        raise RuntimeError(f"the task stream of game {game.name!r} ended; Game.tasks must be endless")
    return task


def check_render_mode(render_mode: str | None) -> None:
    """Accept ``None``, ``ansi`` and ``human``.

    Raises:
        ValueError: on anything else.
    """
    if render_mode is not None and render_mode not in RENDER_MODES:
        raise ValueError(f"unknown render_mode {render_mode!r}; known are {list(RENDER_MODES)}")
