"""Columns of SWIR detectors whose pixels sit on another line than their neighbours (GIPP R2SWIR).

A column looks ahead by -1, 0 or 1 line in B11 and B12, by thirds of a line in B10, where a filter of three
taps puts it back. Root: PSD 14.8, GIPP_List; elements after EOPF documentation of Sentinel-2 MSI (ADF_RSWIR).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.auxiliary.gipp_documents import GippHeading, content_of, new_document, open_gipp
from ipf.auxiliary.pixel_coefficients import add_coefficients, coefficients_of, detectors_of, raw_pixels
from ipf.geometry.acquisition import SensorKey
from ipf.product.bands import BY_NAME
from ipf.product.xml_builder import add
from ipf.product.xml_nodes import Node
from ipf.radiometry.calibration import LineShifts

FILE_TYPE = "GIP_R2SWIR"
ROOT = "GS2_RADIOS2_SWIR_REARRANGEMENT"
STEPS: Mapping[str, float] = {"B10": 1 / 3, "B11": 1.0, "B12": 1.0}
"""Lines that a shift of 1 stands for, by band."""
TAPS = 3


@dataclass(frozen=True, slots=True)
class SwirArrangement:
    """An R2SWIR file: shifts (-1, 0 or 1) of raw pixels by band and detector.

    `taps` weigh the line above, the own and the one below for a shift of 1 in bands that shift by a part of a
    line; the other way round for -1.
    """

    heading: GippHeading
    shifts: Mapping[SensorKey, npt.NDArray[np.int8]]
    taps: npt.NDArray[np.float32]
    source: str = ""

    def of(self, band: str, detector: int) -> LineShifts | None:
        """Shifts of a band and detector; None for bands without any."""
        shifts = self.shifts.get((band, detector))
        if shifts is None:
            return None
        return LineShifts(shifts, STEPS[band], None if STEPS[band] == 1.0 else self.taps)


def read_swir_arrangement(path: Path) -> SwirArrangement:
    """Read an R2SWIR file; raises `AuxiliaryError` naming file, line and element."""
    root = open_gipp(path, ROOT)
    data = root.child("DATA")
    shifts: dict[SensorKey, npt.NDArray[np.int8]] = {}
    for node in data.child("SWIR_BAND_LIST").all("SWIR_BAND"):
        band = node.attribute_band("band_id")
        if band not in STEPS or any(band == known for known, _ in shifts):
            raise node.error(f"SWIR_BAND: band_id of {band}, expected one each of {', '.join(STEPS)}")
        found = detectors_of(node, "DETECTOR", lambda entry, of=band: _read(entry, of))  # type: ignore[misc]
        shifts.update({(band, detector): own for detector, own in found.items()})
    missing = [band for band in STEPS if not any(band == known for known, _ in shifts)]
    if missing:
        raise data.error(f"SWIR_BAND_LIST: no SWIR_BAND of {', '.join(missing)}")
    taps = coefficients_of(data, "INTERPOLATION_FILTER/COEFS", TAPS)
    return SwirArrangement(GippHeading.of(root), shifts, taps, root.file)


def _read(node: Node, band: str) -> npt.NDArray[np.int8]:
    flags = coefficients_of(node, ".", raw_pixels(band))
    if not np.isin(flags, (-1, 0, 1)).all():
        raise node.error("DETECTOR: expected -1, 0 or 1 for each pixel")
    return flags.astype(np.int8)


def swir_arrangement_document(content: SwirArrangement) -> bytes:
    """The file, read back as the same numbers."""
    document, data = new_document(ROOT, content.heading)
    bands = add(data, "SWIR_BAND_LIST")
    for band in STEPS:
        entry = add(bands, "SWIR_BAND", band_id=BY_NAME[band].identifier)
        for (of, detector), shifts in sorted(content.shifts.items()):
            if of == band:
                add(entry, "DETECTOR", " ".join(map(str, shifts.tolist())), detector_id=f"{detector:02d}")
    add_coefficients(add(data, "INTERPOLATION_FILTER"), "COEFS", content.taps)
    return content_of(document)
