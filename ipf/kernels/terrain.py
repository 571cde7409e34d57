"""Slopes, the angle at which the sun meets them, and what lies in the shadow of other terrain.

The ground is a height over the tile's map plane: x east, y grid north, z up, all in metres; the curvature of
the Earth (2.8 m of height over 6 km) and the scale of the map (within 0.1 %) are left out. The sun is a unit
vector towards it in that frame, known at nodes and bilinear between them. Elevations come with a margin of
pixels on every side; NaN is no terrain: it has no slope, casts no shadow and hides no sky.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ipf.kernels.jit import kernel

FloatImage = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Classes = npt.NDArray[np.uint8]

CELL = 8
"""Side in pixels of the cells on which shadow is first ruled out; no result depends on it."""
_SLACK = 1.0
"""Metres by which the ray over a cell is lowered, for the sun moves over its pixels: more than needed."""


@kernel
def slopes(elevation: FloatImage, margin: int, spacing: float) -> tuple[FloatImage, FloatImage]:
    """Rise of the ground per metre to the east and to the north, without the margin (at least one pixel).

    Weighted central differences over 3 x 3 pixels (Horn, B. K. P., 1981, Hill shading and the reflectance
    map, Proc. IEEE 69, 14-47). Where a neighbour is no terrain the plain difference of the two pixels beside
    along each axis, that to the only one there is, or no slope.
    """
    rows, columns = elevation.shape[0] - 2 * margin, elevation.shape[1] - 2 * margin
    east = np.empty((rows, columns), np.float32)
    north = np.empty((rows, columns), np.float32)
    weight = np.float32(1.0 / (8.0 * spacing))
    two = np.float32(2.0)
    for row in range(rows):
        above, here, below = (
            elevation[row + margin - 1],
            elevation[row + margin],
            elevation[row + margin + 1],
        )
        for column in range(columns):
            left, middle, right = column + margin - 1, column + margin, column + margin + 1
            to_east = (
                (above[right] - above[left]) + two * (here[right] - here[left]) + (below[right] - below[left])
            ) * weight
            to_north = (
                (above[left] - below[left])
                + two * (above[middle] - below[middle])
                + (above[right] - below[right])
            ) * weight
            if np.isnan(to_east + to_north + here[middle]):
                to_east = _difference(here[left], here[middle], here[right], spacing)
                to_north = _difference(below[middle], here[middle], above[middle], spacing)
            east[row, column], north[row, column] = to_east, to_north
    return east, north


@kernel
def _difference(before: np.float32, here: np.float32, after: np.float32, spacing: float) -> np.float32:
    """Rise per metre along an axis from those of three pixels that are there; NaN for no terrain here."""
    if np.isnan(here):
        return np.float32(np.nan)
    if np.isnan(before) and np.isnan(after):
        return np.float32(0.0)
    if np.isnan(before):
        return np.float32((after - here) / spacing)
    if np.isnan(after):
        return np.float32((here - before) / spacing)
    return np.float32((after - before) / (2.0 * spacing))


@kernel
def slope_angle(east: FloatImage, north: FloatImage) -> FloatImage:
    """Angle between ground and horizontal in degrees, from the rises that `slopes` gives."""
    angle = np.empty_like(east)
    degrees = np.float32(180.0 / np.pi)
    for row in range(east.shape[0]):
        for column in range(east.shape[1]):
            x, y = east[row, column], north[row, column]
            angle[row, column] = np.arctan(np.sqrt(x * x + y * y)) * degrees
    return angle


@kernel
def _sun_lines(sun: Floats, step: float, first_row: int, rows: int, spacing: float) -> Floats:
    """The sun over each row of pixels, at the nodes' columns: shape (rows, node columns, 3)."""
    lines = np.empty((rows, sun.shape[1], 3), np.float64)
    last = sun.shape[0] - 1
    for row in range(rows):
        position = (first_row + row + 0.5) * spacing / step
        before = min(max(int(np.floor(position)), 0), max(last - 1, 0))
        share = min(max(position - before, 0.0), 1.0)
        lines[row] = sun[before] + (sun[min(before + 1, last)] - sun[before]) * share
    return lines


@kernel
def _sun_at(line: Floats, position: float) -> tuple[float, float, float]:
    """East, north and up of the sun `position` nodes along a line."""
    last = line.shape[0] - 1
    before = min(max(int(np.floor(position)), 0), max(last - 1, 0))
    after = min(before + 1, last)
    share = min(max(position - before, 0.0), 1.0)
    return (
        line[before, 0] + (line[after, 0] - line[before, 0]) * share,
        line[before, 1] + (line[after, 1] - line[before, 1]) * share,
        line[before, 2] + (line[after, 2] - line[before, 2]) * share,
    )


@kernel
def illumination(
    east: FloatImage,
    north: FloatImage,
    shadow: Classes,
    sun: Floats,
    step: float,
    first_row: int,
    first_column: int,
    spacing: float,
) -> FloatImage:
    """Cosine of the angle between the sun and the normal of the ground, 0 where the sun does not reach it.

    east, north : rises of the ground (`slopes`); shadow : not 0 where other terrain is before the sun.
    sun : unit vectors (east, north, up) at nodes `step` metres apart, shape (rows, columns, 3), the first on
        the corner of the grid of whose pixels (`spacing` metres) the block begins at `first_row` and
        `first_column`.

    That is ``cos z cos s + sin z sin s cos(azimuth of the sun - aspect)`` for a zenith angle z and a slope s
    (e.g. Dozier, J., and Frew, J., 1990, Rapid calculation of terrain parameters for radiation modeling from
    digital elevation data, IEEE TGRS 28, 963-969), written with vectors.
    """
    cosine = np.empty_like(east)
    lines = _sun_lines(sun, step, first_row, east.shape[0], spacing)
    for row in range(east.shape[0]):
        line = lines[row]
        for column in range(east.shape[1]):
            x, y, z = _sun_at(line, (first_column + column + 0.5) * spacing / step)
            rise_east, rise_north = east[row, column], north[row, column]
            length = np.sqrt(rise_east * rise_east + rise_north * rise_north + 1.0)
            value = (z - x * rise_east - y * rise_north) / length
            dark = shadow[row, column] != 0 or value < 0.0
            cosine[row, column] = np.float32(0.0) if dark else np.float32(value)
    return cosine


@kernel
def cast_shadow(
    elevation: FloatImage,
    margin: int,
    reach: int,
    sun: Floats,
    step: float,
    first_row: int,
    first_column: int,
    spacing: float,
) -> Classes:
    """1 where terrain up to `reach` pixels away stands before the sun, also that of the pixel's own slope.

    From each pixel a ray goes to the sun in steps of one pixel, against heights bilinear between pixel
    centres. `margin` exceeds `reach` by a pixel at least; the sun as for `illumination`.

    Cells of pixels over which no ray can meet the highest terrain on its way are passed over at once, and
    the others are marched only where it can: bounds, so that the result is that of marching everywhere.
    """
    rows, columns = elevation.shape[0] - 2 * margin, elevation.shape[1] - 2 * margin
    shadow = np.zeros((rows, columns), np.uint8)
    roof = _roof(elevation)
    lines = _sun_lines(sun, step, first_row, rows, spacing)
    for top in range(0, rows, CELL):
        bottom = min(top + CELL, rows)
        for left in range(0, columns, CELL):
            right = min(left + CELL, columns)
            toward = _sun_at(lines[top], (first_column + (left + right) / 2) * spacing / step)
            lowest = _lowest(elevation, margin + top, margin + bottom, margin + left, margin + right)
            middle = margin + (top + bottom - 1) / 2, margin + (left + right - 1) / 2
            nearest, farthest = _hit_range(roof, lowest, middle, toward, reach, spacing)
            if farthest < nearest:
                continue
            for row in range(top, bottom):
                for column in range(left, right):
                    toward = _sun_at(lines[row], (first_column + column + 0.5) * spacing / step)
                    shadow[row, column] = _is_hidden(
                        elevation, row + margin, column + margin, toward, nearest, farthest, spacing
                    )
    return shadow


@kernel
def _roof(elevation: FloatImage) -> FloatImage:
    """Height that no pixel of a cell, of its eight neighbours and of a rim of one pixel exceeds."""
    rows, columns = -(-elevation.shape[0] // CELL), -(-elevation.shape[1] // CELL)
    highest = np.full((rows, columns), np.float32(-np.inf))
    for row in range(elevation.shape[0]):
        for column in range(elevation.shape[1]):
            height = elevation[row, column]
            if height > highest[row // CELL, column // CELL]:
                highest[row // CELL, column // CELL] = height
    # The rim is a further cell on each side: more than needed, and simple.
    roof = np.empty_like(highest)
    for row in range(rows):
        for column in range(columns):
            height = np.float32(-np.inf)
            for i in range(max(row - 2, 0), min(row + 3, rows)):
                for j in range(max(column - 2, 0), min(column + 3, columns)):
                    height = max(height, highest[i, j])
            roof[row, column] = height
    return roof


@kernel
def _lowest(elevation: FloatImage, top: int, bottom: int, left: int, right: int) -> float:
    """Least height of some pixels, infinity when there is no terrain."""
    lowest = np.inf
    for row in range(top, bottom):
        for column in range(left, right):
            if elevation[row, column] < lowest:
                lowest = elevation[row, column]
    return lowest


@kernel
def _hit_range(
    roof: FloatImage,
    lowest: float,
    middle: tuple[float, float],
    toward: tuple[float, float, float],
    reach: int,
    spacing: float,
) -> tuple[int, int]:
    """First and last step at which a ray from a cell may meet terrain; last before first when none can."""
    east, north, up = toward
    across = np.hypot(east, north)
    if up <= 0.0:
        return 0, reach  # below the horizon: everything is hidden
    if across == 0.0 or lowest == np.inf:
        return 1, 0
    nearest, farthest = reach + 1, 0
    climb = spacing * up / across
    for distance in range(0, reach + CELL, CELL):
        row = int(middle[0] - distance * north / across + 0.5) // CELL
        column = int(middle[1] + distance * east / across + 0.5) // CELL
        # The last step may lie a few pixels outside; what a ray meets there is in the cell beside.
        row, column = min(max(row, 0), roof.shape[0] - 1), min(max(column, 0), roof.shape[1] - 1)
        start, end = distance - CELL // 2, distance + CELL // 2
        if roof[row, column] > lowest + max(start, 0) * climb - _SLACK:
            nearest, farthest = min(nearest, start), end
    return max(nearest, 1), min(farthest, reach)


@kernel
def _is_hidden(
    elevation: FloatImage,
    row: int,
    column: int,
    toward: tuple[float, float, float],
    nearest: int,
    farthest: int,
    spacing: float,
) -> int:
    """1 when terrain stands above the ray from a pixel to the sun at one of these steps."""
    here = elevation[row, column]
    east, north, up = toward
    if up <= 0.0:
        return 1
    across = np.hypot(east, north)
    down_step, right_step, climb = -north / across, east / across, spacing * up / across
    for distance in range(nearest, farthest + 1):
        y, x = row + distance * down_step, column + distance * right_step
        i, j = int(y), int(x)
        fraction_y, fraction_x = y - i, x - j
        upper = elevation[i, j] + (elevation[i, j + 1] - elevation[i, j]) * fraction_x
        lower = elevation[i + 1, j] + (elevation[i + 1, j + 1] - elevation[i + 1, j]) * fraction_x
        if upper + (lower - upper) * fraction_y > here + distance * climb:
            return 1
    return 0
