"""Bands and detectors that a job order picks, when several jobs share the work of one task."""

from __future__ import annotations

from ipf.engine import TaskRequest
from ipf.errors import ParameterError
from ipf.product.bands import BAND_NAMES

SELECTION = "PARALLEL_BAND_IDENT"


def bands_of_request(request: TaskRequest) -> tuple[str, ...]:
    """Names of the bands that a task is to make: those of ``B00-B03``, which count as `bandId` does.

    ``B03`` is B04 there, and ``B08`` is B8A. Without a choice, all bands. Raises ParameterError.
    """
    chosen = []
    if request.parameters.get("PARALLEL_BAND", "true").lower() == "false":
        return BAND_NAMES
    for text in filter(None, request.parameters.get(SELECTION, "").split("-")):
        number = text.removeprefix("B")
        if not number.isdigit() or int(number) >= len(BAND_NAMES):
            raise ParameterError(f"{SELECTION}: {text}, expected B00 to B{len(BAND_NAMES) - 1:02d}")
        chosen.append(BAND_NAMES[int(number)])
    return tuple(band for band in BAND_NAMES if not chosen or band in chosen)
