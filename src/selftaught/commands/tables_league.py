"""Tables of a league for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from selftaught.commands.tables import interval


def league(content: Mapping[str, Any]) -> Iterator[Table]:
    """The payoff matrix, and everyone's rating, skill and, where it is known, exploitability.

    ``content`` is what ``selftaught.benchmarks.league.table`` gives.
    """
    first, second = content["seats"]
    columns = content["players"][second]
    title = f"what the {first} wins, {content['games']} games a pairing; 95 % intervals over {content['over']}"
    matrix = Table(f"{first} \\ {second}", title=title, title_justify="left", header_style="bold")
    for name in columns:
        matrix.add_column(name, justify="right", overflow="fold")
    for row, name in enumerate(content["players"][first]):
        mine = content["pairings"][row * len(columns) : (row + 1) * len(columns)]
        matrix.add_row(name, *(interval(one["payoff"]) for one in mine))
    lost = "; ".join(
        f"{count} replies of {name} failed and count as empty" for name, count in content["failed"].items()
    )
    matrix.caption = lost or None
    yield matrix
    value, seat = content["nash"]["value"], content["seat_points"]
    told = (
        f"the {first}'s seat is worth {seat['mean']:+.0f} [{seat['low']:+.0f}, {seat['high']:+.0f}] points; between "
        f"best mixtures it wins {interval(value)}; ratings miss a payoff by {content['misfit']:.2f} at most"
    )
    players = Table(title=told, title_justify="left", header_style="bold")
    for column in ("seat", "player", "rating", "Nash skill", "Nash part"):
        players.add_column(column, overflow="fold")
    exploited = {(one["seat"], one["player"]): one["exploitability"] for one in content.get("exploitability", ())}
    if exploited:
        players.add_column("exploitability")
    for rated, nash in zip(content["ratings"], content["nash"]["players"], strict=True):
        points = rated["points"]
        cells = [f"{points['mean']:+.0f} [{points['low']:+.0f}, {points['high']:+.0f}]", interval(nash["skill"])]
        more = [interval(exploited[rated["seat"], rated["player"]])] if exploited else []
        players.add_row(rated["seat"], rated["player"], *cells, f"{nash['part']:.2f}", *more)
    yield players
