"""Tables of self-play and of speed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from selftaught.benchmarks.cells import cell, figure, markdown, source
from selftaught.benchmarks.plots import distinct
from selftaught.benchmarks.speed import LINES


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
        lines.append([name] + [cell([row[what] for row in found[seat]]) for seat in seats for what in figures])
    seeds = len(distinct(rows, "seed"))
    spread = (
        "95 % bootstrap interval over words"
        if seeds == 1
        else f"lowest to highest of {seeds} seeds (the 95 % interval where they do not differ)"
    )
    games = rows[0]["won"]["count"]
    note = f"{games} games a seat and stage on held-out word families; in brackets the {spread}."
    return markdown(lines) + "\n\n" + note + source(content)


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
    return markdown(lines) + "\n" + source(content)


def exploitability_table(content: Mapping[str, Any]) -> str:
    """What the best reply wins off every player of a league of mini-taboo."""
    lines = [["player", "seat", "exploitability"], ["---", "---", "---:"]]
    for one in content["exploitability"]:
        lines.append([f"`{one['player']}`", one["seat"], cell([one["exploitability"]])])
    return markdown(lines) + "\n" + source(content)


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
        figures = [figure(row["ours"]), figure(row["peer"])]
        lines.append([row["work"], row["unit"], *figures, row["peer_name"], f"{ratio:.2f}", wanted])
    made = content["measurements"]
    counts = [len(made[name]) for _, *sides, _, _, _, _ in LINES for name in sides if name in made]
    note = f"Medians of {min(counts)} to {max(counts)} measurements of each side."
    return markdown(lines) + "\n\n" + note + source(content)


def growth_table(content: Mapping[str, Any]) -> str:
    """Cost by concurrency, utterances and length of the prompt."""
    if not content["growth"]:
        return "Not measured yet: `selftaught bench speed` does."
    head = ["", "", "sampled tokens/s", "ms a new token", "peak GB"]
    lines = [head, ["---", "---:", "---:", "---:", "---:"]]
    for row in content["growth"]:
        rates = [f"{row['sampled_per_second']:.0f}", f"{row['milliseconds_per_new_token']:.2f}"]
        lines.append([row["kind"], str(row["value"]), *rates, f"{row['peak_gigabytes']:.2f}"])
    return markdown(lines) + "\n" + source(content)


def precision_table(content: Mapping[str, Any]) -> str:
    """A line a model."""
    heads = ("model", "float32, tokens/s", "bfloat16, tokens/s", "ratio", "log-probabilities apart", "at most")
    lines: list[list[str]] = [list(heads), ["---"] * len(heads)]
    for row in content["rows"]:
        ratio, apart = row["ratio"], row["apart"]
        told = f"{ratio['median']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}]"
        rates = (f"{row[name]:,.0f}" for name in ("float32", "bfloat16"))
        lines.append([row["model"], *rates, told, f"{apart['mean']:.3f}", f"{apart['most']:.3f}"])
    return markdown(lines) + "\n\nMedians; the ratio with the least and the greatest of the repeats." + source(content)
