"""The quality of a Level-2A tile, recomputed from its images: L2A_QUALITY.

Class percentages, shares of no data and of clouds, mean optical thickness and mean water vapour are compared
with Image_Content_QI. Images do not tell the other figures: those are the metadata's. What the processor
itself reports while it makes a product is the business of `ipf.product.l2a_quality`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ipf.errors import ProductError
from ipf.product.images import decode_image
from ipf.product.quality.general_checks import sun_angle
from ipf.product.quality.image_checks import tile_images
from ipf.product.quality.image_files import is_there
from ipf.product.quality.model import (
    Finding,
    Inspection,
    Item,
    QualityParameters,
    Run,
    passed_or_failed,
)
from ipf.product.quality_report import Report
from ipf.product.raster import Grid
from ipf.product.xml_builder import Text
from ipf.product.xml_nodes import Node

_CONTENT = "Quality_Indicators_Info/Image_Content_QI"
_CLASSES = (
    ("SATURATED_DEFECTIVE_PIXEL_PERCENTAGE",),
    ("DARK_FEATURES_PERCENTAGE", "CAST_SHADOW_PERCENTAGE"),
    ("CLOUD_SHADOW_PERCENTAGE",),
    ("VEGETATION_PERCENTAGE",),
    ("NOT_VEGETATED_PERCENTAGE",),
    ("WATER_PERCENTAGE",),
    ("UNCLASSIFIED_PERCENTAGE",),
    ("MEDIUM_PROBA_CLOUDS_PERCENTAGE",),
    ("HIGH_PROBA_CLOUDS_PERCENTAGE",),
    ("THIN_CIRRUS_PERCENTAGE",),
    ("SNOW_ICE_PERCENTAGE",),
)
"""Elements of the classes 1 to 11; class 2 changed its name with PSD 15."""
_CLOUDS = ("CLOUDY_PIXEL_PERCENTAGE", (8, 9, 10))
_NO_DATA, _NUMBER_OF_CLASSES = 0, 12
_NATIVE = 20
_COUNTS_PER_UNIT = 1000.0

_PARTS: Mapping[str, str] = {
    "SCENE_CLASS_QUALITY": "L2A_SC",
    "ATMOSPHERIC_CORRECTION_QUALITY": "L2A_AC",
    "AUX_DATA_QUALITY": "L2A_AUX",
}
"""Checklists of the Level-2A quality document and their parents."""


def l2a_quality_parts(report: Report) -> tuple[Report, ...]:
    """The checklists of a Level-2A quality document, of the one report that `INSPECTIONS` give."""
    return tuple(
        replace(
            report,
            checklist=check.identifier,
            checks=(check,),
            parent=_PARTS.get(check.identifier, report.parent),
        )
        for check in report.checks
    )


def _image(item: Item, content: str) -> tuple[Path, Grid]:
    """The image of a content at 20 m, where it is made, or the next that is there."""
    images = {key: path for key, path in tile_images(item).items() if key[0] == content and is_there(path)}
    for resolution in (_NATIVE, 10, 60):
        path = images.get((content, resolution))
        if path is not None:
            grid = item.tile_grids.get(resolution)
            if grid is None:
                raise ProductError(f"{item.document}: no Size of {resolution} m")
            return path, grid
    raise ProductError(f"{item.folder}: no image of {content}")


def _scene_classes(item: Item) -> tuple[npt.NDArray[np.int64], int]:
    """Pixels of each class, and the pixel size of the map in metres; ProductError for unknown classes."""
    path, grid = _image(item, "SCL")
    numbers = np.bincount(
        decode_image(path, grid, np.dtype(np.uint8)).reshape(-1), minlength=_NUMBER_OF_CLASSES
    )
    if numbers.size > _NUMBER_OF_CLASSES:
        raise ProductError(f"{path}: class {numbers.size - 1}, expected 0 to {_NUMBER_OF_CLASSES - 1}")
    return numbers.astype(np.int64), grid.resolution


def _classes(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the percentages of the classes are those of the map.

    No data count in all pixels, everything else in those with data. A map that is there only at 60 m is
    another sample of the ground than the one that was counted, and has a tolerance of its own.
    """
    content = item.root.child(_CONTENT)
    numbers, resolution = _scene_classes(item)
    tolerance = (
        parameters.class_percentage_tolerance
        if resolution <= _NATIVE
        else parameters.coarse_class_percentage_tolerance
    )
    found = {"NODATA_PIXEL_PERCENTAGE": _percentage(numbers[_NO_DATA], numbers.sum())}
    valid = numbers[1:].sum()
    for number, names in enumerate(_CLASSES, start=1):
        name = next((name for name in names if content.find(name) is not None), names[0])
        found[name] = _percentage(numbers[number], valid)
    name, cloudy = _CLOUDS
    found[name] = _percentage(sum(numbers[number] for number in cloudy), valid)
    values: dict[str, Text] = {name: f"{value:.6f}" for name, value in found.items()}
    for name in ("CLOUDY_PIXEL_OVER_LAND_PERCENTAGE", "DEGRADED_MSI_DATA_PERCENTAGE"):
        values[name] = f"{content.number(name):.6f}"
    return _compared(
        content, found, dict.fromkeys(found, tolerance), values, "Percentage of classified pixels"
    )


def _percentage(part: int, whole: int) -> float:
    return 100.0 * float(part) / float(whole) if whole else 0.0


def _compared(
    content: Node,
    found: Mapping[str, float],
    tolerances: Mapping[str, float],
    values: Mapping[str, Text],
    message: str,
) -> Finding:
    """Whether the metadata state what was found in the images."""
    wrong = [
        f"{name} is {content.number(name):g}, the image tells {value:.6g}"
        for name, value in found.items()
        if not abs(content.number(name) - value) <= tolerances[name]
    ]
    return passed_or_failed(not wrong, "; ".join(wrong) or message, values)


def _correction(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the means of optical thickness and water vapour are those of the maps."""
    content = item.root.child(_CONTENT)
    found = {
        "GRANULE_MEAN_AOT": _mean(item, "AOT", _COUNTS_PER_UNIT),
        "GRANULE_MEAN_WV": _mean(item, "WVP", _COUNTS_PER_UNIT),
    }
    tolerances = {
        "GRANULE_MEAN_AOT": parameters.mean_aot_tolerance,
        "GRANULE_MEAN_WV": parameters.mean_water_vapour_tolerance,
    }
    values: dict[str, Text] = {name: f"{value:.6f}" for name, value in found.items()}
    values |= {
        "AOT_RETRIEVAL_METHOD": content.text("AOT_RETRIEVAL_METHOD"),
        "OZONE_VALUE": f"{content.number('OZONE_VALUE'):.6f}",
        "AVERAGE_SOLAR_ZENITH_ANGLE": f"{sun_angle(item, 'ZENITH_ANGLE'):.6f}",
        "AOT_ABOVE_1": str(found["GRANULE_MEAN_AOT"] > parameters.high_aot),
        "GRANULE_WV_ABOVE_5_CM": str(found["GRANULE_MEAN_WV"] > parameters.high_water_vapour),
    }
    return _compared(content, found, tolerances, values, "Atmospheric correction quality values")


def _mean(item: Item, content: str, counts_per_unit: float) -> float:
    """Mean of a map over the pixels with data, 0 where there are none."""
    path, grid = _image(item, content)
    counts = decode_image(path, grid, np.dtype(np.uint16))
    present = int(np.count_nonzero(counts))
    return float(counts.sum(dtype=np.int64)) / present / counts_per_unit if present else 0.0


def _auxiliary(item: Item, parameters: QualityParameters) -> Finding:
    """Whether the source of ozone is told, and the sun is not lower than the correction is known to hold."""
    content = item.root.child(_CONTENT)
    angle, limit = sun_angle(item, "ZENITH_ANGLE"), parameters.low_sun_zenith
    source, low = content.text("OZONE_SOURCE"), not angle <= limit
    values: dict[str, Text] = {
        "OZONE_SOURCE": source,
        "SOLAR_ZENITH_ANGLE_ABOVE_70_DEG": str(low),
    }
    message = f"Sun zenith angle {angle:g} is above {limit:g} degrees" if low else "AUX related parameters"
    return passed_or_failed(not low, message, values)


def _inspections(checks: Iterable[tuple[str, Run, str]]) -> Iterable[Inspection]:
    for identifier, run, summary in checks:
        title = identifier.replace("_", " ").capitalize()
        yield Inspection(
            identifier,
            "L2A_QUALITY",
            title,
            ("tile",),
            ("L2A",),
            run,
            summary,
            on_document=False,
            needs="pixels",
        )


INSPECTIONS: tuple[Inspection, ...] = tuple(
    _inspections(
        (
            ("SCENE_CLASS_QUALITY", _classes, "percentages of classes are those of the map"),
            (
                "ATMOSPHERIC_CORRECTION_QUALITY",
                _correction,
                "mean AOT and water vapour are those of the maps",
            ),
            ("AUX_DATA_QUALITY", _auxiliary, "ozone has a source, sun is high enough for the method"),
        )
    )
)
"""The checks of L2A_QUALITY, named after the checklists of the Level-2A quality document."""
