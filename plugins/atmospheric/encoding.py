"""Images that are encoded side by side while the next ones are computed, with bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self


class EncodingQueue:
    """Runs jobs in `workers` threads; at most twice as many are under way, so that arrays do not pile up.

    `progress` is told the share of `total_weight` that is done. The first failure ends the rest.
    """

    def __init__(self, workers: int, total_weight: float, progress: Callable[[float], None]) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="ipf-encode")
        self._limit = jobs_under_way(workers)
        self._total, self._progress = total_weight, progress
        self._done = 0.0
        self._pending: dict[Future[None], float] = {}

    def submit(self, job: Callable[[], None], weight: float) -> None:
        """Run `job` when its turn comes; waits while too many are under way. Raises what a job raised."""
        while len(self._pending) >= self._limit:
            self._collect()
        self._pending[self._pool.submit(job)] = weight

    def finish(self) -> None:
        """Wait for all jobs; raises what one of them raised."""
        while self._pending:
            self._collect()

    def _collect(self) -> None:
        ended, _ = wait(self._pending, return_when=FIRST_COMPLETED)
        for future in ended:
            self._done += self._pending.pop(future)
            future.result()
        self._progress(min(self._done / self._total, 1.0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def jobs_under_way(workers: int) -> int:
    """Most jobs that hold their arrays at one time."""
    return 2 * workers
