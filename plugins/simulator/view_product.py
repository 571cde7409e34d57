"""A view written as a Level-1B product: the datastrip of an acquisition, and granules of what is seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator.sensor_view import LARGEST_COUNT, Counts, SensorView
from ipf_plugins.simulator.view_metadata import Acquired, GranuleLines, ViewFrame

from ipf.errors import ParameterError
from ipf.geometry.acquisition import FloatArray
from ipf.geometry.sensor_model import SensorModel
from ipf.product.bands import BY_NAME
from ipf.product.jpeg2000 import CodingStyle
from ipf.product.l1b_model import GRANULE_LINES, lines_of
from ipf.product.l1b_reader import NO_DATA
from ipf.product.l1b_writer import write_granule, write_l1b_datastrip
from ipf.product.masks import QUALITY_FLAGS
from ipf.product.sensor_datastrip import GranuleEntry
from ipf.product.utc import UtcTime

Flags = npt.NDArray[np.uint8]

_WHOLE_PIXEL = 6
_MARGIN_LINES = 120
"""10 m lines beside those that see a place which resampling may need, and whole pixels of 60 m."""


def lines_over(
    model: SensorModel, detector: int, bands: Iterable[str], longitudes: FloatArray, latitudes: FloatArray
) -> range:
    """10 m lines of a detector that see places (degrees) at any height of the terrain, in any of `bands`.

    Empty where the detector sees none of them. Lines begin with 1 at the earliest.
    """
    heights = np.array(_bounds(model))[:, np.newaxis]
    found: list[float] = []
    for band in bands:
        lines, _ = model.inverse_location(band, detector, longitudes, latitudes, heights)
        seen = lines[np.isfinite(lines)]
        scale = BY_NAME[band].resolution / 10
        found.extend((seen - 1.0) * scale + 1.0)
    if not found:
        return range(1, 1)
    first = max(math.floor((min(found) - _MARGIN_LINES) / _WHOLE_PIXEL), 0) * _WHOLE_PIXEL + 1
    stop = math.ceil((max(found) + _MARGIN_LINES) / _WHOLE_PIXEL) * _WHOLE_PIXEL + 1
    return range(first, max(stop, first))


def _bounds(model: SensorModel) -> tuple[float, float]:
    if model.terrain is None:
        return 0.0, 0.0
    return model.terrain.bounds()


def whole_granules(lines: range) -> tuple[range, ...]:
    """The granules, as a datastrip is cut from line 1 on, that have any of `lines`."""
    first, stop = (lines.start - 1) // GRANULE_LINES, -(-(lines.stop - 1) // GRANULE_LINES)
    return tuple(
        range(1 + number * GRANULE_LINES, 1 + (number + 1) * GRANULE_LINES)
        for number in range(first, stop if len(lines) else first)
    )


def granules_over(
    model: SensorModel, bands: Sequence[str], longitudes: FloatArray, latitudes: FloatArray
) -> dict[int, tuple[range, ...]]:
    """The whole granules that see places (degrees) in any of `bands`, by detector."""
    found = {
        detector: whole_granules(lines_over(model, detector, bands, longitudes, latitudes))
        for detector in sorted({detector for _, detector in model.geometry.viewing})
    }
    return {detector: granules for detector, granules in found.items() if granules}


def write_view(
    product: Path,
    view: SensorView,
    acquired: Acquired,
    granules: GranuleLines,
    bands: Sequence[str],
    creation: UtcTime,
    *,
    style: CodingStyle = "fast",
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Write a Level-1B product of what is seen into the folder `product`; the folder of its datastrip.

    acquired : the acquisition that `view` is of; the new datastrip has a name of its own, and no refinement
        where the view has none.
    bands : whose images are made; the metadata tell of all
    creation : time in the names and of processing
    progress : is told the share that is done, 0 to 1

    Images are held one granule at a time. The datastrip is written last. Raises ParameterError for granules
    that are none, OutputError for files that cannot be written.
    """
    _check(granules, bands)
    frame = ViewFrame(view.model, acquired, creation)
    total = sum(len(lines) for listed in granules.values() for lines in listed) * len(bands)
    entries: dict[int, list[GranuleEntry]] = {}
    done = 0
    for detector, listed in sorted(granules.items()):
        entries[detector] = []
        for lines in listed:
            metadata = frame.granule(detector, lines)
            images = {}
            for band in bands:
                rows = metadata.shape(band)[0]
                images[band] = view.counts(band, detector, lines_of(lines.start, rows, band))
                done += len(lines)
                if progress is not None:
                    progress(done / total)
            masks = {band: quality_planes(counts) for band, counts in images.items()}
            named = replace(metadata, masks={band: metadata.name.quality_mask(band) for band in bands})
            write_granule(product, named, images, masks, style, view.threads)
            entries[detector].append(GranuleEntry(str(metadata.name), metadata.position))
    return write_l1b_datastrip(product, frame.datastrip_metadata(entries, granules))


def quality_planes(counts: Counts) -> list[Flags]:
    """Planes of the quality mask of an image: pixels without data and saturated ones, and nothing else."""
    planes = dict.fromkeys(QUALITY_FLAGS, np.zeros(counts.shape, np.uint8))
    planes["no_data"] = (counts == NO_DATA).astype(np.uint8)
    planes["saturated"] = (counts >= LARGEST_COUNT).astype(np.uint8)
    return [planes[name] for name in QUALITY_FLAGS]


def _check(granules: GranuleLines, bands: Sequence[str]) -> None:
    unknown = [band for band in bands if band not in BY_NAME]
    if unknown or not bands:
        raise ParameterError(f"view: bands {unknown or 'none'}, expected some of {', '.join(BY_NAME)}")
    if not any(granules.values()):
        raise ParameterError("view: no granule, expected one at least")
    for detector, listed in granules.items():
        end = 1
        for lines in listed:
            if lines.start < end or (lines.start - 1) % _WHOLE_PIXEL or len(lines) % _WHOLE_PIXEL:
                raise ParameterError(
                    f"view: granule of detector {detector:02d} with lines {lines.start} to {lines.stop - 1}, "
                    f"expected whole pixels of 60 m ({_WHOLE_PIXEL} lines from 1 on), after line {end - 1}"
                )
            if not len(lines):
                raise ParameterError(f"view: granule of detector {detector:02d} without lines")
            end = lines.stop
