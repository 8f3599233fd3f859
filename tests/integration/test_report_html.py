"""A page is one file in which everything is data, its own script and its own style; and a server keeps it new."""

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
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught import cli
from selftaught.benchmarks.report.content import Limits
from selftaught.benchmarks.report.folders import RESULT
from selftaught.benchmarks.report.page import encoded, render
from selftaught.benchmarks.report.server import HOST, Follower, server_of
from selftaught.store import shard_path, write_shard
from selftaught.types import Episode
from tests.integration.report_runs import HOSTILE, episode

LIMITS = Limits()


class Page(HTMLParser):
    """The scripts, styles and policy of a page, as a parser of HTML finds them."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.blocks: list[tuple[str, dict[str, str | None], str]] = []
        self.policy = ""
        self.titles: list[str] = []
        self.addresses: list[str] = []
        self._open = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self._open = tag
        self.addresses += [str(said[name]) for name in ("href", "src", "action", "data") if name in said]
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
    assert {address.partition(":")[0].partition("#")[0] for address in page.addresses} == {"", "data"}
    shown = "".join(text for _, said, text in page.blocks if said.get("type") is None)
    assert not [word for word in ("http://", "https://", "@import", "url(") if word in shown.replace(SVG_NAME, "")]


SVG_NAME = "http://www.w3.org/2000/svg"


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
            return answer.status, dict(answer.headers), answer.read()
    except HTTPError as error:
        return error.code, dict(error.headers), error.read()


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


def test_a_server_follows_the_file_of_an_evaluation_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selftaught.benchmarks.report.server.REST", 0.0)
    rows = tmp_path / "greedy.json"
    table = '{"rows": [{"policy": "greedy", "success": {"mean": %s, "low": 0, "high": 1}}]}'
    rows.write_text(table % 0.5)
    follower = Follower([rows], LIMITS)
    first = follower.newest()[2]
    assert follower.newest()[2] == first
    rows.write_text(table % 0.75)
    assert follower.newest()[2] != first


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
        (tmp_path / "result.json").write_text(json.dumps(dict.fromkeys(RESULT, 0.5)))
        status, _, message = get(f"{address}/data.json")
        assert status == 503 and b"result.json has '0.5' as its item" in message


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_control_c_ends_a_server(tmp_path: Path) -> None:
    write_shard(shard_path(tmp_path / "run", 0), [episode("one", ["a", "b"])])
    command = [sys.executable, "-m", "selftaught.cli", "report", str(tmp_path / "run"), "--serve", "--port", "0"]

    def heard() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whatever runs the tests in the background ignores it

    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heard)
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
