"""Games of the user's own by where they are: ``package.module:Name`` or ``path/to/file.py:Name``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from selftaught.envs.anyone import ANYONE
from selftaught.envs.entry import Entry
from selftaught.places import module_at, named
from selftaught.types import Game, Player, Seat


def entry_of(
    make: Callable[..., Game[Any]],
    *,
    players: Mapping[Seat, Mapping[str, Player]] | None = None,
    oracles: Mapping[Seat, str] | None = None,
    most: float = 1.0,
) -> Entry:
    """The entry of a game that is not registered; name it ``ENTRY`` beside the game, and every command finds it.

    A seat's default player and yardstick is the first that is named for it, its teacher is its oracle. Seats without
    players get those that know nothing (``selftaught.envs.anyone``).

    Args:
        make: the game's class, or a function that makes it; settings are its keywords.
        players: scripted players, by seat and name.
        oracles: the player that earns ``most``, by seat.
        most: what a seat can earn at the most.

    Raises:
        ValueError: if the game cannot be made without settings.
    """
    what = getattr(make, "__qualname__", repr(make))
    try:
        game = make()
    except (Exception, SystemExit) as error:  # whatever the user's code does
        told = f"{type(error).__name__}: {error}"
        raise ValueError(f"{what} makes no game without settings ({told}): give every setting a default") from error
    lacking = [name for name in ("name", "seats") if not hasattr(game, name)]
    if lacking:
        raise ValueError(f"{what} makes a {type(game).__name__}, which has no {' and no '.join(lacking)}: no game")
    seats = tuple(game.seats)
    # Seats beyond the plain game's are those that settings bring.
    known = {seat: dict((players or {}).get(seat) or ANYONE) for seat in (*seats, *(players or {}))}
    first, best = {seat: next(iter(of_seat)) for seat, of_seat in known.items()}, dict(oracles or {})
    return Entry(
        name=game.name,
        id="",
        make=make,
        seats=seats,
        players=known,
        default_seat=seats[0] if seats else "",
        default_others=first,
        yardsticks={seat: (name,) if len(known) > 1 else () for seat, name in first.items()},
        teachers={seat: (best[seat],) if seat in best else () for seat in known},
        oracles=best,
        most=most,
    )


@functools.cache
def load(spec: str) -> Entry:
    """The entry that ``spec`` leads to: itself, the ``ENTRY`` beside the game, or one made for the bare game.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the module cannot be imported, or holds no such game.
    """
    found = named(spec)
    if isinstance(found, Entry):
        return found
    make = found if callable(found) else _giving(found, spec)
    written = getattr(module_at(spec.rpartition(":")[0]), "ENTRY", None)
    if isinstance(written, Entry) and written.make is make:
        return written
    return entry_of(make)


def _giving(game: Game[Any], name: str) -> Callable[[], Game[Any]]:
    """A function that makes what is there already; messages tell the name."""

    def make() -> Game[Any]:
        return game

    make.__qualname__ = name
    return make
