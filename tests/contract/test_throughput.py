"""The throughput benchmark runs, and the views are not slow by a whole order of magnitude."""

from __future__ import annotations

import json

from selftaught.benchmarks import throughput
from tests.contract import toy


def test_throughput_of_the_toy() -> None:
    result = throughput.run([toy.ENTRY], repeats=3, seconds=0.1)
    assert json.loads(json.dumps(result)) == result
    assert result.keys() == {"name", "command", "commit", "machine", "seeds", "rows"}
    assert [(row["view"], row["players"]) for row in result["rows"]] == [
        ("aec", "honest + random_guess"),
        ("gymnasium", "honest + random_guess"),
        ("aec", "fixed texts"),
        ("gymnasium", "fixed texts"),
    ]
    assert all(row["steps_per_second"] > 5_000 for row in result["rows"])
    assert throughput.table(result).count("\n") == 5
