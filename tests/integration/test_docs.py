"""README and docs do what they say: blocks run, commands parse, tables agree with the code, links lead somewhere."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from dataclasses import MISSING, fields
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selftaught import cli
from selftaught.agents.scripted import Scripted
from selftaught.benchmarks import publish
from selftaught.envs.graph_plan.encodings import parse
from selftaught.envs.graph_plan.game import GraphPlan
from selftaught.envs.graph_plan.instances import Instance, Knobs
from selftaught.envs.hardware.designs import FAMILIES
from selftaught.envs.hardware.designs import HELD_OUT as HELD_OUT_FAMILIES
from selftaught.envs.hardware.game import Hardware
from selftaught.envs.hardware.judging import judged
from selftaught.envs.hardware.mutations import KINDS as FAULTS
from selftaught.envs.hardware.players import PLAYERS as HARDWARE_PLAYERS
from selftaught.envs.hardware.problems import KINDS as PROBLEMS
from selftaught.envs.hardware.problems import RUNGS
from selftaught.envs.reflect.game import Reflect
from selftaught.envs.reflect.players import PLAYERS as REFLECT_PLAYERS
from selftaught.envs.registry import games, make_game
from selftaught.envs.self_reward.adversaries import ADVERSARIES
from selftaught.envs.self_reward.game import SelfReward
from selftaught.envs.self_reward.instructions import KINDS
from selftaught.envs.self_reward.players import PLAYERS as REWARD_PLAYERS
from selftaught.envs.self_study.game import SelfStudy
from selftaught.envs.self_study.players import PLAYERS as STUDY_PLAYERS
from selftaught.envs.sequence.chains import Call, Chain, Choice, Step
from selftaught.envs.sequence.game import SPLITS, Sequence
from selftaught.envs.sequence.operations import HELD_OUT, OPERATIONS
from selftaught.envs.sequence.players import PLAYERS as SEQUENCE_PLAYERS
from selftaught.envs.taboo.game import BROKEN_BY, WINNERS, Taboo
from selftaught.envs.taboo.judge import judge
from selftaught.rollout import rollout

ROOT = Path(__file__).parents[2]
PAGES = [path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if path.exists()]
FENCED = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
PLANS = ROOT / "docs" / "graph_plan.md"
TABOO = ROOT / "docs" / "taboo.md"
REWARD = ROOT / "docs" / "self_reward.md"
REFLECT = ROOT / "docs" / "reflect.md"
STUDY = ROOT / "docs" / "self_study.md"
SEQUENCE = ROOT / "docs" / "sequence.md"
HARDWARE = ROOT / "docs" / "hardware.md"


def blocks(language: str) -> list[Any]:
    """Page, line and text of the fenced blocks in a language, but those marked ``no-run``."""
    found = []
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for match in FENCED.finditer(text):
            if match["info"].split()[:1] == [language] and "no-run" not in match["info"].split():
                line = text.count("\n", 0, match.start("code"))
                found.append(pytest.param(path, line, match["code"], id=f"{path.name}:{line}"))
    return found


def table(path: Path, *head: str) -> list[list[str]]:
    """The rows of the only table with these first columns; cells as written."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in path.read_text("utf-8").splitlines()]
    (start,) = (place for place, row in enumerate(rows) if tuple(row[: len(head)]) == head)
    end = next(place for place in range(start, len(rows)) if rows[place] == [""])
    return rows[start + 2 : end]


def bare(cell: str) -> str:
    """A cell without its code marks."""
    return cell.strip("`")


@pytest.mark.parametrize(("path", "line", "code"), blocks("python"))
def test_python_blocks_run(path: Path, line: int, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # Lines before the block keep the line numbers of tracebacks those of the page.
    source = compile("\n" * line + code, str(path), "exec", dont_inherit=True)
    exec(source, {"__name__": "__main__"})


@pytest.mark.parametrize(("path", "line", "code"), blocks("sh"))
def test_commands_parse(path: Path, line: int, code: str) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for number, command in enumerate(code.replace("\\\n", " ").splitlines(), start=line + 1):
        words = shlex.split(command, comments=True)
        if words[:1] == ["selftaught"]:
            try:
                cli.parse(words[1:])
            except SystemExit as stop:
                pytest.fail(f"{path.name}:{number}: {command!r} ends with code {stop.code}")
        elif words[:1] == ["make"]:
            assert set(words[1:]) <= set(targets), f"{path.name}:{number}: {command!r}"


def test_published_tables_are_those_of_the_result_files() -> None:
    for name in publish.PAGES:
        page = (ROOT / name).read_text(encoding="utf-8")
        assert publish.fill(page, ROOT / "benchmarks" / "results") == page, f"{name}: run selftaught.benchmarks.publish"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+\.md)[^)]*\)", path.read_text(encoding="utf-8")):
        assert "://" in target or (path.parent / target).exists(), target


def test_taboo_ends_are_those_of_the_game() -> None:
    rows = table(TABOO, "end", "winner")
    assert {bare(end): winner if winner != "nobody" else None for end, winner, *_ in rows} == WINNERS
    assert {bare(end): seat for end, _, seat, _ in rows if seat} == BROKEN_BY


def test_taboo_settings_are_those_of_the_game() -> None:
    expected = {}
    for item in fields(Taboo):
        if item.init:
            expected[item.name] = repr(item.default if item.default is not MISSING else {})
    assert {bare(name): bare(default) for name, default, _ in table(TABOO, "setting", "default")} == expected


def test_taboo_judge_agrees_with_its_examples() -> None:
    for reason, text, target in table(TABOO, "reason", "illegal"):
        if text.startswith("`"):
            assert judge(bare(text), target).reason == bare(reason)
    for text, target, _ in table(TABOO, "legal", "target"):
        assert judge(bare(text), target).legal, text


def test_taboo_metrics_are_explained() -> None:
    explained = {bare(name) for names, _ in table(TABOO, "metric") for name in names.split(", ")}
    game, known = Taboo(), games()["taboo"]
    cast = {seat: Scripted(name, known.players[seat][name]) for seat, name in known.default_others.items()}
    (episode,) = rollout(game, islice(game.tasks("train", 0), 1), cast, seed=0)
    for name in episode.metrics:
        general = re.sub("^(attacker|defender)_", "<seat>_", re.sub("^end/.+", "end/<end>", name))
        assert general in explained, name


def test_taboo_players_win_as_the_table_says() -> None:
    known = games()["taboo"]
    rows = table(TABOO, "", "`bayes`")
    (head,) = (line for line in TABOO.read_text("utf-8").splitlines() if line.startswith("| | `bayes`"))
    defenders = [bare(cell.strip()) for cell in head.strip("|").split("|")[1:]]
    assert defenders == list(known.players["defender"])
    assert [bare(row[0]) for row in rows] == list(known.players["attacker"])
    game = Taboo()
    tasks = list(islice(game.tasks("test", seed=0), 60))
    for attacker, *cells in rows:
        for defender, cell in zip(defenders, cells, strict=True):
            names = {"attacker": bare(attacker), "defender": defender}
            cast = {seat: Scripted(name, known.players[seat][name]) for seat, name in names.items()}
            winners = Counter(WINNERS[episode.outcome.end] or "tie" for episode in rollout(game, tasks, cast, seed=0))
            (winner, count), *_ = winners.most_common()
            assert cell == (winner if count == len(tasks) else f"{winner}, mostly"), (names, winners)


def test_graph_plan_settings_are_those_of_the_code() -> None:
    for kind, head in ((GraphPlan, "setting"), (Knobs, "knob")):
        expected = {}
        for item in fields(kind):
            if item.init:
                expected[item.name] = repr(item.default if item.default is not MISSING else {})
        assert {bare(name): bare(default) for name, default, _ in table(PLANS, head, "default")} == expected


def test_graph_plan_metrics_are_explained() -> None:
    explained = {bare(name) for name, _ in table(PLANS, "metric", "meaning")}
    oracle = {"planner": Scripted("oracle", games()["graph_plan"].players["planner"]["oracle"])}
    for mode in ("build", "answer", "dispatch"):
        game = make_game("graph_plan", mode=mode)
        (episode,) = rollout(game, islice(game.tasks("train", 0), 1), oracle, seed=0)
        for name in episode.metrics:
            assert re.sub("^shortcut/.+", "shortcut/<name>", re.sub("^end/.+", "end/<end>", name)) in explained, name


def test_the_graph_plan_example_is_right() -> None:
    told, reply, *_ = (block.removeprefix("text\n") for block in PLANS.read_text("utf-8").split("```")[1::2])
    goal, *lines = told.strip().split("\n")
    graph = parse("\n".join(lines[:-1]), "english")
    found = Instance(goal, ("x",) * len(graph.amounts), graph.amounts, graph.units, graph.edges)
    game = GraphPlan()
    assert game.tell(game.start(found.public(), np.random.default_rng(0)), reply).end == "certified"


def test_self_reward_tables_are_those_of_the_code() -> None:
    expected = {item.name: repr(item.default) for item in fields(SelfReward) if item.init}
    assert {bare(name): bare(default) for name, default, _ in table(REWARD, "setting", "default")} == expected
    told: dict[str, tuple[str, bool]] = {}
    for family, kinds, easier in table(REWARD, "family", "kinds"):
        told |= {bare(kind): (family, easier == "yes") for kind in kinds.split(", ")}
    assert told == {name: (kind.family, kind.search) for name, kind in KINDS.items()}
    text = REWARD.read_text("utf-8")
    named = {*ADVERSARIES, *(name for players in REWARD_PLAYERS.values() for name in players)}
    assert all(f"`{name}`" in text for name in named)


def test_self_reward_metrics_are_explained() -> None:
    cells = [name for name, _ in table(REWARD, "metric", "meaning")]
    explained = {bare(name) for cell in cells for name in cell.split(", ")}
    families = {kind.family for kind in KINDS.values()}
    for settings in ({}, {"mode": "pairwise"}, {"review": True}, {"propose": True}):
        game = SelfReward(adversaries=1.0, **settings)
        players = {"proposer": "inventor", "actor": "sloppy", "judge": "random", "meta_judge": "random"}
        cast = {seat: Scripted(name, REWARD_PLAYERS[seat][name]) for seat, name in players.items()}
        for episode in rollout(game, islice(game.tasks("train", 0), 20), cast, seed=0):
            for name in episode.metrics:
                family, _, rest = name.partition("/")
                known = f"<family>/{rest}" if family in families else "gain/<trick>" if family == "gain" else name
                assert known in explained, name


def test_sequence_page_is_that_of_the_code() -> None:
    expected = {item.name: repr(item.default) for item in fields(Sequence) if item.init}
    assert {bare(name): bare(default) for name, default, _ in table(SEQUENCE, "setting", "default")} == expected
    text = SEQUENCE.read_text("utf-8")
    named = {one.family for one in OPERATIONS.values()} | {*SPLITS, *HELD_OUT}
    named |= {name for players in SEQUENCE_PLAYERS.values() for name in players}
    assert all(f"`{name}`" in text for name in named) and len(OPERATIONS) > 100
    told, reply, *_ = (block.removeprefix("text\n").strip() for block in text.split("```")[1::2])
    steps = (
        Step(0, Call("reverse")),
        Step(0, Call("count_words")),
        Step(2, Call("add", {"n": 4})),
        Step(1, Call("upper"), choice=Choice(3, "even", Call("quote"))),
    )
    found = Chain("text", "red boat dog", steps)
    assert (found.told, found.solved()) == (told, reply)


def test_sequence_metrics_are_explained() -> None:
    explained = {bare(name) for name, _ in table(SEQUENCE, "metric", "meaning")}
    cast = {seat: Scripted(seat, next(iter(players.values()))) for seat, players in SEQUENCE_PLAYERS.items()}
    game = Sequence(propose=1)
    for episode in rollout(game, islice(game.tasks("train", 0), 5), cast, seed=0):
        assert {re.sub("^end/.+", "end/<end>", name) for name in episode.metrics} <= explained


def test_reflect_page_is_that_of_the_code() -> None:
    expected = {
        item.name: repr(item.default if item.default is not MISSING else {}) for item in fields(Reflect) if item.init
    }
    assert {bare(name): bare(default) for name, default, _ in table(REFLECT, "setting", "default")} == expected
    text = REFLECT.read_text("utf-8")
    assert all(f"`{name}`" in text for players in REFLECT_PLAYERS.values() for name in players)
    explained = {bare(name) for cell, _ in table(REFLECT, "metric", "meaning") for name in cell.split(", ")}
    cast = {seat: Scripted(seat, next(iter(players.values()))) for seat, players in REFLECT_PLAYERS.items()}
    wordy = {seat: Scripted(seat, lambda ask: "It is green.") for seat in REFLECT_PLAYERS}
    for game, seated in ((Reflect(keep="best"), cast), (Reflect(subject="world", know=True), wordy)):
        for episode in rollout(game, islice(game.tasks("train", 0), 5), seated, seed=0):
            for name in episode.metrics:
                known = re.sub("^subject/answer/.+", "subject/answer/<verdict>", name)
                assert re.sub("^end/.+", "end/<end>", known) in explained, name


def test_self_study_page_is_that_of_the_code() -> None:
    expected = {
        item.name: repr(item.default if item.default is not MISSING else {}) for item in fields(SelfStudy) if item.init
    }
    assert {bare(name): bare(default) for name, default, _ in table(STUDY, "setting", "default")} == expected
    text = STUDY.read_text("utf-8")
    assert all(f"`{name}`" in text for players in STUDY_PLAYERS.values() for name in players)
    explained = {bare(name) for cell, _ in table(STUDY, "metric", "meaning") for name in cell.split(", ")}
    cast = {seat: Scripted(seat, next(iter(players.values()))) for seat, players in STUDY_PLAYERS.items()}
    game = SelfStudy()
    for episode in rollout(game, islice(game.tasks("train", 0), 5), cast, seed=0):
        assert {re.sub("^end/.+", "end/<end>", name) for name in episode.metrics} <= explained


def test_hardware_page_is_that_of_the_code() -> None:
    expected = {item.name: repr(item.default) for item in fields(Hardware) if item.init}
    assert {bare(name): bare(default) for name, default, _ in table(HARDWARE, "setting", "default")} == expected
    assert [bare(kind) for kind, *_ in table(HARDWARE, "kind", "what is shown")] == list(PROBLEMS)
    assert [bare(rung) for rung, _ in table(HARDWARE, "rung", "reached by")] == list(RUNGS)
    text = HARDWARE.read_text("utf-8")
    named = {*FAULTS, *HELD_OUT_FAMILIES, *(name for players in HARDWARE_PLAYERS.values() for name in players)}
    assert all(f"`{name}`" in text for name in named) and f"{len(FAMILIES)} families" in text


def test_the_hardware_example_is_right() -> None:
    broken, run, *_ = (block.removeprefix("text\n") for block in HARDWARE.read_text("utf-8").split("```")[1::2])
    golden = broken.replace("!en", "en")
    verdict = judged(golden, broken)
    assert verdict.trace is not None and verdict.trace.text() == run.strip()


def test_hardware_metrics_are_explained() -> None:
    explained = {bare(name) for cell, _ in table(HARDWARE, "metric", "meaning") for name in cell.split(", ")}
    cast = {seat: Scripted(seat, next(iter(players.values()))) for seat, players in HARDWARE_PLAYERS.items()}
    game = Hardware(kinds=PROBLEMS)
    for episode in rollout(game, islice(game.tasks("train", 0), 20), cast, seed=0):
        for name in episode.metrics:
            known = re.sub("^solved/.+", "solved/<kind>", re.sub("^end/.+", "end/<rung>", name))
            known = re.sub("^form/.+", "form/<kind>/<form>", re.sub("^fault/.+", "fault/<fault>", known))
            assert known in explained, name
