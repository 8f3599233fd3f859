"""The process in which other people's Verilog is compiled and compared: one question a line, one answer a line.

It has timers of the kernel's own and limits on memory, and cannot open a file. Whatever happens to it, the process
that asks goes on (``judging``).
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from selftaught.envs.hardware.equivalence import Golden, check, compare, prepare
from selftaught.envs.hardware.judging import EXHAUSTED, READY
from selftaught.envs.hardware.reading import read
from selftaught.envs.hardware.verdicts import Verdict

PATIENCE: Final = 10.0
"""Seconds of waiting allowed for each second of computing: other programs may have the processor."""
_GOLDENS: Final = 64
_WARM: Final = "module warm(input a, b, output y); assign y = {}; endmodule"

_prepared = lru_cache(maxsize=_GOLDENS)(prepare)


def serve(seconds: float, megabytes: float) -> None:
    """Answers questions from standard input until it ends.

    A question takes at most ``seconds`` of the processor, or a signal ends the process, as it does after ten times as
    long by the clock. ``megabytes`` of memory beyond what the libraries take; 0 for no limit.
    """
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    check(_WARM.format("~(a & b)"), _WARM.format("~a | ~b"))  # imports all that is imported late
    _confine(megabytes)
    sink.write(READY)
    sink.flush()
    for line in source:
        try:
            _time(seconds)
            answer = json.dumps(_answer(json.loads(line)))
            _time(0)
            sink.write(answer.encode() + b"\n")
            sink.flush()
        except MemoryError:
            os._exit(EXHAUSTED)


def _confine(megabytes: float) -> None:
    """Limits on memory, no files, no core dumps; and the signals that end a question do what they do by default."""
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: 0}
    if megabytes and sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limits[resource.RLIMIT_AS] = pages * resource.getpagesize() + int(megabytes * 2**20)
    null = os.open(os.devnull, os.O_RDWR)
    limits[resource.RLIMIT_NOFILE] = null  # the lowest free number: nothing can be opened from now on
    for descriptor in range(3):
        os.dup2(null, descriptor)
    os.close(null)
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for whoever asks
    timers = (signal.SIGPROF, signal.SIGALRM)
    for number in timers:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, timers)


def _time(seconds: float) -> None:
    """Starts the timers; 0 stops them."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds * PATIENCE)


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    """Plain data. An error of ours is an answer too: the one who asks must not fail by what a candidate brings out."""
    try:
        if "golden" in question:
            golden: Golden = _prepared(question["golden"], top=question["top"])
            return written(compare(golden, question["text"]))
        reading = read(question["text"], top=question["top"])
    except MemoryError:
        raise
    except Exception as error:
        return {"failed": f"the prover failed: {type(error).__name__}: {error}"}
    return {
        "refused": reading.refused,
        "errors": reading.errors,
        "parsed": reading.parsed,
        "ports": [[port.name, port.direction, port.width, port.signed] for port in reading.ports],
        "top": None if reading.top is None else reading.top.name,
    }


def written(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain data, of which ``judging`` makes one again."""
    trace = verdict.trace
    steps = [] if trace is None else [[dict(s.inputs), dict(s.golden), dict(s.candidate)] for s in trace.steps]
    shown = None if trace is None else [dict(trace.golden), dict(trace.candidate), steps, trace.quiet]
    found = {"kind": verdict.kind, "reason": verdict.reason, "stage": verdict.stage, "parsed": verdict.parsed}
    return {**found, "trace": shown}
