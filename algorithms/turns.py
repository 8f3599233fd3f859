"""Which turns are learned from: those of some agents and seats, and each by itself where it has a worth of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace

from selftaught.types import Episode, Outcome, Turn


def own_turns(
    episodes: Sequence[Episode], *, agents: Collection[str] = (), seats: Collection[str] = ()
) -> list[Episode]:
    """The episodes with the turns of these agents in these seats alone (all, where none is named).

    Rewards stay as they were. A policy gradient is of the policy's own samples, and what a scripted opponent said is
    none. Neither is what a server failed to say, whoever asked.
    """

    def wanted(turn: Turn) -> bool:
        named = (not agents or turn.agent in agents) and (not seats or turn.ask.seat in seats)
        return named and turn.reply.stop != "failed"

    found: list[Episode] = []
    for episode in episodes:
        places = [place for place, turn in enumerate(episode.turns) if wanted(turn)]
        turns = tuple(episode.turns[place] for place in places)
        found.append(
            replace(episode, turns=turns, credits=tuple(episode.credits[place] for place in places if episode.credits))
        )
    return found


def decisions(episodes: Sequence[Episode]) -> list[Episode]:
    """Every turn with a credit as an episode of its own that pays it; episodes without credits stay as they are.

    Replies to the same question, of one episode or of several of its group, share a group: they are what a baseline or
    a preference compares. Turns of which nobody can say what they were worth are left out.
    """
    found: list[Episode] = []
    for episode in episodes:
        if not episode.credits:
            found.append(episode)
            continue
        for place, (turn, credit) in enumerate(zip(episode.turns, episode.credits, strict=True)):
            if credit is not None:
                found.append(
                    Episode(
                        id=f"{episode.id}/{place}",
                        env=episode.env,
                        task=episode.task,
                        group=f"{episode.group}/{turn.ask.seat}/{_fingerprint(turn)}",
                        turns=(turn,),
                        outcome=Outcome("credited", {turn.ask.seat: credit}),
                        metrics={},
                    )
                )
    return found


def _fingerprint(turn: Turn) -> str:
    """The same for the same question."""
    told = repr([(message.role, message.content) for message in turn.ask.messages])
    return hashlib.blake2s(told.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
