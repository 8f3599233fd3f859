"""``selftaught compare``: two sets of results, item by item, on what both have; or one, policy by policy."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

if TYPE_CHECKING:
    from rich.table import Table

    from selftaught.benchmarks.comparison import Aggregates, Comparison, Run
    from selftaught.summary import Estimate

NARROWEST = 1e-9
"""An interval narrower than this has no width but what rounding gives it."""


@dataclass(frozen=True)
class Compare:
    """Compare two result sets on the same items, seeds and tasks, or sum up one; says what has no partner."""

    first: tyro.conf.Positional[Path]
    """The folder of a bench run, or a results.jsonl."""
    second: tyro.conf.Positional[Path | None] = None
    """Another, or the same again with --policies. Without, each policy's mean, median, IQM and optimality gap."""
    policies: tuple[str, ...] = ()
    """Of the first and of the second, where they hold several: a policy, or "POLICY + ALGORITHM"; the policy alone is
    the untrained one, if there is one. One name is meant for both. Without, whatever is on both sides under one name is
    compared, and the one that is left on each side, if it is one. Of one result set, those to show."""
    over: Literal["auto", "runs", "tasks"] = "auto"
    """What intervals draw anew: an item's runs, or its tasks. auto takes runs where every item has three that
    are not all alike."""
    most: int = 20
    """Lines at most of what could not be paired; 0 for all."""
    out: Path | None = None
    """A JSON file for the figures."""
    picture: Path | None = None
    """A PNG file: how many runs score more than each threshold (performance profiles)."""


def run(config: Compare) -> None:
    """Print the tables, and write what was asked for.

    Raises:
        FileNotFoundError: if there are no results.
        ValueError: if they cannot be paired.
    """
    from rich.console import Console
    from rich.text import Text

    from selftaught.store import aside

    if len(config.policies) > 2:
        raise ValueError(f"--policies takes one name or two, not {len(config.policies)}")
    if config.most < 0:
        raise ValueError(f"--most must be at least 0, which shows all lines, not {config.most}")
    console = Console()
    tables, values, sides, listed = _alone(config) if config.second is None else _both(config, config.second)
    for table in tables:
        console.print(table)
    shown = listed[: config.most or None]
    unused = "left out" if config.second is None else "not paired"
    for text in shown:
        console.print(Text(f"{unused}: {text}", style="yellow"))
    if len(shown) < len(listed):
        console.print(Text(f"and {len(listed) - len(shown)} more: --most 0 shows all", style="dim"))
    if config.out is not None:
        with aside(config.out) as file:
            file.write((json.dumps({**values, unused.replace(" ", "_"): listed}, indent=1) + "\n").encode())
        console.print(f"written: {config.out}", style="dim")
    if config.picture is not None:
        from selftaught.benchmarks.plots_statistics import profiles

        console.print(f"written: {profiles(sides, config.picture, over=config.over)}", style="dim")


Shown = tuple[list["Table"], dict[str, object], dict[str, list["Run"]], list[str]]
"""Tables, the same for JSON, the runs by policy, and in words what is not in them."""


def _alone(config: Compare) -> Shown:
    """The aggregates of each policy of the first result set, or of those that are named."""
    from selftaught.benchmarks.comparison import aggregates

    found = [_side(config.first, name) for name in config.policies or (None,)]
    sides = _by_name([one for runs, _ in found for one in runs])
    made = [aggregates(runs, over=config.over) for runs in sides.values()]
    listed = [*found[0][1], *(f"{one.name}, {text}" for one in made for text in one.left_out)]
    return [_aggregates_table(made)], {"aggregates": [asdict(one) for one in made]}, sides, listed


def _both(config: Compare, other: Path) -> Shown:
    """The differences of the two result sets, couple by couple."""
    from selftaught.benchmarks.comparison import aggregates, compare, pair

    wanted = [None, None] if not config.policies else [config.policies[0], config.policies[-1]]
    found = [_side(path, name) for path, name in zip((config.first, other), wanted, strict=True)]
    refused = list(dict.fromkeys(text for _, texts in found for text in texts))
    couples, alone = _couples(found[0][0], found[1][0], chosen=bool(config.policies))
    made = [compare(pair(first, second, names=names), over=config.over) for names, first, second in couples]
    sides = {name: runs for names, *both in couples for name, runs in zip(names, both, strict=True)}
    listed = [*refused, *alone, *(text for one in made for text in one.unpaired)]
    if config.picture is not None:
        drawn = {name: aggregates(runs, over=config.over).left_out for name, runs in sides.items()}
        listed += [f"{name}, in the picture, {text}" for name, texts in drawn.items() for text in texts]
    return [_table(one) for one in made], {"comparisons": [asdict(one) for one in made]}, sides, listed


def _side(path: Path, policy: str | None) -> tuple[list[Run], list[str]]:
    """The runs of a result set, at least one, and what is wrong with other rows.

    Raises:
        FileNotFoundError: if there are no results.
        ValueError: if none is whole, or none of the policy.
    """
    from selftaught.benchmarks.comparison import read_rows, runs_of

    rows = read_rows(path)
    runs, refused = runs_of(rows, of=policy)
    if runs:
        return runs, refused
    if held := sorted({one.name for one in runs_of(rows)[0]}):
        raise ValueError(f"no policy {policy!r} in {path}, which has {', '.join(held)}")
    raise ValueError(f"no whole row of `selftaught bench run` in {path}; the first of them: {refused[0]}")


Couple = tuple[tuple[str, str], list["Run"], list["Run"]]


def _couples(first: list[Run], second: list[Run], *, chosen: bool) -> tuple[list[Couple], list[str]]:
    """Who is compared with whom, and in words who with nobody.

    Raises:
        ValueError: if nobody is.
    """
    sides = [_by_name(first), _by_name(second)]
    if all(len(side) == 1 for side in sides):
        (one, left), (two, right) = (next(iter(side.items())) for side in sides)
        names = (one, two) if one != two else (f"{one} (first)", f"{two} (second)")
        return [(names, left, right)], []
    if chosen:
        held = "; ".join(", ".join(side) for side in sides)
        raise ValueError(f"--policies must leave one policy on each side, trained one way; they leave: {held}")
    both = [name for name in sides[0] if name in sides[1]]
    if not both:
        raise ValueError(
            f"no policy is on both sides ({', '.join(sides[0])}; {', '.join(sides[1])}): "
            "name one of each with --policies"
        )
    couples = [((f"{name} (first)", f"{name} (second)"), sides[0][name], sides[1][name]) for name in both]
    rest = [[name for name in side if name not in both] for side in sides]
    if all(len(names) == 1 for names in rest):
        (one,), (two,) = rest
        return [((one, two), sides[0][one], sides[1][two]), *couples], []
    alone = [
        f"{name}: only in the {which} (--policies pairs two that differ)"
        for which, names in zip(("first", "second"), rest, strict=True)
        for name in names
    ]
    return couples, alone


def _by_name(runs: list[Run]) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {}
    for one in runs:
        found.setdefault(one.name, []).append(one)
    return found


def _table(one: Comparison) -> Table:
    title = f"{one.names[1]} less {one.names[0]}; 95 % intervals over {one.over}"
    widthless = any(map(_no_width, [one.improvement, *(row.difference for row in one.rows)]))
    table = _empty(title, ("item", "pairs", "first", "second", "difference"), widthless=widthless)
    iqm, better = "iqm", "probability of improvement"
    if one.over == "tasks":
        iqm, better = "iqm of item means", "share of items better"
    for row in one.rows:
        name = row.where if row.figure == "mean" else f"{row.where}, {iqm}"
        certain = not _no_width(row.difference) and (row.difference.low > 0 or row.difference.high < 0)
        told = _told(row.difference, sign="+")
        figures = (str(row.difference.count), f"{row.first:.3f}", f"{row.second:.3f}", told)
        table.add_row(name, *figures, style="bold" if certain else None)
    table.add_section()
    table.add_row(better, "", "", "", _told(one.improvement))
    return table


def _aggregates_table(made: list[Aggregates]) -> Table:
    widthless = any(_no_width(figure) for one in made for figure in one.figures.values())
    table = _empty("95 % intervals", ("policy", "over", "runs", "figure", "value"), widthless=widthless)
    for one in made:
        for name, figure in one.figures.items():
            label = "iqm of item means" if (name, one.over) == ("iqm", "tasks") else name.replace("_", " ")
            table.add_row(one.name, one.over, str(figure.count), label, _told(figure))
        table.add_section()
    return table


def _empty(title: str, columns: tuple[str, ...], *, widthless: bool) -> Table:
    """A table without rows, its first column to the left."""
    from rich.table import Table

    caption = "* without width: all draws give the same, and tell nothing of other ends" if widthless else None
    table = Table(title=title, caption=caption, title_justify="left", caption_justify="left", header_style="bold")
    table.add_column(columns[0], overflow="fold")
    for column in columns[1:]:
        table.add_column(column, justify="right")
    return table


def _no_width(value: Estimate) -> bool:
    return value.high - value.low < NARROWEST


def _told(value: Estimate, *, sign: str = "") -> str:
    """A figure and its interval, with a mark if that has no width."""
    figures = f"{value.mean:{sign}.3f} [{value.low:{sign}.3f}, {value.high:{sign}.3f}]"
    return f"* {figures}" if _no_width(value) else figures
