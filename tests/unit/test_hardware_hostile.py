"""Hostile designs: whatever an attack draws, it ends in a verdict, with the gate and without it."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.benchmarks.hostile_hardware import Hostile, run
from selftaught.benchmarks.hostile_texts import ATTACKS
from selftaught.benchmarks.prover_designs import DESIGNS
from selftaught.envs.hardware import judging
from selftaught.envs.hardware.judging import Judge, complaints, judged


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(ATTACKS)), st.sampled_from(sorted(DESIGNS)), st.integers(0, 2**32 - 1))
def test_every_attack_ends_in_a_verdict(kind: str, design: str, seed: int) -> None:
    golden = DESIGNS[design]
    text = ATTACKS[kind](golden, np.random.default_rng(seed))
    assert judged(golden, text, top="top").kind in ("equal", "different", "unknown")
    assert judged(text, golden, top="top").kind in ("equal", "different", "unknown")
    found = complaints(text, top="top")
    assert len(found.refused) < 500 and len(found.errors) < 10_000


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_judged(text: str) -> None:
    assert judged(DESIGNS["counter"], text).kind in ("different", "unknown")
    assert complaints(text).ports == () or "module" in text


def test_the_worker_alone_holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the gate, which refuses the worst before anything is sent, its limits still end every text."""
    patch = "import selftaught.envs.hardware.reading as r; r.refusal = lambda text: None"
    start = judging._START.replace("; from self", f"; exec({patch!r}); from self", 1)
    monkeypatch.setattr(judging, "_START", start)
    monkeypatch.setattr(judging, "refusal", lambda text: None)
    monkeypatch.setattr(judging, "_refusal", lambda text: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "canary.v").write_text(DESIGNS["counter"])
    judge, rng, ends = Judge(seconds=1, megabytes=300), np.random.default_rng(0), Counter[str]()
    begun = time.monotonic()
    for kind in ATTACKS:
        for _ in range(8):
            text = ATTACKS[kind](DESIGNS["counter"], rng)
            ends[judge.judged(DESIGNS["counter"], text).kind] += 1
    included = judge.judged(DESIGNS["counter"], '`include "canary.v"')
    bomb = "`define a `b `b\n" + "".join(f"`define {chr(n)} `{chr(n + 1)} `{chr(n + 1)}\n" for n in range(98, 122))
    exploded = judge.judged(DESIGNS["counter"], f"{bomb}`define z 1\nmodule top; wire x = `a; endmodule")
    judge.close()
    assert sum(ends.values()) == 8 * len(ATTACKS) and time.monotonic() - begun < 120
    assert included.kind == "different" and included.stage == "syntax"
    assert exploded.kind == "unknown" and "to judge" in exploded.reason and judge.lost >= 1
    assert [path.name for path in tmp_path.iterdir()] == ["canary.v"]


def test_the_benchmark_writes_its_counts(tmp_path: Path) -> None:
    found = json.loads(run(Hostile(count=56, results=tmp_path)).read_text())
    assert found["texts"] == 56 and found["files_touched"] == 0
    assert sum(sum(kinds.values()) for kinds in found["verdicts"].values()) == 56
    assert set(found["verdicts"]) == set(ATTACKS)


def test_a_touched_file_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def touch(text: str, rng: np.random.Generator) -> str:
        Path("touched").touch()
        return text

    monkeypatch.setitem(ATTACKS, "token noise", touch)
    with pytest.raises(RuntimeError, match="touched a file"):
        run(Hostile(count=3, results=tmp_path))
