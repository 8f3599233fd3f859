"""Your own policy is a function from an ask to a text. This one defends, and knows three vague facts of every word.

The same at the command line: `selftaught eval --policy python:examples/own_policy.py:my_policy --seats defender`.
"""

from itertools import islice

import gymnasium

import selftaught.envs  # noqa: F401  # registers the ids
from selftaught import Ask
from selftaught.agents.scripted import Scripted
from selftaught.envs.registry import make_game, player
from selftaught.envs.taboo.measures import content_words
from selftaught.envs.taboo.words import lexicon
from selftaught.rollout import rollout
from selftaught.summary import bootstrap

KNOWN = {entry.word: content_words(" ".join((entry.category, *entry.facts[:3]))) for entry in lexicon().values()}


def my_policy(ask: Ask) -> str:
    """Guess the word whose facts share most with the newest utterance; ask while two are equal."""
    clues = content_words(ask.messages[-1].content)
    fits = {word: len(clues & facts) for word, facts in KNOWN.items()}
    best, second = sorted(fits, key=lambda word: fits[word], reverse=True)[:2]
    return f"Guess: {best}" if fits[best] > fits[second] else "What does it look like?"


def main() -> None:
    game = make_game("taboo")
    attackers = [Scripted(name, player("taboo", "attacker", name)) for name in ("fact_giver", "leading_questioner")]
    me = Scripted("my_policy", my_policy)
    tasks = islice(game.tasks("test", seed=0), 90)
    episodes = rollout(game, tasks, lambda index: {"attacker": attackers[index % 2], "defender": me}, seed=0)
    won = [float(episode.outcome.rewards["defender"] > 0) for episode in episodes]
    print("rollout: won", bootstrap(won, [episode.task.id for episode in episodes]), "of", len(won), "games")

    env = gymnasium.make("selftaught/Taboo-v0", seat="defender", others="leading_questioner", split="test")
    _, info = env.reset(seed=0)
    while "ask" in info:
        _, reward, _, _, info = env.step(my_policy(info["ask"]))
    print("Gymnasium:", info["outcome"].end, "after", int(info["metrics"]["turns"]), "turns, reward", reward)


if __name__ == "__main__":
    main()
