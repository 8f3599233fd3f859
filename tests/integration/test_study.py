"""Study on the fake model: the command on a folder, and a whole study with parts, replay and the quiz."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selftaught.agents.local import LocalAgent, with_lora
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_fake import fake
from selftaught.agents.scripted import Scripted
from selftaught.algorithms.optimisation import Optimisation
from selftaught.algorithms.reading import Reading
from selftaught.benchmarks import plots_quiz, tables_quiz
from selftaught.benchmarks.studied import gaps
from selftaught.benchmarks.studies import Chosen
from selftaught.benchmarks.study import Course, Method, as_text, learn, tokens_of
from selftaught.benchmarks.studying import STUDIES, run, run_arm
from selftaught.benchmarks.update_reward import UpdateReward
from selftaught.cli import main
from selftaught.commands.study import constant, known, spread
from selftaught.envs.self_study.game import SelfStudy
from selftaught.envs.self_study.lessons import PUBLISHED, Choice
from selftaught.envs.self_study.library import Library
from selftaught.envs.self_study.players import PLAYERS
from selftaught.progress import silent
from selftaught.rollout import rollout
from selftaught.store import read_run
from selftaught.types import Episode, Task

FAKE = STUDIES["self-study-fake"]
TEXT = "The old mill by the river grinds corn for nine villages. "


def test_a_study_runs_part_by_part(tmp_path: Path) -> None:
    config = Chosen("self-study-fake", seeds=(0,), folder=tmp_path / "runs", results=tmp_path)
    content = json.loads(run(config).read_text())
    after = {(row["arm"], row["after"]) for row in content["rows"]}
    assert after == {(arm, part) for arm in FAKE.arms if arm != "nothing" for part in range(3)} | {("nothing", 0)}
    assert {row["form"] for row in content["rows"]} >= {"plain", "paraphrase", "unanswerable"}
    assert {row["part"] for row in content["rows"]} == {0, 1}
    assert [row["part"] for row in content["learned"] if row["arm"] == "reading"] == [0, 1]
    assert all(row["read/passes"] > 1 for row in content["learned"] if row["arm"] == "reading")
    assert json.loads(run(config).read_text())["rows"] == content["rows"]
    table = tables_quiz.quiz_table(content)
    assert "| nothing | before |" in table and "| reading | after |" in table and "| lessons |" in table
    matrix = tables_quiz.forgetting_table(content)
    assert (
        matrix.count("\n| study |") == 5
        and "| study | open answers right |" in matrix
        and "| with replay | 2 |" in matrix
    )
    for draw in (plots_quiz.quiz_bars, plots_quiz.forgetting):
        assert draw(content, tmp_path / "picture.png").stat().st_size > 10_000


def course(game: SelfStudy, tokens: int) -> Course:
    return Course(game, tokens, Optimisation(batch=8))


def asked(game: SelfStudy, number: int) -> list[Episode]:
    seated = {"examiner": "asker", "reader": "finder", "student": "guesser"}
    cast = {seat: Scripted(name, PLAYERS[seat][name]) for seat, name in seated.items()}
    return rollout(game, Library(documents=2).shelf("train", 0, number), cast, seed=0)


@pytest.mark.parametrize("asks", ["start", "student"])
def test_who_asks_in_a_later_part_is_as_it_was_or_has_studied(asks: Any, tmp_path: Path) -> None:
    study = replace(FAKE, taught=0, learning=Optimisation(batch=8, learning_rate=1e-2))
    questions = []
    for tokens in (200, 2000):  # what was studied before differs
        arm, folder = Method(choice=None, asks=asks), tmp_path / str(tokens) / "arm" / "seed-0"
        run_arm(replace(study, tokens=tokens), arm, seed=0, folder=folder, bars=silent)
        questions.append([episode.turns[0].reply.text for episode in read_run(folder / "asked-1")])
    assert (questions[0] == questions[1]) == (asks == "start")


@pytest.fixture
def agent() -> LocalAgent:
    return LocalAgent(with_lora(fake(), rank=2, alpha=4), name="policy", sampling=Sampling(max_new_tokens=4))


@pytest.mark.parametrize("choice", [Choice(), PUBLISHED, None])
def test_methods_learn_from_the_same_number_of_tokens(choice: Choice | None, agent: LocalAgent, tmp_path: Path) -> None:
    game = SelfStudy(questions=2, reword=1)
    method = Method(choice, preferred=0.25)
    figures = learn(agent, method, course(game, 20_000), asked(game, 0), seed=0, folder=tmp_path, bars=silent)
    known_stages = [name for name in ("told", "preferred", "read") if (tmp_path / name).exists()]
    stages = {name: list(read_run(tmp_path / name)) for name in known_stages}
    spent = sum(tokens_of(episode, agent.codec) for episodes in stages.values() for episode in episodes)
    assert 18_000 < spent <= 20_000 and figures["taught/lessons"] >= 2
    assert set(stages) == ({"read"} if choice is None else {"told", "preferred"})


def test_replay_brings_earlier_lessons_back(agent: LocalAgent, tmp_path: Path) -> None:
    game = SelfStudy(questions=2)
    first, second = asked(game, 0), asked(game, 1)
    old = {episode.task.id for episode in first}
    for replay, low, high in ((0.0, 0.0, 0.0), (0.5, 0.35, 0.65)):
        here = tmp_path / str(replay)
        method = Method(replay=replay)
        learn(agent, method, course(game, 20_000), second, earlier=first, seed=0, folder=here, bars=silent)
        told = list(read_run(here / "told"))
        assert low <= sum(episode.task.id in old for episode in told) / len(told) <= high
    with pytest.raises(ValueError, match="shares from 0 to below 1"):
        Method(replay=1.0)


def test_an_update_is_worth_what_it_gains_and_leaves_no_trace(
    agent: LocalAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = SelfStudy(questions=1, reword=1)
    seated = {"examiner": "asker", "reader": "finder", "student": "guesser"}
    cast = {seat: Scripted(name, PLAYERS[seat][name]) for seat, name in seated.items()}

    def source(step: int, seed: int) -> list[Episode]:
        return rollout(game, Library(documents=3).shelf("train", step), cast, seed=seed)

    learning = Optimisation(batch=4, learning_rate=1e-2)
    agent = agent.sibling(name="policy", adapter="default", sampling=Sampling(max_new_tokens=12))
    reward = UpdateReward(source, agent, Course(game, 5_000, learning), most=2)
    before = [weight.detach().clone() for weight in agent.model.parameters()]
    seen: list[float] = []

    def known_so_far(self: UpdateReward, held: object) -> float:
        """A test that an update passes, and nothing else."""
        seen.append(sum(float(weight.abs().sum()) for weight in self.agent.model.parameters() if weight.requires_grad))
        return float(seen[-1] != seen[0])

    monkeypatch.setattr(UpdateReward, "_known", known_so_far)
    found = reward(0, 0)
    assert seen[0] == seen[2] != seen[1] and len(seen) == 4  # the second document begins where the first began
    assert all(bool((one == two).all()) for one, two in zip(before, agent.model.parameters(), strict=True))
    earned = [
        [
            credit
            for turn, credit in zip(episode.turns, episode.credits, strict=True)
            if "earlier" in turn.ask.view and "text" in turn.ask.view
        ]
        for episode in found
    ]
    # Within a document every question earns the same; the third document is beyond the cap.
    assert [set(some) for some in earned] == [{1.0}, {1.0}, {None}]
    others = [turn for episode in source(0, 0) for turn in episode.turns]
    assert [turn for episode in found for turn in episode.turns] == others


def test_reading_is_every_token_of_the_text(agent: LocalAgent) -> None:
    (episode, *_) = asked(SelfStudy(questions=1), 0)
    (example,), _ = Reading().examples([as_text(episode)], {}, codec=agent.codec)
    assert agent.codec.decode(example.tokens) == episode.task.public["text"]
    assert (example.spans[0].start, example.spans[0].stop) == (1, len(example.tokens))


def test_nothing_to_learn_is_no_error(agent: LocalAgent, tmp_path: Path) -> None:
    seated = {"examiner": "leaker", "reader": "finder", "student": "ignorant"}
    cast = {seat: Scripted(name, PLAYERS[seat][name]) for seat, name in seated.items()}
    game = SelfStudy(questions=1)
    episodes = rollout(game, Library(documents=1).shelf("train", 0), cast, seed=0)
    figures = learn(agent, Method(), course(game, 1000), episodes, seed=0, folder=tmp_path, bars=silent)
    assert figures == {"taught/lessons": 0.0, "taught/pairs": 0.0, "told/passes": 0.0}


def test_the_command_studies_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    for name in ("a.txt", "b.md"):
        (texts / name).write_text(TEXT * 12)
    command = ["study", str(texts), "--model", "fake", "--rank", "2", "--passages", "2", "--questions", "1"]
    command += ["--reword", "1", "--tokens", "500", "--wandb", "off", "--folder"]
    assert main([*command, str(tmp_path / "run")]) == 0
    out = capsys.readouterr()
    assert "known before" in out.out and "2 of them are studied" in out.err
    for name in ("report.md", "report.json", "gaps.png", "config.json", "metrics.jsonl", "adapter"):
        assert (tmp_path / "run" / name).exists()
    assert (tmp_path / "run" / "report.md").read_text().startswith("# What fake studied in")
    rows = json.loads((tmp_path / "run" / "report.json").read_text())["rows"]
    assert len(rows) == 2 and all("____" in row["question"] and row["open"] in TEXT for row in rows)
    assert main([*command, str(tmp_path / "alone"), "--examiner", "model"]) == 0  # which can ask nothing
    assert "nothing was studied" in capsys.readouterr().err
    assert main([*command, str(tmp_path / "run")]) == 2 and "--resume" in capsys.readouterr().err
    assert main([*command, str(tmp_path / "run"), "--resume"]) == 0
    (texts / "c.txt").write_bytes(b"\xff\xfe")
    assert main([*command, str(tmp_path / "other")]) == 2 and "c.txt: byte 0 is no UTF-8" in capsys.readouterr().err
    assert main([*command, str(tmp_path / "other"), "--skip"]) == 0
    assert main(["study", str(tmp_path / "none")]) == 2 and "name a text file" in capsys.readouterr().err
    assert main([*command, str(tmp_path / "third"), "--questions", "0"]) == 2


def test_what_is_known_is_counted_by_wording(tmp_path: Path) -> None:
    def said(whether: bool) -> dict[str, Any]:
        return {"answer": "x | y\nz", "known": whether}

    first = {"question": "Who?", "open": "a", "source": "a.txt#0", "before": said(False), "after": said(True)}
    reworded = {"before_reworded": said(False), "after_reworded": said(True)}
    rows = [first, {**first, "source": "b.txt#1", "after": said(False), **reworded}]
    assert known(rows) == {"before": 0.0, "after": 0.5, "before_reworded": 0.0, "after_reworded": 1.0}
    assert known([]) == {"before": 0.0, "after": 0.0} and constant([]) == 0.0
    assert constant([*rows, {**first, "open": "b"}, {**first, "open": "c"}]) == 0.5
    assert gaps(rows, tmp_path / "gaps.png").stat().st_size > 5_000 and gaps([], tmp_path / "none.png").exists()
    tasks = [Task(str(place), {}) for place in range(10)]
    assert [task.id for task in spread(tasks, 3)] == ["0", "3", "6"] and spread(tasks, 20) == tasks
