"""Inputs of tasks on the acquisition over Madeira, with one thing wrong each, and how that must be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from lxml import etree
from osgeo import gdal, osr

Inputs = Mapping[str, Sequence[Path]]


@dataclass(frozen=True)
class BadInput:
    """How inputs are made bad in a folder, of reference data; the exit code, and a part of the message."""

    change: Callable[[Inputs, Path, Path], Inputs]
    code: int
    message: str


def without_samples(name: str, inputs: Inputs, folder: Path) -> Inputs:
    """A datastrip that lacks 8 seconds of samples in the middle of sensing."""
    (source,) = (path for path in inputs["PDI_DS"][0].rglob("*.xml") if "_DS_" in path.name)
    tree = etree.parse(source)
    start = datetime.fromisoformat(tree.findtext(".//{*}DATASTRIP_SENSING_START").rstrip("Z"))
    middle = start + timedelta(seconds=18 + 10)
    gone = 0
    for sample in list(tree.iter(name)):
        time = sample.findtext("GPS_TIME")
        if time and abs((datetime.fromisoformat(time) - middle).total_seconds()) < 4.0:
            sample.getparent().remove(sample)
            gone += 1
    assert gone > 6
    target = folder / "damaged" / source.parent.name / source.name
    target.parent.mkdir(parents=True)
    tree.write(target)
    return {**inputs, "PDI_DS": [folder / "damaged"]}


def with_a_hole(inputs: Inputs, folder: Path) -> Inputs:
    """An elevation model around Madeira, which lacks all but its margin."""
    heights = np.full((81, 81), -9999.0, np.float32)
    heights[:4], heights[-4:], heights[:, :4], heights[:, -4:] = 10.0, 10.0, 10.0, 10.0
    (folder / "dem").mkdir()
    path = folder / "dem" / "hole.tif"
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 81, 81, 1, gdal.GDT_Float32)
    dataset.SetGeoTransform((-21.05, 0.1, 0.0, 37.05, 0.0, -0.1))
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    dataset.SetProjection(reference.ExportToWkt())
    dataset.GetRasterBand(1).SetNoDataValue(-9999.0)
    dataset.GetRasterBand(1).WriteArray(heights)
    return {**inputs, "DEM_SRTM": [path.parent]}


def of_sentinel_2b(kind: str, inputs: Inputs, data: Path) -> Inputs:
    """Parameter files of another satellite."""
    return {**inputs, f"GIP_{kind}": sorted((data / "gipp" / "S2B" / f"GIP_{kind}").iterdir())}


def out_of_date(inputs: Inputs, data: Path) -> Inputs:
    """A bulletin of two years later."""
    return {**inputs, "IERS": sorted((data / "gipp" / "S2B_datation_iers").glob("*UT1UTC*"))}


BAD_INPUTS = {
    "gap in ephemeris": BadInput(
        lambda inputs, folder, data: without_samples("GPS_Point", inputs, folder),
        165,
        ".xml: ephemeris (GPS points): none from GPS 2020-08-16T12:02:44.000 to GPS 2020-08-16T12:02:53.000",
    ),
    "gap in quaternions": BadInput(
        lambda inputs, folder, data: without_samples("Values", inputs, folder),
        165,
        ".xml: attitudes (quaternions): none from GPS 2020-08-16T12:02:44.400",
    ),
    "IERS out of date": BadInput(
        lambda inputs, folder, data: out_of_date(inputs, data),
        166,
        "IERS bulletin out of date: MJD 59670 to 60041, expected that of the acquisition",
    ),
    "hole in the DEM": BadInput(
        lambda inputs, folder, data: with_a_hole(inputs, folder),
        166,
        "dem: no elevation at ",
    ),
    "VIEDIR of S2B": BadInput(
        lambda inputs, folder, data: of_sentinel_2b("VIEDIR", inputs, data),
        166,
        "no GIP_VIEDIR of S2A for B01 valid at 2020-08-16T12:02:20.458Z: wrong satellite: S2B_OPER_GIP",
    ),
    "SPAMOD of S2B": BadInput(
        lambda inputs, folder, data: of_sentinel_2b("SPAMOD", inputs, data),
        166,
        "no GIP_SPAMOD of S2A valid at 2020-08-16T12:02:20.458Z: wrong satellite: S2B_OPER_GIP",
    ),
}
