"""A picture of a simulated datastrip: the ground in true colours, its relief, and granules that see it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj
from ipf_plugins.simulator.strip import Strip

from ipf.atomic import atomic_path
from ipf.product.quicklook import true_colour
from ipf.product.raster import Raster

COLOURS = ("B04", "B03", "B02")
_LARGEST_SIDE = 800
_KM = 1e-3


def thinned(truth: Raster) -> npt.NDArray[np.uint16]:
    """So many of the counts of a band as a picture shows."""
    step = max(1, truth.grid.rows // _LARGEST_SIDE)
    return np.ascontiguousarray(truth.read_all()[::step, ::step])


def write_picture(path: Path, strip: Strip, truths: Mapping[str, npt.NDArray[np.uint16]]) -> None:
    """Write the picture as PNG: two maps in kilometres from the corner of the piece of ground.

    truths : `thinned` counts of `COLOURS`
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5), layout="constrained")
    ground, relief = figure.subplots(1, 2)
    side = strip.area.size * _KM
    bands = [truths[band] for band in COLOURS]
    picture = true_colour(bands[0], bands[1], bands[2], (-1000.0, -1000.0, -1000.0), white=0.4)
    ground.imshow(np.moveaxis(picture, 0, -1), extent=(0, side, side, 0))
    ground.set_title(f"{strip.tile.name}: reflectance, and granules that see it")
    for detector, granules in strip.granules.items():
        for number, lines in enumerate(granules):
            across, down = _on_map(strip, *strip.corners(detector, lines))
            (line,) = ground.plot(across, down, linewidth=1.2, color=f"C{detector % 10}")
            if number == 0:
                line.set_label(f"detector {detector}")
    ground.legend(loc="lower right", fontsize=8)
    terrain = strip.terrain
    rows, columns = terrain.heights.shape
    post = max(1, max(rows, columns) // _LARGEST_SIDE)
    longitude, latitude = np.meshgrid(
        terrain.west + terrain.step_lon * np.arange(0, columns, post),
        terrain.north - terrain.step_lat * np.arange(0, rows, post),
    )
    across, down = _on_map(strip, longitude, latitude)
    shown = relief.pcolormesh(
        across, down, terrain.heights[::post, ::post], cmap="terrain", shading="nearest"
    )
    figure.colorbar(shown, ax=relief, label="height, m")
    relief.plot([0, side, side, 0, 0], [0, 0, side, side, 0], color="black", linewidth=1.0)
    relief.set_title("ground")
    margin = (strip.parameters.margin_m + 1500.0) * _KM
    for axes in (ground, relief):
        axes.set(xlabel="km east", ylabel="km south", aspect="equal")
        axes.set_xlim(-margin, side + margin)
        axes.set_ylim(side + margin, -margin)
    with atomic_path(path) as temporary:
        FigureCanvasAgg(figure)
        figure.savefig(temporary, format="png")


def _on_map(strip: Strip, longitude: np.ndarray, latitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kilometres to the east and south of the corner."""
    to_map = pyproj.Transformer.from_crs(4326, strip.area.epsg, always_xy=True)
    eastings, northings = to_map.transform(longitude, latitude)
    return (np.asarray(eastings) - strip.area.left) * _KM, (strip.area.top - np.asarray(northings)) * _KM
