"""Self-play in the PettingZoo environment: one policy in both seats."""

from collections import Counter

from selftaught import Ask
from selftaught.envs import taboo_v0
from selftaught.envs.registry import player

SKILLS = {
    "attacker": player("taboo", "attacker", "leading_questioner"),
    "defender": player("taboo", "defender", "bayes"),
}


def policy(ask: Ask) -> str:
    """One policy for all seats: it reads from the ask which one it plays."""
    return SKILLS[ask.seat](ask)


env = taboo_v0.env(split="validation", turns=3)
ends: Counter[str] = Counter()
total = dict.fromkeys(env.possible_agents, 0.0)
for number in range(20):
    env.reset(seed=0 if number == 0 else None)  # seeded once; the resets after it go on with the stream of tasks
    for seat in env.agent_iter():
        observation, reward, terminated, _, info = env.last()
        if terminated:
            total[seat] += reward
            env.step(None)
        else:
            env.step(policy(info["ask"]))  # observation["prompt"] is the same as text
    ends[info["outcome"].end] += 1
print("ends:", dict(ends))
print("rewards:", total)
