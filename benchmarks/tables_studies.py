"""Tables of studies of planning, of sequences and of reflection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from selftaught.benchmarks.cells import Row, cell, markdown, short, source, spread
from selftaught.benchmarks.plots import distinct
from selftaught.benchmarks.plots_studies import by_stage


def study_table(content: Mapping[str, Any]) -> str:
    """Certified success at the start, halfway and at the end of every arm, over seeds, with the right numbers."""
    rows = content["rows"]
    head = ["arm", "plans", "encoding", "steps", "certified", "greedy", "can be carried out", "right number"]
    lines = [[*head, "best shortcut's number"], ["---", "---", "---", "---:", "---", "---", "---", "---", "---:"]]
    groups: dict[tuple[Any, ...], dict[float, list[Row]]] = {}
    for row in rows:
        last = max(one["step"] for one in rows if one["arm"] == row["arm"])
        if row["step"] in (-1, 0, last // 2, last):
            key = tuple(row[name] for name in ("arm", "band", "split", "encoding", "step"))
            groups.setdefault(key, {}).setdefault(row["temperature"], []).append(row)
    kinds = list(dict.fromkeys(key[:4] for key in groups))
    for key in sorted(groups, key=lambda key: (kinds.index(key[:4]), key[4])):
        (arm, band, split, encoding, step), by_temperature = key, groups[key]
        sampled, greedy = by_temperature[1.0], by_temperature.get(0.0, [])
        best = max(value["mean"] for name, value in sampled[0].items() if name.startswith("shortcut/"))
        cells = [cell([row["success"] for row in some]) if some else "" for some in (sampled, greedy)]
        more = [cell([row[name] for row in sampled]) for name in ("feasible", "answer_right")]
        after = "raw" if step < 0 else str(step)
        lines.append([arm, f"band {band}, {split}", encoding, after, *cells, *more, f"{best:.2f}"])
    return markdown(lines) + "\n\n" + spread(content) + _training_time(content) + source(content)


def encodings_table(content: Mapping[str, Any]) -> str:
    """Certified success at the start and at the end by how the same plans are told."""
    last = max(row["step"] for row in content["rows"])
    kinds = [
        kind for kind in dict.fromkeys((row["band"], row["split"]) for row in content["rows"]) if kind[1] != "hard"
    ]
    head = [f"band {band}: {when}" for band, _ in kinds for when in ("start", f"{last} steps", "greedy")]
    lines = [["encoding", *head], ["---"] * (len(head) + 1)]
    for encoding in distinct(content["rows"], "encoding"):
        cells = []
        for band, split in kinds:
            for step, temperature in ((0, 1.0), (last, 1.0), (last, 0.0)):
                wanted = (encoding, band, split, step, temperature)
                names = ("encoding", "band", "split", "step", "temperature")
                cells.append(
                    cell([r["success"] for r in content["rows"] if tuple(r[name] for name in names) == wanted])
                )
        lines.append([encoding, *cells])
    return markdown(lines) + "\n\n" + spread(content) + _training_time(content) + source(content)


def _training_time(content: Mapping[str, Any]) -> str:
    """How long play and learning took up to half of the steps and to the last, evaluations apart."""
    threads, told = content["study"]["threads"], []
    most = max(row["step"] for row in content["training"])
    for steps in dict.fromkeys((most // 2, most)):
        spent: dict[tuple[str, int], float] = {}
        for row in content["training"]:
            if row["step"] <= steps:
                seconds = row.get("time/play_seconds", 0.0) + row.get("time/learn_seconds", 0.0)
                spent[row["arm"], row["seed"]] = spent.get((row["arm"], row["seed"]), 0.0) + seconds
        minutes = [seconds / 60 for seconds in spent.values()]
        told.append(f"{steps} steps in {_range(minutes, 1)} minutes")
    whole = _range([seconds / 60 for seconds in content["wall_seconds"].values()], 0)
    cores = f"{threads} core{'s' * (threads > 1)}"
    return f" Play and learning on {cores}: {', '.join(told)} a run; with all else {whole} minutes."


def _range(values: Sequence[float], digits: int) -> str:
    """The least and the greatest, or the one that there is."""
    low, high = (f"{value:.{digits}f}" for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def asynchow_table(content: Mapping[str, Any]) -> str:
    """Players on the published rows, by our scorer and by the published one."""
    head = ["player", "asked for", "right", "right by the published scorer", "gave an answer", "certified"]
    lines = [head, ["---"] * len(head)]
    for row in content["players"]:
        cells = [cell([row[name]]) for name in ("ours", "published", "answered")]
        mode = row.get("mode", "answer")
        model, trained, _ = row["player"].partition("@")
        lines.append(
            [
                f"{model}, trained" if trained else model,
                mode,
                *cells,
                cell([row["certified"]]) if mode == "build" else "",
            ]
        )
    rows = f"{content['playable']} rows; {content['published_answers_wrong']} published answers are wrong."
    return markdown(lines) + "\n\n" + rows + source(content)


def lengths_table(content: Mapping[str, Any]) -> str:
    """Following and quality by the number of steps, a line an arm, stage and split."""
    rows = by_stage(content)
    sizes = sorted(distinct(rows, "length"))
    lines = [["learned from", "chains", "", *map(str, sizes)], ["---"] * (len(sizes) + 3)]
    for split, arm, name in product(distinct(rows, "split"), distinct(rows, "arm"), ("following", "quality")):
        mine = [row for row in rows if (row["arm"], row["split"]) == (arm, split)]
        found = [[row[name] for row in mine if row["length"] == size] for size in sizes]
        lines.append([arm, split, name, *(cell(some) if some else "" for some in found)])
    taught = {row["arm"]: row for row in content["taught"] if row["seed"] == content["seeds"][0]}
    budgets = "; ".join(
        f"{arm}: {row['lessons']:,} lessons, {row['all']:,} tokens, {row['replies']:,} of them in replies"
        for arm, row in taught.items()
    )
    return markdown(lines) + f"\n\n{spread(content)} Taught (first seed): {budgets}." + source(content)


REFLECTED = {
    "right_first": "first",
    "right_last": "last",
    "gain": "gain",
    "voted": "most frequent of as many tokens",
    "beyond_voted": "last beyond that",
    "oracle_stop": "stopped by the truth",
    "best_of_plain": "best of as many tokens",
    "fixed": "mended",
    "broken": "broken",
    "over_refined": "over-refined",
    "stop_auroc": "AUROC of stopping",
}
"""Figures of reflection, and how a table calls them; the two bounds know the truth."""


def reflection_table(content: Mapping[str, Any]) -> str:
    """First and last answers, what the same tokens buy without reflection, bounds, and what changed."""
    rows = content["rows"]
    lines = [["arm", "stage", "kinds", *REFLECTED.values(), "answers", "tokens"], ["---"] * (len(REFLECTED) + 5)]
    kinds = distinct(rows, "kinds")
    for arm, kind, stage in product(distinct(rows, "arm"), kinds, distinct(rows, "stage")):
        mine = [row for row in rows if (row["arm"], row["kinds"], row["stage"]) == (arm, kind, stage)]
        if mine:
            cells = [cell(found) if (found := [row[name] for row in mine if name in row]) else "" for name in REFLECTED]
            spent = [short(row["answers"]["mean"] for row in mine), short(row["tokens"] for row in mine)]
            lines.append([arm, stage, kind, *cells, *spent])
    note = "Bounds know the truth: *stopped by the truth* and *best of as many tokens*."
    return markdown(lines) + f"\n\n{spread(content)} {note}" + source(content)
