"""Where the look-up tables that travel with the project are."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def shipped_folder() -> Path:
    """Folder of the look-up tables that travel with the project."""
    return Path(str(files("ipf_auxdata"))) / "lut"
