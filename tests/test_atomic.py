"""Files appear whole or not at all, and nothing but files is replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ipf.atomic import write_text
from ipf.errors import OutputError


def test_pipes_are_left_alone(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="no regular file"):
        write_text(pipe, "text")
    assert pipe.is_fifo()


def test_files_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file.txt"
    for text in ("one", "two"):
        write_text(path, text)
        assert path.read_text() == text
    assert [each.name for each in path.parent.iterdir()] == ["file.txt"]
