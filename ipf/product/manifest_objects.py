"""The files of a product as a manifest names them: identifier, unit, MIME type and container of each.

Identifiers follow those of official manifests of Level-1C and Level-2A.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from ipf.product.bands import BANDS, BY_NAME

MANIFEST_NAME = "manifest.safe"

_XML, _TEXT_XML, _BINARY = "application/xml", "text/xml", "application/octet-stream"
QUALITY_TEXT, IMAGES_TEXT, AUXILIARY_TEXT = (
    "Quality Control Container",
    "Image Data container",
    "Auxiliary Container",
)
_MASK_NAMES = {
    "CLASSI": "ClassiPixelsMask",
    "CLDPRB": "CloudPrbMask",
    "SNWPRB": "SnowPrbMask",
    "DETFOO": "DetectorFootprintMask",
    "QUALIT": "QualitPixelsMask",
    "CLOUDS": "FineCloudMask",
    "DEFECT": "DefectivePixelsMask",
    "NODATA": "NodataPixelsMask",
    "SATURA": "SaturatedPixelsMask",
    "TECQUA": "TechQualityMask",
}
_MASK_FILE = re.compile(r"MSK_([A-Z]{6})_(B(?:0[0-9]|1[0-2]|8A)|[26]0m)\.(?:jp2|gml)")
_AUXILIARY_NAMES = {"AUX_ECMWFT": "ECMWF", "AUX_CAMSFO": "CAMS", "AUX_CAMSRE": "CAMS"}


@dataclass(frozen=True, slots=True)
class DataObject:
    """A file of the product: path relative to it, identifiers of its object and its unit, MIME type, text of
    the unit, and the container it stands in (``DATASTRIP/QI_DATA``; empty for the product's own).
    """

    path: str
    identifier: str
    unit: str
    mime_type: str
    text_info: str | None
    container: str


def data_objects(paths: Iterable[str], level: str) -> list[DataObject]:
    """The data objects of a product with these files, in the order of official manifests.

    Paths are relative to the product, with ``/``; `level` is ``Level-1C`` or ``Level-2A``. Files that
    manifests do not list are left out; any other that is not part of such a product raises ValueError.
    """
    objects = (_data_object(path, level) for path in paths)
    return sorted((item for item in objects if item is not None), key=_order)


def _order(item: DataObject) -> tuple[bool, bool, str]:
    return "/" in item.path, item.path == "INSPIRE.xml", item.path


def _data_object(path: str, level: str) -> DataObject | None:
    parts = PurePosixPath(path).parts
    name = parts[-1]
    if path == MANIFEST_NAME or parts[0] == "rep_info" or (len(parts) == 1 and name.endswith("-ql.jpg")):
        return None
    if re.fullmatch(r"MTD_MSIL(1C|2A)\.xml", path):
        identifier, unit = f"S2_{level}_Product_Metadata", f"Product_Metadata_{level}"
        return DataObject(path, identifier, unit, _TEXT_XML, None, "")
    if path == "INSPIRE.xml":
        return DataObject(path, "INSPIRE_Metadata", "INSPIRE_Metadata_Unit", _TEXT_XML, None, "")
    part_of = _datastrip_object if parts[0] == "DATASTRIP" else _granule_object
    found = part_of(path, parts, level)
    if found is None:
        raise ValueError(f"{path}: not a file of a Level-1C or Level-2A product")
    return found


def _datastrip_object(path: str, parts: tuple[str, ...], level: str) -> DataObject | None:
    if len(parts) == 3 and parts[2] == "MTD_DS.xml":
        identifier = f"S2_{level}_Datastrip1_Metadata"
        return DataObject(path, identifier, f"{identifier}_Unit", _XML, None, "DATASTRIP")
    if len(parts) == 4 and parts[2] == "QI_DATA":
        return _report_object(path, parts[3], "Datastrip1", "DATASTRIP/QI_DATA")
    return None


def _report_object(path: str, name: str, owner: str, container: str) -> DataObject | None:
    report = re.fullmatch(r"([A-Z]+)_(?:QUALITY|CORRECTNESS)\.xml", name)
    if name == "L2A_QUALITY.xml":
        subject = "L2A_QUALITY"
    elif report:
        subject = report[1].capitalize()
    else:
        return None
    identifier = f"{subject}_OLQC_Report_{owner}_Information"
    return DataObject(path, f"{identifier}Data", f"{identifier}Unit", _XML, QUALITY_TEXT, container)


def _granule_object(path: str, parts: tuple[str, ...], level: str) -> DataObject | None:
    name = parts[-1]
    if parts[0] != "GRANULE" or len(parts) < 3:
        return None
    if len(parts) == 3 and name == "MTD_TL.xml":
        identifier = f"S2_{level}_Tile1_Metadata"
        return DataObject(path, identifier, f"{identifier}_Unit", _XML, None, "GRANULE")
    folder = parts[2]
    if folder == "AUX_DATA" and name in _AUXILIARY_NAMES:
        return _tile_object(path, f"{_AUXILIARY_NAMES[name]}_Tile1", AUXILIARY_TEXT, "GRANULE/AUX_DATA")
    if folder == "IMG_DATA" and name.endswith(".jp2"):
        return _tile_object(
            path, f"IMG_DATA_Band_{_image_suffix(name)}_Tile1", IMAGES_TEXT, "GRANULE/IMG_DATA"
        )
    if folder == "QI_DATA":
        if name.endswith("_PVI.jp2"):
            return _tile_object(path, "Preview_0_Tile1", QUALITY_TEXT, "GRANULE/QI_DATA")
        mask = _MASK_FILE.fullmatch(name)
        if mask and mask[1] in _MASK_NAMES:
            identifier = _mask_identifier(_MASK_NAMES[mask[1]], mask[2])
            return _tile_object(path, f"{identifier}_Tile1", QUALITY_TEXT, "GRANULE/QI_DATA")
        return _report_object(path, name, "Tile1", "GRANULE/QI_DATA")
    return None


def _tile_object(path: str, identifier: str, text_info: str, container: str) -> DataObject:
    mime_type = _XML if path.endswith(".gml") else _BINARY
    return DataObject(path, f"{identifier}_Data", f"{identifier}_Unit", mime_type, text_info, container)


def _image_suffix(name: str) -> str:
    """Number of a Level-1C band, ``10m_1``; what a Level-2A image holds, ``B02_10m``."""
    words = name.removesuffix(".jp2").split("_")[2:]
    return _numbered(words[0]) if len(words) == 1 and words[0] in BY_NAME else "_".join(words)


def _numbered(band: str) -> str:
    """Pixel size of a band and its number among the bands of that size, from 1."""
    resolution = BY_NAME[band].resolution
    same_size = [other.name for other in BANDS if other.resolution == resolution]
    return f"{resolution}m_{same_size.index(band) + 1}"


def _mask_identifier(mask: str, what: str) -> str:
    """``DetectorFootprintMask_Band_20m_1_4`` for B05: the last number counts the bands by name, from none."""
    if mask == _MASK_NAMES["CLOUDS"] or what == "20m":
        return mask
    if what == "60m":
        return f"{mask}_1"
    if what == "B00":
        return f"{mask}_Band_00m_0"
    position = sorted(BY_NAME).index(what)
    return f"{mask}_Band_{_numbered(what)}" + (f"_{position}" if position else "")
