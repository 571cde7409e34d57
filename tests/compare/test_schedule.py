"""Work in threads: bounds of memory and threads, failures, and a caller's thread that signals reach."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from ipf.compare.schedule import Job, done_in_threads


class Crowd:
    """Counts what is under way at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.now: dict[str, int] = {}
        self.most_jobs = 0
        self.most_memory = 0
        self.threads: list[int] = []
        self.begun: list[str] = []

    def job(self, key: str, memory: int = 0) -> Job[str]:
        return Job(key, lambda threads: self._work(key, memory, threads), memory)

    def _work(self, key: str, memory: int, threads: int) -> str:
        with self._lock:
            self.now[key] = memory
            self.begun.append(key)
            self.threads.append(threads)
            self.most_jobs = max(self.most_jobs, len(self.now))
            self.most_memory = max(self.most_memory, sum(self.now.values()))
        time.sleep(0.01)
        with self._lock:
            del self.now[key]
        return key.upper()


def test_every_job_is_done_in_at_most_so_many_threads() -> None:
    crowd = Crowd()
    jobs = [crowd.job(f"job {number}") for number in range(20)]
    done = {job.key: result for job, result in done_in_threads(jobs, 3, 0)}
    assert done == {job.key: job.key.upper() for job in jobs}
    assert crowd.most_jobs == 3
    assert set(crowd.threads) == {1}


def test_jobs_wait_for_memory_and_smaller_ones_go_ahead() -> None:
    crowd = Crowd()
    jobs = [*(crowd.job(f"large {number}", 60) for number in range(4)), crowd.job("small", 40)]
    list(done_in_threads(jobs, 4, 100))
    assert crowd.most_memory == 100
    assert set(crowd.begun[:2]) == {"large 0", "small"}
    assert set(crowd.threads) == {4}, "threads that no job has are those of the one under way"


def test_a_job_larger_than_all_there_is_has_it_for_itself() -> None:
    crowd = Crowd()
    list(done_in_threads([crowd.job("one", 500), crowd.job("two", 500), crowd.job("none")], 2, 100))
    assert crowd.most_memory == 500
    assert sorted(crowd.begun) == ["none", "one", "two"]


def test_nothing_to_do_is_done_at_once() -> None:
    assert list(done_in_threads([], 2, 100)) == []


def test_a_failure_is_raised_and_nothing_new_begun() -> None:
    begun = []

    def fail(_: int) -> str:
        begun.append("failing")
        raise ZeroDivisionError

    jobs = [Job("failing", fail), *(Job("later", lambda _: begun.append("later") or "") for _ in range(9))]
    with pytest.raises(ZeroDivisionError):
        list(done_in_threads(jobs, 1, 0))
    assert len(begun) <= 2


def test_an_interrupt_is_answered_while_a_job_is_under_way() -> None:
    class Interrupt(KeyboardInterrupt):
        pass

    def interrupt(*_: object) -> None:
        raise Interrupt

    released = threading.Event()
    begun = threading.Event()

    def long(_: int) -> str:
        begun.set()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        released.wait(30)
        return ""

    before = signal.signal(signal.SIGUSR1, interrupt)
    start = time.monotonic()
    try:
        with pytest.raises(Interrupt):
            list(done_in_threads([Job("long", long), Job("next", long)], 1, 0))
        assert time.monotonic() - start < 10
        assert begun.is_set()
    finally:
        released.set()
        signal.signal(signal.SIGUSR1, before)
