"""The throughput benchmark runs, and the views are not slow by a whole order of magnitude."""

from __future__ import annotations

import json

from selftaught.benchmarks import throughput
from tests.contract import toy


def test_throughput_of_the_toy() -> None:
    rows = throughput.run([toy.ENTRY], repeats=3, seconds=0.1)
    assert json.loads(json.dumps(rows)) == rows
    assert {"honest + random_guess", "fixed texts"} <= {row["players"] for row in rows}
    assert {row["view"] for row in rows} == {"aec", "gymnasium"}
    assert max(row["utterances_per_game"] for row in rows) >= rows[0]["utterances_per_game"] > 0
    # Tests do not time, but a view that is slower by a whole order of magnitude is broken.
    assert all(row["steps_per_second"] > 5_000 for row in rows)
    assert throughput.table(rows).count("\n") == len(rows) + 1
