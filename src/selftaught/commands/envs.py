"""``selftaught envs``: the registered games."""

from __future__ import annotations

import inspect
from dataclasses import dataclass


@dataclass(frozen=True)
class Envs:
    """List the games: Gymnasium ids, seats, scripted players, settings."""


def run(config: Envs) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    from selftaught.envs.registry import games

    table = Table(show_lines=True, header_style="bold")
    for column in ("game", "Gymnasium id", "seat", "scripted players", "settings"):
        table.add_column(column, overflow="fold")
    for entry in games().values():
        defaults = inspect.signature(entry.make).parameters.values()
        settings = "\n".join(f"{setting.name} = {_shown(setting.default)}" for setting in defaults)
        for place, seat in enumerate(entry.seats):
            row = (entry.name, entry.id) if place == 0 else ("", "")
            table.add_row(*row, seat, ", ".join(entry.players[seat]), settings if place == 0 else "")
    Console().print(table)


def _shown(default: object) -> str:
    # A dataclass shows a default factory as a marker object, not as what it makes.
    return "{}" if type(default).__name__ == "_HAS_DEFAULT_FACTORY_CLASS" else repr(default)
