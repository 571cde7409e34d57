"""What a product consists of, before anything is read: every file is a part with a key and a nature.

Keys say what a part is, not how its file is called, so that products of other names, dates and layouts pair:
``T32TQR/B02 10 m``, ``datastrip/metadata``, ``D03 12:02:26/B04``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

QUANTITIES = frozenset(
    {
        "reflectance",
        "aerosol_optical_thickness",
        "water_vapour",
        "counts",
        "probability",
        "picture",
        "longitude",
        "latitude",
        "height",
        "line",
        "column",
        "scene_classification",
        "detector_footprint",
        "quality",
        "other",
    }
)
"""Quantities of rasters."""


class Nature(StrEnum):
    """How the pixels of a raster are to be compared."""

    CONTINUOUS = "continuous"
    CLASSES = "classes"
    MASK = "mask"
    """Components of 0 or 1 each, or the bits of one component: read as bits of uint8, the lowest first."""
    PICTURE = "picture"
    """Rendered colours: compared as continuous counts, component by component."""


@dataclass(frozen=True, slots=True)
class RasterPart:
    """A raster file, or some of its components.

    The physical value is ``(count + offset) * scale``; `quantity` chooses its tolerances, one of
    `QUANTITIES` (``counts`` are those of sensor geometry). `components` are those of
    the file, from 0 on, that belong to the part. `names` are those of classes by value, or of bits by
    position. `page` is the number of a further image in the file, 0 is the file itself. `classification` is
    the key of the class map whose classes the statistics are split by.
    """

    key: str
    path: Path
    nature: Nature
    quantity: str
    unit: str = "1"
    components: tuple[int, ...] = (0,)
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = None
    saturated: float | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    classification: str | None = None
    page: int = 0


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """An XML document."""

    key: str
    path: Path


@dataclass(frozen=True, slots=True)
class OtherPart:
    """A file of no structure that is known here: compared byte for byte.

    `folder` says what a folder is that has no file of its own (``empty``, ``a link to GRANULE``); it is empty
    for files.
    """

    key: str
    path: Path
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """All parts of a product, each by its key; `kind` is what both sides must share (``SAFE L2A``).

    `names` are names and dates by where they stand (``granule``, ``B02 10 m file``), compared apart.
    """

    kind: str
    root: Path
    rasters: Mapping[str, RasterPart] = field(default_factory=dict)
    documents: Mapping[str, DocumentPart] = field(default_factory=dict)
    others: Mapping[str, OtherPart] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
