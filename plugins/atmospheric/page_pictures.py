"""Pictures of a quality page, each as bytes of a PNG or JPEG file.

Figures are made through matplotlib's objects alone, without its global state, and carry neither date nor
version, so that the same product gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.l2a_images import THOUSANDTH, Bytes, Counts
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imsave

from ipf.product.bands import BAND_NAMES
from ipf.product.class_legend import COLOURS
from ipf.product.level_2a import BOA_OFFSET, QUANTIFICATION
from ipf.product.quicklook import true_colour

JPEG_QUALITY = 85
_DOTS_PER_INCH = 100
_NO_VERSION: dict[str, Any] = {"Software": None}
_MAP_TITLES = {"AOT": "aerosol optical thickness at 550 nm", "WVP": "water vapour, cm"}
_MAP_COLOURS = {"AOT": "viridis", "WVP": "YlGnBu"}
_SHARES_SHOWN = (0.5, 99.5)
"""Percentiles between which a map or a histogram is drawn: single pixels do not set its range."""
_BINS = 100

Floats = npt.NDArray[np.float32]


def colour_picture(bands: Mapping[str, Counts]) -> bytes:
    """True colours (JPEG) of B04, B03 and B02, white from a reflectance of 0.25 on."""
    offsets = (BOA_OFFSET, BOA_OFFSET, BOA_OFFSET)
    planes = true_colour(bands["B04"], bands["B03"], bands["B02"], offsets)
    buffer = BytesIO()
    picture = np.ascontiguousarray(np.moveaxis(planes, 0, -1))
    imsave(buffer, picture, format="jpg", pil_kwargs={"quality": JPEG_QUALITY})
    return buffer.getvalue()


def class_picture(classes: Bytes) -> bytes:
    """The scene classification in its colours (PNG)."""
    palette = np.array(COLOURS, np.uint8)
    buffer = BytesIO()
    picture = palette[np.minimum(classes, len(palette) - 1)]
    imsave(buffer, picture, format="png", metadata=_NO_VERSION)
    return buffer.getvalue()


def map_picture(maps: Mapping[str, Counts]) -> bytes:
    """Aerosol and water vapour side by side with their colour bars (PNG); no data is white."""
    figure = Figure(figsize=(11.0, 4.9), layout="constrained")
    for place, (content, counts) in zip(figure.subplots(1, len(maps)), maps.items(), strict=True):
        values = np.where(counts > 0, counts * np.float32(THOUSANDTH), np.float32(np.nan))
        low, high = _range(values[np.isfinite(values)])
        image = place.imshow(values, vmin=low, vmax=high, cmap=_MAP_COLOURS[content], interpolation="nearest")
        place.set_title(_MAP_TITLES[content])
        place.set_axis_off()
        figure.colorbar(image, ax=place, shrink=0.85)
    return _png(figure)


def histogram_picture(before: Mapping[str, Counts], after: Mapping[str, Counts]) -> bytes:
    """Reflectance of each band at the top of the atmosphere and at the surface (PNG)."""
    names = [band for band in BAND_NAMES if band in after]
    columns = 4
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(11.0, 2.1 * rows), layout="constrained")
    places = list(figure.subplots(rows, columns, squeeze=False).flat)
    for place, band in zip(places, names, strict=False):
        _draw_histograms(place, band, _reflectance(before[band]), _reflectance(after[band]))
    for place in places[len(names) :]:
        place.set_axis_off()
    places[0].legend(fontsize="small", frameon=False)
    figure.supxlabel("reflectance")
    figure.supylabel("pixels")
    return _png(figure)


def _draw_histograms(place: Axes, band: str, before: Floats, after: Floats) -> None:
    area = _range(np.concatenate([before, after]))
    for values, label, colour in (
        (before, "top of atmosphere", "tab:gray"),
        (after, "surface", "tab:green"),
    ):
        counted, edges = np.histogram(values, bins=_BINS, range=area)
        place.stairs(counted, edges, label=label, color=colour)
    place.set_title(band, fontsize="medium")
    place.set_xlim(*area)
    place.set_yticks([])
    place.tick_params(labelsize="small")


def _reflectance(counts: Counts) -> Floats:
    """Reflectances of the pixels with data."""
    present = counts[counts > 0].astype(np.float32)
    return (present + np.float32(BOA_OFFSET)) / np.float32(QUANTIFICATION.reflectance)


def _range(values: Floats) -> tuple[float, float]:
    """Range to draw; never empty, also without values or where all are the same."""
    if not values.size:
        return 0.0, 1.0
    low, high = (float(edge) for edge in np.percentile(values, _SHARES_SHOWN))
    least = 0.01
    return (low, high) if high - low > least else (low - least, high + least)


def _png(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, metadata=_NO_VERSION)
    return buffer.getvalue()
