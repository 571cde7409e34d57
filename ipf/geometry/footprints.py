"""Outlines on the ground of what was seen: of granules, of detectors, of a whole datastrip.

Rings are (n, 2) longitudes and latitudes in degrees, not closed. Longitudes go on without a jump from the
first corner, so that those of a ring across the antimeridian may leave -180 to 180. Outlines lie at a height
in metres above the ellipsoid, or on the terrain of the model where the height is None, as corners in product
metadata do (which tell the height 0 all the same). Terrain moves them by up to a fifth of its height.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pyproj
import shapely

from ipf.errors import ProductError
from ipf.geometry.acquisition import FloatArray, SensorKey
from ipf.geometry.sensor_model import SensorModel

GRANULE_BAND = "B04"
"""Band whose first and last pixels are the corners of a granule, as in metadata of real granules."""

_NODE_SECONDS = 0.5
"""Time between points of an outline along the track: 3.3 km, from which edges deviate by centimetres."""
_EDGE_NODES = 5
"""Points of an outline along a line."""
_TOLERANCE_M = 1.0
"""What the common outline may deviate from those that it is made of."""

Images = Mapping[SensorKey, range]
"""Lines, from 1, of every band and detector that there are images of."""


def granule_ring(model: SensorModel, detector: int, lines: range, height: float | None = 0.0) -> FloatArray:
    """Corners (4, 2) of a granule: first and last line of `lines` of B04, on the first pixel, then the last.

    Their order is that of product metadata: first line, last line, and back at the other end of the lines.
    """
    first, last = float(lines.start), float(lines.stop - 1)
    end = model.pixel_count(GRANULE_BAND, detector) - 1.0
    return _ring(
        model,
        (GRANULE_BAND, detector),
        np.array([first, last, last, first]),
        np.array([0.0, 0.0, end, end]),
        height,
    )


def granule_diagonal(
    model: SensorModel, detector: int, lines: range, height: float | None = 0.0
) -> FloatArray:
    """The ends (2, 2) of a granule's diagonal: last line on the first pixel, first line on the last pixel.

    Last line and last pixel count to their outer edges, first ones from their centres: so metadata of real
    granules do where they tell the centre.
    """
    end = model.pixel_count(GRANULE_BAND, detector) - 0.5
    ends = np.array([lines.stop - 0.5, float(lines.start)])
    return _ring(model, (GRANULE_BAND, detector), ends, np.array([0.0, end]), height)


def detector_ring(
    model: SensorModel,
    key: SensorKey,
    lines: range,
    height: float | None = 0.0,
    node_seconds: float = _NODE_SECONDS,
    edge_nodes: int = _EDGE_NODES,
) -> FloatArray:
    """Outline of all of one band and detector, around the outer edges of its pixels.

    Points are `node_seconds` apart along the track; `edge_nodes` lie along the first and the last line.
    """
    band, detector = key
    first, last = lines.start - 0.5, lines.stop - 0.5
    west, east = -0.5, model.pixel_count(band, detector) - 0.5
    count = 1 + math.ceil((last - first) * model.line_period(band) / node_seconds)
    along = np.linspace(first, last, max(count, 2))
    across = np.linspace(west, east, edge_nodes)[1:-1]
    at_line, at_end = np.ones_like(across), np.ones_like(along)
    return _ring(
        model,
        key,
        np.concatenate((along, last * at_line, along[::-1], first * at_line)),
        np.concatenate((west * at_end, across, east * at_end, across[::-1])),
        height,
    )


def datastrip_rings(model: SensorModel, images: Images, height: float | None = 0.0) -> tuple[FloatArray, ...]:
    """Common outlines of all bands and detectors: one, but where detectors are left out; holes are filled.

    Raises ProductError when there is no image, and where a line of sight passes the Earth.
    """
    rings = [detector_ring(model, key, lines, height) for key, lines in images.items() if len(lines)]
    if not rings:
        raise ProductError(f"{model.geometry.satellite}: no band and detector has an image, nothing is seen")
    return joined_rings(rings)


def joined_rings(rings: list[FloatArray]) -> tuple[FloatArray, ...]:
    """Common outlines of what rings enclose, the longest first; holes are filled."""
    plane = _plane(rings)
    areas = [
        shapely.make_valid(shapely.Polygon(np.column_stack(plane(ring[:, 0], ring[:, 1])))) for ring in rings
    ]
    joined = shapely.simplify(shapely.union_all(areas), _TOLERANCE_M)
    outlines = [part.exterior for part in shapely.get_parts(joined) if isinstance(part, shapely.Polygon)]
    outlines.sort(key=lambda outline: outline.length, reverse=True)
    corners = [np.array(outline.coords)[:-1] for outline in outlines]
    return tuple(
        _continuous(np.column_stack(plane(each[:, 0], each[:, 1], inverse=True))) for each in corners
    )


def area_of_ring(ring: FloatArray) -> float:
    """Area inside a ring on the ellipsoid, m2."""
    area, _ = pyproj.Geod(ellps="WGS84").polygon_area_perimeter(ring[:, 0], ring[:, 1])
    return abs(float(area))


def _ring(
    model: SensorModel, key: SensorKey, lines: FloatArray, pixels: FloatArray, height: float | None
) -> FloatArray:
    place = model.direct_location(*key, lines, pixels, height)
    ring = np.column_stack((place.longitude, place.latitude))
    if not np.all(np.isfinite(ring)):
        raise ProductError(
            f"{model.geometry.satellite}: band {key[0]}, detector {key[1]} does not look at the Earth"
        )
    return _continuous(ring)


def _continuous(ring: FloatArray) -> FloatArray:
    ring[:, 0] = np.rad2deg(np.unwrap(np.deg2rad(ring[:, 0])))
    return ring


def _plane(rings: list[FloatArray]) -> pyproj.Proj:
    """An equal-area plane around the middle of the rings, without edges within half the Earth's girth."""
    longitudes, latitudes = np.deg2rad(np.vstack(rings)).T
    x, y, z = (
        float(np.mean(axis))
        for axis in (
            np.cos(latitudes) * np.cos(longitudes),
            np.cos(latitudes) * np.sin(longitudes),
            np.sin(latitudes),
        )
    )
    middle = math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))
    return pyproj.Proj(proj="laea", lon_0=middle[0], lat_0=middle[1], ellps="WGS84")
