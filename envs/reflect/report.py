"""The licence of a scorer: a report of how well it tells right answers from wrong ones.

``selftaught scorers`` writes it. A scorer without one may not pay anybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def licensed(report: str, *, scorer: str, subject: str, settings: Mapping[str, Any]) -> float:
    """The scorer's AUROC against the sealed truth of the subject with these settings, as the report has it.

    Raises:
        ValueError: if there is no such report, or it does not say.
    """
    ask = "measure it with: selftaught scorers"
    if not report or not scorer:
        raise ValueError(f"worth='scorer' needs the scorer's name and a report of its AUROC; {ask}")
    wanted = key(scorer, subject, settings)
    found = {key(row["scorer"], row["subject"], row["settings"]): row["auroc"]["mean"] for row in rows_of(Path(report))}
    if wanted not in found:
        raise ValueError(f"{report!r} has no AUROC of {wanted}, only of {sorted(found)}; {ask}")
    return float(found[wanted])


def key(scorer: str, subject: str, settings: Mapping[str, Any]) -> str:
    """What a row of a report is of."""
    return f"{scorer} on {subject} {json.dumps(dict(settings), sort_keys=True)}"


def rows_of(report: Path) -> list[Mapping[str, Any]]:
    """The rows of a report: a scorer and a subject each.

    Raises:
        ValueError: if the file is no report of scorers.
    """
    try:
        rows: list[Mapping[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["rows"]
        for row in rows:
            if not isinstance(row["auroc"]["mean"], float) or not key(row["scorer"], row["subject"], row["settings"]):
                raise ValueError("a row lacks its figures")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{str(report)!r} is no report of scorers ({error!r}): selftaught scorers writes one"
        ) from error
    return rows
