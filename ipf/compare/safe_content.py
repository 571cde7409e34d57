"""Files of products and their parts: keys and meaning by what PSD calls them, compact and long.

``T32TQR/B02 10 m``, ``T32TQR/MSK_QUALIT_B02``, ``T32TQR/metadata``, ``datastrip/report GENERAL_QUALITY``,
``D03 12:02:26/B04``, ``product/metadata``, ``manifest``. Files of no such name have their path within the
place, without what depends on the run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ipf.compare.calibration import Calibration
from ipf.compare.content import Nature, RasterPart
from ipf.compare.naming import normalised
from ipf.compare.places import Place, is_metadata
from ipf.product.bands import BY_NAME
from ipf.product.masks import CLOUD_FLAGS, QUALITY_FLAGS
from ipf.product.reader import NODATA_COUNT, SATURATED_COUNT
from ipf.product.tile_rasters import SCENE_CLASSES

PRODUCT_DOCUMENT = re.compile(
    r"MTD_MSI(?P<compact>L0|L1A|L1B|L1C|L2A)\.xml"
    r"|S2[A-D]_[A-Z0-9]{4}_MTD_SAF(?P<long>L0_|L1A|L1B|L1C|L2A)_\w+\.xml",
    re.ASCII,
)
IMAGE_SUFFIXES = frozenset({".jp2", ".tif", ".tiff"})
SCENE_CLASSIFICATION = ("SCL 20 m", "SCL 60 m")
"""Class maps by which statistics are split, the preferred one first."""

_MANIFEST, _INSPIRE = "manifest.safe", "INSPIRE.xml"
_REPORT = re.compile(
    r"(?:.*_)?(?P<checklist>(?:GENERAL|GEOMETRIC|RADIOMETRIC|SENSOR|L2A)_QUALITY|FORMAT_CORRECTNESS)"
    r"(?:_report)?\.xml",
    re.ASCII,
)
_BAND = r"B(?:0[1-9]|1[0-2]|8A)"
_IMAGE = re.compile(
    rf"(?:L2A_)?(?:T[0-9A-Z]{{5}}_\d{{8}}T\d{{6}}|S2[A-D_]_[A-Z0-9]{{4}}_(?:MSI|PVI)_\w+)"
    rf"_(?P<content>{_BAND}|TCI|AOT|WVP|SCL|PVI)(?:_(?P<resolution>[126]0)m)?",
    re.ASCII,
)
_MASK = re.compile(
    rf"(?:S2[A-D_]_[A-Z0-9]{{4}}_)?(?P<kind>MSK_[A-Z]{{6}})(?:_[A-Z0-9_]*?)??"
    rf"(?:_(?P<band>{_BAND}|B00))?(?:_(?P<resolution>[126]0)m)?(?:_MSIL\w\w)?",
    re.ASCII,
)
_AUXILIARY = re.compile(r"(?:S2[A-D_]_[A-Z0-9]{4}_)?(?P<kind>AUX_[A-Z0-9]{6})(?:_\w+)?(?P<extension>\.\w+)?")
_MAP_RESOLUTION = {band.name: band.resolution for band in BY_NAME.values()} | {"TCI": 10}
_DETECTORS = range(1, 13)
_FOLDERS = frozenset({"IMG_DATA", "QI_DATA", "AUX_DATA"})
_PROBABILITIES = ("MSK_CLDPRB", "MSK_SNWPRB")


@dataclass(frozen=True, slots=True)
class ImageName:
    """What an image holds (``B02``, ``MSK_QUALIT``), its band and pixel size in metres where told."""

    content: str
    band: str | None
    resolution: int | None

    @property
    def key(self) -> str:
        """What the image is called within its place."""
        band = f"_{self.band}" if self.band and self.content.startswith("MSK_") else ""
        return self.content + band + (f" {self.resolution} m" if self.resolution else "")


def product_level(name: str) -> str | None:
    """Level (``L2A``) of the product whose metadata document is called `name`; None for other names."""
    match = PRODUCT_DOCUMENT.fullmatch(name)
    return None if match is None else (match["compact"] or match["long"]).rstrip("_")


def image_in_place(relative: Path, place: Place) -> ImageName | None:
    """What the image or mask at `relative` in the folder of `place` holds, None where its name does not tell.

    Where the name of a tile's image does not tell its pixel size it is that of the band.
    """
    if place.kind == "datastrip" or (len(relative.parts) > 1 and relative.parts[0] not in _FOLDERS):
        return None
    stem, suffix = relative.stem, relative.suffix.lower()
    mask = _MASK.fullmatch(stem) if suffix in IMAGE_SUFFIXES | {".gml"} else None
    if mask is not None:
        return ImageName(mask["kind"], mask["band"], int(mask["resolution"] or 0) or None)
    image = _IMAGE.fullmatch(stem) if suffix in IMAGE_SUFFIXES else None
    if image is None:
        return None
    content = image["content"]
    resolution = int(image["resolution"] or 0)
    if place.kind == "tile":
        resolution = resolution or _MAP_RESOLUTION.get(content, 0)
    return ImageName(content, content if content in BY_NAME else None, resolution or None)


def key_in_place(path: Path, place: Place) -> str:
    """Key of a file below the folder of `place`."""
    relative = path.relative_to(place.folder)
    return f"{place.key}/{_name_in_place(relative, place)}"


def _name_in_place(relative: Path, place: Place) -> str:
    name = relative.name
    if len(relative.parts) > 1 and relative.parts[0] not in _FOLDERS:
        return normalised(relative.as_posix())
    if len(relative.parts) == 1 and is_metadata(name):
        return "metadata"
    if relative.as_posix() == _MANIFEST:
        return "manifest"
    report = _REPORT.fullmatch(name)
    if report is not None:
        return f"report {report['checklist']}"
    image = image_in_place(relative, place)
    if image is not None:
        return image.key
    auxiliary = _AUXILIARY.fullmatch(name)
    if auxiliary is not None:
        return auxiliary["kind"] + (auxiliary["extension"] or "")
    return normalised(relative.as_posix())


def key_in_product(relative: Path) -> str:
    """Key of a file of a product that belongs to no place, from its path in the product."""
    text = relative.as_posix()
    if len(relative.parts) == 1:
        if product_level(relative.name):
            return "product/metadata"
        text = {_MANIFEST: "manifest", _INSPIRE: "INSPIRE"}.get(text, text)
    return normalised(text)


def image_part(key: str, path: Path, image: ImageName, place: Place, calibration: Calibration) -> RasterPart:
    """The part that an image of `place` is."""
    content = image.content
    if content in _FIXED:
        nature, quantity, unit, components, names = _FIXED[content]
        return RasterPart(key, path, nature, quantity, unit, tuple(range(components)), names=names)
    if content.startswith("MSK_"):
        return RasterPart(key, path, Nature.CONTINUOUS, "other")
    if place.kind != "tile":
        return RasterPart(
            key,
            path,
            Nature.CONTINUOUS,
            "counts",
            "count",
            offset=calibration.offset(content),
            nodata=calibration.nodata,
            saturated=calibration.saturated,
        )
    return _map_part(key, path, content, calibration)


def _map_part(key: str, path: Path, content: str, calibration: Calibration) -> RasterPart:
    """A band, the aerosol or the water vapour of a tile; special values are the same in all products."""
    marks: tuple[float, float] = (
        NODATA_COUNT if calibration.nodata is None else calibration.nodata,
        SATURATED_COUNT if calibration.saturated is None else calibration.saturated,
    )
    scales = calibration.quantification
    quantity, unit, per_unit = "counts", "count", None
    if scales is not None and content == "AOT":
        quantity, unit, per_unit = "aerosol_optical_thickness", "1", scales.aot
    elif scales is not None and content == "WVP":
        quantity, unit, per_unit = "water_vapour", "cm", scales.water_vapour
    elif scales is not None:
        quantity, unit, per_unit = "reflectance", "1", scales.reflectance
    if per_unit is None:
        quantity, unit, per_unit = "counts", "count", 1.0
    is_band = content in BY_NAME
    return RasterPart(
        key,
        path,
        Nature.CONTINUOUS,
        quantity,
        unit,
        scale=1.0 / per_unit,
        offset=calibration.offset(content),
        nodata=marks[0],
        saturated=marks[1] if is_band else None,
    )


_Fixed = tuple[Nature, str, str, int, Mapping[int, str]]


def _flags(names: tuple[str, ...]) -> _Fixed:
    return Nature.MASK, "quality", "flags", len(names), dict(enumerate(names))


_FIXED: Mapping[str, _Fixed] = {
    "TCI": (Nature.PICTURE, "picture", "count", 3, {}),
    "PVI": (Nature.PICTURE, "picture", "count", 3, {}),
    "SCL": (Nature.CLASSES, "scene_classification", "class", 1, dict(enumerate(SCENE_CLASSES))),
    "MSK_DETFOO": (
        Nature.CLASSES,
        "detector_footprint",
        "class",
        1,
        {0: "outside"} | {detector: f"detector {detector}" for detector in _DETECTORS},
    ),
    "MSK_QUALIT": _flags(QUALITY_FLAGS),
    "MSK_CLASSI": _flags(CLOUD_FLAGS),
    **{kind: (Nature.CONTINUOUS, "probability", "%", 1, {}) for kind in _PROBABILITIES},
}
"""Contents whose form PSD fixes: nature, quantity, unit, components, names of classes or bits."""
