"""What the counts of a product's images mean, as its metadata tell.

Reflectance is ``(count + offset) / quantification`` (PSD 14.8: RADIO_ADD_OFFSET, BOA_ADD_OFFSET). Where the
metadata cannot be read counts stay counts; the comparison of the document says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ipf.errors import ProductError
from ipf.product.metadata import NODATA, SATURATED, Quantification
from ipf.product.metadata_sections import (
    LEVEL_OF_ROOT_PREFIX,
    level_of,
    numbers_per_band,
    read_radiometry,
)
from ipf.product.xml_nodes import Node
from ipf.xml import parse_xml

_PRODUCT = ("General_Info/Product_Image_Characteristics", "General_Info/Product_Info/PROCESSING_BASELINE")
_DATASTRIP = ("Image_Data_Info/Radiometric_Info", "General_Info/Processing_Info/PROCESSING_BASELINE")
_OFFSET = "Radiometric_Offset_List/RADIO_ADD_OFFSET"


@dataclass(frozen=True, slots=True)
class Calibration:
    """Quantification, None where counts have no unit: Levels 1A and 1B, metadata that cannot be read.

    `offsets` are in counts by band; `nodata` and `saturated` are the counts that mean it, None where nothing
    tells them.
    """

    quantification: Quantification | None = None
    offsets: Mapping[str, float] | None = None
    nodata: float | None = None
    saturated: float | None = None

    def offset(self, band: str) -> float:
        """Counts to add for `band`."""
        return (self.offsets or {}).get(band, 0.0)


UNKNOWN = Calibration()


def read_calibration(documents: Iterable[Path]) -> Calibration:
    """Calibration that metadata documents of one product, or of its datastrips, tell.

    Where they contradict one another, or none can be read, nothing is known: counts stay counts.
    """
    told = [calibration for document in documents if (calibration := _read_or_none(document))]
    return told[0] if told and all(calibration == told[0] for calibration in told) else UNKNOWN


def _read_or_none(document: Path) -> Calibration | None:
    try:
        return _read(Node(parse_xml(document, ProductError), str(document)))
    except ProductError:
        return None  # the comparison of the document says so


def _read(root: Node) -> Calibration:
    section, baseline = _PRODUCT if root.name.endswith("_User_Product") else _DATASTRIP
    image = root.child(section)
    special = {
        item.text("SPECIAL_VALUE_TEXT"): item.number("SPECIAL_VALUE_INDEX")
        for item in image.all("Special_Values")
    }
    marks = special.get(NODATA), special.get(SATURATED)
    if root.name.partition("_")[0] in LEVEL_OF_ROOT_PREFIX:
        radiometry = read_radiometry(image, level_of(root), root.text(baseline))
        return Calibration(radiometry.quantification, radiometry.offsets, *marks)
    return Calibration(None, numbers_per_band(image.all(_OFFSET), "band_id"), *marks)
