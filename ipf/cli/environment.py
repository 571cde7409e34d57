"""Environment variables that the programs obey."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

PLUGIN_PATH = "IPF_PLUGIN_PATH"
WARNING_EXIT_CODE = "IPF_WARNING_EXIT_CODE"


def plugin_paths(more: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Absolute paths of folders and files of plugins: those of ``IPF_PLUGIN_PATH``, then `more`."""
    named = os.environ.get(PLUGIN_PATH, "").split(os.pathsep)
    return tuple(path.absolute() for path in (*(Path(name) for name in named if name), *more))
