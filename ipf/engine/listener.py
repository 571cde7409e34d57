"""Who hears of a run, and how the messages of steps reach them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol

PROGRESS_LEVEL = 25
"""Level of PROGRESS messages for the logging module: between INFO and WARNING."""


class RunListener(Protocol):
    """Who hears of a run: the log of a command line, a test, a notebook."""

    def message(self, level: str, text: str) -> None:
        """One message; `level` is DEBUG, INFO, PROGRESS, WARNING or ERROR, `text` one line."""
        ...

    def progress(self, task: str, step: str, fraction: float) -> None:
        """A task has advanced to `fraction` (0 to 1)."""
        ...

    def written(self, path: Path) -> None:
        """An output is in place."""
        ...


class WarningCounter:
    """Passes messages on and remembers the warnings."""

    def __init__(self, listener: RunListener) -> None:
        self.listener = listener
        self.warnings: list[str] = []

    def message(self, level: str, text: str) -> None:
        if level == "WARNING":
            self.warnings.append(text)
        self.listener.message(level, text)

    def progress(self, task: str, step: str, fraction: float) -> None:
        self.listener.progress(task, step, fraction)

    def written(self, path: Path) -> None:
        self.listener.written(path)


class ListenerHandler(logging.Handler):
    """Turns records of a step's logger into messages."""

    def __init__(self, listener: RunListener) -> None:
        super().__init__()
        self.listener = listener

    def emit(self, record: logging.LogRecord) -> None:
        level = {PROGRESS_LEVEL: "PROGRESS", logging.CRITICAL: "ERROR"}.get(record.levelno, record.levelname)
        for line in record.getMessage().splitlines():
            self.listener.message(level, line)


def logger_to(listener: RunListener) -> logging.Logger:
    """A logger of its own (no global one is touched) whose records become messages to `listener`."""
    logger = logging.Logger("ipf", logging.DEBUG)
    logger.addHandler(ListenerHandler(listener))
    return logger
