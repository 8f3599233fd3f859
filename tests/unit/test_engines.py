"""Processes that do the jobs of a run: numbered, and gone with the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from selftaught.agents.local_devices import WORKER
from selftaught.benchmarks.engines import processes

RUN = """
import subprocess, sys
from selftaught.benchmarks.engines import processes

if __name__ == "__main__":
    job = ["sh", "-c", f"echo $PPID > {sys.argv[1]}; exec sleep 20"]
    list(processes(subprocess.check_call, [job], count=2))
"""


def test_processes_of_a_machine_are_numbered(tmp_path: Path) -> None:
    jobs = [["sh", "-c", f'printf %s "${WORKER}" > {tmp_path / str(job)}'] for job in range(4)]
    assert sorted(processes(subprocess.check_call, jobs, count=2)) == [(job, None) for job in jobs]
    assert {path.read_text() for path in tmp_path.iterdir()} <= {"0", "1"}


def test_no_process_outlives_a_killed_run(tmp_path: Path) -> None:
    script, told = tmp_path / "run.py", tmp_path / "worker"
    script.write_text(RUN)
    with subprocess.Popen([sys.executable, str(script), str(told)]) as run:
        _until(lambda: told.exists() and told.read_text().endswith("\n"))
        worker = int(told.read_text())
        assert _lives(worker)
        run.send_signal(signal.SIGKILL)
    _until(lambda: not _lives(worker))


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _until(seen: Callable[[], bool]) -> None:
    end = monotonic() + 60
    while not seen():
        assert monotonic() < end, "waited for a minute"
        sleep(0.1)
