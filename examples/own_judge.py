"""A judge of your own in the loop: a model answers, your function gives points, DPO prefers the best to the worst."""

import sys
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp

from selftaught import Ask, Episode
from selftaught.agents.local import LocalAgent, with_lora
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_models import load
from selftaught.agents.scripted import Scripted
from selftaught.algorithms.dpo import Dpo
from selftaught.algorithms.learner import Learner
from selftaught.algorithms.train import Loop, train
from selftaught.envs.registry import make_game
from selftaught.rollout import rollout
from selftaught.tracking import JsonlTracker

# A tiny random model, which shows only that all parts run. Put "smollm2-135m" here for one that can learn.
MODEL, TASKS = "fake", 8


def brief(ask: Ask) -> str:
    """The shorter, the better. What it says is read like any other judge's: the last line counts."""
    (answer,) = ask.view["answers"]
    return f"It has {len(answer)} characters.\nScore: {max(0, 5 - len(answer) // 6)}"


game, folder = make_game("self_reward", judgements=1), Path(sys.argv[1] if len(sys.argv) > 1 else mkdtemp())
agent = LocalAgent(with_lora(load(MODEL), rank=4), name="policy", sampling=Sampling(max_new_tokens=24))
judge = Scripted("brief", brief)


def source(step: int, seed: int) -> list[Episode]:
    """The games of one round, on instructions that no round before it had."""
    tasks = islice(game.tasks("train", seed=0), step * TASKS, (step + 1) * TASKS)
    return rollout(game, tasks, {"actor": agent, "judge": judge}, seed=seed)


learner, tracker = Learner(agent.model), JsonlTracker(folder)
run = partial(train, folder=folder, agent=agent, learner=learner, source=source, tracker=tracker)
figures = run(algorithm=Dpo(nll=0.1), loop=Loop(steps=2), agents=["policy"])  # the judge's turns are not to be learned
points, right = figures["metric/points"], figures["metric/right"]
print(f"{figures['learn/sequences'] / 2:.0f} pairs in the last round, {points:.1f} points of 5, {right:.0%} right")
