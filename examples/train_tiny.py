"""Train a LoRA adapter by imitation of scripted players, two rounds; then read a game that it plays."""

import sys
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp

from rich.console import Console

from selftaught import Episode
from selftaught.agents.local import LocalAgent, with_lora
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_models import load
from selftaught.agents.scripted import Scripted
from selftaught.algorithms.imitation import Imitation
from selftaught.algorithms.learner import Learner
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.train import Loop, train
from selftaught.envs.registry import make_game, player
from selftaught.rollout import rollout
from selftaught.tracking import JsonlTracker
from selftaught.transcript import transcript

# A tiny random model, which shows only that all parts run. Put "smollm2-135m" here (540 MB, fetched once) for one that
# can learn: `selftaught demo` gives it 12 rounds of 36 games.
MODEL = "fake"
GAMES, ROUNDS = 8, 2

game = make_game("taboo")
teachers = {"attacker": "leading_questioner", "defender": "patient"}
cast = {seat: Scripted(name, player("taboo", seat, name)) for seat, name in teachers.items()}


def source(step: int, seed: int) -> list[Episode]:
    """The games of one round, on words that no round before it had."""
    return rollout(game, islice(game.tasks("train", seed=0), step * GAMES, (step + 1) * GAMES), cast, seed=seed)


folder = Path(sys.argv[1] if len(sys.argv) > 1 else mkdtemp())
agent = LocalAgent(with_lora(load(MODEL), rank=8), name="policy", sampling=Sampling(max_new_tokens=24))
learner = Learner(agent.model, Optimisation(learning_rate=1e-3, batch=4))
tracker = JsonlTracker(folder)
loop = Loop(steps=ROUNDS)
figures = train(
    folder=folder, agent=agent, algorithm=Imitation(), learner=learner, source=source, tracker=tracker, loop=loop
)
(episode,) = rollout(game, islice(game.tasks("test", seed=0), 1), {**cast, "defender": agent}, seed=0)
Console().print(transcript(episode))
print(f"{ROUNDS} rounds: negative log-likelihood {figures['learn/nll']:.2f} nats a token; run folder {folder}")
