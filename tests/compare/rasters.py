"""Rasters made for tests of their comparison, and the figures of two of them computed in one piece."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from osgeo import gdal, gdal_array

from ipf.compare.content import Nature, RasterPart
from ipf.compare.figures import PERCENTILES, RasterFigures
from ipf.compare.pixels import Pixels
from ipf.product.jpeg2000 import ImageKind, encode_jpeg2000
from ipf.product.raster import Grid

Image = npt.NDArray[Any]


def part(path: Path | None = None, nature: Nature = Nature.CONTINUOUS, **more: Any) -> RasterPart:
    """A part of reflectance; components are those of the nature unless given."""
    more = {"quantity": "reflectance"} | more
    if nature is Nature.PICTURE:
        more = {"components": (0, 1, 2)} | more
    return RasterPart("B04 10 m", path or Path("nowhere"), nature, **more)


def pixels(image: Image) -> Pixels:
    """An image in memory."""
    shape = image.shape[-2], image.shape[-1]
    return Pixels(shape, image.dtype, lambda window: image[(..., *window.slices)])


def write_tiff(path: Path, image: Image) -> Path:
    """(rows, columns), or (components, rows, columns)."""
    planes = image.reshape(-1, *image.shape[-2:])
    kind = gdal_array.NumericTypeCodeToGDALTypeCode(image.dtype.type)
    options = ["COMPRESS=DEFLATE", "TILED=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"]
    rows, columns = planes.shape[1:]
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, len(planes), kind, options)
    dataset.SetGeoTransform((600000, 10, 0, 5900040, 0, -10))
    dataset.WriteArray(planes if len(planes) > 1 else planes[0])
    dataset.FlushCache()
    return path


def write_jp2(path: Path, image: Image, kind: ImageKind = ImageKind.BAND) -> Path:
    rows, columns = image.shape[-2:]
    grid = Grid(32632, 600000.0, 5900040.0, 10, rows, columns)
    encode_jpeg2000(path, image, grid, kind)
    return path


def ground(shape: tuple[int, int], seed: int = 1) -> npt.NDArray[np.uint16]:
    """Counts of a band: patches with texture."""
    random = np.random.default_rng(seed)
    coarse = random.normal(0, 400, (-(-shape[0] // 8), -(-shape[1] // 8)))
    smooth = np.kron(coarse, np.ones((8, 8)))[: shape[0], : shape[1]]
    return np.asarray(np.clip(3000 + smooth + random.normal(0, 120, shape), 1, 60000).astype(np.uint16))


def physical(image: Image, side: RasterPart) -> npt.NDArray[np.float64]:
    """Values, NaN where there are none."""
    values = (image.astype(np.float64) + side.offset) * side.scale
    missing = ~np.isfinite(image)
    if side.nodata is not None:
        missing |= image == side.nodata
    return np.where(missing, np.nan, values)


def expected(
    reference: tuple[RasterPart, Image],
    candidate: tuple[RasterPart, Image],
    absolute: float,
    relative: float,
    classes: Image | None = None,
) -> dict[str, Any]:
    """Figures of two images, as numpy computes them in one piece; `classes` has the images' shape."""
    one, two = physical(reference[1], reference[0]), physical(candidate[1], candidate[0])
    data = ~np.isnan(one), ~np.isnan(two)
    full = [
        (np.zeros(one.shape, bool) if side.saturated is None else image == side.saturated)
        for side, image in (reference, candidate)
    ]
    both = data[0] & data[1]
    used = both & ~full[0] & ~full[1]
    difference = np.where(used, two - one, np.nan)
    # What conversions of counts round is no difference.
    difference[np.abs(difference) < 1e-15 * np.abs(np.where(used, one, 0))] = 0
    outside = used & (np.abs(difference) > absolute + relative * np.abs(one) + 1e-13)

    def group(chosen: Image) -> dict[str, float]:
        values = difference[chosen]
        return {
            "pixels": values.size,
            "accuracy": values.mean(),
            "precision": values.std(ddof=1) if values.size > 1 else np.nan,
            "uncertainty": np.sqrt((values**2).mean()),
            "maximum": np.abs(values).max(),
            "outside": outside[chosen].sum(),
        }

    values = difference[used]
    slope, intercept = np.polynomial.polynomial.polyfit(one[used], two[used], 1)[::-1]
    return {
        "all": group(used),
        "differing": np.count_nonzero(values),
        "percentiles": dict(zip(PERCENTILES, np.percentile(values, PERCENTILES), strict=True)),
        "mean_reference": one[used].mean(),
        "mean_candidate": two[used].mean(),
        "correlation": np.corrcoef(one[used], two[used])[0, 1],
        "slope": slope,
        "intercept": intercept,
        "no_data_lost": (~data[0] & data[1]).sum(),
        "no_data_gained": (data[0] & ~data[1]).sum(),
        "saturation_lost": (both & full[0] & ~full[1]).sum(),
        "saturation_gained": (both & ~full[0] & full[1]).sum(),
        "difference": difference,
        "images": (one, two),
        "classes": {}
        if classes is None
        else {int(v): group(used & (classes == v)) for v in np.unique(classes[used])},
    }


def flat(figures: Any) -> list[bytes]:
    """All numbers of figures, bit for bit."""
    if is_dataclass(figures):
        return [item for entry in fields(figures) for item in flat(getattr(figures, entry.name))]
    if isinstance(figures, Mapping):
        return [item for pair in figures.items() for entry in pair for item in flat(entry)]
    if isinstance(figures, tuple):
        return [item for entry in figures for item in flat(entry)]
    if isinstance(figures, np.ndarray):
        return [figures.tobytes()]
    if isinstance(figures, float):
        return [np.float64(figures).tobytes()]
    return [repr(figures).encode()]


def agree(found: RasterFigures, wanted: dict[str, Any], rounding: float = 1e-9) -> None:
    """Assert that figures are those of one piece; `rounding` is relative to the largest value."""

    def near(one: float, two: float) -> None:
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=rounding)

    for name in ("differing", "no_data_lost", "no_data_gained", "saturation_lost", "saturation_gained"):
        assert getattr(found, name) == wanted[name], name
    for name in ("mean_reference", "mean_candidate", "correlation", "slope", "intercept"):
        near(getattr(found, name), wanted[name])
    assert dict(found.percentiles).keys() == wanted["percentiles"].keys()
    for percentile, value in found.percentiles.items():
        near(value, wanted["percentiles"][percentile])
    groups = [(found.all, wanted["all"])]
    assert found.classes.keys() == wanted["classes"].keys()
    groups += [(found.classes[value], wanted["classes"][value]) for value in found.classes]
    for figures, numbers in groups:
        assert figures.pixels == numbers["pixels"]
        assert figures.outside == numbers["outside"]
        for name in ("accuracy", "precision", "uncertainty", "maximum"):
            near(getattr(figures, name), numbers[name])
    magnitude = np.nan_to_num(np.abs(wanted["difference"]))
    if magnitude.max() > 0:
        assert found.maximum_at is not None
        near(magnitude.reshape(-1, *magnitude.shape[-2:]).max(axis=0)[found.maximum_at], magnitude.max())
    else:
        assert found.maximum_at is None
