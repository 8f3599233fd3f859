"""Learning to reflect on the fake model: a study from end to end, and controls that are what they say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from selftaught.agents.scripted import Scripted
from selftaught.benchmarks import plots_studies, tables_studies
from selftaught.benchmarks.reflection import STUDIES, Prompted, example, measured, run
from selftaught.benchmarks.studies import Chosen
from selftaught.envs.reflect.attempts import attempt, guess, working
from selftaught.envs.reflect.corpus import corpus
from selftaught.envs.reflect.players import stubborn, trier, worker
from selftaught.envs.self_reward.instructions import Instruction, draw
from selftaught.store import read_run
from selftaught.types import Ask, Message, Player, Reply

FAKE = STUDIES["reflect-fake"]


@dataclass(frozen=True)
class Counted:
    """A trier with a reflector, whose replies have a token a word."""

    reflector: Player
    name: str = "counted"

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        said = [(trier if ask.seat == "thinker" else self.reflector)(ask) for ask in asks]
        return [Reply(text, tokens=tuple(range(len(text.split())))) for text in said]


def test_a_study_runs_and_is_published(tmp_path: Path) -> None:
    config = Chosen("reflect-fake", seeds=(0,), folder=tmp_path / "runs", results=tmp_path)
    content = json.loads(run(config).read_text())
    stages = {(row["arm"], row["stage"]) for row in content["rows"]}
    assert stages == {(arm, stage) for arm in FAKE.arms for stage in ("raw", "prompted", "start", "trained")}
    assert {row["kinds"] for row in content["rows"]} == {"pick, expression", "factors"}
    assert tables_studies.reflection_table(content).count("\n| ") == 1 + len(content["rows"])
    assert plots_studies.reflection(content, tmp_path / "reflection.png").stat().st_size > 10_000
    episodes = read_run(tmp_path / "runs/reflect-fake/potential/seed-0")
    seats = {turn.ask.seat for episode in episodes for turn in episode.turns}
    assert seats == {"thinker", "reflector"}
    assert json.loads(run(config).read_text())["rows"] == content["rows"]


def test_controls_at_equal_tokens() -> None:
    """Who checks gains, who does not stays; voting and bounds see the same tasks, and decisions are told apart."""
    game = FAKE.game(("pick", "factors"))
    tasks = list(islice(game.tasks("test", 0), 150))
    able, unable = (measured(FAKE, game, tasks, Counted(player)) for player in (worker, stubborn))
    assert able["right_first"] == unable["right_first"] and unable["gain"]["mean"] == 0
    assert able["gain"]["low"] > 0.2 and able["broken"]["mean"] == 0 and able["stop_auroc"]["mean"] == 1.0
    assert able["oracle_stop"]["mean"] == pytest.approx(able["right_last"]["mean"], abs=0.1)
    assert "stop_auroc" in unable and unable["stop_auroc"]["mean"] == 0.5
    assert able["plain_answers"] > unable["plain_answers"] >= 2
    assert able["best_of_plain"]["mean"] > able["voted"]["mean"] > able["right_first"]["mean"] - 0.05


def test_an_example_is_read_before_the_task() -> None:
    shown = example(FAKE)
    assert [message.role for message in shown] == ["user", "assistant"] * 4
    assert shown[3].content.endswith("Decision: refine")
    seen: list[tuple[Message, ...]] = []
    agent = Scripted("s", lambda ask: seen.append(ask.messages) or "ok")  # type: ignore[func-returns-value]
    Prompted(agent, shown).reply([Ask("thinker", (Message("user", "q"),))])
    assert seen == [(*shown, Message("user", "q"))]


@pytest.mark.parametrize("kind", ["pick", "factors", "expression", "reverse"])
def test_attempts_are_sometimes_right_and_never_repeated(kind: str) -> None:
    random = np.random.default_rng(0)
    told = [draw(random, (kind,), level=2) for _ in range(100)]
    guessed = np.mean([one.right(guess(one, random)) for one in told])
    lucky = np.mean([one.right(attempt(one, random, luck=0.9)) for one in told])
    assert guessed < 0.6 and lucky > 0.85
    first = told[0].solve()
    assert all(attempt(told[0], random, luck=0.5, avoid=(first,)) != first for _ in range(20))


def test_working_shows_what_comes_out() -> None:
    pick = Instruction("pick", {"offered": [5, 7, 21], "total": 12})
    assert working(pick, "5 7") == "5 + 7 = 12, which is 12"
    assert working(pick, "5 6") == "5 + 6 = 11, which is not 12, but 6 cannot be used"
    assert working(Instruction("factors", {"product": 77}), "7 12") == "7 * 12 = 84, which is not 77"
    assert working(pick, "5 7 21") == "5 + 7 = 12, 12 + 21 = 33, which is not 12"
    line = Instruction("expression", {"pairs": [[2, 17], [7, 37]]})
    assert working(line, "4*x+9") == "where x is 2: 17, which is 17, where x is 7: 37, which is 37"
    assert "None" in working(line, "four")
    nothing = "There is nothing to work out"
    assert working(pick, "none") == working(Instruction("reverse", {"word": "ab"}), "ba") == nothing


def test_the_corpus_is_whole_games_of_a_crowd_that_nobody_marks() -> None:
    chats = list(corpus(np.random.default_rng(0), count=200))
    said = [message.content for chat in chats for message in chat if message.role == "assistant"]
    decisions = [text for text in said if "Decision:" in text]
    assert all(chat[0].role == "user" and chat[-1].role == "assistant" for chat in chats)
    drills = [said.content for chat in chats if len(chat) == 2 for said in chat[1:] if " = " in said.content]
    assert len(drills) > 100 and all(eval(a) == int(b) for text in drills for a, b in _equations(text))
    assert 0.2 < np.mean(["submit" in text for text in decisions]) < 0.8
    assert max(len(chat) for chat in chats) == 14


def _equations(text: str) -> list[tuple[str, str]]:
    return [(left, right) for left, _, right in (part.partition(" = ") for part in text.split(", "))]
