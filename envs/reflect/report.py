"""The licence of a scorer: a report of how well it tells right answers from wrong ones.

``python -m selftaught.benchmarks.scorers`` writes it. A scorer without one may not pay anybody.
"""

from __future__ import annotations

import json
from pathlib import Path


def licensed(report: str, *, scorer: str, subject: str) -> float:
    """The scorer's AUROC against the sealed truth of the subject, as the report has it.

    Raises:
        ValueError: if there is no such report, or it does not say.
    """
    ask = "measure it with: python -m selftaught.benchmarks.scorers"
    if not report or not scorer:
        raise ValueError(f"worth='scorer' needs the scorer's name and a report of its AUROC; {ask}")
    try:
        rows = json.loads(Path(report).read_text(encoding="utf-8"))["rows"]
        found = [row["auroc"]["mean"] for row in rows if (row["scorer"], row["subject"]) == (scorer, subject)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{report!r} is no report of scorers ({error!r}); {ask}") from error
    if not found:
        known = sorted({(row["scorer"], row["subject"]) for row in rows})
        raise ValueError(f"{report!r} has no AUROC of {scorer!r} on {subject!r}, only of {known}; {ask}")
    return float(found[0])
