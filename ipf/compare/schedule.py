"""Work in threads within bounds of memory, the caller's thread being free for signals all the while."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Result = TypeVar("Result")

_POLL_SECONDS = 0.2
"""How long the caller's thread waits at a time; a signal is answered at the latest after that."""


@dataclass(frozen=True, slots=True)
class Job(Generic[Result]):
    """Something to be done: `work` is given the number of threads that it may use, `memory` is in bytes."""

    key: str
    work: Callable[[int], Result]
    memory: int = 0


def done_in_threads(
    jobs: Sequence[Job[Result]], threads: int, memory: int
) -> Iterator[tuple[Job[Result], Result]]:
    """Do jobs in threads, at most `threads` and so many at a time as fit into `memory`; yield as they end.

    They are begun in their order, but for those that have to wait for memory; a job that is larger than all
    there is has it for itself. What a job raises is raised here, and nothing new is begun then.
    """
    largest = max((job.memory for job in jobs), default=0)
    at_once = min(threads, max(memory // largest, 1)) if largest else threads
    waiting = list(jobs)
    running: dict[Future[Result], Job[Result]] = {}
    with _pool(threads) as pool:
        while waiting or running:
            for job in tuple(waiting):
                held = sum(each.memory for each in running.values())
                if len(running) < threads and (not running or held + job.memory <= memory):
                    running[pool.submit(job.work, max(threads // at_once, 1))] = job
                    waiting.remove(job)
            ended, _ = wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in ended:
                yield running.pop(future), future.result()


@contextmanager
def _pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """A pool that begins nothing new once the block is left; what runs is waited for, but on an interrupt."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="ipf-compare")
    try:
        yield pool
    except BaseException as problem:
        pool.shutdown(wait=isinstance(problem, Exception), cancel_futures=True)
        raise
    pool.shutdown()
