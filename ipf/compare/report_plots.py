"""Plots of a raster's differences, one above the other in one PNG file: histogram, density, shifts.

Figures are made through matplotlib's objects alone, without its global state, and carry neither date nor
version, so that the same comparison gives the same bytes.
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from ipf.compare.figures import RasterFigures, ShiftField
from ipf.compare.report_pictures import NO_VERSION
from ipf.compare.shifts import GOOD_CORRELATION

_WIDTH = 5.2
_LEFT, _RIGHT, _ABOVE, _BELOW = 0.85, 0.2, 0.35, 0.6
_HEIGHTS = {"histogram": 2.0, "density": 3.6, "shifts": 3.6}
"""Of the axes alone, in inches as the margins around each: those are fixed, since to fit them takes longer
than to draw."""
_DOTS_PER_INCH = 120
_LINE, _ACCENT, _FAINT = "#1f4e8c", "#c2410c", "#9a9a9a"
_HEADROOM = 12
"""Times the highest bin that the histogram reaches to: the legend lies above the bins."""
_ARROW_SPACE = 0.9
"""Length of a long arrow, in distances of the windows' centres."""
_LONG_ARROW = 95.0
"""Percentile of the lengths that is drawn as a long arrow."""


def difference_plots(figures: RasterFigures, shift: ShiftField | None, tolerance: float | None) -> bytes:
    """Histogram, density and, where something moved, the arrows of the shifts (PNG).

    `tolerance` is the difference that a pixel may have, at the mean of the reference; None where not known.
    """
    names = ["histogram", "density"]
    if shift is not None and has_moved(shift):
        names.append("shifts")
    height = sum(_HEIGHTS[name] + _ABOVE + _BELOW for name in names)
    figure = Figure(figsize=(_WIDTH, height))
    canvas = FigureCanvasAgg(figure)
    places, top = [], height
    for name in names:
        bottom = top - _ABOVE - _HEIGHTS[name]
        width = (_WIDTH - _LEFT - _RIGHT) / _WIDTH
        places.append(figure.add_axes((_LEFT / _WIDTH, bottom / height, width, _HEIGHTS[name] / height)))
        top = bottom - _BELOW
    _draw_histogram(places[0], figures, tolerance)
    _draw_density(places[1], figures)
    if shift is not None and len(names) > 2:
        _draw_shifts(places[2], shift, figures.shape)
    for place in places:
        place.tick_params(labelsize="small")
    buffer = BytesIO()
    canvas.print_figure(buffer, format="png", dpi=_DOTS_PER_INCH, metadata=NO_VERSION)
    return buffer.getvalue()


def used_windows(shift: ShiftField) -> npt.NDArray[np.bool_]:
    """The windows that show the same on both sides, so that their shift means something."""
    known = np.isfinite(shift.rows) & np.isfinite(shift.columns)
    return np.asarray((shift.correlation >= GOOD_CORRELATION) & known)


def has_moved(shift: ShiftField) -> bool:
    """Whether any window that shows the same on both sides has a shift."""
    used = used_windows(shift)
    return bool((np.hypot(shift.rows[used], shift.columns[used]) > 0).any())


def _draw_histogram(place: Axes, figures: RasterFigures, tolerance: float | None) -> None:
    edges, counts = figures.histogram.edges, figures.histogram.counts
    place.set_title("histogram of differences", fontsize="medium")
    place.set_xlabel(_labelled("candidate - reference", figures.unit), fontsize="small")
    place.set_ylabel("pixels", fontsize="small")
    place.stairs(counts, edges, fill=True, color=_LINE, alpha=0.75)
    place.set_xlim(float(edges[0]), float(edges[-1]))
    # Few pixels are what a comparison is about: a linear scale would hide them.
    place.set_yscale("log")
    place.set_ylim(0.5, _HEADROOM * max(1.0, float(counts.max(initial=0))))
    if tolerance is None or not np.isfinite(tolerance):
        place.plot([], [], " ", label="tolerance: no limit")
    elif tolerance > edges[-1]:
        place.plot([], [], " ", label=f"tolerance ±{tolerance:.4g}: beyond the plot")
    else:
        label = f"tolerance ±{tolerance:.4g}" if tolerance else "tolerance 0"
        place.axvline(tolerance, color=_ACCENT, linestyle="--", linewidth=1.2, label=label)
        place.axvline(-tolerance, color=_ACCENT, linestyle="--", linewidth=1.2)
    place.legend(fontsize="x-small", loc="upper right")


def _draw_density(place: Axes, figures: RasterFigures) -> None:
    edges, counts = figures.density.edges, figures.density.counts
    ends = np.array([edges[0], edges[-1]])
    place.set_title("candidate over reference", fontsize="medium")
    place.set_xlabel(_labelled("reference", figures.unit), fontsize="small")
    place.set_ylabel(_labelled("candidate", figures.unit), fontsize="small")
    if counts.any():
        shown = np.ma.masked_equal(counts.T, 0)
        norm = LogNorm(1, max(2, int(counts.max())))
        place.pcolormesh(edges, edges, shown, norm=norm, cmap="viridis_r", rasterized=True)
    place.plot(ends, ends, color="black", linewidth=0.9, linestyle=":", label="1 : 1")
    if np.isfinite(figures.slope) and np.isfinite(figures.intercept):
        label = f"fit: {figures.slope:.5g} x {figures.intercept:+.3g}"
        place.plot(ends, figures.slope * ends + figures.intercept, color=_ACCENT, linewidth=1.0, label=label)
    place.set_xlim(*ends)
    place.set_ylim(*ends)
    place.set_aspect("equal")
    place.legend(fontsize="x-small", loc="upper left")


def _draw_shifts(place: Axes, shift: ShiftField, shape: tuple[int, int]) -> None:
    used = used_windows(shift)
    rows, columns = shift.centres[..., 0], shift.centres[..., 1]
    lengths = np.hypot(shift.rows[used], shift.columns[used])
    long = float(np.percentile(lengths, _LONG_ARROW)) or float(lengths.max())
    place.set_title("shifts of the candidate", fontsize="medium")
    # A quiver's scale is data units per unit of arrow; a long arrow spans most of the way to its neighbour.
    scale = long / (_ARROW_SPACE * _spacing(shift))
    arrows = place.quiver(
        columns[used],
        rows[used],
        shift.columns[used],
        shift.rows[used],
        angles="xy",
        scale_units="xy",
        scale=scale,
        color=_LINE,
        width=0.005,
        pivot="tail",
        clip_on=False,
    )
    place.quiverkey(
        arrows, 0.7, -0.1, long, f"{long:.3g} pixels", labelpos="E", fontproperties={"size": "small"}
    )
    place.plot(columns[used], rows[used], ".", color=_LINE, markersize=3)
    place.plot(columns[~used], rows[~used], "x", color=_FAINT, markersize=4)
    place.set_xlim(0, shape[1])
    place.set_ylim(shape[0], 0)
    place.set_aspect("equal")
    place.set_xlabel("column", fontsize="small", loc="left")
    place.set_ylabel("row", fontsize="small")


def _spacing(shift: ShiftField) -> float:
    """Distance of neighbouring windows' centres, the smaller of both directions; their side for one alone."""
    steps = [
        float(np.abs(np.diff(shift.centres[..., axis], axis=axis)).min())
        for axis in (0, 1)
        if shift.rows.shape[axis] > 1
    ]
    return min([step for step in steps if step > 0], default=float(shift.window))


def _labelled(text: str, unit: str) -> str:
    """With its unit, whose dollar signs are no formula."""
    plain = unit.replace("$", r"\$")
    return text if unit in ("", "1") else f"{text} ({plain})"
