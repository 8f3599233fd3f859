"""Episodes survive the store exactly, and what is damaged is refused by file and line."""

from __future__ import annotations

import errno
import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast, get_args

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from selftaught.store import (
    SURROGATE_PAIR,
    alone,
    aside,
    decode,
    encode,
    read_run,
    read_shard,
    shard_path,
    to_parquet,
    write_shard,
)
from selftaught.types import Ask, Episode, Message, Outcome, Reply, Role, Stop, Task, Turn

EPISODE = Episode(
    id="7",
    env="taboo",
    task=Task("word", {"word": "apple", "edges": ((0, 1), (1, 2))}, {"answer": 3}),
    group="word",
    turns=(
        Turn(
            Ask("attacker", (Message("system", "Hint."), Message("user", "Go.")), seed=5),
            Reply("It is a fruit.", (1, 2), (3, 4), (-0.1, -1e-300), "end"),
            "model",
            0.25,
        ),
        Turn(Ask("defender", (Message("user", "It is a fruit."),)), Reply("\ud83d\x00\u2028\n\U0001f34e"), "table"),
    ),
    outcome=Outcome("guessed", {"attacker": -1.0, "defender": 1.0}, "said the word"),
    metrics={"turns": 2, "share": 0.1 + 0.2},
)

text = st.text(st.characters(exclude_categories=()), max_size=12)
name = text.filter(lambda value: not SURROGATE_PAIR.search(value))
figure = st.floats(allow_nan=False, allow_infinity=False)
leaf = st.none() | st.booleans() | st.integers() | figure | text | st.sampled_from(["$tuple", "\ud800\udc00"])
key = name | st.sampled_from(["$tuple", "$dict", "$text", "step", "v"])
plain = st.recursive(
    leaf,
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(key, inner, max_size=3)
    ),
    max_leaves=12,
)
mapping = st.dictionaries(key, plain, max_size=3)
figures = st.dictionaries(name, figure, max_size=3)
tokens = st.lists(st.integers(0, 2**31), max_size=5).map(tuple)
messages = st.lists(st.builds(Message, st.sampled_from(get_args(Role)), text), max_size=3).map(tuple)
asks = st.builds(Ask, text, messages, view=st.just({}), seed=st.integers(0, 2**64))
replies = st.builds(
    Reply, text, tokens, tokens, st.lists(figure, max_size=5).map(tuple), st.sampled_from(get_args(Stop))
)
turns = st.lists(st.builds(Turn, asks, replies, text, figure), max_size=3).map(tuple)
tasks = st.builds(Task, text, mapping, mapping)
credits_ = st.lists(st.none() | figure, max_size=3).map(tuple)
outcomes = st.builds(Outcome, text, figures, text)
episodes = st.builds(Episode, text, text, tasks, text, turns, outcomes, figures, credits_)


@given(st.lists(episodes, max_size=3))
def test_every_episode_survives_the_store(tmp_path_factory: pytest.TempPathFactory, written: list[Episode]) -> None:
    path = tmp_path_factory.getbasetemp() / "every-episode.jsonl"
    write_shard(path, written)
    read = list(read_shard(path))
    assert read == written
    first = path.read_bytes()
    first.decode("ascii")
    write_shard(path, read)
    assert path.read_bytes() == first


@given(plain)
def test_plain_data_survives_with_its_types(value: object) -> None:
    assert repr(decode(encode(value))) == repr(value)


def test_the_line_format_is_pinned(tmp_path: Path) -> None:
    path = tmp_path / "shard.jsonl"
    write_shard(path, [EPISODE])
    assert path.read_bytes() == (
        b'{"v":1,"id":"7","env":"taboo","group":"word","task":{"id":"word","public":{"word":"apple",'
        b'"edges":{"$tuple":[{"$tuple":[0,1]},{"$tuple":[1,2]}]}},"sealed":{"answer":3}},"turns":[{"agent":"model",'
        b'"seat":"attacker","seed":5,"messages":[["system","Hint."],["user","Go."]],"text":"It is a fruit.",'
        b'"prompt_tokens":[1,2],"tokens":[3,4],"logprobs":[-0.1,-1e-300],"stop":"end","reward":0.25},{"agent":"table",'
        b'"seat":"defender","seed":0,"messages":[["user","It is a fruit."]],'
        b'"text":"\\ud83d\\u0000\\u2028\\n\\ud83c\\udf4e","prompt_tokens":[],"tokens":[],"logprobs":[],'
        b'"stop":"scripted","reward":0.0}],"outcome":{"end":"guessed","rewards":{"attacker":-1.0,"defender":1.0},'
        b'"reason":"said the word"},"metrics":{"turns":2,"share":0.30000000000000004}}\n'
    )


def test_turns_without_a_reward_were_paid_nothing(tmp_path: Path) -> None:
    """Shards of releases before games could pay during play."""
    path = tmp_path / "shard.jsonl"
    write_shard(path, [EPISODE])
    path.write_bytes(path.read_bytes().replace(b',"reward":0.25', b""))
    (read,) = read_shard(path)
    assert [turn.reward for turn in read.turns] == [0.0, 0.0]


def test_views_are_dropped_and_mappings_come_back_as_dicts(tmp_path: Path) -> None:
    turn = Turn(Ask("a", (), view={"hidden": object()}), Reply("x"), "agent")
    write_shard(tmp_path / "s", [replace(EPISODE, turns=(turn,), metrics=MappingProxyType({"a": 1.0}))])
    (read,) = read_shard(tmp_path / "s")
    assert read.turns[0].ask == Ask("a", ())
    assert type(read.metrics) is dict and read.metrics == {"a": 1.0}


@pytest.mark.parametrize(
    ("metrics", "reason"),
    [
        ({"a": math.nan}, "nan"),
        ({"a": math.inf}, "inf"),
        ({1: 0.0}, "key 1"),
        ({"a": {1, 2}}, "set"),
        ({"a": b"x"}, "bytes"),
        ({"\ud800\udc00": 0.0}, "not well-formed"),
    ],
)
def test_what_cannot_be_stored_is_refused_and_leaves_the_old_shard(tmp_path: Path, metrics: Any, reason: str) -> None:
    path = tmp_path / "shard.jsonl"
    write_shard(path, [EPISODE])
    with pytest.raises(ValueError, match=f"episode '7' cannot be stored: .*{reason}"):
        write_shard(path, [EPISODE, replace(EPISODE, metrics=metrics)])
    assert list(read_shard(path)) == [EPISODE]
    assert [entry.name for entry in tmp_path.iterdir()] == ["shard.jsonl"]


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "torn": lambda line: line[: len(line) // 2],
    "blank": lambda line: b"\n",
    "not a record": lambda line: b"[1, 2]\n",
    "nan": lambda line: line.replace(b'"turns":2', b'"turns":NaN'),
    "not utf-8": lambda line: line.replace(b"apple", b"\xff"),
    "no version": lambda line: line.replace(b'"v":1,', b""),
    "no outcome": lambda line: line.replace(b'"outcome"', b'"income"'),
    "unknown field": lambda line: line.replace(b'"reason"', b'"why"'),
    "null turns": lambda line: json.dumps({**json.loads(line), "turns": None}).encode(),
    "bad message": lambda line: line.replace(b'["user","Go."]', b'["user"]'),
    "bad tag": lambda line: line.replace(b'"apple"', b'{"$text":"zz"}'),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_line_is_named_with_its_remedy(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "shard.jsonl"
    write_shard(path, [EPISODE, EPISODE])
    first, second = path.read_bytes().splitlines(keepends=True)
    assert DAMAGE[kind](second) != second
    path.write_bytes(first + DAMAGE[kind](second))
    read = read_shard(path)
    assert next(read) == EPISODE
    with pytest.raises(ValueError, match=r"shard\.jsonl, line 2: not an episode .*collect its step again"):
        next(read)


@pytest.mark.parametrize("version", ["2", "0", "null", '"1"'])
def test_another_schema_version_is_refused(tmp_path: Path, version: str) -> None:
    path = tmp_path / "shard.jsonl"
    path.write_text(f'{{"v":{version},"anything":0}}\n')
    with pytest.raises(ValueError, match=r"shard\.jsonl, line 1: schema version .* reads version 1: read it with"):
        list(read_shard(path))


def test_a_run_is_read_by_step_and_part(tmp_path: Path) -> None:
    assert shard_path(tmp_path, 12) == tmp_path / "episodes" / "step-000012.jsonl"
    for step in (2, 1_000_000, 10):
        write_shard(shard_path(tmp_path, step), [replace(EPISODE, id=str(step))])
    write_shard(shard_path(tmp_path, 3, part="eval"), [replace(EPISODE, id="held out")])
    assert [episode.id for episode in read_run(tmp_path)] == ["2", "10", "1000000"]
    assert [episode.id for episode in read_run(tmp_path, part="eval")] == ["held out"]
    with pytest.raises(FileNotFoundError, match="folder of a run"):
        next(read_run(tmp_path / "episodes"))


def test_a_kill_in_the_middle_leaves_no_shard(tmp_path: Path) -> None:
    path = shard_path(tmp_path, 1)
    script = (
        "import os, sys, pathlib\n"
        "from selftaught.store import aside\n"
        "with aside(pathlib.Path(sys.argv[1])) as file:\n"
        "    file.write(b'half'); file.flush(); os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)]).returncode == 9
    assert not path.exists()
    assert list(read_run(tmp_path)) == []
    write_shard(path, [EPISODE])
    assert [entry.name for entry in path.parent.iterdir() if entry.name[0] != "."] == ["step-000001.jsonl"]
    assert list(read_run(tmp_path)) == [EPISODE]


def test_two_that_write_one_file_at_once_leave_one_of_them_whole(tmp_path: Path) -> None:
    with aside(tmp_path / "told") as file:
        file.write(b"first")
        with ThreadPoolExecutor() as pool:
            pool.submit(write_shard, tmp_path / "told", [EPISODE]).result()
    assert (tmp_path / "told").read_bytes() == b"first"


def test_where_nothing_can_be_locked_work_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(FileLock, "acquire", refuse)
    with pytest.warns(UserWarning, match="cannot be locked"), alone(tmp_path):
        pass


def test_a_folder_is_one_process_at_a_time(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from selftaught.store import alone\n"
        "with alone(pathlib.Path(sys.argv[1])): print(flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline()
        with pytest.raises(ValueError, match=r"another process .* is at work"):
            alone(tmp_path)
        other.kill()
    with alone(tmp_path), alone(tmp_path):
        assert subprocess.run(command, input=b"", capture_output=True).returncode == 1
    assert subprocess.run(command, input=b"", capture_output=True).returncode == 0


def test_an_error_from_the_source_of_episodes_leaves_nothing(tmp_path: Path) -> None:
    def source() -> Iterator[Episode]:
        yield EPISODE
        raise KeyError("source")

    with pytest.raises(KeyError):
        write_shard(tmp_path / "shard.jsonl", source())
    assert list(tmp_path.iterdir()) == []


def test_aside_takes_a_bare_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with aside(Path("bare")) as file:
        file.write(b"x")
    assert Path("bare").read_bytes() == b"x"


def test_parquet_holds_every_episode(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write_shard(shard_path(tmp_path, 1), [EPISODE])
    write_shard(shard_path(tmp_path, 2), [EPISODE, replace(EPISODE, id="8", turns=(), credits=(0.5, None))])
    write_shard(shard_path(tmp_path, 3), [])
    assert to_parquet(tmp_path, tmp_path / "out.parquet") == 3
    rows = cast(list[dict[str, Any]], parquet.read_table(tmp_path / "out.parquet").to_pylist())
    assert [(row["step"], row["id"]) for row in rows] == [(1, "7"), (2, "7"), (2, "8")]
    assert [row["credits"] for row in rows] == [[], [], [0.5, None]]
    row = rows[0]
    assert dict(row["rewards"]) == EPISODE.outcome.rewards and dict(row["metrics"]) == EPISODE.metrics
    assert decode(row["public"]) == EPISODE.task.public
    assert row["turns"][0]["messages"] == [{"role": "system", "content": "Hint."}, {"role": "user", "content": "Go."}]
    assert row["turns"][0]["logprobs"] == [-0.1, -1e-300]
    assert row["turns"][1]["text"] == "?\x00\u2028\n\U0001f34e"


def test_parquet_without_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'selftaught\[parquet\]'"):
        to_parquet(tmp_path, tmp_path / "out.parquet")
