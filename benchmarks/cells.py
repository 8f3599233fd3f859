"""What all published tables share: estimates as text, intervals, and where the numbers come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

Row = Mapping[str, Any]


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the second line is its rule."""
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(estimates: Sequence[Row]) -> str:
    """The mean over seeds with the least and the greatest, or one estimate with its interval."""
    if all(estimate == estimates[0] for estimate in estimates):  # one seed, or the start that all of them share
        low, high = estimates[0]["low"], estimates[0]["high"]
    else:
        low, high = min(e["mean"] for e in estimates), max(e["mean"] for e in estimates)
    return f"{np.mean([e['mean'] for e in estimates]):.2f} [{low:.2f}, {high:.2f}]"


def short(values: Iterable[float]) -> str:
    """A mean, or nothing."""
    found = list(values)
    return f"{np.mean(found):.2f}" if found else ""


def figure(value: float) -> str:
    """Few digits."""
    return f"{value:,.0f}" if value >= 20 else f"{value:.2f}"


def spread(content: Mapping[str, Any]) -> str:
    """What the brackets of ``cell`` are."""
    seeds = len(content["seeds"])
    if seeds == 1:
        return "With 95 % intervals."
    return f"Means of {seeds} seeds with the least and the greatest; 95 % intervals where they do not differ."


def source(content: Mapping[str, Any]) -> str:
    """How the numbers were made."""
    machine, commit = content["machine"], ", ".join(one[:10] for one in content["commit"].split(", "))
    return (
        f"\nMade by `{content['command']}` at commit {commit} on {machine['cores']} cores "
        f"({machine.get('processor', 'unknown processor')})."
    )
