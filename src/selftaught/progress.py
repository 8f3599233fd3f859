"""Progress bars on the terminal; plain lines where the output is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

SECONDS_BETWEEN_LINES = 30.0

Advance = Callable[[int], object]
Meter = Callable[[str, int], Advance]
"""``meter(label, total)`` opens a stage, closing the one before, and returns what to call with the work just done."""


def silent(label: str, total: int) -> Advance:
    """A meter that shows nothing."""
    return lambda done: None


@contextmanager
def meter() -> Iterator[Meter]:
    """A meter on standard error."""
    if sys.stderr.isatty():
        with _bars() as bars:
            yield bars
    else:
        yield _lines()


@contextmanager
def _bars() -> Iterator[Meter]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Steps take minutes: a speed over the last thirty seconds, which is rich's own, would never be known.
    shown = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), speed_estimate_period=3600)
    with shown as progress:

        def stage(label: str, total: int) -> Advance:
            task = progress.add_task(label, total=total)
            return lambda done: progress.advance(task, done)

        yield stage


def _lines() -> Meter:
    def stage(label: str, total: int) -> Advance:
        started = shown = perf_counter()
        done = 0
        print(f"{label} ...", file=sys.stderr, flush=True)

        def advance(more: int) -> None:
            nonlocal done, shown
            done += more
            now = perf_counter()
            if more and (done >= total or now - shown > SECONDS_BETWEEN_LINES):
                shown = now
                left = f", about {(now - started) * (total - done) / done:.0f} s left" if done < total else ""
                print(f"{label}: {done}/{total} in {now - started:.0f} s{left}", file=sys.stderr, flush=True)

        return advance

    return stage
