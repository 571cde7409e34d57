"""Console entries: the process that is started never works itself; it guards a child that does.

Management layers take an exit code of 1 to 127 for "success with warnings", so that Python's own habits (1
for an uncaught exception or a failed import, 2 for a usage error, 120 for a failed flush at the end) would
turn a failure into a success. And a signal must be answered in seconds, also while a native library is busy
and no Python code can run. Both hold for certain only from outside: the process forks before anything else is
imported, and the child either says in the `Journal` how it ended, or is taken for failed, whatever it did: a
crash, an ``exit(1)`` deep in a library, a kill for want of memory. The guard then ends what the child
started, removes its temporary files and has a post-mortem written (`ipf.cli.postmortem`).

What no Python code can guard is the interpreter's own start: in its first hundredths of a second, before this
module runs, a SIGINT ends it with code 1, and so does a package that is not there at all.

This module imports the standard library only; everything else is imported inside the guard.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from ipf.cli.journal import Journal, Records

UNEXPECTED = 128
"""Exit code of a failure that no class of `ipf.errors` stands for."""

GRACE_SECONDS = 2.0
"""From a signal to the kill of a child that does not end by itself; the interface allows 5 s in all."""

CLEANUP_SECONDS = 1.0
"""How long killed processes are waited for."""

PATIENCE_SECONDS = 0.2
"""What helper processes are left to end by themselves after a child that has ended in order."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def ipf() -> NoReturn:
    """Entry of the program ``ipf``."""
    _guard("ipf.cli.main")


def processor() -> NoReturn:
    """Entry of the program ``ipf-processor`` and of the links to it that are named after tasks."""
    _guard("ipf.cli.processor")


def exit_code_of(problem: BaseException) -> int:
    """Code that a failure leaves with: its own when it is one of ours (`ipf.errors`), never below 128.

    Other libraries' exceptions carry codes of their own (click's are 1 and 2), which mean nothing here.
    """
    if isinstance(problem, Interrupted):
        return 128 + problem.number
    if isinstance(problem, KeyboardInterrupt):  # Python's own, before our handlers stand
        return 128 + signal.SIGINT
    if isinstance(problem, MemoryError):
        return 169
    code = getattr(problem, "exit_code", UNEXPECTED)
    return code if isinstance(code, int) and 128 <= code <= 255 else UNEXPECTED


class Interrupted(KeyboardInterrupt):
    """A signal asked the child to end; no `Exception`, lest a plugin take it for a failure of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.number = number


def _guard(program: str) -> NoReturn:
    try:
        _speak_utf8()
        code = _start(program)
    except BaseException as problem:
        _complain(describe(problem))
        code = exit_code_of(problem)
    os._exit(code)


def _speak_utf8() -> None:
    """Begin anew in Python's UTF-8 mode where paths could be of ASCII only, whatever the job order names.

    Python chooses that mode itself in the locale C, unless it is told not to (``PYTHONUTF8=0``), and cannot
    change the encoding of paths later on. Encodings other than ASCII are those of the user's own file names.
    """
    if sys.getfilesystemencoding() == "ascii" and "utf8" not in sys._xoptions and sys.executable:
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def _start(program: str) -> int:
    """Fork; the child runs `program`, this process watches over it. Returns the exit code."""
    from ipf.cli.journal import Journal

    _occupy_standard_descriptors()
    handled = handled_signals()
    watched = handled | {signal.SIGCHLD}
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    journal = Journal.create()
    guard = os.getpid()
    _process_control(_PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        _process_control(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:  # the guard was killed before its death could be noticed
            os._exit(UNEXPECTED)
        _work(program, journal, handled)
    return _watch(child, watched, journal)


def handled_signals() -> set[signal.Signals]:
    """Signals that end the process; SIGHUP only when it is not ignored on purpose (nohup)."""
    handled = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGXCPU}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        handled.add(signal.SIGHUP)
    return handled


def interrupt_on(numbers: set[signal.Signals]) -> None:
    """Make the first of the signals raise `Interrupted` in the main thread; later ones are ignored."""

    def interrupt(number: int, _frame: FrameType | None) -> NoReturn:
        for other in numbers:
            signal.signal(other, signal.SIG_IGN)
        raise Interrupted(number)

    for number in numbers:
        signal.signal(number, interrupt)


def _work(program: str, journal: Journal, handled: set[signal.Signals]) -> NoReturn:
    """Run `program` in the child and leave by the one door; the guard tells of what goes wrong.

    The program flushes its streams itself; exit handlers are not run, since they can fail unnoticed.
    """
    failure: list[str] = []
    try:
        from importlib import import_module

        interrupt_on(handled)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, handled | {signal.SIGCHLD})
        journal.watch()
        _keep_libraries_single_threaded()
        code = import_module(program).main(sys.argv, journal)
    except BaseException as problem:
        code = exit_code_of(problem)
        failure = [describe(problem)]
        if code == UNEXPECTED:
            failure += _traceback_lines(problem)
    journal.end(code, failure)
    os._exit(code)


def _keep_libraries_single_threaded() -> None:
    """Blocks run in threads of ours, whose number is the only one; BLAS reads its own when it is imported."""
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _watch(child: int, watched: set[signal.Signals], journal: Journal) -> int:
    """Wait for the child, pass the first signal on to it, kill it after the grace; returns the exit code."""
    asked: int | None = None
    deadline = float("inf")
    while (status := _status_of(child)) is None:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            os.kill(child, signal.SIGKILL)
            status = _last_wait(child)
            break
        information = signal.sigtimedwait(watched, min(remaining, 60.0))
        if information is not None and information.si_signo != signal.SIGCHLD and asked is None:
            asked = information.si_signo
            deadline = time.monotonic() + GRACE_SECONDS
            os.kill(child, asked)
            _prepare_postmortem(journal)
    records = journal.read()
    _kill_descendants(0.0 if records.exit_code is None else PATIENCE_SECONDS)
    _remove(records.temporaries)
    if records.exit_code is None:
        code, reason = _abnormal_end(status, asked)
        _tell(records, code, (reason,))
        return code
    if records.failure:
        _tell(records, records.exit_code, records.failure)
    return records.exit_code


def _tell(records: Records, code: int, failure: tuple[str, ...]) -> None:
    """Tell of a failure in the log and the reports of its job; on the standard error where there is none."""
    if records.job is None and records.asked is None:
        _complain(*failure)
        return
    try:
        from ipf.cli.postmortem import report_failure

        report_failure(records, code, failure)
    except BaseException as problem:
        # A job order that cannot be read is the failure itself, and has been described.
        known = describe(problem) == failure[0]
        _complain(*failure, *([] if known else [f"no report: {describe(problem)}"]))


def _prepare_postmortem(journal: Journal) -> None:
    """Import what a post-mortem needs while the child is given its time: later, every second would count."""
    import contextlib

    with contextlib.suppress(BaseException):  # if it fails, it fails again and is told where it is needed
        if journal.read().asked is not None:
            import ipf.cli.postmortem  # noqa: F401


def _abnormal_end(status: int | None, asked: int | None) -> tuple[int, str]:
    """Exit code and one-line reason of a child that did not say how it ended."""
    if asked is not None:
        return 128 + asked, str(Interrupted(asked))
    if status is not None and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        hint = ", perhaps for want of memory" if number == signal.SIGKILL else ""
        return 128 + number, f"the processor was killed by {signal.Signals(number).name}{hint}"
    code = os.waitstatus_to_exitcode(status or 0)
    return UNEXPECTED, f"the processor left with code {code} without saying why"


def _status_of(child: int) -> int | None:
    """Wait status of the child when it has ended; other processes that this one inherited are reaped."""
    while True:
        number, status = os.waitpid(-1, os.WNOHANG)
        if number == child:
            return status
        if number == 0:
            return None


def _last_wait(child: int) -> int | None:
    """Wait status of a killed child, or None when the kernel does not let it go."""
    end = time.monotonic() + CLEANUP_SECONDS
    while time.monotonic() < end:
        if (status := _status_of(child)) is not None:
            return status
        time.sleep(0.01)
    return None


def _kill_descendants(patience: float) -> None:
    """Kill what the child left running: orphans come to this process, since it is their subreaper."""
    begin = time.monotonic()
    while (waited := time.monotonic() - begin) < patience + CLEANUP_SECONDS:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] != 0:
                continue
        except ChildProcessError:
            return
        if waited >= patience:
            for number in _children():
                os.kill(number, signal.SIGKILL)
        time.sleep(0.01)


def _children() -> list[int]:
    """Processes whose parent is this one."""
    from pathlib import Path

    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:  # it has ended meanwhile
            continue
        parent = int(state.rpartition(")")[2].split()[1])
        if parent == os.getpid():
            found.append(int(folder.name))
    return found


def _remove(paths: tuple[str, ...]) -> None:
    """Remove temporary files and folders that are still there."""
    import shutil
    from pathlib import Path

    for path in map(Path, paths):
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as problem:
            # Names are noted before files are made; of one that never was, a read-only disk does not say so.
            if os.path.lexists(path):
                _complain(f"{path}: temporary file cannot be removed: {problem.strerror}")


def _occupy_standard_descriptors() -> None:
    """Give closed standard descriptors to /dev/null, read-only, before a product's file gets their number.

    Python has no stream for such a descriptor; give it one that fails when it is written to.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # the lowest free number, hence this one
            if number > 0:
                setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))


def _process_control(option: int, value: int) -> None:
    """``prctl`` of Linux."""
    import ctypes

    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def describe(problem: BaseException) -> str:
    """One line on a failure: the text of ours, type and text of any other."""
    text = " ".join(str(problem).split())
    if isinstance(problem, Interrupted) or type(problem).__module__ == "ipf.errors":
        return text
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__


def _traceback_lines(problem: BaseException) -> list[str]:
    import traceback

    return "".join(traceback.format_exception(problem)).splitlines()


def _complain(*lines: str) -> None:
    """Write error lines of the log form to the standard error, with nothing but the standard library.

    For what happens outside a job, when no job order says how to log; the module that formats the lines of a
    job, `ipf.cli.runlog`, may be what is broken.
    """
    from datetime import UTC, datetime

    from ipf import __version__

    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    head = f"{now} {os.uname().nodename} ipf {__version__} [{os.getpid():010d}]: [E]"
    text = "".join(f"{head} {line}\n" for line in lines)
    try:
        os.write(2, text.encode("utf-8", "backslashreplace"))
    except OSError:
        return  # there is nobody left to tell
