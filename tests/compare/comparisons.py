"""A comparison made by hand, with everything that one can have and every awkward value."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ipf.compare.figures import (
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
