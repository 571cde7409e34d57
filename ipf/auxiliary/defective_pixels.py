"""Pixels that are not to be used (GIPP R2DEPI), and the filter that fills them from their neighbours.

Source: root and elements as public readers of operational files have them; INTERPOLATION_FILTER is this
project's own, as no public document tells where that filter stands. Columns are those of raw lines, from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.auxiliary.gipp_documents import GippHeading, content_of, new_document, open_gipp
from ipf.auxiliary.pixel_coefficients import add_coefficients, raw_pixels
from ipf.geometry.acquisition import SensorKey
from ipf.product.bands import BAND_NAMES, BANDS
from ipf.product.xml_builder import add
from ipf.product.xml_nodes import Node

FILE_TYPE = "GIP_R2DEPI"
ROOT = "GS2_RADIOS2_DEFECTIVE_PIXELS"
SATURATED, BLIND, NOISY = "SATURATED_RESPONSE", "BLIND_RESPONSE", "NOISY_RESPONSE"
"""Kinds of defects; a file may name others."""
NEIGHBOURS = (-1 / 6, 4 / 6, 0.0, 4 / 6, -1 / 6)
"""Weights of two neighbours on each side: the cubic polynomial through them (Lagrange), at the middle."""
_SUM_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class DefectivePixels:
    """An R2DEPI file: defective columns of raw lines by band and detector, and by kind; taps by band."""

    heading: GippHeading
    columns: Mapping[SensorKey, Mapping[str, tuple[int, ...]]]
    taps: Mapping[str, npt.NDArray[np.float32]]
    source: str = ""

    def of(self, band: str, detector: int) -> tuple[int, ...]:
        """Columns of every kind, in order."""
        kinds = self.columns.get((band, detector), {})
        return tuple(sorted({column for columns in kinds.values() for column in columns}))

    def filter_of(self, band: str) -> npt.NDArray[np.float32]:
        """Taps that the file has for a band, or `NEIGHBOURS`."""
        return self.taps.get(band, np.array(NEIGHBOURS, np.float32))


def read_defective_pixels(path: Path) -> DefectivePixels:
    """Read an R2DEPI file; raises `AuxiliaryError` naming file, line and element."""
    root = open_gipp(path, ROOT)
    data = root.child("DATA")
    columns: dict[SensorKey, dict[str, tuple[int, ...]]] = {}
    taps: dict[str, npt.NDArray[np.float32]] = {}
    seen: set[str] = set()
    for node in data.all("BAND"):
        band = node.attribute_band("band_id")
        if band in seen:
            raise node.error(f"BAND {band} is given twice")
        seen.add(band)
        if node.find("INTERPOLATION_FILTER") is not None:
            taps[band] = _read_taps(node.child("INTERPOLATION_FILTER"))
        for kind in node.all("SINGULARITY_LIST/SINGULARITY"):
            _read_kind(kind, band, columns)
    if missing := [band for band in BAND_NAMES if band not in seen]:
        raise data.error(f"DATA: no BAND of {', '.join(missing)}")
    return DefectivePixels(GippHeading.of(root), columns, taps, root.file)


def _read_kind(node: Node, band: str, columns: dict[SensorKey, dict[str, tuple[int, ...]]]) -> None:
    kind = node.attribute("type")
    for position in node.all("POSITION"):
        key = band, position.attribute_detector("detector_id")
        if kind in columns.setdefault(key, {}):
            raise position.error(f"POSITION: {kind} of {band}, detector {key[1]:02d}, is given twice")
        columns[key][kind] = _read_columns(position, raw_pixels(band))


def _read_columns(node: Node, pixels: int) -> tuple[int, ...]:
    if node.optional_text("COLUMNS") is None:
        node.child("COLUMNS")
        return ()
    values = node.numbers("COLUMNS")
    whole = (values == np.floor(values)) & (values >= 0) & (values < pixels)
    if not whole.all() or np.unique(values).size != values.size:
        raise node.child("COLUMNS").error(f"COLUMNS: expected different whole numbers from 0 to {pixels - 1}")
    return tuple(int(value) for value in values)


def _read_taps(node: Node) -> npt.NDArray[np.float32]:
    values = node.numbers()
    middle = values.size // 2
    if values.size % 2 == 0 or values[middle] != 0 or abs(values.sum() - 1) > _SUM_TOLERANCE:
        raise node.error(
            f"INTERPOLATION_FILTER: {values.size} taps of sum {values.sum():g}, expected an odd number with 0"
            " in the middle and sum 1"
        )
    return values.astype(np.float32)


def defective_pixels_document(content: DefectivePixels) -> bytes:
    """The file, read back as the same columns and taps."""
    document, data = new_document(ROOT, content.heading)
    for band in BANDS:
        entry = add(data, "BAND", band_id=band.identifier)
        if band.name in content.taps:
            add_coefficients(entry, "INTERPOLATION_FILTER", content.taps[band.name])
        kinds = add(entry, "SINGULARITY_LIST")
        of_band = {key: found for key, found in sorted(content.columns.items()) if key[0] == band.name}
        for kind in sorted({kind for found in of_band.values() for kind in found}):
            singularity = add(kinds, "SINGULARITY", type=kind)
            for (_, detector), found in of_band.items():
                if kind in found:
                    position = add(singularity, "POSITION", detector_id=f"{detector:02d}")
                    add(position, "COLUMNS", " ".join(map(str, found[kind])))
    return content_of(document)
