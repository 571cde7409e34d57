"""Log lines: the grammar that management layers read, for whatever text."""

from __future__ import annotations

import io
import logging
import re
import threading
import warnings
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipf.cli.capture import LogStream, RunLogHandler
from ipf.cli.runlog import LogIdentity, Message, RunLog, lines_of, log_line
from ipf.joborder.loglevels import LogLevel

MOMENT = datetime(2004, 2, 24, 4, 2, 7, 458000, UTC)
GRAMMAR = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6} \S+ \S+ \S+ (\S+ )?\[\d{1,10}\]: \[[DIPWE]\] .*")
EVERY = frozenset(LogLevel)


def test_the_example_of_the_earth_explorers_document() -> None:
    identity = LogIdentity("ipf1ws1", "IPF1", "01.04", 13875, "Preproc")
    assert log_line(identity, MOMENT, "INFO", "Processor starting") == (
        "2004-02-24T04:02:07.458000 ipf1ws1 IPF1 01.04 Preproc [0000013875]: [I] Processor starting"
    )


def test_the_mmfi_family_has_no_task() -> None:
    identity = LogIdentity("node", "Chain", "06.01.00", 7)
    assert log_line(identity, MOMENT.replace(microsecond=0), "PROGRESS", "half") == (
        "2004-02-24T04:02:07.000000 node Chain 06.01.00 [0000000007]: [P] half"
    )


def test_times_are_utc_whatever_their_zone() -> None:
    local = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    identity = LogIdentity("n", "p", "1", 1)
    assert log_line(identity, local, "INFO", "") == log_line(identity, MOMENT, "INFO", "")


@given(st.text(), st.text(), st.text(), st.text(), st.text(), st.integers(0, 2**31))
def test_every_text_makes_lines_of_the_grammar(
    node: str, processor: str, version: str, task: str, text: str, process: int
) -> None:
    identity = LogIdentity(node, processor, version, process, task)
    for line in lines_of(text):
        made = log_line(identity, MOMENT, "DEBUG", line)
        assert GRAMMAR.fullmatch(made)
        assert len(made.splitlines()) == 1
        made.encode("utf-8")


def test_a_traceback_is_one_record_for_each_line() -> None:
    assert lines_of("first\n\n  second\r\nthird\x1b[0m\t!\n") == ["first", "  second", "third\\x1b[0m !"]


def make_log(
    stdout: frozenset[LogLevel] = EVERY, stderr: frozenset[LogLevel] = EVERY, file: Path | None = None
) -> tuple[RunLog, io.StringIO, io.StringIO]:
    output, errors = io.StringIO(), io.StringIO()
    log = RunLog(
        LogIdentity("n", "p", "1", 1),
        (output, stdout),
        (errors, stderr),
        file=file,
        clock=lambda: MOMENT,
    )
    return log, output, errors


def test_a_message_goes_to_every_stream_whose_levels_hold_it(tmp_path: Path) -> None:
    file = tmp_path / "LOG.1"
    both = frozenset({LogLevel.ERROR, LogLevel.INFO})
    log, output, errors = make_log(frozenset({LogLevel.INFO}), both, file)
    for level in LogLevel:
        log.message(level.name, level.name.lower())
    log.close()
    assert [line[-4:] for line in output.getvalue().splitlines()] == ["info"]
    assert [line[-5:] for line in errors.getvalue().splitlines()] == [" info", "error"]
    assert len(file.read_text().splitlines()) == len(LogLevel)
    assert [message.level for message in log.messages] == [level.name for level in LogLevel]


def test_a_level_that_does_not_exist_is_refused() -> None:
    log, _, _ = make_log()
    with pytest.raises(ValueError, match="FATAL"):
        log.message("FATAL", "text")


def test_a_stream_that_fails_is_given_up_and_the_other_goes_on() -> None:
    log, output, errors = make_log()
    output.close()
    log.message("INFO", "one")
    log.message("INFO", "two")
    assert [line[-3:] for line in errors.getvalue().splitlines()] == ["one", "two"]


def test_a_log_file_that_cannot_be_opened_is_one_warning(tmp_path: Path) -> None:
    log, _, _ = make_log(file=tmp_path)
    log.message("INFO", "on")
    log.close()
    assert [message.level for message in log.messages] == ["WARNING", "INFO"]
    assert str(tmp_path) in log.messages[0].text


def test_lines_of_several_threads_never_mix() -> None:
    log, output, _ = make_log()
    threads = [
        threading.Thread(target=lambda: [log.message("INFO", "x" * 50) for _ in range(200)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {line.rpartition("] ")[2] for line in output.getvalue().splitlines()} == {"x" * 50}
    assert len(output.getvalue().splitlines()) == 800


def test_an_observer_gets_each_line_as_a_message() -> None:
    seen: list[Message] = []
    log = RunLog(
        LogIdentity("n", "p", "1", 1),
        (io.StringIO(), EVERY),
        (io.StringIO(), EVERY),
        observer=seen.append,
        clock=lambda: MOMENT,
    )
    log.message("warning", "one\ntwo")
    assert seen == [Message(MOMENT, "WARNING", "one"), Message(MOMENT, "WARNING", "two")]


def test_the_logging_module_is_passed_on_and_a_warning_is_one_line() -> None:
    log, _, _ = make_log()
    logger = logging.Logger("test")
    logger.addHandler(RunLogHandler(log))
    logger.critical("critical")
    logger.info("value %d", 5)
    quoted = warnings.formatwarning("odd", UserWarning, "file.py", 3, "source()")
    RunLogHandler(log).emit(logging.LogRecord("py.warnings", logging.WARNING, "", 0, quoted, None, None))
    assert [(message.level, message.text) for message in log.messages] == [
        ("ERROR", "critical"),
        ("INFO", "value 5"),
        ("WARNING", "file.py:3: UserWarning: odd"),
    ]


def test_what_is_printed_becomes_messages_line_by_line() -> None:
    log, _, _ = make_log()
    stream = LogStream(log, LogLevel.INFO)
    print("one", "two", file=stream)
    print("thr", end="", file=stream)
    assert [message.text for message in log.messages] == ["one two"]
    print("ee\n\nfour", file=stream)
    assert [message.text for message in log.messages] == ["one two", "three", "four"]
    print("last", end="", file=stream)
    stream.close()
    assert log.messages[-1].text == "last"
    assert not LogStream(log, LogLevel.INFO).isatty()
