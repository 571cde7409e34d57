"""The program starts without what only some of its work needs: every command and every task pays for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HEAVY = ("matplotlib", "scipy.fft", "scipy.interpolate", "scipy.ndimage", "scipy.optimize", "scipy.spatial")
"""With them a start takes nearly twice the processor time; they are imported inside the functions of use."""


def loaded(*command: str | Path) -> set[str]:
    """The heavy packages that a process imports, as the interpreter tells (``-X importtime``)."""
    environment = {**os.environ, "PYTHONPROFILEIMPORTTIME": "1"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    lines = [line for line in ended.stderr.splitlines() if line.startswith("import time:")]
    modules = {line.rpartition("|")[2].strip() for line in lines}
    assert "ipf.engine" in modules
    return set(HEAVY) & modules


def test_the_steps_of_every_plugin_are_known_without_heavy_packages() -> None:
    assert loaded(Path(sys.executable).with_name("ipf"), "plugins") == set()


def test_one_that_is_imported_is_noticed() -> None:
    assert "scipy.ndimage" in loaded(sys.executable, "-c", "import ipf.engine, scipy.ndimage")
