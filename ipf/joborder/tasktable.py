"""Reading of task tables of either family."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ipf.errors import JobOrderError
from ipf.joborder import tasktable_eegs, tasktable_mmfi
from ipf.joborder.reading import short
from ipf.joborder.tasktable_model import TaskTable
from ipf.xml import local_name, parse_xml

MAXIMUM_BYTES = 8 * 2**20
"""Largest task table that is read; the largest real one has 124 kB."""

_READERS = {tasktable_mmfi.ROOT_TAG: tasktable_mmfi.read, tasktable_eegs.ROOT_TAG: tasktable_eegs.read}


def read_task_table(path: str | os.PathLike[str]) -> TaskTable:
    """Task table in the file `path`, of either family.

    Raises `JobOrderError`, one line ``FILE:LINE: /element/path: what was expected``.
    """
    file = Path(path)
    root = parse_xml(file, JobOrderError, MAXIMUM_BYTES)
    tag = local_name(root)
    reader = next((read for name, read in _READERS.items() if name.casefold() == tag.casefold()), None)
    if reader is None:
        expected = " or ".join(_READERS)
        raise JobOrderError(f"{file}:{root.sourceline}: /{short(tag)}: expected the root {expected}")
    return replace(reader(root, str(file)), source=file)
