"""The clock of the dispatch mode: start steps, wait for the next one to end, finish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from selftaught.envs.graph_plan.instances import Instance
from selftaught.envs.graph_plan.times import say

_ACTION: Final = re.compile(
    r"\s*(start|wait|finish)\b[\s:]*((?:\d{1,4}(?!\d)[\s,]*(?:and\b\s*)?)*)\.?\s*", re.IGNORECASE
)
LONGEST: Final = 400
"""Characters of an action; a longer reply is none."""


@dataclass(frozen=True, slots=True)
class Clock:
    """``now`` in seconds, and when each step that was started began."""

    now: int = 0
    starts: Mapping[int, int] = field(default_factory=dict)

    def ends(self, instance: Instance) -> dict[int, int]:
        """When each step that was started ends."""
        seconds = instance.seconds
        return {step: start + seconds[step] for step, start in self.starts.items()}


def act(clock: Clock, instance: Instance, text: str) -> Clock | str:
    """The clock after an action, or what is wrong with it.

    ``start 1 3`` begins steps; ``wait`` goes on to the next end of a step; ``finish`` to the end of all.
    """
    match = _ACTION.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        return "no action: say start and step numbers, wait, or finish"
    verb, steps = match[1].lower(), [int(step) - 1 for step in re.findall(r"\d+", match[2])]
    ends = clock.ends(instance)
    if verb == "start":
        return _start(clock, instance, steps) if steps else "start what? No step was named"
    if steps:
        return f"{verb} takes no steps"
    running = [end for end in ends.values() if end > clock.now]
    if verb == "wait":
        return replace(clock, now=min(running)) if running else "nothing is running, so there is nothing to wait for"
    missing = [step + 1 for step in instance.needed if step not in clock.starts]
    return f"steps {missing} were never started" if missing else replace(clock, now=max(ends.values()))


def over(clock: Clock, instance: Instance) -> bool:
    """Whether every needed step is done."""
    ends = clock.ends(instance)
    return all(step in ends and ends[step] <= clock.now for step in instance.needed)


def show(clock: Clock, instance: Instance) -> str:
    """What is to be seen: the time, what is done and what is running. What is ready is for the reader to find."""
    ends = clock.ends(instance)
    done = [step + 1 for step, end in sorted(ends.items()) if end <= clock.now]
    running = [f"{step + 1} until {say(end)}" for step, end in sorted(ends.items()) if end > clock.now]
    names = " ".join(map(str, done)) or "none"
    return f"Time: {say(clock.now)}. Done: {names}. Running: {', '.join(running) or 'none'}."


def _start(clock: Clock, instance: Instance, steps: list[int]) -> Clock | str:
    ends = clock.ends(instance)
    for step in steps:
        if step not in instance.needed:
            return f"there is no needed step {step + 1}"
        if step in clock.starts or steps.count(step) > 1:
            return f"step {step + 1} was started before"
        waiting = [a + 1 for a, b in instance.edges if b == step and ends.get(a, clock.now + 1) > clock.now]
        if waiting:
            return f"step {step + 1} has to wait for {waiting}"
    running = sum(end > clock.now for end in ends.values()) + len(steps)
    if instance.workers is not None and running > instance.workers:
        return f"{running} steps at once, and {instance.workers} can run"
    return replace(clock, starts={**clock.starts, **dict.fromkeys(steps, clock.now)})
