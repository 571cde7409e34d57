"""Level-2A against the truth: how far the retrieved surface reflectance is from that of the scene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator import confusion
from ipf_plugins.simulator.confusion import Confusion, confusion_of
from ipf_plugins.simulator.spectra import Cover
from ipf_plugins.simulator.truth import Truth, read_truth

from ipf.errors import ProductError
from ipf.product.bands import BAND_NAMES
from ipf.product.raster import Grid, Raster, Window
from ipf.product.reader import SafeProduct, open_product

RELATIVE_TOLERANCE = 0.05
ABSOLUTE_TOLERANCE = 0.005
"""Accuracy wanted of surface reflectance, 0.05 rho + 0.005 (Sentinel-2 data quality reports, Level-2A)."""

STRIPE_ROWS = 600

Mask = npt.NDArray[np.bool_]

_CLASSES_WANTED: dict[int, tuple[int, ...]] = {
    Cover.CLEAR_WATER: (6,),
    Cover.TURBID_WATER: (6,),
    Cover.SAND: (5,),
    Cover.GREEN_CROP: (4,),
    Cover.GRASS: (4,),
    Cover.STUBBLE: (5,),
    Cover.DRY_SOIL: (5,),
    Cover.MOIST_SOIL: (5,),
    Cover.BROADLEAF_FOREST: (4,),
    Cover.CONIFER_FOREST: (4,),
    Cover.ROOF: (5,),
    Cover.ASPHALT: (5,),
    Cover.ROCK: (5,),
    Cover.SNOW: (11,),
}
"""Values of the scene classification that are right for a cover under a clear sky."""


@dataclass(frozen=True, slots=True)
class BandFigures:
    """One band over the pixels under a clear sky: retrieved minus true reflectance.

    `within` is the share of pixels within ``0.05 rho + 0.005``; `worst` the largest absolute difference.
    """

    band: str
    resolution: int
    pixels: int
    bias: float
    rmse: float
    worst: float
    within: float


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One land cover under a clear sky at 20 m: its pixels, and the share classified as it should be."""

    cover: str
    pixels: int
    right: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All figures. The means of AOT and water vapour (cm) are those of the product and of the truth."""

    product: Path
    truth: Path
    bands: tuple[BandFigures, ...]
    classes: tuple[ClassFigures, ...]
    aot: tuple[float, float]
    water_vapour: tuple[float, float]
    confusion: Confusion


def compare(product: Path, truth: Path) -> Comparison:
    """Compare a Level-2A product with the truth of its scene.

    Raises `ProductError` when either cannot be read, or the product is not of that scene.
    """
    retrieved, known = open_product(product), read_truth(truth)
    if retrieved.level != "L2A" or retrieved.grid != known.layer("cover").grid:
        raise ProductError(f"{product}: no Level-2A product of the scene of {truth}")
    bands = tuple(
        band_figures(band, retrieved.bands[f"boa_reflectance/{band}"], known)
        for band in BAND_NAMES
        if f"boa_reflectance/{band}" in retrieved.bands
    )
    return Comparison(
        product=product,
        truth=truth,
        bands=bands,
        classes=class_figures(retrieved, known),
        aot=_means(retrieved, known, "aerosol_optical_thickness", "aot"),
        water_vapour=_means(retrieved, known, "water_vapour", "water_vapour"),
        confusion=confusion_of(product, truth),
    )


def band_figures(band: str, retrieved: Raster, truth: Truth) -> BandFigures:
    """Figures of one band."""
    expected = truth.reflectance(band)
    if expected.grid != retrieved.grid:
        raise ProductError(f"{retrieved.source}: another grid than {truth.folder}, band {band}")
    clear = clear_sky(truth, retrieved.grid.resolution)
    clear &= truth.saturation(band).read_all() == 0
    pixels = within = 0
    total = squares = worst = 0.0
    for window in _stripes(retrieved.grid):
        known = expected.read_physical(window).astype(np.float64)
        difference = retrieved.read_physical(window) - known
        chosen = clear[window.slices] & np.isfinite(difference)
        difference, known = difference[chosen], known[chosen]
        magnitude = np.abs(difference)
        pixels += difference.size
        total += float(difference.sum())
        squares += float((difference**2).sum())
        worst = max(worst, float(magnitude.max(initial=0.0)))
        within += int((magnitude <= RELATIVE_TOLERANCE * known + ABSOLUTE_TOLERANCE).sum())
    retrieved.release()
    count = pixels or float("nan")
    return BandFigures(
        band=band,
        resolution=retrieved.grid.resolution,
        pixels=pixels,
        bias=total / count,
        rmse=float(np.sqrt(squares / count)),
        worst=worst,
        within=within / count,
    )


def _stripes(grid: Grid) -> Iterator[Window]:
    """Windows of some rows over the whole width, so that a full tile is compared in little memory."""
    for row in range(0, grid.rows, STRIPE_ROWS):
        yield Window(row, 0, min(STRIPE_ROWS, grid.rows - row), grid.columns)


def clear_sky(truth: Truth, resolution: int) -> Mask:
    """Pixels of one size without cloud, cirrus or shadow in any part of them."""
    layers = [truth.layer(name) for name in ("cloud", "cirrus", "shadow")]
    native = layers[0].grid.resolution
    blocked = np.zeros(layers[0].grid.shape, np.bool_)
    for layer in layers:
        blocked |= layer.read_all() > 0
    if resolution < native:
        factor = native // resolution
        return ~blocked.repeat(factor, axis=0).repeat(factor, axis=1)
    factor = resolution // native
    rows, columns = blocked.shape[0] // factor, blocked.shape[1] // factor
    return np.asarray(~blocked.reshape(rows, factor, columns, factor).any(axis=(1, 3)))


def class_figures(retrieved: SafeProduct, truth: Truth) -> tuple[ClassFigures, ...]:
    """Share of each cover's pure pixels of 20 m that the scene classification calls by a right name."""
    classification = retrieved.bands["scene_classification"].read_all()
    cover = truth.layer("cover").read_all()
    rows, columns = classification.shape
    cells = cover.reshape(rows, 2, columns, 2).transpose(0, 2, 1, 3).reshape(rows, columns, 4)
    pure = (cells == cells[..., :1]).all(axis=-1) & clear_sky(truth, 20)
    figures = []
    for kind in Cover:
        chosen = pure & (cells[..., 0] == kind)
        count = int(chosen.sum())
        if count:
            right = np.isin(classification[chosen], _CLASSES_WANTED[kind])
            figures.append(ClassFigures(kind.name.lower().replace("_", " "), count, float(right.mean())))
    return tuple(figures)


def _means(retrieved: SafeProduct, truth: Truth, layer: str, true_layer: str) -> tuple[float, float]:
    found, expected = retrieved.bands[layer], truth.layer(true_layer)
    return (
        float(np.nanmean(found.read_physical(found.grid.whole))),
        float(np.nanmean(expected.read_physical(expected.grid.whole))),
    )


def table(comparison: Comparison) -> str:
    """The figures as text of fixed width."""
    lines = [f"{'band':<5}{'pixels':>10}{'bias':>10}{'RMSE':>10}{'worst':>10}{'within 0.05 rho + 0.005':>26}"]
    lines += [
        f"{band.band:<5}{band.pixels:>10}{band.bias:>+10.4f}{band.rmse:>10.4f}{band.worst:>10.4f}"
        f"{100 * band.within:>24.2f} %"
        for band in comparison.bands
    ]
    lines.append(f"aerosol optical thickness: {comparison.aot[0]:.3f}, truth {comparison.aot[1]:.3f}")
    lines.append(
        f"water vapour: {comparison.water_vapour[0]:.2f} cm, truth {comparison.water_vapour[1]:.2f} cm"
    )
    return "\n".join([*lines, "scene classification, 20 m:", confusion.table(comparison.confusion)])
