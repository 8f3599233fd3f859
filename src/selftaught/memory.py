"""Memory that was freed, and that the C library keeps all the same."""

from __future__ import annotations

import ctypes
import gc
import sys


def give_back() -> None:
    """Return to the system what was freed: after a step of learning these are gigabytes, which play then lacks."""
    gc.collect()
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):  # glibc's alone
        libc.malloc_trim(0)
