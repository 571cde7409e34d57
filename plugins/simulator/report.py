"""The comparison with the truth as a page for people: `index.html` with two pictures beside it."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ipf_plugins.simulator.comparison import (
    ABSOLUTE_TOLERANCE,
    RELATIVE_TOLERANCE,
    BandFigures,
    Comparison,
    clear_sky,
)
from ipf_plugins.simulator.confusion import TrueClass
from ipf_plugins.simulator.truth import Truth, read_truth
from jinja2 import Environment, StrictUndefined
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from ipf.atomic import atomic_path, write_text
from ipf.product.class_legend import COLOURS
from ipf.product.raster import Raster
from ipf.product.reader import SafeProduct, open_product

QUICKLOOK = "quicklook.png"
SCATTER = "reflectance.png"
PAGE = "index.html"

Picture = npt.NDArray[np.float32]

_LARGEST_SIDE = 1100
_BRIGHTEST = 0.28
_GAMMA = 0.8


def write_report(comparison: Comparison, l1c: Path, folder: Path) -> Path:
    """Write the page and its pictures into `folder`; returns the page's path."""
    before, after, truth = open_product(l1c), open_product(comparison.product), read_truth(comparison.truth)
    _save(_quicklook(before, after, truth), folder / QUICKLOOK)
    _save(_scatter(comparison, after, truth), folder / SCATTER)
    template = files("ipf_plugins.simulator").joinpath("report.html.j2").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string(template).render(
        comparison=comparison,
        true_classes=tuple(TrueClass),
        l1c=l1c,
        document=truth.document,
        quicklook=QUICKLOOK,
        scatter=SCATTER,
        relative=RELATIVE_TOLERANCE,
        absolute=ABSOLUTE_TOLERANCE,
    )
    write_text(folder / PAGE, page)
    return folder / PAGE


def _save(figure: Figure, path: Path) -> None:
    """As PNG without date or version, so that the same scene gives the same bytes."""
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110, metadata={"Software": None})


def _quicklook(before: SafeProduct, after: SafeProduct, truth: Truth) -> Figure:
    """Level-1C, Level-2A and the truth in true colour, and the scene classification."""
    figure = Figure(figsize=(12, 12.4), layout="constrained")
    axes = figure.subplots(2, 2)
    pictures = [
        (
            "Level-1C, top of the atmosphere",
            true_colour(lambda band: before.bands[f"toa_reflectance/{band}"]),
        ),
        ("Level-2A, surface", true_colour(lambda band: after.bands[f"boa_reflectance/{band}"])),
        ("the truth: surface without clouds", true_colour(truth.reflectance)),
    ]
    for place, (title, picture) in zip(axes.flat, pictures, strict=False):
        place.imshow(picture, interpolation="nearest")
        place.set_title(title)
        place.set_axis_off()
    _draw_classes(axes[1, 1], after.bands["scene_classification"])
    return figure


def true_colour(raster_of: Callable[[str], Raster]) -> Picture:
    """Picture (rows, columns, 3) of B04, B03 and B02, 0 to 1, thinned to at most some 1100 pixels a side."""
    planes = []
    for band in ("B04", "B03", "B02"):
        raster = raster_of(band)
        step = -(-max(raster.grid.shape) // _LARGEST_SIDE)
        counts = raster.read_all()[::step, ::step].astype(np.float32)
        values = (counts + np.float32(raster.offset)) * np.float32(raster.scale or 1.0)
        planes.append(np.clip(values / _BRIGHTEST, 0.0, 1.0) ** _GAMMA)
        raster.release()
    return np.dstack(planes)


def _draw_classes(place: Axes, raster: Raster) -> None:
    step = -(-max(raster.grid.shape) // _LARGEST_SIDE)
    colours = np.array(COLOURS, np.uint8)
    place.imshow(colours[np.minimum(raster.read_all()[::step, ::step], 11)], interpolation="nearest")
    place.set_title("Level-2A, scene classification")
    place.set_axis_off()
    raster.release()


def _scatter(comparison: Comparison, after: SafeProduct, truth: Truth) -> Figure:
    """Retrieved minus true reflectance over the true one, each band one picture, the tolerance as lines."""
    columns = 4
    rows = -(-len(comparison.bands) // columns)
    figure = Figure(figsize=(13, 3.0 * rows), layout="constrained")
    places = list(figure.subplots(rows, columns, squeeze=False).flat)
    for place, figures in zip(places, comparison.bands, strict=False):
        _draw_differences(place, figures, after.bands[f"boa_reflectance/{figures.band}"], truth)
    for place in places[len(comparison.bands) :]:
        place.set_axis_off()
    figure.supxlabel("true surface reflectance")
    figure.supylabel("Level-2A minus true")
    return figure


def _draw_differences(place: Axes, figures: BandFigures, retrieved: Raster, truth: Truth) -> None:
    clear = clear_sky(truth, figures.resolution)
    clear &= truth.saturation(figures.band).read_all() == 0
    step = -(-max(retrieved.grid.shape) // _LARGEST_SIDE)
    whole = retrieved.grid.whole
    found = retrieved.read_physical(whole)[::step, ::step]
    known = truth.reflectance(figures.band).read_physical(whole)[::step, ::step]
    retrieved.release()
    chosen = clear[::step, ::step] & np.isfinite(found)
    highest = float(known[chosen].max()) * 1.05 if chosen.any() else 1.0
    line = np.array([0.0, highest])
    tolerance = RELATIVE_TOLERANCE * line + ABSOLUTE_TOLERANCE
    limit = 1.2 * float(tolerance[-1])
    area = [[0.0, highest], [-limit, limit]]
    place.hist2d(known[chosen], (found - known)[chosen], bins=(100, 80), range=area, norm=LogNorm())
    for edge in (-tolerance, tolerance):
        place.plot(line, edge, color="black", linewidth=0.7)
    place.set_xlim(0.0, highest)
    place.set_ylim(-limit, limit)
    place.set_title(f"{figures.band}: {100 * figures.within:.2f} % within", fontsize="medium")
