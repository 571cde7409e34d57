"""GeoTIFFs with everything that one may hold, to be damaged in tests, and the comparison of two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from osgeo import gdal, osr

from ipf.compare.comparison import compare
from ipf.compare.results import Comparison
from ipf.compare.tolerance_files import load_tolerances
from tests.compare.rasters import ground

SHAPE = (96, 128)
COUNTS = ground(SHAPE)

Damage = Callable[[gdal.Dataset], object]


@contextmanager
def masks_inside() -> Iterator[None]:
    """Masks are written into the TIFF instead of a file beside it."""
    gdal.SetThreadLocalConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES")
    try:
        yield
    finally:
        gdal.SetThreadLocalConfigOption("GDAL_TIFF_INTERNAL_MASK", None)


def write_rich(path: Path) -> Path:
    """Two components, an overview of each, a mask of all, control points, polynomials, metadata."""
    driver = gdal.GetDriverByName("GTiff")
    rows, columns = SHAPE
    with masks_inside():
        dataset = driver.Create(
            str(path), columns, rows, 2, gdal.GDT_UInt16, ["TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"]
        )
        dataset.SetMetadata(
            {"TIFFTAG_SOFTWARE": "one", "TIFFTAG_DATETIME": "2022:10:05 11:54:07", "MISSION": "Sentinel-2"}
        )
        dataset.SetMetadata(
            dict.fromkeys(RPC, "1") | dict.fromkeys(COEFFICIENTS, " ".join(["1"] * 20)), "RPC"
        )
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(4326)
        dataset.SetGCPs([gdal.GCP(x + 0.5, x, 0, 10 * x, x) for x in range(4)], reference)
        for number in (1, 2):
            band = dataset.GetRasterBand(number)
            band.SetDescription(f"band {number}")
            band.SetMetadataItem("WAVELENGTH", "665")
            band.SetMetadataItem("STATISTICS_MEAN", "3000")
            band.WriteArray(COUNTS + number)
        dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
        valid = np.full(SHAPE, 255, np.uint8)
        valid[:10, :10] = 0
        dataset.GetRasterBand(1).GetMaskBand().WriteArray(valid)
        dataset.FlushCache()
        del band, dataset
        dataset = gdal.Open(str(path), gdal.GA_Update)
        dataset.BuildOverviews("NEAREST", [2])
        del dataset
    return path


RPC = (
    *("ERR_BIAS", "ERR_RAND", "LINE_OFF", "SAMP_OFF", "LAT_OFF", "LONG_OFF", "HEIGHT_OFF", "LINE_SCALE"),
    *("SAMP_SCALE", "LAT_SCALE", "LONG_SCALE", "HEIGHT_SCALE"),
)
COEFFICIENTS = tuple(f"{name}_COEFF" for name in ("LINE_NUM", "LINE_DEN", "SAMP_NUM", "SAMP_DEN"))


def edit(path: Path, damage: Damage) -> None:
    dataset = gdal.Open(str(path), gdal.GA_Update)
    damage(dataset)
    dataset.FlushCache()
    del dataset


def compared(reference: Path, candidate: Path, profile: str = "identical") -> Comparison:
    return compare(reference, candidate, load_tolerances(profile))


def failures(result: Comparison) -> dict[tuple[str, str], str]:
    """Messages of what failed, by check and item."""
    return {(check.name.value, check.item): check.message for check in result.failures}
