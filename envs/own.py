"""Games of the user's own by where they are: ``package.module:Name`` or ``path/to/file.py:Name``."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from selftaught.envs.anyone import ANYONE
from selftaught.envs.entry import Entry
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
    try:
        game = make()
    except Exception as error:  # whatever the user's code does
        told = f"{type(error).__name__}: {error}"
        raise ValueError(f"{make!r} makes no game without settings ({told}): give every setting a default") from error
    lacking = [name for name in ("name", "seats") if not hasattr(game, name)]
    if lacking:
        raise ValueError(f"{make!r} makes a {type(game).__name__}, which has no {' and no '.join(lacking)}: no game")
    seats = tuple(game.seats)
    # Seats beyond the plain game's are those that settings bring.
    known = {seat: dict((players or {}).get(seat) or ANYONE) for seat in (*seats, *(players or {}))}
    best = dict(oracles or {})
    return Entry(
        name=game.name,
        id="",
        make=make,
        seats=seats,
        players=known,
        default_seat=seats[0] if seats else "",
        default_others={seat: next(iter(named)) for seat, named in known.items()},
        yardsticks={seat: (next(iter(named)),) if len(known) > 1 else () for seat, named in known.items()},
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
    found = attribute(spec)
    if isinstance(found, Entry):
        return found
    make = found if callable(found) else lambda: found
    written = getattr(_module(spec.rpartition(":")[0]), "ENTRY", None)
    if isinstance(written, Entry) and written.make is make:
        return written
    return entry_of(make)


def attribute(spec: str) -> Any:
    """What ``MODULE:NAME`` or ``FILE.py:NAME`` names; the current folder is searched first.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not written so, the module cannot be imported, or holds no such name.
    """
    where, _, name = spec.rpartition(":")
    if not where or not name.isidentifier():
        raise ValueError(f"{spec!r} is not written MODULE:NAME or FILE.py:NAME")
    module = _module(where)
    if not hasattr(module, name):
        # Imported names are not the module's own; those of the user's are.
        own = [one for one, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
        raise ValueError(f"{where} has no {name!r}; it defines {', '.join(sorted(own)) or 'nothing'}")
    return getattr(module, name)


def _module(where: str) -> ModuleType:
    if not where.endswith(".py"):
        return _imported(where, folder=Path.cwd(), told=where)
    path = Path(where).resolve()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {where}")
    # A file of a package is imported by its whole name, so that its own imports of the package find the same modules.
    names, folder = [path.stem], path.parent
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    module = _imported(".".join(names), folder=folder, told=where)
    if module.__file__ is None or Path(module.__file__).resolve() != path:
        raise ValueError(f"{where} would be imported as {'.'.join(names)!r}, which is {module.__file__}: rename it")
    return module


def _imported(name: str, *, folder: Path, told: str) -> ModuleType:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise ValueError(f"importing {told} failed: {error}") from error
        raise ValueError(
            f"there is no module {error.name!r}: {folder} and the installed packages were searched"
        ) from error
    except Exception as error:  # whatever the user's module does when it is imported
        raise ValueError(f"importing {told} failed: {type(error).__name__}: {error}") from error
