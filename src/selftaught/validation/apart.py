"""The same games in fresh processes, which share nothing with this one but files.

``python -m selftaught.validation.apart ORDER.json`` plays stored games again, before it ever draws a task, and then
plays games of its own.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from selftaught.agents.scripted import Scripted
from selftaught.rollout import replayed, rollout
from selftaught.store import read_shard, write_shard
from selftaught.types import Episode
from selftaught.validation.subject import Fault, Subject, guarded, shown, told

HASH_SEEDS: Final = (1, 2)
"""Of two processes: what depends on the order of a set, or on ``hash``, differs between them."""
SECONDS: Final = 300.0
"""Longest that a process may take."""
STORED, AGAIN, PLAYED = "stored.jsonl", "again.jsonl", "played.jsonl"


@dataclass(frozen=True, slots=True)
class Apart:
    """How many games were played, and where they differ between two processes, and from their replay; in words."""

    games: int
    played: str
    again: str


def apart(subject: Subject) -> Apart:
    """Play here, then in two processes at once.

    Raises:
        Fault: if the games cannot be played and stored here, or a process fails.
    """
    given = {"spec": subject.spec, "settings": subject.settings, "seed": subject.seed, "games": subject.games}
    return _apart(json.dumps(given))


@functools.cache  # two checks ask for it
def _apart(order: str) -> Apart:
    subject = Subject(**json.loads(order))
    with TemporaryDirectory(prefix="selftaught-") as path:
        folders = [Path(path, str(seed)) for seed in HASH_SEEDS]
        with guarded("playing and storing games", subject.code, seconds=SECONDS):
            for folder in folders:
                write_shard(folder / STORED, _episodes(subject))
        processes = [_started(order, folder, seed) for folder, seed in zip(folders, HASH_SEEDS, strict=True)]
        try:
            for process in processes:
                _, complaint = process.communicate(timeout=SECONDS)
                if process.returncode:
                    last = (complaint.strip().splitlines() or ["it died"])[-1]
                    raise Fault(f"in a fresh process: {last}", subject.code())
        except subprocess.TimeoutExpired:
            raise Fault(f"in a fresh process, games took longer than {SECONDS:g} seconds", subject.code()) from None
        finally:
            for process in processes:
                process.kill()
                process.wait()
        here, there = folders
        trouble = (here / AGAIN).with_suffix(".txt")
        return Apart(
            sum(1 for _ in read_shard(here / PLAYED)),
            played=_difference(here / PLAYED, there / PLAYED),
            again=trouble.read_text("utf-8") if trouble.exists() else _difference(here / STORED, here / AGAIN),
        )


def _started(order: str, folder: Path, hash_seed: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "selftaught.validation.apart", order, str(folder)],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _episodes(subject: Subject) -> list[Episode]:
    """Some games of every cast, as ``rollout`` plays them."""
    game, found = subject.make(), list[Episode]()
    for number, names in enumerate(subject.casts()):
        agents = {seat: Scripted(names[seat], player) for seat, player in subject.seated(names).items()}
        tasks = islice(game.tasks("train", subject.seed), subject.games)
        found += rollout(game, tasks, agents, seed=subject.seed, label=f"{number}/")
    return found


def _difference(first: Path, second: Path) -> str:
    """Where the first two episodes that differ part, in words; empty if none do."""
    for one, other in zip_longest(read_shard(first), read_shard(second)):
        if one is None or other is None:
            return "another number of games"
        for turn, (left, right) in enumerate(zip(one.turns, other.turns, strict=False), start=1):
            for name, a, b in (
                ("messages", left.ask.messages, right.ask.messages),
                ("text", left.reply.text, right.reply.text),
                ("reward", left.reward, right.reward),
            ):
                if a != b:
                    return f"{one.id}, turn {turn}: {name} {shown(a)} and {shown(b)}"
        for name in ("task", "turns", "outcome", "metrics", "credits"):
            if getattr(one, name) != getattr(other, name):
                return f"{one.id}: {name} {shown(getattr(one, name))} and {shown(getattr(other, name))}"
    return ""


def main(order: str, folder: Path) -> int:
    """What a fresh process does."""
    try:
        subject = Subject(**json.loads(order))
        game = subject.make()
        try:
            write_shard(folder / AGAIN, (replayed(game, episode) for episode in read_shard(folder / STORED)))
        except (Exception, SystemExit) as error:  # whatever the user's code raises where it knows only what was stored
            (folder / AGAIN).with_suffix(".txt").write_text(told(error), "utf-8")
        write_shard(folder / PLAYED, _episodes(subject))
    except (Exception, SystemExit) as error:  # whatever the user's code raises: the parent reads the last line
        print(told(error), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
