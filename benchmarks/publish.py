"""Tables and pictures of README and docs from ``benchmarks/results/*.json``, so that no number is typed twice.

``python -m selftaught.benchmarks.publish`` fills every block ``<!-- result:NAME -->`` ... ``<!-- /result -->`` of the
Markdown files, and draws the pictures into ``docs/``. With ``--check`` it changes nothing and fails where a block
differs.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from selftaught.algorithms.gap_alarm import first_fall, first_ring
from selftaught.benchmarks.plots import distinct
from selftaught.benchmarks.plots_rounds import first_alarm
from selftaught.benchmarks.record import RESULTS
from selftaught.benchmarks.speed import LINES

PAGES = ("README.md", "docs/taboo.md", "docs/graph_plan.md", "docs/self_reward.md", "docs/performance.md")
STUDIES = ("planning", "planning-smollm2", "graph-first", "encodings")
"""Results of ``selftaught.benchmarks.planning``, whose names are not imported: they would bring torch along."""
LOOPS = ("self-reward-phases", "self-reward-judges", "self-reward-smollm2")
"""Those of ``selftaught.benchmarks.self_rewarding``."""
_KINDS = "result|speech|transcript|growth|audit|alarm"
_BLOCK = re.compile(rf"<!-- (?P<kind>{_KINDS}):(?P<name>[\w-]+) -->\n.*?<!-- /(?P=kind) -->", re.DOTALL)

Row = Mapping[str, Any]


def fill(page: str, results: Path) -> str:
    """The page with every block made anew.

    Raises:
        FileNotFoundError: if a block names a result that is not there.
        ValueError: if it names one that has no table.
    """

    def block(match: re.Match[str]) -> str:
        name = match["name"]
        content = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
        makers = {
            "result": _table(name),
            "audit": audit_table,
            "alarm": alarm_table,
            "speech": speech_table,
            "transcript": transcripts,
            "growth": growth_table,
        }
        text = makers[match["kind"]](content)
        return f"<!-- {match['kind']}:{name} -->\n{text}\n<!-- /{match['kind']} -->"

    return _BLOCK.sub(block, page)


def stages_table(content: Mapping[str, Any]) -> str:
    """Stage by seat: share of games won and share played by the rules, against all fixed opponents and past selves."""
    return _by_stage(content, ("won", "legal"))


def speech_table(content: Mapping[str, Any]) -> str:
    """Stage by seat: how long the utterances are, and how sure the model was of them."""
    return _by_stage(content, ("words", "entropy"))


def _by_stage(content: Mapping[str, Any], figures: Sequence[str]) -> str:
    rows = [row for row in content["rows"] if row["opponent"] == "all"]
    seats = distinct(rows, "seat")
    head = ["stage"] + [f"{seat}: {HEADS[what]}" for seat in seats for what in figures]
    lines = [head, ["---"] * len(head)]
    stages = distinct(rows, "stage")
    alone = [stage for stage in stages if "-against-" not in stage]
    # Of the matches with past selves those of each series' last round; the file has the others.
    last = {stage.rpartition("-")[0]: stage for stage in alone}.values()
    matches = [stage for stage in stages if "-against-" in stage and stage.partition("-against-")[0] in last]
    for stage in alone + matches:
        name = f"*{stage.replace('-against-', ' against ')}*" if stage in matches else stage
        found = {seat: [row for row in rows if (row["stage"], row["seat"]) == (stage, seat)] for seat in seats}
        lines.append([name] + [_cell([row[what] for row in found[seat]]) for seat in seats for what in figures])
    seeds = len(distinct(rows, "seed"))
    spread = (
        "95 % bootstrap interval over words"
        if seeds == 1
        else f"lowest to highest of {seeds} seeds (the 95 % interval where they do not differ)"
    )
    games = rows[0]["won"]["count"]
    note = f"{games} games a seat and stage on held-out word families; in brackets the {spread}."
    return _markdown(lines) + "\n\n" + note + _source(content)


HEADS = {"won": "won", "legal": "legal", "words": "words an utterance", "entropy": "nats a token"}


def transcripts(content: Mapping[str, Any]) -> str:
    """One game of the evaluation, drawn by the seed, at the first and at the last stage."""
    parts = [f"{stage}:\n\n```text\n" + "\n".join(lines) + "\n```" for stage, lines in content["transcripts"].items()]
    return "\n\n".join(parts)


def throughput_table(content: Mapping[str, Any]) -> str:
    """Steps per second of the scripted games."""
    head = ["game", "view", "players", "utterances a game", "steps/s (median)"]
    lines = [head, ["---"] * len(head)]
    for row in content["rows"]:
        lines.append(
            [str(row[key]) for key in ("game", "view", "players", "utterances_per_game")]
            + [f"{row['steps_per_second']:,.0f}"]
        )
    return _markdown(lines) + "\n" + _source(content)


def speed_table(content: Mapping[str, Any]) -> str:
    """Ours beside the peer's, their ratio, and whether it reaches its target (which for memory is from above)."""
    head = ["work", "unit", "ours", "peer", "", "ratio", "to reach"]
    lines = [head, ["---", "---", "---:", "---:", "---", "---:", "---"]]
    for row in content["rows"]:
        target, ratio = row["target"], row["ratio"]
        wanted = ""
        if target is not None:
            less = row["unit"] in ("GB", "%")
            reached = ratio <= target if less else ratio >= target
            wanted = f"{'at most ' if less else ''}{target:g}: {'yes' if reached else 'no'}"
        figures = [_figure(row["ours"]), _figure(row["peer"])]
        lines.append([row["work"], row["unit"], *figures, row["peer_name"], f"{ratio:.2f}", wanted])
    made = content["measurements"]
    counts = [len(made[name]) for _, *sides, _, _, _, _ in LINES for name in sides if name in made]
    note = f"Medians of {min(counts)} to {max(counts)} measurements of each side."
    return _markdown(lines) + "\n\n" + note + _source(content)


def growth_table(content: Mapping[str, Any]) -> str:
    """Cost by concurrency, utterances and length of the prompt."""
    if not content["growth"]:
        return "Not measured yet: `selftaught bench speed` does."
    head = ["", "", "sampled tokens/s", "ms a new token", "peak GB"]
    lines = [head, ["---", "---:", "---:", "---:", "---:"]]
    for row in content["growth"]:
        rates = [f"{row['sampled_per_second']:.0f}", f"{row['milliseconds_per_new_token']:.2f}"]
        lines.append([row["kind"], str(row["value"]), *rates, f"{row['peak_gigabytes']:.2f}"])
    return _markdown(lines) + "\n" + _source(content)


def study_table(content: Mapping[str, Any]) -> str:
    """Certified success at the start, halfway and at the end of every arm, over seeds, with the right numbers."""
    rows = content["rows"]
    head = ["arm", "plans", "encoding", "steps", "certified", "greedy", "right number", "best shortcut's number"]
    lines = [head, ["---", "---", "---", "---:", "---", "---", "---", "---:"]]
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
        cells = [_cell([row["success"] for row in some]) if some else "" for some in (sampled, greedy)]
        right = _cell([row["answer_right"] for row in sampled])
        after = "raw" if step < 0 else str(step)
        lines.append([arm, f"band {band}, {split}", encoding, after, *cells, right, f"{best:.2f}"])
    return _markdown(lines) + "\n\n" + _spread(content) + _training_time(content) + _source(content)


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
                    _cell([r["success"] for r in content["rows"] if tuple(r[name] for name in names) == wanted])
                )
        lines.append([encoding, *cells])
    return _markdown(lines) + "\n\n" + _spread(content) + _training_time(content) + _source(content)


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
        told.append(f"{steps} steps in {min(minutes):.1f} to {max(minutes):.1f} minutes")
    return f" Play and learning on {threads} core{'s' * (threads > 1)}: {', '.join(told)} a run."


def rounds_table(content: Mapping[str, Any]) -> str:
    """The share of right answers on held-out instructions, an arm a line and a round a column."""
    rows = content["rows"]
    rounds = sorted(distinct(rows, "round"))
    lines = [["judge", *("raw" if round_ < 0 else f"round {round_}" for round_ in rounds), "alarm"]]
    lines.append(["---"] * len(lines[0]))
    for arm in distinct(rows, "arm"):
        cells = [_of_round(rows, arm, round_, "right") for round_ in rounds]
        rung = first_alarm(rows, arm)
        lines.append([arm, *cells, "" if rung is None else f"round {rung}"])
    return _markdown(lines) + "\n\n" + _spread(content) + _source(content)


AUDIT = {
    "points": "points",
    "saturated": "full points",
    "read": "readable",
    "auroc": "AUROC in a group",
    "selection": "selection",
    "pair_right": "pair right",
    "pair_wrong": "pair wrong",
    "tie": "tie",
    "chosen_longer": "longer chosen",
    "words": "words",
}
"""Figures of a judge, and how a table calls them."""


def audit_table(content: Mapping[str, Any]) -> str:
    """The audit of every judge in the first round and after the last."""
    rows = content["rows"]
    ends = (0, max(row["round"] for row in rows))
    lines = [["judge", "round", *AUDIT.values(), "calibration error"], ["---"] * (len(AUDIT) + 3)]
    for arm in distinct(rows, "arm"):
        for round_ in ends:
            mine = [row for row in rows if (row["arm"], row["round"]) == (arm, round_)]
            errors = [row["pooled"]["ece"] for row in mine if "ece" in row["pooled"]]
            cells = [_short(row["figures"][name]["mean"] for row in mine if name in row["figures"]) for name in AUDIT]
            lines.append([arm, str(round_), *cells, _short(errors)])
    return _markdown(lines) + "\n\nMeans over seeds." + _source(content)


def alarm_table(content: Mapping[str, Any]) -> str:
    """How often the alarm rang in every arm, when first, when the truth first fell, and how many rounds lay between."""
    head = ["judge", "rounds with alarm", "first alarm", "truth below the start", "lead"]
    lines = [head, ["---", "---:", "---", "---", "---"]]
    for arm in distinct(content["rows"], "arm"):
        rung, cells = [], []
        for seed in content["seeds"]:
            mine = [row for row in content["rows"] if (row["arm"], row["seed"]) == (arm, seed) and "alarm" in row]
            mine.sort(key=itemgetter("round"))
            alarms = [row["alarm"] for row in mine]
            rung += [alarm["rings"] for alarm in alarms]
            first, fall = first_ring(alarms), first_fall(alarms)
            rung_in, fell_in = (None if place is None else mine[place]["round"] for place in (first, fall))
            cells.append((rung_in, fell_in, None if rung_in is None or fell_in is None else fell_in - rung_in))
        columns = [
            ", ".join("-" if value is None else str(value) for value in column) for column in zip(*cells, strict=True)
        ]
        lines.append([arm, f"{sum(rung)} of {len(rung)}", *columns])
    note = "Rounds of every seed in turn; - is never. The lead is the rounds from the first alarm to the first fall."
    return _markdown(lines) + "\n\n" + note + _source(content)


def _short(values: Iterable[float]) -> str:
    found = list(values)
    return f"{np.mean(found):.2f}" if found else ""


def _of_round(rows: Sequence[Row], arm: str, round_: int, name: str) -> str:
    found = [row["figures"][name] for row in rows if (row["arm"], row["round"]) == (arm, round_)]
    return _cell(found) if found else ""


def _spread(content: Mapping[str, Any]) -> str:
    seeds = len(content["seeds"])
    if seeds == 1:
        return "With 95 % intervals."
    return f"Means of {seeds} seeds with the least and the greatest; 95 % intervals where they do not differ."


def asynchow_table(content: Mapping[str, Any]) -> str:
    """Players on the published rows, by our scorer and by the published one."""
    head = ["player", "asked for", "right", "right by the published scorer", "gave an answer", "certified"]
    lines = [head, ["---"] * len(head)]
    for row in content["players"]:
        cells = [_cell([row[name]]) for name in ("ours", "published", "answered")]
        mode = row.get("mode", "answer")
        lines.append([row["player"], mode, *cells, _cell([row["certified"]]) if mode == "build" else ""])
    rows = f"{content['playable']} rows; {content['published_answers_wrong']} published answers are wrong."
    return _markdown(lines) + "\n\n" + rows + _source(content)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write all pages, or with ``--check`` exit with 1 where one is out of date."""
    checking = "--check" in (sys.argv[1:] if arguments is None else arguments)
    stale = []
    for name in PAGES:
        path = Path(name)
        before = path.read_text(encoding="utf-8")
        after = fill(before, RESULTS)
        if after != before:
            stale.append(name)
            if not checking:
                path.write_text(after, encoding="utf-8")
    if not checking:
        _draw()
    if stale:
        print(f"{'out of date' if checking else 'written'}: {', '.join(stale)}")
    if checking and stale:
        sys.exit(1)


def _table(name: str) -> Callable[[Mapping[str, Any]], str]:
    if name == "throughput":
        return throughput_table
    if name == "speed":
        return speed_table
    if name in ("demo", "cpu", "taboo-pocket"):
        return stages_table
    if name == "encodings":
        return encodings_table
    if name in STUDIES:
        return study_table
    if name in LOOPS:
        return rounds_table
    if name == "asynchow":
        return asynchow_table
    raise ValueError(f"no table is known for the result {name!r}")


def _draw() -> None:
    from selftaught.benchmarks.plots import learning_curves, planning, speed, win_rates
    from selftaught.benchmarks.plots_rounds import phases, rounds

    for path in sorted(RESULTS.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        if path.stem in ("demo", "cpu", "taboo-pocket"):
            draw = learning_curves if any(row["stage"].endswith("-2") for row in content["rows"]) else win_rates
            draw(content["rows"], Path("docs") / f"{path.stem}.png")
        if path.stem in STUDIES and path.stem != "encodings":  # that one is a table
            planning(content, Path("docs") / f"{path.stem}.png")
        if path.stem in LOOPS:
            (phases if path.stem == "self-reward-phases" else rounds)(content, Path("docs") / f"{path.stem}.png")
        if path.stem == "speed":
            speed(content["rows"], content["growth"], Path("docs") / "speed.png")


def _markdown(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.2f}"


def _cell(estimates: Sequence[Row]) -> str:
    if all(estimate == estimates[0] for estimate in estimates):  # one seed, or the start that all of them share
        low, high = estimates[0]["low"], estimates[0]["high"]
    else:
        low, high = min(e["mean"] for e in estimates), max(e["mean"] for e in estimates)
    return f"{np.mean([e['mean'] for e in estimates]):.2f} [{low:.2f}, {high:.2f}]"


def _source(content: Mapping[str, Any]) -> str:
    machine = content["machine"]
    return (
        f"\nMade by `{content['command']}` at commit {content['commit'][:10]} on {machine['cores']} cores "
        f"({machine.get('processor', 'unknown processor')})."
    )


if __name__ == "__main__":
    main()
