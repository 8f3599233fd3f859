"""Verdicts on other people's Verilog from a process of its own, so that nothing a text does reaches this one.

The compiler is C++: it can abort, loop and eat memory. A worker has limits of the kernel's own and is started anew
after any end it comes to; what it was asked is then *unknown*, with the reason. This process never compiles anything.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import weakref
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Final

from selftaught.envs.hardware.reading import Port, Reading
from selftaught.envs.hardware.safety import refusal
from selftaught.envs.hardware.verdicts import Step, Trace, Verdict

SECONDS: Final = 5.0
"""Of the processor, for one candidate."""
MEGABYTES: Final = 512.0
"""Of memory, for one candidate, beyond what the libraries take."""
LIMITED: Final = sys.platform == "linux"
"""Whether the system keeps a process to its limit of memory; where not, it is watched."""
EXHAUSTED: Final = 77
"""The exit code of a worker that has no memory left."""
READY: Final = b"ready\n"
"""What a worker says first."""
_GLANCE: Final = 0.25
"""Seconds between two looks at the memory of a process that is watched."""
_START: Final = (
    "import sys; sys.path[:] = {path!r}; from selftaught.envs.hardware.worker import serve; serve({seconds}, {most})"
)

_refusal = lru_cache(maxsize=256)(refusal)


@dataclass(slots=True)
class _Worker:
    """A process and the line to it; ``answers`` counts what it has said."""

    process: subprocess.Popen[bytes]
    channel: socket.socket
    answers: int = 0


class Judge:
    """A worker with these limits, started when it is first asked; one question at a time.

    Safe to share between threads, which wait for each other. A process forked from this one has a worker of its own.
    ``lost`` counts the workers that a text brought to an end.
    """

    def __init__(self, *, seconds: float = SECONDS, megabytes: float = MEGABYTES) -> None:
        if not (seconds > 0 and megabytes > 0):
            raise ValueError(f"limits must be above 0, not {seconds} seconds and {megabytes} megabytes")
        self.seconds, self.megabytes, self.lost = seconds, megabytes, 0
        self._lock, self._worker = Lock(), None
        _JUDGES.add(self)

    _worker: _Worker | None

    def judged(self, golden: str, candidate: str, *, top: str | None = None) -> Verdict:
        """What ``check`` says, or *unknown* if it took too much time or memory or ended the worker.

        A candidate that the gate refuses is *different*, whatever the golden. Raises ``RuntimeError`` only if no
        worker can be started at all.
        """
        if (reason := refusal(candidate)) is not None:
            return Verdict("different", reason, "text")
        if (reason := _refusal(golden)) is not None:
            return Verdict("unknown", f"the golden design cannot be judged by: {reason}")
        found = self._ask({"golden": golden, "text": candidate, "top": top})
        return Verdict("unknown", found["failed"]) if "failed" in found else _verdict(found)

    def complaints(self, text: str, *, top: str | None = None) -> Reading:
        """What the compiler says of a text: ``read`` without the compilation, which stays with the worker."""
        return self.named(text, top=top)[0]

    def named(self, text: str, *, top: str | None = None) -> tuple[Reading, str | None]:
        """``complaints``, and the name of the top module of good text."""
        if (reason := refusal(text)) is not None:
            return Reading(refused=reason), None
        found = self._ask({"text": text, "top": top})
        if "failed" in found:
            return Reading(refused=found["failed"]), None
        ports = tuple(Port(*port) for port in found["ports"])
        return Reading(refused=found["refused"], errors=found["errors"], parsed=found["parsed"], ports=ports), found[
            "top"
        ]

    def close(self) -> None:
        """Ends the worker; the next question starts another."""
        with self._lock:
            self._bury()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """The worker's answer, or ``failed`` with the reason.

        A worker that crashed may have had too much of earlier texts; so a verdict depends on none of them, a fresh one
        is asked again.
        """
        sent = json.dumps(question).encode() + b"\n"
        with self._lock:
            while True:
                worker = self._running()
                try:
                    answer = _exchange(worker, sent, 0 if LIMITED else self.megabytes)
                except BaseException:  # an interrupt: an answer that nobody waits for must not become the next one's
                    self._bury()
                    raise
                if answer is not None:
                    worker.answers += 1
                    return answer
                code, fresh = self._bury(), not worker.answers
                self.lost += 1
                if fresh or code in (-signal.SIGPROF, -signal.SIGALRM):
                    return {"failed": self._cause(code)}

    def _cause(self, code: int) -> str:
        if code in (-signal.SIGPROF, -signal.SIGALRM):
            return f"it takes more than {self.seconds:g} seconds to judge"
        if code in (EXHAUSTED, -signal.SIGKILL):
            return f"it takes more than {self.megabytes:g} megabytes to judge"
        return f"the compiler crashed ({signal.Signals(-code).name if code < 0 else f'exit code {code}'})"

    def _running(self) -> _Worker:
        if self._worker is not None and self._worker.process.poll() is not None:
            self._bury()
        if self._worker is None:
            self._worker = _started(self.seconds, self.megabytes if LIMITED else 0)
        return self._worker

    def _bury(self) -> int:
        """Ends the worker if it lives, and its exit code."""
        worker, self._worker = self._worker, None
        if worker is None:
            return 0
        worker.channel.close()
        try:
            return worker.process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            return worker.process.wait()

    def _forget(self) -> None:
        """In a forked process: the worker is the parent's, and so may be whoever holds the lock."""
        self._lock = Lock()
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.channel.close()
            worker.process.returncode = 0  # or its end would be waited for here


def _started(seconds: float, most: float) -> _Worker:
    """A new worker. Raises ``RuntimeError`` with its own words if it does not come up."""
    if os.name != "posix":
        raise RuntimeError(f"Verilog is judged on Linux and macOS, not on {sys.platform}: use WSL there")
    mine, its = socket.socketpair()
    code = _START.format(path=[os.path.abspath(place) for place in sys.path], seconds=seconds, most=most)
    with its:
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=its.fileno(), stdout=its.fileno(), stderr=subprocess.PIPE
        )
    assert process.stderr is not None
    with process.stderr as words:
        if mine.recv(len(READY)) != READY:
            mine.close()
            said = words.read().decode(errors="replace")
            raise RuntimeError(f"the worker that judges Verilog did not start (exit code {process.wait()}): {said}")
    return _Worker(process, mine)


def _exchange(worker: _Worker, sent: bytes, megabytes: float) -> dict[str, Any] | None:
    """One question and its answer; None if the worker ended. ``megabytes``: watch its memory, 0 for not."""
    received = bytearray()
    worker.channel.settimeout(_GLANCE if megabytes else None)
    try:
        worker.channel.sendall(sent)
        while not received.endswith(b"\n"):
            try:
                piece = worker.channel.recv(1 << 16)
            except TimeoutError:
                if _resident(worker.process.pid) > megabytes:
                    worker.process.kill()
                continue
            if not piece:
                return None
            received += piece
    except ConnectionError:
        return None
    found: dict[str, Any] = json.loads(received)
    return found


def _resident(process: int) -> float:
    """Megabytes of memory that a process has; 0 if it is gone."""
    done = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=False)
    return int(done.stdout.strip() or 0) / 1024


def _verdict(found: dict[str, Any]) -> Verdict:
    if found["trace"] is None:
        return Verdict(found["kind"], found["reason"], found["stage"], parsed=found["parsed"])
    golden, candidate, steps, quiet = found["trace"]
    trace = Trace(golden, candidate, tuple(Step(*step) for step in steps), quiet)
    return Verdict(found["kind"], found["reason"], found["stage"], trace)


def _forget_all() -> None:
    for judge in list(_JUDGES):
        judge._forget()


def _close_all() -> None:
    for judge in list(_JUDGES):
        judge.close()


_JUDGES: Final[weakref.WeakSet[Judge]] = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
atexit.register(_close_all)
_SHARED: Final = Judge()
judged, complaints, named = _SHARED.judged, _SHARED.complaints, _SHARED.named
"""Those of one judge for the whole process."""
