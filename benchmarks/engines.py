"""Where the jobs of a run are done: here, in several processes, or on a Ray cluster. All give the same results."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from selftaught.agents.local_devices import WORKER
from selftaught.memory import give_back

Job = TypeVar("Job")
Work = Callable[[Job], object]
Engine = Callable[[Work[Job], Sequence[Job]], Iterator[tuple[Job, str | None]]]
"""``engine(work, jobs)``: each job as it is done, with what went wrong, if anything did. Other jobs go on."""


def here(work: Work[Job], jobs: Sequence[Job]) -> Iterator[tuple[Job, str | None]]:
    """One after the other in this process."""
    for job in jobs:
        yield job, attempt(work, job)


def attempt(work: Work[Job], job: Job) -> str | None:
    """Do a job; what went wrong, if anything did."""
    try:
        work(job)
    except Exception as error:  # a policy is other people's code, and the other cells are worth having
        return f"{type(error).__name__}: {error}"
    finally:
        give_back()
    return None


def processes(work: Work[Job], jobs: Sequence[Job], *, count: int) -> Iterator[tuple[Job, str | None]]:
    """In ``count`` fresh processes, each with its share of the cores; ``work`` must be one that they can import.

    Raises:
        ValueError: if a process was killed; what it was at can be gone on with.
    """
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        count,
        mp_context=context,
        initializer=_share_machine,
        initargs=(max(1, (os.cpu_count() or 1) // count), context.Value("i", 0)),
    )
    try:
        waiting = {pool.submit(attempt, work, job): job for job in jobs}
        for done in as_completed(waiting):
            yield waiting[done], done.result()
    except BrokenProcessPool as error:
        raise ValueError("a process was killed, perhaps for want of memory: run the same command to go on") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def on_ray(work: Work[Job], jobs: Sequence[Job], *, address: str | None = None) -> Iterator[tuple[Job, str | None]]:
    """On a Ray cluster, which must see the run's folder on all its machines; on a new one of this machine if None.

    A job takes a core and, of a cluster with GPUs, a GPU.

    Raises:
        ImportError: without ray.
        ValueError: if there is no cluster at the address.
    """
    ray = _ray()
    begun = not ray.is_initialized()
    if begun:
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except (ConnectionError, ValueError) as error:
            known = "one that was started with a token needs RAY_AUTH_MODE=token here too"
            raise ValueError(f"no Ray cluster at {address!r} ({known}): {error}") from error
    try:
        remote = ray.remote(num_cpus=1, num_gpus=min(1, ray.cluster_resources().get("GPU", 0)))(attempt)
        shared = ray.put(work)
        waiting = {remote.remote(shared, job): job for job in jobs}
        while waiting:
            (done, *_), _ = ray.wait(list(waiting), num_returns=1)
            job = waiting.pop(done)
            try:
                yield job, ray.get(done)
            except ray.exceptions.RayError as error:
                yield job, f"{type(error).__name__}: {error}"
    finally:
        if begun:
            ray.shutdown()


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ImportError("this engine is Ray's: pip install 'selftaught[ray]'") from error
    return ray


def _share_machine(threads: int, begun: Any) -> None:
    """Before torch is imported: two processes that each take all cores are slower than one. GPUs they take in turn."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    with begun.get_lock():
        os.environ[WORKER] = str(begun.value)
        begun.value += 1


def _end_with_parent() -> None:
    """A process that outlived a killed run would go on writing into its folder, beside the one that goes on with it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
