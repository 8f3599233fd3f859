"""Freed memory goes back to the system."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

FREED = """
from selftaught.memory import give_back

def held():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

chunks = [bytearray(b"x") * 60_000 for _ in range(5000)]  # below the size from which each would be a map of its own
last = chunks[-1]  # what stands at the end keeps the C library from giving back the rest
del chunks
before = held()
give_back()
print(before - held())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep nothing, or cannot be told")
def test_what_was_freed_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 200_000  # kilobytes, of 300 MB
