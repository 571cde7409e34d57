"""From the images of several detectors to a map, through the sensor model and the ground's own height.

Places in the images are found by inverse location on a coarse mesh of the map at a few constant heights,
which is smooth, and taken from there at the height that the ground really has, on a dense mesh. What is left
out over `COARSE_STEP_M` and `LARGEST_LEVEL_STEP_M` is below .005 pixels of 10 m.

Every output pixel depends on the map, the images and the terrain alone, whatever window it is made in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyproj

from ipf.errors import ProductError
from ipf.geometry.acquisition import FloatArray
from ipf.geometry.detector_choice import DetectorChoice
from ipf.geometry.resampling import (
    NO_DATA,
    Interpolation,
    InverseGrid,
    PixelWindow,
    Rectangle,
    SensorImage,
    resample,
)
from ipf.geometry.sensor_model import SensorModel
from ipf.kernels.orthorectification import lay_over, places_on_ground
from ipf.kernels.spline import PREFILTER_REACH

HeightImage = npt.NDArray[np.float32]
Image = npt.NDArray[np.float32]
Flags = npt.NDArray[np.uint8]

COARSE_STEP_M = 180
"""Real attitudes sway within 500 m: straight places are wrong by .004 pixels of 10 m here, .014 at 360 m."""
LARGEST_LEVEL_STEP_M = 1000.0
"""Places are linear in height to (1 km)^2 tan(12 deg) / (8 x 786 km): 3 cm."""
DENSE_STEPS = {10: 3, 20: 2, 60: 1}
"""Pixels between nodes that have a height of their own, by pixel size in metres."""
_FIRST_LOOK = 20
"""Coarse nodes between those that tell which part of the map a detector sees."""
LINE_MARGIN = 2 * PREFILTER_REACH + 8
"""Lines of an image around those that are seen: what kernels reach, twice where they meet mirrored lines."""
_STRIPE = 256
_MARGIN_PIXELS = 64.0


def steps(count: int, size: float) -> FloatArray:
    """Multiples of `size` from 0 on."""
    return np.arange(count, dtype=np.float64) * float(size)


@dataclass(frozen=True, slots=True)
class MapArea:
    """A square of a map: EPSG code, upper-left corner and size in metres, multiples of 60 m."""

    epsg: int
    left: float
    top: float
    size: int

    @property
    def coarse_count(self) -> int:
        """Coarse nodes along a side; the last ones lie on the far edges or beyond."""
        return math.ceil(self.size / COARSE_STEP_M) + 1

    def geographic(self, down: FloatArray, across: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Longitudes and latitudes (deg) of places `down` and `across` metres from the corner."""
        eastings, northings = np.broadcast_arrays(self.left + across, self.top - down)
        longitudes, latitudes = _to_geographic(self.epsg).transform(eastings, northings)
        return np.asarray(longitudes), np.asarray(latitudes)


@lru_cache(maxsize=16)
def _to_geographic(epsg: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(epsg, 4326, always_xy=True)


@dataclass(frozen=True, slots=True)
class GroundNodes:
    """Heights above the ellipsoid (m), float32, at the centre of every `step`-th pixel of an area's map."""

    heights: HeightImage
    resolution: int
    step: int

    @classmethod
    def of(cls, model: SensorModel, area: MapArea, resolution: int) -> GroundNodes:
        """The heights that the model's terrain has at the nodes of a pixel size, NaN where it has none."""
        step = DENSE_STEPS[resolution]
        count = math.ceil((area.size // resolution - 1) / step) + 1
        places = resolution / 2 + steps(count, step * resolution)
        coarse = steps(area.coarse_count, COARSE_STEP_M)
        mesh = [np.ascontiguousarray(axis) for axis in area.geographic(coarse[:, None], coarse[None, :])]
        if np.ptp(mesh[0]) > 180.0:
            mesh[0] %= 360.0
        heights = np.empty((count, count), np.float32)
        for start in range(0, count, _STRIPE):
            rows = slice(start, min(start + _STRIPE, count))
            longitude, latitude = (_between_nodes(axis, places[rows], places) for axis in mesh)
            heights[rows] = model.terrain_heights(longitude, latitude)
        return cls(heights, resolution, step)

    def bounds(self) -> tuple[float, float]:
        """Lowest and highest height, m; raises ProductError where there is none."""
        if np.all(np.isnan(self.heights)):
            raise ProductError("orthorectification: the terrain has no height anywhere on the map")
        return float(np.nanmin(self.heights)), float(np.nanmax(self.heights))


def _between_nodes(nodes: FloatArray, down: FloatArray, across: FloatArray) -> FloatArray:
    """Coarse `nodes` at places `down` and `across` metres from the corner: bilinear, to 3 mm."""
    levels = np.stack((nodes, nodes))
    found = np.empty((len(down), len(across)))
    flat = np.zeros(found.shape, np.float32)
    step = float(across[1] - across[0]) if len(across) > 1 else 1.0
    places_on_ground(levels, 0.0, 1.0, float(COARSE_STEP_M), flat, (down[0], across[0]), step, found)
    return found


@dataclass(frozen=True, slots=True)
class HeightLevels:
    """Heights (m) at which places are computed: `count` of them, `step` apart from `lowest` on."""

    lowest: float
    step: float
    count: int

    @classmethod
    def over(cls, lowest: float, highest: float, margin: float = 1.0) -> HeightLevels:
        """Levels that hold heights between two, and `margin` metres more, 1 km apart at most."""
        first, last = math.floor(lowest) - margin, math.ceil(highest) + margin
        intervals = max(1, math.ceil((last - first) / LARGEST_LEVEL_STEP_M))
        return cls(first, (last - first) / intervals, intervals + 1)

    @property
    def heights(self) -> FloatArray:
        """The heights themselves."""
        return self.lowest + steps(self.count, self.step)


@dataclass(frozen=True, slots=True)
class SensorGrid:
    """Where one band and detector see an area of the map.

    `rows` and `columns` of the image, (levels, coarse rows, coarse columns), 0 the centre of its first pixel
    (line 1.0); NaN where the detector does not look.
    """

    band: str
    detector: int
    levels: HeightLevels
    rows: FloatArray
    columns: FloatArray

    @classmethod
    def of(
        cls,
        model: SensorModel,
        area: MapArea,
        band: str,
        detector: int,
        levels: HeightLevels,
        lines: tuple[float, float],
    ) -> SensorGrid | None:
        """The grid of a detector whose image has these first and last lines; None where it sees nothing."""
        coarse = steps(area.coarse_count, COARSE_STEP_M)
        longitude, latitude = area.geographic(coarse[:, None], coarse[None, :])
        wanted = _looked_at(model, (band, detector), (longitude, latitude), levels, lines)
        if not np.any(wanted):
            return None
        reach = lines[0] - _MARGIN_PIXELS, lines[1] + _MARGIN_PIXELS
        shape = (levels.count, *longitude.shape)
        rows, columns = np.full(shape, np.nan), np.full(shape, np.nan)
        places = longitude[wanted], latitude[wanted]
        found_lines, found_pixels = model.inverse_location(
            band, detector, *places, levels.heights[:, None], lines=reach, margin=_MARGIN_PIXELS
        )
        rows[:, wanted], columns[:, wanted] = found_lines - 1.0, found_pixels
        return cls(band, detector, levels, rows, columns)

    def lines(self) -> tuple[int, int]:
        """First and last line of the image that resampling may need anywhere on the area."""
        first = int(np.floor(np.nanmin(self.rows))) + 1 - LINE_MARGIN
        return first, int(np.ceil(np.nanmax(self.rows))) + 1 + LINE_MARGIN

    def within(self, ground: GroundNodes, window: Rectangle) -> InverseGrid:
        """The inverse grid of an output window, with the nodes that it needs and no more."""
        first_row, row_count = _node_range(window.row, window.height, ground.step, ground.heights.shape[0])
        first_column, count = _node_range(window.column, window.width, ground.step, ground.heights.shape[1])
        heights = ground.heights[first_row : first_row + row_count, first_column : first_column + count]
        spacing = float(ground.step * ground.resolution)
        first = ground.resolution / 2 + first_row * spacing, ground.resolution / 2 + first_column * spacing
        places = np.empty((2, *heights.shape))
        for levels, place in zip((self.rows, self.columns), places, strict=True):
            mesh = self.levels.lowest, self.levels.step, float(COARSE_STEP_M)
            places_on_ground(levels, *mesh, heights, first, spacing, place)
        return InverseGrid(
            places[0], places[1], ground.step, first_row * ground.step, first_column * ground.step
        )

    def may_see(self, resolution: int, window: Rectangle) -> bool:
        """Whether any coarse node around an output window is seen."""
        rows = _coarse_range(window.row, window.height, resolution)
        columns = _coarse_range(window.column, window.width, resolution)
        return bool(np.any(np.isfinite(self.columns[0, rows, columns])))


def _node_range(first: int, size: int, step: int, count: int) -> tuple[int, int]:
    """First node and number of nodes that hold `size` pixels from `first` on: at least two."""
    begin = min(first // step, count - 2)
    end = max(-(-(first + size - 1) // step), begin + 1)
    return begin, end - begin + 1


def _coarse_range(first: int, size: int, resolution: int) -> slice:
    begin, end = first * resolution // COARSE_STEP_M, (first + size) * resolution // COARSE_STEP_M
    return slice(begin, end + 2)


def _looked_at(
    model: SensorModel,
    sensor: tuple[str, int],
    places: tuple[FloatArray, FloatArray],
    levels: HeightLevels,
    lines: tuple[float, float],
) -> npt.NDArray[np.bool_]:
    """Coarse nodes that the detector may see, from a first look at some of them and all around these."""
    count = places[0].shape[0]
    picked = np.unique(np.append(np.arange(0, count, _FIRST_LOOK), count - 1))
    some = np.ix_(picked, picked)
    # One pixel is 10 m at least: places this far outside still tell of a neighbour that is inside.
    margin = _FIRST_LOOK * COARSE_STEP_M / 10.0
    reach = lines[0] - margin, lines[1] + margin
    found = np.zeros((len(picked), len(picked)), bool)
    for height in (levels.heights[0], levels.heights[-1]):
        pixels = model.inverse_location(
            *sensor, places[0][some], places[1][some], height, lines=reach, margin=margin
        )[1]
        found |= np.isfinite(pixels)
    wanted = np.zeros(places[0].shape, bool)
    for row, column in zip(*np.nonzero(found), strict=True):
        rows = slice(picked[max(row - 1, 0)], picked[min(row + 1, len(picked) - 1)] + 1)
        columns = slice(picked[max(column - 1, 0)], picked[min(column + 1, len(picked) - 1)] + 1)
        wanted[rows, columns] = True
    return wanted


@dataclass(frozen=True, slots=True)
class DetectorImage:
    """What one detector took: its image or a part of it, and the mask of the same pixels, None without a
    flag."""

    image: SensorImage
    quality: Flags | None = None


@dataclass(frozen=True, slots=True)
class OrthoPixels:
    """Output pixels, (rows, columns) each: `values` (float32, NaN for no data), `flags` of resampling,
    `detectors` (0 where none sees the pixel) and `quality` (as in the detectors' own masks)."""

    values: Image
    flags: Flags
    detectors: Flags
    quality: Flags


def orthorectify(
    grids: Sequence[SensorGrid],
    images: Mapping[int, DetectorImage],
    ground: GroundNodes,
    window: Rectangle,
    method: Interpolation = Interpolation.B_SPLINE,
    choice: DetectorChoice = DetectorChoice.MIDDLE,
) -> OrthoPixels:
    """The output `window` of a band's map from the images of its detectors, by number.

    Where detectors overlap, a pixel is taken from the one that sees it furthest from its ends, of those that
    have data there, or as `choice` says.
    """
    shape = window.height, window.width
    best = np.full(shape, -np.inf, np.float32)
    made = OrthoPixels(
        np.full(shape, np.nan, np.float32),
        np.full(shape, NO_DATA, np.uint8),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.uint8),
    )
    for grid, piece in _pieces(grids, ground, window):
        if grid.detector not in images or not grid.may_see(ground.resolution, piece):
            continue
        taken = images[grid.detector]
        inverse = grid.within(ground, piece)
        seen = resample(taken.image, inverse, piece, method, np.float32)
        inside = (
            slice(piece.row - window.row, piece.row - window.row + piece.height),
            slice(piece.column - window.column, piece.column - window.column + piece.width),
        )
        lay_over(
            inverse.rows,
            inverse.columns,
            inverse.step,
            (piece.row - inverse.first_row, piece.column - inverse.first_column),
            (grid.detector, taken.image.whole_shape[1], NO_DATA),
            choice.pixels_before_end(grid.band, ground.resolution),
            (seen.values, seen.flags),
            taken.quality if taken.quality is not None else np.empty((0, 0), np.uint8),
            (taken.image.row, taken.image.column),
            (
                best[inside],
                made.values[inside],
                made.flags[inside],
                made.detectors[inside],
                made.quality[inside],
            ),
        )
    return made


PIECE = 512
"""Output pixels along the side of what is resampled at once, so that it stays in the cache."""


def _pieces(
    grids: Sequence[SensorGrid], ground: GroundNodes, window: Rectangle
) -> Iterator[tuple[SensorGrid, PixelWindow]]:
    """Every grid with every piece of the window; pieces are cut where whole maps are cut."""
    for top in range(window.row // PIECE * PIECE, window.row + window.height, PIECE):
        for west in range(window.column // PIECE * PIECE, window.column + window.width, PIECE):
            row, column = max(top, window.row), max(west, window.column)
            piece = PixelWindow(
                row,
                column,
                min(top + PIECE, window.row + window.height) - row,
                min(west + PIECE, window.column + window.width) - column,
            )
            for grid in grids:
                yield grid, piece
