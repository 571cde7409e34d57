"""Where a granule lies on the ground: its footprint, its centre, and the satellite and the sun over it.

Definitions are those that metadata of real Level-1B granules follow (PSD 15.0 names the elements, and leaves
them open), found on an acquisition over Madeira of 2020: corners are the centres of the outermost pixels of
B04 on the terrain; the centre is the middle, in latitude and longitude, of the diagonal from the far edge of
the last line, on the first pixel, to the far edge of the last pixel, on the first line; angles are those
there at the time of the granule's middle line. Tests hold them to these granules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ipf.errors import ProductError
from ipf.geometry.acquisition import FloatArray
from ipf.geometry.angles import angles_from_ground
from ipf.geometry.footprints import GRANULE_BAND, granule_diagonal, granule_ring
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.terrain import Terrain

Position = tuple[float, float, float]
"""Longitude and latitude in degrees, height above the ellipsoid in metres."""
Angles = tuple[float, float]
"""Zenith and azimuth in degrees, azimuth clockwise from north."""


@dataclass(frozen=True, slots=True)
class GranuleLocation:
    """A granule on the ground.

    corners : (4, 3) longitude, latitude (degrees, without jumps) and height above the ellipsoid (m): first
        and last line on the first pixel, last and first line on the last pixel
    incidence, sun : direction from the centre to the satellite and to the sun
    """

    corners: FloatArray
    centre: Position
    incidence: Angles
    sun: Angles


def locate_granule(model: SensorModel, detector: int, lines: range) -> GranuleLocation:
    """Locate a granule of `lines` of B04, from 1, on the terrain of the model, else on the ellipsoid.

    Raises ProductError for times without ephemeris or attitude, and where a line of sight meets no ground.
    """
    if not lines:
        raise ProductError(f"{model.geometry.satellite}: a granule without lines has no place")
    ground = None if model.terrain else 0.0
    ring = granule_ring(model, detector, lines, ground)
    corners = np.column_stack((ring, _heights(model, ring)))
    centre = np.mean(granule_diagonal(model, detector, lines, ground), axis=0)
    height = _heights(model, centre[None, :])
    seconds = model.line_seconds(GRANULE_BAND, detector, [(lines.start + lines.stop - 1) / 2.0])
    satellite = model.trajectory.poses(float(seconds[0]), float(seconds[0])).at(seconds)[:, 9:]
    incidence = angles_from_ground(centre[:1], centre[1:], height, satellite)
    sun = model.sun_angles(centre[:1], centre[1:], seconds)
    longitude, latitude = map(float, centre)
    return GranuleLocation(
        corners,
        ((longitude + 180.0) % 360.0 - 180.0, latitude, float(height[0])),
        (float(incidence[0][0]), float(incidence[1][0])),
        (float(sun[0][0]), float(sun[1][0])),
    )


def terrain_box(model: SensorModel, detector: int, lines: range, margin: float) -> FloatArray:
    """West, south, east, north, (4,) degrees, of what a granule may see of the ground.

    `margin` are degrees of latitude by which the corners on the ellipsoid are widened, for terrain moves
    lines of sight; west lies beyond east where the granule crosses the antimeridian.
    """
    ring = granule_ring(model, detector, lines, 0.0)
    (west, south), (east, north) = ring.min(axis=0), ring.max(axis=0)
    widened = margin / np.cos(np.deg2rad(min(max(abs(south), abs(north)), 85.0)))
    west, east = ((side + 180.0) % 360.0 - 180.0 for side in (west - widened, east + widened))
    return np.array((west, max(south - margin, -90.0), east, min(north + margin, 90.0)))


def on_terrain(model: SensorModel, terrain: Terrain) -> SensorModel:
    """The same acquisition on other terrain."""
    return SensorModel(model.geometry, terrain, model.threads)


def _heights(model: SensorModel, places: FloatArray) -> FloatArray:
    """Heights of the ground above the ellipsoid, m, at places (n, 2)."""
    if model.terrain is None:
        return np.zeros(len(places))
    heights = model.terrain_heights((places[:, 0] + 180.0) % 360.0 - 180.0, places[:, 1])
    if not np.all(np.isfinite(heights)):
        raise ProductError(f"{model.geometry.satellite}: terrain without heights under a granule")
    return heights
