"""``selftaught play``: a person at the terminal."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from selftaught.commands.casting import MODEL, Casting, GameName, Speech, make, seat_of, seats_of


@dataclass(frozen=True)
class Play:
    """Play a game yourself, against scripted players or a model."""

    game: GameName = "taboo"
    """Name of the game."""
    seat: str | None = None
    """Your seat; the game's first where you do not say."""
    opponents: tuple[str, ...] = ()
    """Who plays the others, or seat=player for each: a scripted player, model:NAME, openai:URL#MODEL,
    python:MODULE:NAME or python:FILE.py:NAME. Default: the game's own choice."""
    model: str | None = None
    """A model for all other seats instead: NAME, or NAME@ADAPTER_FOLDER."""
    settings: tuple[str, ...] = ()
    """Settings of the game, such as turns=3."""
    split: str = "train"
    """Which tasks: train, validation or test."""
    seed: int | None = None
    """Fixes the task and the opponents' draws; a new one every time where you do not say."""
    speech: Speech = field(default_factory=Speech)


def run(config: Play) -> None:
    """Play one game and print how it ended.

    Raises:
        ValueError: on an unknown game, seat or player.
    """
    from secrets import randbelow

    from rich.console import Console
    from rich.text import Text

    from selftaught.agents.scripted import Human
    from selftaught.rollout import rollout
    from selftaught.transcript import outcome_text, printable, task_text

    console = Console(highlight=False)
    game = make(config.game, config.settings)
    mine = config.seat or game.seats[0]
    if mine not in game.seats:
        raise ValueError(f"{config.game} has no seat {mine!r}; its seats are {', '.join(game.seats)}")
    if config.model and config.opponents:
        raise ValueError("--model and --opponents both name the other players: give one of them")
    written = [f"{MODEL}{config.model}"] if config.model else list(config.opponents)
    # A player named without a seat is meant for the seats that the person does not hold.
    others = [seat for seat in game.seats if seat != mine]
    if taken := [word for word in written if seat_of(word)[0] == mine]:
        raise ValueError(f"{taken[0]!r}: you are the {mine}; name players of {', '.join(others) or 'no'} other seats")
    spread = [f"{seat}={word}" for word in written if not seat_of(word)[0] for seat in others]
    chosen = seats_of(config.game, spread + [word for word in written if seat_of(word)[0]])
    del chosen[mine]
    human = Human(write=lambda text: console.print(Text(printable(text))))
    casting = Casting(config.game, config.speech)
    cast = {**casting.cast(chosen), mine: human}
    seed = randbelow(2**31) if config.seed is None else config.seed
    console.print(Text(f"You are the {mine}. Others: {chosen}. Seed {seed}. Ctrl-D leaves the game.", style="dim"))
    try:
        (episode,) = rollout(game, islice(game.tasks(config.split, seed), 1), cast, seed=seed)
    except EOFError:
        console.print(Text("\nThe input has ended, and the game with it.", style="yellow"))
        return
    console.print()
    console.print(task_text(episode))
    console.print(outcome_text(episode))
    casting.report(console)
