"""Episodes to and from JSONL shards, and out to Parquet.

A run keeps one shard a step, ``episodes/step-000012.jsonl``, one episode a line. A shard is written aside and renamed,
so it is whole or absent; equal writes give equal bytes. What is read equals what was written, with one exception:
``Ask.view`` follows from the state of the game, so it is not stored and comes back empty.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import get_ident
from typing import IO, Any

from filelock import FileLock, Timeout

from selftaught.types import Ask, Episode, Message, Outcome, Reply, Task, Turn

VERSION = 1
"""Version of the line format: the field ``v`` of every line."""

SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def shard_path(folder: Path, step: int, *, part: str = "") -> Path:
    """Where a run keeps the episodes of one step; ``part`` names a subfolder, such as ``eval``."""
    return Path(folder, "episodes", part, f"step-{step:06d}.jsonl")


def write_shard(path: Path, episodes: Iterable[Episode]) -> None:
    """Write a whole shard, or leave what was there.

    Raises:
        ValueError: as ``encode``, naming the episode.
    """
    with aside(path) as file:
        for episode in episodes:
            try:
                line = encode(_record(episode))
            except ValueError as error:
                raise ValueError(f"episode {episode.id!r} cannot be stored: {error}") from error
            file.write(f"{line}\n".encode("ascii"))


def read_shard(path: Path, *, keep: Callable[[int], bool] = lambda number: True) -> Iterator[Episode]:
    """The episodes of one shard, in the order they were written; those alone whose line, from 1, is to be kept.

    Raises:
        ValueError: at the first line that is damaged or of another version; the message names file and line.
    """
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if not keep(number):
                continue
            try:
                record = decode(line)
                episode = _episode(record) if record["v"] == VERSION else None
            except (ValueError, LookupError, TypeError, AttributeError) as error:
                raise ValueError(
                    f"{path}, line {number}: not an episode ({error!r}). Shards are written whole, so this file was "
                    "damaged or edited later: delete it and collect its step again"
                ) from error
            if episode is None:
                raise ValueError(
                    f"{path}, line {number}: schema version {record['v']!r}, and this release reads version {VERSION}: "
                    "read it with the release of selftaught that wrote it"
                )
            yield episode


def shards(folder: Path, *, part: str = "") -> list[Path]:
    """The shards of a run, in the order of their steps."""
    parent = shard_path(folder, 0, part=part).parent
    return sorted(parent.glob("step-[0-9]*.jsonl"), key=_step)


def read_run(folder: Path, *, part: str = "") -> Iterator[Episode]:
    """All episodes of a run, step by step; other parts than ``part`` are left out, so that no evaluation is trained on.

    Raises:
        FileNotFoundError: if the run has no episodes folder.
        ValueError: as ``read_shard``.
    """
    parent = shard_path(folder, 0, part=part).parent
    if not parent.is_dir():
        raise FileNotFoundError(f"no episodes under {parent}: is {folder} the folder of a run?")
    for path in shards(folder, part=part):
        yield from read_shard(path)


def to_parquet(folder: Path, out: Path, *, part: str = "") -> int:
    """Write the episodes of a run as one table, a row an episode with its turns nested; returns the number of rows.

    Tasks become JSON text, the rest typed columns. Parquet holds well-formed Unicode only: a lone surrogate becomes ?.

    Raises:
        ImportError: without pyarrow.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("Parquet needs pyarrow: pip install 'selftaught[parquet]'") from error
    schema = _schema(pyarrow)
    count = 0
    with aside(out) as file, pyarrow.parquet.ParquetWriter(file, schema) as writer:
        for path in shards(folder, part=part):
            rows = [_well_formed(_row(episode, _step(path))) for episode in read_shard(path)]
            writer.write_table(pyarrow.Table.from_pylist(rows, schema=schema))
            count += len(rows)
    return count


def encode(value: object) -> str:
    """Plain data as one line of ASCII JSON from which ``decode`` makes an equal value.

    Mappings come back as dicts, in their order. Tuples, and text that JSON would alter, are tagged by a single key that
    starts with ``$``.

    Raises:
        ValueError: on figures that are not finite, keys that are not text, and types other than JSON's and tuples.
    """
    return json.dumps(_pack(value), separators=(",", ":"))


def decode(text: str | bytes) -> Any:
    """The value that ``encode`` wrote.

    Raises:
        ValueError: on anything else.
    """
    return _unpack(json.loads(text, parse_constant=_refuse))


@contextmanager
def aside(path: Path) -> Iterator[IO[bytes]]:
    """A hidden file in the same folder that becomes ``path``, flushed to the disk, if the block ends without error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.tmp")
    try:
        with open(hidden, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(hidden, path)
    finally:
        hidden.unlink(missing_ok=True)
    flush_folder(path.parent)


def alone(folder: Path) -> AbstractContextManager[object]:
    """Keep other processes out of a run's folder, which is made if need be: for a block, or while the result is kept.

    Calls may be nested.

    Raises:
        ValueError: if another process works there.
    """
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return FileLock(folder / ".lock", timeout=0, is_singleton=True).acquire()
    except Timeout as error:
        told = f"another process (or thread of this one) is at work in {folder}"
        raise ValueError(f"{told}: wait for its end, or name another folder") from error
    except OSError as error:
        if error.errno not in (errno.ENOTSUP, errno.ENOLCK):
            raise
        warnings.warn(f"{folder} cannot be locked ({error}): see that no other process works in it", stacklevel=2)
        return nullcontext()


def read_settings(path: Path) -> dict[str, Any]:
    """What a ``config.json`` holds.

    Raises:
        ValueError: if it is broken.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
        fault = "no JSON object"
    except ValueError as error:
        fault = str(error)
    raise ValueError(f"{path} is broken ({fault}): it is written whole, so it was damaged or edited later")


def flush_folder(folder: Path) -> None:
    """Flush a folder's own entries to the disk, so that a rename in it outlives a power cut."""
    if os.name == "nt":  # Windows opens no folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _step(path: Path) -> int:
    return int(path.stem.removeprefix("step-"))


def _record(episode: Episode) -> dict[str, Any]:
    task, outcome = episode.task, episode.outcome
    return {
        "v": VERSION,
        "id": episode.id,
        "env": episode.env,
        "group": episode.group,
        "task": {"id": task.id, "public": task.public, "sealed": task.sealed},
        "turns": [_turn_record(turn) for turn in episode.turns],
        "outcome": {"end": outcome.end, "rewards": outcome.rewards, "reason": outcome.reason},
        "metrics": episode.metrics,
        **({"credits": list(episode.credits)} if episode.credits else {}),
    }


def _turn_record(turn: Turn) -> dict[str, Any]:
    ask, reply = turn.ask, turn.reply
    return {
        "agent": turn.agent,
        "seat": ask.seat,
        "seed": ask.seed,
        "messages": [[message.role, message.content] for message in ask.messages],
        "text": reply.text,
        "prompt_tokens": list(reply.prompt_tokens),
        "tokens": list(reply.tokens),
        "logprobs": list(reply.logprobs),
        "stop": reply.stop,
        "reward": turn.reward,
    }


def _episode(record: Mapping[str, Any]) -> Episode:
    return Episode(
        id=record["id"],
        env=record["env"],
        task=Task(**record["task"]),
        group=record["group"],
        turns=tuple(_turn(turn) for turn in record["turns"]),
        outcome=Outcome(**record["outcome"]),
        metrics=record["metrics"],
        credits=tuple(record.get("credits", ())),
    )


def _turn(record: Mapping[str, Any]) -> Turn:
    messages = tuple(Message(role, content) for role, content in record["messages"])
    reply = Reply(
        text=record["text"],
        prompt_tokens=tuple(record["prompt_tokens"]),
        tokens=tuple(record["tokens"]),
        logprobs=tuple(record["logprobs"]),
        stop=record["stop"],
    )
    ask = Ask(record["seat"], messages, seed=record["seed"])
    return Turn(ask, reply, record["agent"], record.get("reward", 0.0))


def _schema(arrow: Any) -> Any:
    """The columns of the Parquet table, in the order of ``_row``."""
    text, integer, figure = arrow.string(), arrow.int64(), arrow.float64()
    figures, message = arrow.map_(text, figure), arrow.struct({"role": text, "content": text})
    turn = {"agent": text, "seat": text, "seed": integer, "messages": arrow.list_(message), "text": text}
    tokens = {"prompt_tokens": arrow.list_(integer), "tokens": arrow.list_(integer), "logprobs": arrow.list_(figure)}
    turns = arrow.list_(arrow.struct({**turn, **tokens, "stop": text, "reward": figure}))
    texts = dict.fromkeys(("id", "env", "group", "task", "public", "sealed", "end", "reason"), text)
    return arrow.schema(
        {
            "step": integer,
            **texts,
            "rewards": figures,
            "metrics": figures,
            "turns": turns,
            "credits": arrow.list_(figure),
        }
    )


def _row(episode: Episode, step: int) -> dict[str, Any]:
    task, outcome = episode.task, episode.outcome
    return {
        "step": step,
        "id": episode.id,
        "env": episode.env,
        "group": episode.group,
        "task": task.id,
        "public": encode(task.public),
        "sealed": encode(task.sealed),
        "end": outcome.end,
        "reason": outcome.reason,
        "rewards": dict(outcome.rewards),
        "metrics": dict(episode.metrics),
        "turns": [
            {**_turn_record(turn), "messages": [{"role": m.role, "content": m.content} for m in turn.ask.messages]}
            for turn in episode.turns
        ],
        "credits": list(episode.credits),
    }


def _well_formed(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode("utf-8")
        case list():
            return [_well_formed(item) for item in value]
        case dict():
            return {_well_formed(key): _well_formed(item) for key, item in value.items()}
    return value


def _pack(value: object) -> Any:
    match value:
        case float() if not math.isfinite(value):
            raise ValueError(f"{value} is not finite")
        case None | bool() | int() | float():
            return value
        case str():
            # JSON's decoder joins two escaped surrogates into one character, so such text travels as bytes.
            return {"$text": value.encode("utf-8", "surrogatepass").hex()} if SURROGATE_PAIR.search(value) else value
        case tuple():
            return {"$tuple": [_pack(item) for item in value]}
        case list():
            return [_pack(item) for item in value]
        case Mapping():
            packed = {_key(key): _pack(item) for key, item in value.items()}
            tagged = len(packed) == 1 and next(iter(packed)).startswith("$")
            return {"$dict": packed} if tagged else packed
    raise ValueError(f"{value!r} is a {type(value).__name__}, which is not plain data")


def _unpack(value: Any) -> Any:
    match value:
        case {"$text": str(text), **rest} if not rest:
            return bytes.fromhex(text).decode("utf-8", "surrogatepass")
        case {"$tuple": list(items), **rest} if not rest:
            return tuple(_unpack(item) for item in items)
        case {"$dict": dict(items), **rest} if not rest:
            return {key: _unpack(item) for key, item in items.items()}
        case list():
            return [_unpack(item) for item in value]
        case dict():
            return {key: _unpack(item) for key, item in value.items()}
    return value


def _key(key: object) -> str:
    if not isinstance(key, str) or SURROGATE_PAIR.search(key):
        raise ValueError(f"the key {key!r} of a mapping is not well-formed text")
    return key


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a figure")
