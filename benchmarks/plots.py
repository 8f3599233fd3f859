"""Figures from plain rows: win rates by stage, learning curves over seeds, and the progress of one run.

The colours are Okabe and Ito's, which people with any kind of colour vision tell apart; markers differ as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

Row = Mapping[str, Any]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vPX"
STYLE: dict[Any, Any] = {
    "figure.dpi": 150,
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
}


def stages(content: Mapping[str, Any], path: Path) -> Path:
    """``learning_curves`` of a self-play result with several rounds, ``win_rates`` of another."""
    rows = content["rows"]
    return (learning_curves if any(row["stage"].endswith("-2") for row in rows) else win_rates)(rows, path)


def win_rates(rows: Sequence[Row], path: Path) -> Path:
    """Points with 95 % intervals: the share of games won, by stage and seat.

    ``rows`` are those of ``selftaught.benchmarks.selfplay``; only those over all opponents are drawn, and none of games
    between the policy and its past selves.
    """
    whole = _whole(rows)
    stages, seats = distinct(whole, "stage"), distinct(whole, "seat")
    games = max(row["won"]["count"] for row in whole)
    with styled(path, width=2.2 + 1.1 * len(stages), height=3.6) as figure:
        axes = figure.subplots()
        for place, seat in enumerate(seats):
            mine = [row for row in whole if row["seat"] == seat]
            offset = 0.16 * (place - (len(seats) - 1) / 2)
            x = [stages.index(row["stage"]) + offset for row in mine]
            mean, spread = _points([row["won"] for row in mine])
            axes.errorbar(
                x,
                mean,
                yerr=spread,
                fmt=MARKERS[place],
                color=COLOURS[place],
                capsize=3,
                markersize=6,
                label=f"as {seat}",
            )
        for stage in range(1, len(stages)):
            axes.axvline(stage - 0.5, color="#eeeeee", linewidth=1)
        axes.grid(axis="x", visible=False)
        axes.set_xticks(range(len(stages)), [stage.replace("-", "\n", 1) for stage in stages])
        axes.set(xlim=(-0.5, len(stages) - 0.5), ylim=(-0.03, 1.03), ylabel="share of games won", xlabel="stage")
        axes.set_title(f"Games won against scripted players\n{games} held-out games a point, 95 % intervals")
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title="the model plays")
    return path


CURVES: Sequence[tuple[str, str, tuple[float, float] | None]] = (
    ("won", "share of games won", (-0.03, 1.03)),
    ("legal", "share played\nby the rules", (-0.03, 1.03)),
    ("words", "words an utterance", None),
    ("entropy", "entropy, nats a token", None),
)
"""Figures of an evaluation that are drawn over rounds of self-play, their axis labels and limits."""


def learning_curves(rows: Sequence[Row], path: Path) -> Path:
    """Games won, legality, length and entropy over rounds of self-play, a column a seat: a thick line is the mean.

    ``rows`` are those of one or more experiments, told apart by their ``seed``: a thin line each. The shade is the 95 %
    interval of the mean over seeds (Student's t), where there is more than one seed.
    """
    whole = _whole(rows)
    seats = distinct(whole, "seat")
    series = [name for name in distinct(whole, "series") if name not in ("base", "imitation")]
    seeds = distinct(whole, "seed")
    with styled(path, width=1.6 + 3.4 * len(seats), height=2.2 * len(CURVES) + 0.6) as figure:
        grid = figure.subplots(len(CURVES), len(seats), sharex=True, sharey="row", squeeze=False)
        for line, (what, label, limits) in zip(grid, CURVES, strict=True):
            for axes, seat in zip(line, seats, strict=True):
                for place, name in enumerate(series):
                    curves = [_curve(whole, what, seat=seat, series=name, seed=seed) for seed in seeds]
                    draw_curves(axes, [curve for curve in curves if curve], place=place, name=name)
                raw = [row[what]["mean"] for row in whole if row["seat"] == seat and row["series"] == "base"]
                if raw:
                    axes.axhline(float(np.mean(raw)), color="#888888", linestyle=":", label="raw model")
                axes.set_ylim(limits or (0, None))
                axes.xaxis.get_major_locator().set_params(integer=True)
            line[0].set_ylabel(label)
        for axes, last, seat in zip(grid[0], grid[-1], seats, strict=True):
            axes.set_title(f"as {seat}")
            last.set_xlabel("rounds of self-play after imitation")
        shade = "; shade: 95 % interval of the mean over seeds" if len(seeds) > 1 else ""
        figure.suptitle(f"Against scripted players on held-out tasks{shade}", x=0.01, ha="left", fontsize=9)
        counted = f"mean of {len(seeds)} seeds" if len(seeds) > 1 else "one seed"
        grid[0, -1].legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title=counted)
    return path


def training(metrics: Path, path: Path) -> Path:
    """The progress of one run, from its ``metrics.jsonl``: a panel for each kind of figure that it has.

    Raises:
        ValueError: if the file has no rows.
    """
    rows = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]
    if not rows:
        raise ValueError(f"{metrics} has no rows to draw")
    panels = [(title, label, chosen) for title, label, wanted in PANELS if (chosen := _chosen(rows, wanted))]
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    with styled(path, width=5.2 * columns, height=2.5 * lines + 0.3) as figure:
        grid = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes, (title, label, chosen) in zip(grid, panels, strict=False):
            for place, name in enumerate(chosen):
                points = [(row["step"], row[name]) for row in rows if row.get(name) is not None]
                style = {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}
                axes.plot(*zip(*points, strict=True), markersize=3.5, linewidth=1.4, label=_short(name), **style)
            axes.set(title=title, xlabel="step", ylabel=label)
            if label == SHARE:
                axes.set_ylim(-0.04, 1.04)
            axes.xaxis.get_major_locator().set_params(integer=True)
            if len(chosen) > 1:
                axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8)
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
    return path


def speed(content: Mapping[str, Any], path: Path) -> Path:
    """Ratios to the peers with what was to be reached, and cost a new token as things grow.

    ``content`` is a result of ``selftaught.benchmarks.speed``; memory is left to the table.
    """
    rows, growth = content["rows"], content["growth"]
    shown = [row for row in rows if row["unit"] not in ("GB", "%")]
    kinds = distinct(growth, "kind")
    bars, curves = 0.5 * len(shown) + 0.8, 2.6 if kinds else 0.0
    with styled(path, width=10.5, height=bars + curves) as figure:
        parts = figure.subfigures(2, 1, height_ratios=[bars, curves]) if kinds else [figure]
        axes = parts[0].subplots()
        places = range(len(shown))
        axes.barh(places, [row["ratio"] for row in shown], color=COLOURS[0], height=0.6)
        for place, row in enumerate(shown):
            if row["target"] is not None:
                axes.plot([row["target"]] * 2, [place - 0.4, place + 0.4], color=COLOURS[1], linewidth=2)
            axes.annotate(f" {row['ratio']:.2f}", (row["ratio"], place), va="center", fontsize=8)
        axes.set_yticks(places, [f"{row['work']}\nagainst {row['peer_name']}" for row in shown], fontsize=8)
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set(xlabel="our speed as a multiple of the peer's (line: to reach)")
        panels = parts[-1].subplots(1, len(kinds), sharey=True, squeeze=False)[0] if kinds else []
        for axes, kind in zip(panels, kinds, strict=True):
            mine = [row for row in growth if row["kind"] == kind]
            axes.plot(
                [row["value"] for row in mine],
                [row["milliseconds_per_new_token"] for row in mine],
                color=COLOURS[2],
                marker="o",
            )
            axes.set_xscale("log", base=2)
            axes.set_xticks([row["value"] for row in mine], [str(row["value"]) for row in mine])
            axes.set(title=GROWS[kind], ylim=(0, None))
        for axes in panels[:1]:
            axes.set_ylabel("ms a new token,\nread or sampled")
    return path


GROWS: Mapping[str, str] = {
    "concurrency": "games at once",
    "utterances": "utterances a game, 8 games",
    "prompt": "tokens a prompt, 8 prompts",
}
SHARE = "share of games"
PANELS: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("Loss", "loss", ("learn/loss",)),
    ("Distance from the reference", "nats a token", ("learn/kl",)),
    ("Mean reward", "reward", ("reward/",)),
    ("Evaluation: games won", SHARE, ("evaluation/*/won",)),
    ("How games end", SHARE, ("metric/end/",)),
    ("Played by the rules", SHARE, ("metric/*_legal",)),
    ("Entropy of sampled tokens", "nats a token", ("sampled/entropy",)),
    ("Length of sampled replies", "tokens", ("sampled/tokens",)),
)
"""Title, axis label and metrics of the panels; ``*`` is any text, and a name that ends in ``/`` is all under it."""


@contextmanager
def styled(path: Path, *, width: float, height: float) -> Iterator[Any]:
    """A figure in our style, written to ``path`` at the end; no global state of matplotlib is touched."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)


def draw_arms(axes: Any, rows: Sequence[Row], *, over: str, value: Callable[[Row], float], have: str = "arm") -> None:
    """A curve an arm (``draw_curves``): ``value`` of its rows over their ``over``, without those that lack ``have``."""
    for place, arm in enumerate(distinct(rows, "arm")):
        mine = [row for row in rows if row["arm"] == arm and have in row]
        curves = [{row[over]: value(row) for row in mine if row["seed"] == seed} for seed in distinct(mine, "seed")]
        draw_curves(axes, curves, place=place, name=arm)


def draw_curves(axes: Any, curves: Sequence[Mapping[int, float]], *, place: int, name: str) -> None:
    """Round to value, a thin line each; their mean as a thick one, in the shade of its 95 % interval."""
    if not curves:
        return
    colour = COLOURS[place % len(COLOURS)]
    rounds = sorted(set.intersection(*(set(curve) for curve in curves)))
    values = np.array([[curve[round_] for round_ in rounds] for curve in curves])
    for row in values if len(curves) > 1 else ():
        axes.plot(rounds, row, color=colour, linewidth=0.8, alpha=0.4)
    mean = values.mean(axis=0)
    marker = MARKERS[place % len(MARKERS)]
    axes.plot(rounds, mean, color=colour, marker=marker, linewidth=2, markersize=4, label=_series_label(name))
    if len(curves) > 1:
        half = t95(len(curves) - 1) * values.std(axis=0, ddof=1) / np.sqrt(len(curves))
        axes.fill_between(rounds, mean - half, mean + half, color=colour, alpha=0.15, linewidth=0)


def _curve(rows: Sequence[Row], what: str, *, seat: str, series: str, seed: int) -> dict[int, float]:
    """Round of self-play to the mean of a figure; round 0 is the imitation model."""
    curve = {}
    for row in rows:
        if row["seat"] == seat and row["seed"] == seed and row["series"] in (series, "imitation"):
            round_ = 0 if row["series"] == "imitation" else int(row["stage"].rpartition("-")[2])
            curve[round_] = row[what]["mean"]
    return curve


def _whole(rows: Sequence[Row]) -> list[Row]:
    found = [row for row in rows if row["opponent"] == "all" and "-against-" not in row["stage"]]
    if not found:
        raise ValueError("there are no rows over all opponents to draw")
    return found


def distinct(rows: Sequence[Row], key: str) -> list[Any]:
    """What stands under ``key``, each once, in its first order."""
    return list(dict.fromkeys(row[key] for row in rows))


def _points(estimates: Sequence[Mapping[str, float]]) -> tuple[list[float], list[list[float]]]:
    """Means, and how far their intervals reach down and up."""
    mean = [estimate["mean"] for estimate in estimates]
    low = [max(0.0, estimate["mean"] - estimate["low"]) for estimate in estimates]
    high = [max(0.0, estimate["high"] - estimate["mean"]) for estimate in estimates]
    return mean, [low, high]


def _chosen(rows: Sequence[Row], wanted: Sequence[str]) -> list[str]:
    """The metrics that a panel shows; of more than there are colours, those that are largest on average."""
    from fnmatch import fnmatchcase

    totals: dict[str, float] = {}
    for row in rows:
        for name, value in row.items():
            if value is not None and any(fnmatchcase(name, w + "*" if w.endswith("/") else w) for w in wanted):
                totals[name] = totals.get(name, 0.0) + abs(value)
    largest = sorted(totals, key=lambda name: -totals[name])[: len(COLOURS)]
    return sorted(largest)


def _short(name: str) -> str:
    """A metric's name for a legend: without the part that the panel's title says already."""
    parts = name.split("/")
    return (parts[1] if parts[0] == "evaluation" else parts[-1]).removesuffix("_legal").replace("_", " ")


def _series_label(name: str) -> str:
    return {"selfplay-winner": "winners' turns (SPAG)", "selfplay-signed": "signed, with baseline"}.get(name, name)


def t95(freedom: int) -> float:
    """The 97.5 % quantile of Student's t."""
    table = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
    return table[freedom - 1] if freedom <= len(table) else 1.96 + 2.5 / freedom
