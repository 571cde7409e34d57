"""Comparisons made by hand: `full` as two products of Level-2A give it, for the page that shows it, and
`full_comparison` of exact figures and awkward values, for the reports that are read by programs.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ipf.compare.figures import (
    PERCENTILES,
    ClassMapFigures,
    Density,
    GroupFigures,
    Histogram,
    MaskFigures,
    RasterFigures,
    ShiftField,
    Thumbnails,
)
from ipf.compare.results import (
    Check,
    CheckName,
    Comparison,
    DocumentDifference,
    NameDifference,
    PartResult,
    Status,
)
from ipf.product.tile_rasters import SCENE_CLASSES

Values = npt.NDArray[np.float64]

SIDE = 120
"""Side of a thumbnail in coarse pixels."""
STEP = 6
"""Pixels of one of them on a side."""


def ground(seed: int = 1) -> Values:
    """Reflectances around 0.2 of several scales, with a corner without data."""
    random = np.random.default_rng(seed)
    layers = [ndimage.gaussian_filter(random.normal(size=(SIDE, SIDE)), scale) for scale in (1, 4, 15)]
    values = 0.2 + 0.03 * sum(layer / layer.std() for layer in layers)
    rows, columns = np.indices(values.shape)
    values[rows + 2 * columns < SIDE // 3] = np.nan
    return np.asarray(values)


def group(difference: Values) -> GroupFigures:
    """Figures of differences without NaN."""
    if not difference.size:
        return GroupFigures(0, *(float("nan"),) * 4, 0)
    return GroupFigures(
        pixels=difference.size,
        accuracy=float(difference.mean()),
        precision=float(difference.std(ddof=1)),
        uncertainty=float(np.sqrt((difference**2).mean())),
        maximum=float(np.abs(difference).max()),
        outside=int((np.abs(difference) > 0.005).sum()),
    )


def raster(reference: Values, candidate: Values, **changes: Any) -> RasterFigures:
    """Figures of two images whose thumbnails are given; `changes` are other values of some fields."""
    difference = candidate - reference
    used = np.isfinite(difference)
    known, found, values = reference[used], candidate[used], difference[used]
    slope = intercept = correlation = float("nan")
    percentiles = dict.fromkeys(PERCENTILES, float("nan"))
    maximum_at = None
    if values.size:
        slope, intercept = (float(value) for value in np.polyfit(known, found, 1))
        correlation = float(np.corrcoef(known, found)[0, 1])
        ranked = np.percentile(values, PERCENTILES)
        percentiles = {one: float(value) for one, value in zip(PERCENTILES, ranked, strict=True)}
        at = np.unravel_index(np.nanargmax(np.abs(difference)), difference.shape)
        maximum_at = (int(at[0]) * STEP, int(at[1]) * STEP)
    edges, ends = np.linspace(-0.02, 0.02, 128), np.linspace(0.0, 0.4, 129)
    counts, _, _ = np.histogram2d(known, found, bins=(ends, ends))
    figures = RasterFigures(
        unit="1",
        shape=(reference.shape[0] * STEP, reference.shape[1] * STEP),
        all=group(values),
        differing=int(np.count_nonzero(values)),
        maximum_at=maximum_at,
        percentiles=percentiles,
        mean_reference=float(known.mean()) if known.size else float("nan"),
        mean_candidate=float(found.mean()) if known.size else float("nan"),
        correlation=correlation,
        slope=slope,
        intercept=intercept,
        no_data_lost=0,
        no_data_gained=0,
        saturation_lost=0,
        saturation_gained=0,
        histogram=Histogram(edges, np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]),
        density=Density(ends, counts.astype(np.int64)),
        thumbnails=Thumbnails(
            reference.astype(np.float32), candidate.astype(np.float32), difference.astype(np.float32), STEP
        ),
        classes={4: group(values[::2]), 5: group(values[1::2])},
    )
    return replace(figures, **changes)


def shifts(row: float, column: float) -> ShiftField:
    """About one shift (pixels) over a grid of windows, two of which were not measured."""
    places = np.arange(128.0, SIDE * STEP, 128.0)
    centres = np.stack(np.meshgrid(places, places, indexing="ij"), axis=-1)
    random = np.random.default_rng(5)
    shape = centres.shape[:2]
    rows, columns = (
        value + 0.02 * random.normal(size=shape) if value else np.zeros(shape) for value in (row, column)
    )
    correlation = np.full(shape, 0.97)
    rows[0, 0] = columns[0, 0] = correlation[0, 0] = np.nan
    correlation[3, 3] = 0.2
    return ShiftField(256, centres, rows, columns, correlation)


def class_map() -> ClassMapFigures:
    """A scene classification a patch of which became bare ground."""
    smooth = ndimage.gaussian_filter(np.random.default_rng(3).normal(size=(SIDE, SIDE)), 9)
    labels = np.array([4, 5, 6, 9], np.uint8)
    reference = labels[np.digitize(smooth, np.quantile(smooth, [0.4, 0.75, 0.9]))]
    candidate = reference.copy()
    candidate[40:60, 30:60] = 5
    values = tuple(range(len(SCENE_CLASSES)))
    confusion = np.zeros((len(values), len(values)), np.int64)
    np.add.at(confusion, (reference.ravel(), candidate.ravel()), STEP**2)
    unions = confusion.sum(axis=0) + confusion.sum(axis=1) - np.diag(confusion)
    return ClassMapFigures(
        values=values,
        names=dict(enumerate(SCENE_CLASSES)),
        confusion=confusion,
        agreement=float(np.trace(confusion) / confusion.sum()),
        intersection_over_union={
            int(value): float(confusion[value, value] / unions[value]) for value in labels
        },
        first_at=(40 * STEP, 30 * STEP),
        reference=reference,
        candidate=candidate,
        step=STEP,
    )


def mask() -> MaskFigures:
    """A mask of two bits, one of which was lost in some pixels."""
    changed = np.zeros((SIDE, SIDE), np.float32)
    changed[80, 16], changed[48:52, 80:90] = 1 / STEP**2, 0.6
    names = ("opaque clouds", "cirrus")
    lost = {names[0]: 865, names[1]: 0}
    nothing = dict.fromkeys(names, 0)
    first_at = (48 * STEP, 80 * STEP)
    return MaskFigures(
        (SIDE * STEP) ** 2, dict.fromkeys(names, 52000), lost, nothing, first_at, changed, STEP
    )


def statistics(item: str, figures: RasterFigures, rmse: float) -> Check:
    """The check of statistics of a part, with a limit on bias and root mean square."""
    group = figures.all
    status = Status.FAILED if group.uncertainty > rmse else Status.PASSED
    measured = {"bias": group.accuracy, "rmse": group.uncertainty, "correlation": figures.correlation}
    allowed = {"bias": rmse, "rmse": rmse, "correlation": 0.99, "absolute": 0.005, "maximum": float("inf")}
    message = f"rmse {group.uncertainty:.4g}, maximum {group.maximum:.4g}"
    return Check(CheckName.STATISTICS, item, status, message, measured, allowed)


def of(*parts: PartResult, checks: tuple[Check, ...], naming: tuple[NameDifference, ...] = ()) -> Comparison:
    """A comparison with these parts and checks."""
    folder = Path("/products")
    paths = folder / "S2B_reference.SAFE", folder / "S2B_candidate.SAFE"
    return Comparison(*paths, "SAFE L2A", "same-algorithm", checks, naming, parts)


def full() -> Comparison:
    """Every kind of part and of failure, and some that are equal."""
    reference = ground()
    noise = 0.001 * np.random.default_rng(2).normal(size=reference.shape)
    bands = {
        "T32TQR/B02 10 m": raster(reference, 1.03 * reference + noise),
        "T32TQR/B03 10 m": raster(
            reference, np.roll(reference, 1, axis=1), no_data_lost=412, no_data_gained=398
        ),
        "T32TQR/B04 10 m": raster(reference, reference),
    }
    moved = {"T32TQR/B03 10 m": shifts(0.02, 0.31)}
    return of(
        *(PartResult(item, raster=one, shift=moved.get(item, shifts(0, 0))) for item, one in bands.items()),
        PartResult("T32TQR/SCL 20 m", classes=class_map()),
        PartResult("T32TQR/MSK_CLASSI", mask=mask()),
        PartResult("T32TQR/metadata", document=_document()),
        PartResult("T32TQR/AOT 10 m"),
        PartResult("rep_info/S2_User.xsd"),
        checks=(*(statistics(item, figures, 0.002) for item, figures in bands.items()), *_other_checks()),
        naming=(NameDifference("granule", "L2A_T32TQR_A1", "L2A_T32TQR_A2"),),
    )


def _document() -> tuple[DocumentDifference, ...]:
    within = (
        DocumentDifference(f"Tile/Row[{row}]", f"{row}", f"{row}.0001", "within tolerance", False)
        for row in range(30)
    )
    return (
        DocumentDifference("Tile/Sun_Angle/ZENITH", "31.20", "31.25", "differs by 0.05, expected 0.001"),
        DocumentDifference("Tile/Cloudy", "12", None, "is not there"),
        *within,
    )


def _other_checks() -> tuple[Check, ...]:
    passed, failed = Status.PASSED, Status.FAILED
    band = "T32TQR/B03 10 m"
    moved, allowed = {"shift": 0.31, "local_shift": 0.33}, {"shift": 0.05, "local_shift": 0.1}
    return (
        Check(CheckName.FILES, "T32TQR/B8A 20 m", failed, "the candidate lacks this part"),
        Check(CheckName.SHIFT, band, failed, "median shift 0.31 pixels", moved, allowed),
        Check(CheckName.NO_DATA, band, passed, "lost in 412 pixels", {"no_data": 2.5e-4}, {"no_data": 0.001}),
        Check(
            CheckName.CLASSES, "T32TQR/SCL 20 m", failed, "95 % agree", {"agreement": 0.95}, {"agreement": 1}
        ),
        Check(
            CheckName.MASK, "T32TQR/MSK_CLASSI", failed, "865 changed", {"changed": 1.7e-3}, {"changed": 0}
        ),
        Check(
            CheckName.METADATA, "T32TQR/metadata", failed, "2 differ", {"differences": 2}, {"differences": 0}
        ),
        Check(CheckName.READABLE, "T32TQR/AOT 10 m", failed, "AOT.jp2: the code-stream ends early"),
        Check(CheckName.BYTES, "rep_info/S2_User.xsd", passed, "equal"),
    )


AWKWARD = 'told with <tags> & "quotes", control \x1b[31m characters\x00, \udcff and\nline feeds'
"""What names of files and messages may hold."""


def check(name: CheckName, item: str, passed: bool = True, message: str = "told", **figures: float) -> Check:
    status = Status.PASSED if passed else Status.FAILED
    return Check(name, item, status, message, figures, dict.fromkeys(figures, math.inf))


def raster_figures() -> RasterFigures:
    image = np.full((2, 2), np.nan, np.float32)
    group = GroupFigures(4, 0.001, math.nan, 0.002, 0.003, 1)
    return RasterFigures(
        unit="cm",
        shape=(2, 2),
        all=group,
        differing=3,
        maximum_at=(1, 0),
        percentiles={0.1: -0.5, 50.0: 0.25},
        mean_reference=0.2,
        mean_candidate=0.201,
        correlation=math.nan,
        slope=1.5,
        intercept=0.0,
        no_data_lost=1,
        no_data_gained=2,
        saturation_lost=0,
        saturation_gained=0,
        histogram=Histogram(np.array([0.0, 1.0]), np.array([4])),
        density=Density(np.array([0.0, 1.0]), np.array([[4]])),
        thumbnails=Thumbnails(image, image, image, 1),
        classes={4: group},
    )


def full_comparison() -> Comparison:
    """One of each part; the value of a band, a name and a document differ."""
    byte, changed = np.zeros((1, 1), np.uint8), np.zeros((1, 1), np.float32)
    confusion = np.array([[7, 1], [0, 92]])
    grid = np.array([[0.25, math.nan]])
    parts = (
        PartResult(
            "T/B02 10 m",
            raster=raster_figures(),
            shift=ShiftField(32, np.zeros((1, 2, 2)), grid, grid, grid),
        ),
        PartResult(
            "T/SCL 20 m",
            classes=ClassMapFigures(
                (4, 5),
                {4: "vegetation", 5: "bare"},
                confusion,
                0.99,
                {4: 0.875, 5: 1.0},
                (0, 1),
                byte,
                byte,
                1,
            ),
        ),
        PartResult("T/MSK", mask=MaskFigures(9, {"a": 3}, {"a": 1}, {"a": 2}, (0, 0), changed, 1)),
        PartResult("metadata", document=(DocumentDifference("A/B", "1", None, "is missing", counts=False),)),
    )
    checks = (
        check(CheckName.FILES, "product", message="4 parts pair"),
        check(CheckName.STATISTICS, "T/B02 10 m", False, AWKWARD, bias=0.001, correlation=math.nan),
        check(CheckName.SHIFT, "T/B02 10 m", shift=0.25),
        check(CheckName.CLASSES, "T/SCL 20 m"),
        check(CheckName.MASK, "T/MSK"),
        check(CheckName.METADATA, "metadata", False, "1 difference", differences=1),
    )
    naming = (NameDifference("product", "S2A_OLD.SAFE", "S2A_NEW.SAFE"),)
    return Comparison(Path("old"), Path("new"), "SAFE L2A", "rounding", checks, naming, parts, (AWKWARD,))
