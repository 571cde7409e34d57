"""What of other bands gets into a band (GIPP R2CRCO): shares of light and of electric signal.

Source: root and elements as public readers of operational files have them. Rows are the bands that receive,
the numbers in a row the bands that give, both in the order of band numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.auxiliary.gipp_documents import GippHeading, content_of, new_document, open_gipp
from ipf.auxiliary.pixel_coefficients import add_coefficients
from ipf.product.bands import BAND_NAMES, BANDS
from ipf.product.xml_builder import add
from ipf.product.xml_nodes import Node

FILE_TYPE = "GIP_R2CRCO"
ROOT = "GS2_RADIOS2_CROSSTALK_CORRECTION"
LARGEST_SHARE = 0.1
"""Shares beyond are taken for an error; those of operational files are up to 0.004."""

Shares = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Crosstalk:
    """An R2CRCO file: shares (13, 13), [receiving band, giving band]."""

    heading: GippHeading
    optical: Shares
    electrical: Shares
    source: str = ""

    def leaks(self, optical: bool, electrical: bool) -> Mapping[str, Mapping[str, float]]:
        """Shares other than 0 by receiving and giving band, of the kinds that are to be corrected."""
        total = self.optical * optical + self.electrical * electrical
        return {
            band: {other: float(share) for other, share in zip(BAND_NAMES, row, strict=True) if share}
            for band, row in zip(BAND_NAMES, total, strict=True)
            if row.any()
        }


def read_crosstalk(path: Path) -> Crosstalk:
    """Read an R2CRCO file; raises `AuxiliaryError` naming file, line and element."""
    root = open_gipp(path, ROOT)
    entries = root.child("DATA/CROSSTALK_COEFF_LIST")
    rows: dict[str, Node] = {}
    for node in entries.all("CROSSTALK_COEFF"):
        band = node.attribute_band("band_id_k")
        if band in rows:
            raise node.error(f"CROSSTALK_COEFF of {band} is given twice")
        rows[band] = node
    missing = [band for band in BAND_NAMES if band not in rows]
    if missing:
        raise entries.error(f"CROSSTALK_COEFF_LIST: no CROSSTALK_COEFF of {', '.join(missing)}")
    optical, electrical = (
        np.stack([_row(rows[band], name, number) for number, band in enumerate(BAND_NAMES)])
        for name in ("OPTICAL", "ELECTRICAL")
    )
    return Crosstalk(GippHeading.of(root), optical, electrical, root.file)


def _row(node: Node, name: str, own: int) -> Shares:
    values = node.numbers(name)
    if values.size != len(BANDS):
        raise node.child(name).error(f"{name} has {values.size} numbers, expected {len(BANDS)}")
    if abs(values).max() > LARGEST_SHARE or values[own]:
        raise node.child(name).error(
            f"{name}: expected 0 for the band itself and shares up to {LARGEST_SHARE} of the others"
        )
    return values


def crosstalk_document(content: Crosstalk) -> bytes:
    """The file, read back as the same numbers."""
    document, data = new_document(ROOT, content.heading)
    entries = add(data, "CROSSTALK_COEFF_LIST")
    for band in BANDS:
        entry = add(entries, "CROSSTALK_COEFF", band_id_k=band.identifier)
        add_coefficients(entry, "OPTICAL", content.optical[band.identifier])
        add_coefficients(entry, "ELECTRICAL", content.electrical[band.identifier])
    return content_of(document)
