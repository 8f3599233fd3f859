"""What the data of hardware teach, on the fake model: a study from end to end, and what its arms learn from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from selftaught.agents.local_codec import ChatCodec
from selftaught.agents.local_fake import fake
from selftaught.benchmarks.evaluation import pass_at
from selftaught.benchmarks.hardware_learning import ALL, COMPLETION, MIXED, STUDIES, rows, run, syllabus
from selftaught.benchmarks.plots_hardware import rates
from selftaught.benchmarks.studies import Chosen, of_chats, tokens_of
from selftaught.benchmarks.tables_hardware import fault_table, learning_table
from selftaught.cli import main

FAKE = STUDIES["hardware-fake"]


def test_a_study_runs_and_is_published(tmp_path: Path) -> None:
    config = Chosen("hardware-fake", seeds=(0,), folder=tmp_path / "runs", results=tmp_path)
    content = json.loads(run(config).read_text())
    stages = {(row["arm"], row["stage"]) for row in content["rows"]}
    assert stages == {(arm, stage) for arm in FAKE.arms for stage in ("base", "taught")} | {(ALL, "rewarded")}
    solved = {(row["split"], row["kind"]) for row in content["rows"] if "fault" not in row}
    assert solved == {(split, kind) for split in FAKE.splits for kind in FAKE.kinds}
    table = learning_table(content)
    assert all(f"| {name} |" in table for name in ("nothing", ALL, f"{ALL}, rewarded", COMPLETION, "hint_fixer"))
    assert "| all (hard) |" in fault_table(content)
    again = run(config)
    assert json.loads(again.read_text())["rows"] == content["rows"]
    for row in content["rows"]:  # every bar of the picture is of its own fault
        if "fault" in row:
            row["pass@1"]["mean"] = float(len(row["fault"]) + 100 * (row["stage"] == "rewarded"))
    measure, shares = rates(content)
    bars = {(fault, arm): rate for found in shares.values() for fault, by in found.items() for arm, rate in by.items()}
    rewarded = f"{ALL}, rewarded"
    assert measure == "pass@1" and {arm for _, arm in bars} == {ALL, rewarded, COMPLETION}
    assert all(rate == [len(fault) + 100 * (arm == rewarded)] for (fault, arm), rate in bars.items())


def test_arms_have_equal_tokens_and_the_order_of_the_stages() -> None:
    codec = ChatCodec(fake().tokenizer)
    study = replace(FAKE, tokens=60_000)
    spent = {}
    for name, arm in study.arms.items():
        lessons = of_chats(syllabus(study, arm, seed=0, codec=codec))
        spent[name] = sum(tokens_of(lesson, codec)["all"] for lesson in lessons)
        tasks = ["holes" in lesson.turns[0].ask.messages[0].content for lesson in lessons]
        assert tasks == sorted(tasks, reverse=True) and all(tasks) == (name == COMPLETION)
    assert spent[ALL] == pytest.approx(spent[COMPLETION], rel=0.05)


def test_mixed_rows_are_the_same_in_another_order() -> None:
    codec = ChatCodec(fake().tokenizer)
    study, arms = replace(FAKE, tokens=20_000), STUDIES["hardware"].arms
    staged, mixed = (syllabus(study, arms[name], seed=0, codec=codec) for name in (ALL, MIXED))
    assert staged != mixed and sorted(staged, key=repr) == sorted(mixed, key=repr)


def test_repairs_are_told_as_lines() -> None:
    found = [row for row, _ in zip(rows(FAKE, seed=3), range(60), strict=False)]
    repairs = [row.messages[-1].content for row in found if row.kind == "repair"]
    assert len(repairs) > 10 and all(reply.partition(":")[0].isdigit() for reply in repairs)


def test_pass_at_k_is_the_share_of_sets_with_one_that_is_right() -> None:
    assert (pass_at(1, 8, 2), pass_at(8, 8, 1), pass_at(4, 8, 0)) == (0.25, 1.0, 0.0)
    assert pass_at(2, 4, 1) == 0.5  # of six pairs, three have the one
    with pytest.raises(ValueError, match="at least 4 samples"):
        pass_at(4, 3, 1)


def test_the_hardware_demo_runs_and_resumes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["demo", "hardware", "--fake", "--folder", str(tmp_path / "demo")]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert printed.count("before:") == printed.count("after:") == 6 and "held-out faulty modules" in printed
    result = json.loads((tmp_path / "demo" / "demo-hardware.json").read_text())
    assert set(result["rows"]) == {"before", "after"}
    assert main(words) == 0
    assert "step 1" not in capsys.readouterr().err
    assert main([*words, "--seed", "3"]) == 2
