"""Executors: how the blocks of a step are run. Serial always works; threads are the default.

Kernels release the interpreter's lock, so threads scale as processes do and nothing is copied between them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class CancelledError(Exception):
    """The run was asked to stop; raised between blocks and never shown to a user."""


class Executor(AbstractContextManager["Executor"], Protocol):
    """Runs a function over items; results come in the order of the items.

    When the event that it was created with is set, no further item is begun and `CancelledError` is raised.
    """

    workers: int

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield ``function(item)`` for each item, in order; the first failure is raised and ends the rest."""
        ...


class SerialExecutor:
    """One item after the other in the calling thread."""

    def __init__(self, workers: int = 1, stop: threading.Event | None = None) -> None:
        self.workers = 1
        self._stop = stop or threading.Event()

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        for item in items:
            if self._stop.is_set():
                raise CancelledError
            yield function(item)

    def __enter__(self) -> SerialExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class ThreadExecutor:
    """A pool of threads. At most twice as many items as workers are under way, to bound memory."""

    def __init__(self, workers: int, stop: threading.Event | None = None) -> None:
        self.workers = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="ipf-block")
        self._stop = stop or threading.Event()

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        pending: deque[Future[Result]] = deque()
        try:
            for item in items:
                if self._stop.is_set():
                    raise CancelledError
                pending.append(self._pool.submit(function, item))
                if len(pending) >= 2 * self.workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
                if self._stop.is_set():
                    raise CancelledError
        finally:
            for future in pending:
                future.cancel()

    def __enter__(self) -> ThreadExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
