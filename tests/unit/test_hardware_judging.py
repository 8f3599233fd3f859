"""The worker: it says what the prover says, and whatever ends it is a verdict."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from selftaught.benchmarks.prover import chosen
from selftaught.benchmarks.prover_designs import DESIGNS
from selftaught.envs.hardware import check, judging, read, worker
from selftaught.envs.hardware.confirm import confirm
from selftaught.envs.hardware.judging import Judge, complaints, judged

GOOD = "module top(input a, b, output y); assign y = a & b; endmodule\n"
SAME = GOOD.replace("a & b", "~(~a | ~b)")
WRONG = GOOD.replace("&", "|")


@pytest.fixture
def judge() -> Iterator[Judge]:
    judge = Judge(seconds=0.2, megabytes=200)
    yield judge
    judge.close()


def _worker(judge: Judge) -> Any:
    return judge._running()


def _hostile(monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    """Workers that do ``act`` at the word ``hostile`` in a text: no text is known that does these things today."""
    patch = (
        "import os, time, sys, selftaught.envs.hardware.worker as w\n"
        "answer = w._answer\n"
        f"def hostile():\n    {act}\n"
        "w._answer = lambda q: hostile() if 'hostile' in q['text'] else answer(q)\n"
    )
    start = judging._START.replace("; from self", f"; exec({patch!r}); from self", 1)
    monkeypatch.setattr(judging, "_START", start)


def test_verdicts_are_those_of_the_prover() -> None:
    for mutant in chosen(DESIGNS, 4):
        golden = DESIGNS[mutant.design]
        assert judged(golden, mutant.text, top="top") == check(golden, mutant.text, top="top")


def test_complaints_are_those_of_the_compiler() -> None:
    for text in (GOOD, GOOD.replace("a &", "c &"), "module", "`include", "module a(); endmodule module b(); endmodule"):
        here, there = read(text), complaints(text)
        assert (there.refused, there.errors, there.ports) == (here.refused, here.errors, here.ports)
        assert (there.top, there.compilation) == (None, None)


def test_refused_text_is_never_sent(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_started", lambda *_: pytest.fail("a worker was started"))
    assert judge.judged(GOOD, '`include "x"').stage == "text"
    assert judge.judged("$finish;", GOOD).kind == "unknown"
    assert "directive" in judge.complaints("`x").refused
    assert judge.complaints("\ud800").refused


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("os.abort()", "crashed (SIGABRT)"),
        ("os.kill(os.getpid(), 11)", "crashed (SIGSEGV)"),
        ("os._exit(3)", "crashed (exit code 3)"),
        ("while True: pass", "more than 0.2 seconds"),
        ("time.sleep(60)", "more than 0.2 seconds"),
        ("bytearray(1 << 30)", "more than 200 megabytes"),
        ("sys.exit()", "crashed (exit code 0)"),
        ("raise KeyError('x')", "crashed (exit code 1)"),
    ],
)
def test_any_end_of_the_worker_is_a_verdict(
    act: str, reason: str, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hostile(monkeypatch, act)
    start = time.monotonic()
    for _ in range(2):
        verdict = judge.judged(GOOD, SAME + "// hostile")
        assert verdict.kind == "unknown" and reason in verdict.reason
        assert judge.judged(GOOD, SAME).kind == "equal"
    assert reason in judge.complaints("hostile").refused
    assert time.monotonic() - start < 30


def test_what_an_old_worker_dies_of_is_tried_on_a_new_one(judge: Judge) -> None:
    assert judge.judged(GOOD, SAME).kind == "equal"
    used = _worker(judge)
    os.kill(used.process.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(judge.judged, GOOD, SAME)
        time.sleep(0.1)
        os.kill(used.process.pid, signal.SIGKILL)
        assert waiting.result().kind == "equal"


def test_an_error_of_the_prover_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(worker, "compare", fail)
    answer = worker._answer({"golden": GOOD, "text": GOOD, "top": None})
    assert answer == {"failed": "the prover failed: KeyError: 'x'"}


@pytest.mark.skipif(shutil.which("ps") is None, reason="there is no ps")
def test_memory_is_watched_where_the_system_does_not(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "LIMITED", False)
    _hostile(monkeypatch, "hoard = b'x' * (1 << 29); [None for _ in iter(int, 1)]")
    judge.seconds = 20
    assert "200 megabytes" in judge.judged(GOOD, "hostile").reason
    assert judge.judged(GOOD, SAME).kind == "equal"


def test_the_worker_opens_and_writes_nothing(judge: Judge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    _hostile(monkeypatch, f"open({str(secret)!r})")
    assert "exit code 1" in judge.judged(GOOD, "hostile").reason
    judge.close()
    _hostile(monkeypatch, f"open({str(tmp_path / 'new')!r}, 'w')")
    judge.judged(GOOD, "hostile")
    assert not (tmp_path / "new").exists()


def test_an_interrupt_leaves_no_answer_behind(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange = judging._exchange

    def interrupted(worker: Any, sent: bytes, megabytes: float) -> None:
        worker.channel.sendall(sent)
        raise KeyboardInterrupt

    monkeypatch.setattr(judging, "_exchange", interrupted)
    with pytest.raises(KeyboardInterrupt):
        judge.judged(GOOD, WRONG)
    monkeypatch.setattr(judging, "_exchange", exchange)
    assert judge.judged(GOOD, SAME).kind == "equal"


def test_threads_share_a_worker(judge: Judge) -> None:
    with ThreadPoolExecutor(8) as pool:
        kinds = list(pool.map(lambda n: judge.judged(GOOD, WRONG if n % 2 else SAME).kind, range(64)))
    assert kinds == ["equal", "different"] * 32


def test_a_fork_has_a_worker_of_its_own(judge: Judge) -> None:
    assert judge.judged(GOOD, SAME).kind == "equal"
    mine = _worker(judge).process.pid

    def child(send: Callable[[Any], None]) -> None:
        send((judge.judged(GOOD, WRONG).kind, _worker(judge).process.pid))

    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe()
    with judge._lock:  # as if another thread were asking
        process = context.Process(target=child, args=(sender.send,))
        process.start()
    kind, pid = receiver.recv()
    process.join()
    assert (kind, process.exitcode) == ("different", 0) and pid != mine
    assert _gone(pid)
    assert judge.judged(GOOD, SAME).kind == "equal" and _worker(judge).process.pid == mine


@pytest.mark.parametrize("end", ["", "os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_no_worker_outlives_its_process(end: str) -> None:
    code = (
        "import os; from selftaught.envs.hardware import judging\n"
        f"judging.judged({GOOD!r}, {SAME!r}); print(judging._SHARED._worker.process.pid, flush=True); {end}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "" and _gone(int(done.stdout))


def _gone(pid: int) -> bool:
    """Whether a process ends soon; where the system's first process is lazy, its entry stays, as Z for zombie."""
    status = Path(f"/proc/{pid}/status")
    for _ in range(100):
        try:
            os.kill(pid, 0)
            if status.exists() and "\nState:\tZ" in status.read_text():
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


def test_a_worker_that_does_not_start_is_an_error(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_START", "raise ImportError('no such thing')")
    with pytest.raises(RuntimeError, match=r"(?s)did not start .*no such thing"):
        judge.judged(GOOD, SAME)
    with pytest.raises(ValueError, match="limits must be above 0"):
        Judge(seconds=0)


def test_a_second_opinion() -> None:
    pytest.importorskip("pyosys")
    assert [confirm(GOOD, text).kind for text in (GOOD, SAME, WRONG)] == ["equal", "equal", "different"]
    counter = DESIGNS["counter"]
    assert confirm(counter, counter, top="top").kind == "equal"
    assert confirm(counter, counter.replace("posedge", "negedge"), top="top").kind == "different"
    assert confirm(GOOD, "$finish").stage == "text"
    assert "ERROR" in confirm(GOOD, GOOD.replace(";", "")).reason
    assert "golden" in confirm("module", GOOD).reason


def test_a_second_opinion_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'selftaught\[formal\]'"):
        confirm(GOOD, GOOD)
