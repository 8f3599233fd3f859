"""Where a model is put when nobody says where."""

from __future__ import annotations

import os
from typing import Final

WORKER: Final = "SELFTAUGHT_WORKER"
"""The environment variable that holds the number of a process among those that share a machine."""


def usual_device() -> str:
    """The GPU that torch sees, of several the one that is this process's turn; the processor if there is none.

    ``CUDA_VISIBLE_DEVICES`` says which are seen; empty, none is.
    """
    import torch  # here, since processes are numbered before it is imported

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return f"cuda:{int(os.environ.get(WORKER, '0')) % count}" if count else "cpu"
