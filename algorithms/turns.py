"""Which turns are learned from: those of some agents and seats, and each by itself where it has a worth of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace

from selftaught.types import Episode, Outcome, Seat, Turn


def own_turns(
    episodes: Sequence[Episode], *, agents: Collection[str] = (), seats: Collection[str] = ()
) -> list[Episode]:
    """The episodes with the turns of these agents in these seats alone (all, where none is named).

    A policy gradient is of the policy's own samples, and what a scripted opponent said is none. Neither is what a
    server failed to say, whoever asked. Seats without a turn left have no reward either: what a scripted opponent wins
    is not to move the policy's baseline, nor its role's weight.
    """

    def wanted(turn: Turn) -> bool:
        named = (not agents or turn.agent in agents) and (not seats or turn.ask.seat in seats)
        return named and turn.reply.stop != "failed"

    found: list[Episode] = []
    for episode in episodes:
        places = [place for place, turn in enumerate(episode.turns) if wanted(turn)]
        turns = tuple(episode.turns[place] for place in places)
        acted = {turn.ask.seat for turn in turns}
        rewards = {seat: reward for seat, reward in episode.outcome.rewards.items() if seat in acted}
        credits = tuple(episode.credits[place] for place in places if episode.credits)
        outcome = replace(episode.outcome, rewards=rewards)
        found.append(replace(episode, turns=turns, outcome=outcome, credits=credits))
    return found


def wins(episode: Episode, *, earned_only: bool = True) -> list[Seat]:
    """The seats with a reward; with ``earned_only``, not by the other seat's breach of the rules.

    Games tell such wins by ``<seat>_win`` without ``<seat>_earned``; a tie that pays is neither.
    """

    def given(seat: Seat) -> bool:
        return episode.metrics.get(f"{seat}_win", 1.0) > episode.metrics.get(f"{seat}_earned", 1.0)

    rewarded = [seat for seat, reward in episode.outcome.rewards.items() if reward > 0]
    return [seat for seat in rewarded if not (earned_only and given(seat))]


def question(turn: Turn) -> str:
    """A fingerprint of what a turn replied to: replies to the same question alone can be compared."""
    told = repr([(message.role, message.content) for message in turn.ask.messages])
    return hashlib.blake2s(told.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def retold(episodes: Sequence[Episode], foreign: Collection[str]) -> Sequence[Episode]:
    """The episodes without the tokens of ``foreign`` agents: what they said is told in the policy's own."""
    if not foreign:
        return episodes

    def bare(turn: Turn) -> Turn:
        if turn.agent not in foreign:
            return turn
        return replace(turn, reply=replace(turn.reply, prompt_tokens=(), tokens=(), logprobs=()))

    return [replace(episode, turns=tuple(map(bare, episode.turns))) for episode in episodes]


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
                        group=f"{episode.group}/{turn.ask.seat}/{question(turn)}",
                        turns=(turn,),
                        outcome=Outcome("credited", {turn.ask.seat: credit}),
                        metrics={},
                    )
                )
    return found
