"""Sequential instruction tuning on the fake model: a study from end to end, and what its arms learn from."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from selftaught.agents.local_codec import ChatCodec
from selftaught.agents.local_fake import fake
from selftaught.benchmarks import plots_studies, tables_studies
from selftaught.benchmarks.sequences import STUDIES, Arm, lessons, run, syllabus
from selftaught.benchmarks.studies import Chosen
from selftaught.envs.sequence.corpus import NUMBERED, chat, corpus
from selftaught.envs.sequence.drawing import draw
from selftaught.envs.sequence.operations import HELD_OUT, OPERATIONS

FAKE = STUDIES["sequence-fake"]


def test_a_study_runs_and_is_published(tmp_path: Path) -> None:
    config = Chosen("sequence-fake", seeds=(0,), folder=tmp_path / "runs", results=tmp_path)
    content = json.loads(run(config).read_text())
    stages = {(row["arm"], row["stage"]) for row in content["rows"]}
    assert stages == {(arm, stage) for arm in FAKE.arms for stage in ("base", "taught")} | {("grown", "rewarded")}
    chains = {(row["split"], row["length"]) for row in content["rows"]}
    assert chains == {("test", 1), ("test", 2), ("pairs", 2), ("families", 1), ("families", 2)}
    assert all(row["quality"]["count"] == FAKE.held_out for row in content["rows"])
    table = tables_studies.lengths_table(content)
    assert table.count("| following |") == 3 * (len(FAKE.arms) + 2) and "| grown, rewarded | pairs |" in table
    assert plots_studies.lengths(content, tmp_path / "lengths.png").stat().st_size > 10_000
    again = run(config)
    assert json.loads(again.read_text())["rows"] == content["rows"]


def test_arms_begin_with_the_same_instructions_and_have_equal_tokens() -> None:
    single, grown = (list(islice(lessons(Arm(rounds=rounds), seed=0), 40)) for rounds in (0, 5))
    assert {len(lesson.results) for lesson in single} == {1}
    assert {len(lesson.results) for lesson in grown} >= {1, 2, 3, 4}
    kept = [(one, two) for one, two in zip(single, grown, strict=True) if set(two.options) <= {"keep"}]
    assert len(kept) > 3 and all(one.told == two.told for one, two in kept)
    codec = ChatCodec(fake().tokenizer)
    spent = {}
    study = replace(FAKE, tokens=60_000)
    for name, arm in study.arms.items():
        turns = [turn for episode in syllabus(study, arm, seed=0, codec=codec) for turn in episode.turns]
        replies = sum(len(codec.reply(turn.reply.text)) for turn in turns)
        spent[name] = (replies + sum(len(codec.prompt(turn.ask.messages)) for turn in turns), replies)
    assert spent["grown"][0] == pytest.approx(spent["single"][0], rel=0.03)
    assert spent["grown"][1] == pytest.approx(spent["single, equal replies"][1], rel=0.1)
    assert spent["single"][1] < 0.8 * spent["grown"][1]


def test_the_corpus_has_one_step_and_no_held_out_family() -> None:
    wordings = [form for one in OPERATIONS.values() if one.family in HELD_OUT for form in one._forms]
    games = numbered = 0
    for *rules, asked, said in corpus(np.random.default_rng(3), count=300):
        if (lines := asked.content.split("\n\n"))[0] == NUMBERED.split("\n")[0]:
            assert not rules and [line.split(": ", 1)[1] for line in said.content.split("\n")] == lines[1].split("\n")
            numbered += 1
            continue
        datum, instruction = asked.content.split("\n")
        games += bool(rules)
        assert datum.startswith("The ") and instruction.startswith("Step 1: ") == bool(rules) and said.content
        assert not any(form.fullmatch(instruction.removeprefix("Step 1: ")) for form in wordings)
    assert 10 < games < 50 and 20 < numbered < 80
    single = draw(np.random.default_rng(0), length=1, dependencies=("independent",))
    assert chat(single)[1].content == single.solved().removeprefix("1: ")
