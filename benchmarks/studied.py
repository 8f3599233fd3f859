"""What a model knows of a user's own texts, before and after it studied them; by its own open-book answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from selftaught.agents.local import LocalAgent, with_lora
from selftaught.agents.local_draw import Sampling
from selftaught.agents.local_models import load
from selftaught.agents.scripted import Scripted
from selftaught.algorithms.optimisation import Optimisation
from selftaught.benchmarks.plots import COLOURS, styled
from selftaught.benchmarks.study import Course, Method, ask, learn
from selftaught.envs.self_study.game import SelfStudy, closed
from selftaught.envs.self_study.gaps import clozer, filler
from selftaught.envs.self_study.lessons import TESTED, asked_in
from selftaught.envs.self_study.state import EXAMINER, READER, STUDENT, Asked
from selftaught.envs.self_study.words import agree
from selftaught.progress import Meter
from selftaught.store import aside
from selftaught.types import Agent, Ask, Episode, Seat, Task

Examiner = Literal["gaps", "model"]
Row = Mapping[str, Any]


def studied(
    passages: Sequence[Task],
    *,
    model: str,
    rank: int,
    examiner: Examiner,
    questions: int,
    reword: int,
    tokens: int,
    learning: Optimisation,
    seed: int,
    folder: Path,
    bars: Meter,
) -> list[dict[str, Any]]:
    """Ask, study and ask again, or go on; a row a question that can be trusted, with its answers and its source.

    Questions are the model's own, answered by it with the text open, or of words that a program left out (``gaps``).
    Of a question with rewordings that hold, the last is left out of study and asked in the end.
    """
    loaded = with_lora(load(model), rank=rank, alpha=2 * rank, seed=seed)
    agent = LocalAgent(loaded, name="policy", sampling=Sampling(max_new_tokens=60), batch=64)
    game = SelfStudy(questions=questions, reword=reword, kinds=("plain",))
    cast: dict[Seat, Agent] = dict.fromkeys(game.seats, agent)
    if examiner == "gaps":
        cast |= {EXAMINER: Scripted("clozer", clozer), READER: Scripted("filler", filler)}
    asked = ask(cast, game, passages, seed=seed, folder=folder / "asked", bars=bars)
    trusted = [
        (episode, one)
        for episode in asked
        for one in asked_in(episode, game)
        if TESTED.takes(one, episode.task.public["text"])
    ]
    before = _answers(agent, trusted, folder / "before.json")
    course = Course(game, tokens, learning)
    learn(agent, Method(TESTED), course, asked, seed=seed, folder=folder, bars=bars)
    after = _answers(agent, trusted, folder / "after.json")
    agent.save(folder / "adapter")
    rows = []
    for (episode, one), old, new in zip(trusted, before, after, strict=True):
        wordings = one.wordings
        row: dict[str, Any] = {"question": one.question, "open": one.answer, "source": episode.task.id}
        for when, said in (("before", old), ("after", new)):
            row[when] = {"answer": said[0], "known": agree(one.answer, said[0], one.question)}
            if len(said) > 1:
                row[f"{when}_reworded"] = {"answer": said[1], "known": agree(one.answer, said[1], wordings[-1])}
        rows.append(row)
    return rows


def _answers(agent: LocalAgent, asked: Sequence[tuple[Episode, Asked]], path: Path) -> list[list[str]]:
    """The likeliest closed answer to every question, and to the wording that is left for the test, if it has one."""
    if not path.exists():
        greedy = agent.sibling(name="student", adapter="default", sampling=replace(agent.sampling, temperature=0.0))
        wordings = [[one.question, *one.wordings[1:][-1:]] for _, one in asked]
        replies = iter(greedy.reply([Ask(STUDENT, closed(text)) for some in wordings for text in some]))
        found = [[next(replies).text for _ in some] for some in wordings]
        with aside(path) as file:
            file.write(json.dumps(found).encode())
    answers: list[list[str]] = json.loads(path.read_text())
    return answers


def gaps(rows: Sequence[Row], path: Path) -> Path:
    """How many questions of each source were known before and are known after."""
    sources = list(dict.fromkeys(row["source"].partition("#")[0] for row in rows))
    with styled(path, width=7.5, height=1.2 + 0.35 * max(1, len(sources))) as figure:
        axes = figure.subplots()
        for place, source in enumerate(sources):
            mine = [row for row in rows if row["source"].partition("#")[0] == source]
            shares = [sum(row[when]["known"] for row in mine) / len(mine) for when in ("before", "after")]
            axes.plot(shares, [place, place], color="#aaaaaa", linewidth=2, zorder=1)
            for share, colour, marker in zip(shares, COLOURS, "os", strict=False):
                axes.plot([share], [place], color=colour, marker=marker, linestyle="none")
        axes.set_yticks(range(len(sources)), [source[-40:] for source in sources], fontsize=7)
        axes.invert_yaxis()
        axes.set(xlim=(-0.03, 1.03), xlabel="share known with the book closed (circle: before, square: after)")
        axes.set_title("Gaps that closed")
    return path
