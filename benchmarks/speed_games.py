"""Steps a second of scripted games: every registered game of ours, and word games of GEM and TextArena.

``python -m selftaught.benchmarks.speed_games ours|gem|textarena`` prints one JSON row a game. All run on one core in
the same interpreter, resets inside the timed loop, with fixed texts as actions; the extra ``peers`` brings the peers.
TextArena's plain ids show the player the whole dialogue, as ours do, ``-raw`` ones nothing; GEM shows the last reply.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np

RUNS, SECONDS = 5, 1.0

GEM: Mapping[str, Callable[[Sequence[str]], Sequence[str]]] = {
    "game:Wordle-v0-hard": lambda words: [word for word in words if len(word) == 5][:64],
    "game:Hangman-v0-easy": lambda words: list("abcdefghijklmnopqrstuvwxyz"),
    "game:GuessTheNumber-v0-hard": lambda words: [str(number) for number in range(1, 51)],
}
"""Games and what is said in them, given the words they know."""
TEXTARENA: Mapping[str, tuple[int, Sequence[str]]] = {
    "Taboo-v0": (4, ["It is a thing you might see outdoors.", "[tree]"]),
    "SimpleNegotiation-v0": (2, ["I offer nothing yet.", "[Deny]", "[Offer: 1 Wheat -> 1 Wood]"]),
    "Taboo-v0-raw": (4, ["It is a thing you might see outdoors.", "[tree]"]),
    "SimpleNegotiation-v0-raw": (2, ["I offer nothing yet.", "[Deny]", "[Offer: 1 Wheat -> 1 Wood]"]),
}


def ours() -> Iterator[dict[str, Any]]:
    """Every registered game, all seats through PettingZoo's view: scripted players, and fixed texts."""
    from selftaught.benchmarks.throughput import run

    for row in run(repeats=RUNS, seconds=SECONDS):
        if row["view"] == "aec":
            name = f"{row['game']}, {row['players']}"
            yield {"game": name, "steps_per_second": row["steps_per_second"], "utterances": row["utterances_per_game"]}


def gem() -> Iterator[dict[str, Any]]:
    """GEM's word games."""
    words = _words_without_a_download()
    import gem as peer

    for name, actions in GEM.items():
        env = peer.make(name)
        said = cycle([rf"\boxed{{{action}}}" for action in actions(words)])

        def step(env: Any = env, said: Iterator[str] = said) -> bool:
            _, _, terminated, truncated, _ = env.step(next(said))
            return bool(terminated or truncated)

        def start(seed: int, env: Any = env) -> None:
            env.reset(seed=seed)

        yield {"game": name, "steps_per_second": _rate(start, step)}


def textarena() -> Iterator[dict[str, Any]]:
    """TextArena's games of several players; a new one each episode, since its default wrapper keeps the last."""
    _words_without_a_download()
    import textarena as peer

    for name, (players, actions) in TEXTARENA.items():
        said = cycle(actions)
        box: list[Any] = [None]

        def start(seed: int, name: str = name, players: int = players, box: list[Any] = box) -> None:
            box[0] = peer.make(name)
            box[0].reset(num_players=players, seed=seed)

        def step(box: list[Any] = box, said: Iterator[str] = said) -> bool:
            box[0].get_observation()
            done, _ = box[0].step(next(said))
            if done:
                box[0].close()
            return bool(done)

        yield {"game": name, "steps_per_second": _rate(start, step)}


def _rate(start: Callable[[int], object], step: Callable[[], bool]) -> int:
    """The median steps a second over the runs, after one that does not count."""
    rates = []
    for run in range(RUNS + 1):
        seed = 1000 * run
        start(seed)
        steps = 0
        began = time.perf_counter()
        while (passed := time.perf_counter() - began) < SECONDS:
            for _ in range(16):
                steps += 1
                if step():
                    seed += 1
                    start(seed)
        rates.append(steps / passed)
    return round(statistics.median(rates[1:]))


def _words_without_a_download() -> Sequence[str]:
    """Stand in for NLTK's word list, which the peers would download; only the play is timed."""
    import nltk
    from nltk import corpus

    rng = np.random.default_rng(0)
    words = {"apple", "house", "water", "stone", "bread"}
    while len(words) < 4000:
        letters = ("bcdfghjklmnprstvw" if place % 2 else "aeiou" for place in range(rng.integers(3, 10)))
        words.add("".join(some[rng.integers(len(some))] for some in letters))
    listed = sorted(words)
    nltk.download = lambda *args, **kwargs: True
    nltk.pos_tag = lambda tokens, *args, **kwargs: [(token, "NN") for token in tokens]
    corpus.words = type("Words", (), {"words": staticmethod(lambda *args: list(listed))})()
    return listed


def main(arguments: Sequence[str]) -> None:
    """Measure one side and print its rows."""
    (side,) = arguments
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for row in {"ours": ours, "gem": gem, "textarena": textarena}[side]():
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
