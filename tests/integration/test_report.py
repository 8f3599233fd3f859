"""What a report says is what the runs say, and nothing in it is anything but data; without a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught import cli
from selftaught.algorithms.gap_alarm import reading
from selftaught.benchmarks.audit import judged_answers
from selftaught.benchmarks.report.content import Limits, gather
from selftaught.benchmarks.report.folders import Run, runs_under
from selftaught.benchmarks.report.page import encoded, render
from selftaught.benchmarks.report.server import HOST, Follower, server_of
from selftaught.benchmarks.report.transcripts import choose
from selftaught.store import read_run, shard_path, write_shard
from selftaught.summary import bootstrap
from selftaught.types import Episode
from tests.integration.report_runs import HOSTILE, SEEDS, episode, make_runs, row

LIMITS = Limits()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_runs(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def content(runs: dict[str, Path]) -> dict[str, Any]:
    return gather(list(runs.values()), limits=LIMITS)


class Page(HTMLParser):
    """The scripts, styles and policy of a page, as a parser of HTML finds them."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.blocks: list[tuple[str, dict[str, str | None], str]] = []
        self.policy = ""
        self.titles: list[str] = []
        self._open = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self._open = tag
        if tag in ("script", "style"):
            self.blocks.append((tag, said, ""))
        if said.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(said["content"])

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style"):
            tag, said, text = self.blocks[-1]
            self.blocks[-1] = (tag, said, text + data)
        elif self._open == "title":
            self.titles.append(data)

    def data(self) -> Any:
        (found,) = [text for _, said, text in self.blocks if said.get("type") == "application/json"]
        return json.loads(found)


def joined(value: Any) -> Any:
    """The value as JSON reads it back: two halves of a surrogate pair side by side are one character."""
    match value:
        case str():
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        case list():
            return [joined(item) for item in value]
        case dict():
            return {joined(key): joined(item) for key, item in value.items()}
    return value


ANY_TEXT = st.one_of(st.text(st.characters(exclude_categories=())), st.sampled_from(HOSTILE))
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), ANY_TEXT)
DATA = st.recursive(LEAVES, lambda inner: st.one_of(st.lists(inner), st.dictionaries(ANY_TEXT, inner)), max_leaves=8)


@given(DATA)
def test_data_comes_back_and_no_sign_of_it_can_end_a_script(value: Any) -> None:
    text = encoded(value)
    assert json.loads(text) == joined(value)
    assert text.isascii() and not set("<>&") & set(text)


def test_figures_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encoded({"reward": float("nan")})


def test_a_page_holds_its_data_its_style_its_script_and_nothing_else(content: dict[str, Any]) -> None:
    page = Page(render({**content, "title": HOSTILE[0]}))
    assert page.data() == joined({**content, "title": HOSTILE[0]})
    assert [(tag, said.get("type")) for tag, said, _ in page.blocks] == [
        ("style", None),
        ("script", "application/json"),
        ("script", None),
    ]
    assert page.titles == [f"{HOSTILE[0]} · selftaught"]


@pytest.mark.parametrize(("live", "connect"), [(False, "'none'"), (True, "'self'")])
def test_the_policy_lets_this_script_and_this_style_run_alone(
    content: dict[str, Any], live: bool, connect: str
) -> None:
    page = Page(render({**content, "live": live}))
    said = dict(part.strip().split(" ", 1) for part in page.policy.split(";"))
    hashes = {
        tag: base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for tag, attributes, text in page.blocks
        if "type" not in attributes
    }
    assert said == {
        "default-src": "'none'",
        "script-src": f"'sha256-{hashes['script']}'",
        "style-src": f"'sha256-{hashes['style']}'",
        "img-src": "data:",
        "connect-src": connect,
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_nothing_in_a_page_points_anywhere(content: dict[str, Any]) -> None:
    page = Page(render({**content, "episodes": [], "texts": [], "runs": []}))
    shown = "".join(text for _, said, text in page.blocks if said.get("type") is None)
    assert not [word for word in ("http://", "https://", "@import", "url(") if word in shown.replace(SVG_NAME, "")]


SVG_NAME = "http://www.w3.org/2000/svg"


def test_every_run_is_found_with_its_game_its_seed_and_its_episodes(
    content: dict[str, Any], runs: dict[str, Path]
) -> None:
    found = {run["name"]: run for run in content["runs"]}
    assert len(found) == 4 + 2 * len(SEEDS) + 4 * len(SEEDS) + 2
    assert {name: run["game"] for name, run in found.items() if "/" not in name} == {
        "bayes": "taboo",
        "leaker": "taboo",
        "plans": "graph_plan",
        "judged": "self_reward",
        "rounds": "self_reward",
        "hostile": "taboo",
    }
    assert found["study/ppo/seed-2"]["seed"] == 2 and found["study/ppo/seed-2"]["arm"] == "study/ppo"
    assert found["bench/trained/taboo-0/none/seed-1"]["players"] == "trained"
    assert found["bayes"]["players"] == "attacker: fact_giver, defender: bayes"
    counted = {name: sum(content["runs"][one["run"]]["name"] == name for one in content["episodes"]) for name in found}
    assert counted == {name: run["episodes"] for name, run in found.items()}
    assert counted["bayes"] == 12 and counted["rounds"] == 0 and content["left_out"]["episodes"] == 0


def test_rewards_and_ends_are_those_of_the_episodes(content: dict[str, Any], runs: dict[str, Path]) -> None:
    played = list(read_run(runs["judged"]))
    (run,) = [run for run in content["runs"] if run["name"] == "judged"]
    assert {one["seat"] for one in run["rewards"]} == {"actor", "judge"}
    for one in run["rewards"]:
        rewards = [some.outcome.rewards[one["seat"]] for some in played]
        assert one == {"seat": one["seat"], **asdict(bootstrap(rewards, [some.task.id for some in played]))}
    assert run["ends"] == {"judged": 12}
    (trained,) = [run for run in content["runs"] if run["name"] == "study/grpo/seed-1"]
    assert trained["rewards"] == [{"seat": "planner", "first": 0.11, "last": 0.31}] and trained["steps"] == 3
    assert trained["cost"] == {"learn_seconds": 6.0, "tokens_trained": 300.0}


def test_an_episode_is_whole(content: dict[str, Any], runs: dict[str, Path]) -> None:
    for name in ("leaker", "plans", "judged"):
        shown = [one for one in content["episodes"] if content["runs"][one["run"]]["name"] == name]
        for one, known in zip(shown, read_run(runs[name]), strict=True):
            assert (one["id"], one["task"], one["end"]) == (known.id, known.task.id, known.outcome.end)
            assert json.loads(content["texts"][one["public"]]) == json.loads(json.dumps(known.task.public))
            assert [content["texts"][turn["text"]] for turn in one["turns"]] == [
                turn.reply.text for turn in known.turns
            ]
            assert read_again(one, content["texts"]) == [
                [(message.role, message.content) for message in turn.ask.messages] for turn in known.turns
            ]


def read_again(one: Mapping[str, Any], texts: list[str]) -> list[list[tuple[str, str]]]:
    """All that each turn's seat had read, from what was new to it."""
    known: dict[str, list[tuple[str, str]]] = {}
    found = []
    for turn in one["turns"]:
        goes_on, *pairs = turn["read"]
        new = [(("system", "user", "assistant")[a], texts[b]) for a, b in zip(pairs[::2], pairs[1::2], strict=True)]
        messages = [*(known[turn["seat"]] if goes_on else []), *new]
        found.append(messages)
        known[turn["seat"]] = [*messages, ("assistant", texts[turn["text"]])]
    return found


def test_marks_stand_at_the_places_that_javascript_counts(tmp_path: Path) -> None:
    said = "🐼🐼 it is a panda 🐼 <think>no</think>"
    write_shard(shard_path(tmp_path / "run", 0), [episode("one", [said, "A panda?"])])
    found = gather([tmp_path / "run"], limits=LIMITS)
    units = said.encode("utf-16-le")
    marks = found["episodes"][0]["turns"][0]["marks"]
    assert {(kind, units[2 * start : 2 * end].decode("utf-16-le")) for kind, _, start, end in marks} >= {
        ("thought", "<think>no</think>")
    }


def test_long_texts_are_cut_and_counted(tmp_path: Path) -> None:
    write_shard(shard_path(tmp_path / "run", 0), [episode("one", ["x" * 100 + "panda", "panda"])])
    found = gather([tmp_path / "run"], limits=Limits(characters=40))
    place = found["episodes"][0]["turns"][0]["text"]
    assert found["texts"][place] == "x" * 40 and found["left_out"]["characters"][str(place)] == 65
    for turn in found["episodes"][0]["turns"]:
        assert all(end <= 40 for _, _, _, end in turn.get("marks", []))


def test_episodes_are_taken_evenly_over_runs_and_steps(tmp_path: Path) -> None:
    for name, steps in (("short", 1), ("long", 10)):
        for step in range(steps):
            shard = [episode(f"{name}/{step}/{place}", ["a", "b"]) for place in range(6)]
            write_shard(shard_path(tmp_path / name, step), shard)
    found = gather([tmp_path / "short", tmp_path / "long"], limits=Limits(episodes=26))
    taken = [one["id"].split("/")[:2] for one in found["episodes"]]
    assert taken.count(["short", "0"]) == 6
    assert [taken.count(["long", str(step)]) for step in range(10)] == [2] * 10
    assert found["left_out"]["episodes"] == 40
    everything = gather([tmp_path], limits=Limits(episodes=0))
    assert len(everything["episodes"]) == 66 and everything["left_out"]["episodes"] == 0


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(1, 100))
def test_no_more_is_chosen_than_was_asked_for(counts: list[int], most: int) -> None:
    runs = [FakeRun([Path(str(place))]) for place in range(len(counts))]
    chosen = choose(runs, most=most, lines=lambda path: counts[int(path.name)])  # type: ignore[arg-type]
    assert sum(one.count for one in chosen) == min(most, sum(counts))
    for count, one in zip(counts, chosen, strict=True):
        assert all(1 <= line <= count for lines in one.lines.values() for line in lines)
    # Whoever had to leave some out has as many as anybody.
    short = [one.count for one in chosen if one.count < one.total]
    assert not short or max(one.count for one in chosen) <= min(short) + 1


class FakeRun:
    """A run that has shards and nothing else."""

    def __init__(self, shards: list[Path]) -> None:
        self.shards = shards


def test_links_go_by_run_and_id(content: dict[str, Any], runs: dict[str, Path]) -> None:
    again = gather([runs["taboo"]], limits=LIMITS)
    keys = {one["id"]: one["key"] for one in content["episodes"] if content["runs"][one["run"]]["name"] == "bayes"}
    assert {one["id"]: one["key"] for one in again["episodes"]} == keys
    assert len({one["key"] for one in content["episodes"]}) == len(content["episodes"])


def test_curves_are_means_over_seeds_with_students_interval(content: dict[str, Any]) -> None:
    curves = {one["arm"]: one for one in content["curves"]}
    assert set(curves) == {"study/grpo", "study/ppo"} and curves["study/ppo"]["seeds"] == list(SEEDS)
    found = curves["study/ppo"]["metrics"]["reward/planner"]
    assert found["steps"] == [1, 2, 3] and found["runs"][1] == [0.11, 0.21, 0.31]
    values = np.array([0.3, 0.31, 0.32])
    reach = 4.303 * values.std(ddof=1) / np.sqrt(3)
    assert found["mean"][2] == pytest.approx(0.31)
    assert (found["low"][2], found["high"][2]) == pytest.approx((0.31 - reach, 0.31 + reach), abs=1e-5)
    held_out = curves["study/grpo"]["metrics"]["evaluation/band 2/success"]
    assert held_out["steps"] == [0, 3] and held_out["mean"] == pytest.approx([0.2, 0.5])


def test_two_seeds_have_no_interval(runs: dict[str, Path]) -> None:
    two = [runs["study"] / "ppo" / f"seed-{seed}" for seed in (0, 1)]
    (found,) = gather(two, limits=LIMITS)["curves"]
    # Named one by one, they are still seeds of one arm.
    assert found["arm"] == "ppo" and found["seeds"] == [0, 1] and set(found["metrics"]["learn/loss"]["low"]) == {None}


def test_scores_pool_seeds_beside_the_references(content: dict[str, Any]) -> None:
    assert [(one["item"], one["policy"]) for one in content["scores"]] == [
        ("graph_plan/1", "raw"),
        ("graph_plan/1", "trained"),
        ("taboo/0", "raw"),
        ("taboo/0", "trained"),
    ]
    (raw,) = [one for one in content["scores"] if (one["item"], one["policy"]) == ("taboo/0", "raw")]
    scores = [float(place < 2 + seed) for seed in SEEDS for place in range(10)]
    assert raw["score"] == asdict(bootstrap(scores, [f"test/{place}" for place in range(10)] * 3))
    assert [one["mean"] for one in raw["seeds"]] == pytest.approx([0.2, 0.3, 0.4])
    assert raw["references"] == {"random": row(0.1), "scripted": row(0.5), "oracle": row(1.0)}
    (cells,) = [one for one in content["tables"] if one["title"] == "cells/taboo"]
    assert len(cells["rows"]) == 2 * len(SEEDS) and cells["rows"][0]["turns"] == row(0.3)


def test_reliability_counts_every_answer_that_has_points(content: dict[str, Any], runs: dict[str, Path]) -> None:
    answers = judged_answers(list(read_run(runs["judged"])))
    (found,) = content["reliability"]
    assert (found["arm"], found["judge"]) == ("judged", "flipping")
    assert sum(one["count"] for one in found["bins"]) == len(answers) == found["pooled"]["answers"]
    for one in found["bins"]:
        mine = [right for credit, right, _ in answers if round(credit * 5) == round(one["points"] * 5)]
        assert one["right"] == pytest.approx(sum(mine) / len(mine))
        assert 0 <= one["low"] <= one["right"] <= one["high"] <= 1


def test_both_alarms_are_those_of_the_audits(content: dict[str, Any], runs: dict[str, Path]) -> None:
    (found,) = content["rounds"]
    before, now = (json.loads(path.read_text()) for path in sorted((runs["audit"] / "evaluations").glob("*.json")))
    columns = [(before[name], now[name]) for name in ("points_by_task", "right_by_task")]
    assert found["rows"][1]["reading"] == asdict(reading(*columns))
    assert [one["pleased"] for one in found["rows"]] == [False, True]
    assert [one["blind"] for one in found["rows"]] == [before["figures"]["auroc"]["low"] <= 0.5] * 2


def test_shortcuts_stand_beside_the_runs_own_figures(content: dict[str, Any], runs: dict[str, Path]) -> None:
    (found,) = [one for one in content["shortcuts"] if one["arm"] == "plans"]
    played = list(read_run(runs["plans"]))
    shares = {one["name"]: one["mean"] for one in found["rows"]}
    assert shares["greedy"] == np.mean([one.metrics["shortcut/greedy"] for one in played])
    assert [one["name"] for one in found["rows"] if one["own"]] == ["answer_right", "success"]


def test_the_file_of_an_evaluation_becomes_a_table(tmp_path: Path) -> None:
    out = tmp_path / "greedy.json"
    assert cli.main(["eval", "graph_plan", "--policy", "greedy", "--games", "3", "--out", str(out)]) == 0
    (found,) = gather([out], limits=LIMITS)["tables"]
    rows = json.loads(out.read_text())["rows"]
    assert found["rows"][0]["success"] == rows[0]["success"] and "policy" in found["heads"]
    assert set(found["estimates"]) == {name for name, value in rows[0].items() if isinstance(value, dict)}


def test_the_command_writes_a_page(runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "pages" / "mine.html"
    assert cli.main(["report", str(runs["taboo"]), str(runs["plans"]), "--output", str(out), "--episodes", "10"]) == 0
    assert "2 runs, 10 episodes (14 more left out" in capsys.readouterr().out
    data = Page(out.read_bytes()).data()
    assert data["title"] == "bayes, plans" and len(data["episodes"]) == 10 and not data["live"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "at least one folder"),
        (["{tmp}/none"], "no folder"),
        (["{tmp}"], "no run in"),
        (["{tmp}/rows.json"], "has no rows"),
        (["{runs}", "--episodes", "-1"], "not -1"),
        (["{runs}", "--characters", "0"], "from 1"),
    ],
)
def test_errors_name_what_is_wrong(
    arguments: list[str], said: str, runs: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows.json").write_text("{}")
    filled = [word.format(tmp=tmp_path, runs=runs["taboo"]) for word in arguments]
    assert cli.main(["report", *filled, "--output", str(tmp_path / "page.html")]) == 2
    message = capsys.readouterr().err
    assert said in message.replace("\n", " ") and "Traceback" not in message
    assert not (tmp_path / "page.html").exists()


def test_names_are_as_long_as_tells_them_apart(tmp_path: Path) -> None:
    for name in ("first/run", "second/run"):
        write_shard(shard_path(tmp_path / name, 0), [episode("e", ["a", "b"])])
    assert [run.name for run in runs_under([tmp_path / "first/run", tmp_path / "second/run"])] == [
        "first/run",
        "second/run",
    ]
    assert [run.name for run in runs_under([tmp_path / "first"])] == ["first/run"]
    assert Run("study/grpo/seed-3/imitation", tmp_path).arm == "study/grpo/imitation"


@contextmanager
def following(folder: Path) -> Iterator[str]:
    """The address of a server that follows a folder."""
    follower = Follower([folder], LIMITS)
    with server_of(follower, port=0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def get(address: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    asked = urllib.request.Request(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except HTTPError as error:
        return error.code, error.headers, error.read()


def test_a_server_has_news_when_there_are_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selftaught.benchmarks.report.server.REST", 0.0)
    write_shard(shard_path(tmp_path, 0), [episode("one", ["a", "b"])])
    with following(tmp_path) as address:
        status, headers, page = get(f"{address}/")
        assert status == 200 and Page(page).data()["live"] and headers["Content-Type"].startswith("text/html")
        tag = headers["ETag"]
        (data_block,) = [said for _, said, _ in Page(page).blocks if said.get("id") == "data"]
        assert data_block["data-tag"] == tag
        assert get(f"{address}/data.json", If_None_Match=tag)[0] == 304
        write_shard(shard_path(tmp_path, 1), [episode("two", ["c", "d"])])
        status, headers, data = get(f"{address}/data.json", If_None_Match=tag)
        assert status == 200 and headers["ETag"] != tag
        assert [one["id"] for one in json.loads(data)["episodes"]] == ["one", "two"]


def test_a_server_answers_this_machine_and_its_own_name_alone(tmp_path: Path) -> None:
    write_shard(shard_path(tmp_path, 0), [episode("one", ["a", "b"])])
    with following(tmp_path) as address:
        assert get(f"{address}/", Host="evil.example")[0] == 403
        assert get(f"{address}/etc/passwd")[0] == 404
        assert get(address.replace(HOST, "localhost") + "/")[0] == 200
        port = int(address.rpartition(":")[2])
        own = socket.gethostbyname(socket.gethostname())
        if own != HOST and not own.startswith("127."):
            with pytest.raises(OSError), socket.create_connection((own, port), timeout=1):
                pass


def test_a_server_says_what_is_wrong_with_a_run_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selftaught.benchmarks.report.server.REST", 0.0)
    write_shard(shard_path(tmp_path, 0), [episode("one", ["a", "b"])])
    with following(tmp_path) as address:
        assert get(f"{address}/data.json")[0] == 200
        (tmp_path / "episodes" / "step-000001.jsonl").write_text("damaged\n")
        status, _, message = get(f"{address}/data.json")
        assert status == 503 and b"line 1: not an episode" in message
        write_shard(shard_path(tmp_path, 1), [episode("two", ["c", "d"])])
        assert get(f"{address}/data.json")[0] == 200


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_control_c_ends_a_server(tmp_path: Path) -> None:
    write_shard(shard_path(tmp_path / "run", 0), [episode("one", ["a", "b"])])
    command = [sys.executable, "-m", "selftaught.cli", "report", str(tmp_path / "run"), "--serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.readline()
    assert said.startswith(f"http://{HOST}:")
    assert get(said.split()[0])[0] == 200
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130 and errors.strip() == "stopped"


def test_a_port_that_is_taken_is_named(runs: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert cli.main(["report", str(runs["taboo"]), "--serve", "--port", str(port)]) == 2
    assert f"port {port} cannot be had" in capsys.readouterr().err


def test_a_run_that_goes_on_is_not_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def counting(path: Path, lines: frozenset[int]) -> Iterator[Episode]:
        read.append(path)
        return iter([episode(path.stem, ["a", "b"])])

    monkeypatch.setattr("selftaught.benchmarks.report.content.episodes_of", counting)
    monkeypatch.setattr("selftaught.benchmarks.report.server.REST", 0.0)
    follower = Follower([tmp_path], LIMITS)
    for step in (0, 1):
        write_shard(shard_path(tmp_path, step), [episode("e", ["a", "b"])])
        follower.newest()
    assert [path.name for path in read] == ["step-000000.jsonl", "step-000001.jsonl"]
