"""One seat of taboo as a Gymnasium environment, alone and as a vector of eight."""

from typing import Any

import gymnasium

import selftaught.envs  # noqa: F401  # registers the ids
from selftaught.envs.registry import player

policy = player("taboo", "attacker", "fact_giver")  # any function from an ask to a text

env: gymnasium.Env[str, str] = gymnasium.make(
    "selftaught/Taboo-v0", seat="attacker", others={"defender": "bayes"}, turns=4, render_mode="ansi"
)
observation, info = env.reset(seed=0)
print(observation, end="\n\n")  # what the seat reads, as text; info["ask"].messages is the same as a chat
while "ask" in info:
    observation, reward, terminated, truncated, info = env.step(policy(info["ask"]))
print(env.render(), end="\n\n")

envs: Any = gymnasium.make_vec(
    "selftaught/Taboo-v0",
    num_envs=8,
    vectorization_mode="sync",
    vector_kwargs={"autoreset_mode": gymnasium.vector.AutoresetMode.SAME_STEP},  # a game that ends starts anew at once
    seat="attacker",
    others={"defender": "frequency"},
)
_, infos = envs.reset(seed=0)
results: list[float] = []
for _ in range(25):
    _, rewards, ended, _, infos = envs.step(tuple(policy(ask) for ask in infos["ask"]))
    results += rewards[ended].tolist()
envs.close()
print(f"vector: {len(results)} games in 25 steps of 8, mean reward {sum(results) / len(results):+.2f}")
