"""Maps of a comparison, as bytes of PNG files: one pixel each for a coarse pixel, neither date nor version.

Scales and legends are the page's own text.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.image import imsave

from ipf.compare.figures import ClassMapFigures, MaskFigures, Thumbnails
from ipf.compare.report_colours import (
    NO_DATA,
    ONE_SIDE,
    change_colours,
    class_palette,
    difference_colours,
)

NO_VERSION: dict[str, Any] = {"Software": None}
ROBUST = (2.0, 98.0)
"""Percentiles that scales reach to: single pixels do not set them."""

Floats = npt.NDArray[np.float64]
Colours = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class DifferencePicture:
    """A map of differences (PNG); its colours reach from -limit to limit, in the unit of the values.

    `robust` tells that the limit is the farther of the 2nd and the 98th percentile, not the largest
    difference: that is taken where both are 0. `one_sided` tells that some have data on one side alone.
    """

    png: bytes
    limit: float
    robust: bool
    one_sided: bool


@dataclass(frozen=True, slots=True)
class ImagePictures:
    """Both images (PNG), dark at `low` and bright at `high`; transparent without data."""

    reference: bytes
    candidate: bytes
    low: float
    high: float


def difference_picture(thumbnails: Thumbnails) -> DifferencePicture:
    """Map of the differences: zero is neutral, no data grey; of pictures the mean of their components."""
    values = _plane(thumbnails.difference)
    limit, robust = symmetric_limit(values)
    known = np.isfinite(values)
    colours = difference_colours(np.where(known, values, 0.0) / (limit or 1.0))
    colours[~known] = NO_DATA
    one_sided = np.isfinite(_plane(thumbnails.reference)) ^ np.isfinite(_plane(thumbnails.candidate))
    colours[one_sided] = ONE_SIDE
    return DifferencePicture(_png(colours), limit, robust, bool(one_sided.any()))


def symmetric_limit(values: Floats) -> tuple[float, bool]:
    """Limit of a colour scale about 0, and whether it is that of percentiles; 0 where nothing differs."""
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, True
    limit = float(np.abs(np.percentile(known, ROBUST)).max())
    return (limit, True) if limit > 0 else (float(np.abs(known).max()), False)


def image_pictures(thumbnails: Thumbnails) -> ImagePictures:
    """Both images with the same stretch, so that what differs between them is in the values."""
    sides = [np.asarray(side, np.float64) for side in (thumbnails.reference, thumbnails.candidate)]
    known = np.concatenate([side[np.isfinite(side)] for side in sides])
    low, high = (float(edge) for edge in np.percentile(known, ROBUST)) if known.size else (0.0, 1.0)
    if not high > low:
        low, high = (float(known.min()), float(known.max())) if known.size else (low, high)
    span = high - low if high > low else max(abs(low), 1.0)
    reference, candidate = (_png(_stretched(side, low, span)) for side in sides)
    return ImagePictures(reference, candidate, low, high)


def class_pictures(figures: ClassMapFigures) -> tuple[bytes, bytes]:
    """Both class maps (PNG), the scene classification in the colours of Sen2Cor."""
    palette = class_palette(figures.names)
    return _png(palette[figures.reference]), _png(palette[figures.candidate])


def mask_picture(figures: MaskFigures) -> bytes:
    """Where the pixels of a mask changed (PNG)."""
    return _png(change_colours(figures.changed))


def _plane(image: npt.NDArray[np.float32]) -> Floats:
    """(rows, columns): the mean of components, NaN where one of them is."""
    values = np.asarray(image, np.float64)
    return values if values.ndim == 2 else np.asarray(values.mean(axis=2))


def _stretched(image: Floats, low: float, span: float) -> Colours:
    """Red, green, blue and opacity (rows, columns, 4)."""
    known = np.isfinite(image)
    grey = np.rint(np.clip((np.where(known, image, low) - low) / span, 0, 1) * 255).astype(np.uint8)
    seen = known if image.ndim == 2 else np.asarray(known.all(axis=2))
    if image.ndim == 2:
        grey = np.repeat(grey[..., None], 3, axis=2)
    opacity = np.where(seen, 255, 0).astype(np.uint8)
    grey[~seen] = 0
    return np.concatenate([grey, opacity[..., None]], axis=2)


def _png(colours: Colours) -> bytes:
    buffer = BytesIO()
    imsave(buffer, np.ascontiguousarray(colours), format="png", metadata=NO_VERSION)
    return buffer.getvalue()
