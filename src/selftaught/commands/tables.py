"""Tables of results for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group
from rich.table import Table

from selftaught.summary import bootstrap, summarise
from selftaught.types import Episode, Seat


def summary(episodes: Sequence[Episode], cast: Mapping[Seat, str]) -> Group:
    """Rewards by seat with 95 % intervals, how the games ended, and the other metrics' means."""
    rewards = Table(title=f"{len(episodes)} games", title_justify="left", header_style="bold")
    for column in ("seat", "player", "won", "lost", "mean reward"):
        rewards.add_column(column)
    tasks = [episode.task.id for episode in episodes]
    for seat, player in cast.items():
        if not all(seat in episode.outcome.rewards for episode in episodes):
            continue  # with these settings nobody sits there
        values = [episode.outcome.rewards[seat] for episode in episodes]
        won = bootstrap([float(value > 0) for value in values], tasks)
        lost = bootstrap([float(value < 0) for value in values], tasks)
        rewards.add_row(seat, player, str(won), str(lost), str(bootstrap(values, tasks)))
    ends = Table("end", "games", "share", header_style="bold")
    for end, count in Counter(episode.outcome.end for episode in episodes).most_common():
        ends.add_row(end, str(count), f"{count / len(episodes):.2f}")
    figures = Table("metric", "mean", header_style="bold")
    for name, value in summarise(episodes).items():
        if not name.startswith(("metric/end/", "reward/", "episodes")):
            figures.add_row(name.removeprefix("metric/"), f"{value:.3g}")
    side_by_side = Table.grid(padding=(0, 2))
    side_by_side.add_row(ends, figures)
    return Group(rewards, side_by_side)


def stages(rows: Sequence[Mapping[str, Any]], *, title: str) -> Table:
    """Stages of an experiment by seats: share of games won with its 95 % interval, share played by the rules.

    ``rows`` are those of ``selftaught.benchmarks.selfplay``; only the rows over all opponents are shown.
    """
    whole = [row for row in rows if row["opponent"] == "all"]
    seats = list(dict.fromkeys(row["seat"] for row in whole))
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("stage", overflow="fold")
    for seat in seats:
        table.add_column(f"{seat}: won", justify="right")
        table.add_column("legal", justify="right")
    for stage in dict.fromkeys(row["stage"] for row in whole):
        cells = {row["seat"]: row for row in whole if row["stage"] == stage}
        found = [(interval(cells[seat]["won"]), f"{cells[seat]['legal']['mean']:.2f}") for seat in seats]
        table.add_row(stage, *(cell for pair in found for cell in pair))
    return table


def evaluation(rows: Sequence[Mapping[str, Any]], *, title: str) -> Table:
    """Rows of ``Evaluation.as_data``, one a seat and opponent."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for column in ("policy", "seed", "seat", "against", "games", "won", "lost", "legal", "words"):
        table.add_column(column)
    for row in rows:
        names = (row["policy"], str(row["seed"]), row["seat"], row["opponent"], str(row["won"]["count"]))
        shares = (interval(row["won"]), interval(row["lost"]), f"{row['legal']['mean']:.2f}")
        table.add_row(*names, *shares, f"{row['words']['mean']:.1f}", end_section=row["opponent"] == "all")
    return table


def measures(rows: Sequence[Mapping[str, Any]], *, title: str) -> Table:
    """Rows of ``Evaluation.as_data`` of a game with measures of its own: these, and the shortcuts on the same tasks."""
    table = Table("measure", title=title, title_justify="left", header_style="bold")
    for row in rows:
        table.add_column(f"{row['policy']}, seed {row['seed']} ({row['reward']['count']} games)")
    names = list(rows[0])
    for name in names[names.index("reward") :]:
        table.add_row(
            name,
            *(interval(row[name]) for row in rows),
        )
    return table


def interval(estimate: Mapping[str, float]) -> str:
    """A mean with its interval, as short as can be."""
    return f"{estimate['mean']:.2f} [{estimate['low']:.2f}, {estimate['high']:.2f}]"
