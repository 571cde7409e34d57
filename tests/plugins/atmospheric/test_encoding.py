"""Jobs that run beside one another: bounded in number, ended by the first failure."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from ipf_plugins.atmospheric.encoding import EncodingQueue, jobs_under_way


def test_no_more_jobs_wait_than_allowed() -> None:
    under_way, most = 0, 0
    lock, go = threading.Lock(), threading.Event()

    def job() -> None:
        nonlocal under_way
        go.wait(10)
        with lock:
            under_way -= 1

    threading.Timer(0.2, go.set).start()
    with EncodingQueue(2, 20.0, lambda _fraction: None) as queue:
        for _ in range(20):
            queue.submit(job, 1.0)
            with lock:
                under_way += 1
                most = max(most, under_way)
        queue.finish()
    assert (under_way, most) == (0, jobs_under_way(2))


def test_progress_rises_to_one() -> None:
    told: list[float] = []
    with EncodingQueue(3, 10.0, told.append) as queue:
        for weight in (1.0, 2.0, 3.0, 4.0):
            queue.submit(lambda: None, weight)
        queue.finish()
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_the_first_failure_ends_the_rest() -> None:
    ran: list[int] = []

    def fail() -> None:
        raise ValueError("no room left")

    def run() -> None:
        with EncodingQueue(1, 100.0, lambda _fraction: None) as queue:
            queue.submit(fail, 1.0)
            for number in range(100):
                queue.submit(partial(ran.append, number), 1.0)
            queue.finish()

    with pytest.raises(ValueError, match="no room left"):
        run()
    assert len(ran) < 50
