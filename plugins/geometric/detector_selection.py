"""Detectors and data blocks that a job order picks, when several jobs share the granules of one task."""

from __future__ import annotations

from ipf.engine import TaskRequest
from ipf.errors import ParameterError
from ipf.product.bands import DETECTORS

SELECTION = "PARALLEL_DETECTOR_IDENT"
BLOCK = "DATABLOCK_NUMBER"


def detectors_of_request(request: TaskRequest) -> tuple[int, ...]:
    """Detectors that a task is to take: those of ``01-03``; all without a choice. Raises ParameterError."""
    if request.parameters.get("PARALLEL_DETECTOR", "true").lower() == "false":
        return tuple(DETECTORS)
    chosen = []
    for text in filter(None, request.parameters.get(SELECTION, "").split("-")):
        if not (text.isascii() and text.isdigit()) or int(text) not in DETECTORS:
            raise ParameterError(f"{SELECTION}: {text}, expected detectors 01 to 12 joined by dashes")
        chosen.append(int(text))
    return tuple(detector for detector in DETECTORS if not chosen or detector in chosen)


def data_block_of_request(request: TaskRequest) -> str | None:
    """Folder of granules, ``DB1``, that a task is to take; None for all. Raises ParameterError."""
    text = request.parameters.get(BLOCK, "")
    if request.parameters.get("PARALLEL_DATABLOCK", "false").lower() != "true" or not text:
        return None
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 1000:
        raise ParameterError(f"{BLOCK}: {text}, expected a number from 001")
    return f"DB{int(text)}"
