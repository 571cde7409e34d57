"""Where the sun and the satellite stand for a simulated tile, and which detector sees which place.

The Earth is a sphere here and the tile a plane that touches it at the tile's centre; the satellite crosses on
a straight track. Angle grids come out with the size and structure of real ones (zenith within 0.2 degrees),
which is what a test scene needs; the geometric chain has the exact model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.product.angles import NODE_COUNT, NODE_STEP, AngleGrid, Direction, TileAngles
from ipf.product.bands import BAND_NAMES
from ipf.product.raster import Grid, Window

Floats = npt.NDArray[np.float64]

EARTH_RADIUS = 6371.0e3
"""Mean radius, metres."""
ORBIT_HEIGHT = 786.0e3
"""Height of the orbit, metres (Drusch et al. 2012, Remote Sensing of Environment 120, 25-36)."""
GROUND_SPEED = 6760.0
"""Speed of the nadir point, metres per second: one line of 10.58 m in 1.5658 ms."""
DETECTORS = 12
DETECTOR_WIDTH = 24.3e3
"""Share of the swath that each detector gives, metres: 290 km and the overlaps over twelve detectors."""
STAGGER_SECONDS = 1.025
"""Half the time between odd and even detectors looking at one line in the first band (B02)."""
BAND_DELAY_SECONDS: dict[str, float] = {
    "B01": 2.363, "B02": 0.0, "B03": 0.534, "B04": 1.021, "B05": 1.289, "B06": 1.552, "B07": 1.821,
    "B08": 0.266, "B8A": 2.084, "B09": 2.635, "B10": 0.879, "B11": 1.524, "B12": 2.153,
}  # fmt: skip
"""Time after B02 at which an odd detector sees a line (GPS_TIME of first lines, Sentinel-2A 2020-08-16)."""
NODE_MARGIN = 1000.0
"""Angles are given at nodes up to this far outside a detector's share, metres: the overlap of detectors."""


@dataclass(frozen=True, slots=True)
class Track:
    """A descending pass over the tile.

    `heading` of the ground track, degrees clockwise from north (about 190 at the equator, 200 at 55 degrees
    of latitude); `offset`, metres from the track to the tile's centre, positive on the side of detector 12
    (left of the direction of flight, east).
    """

    heading: float
    offset: float

    def across(self, easting: Floats, northing: Floats) -> Floats:
        """Distance from the track, metres, of places given from the tile's centre."""
        heading = np.deg2rad(self.heading)
        return np.asarray(self.offset - easting * np.cos(heading) + northing * np.sin(heading))

    def direction(self, across: Floats, along: float) -> tuple[Floats, Floats]:
        """Zenith and azimuth (degrees) of the satellite, seen from `across` metres off the track.

        along : how far ahead of the place the satellite is, metres along the track.
        """
        angle = across / EARTH_RADIUS
        height = (EARTH_RADIUS + ORBIT_HEIGHT) * np.cos(angle) - EARTH_RADIUS
        sideways = -(EARTH_RADIUS + ORBIT_HEIGHT) * np.sin(angle)
        zenith = np.rad2deg(np.arctan2(np.hypot(sideways, along), height))
        # Sideways is the direction of detector 12, left of the heading.
        azimuth = self.heading - np.rad2deg(np.arctan2(sideways, along))
        return zenith, azimuth % 360.0


def detector_of(across: Floats) -> npt.NDArray[np.uint8]:
    """Detector (1 to 12) that sees a place `across` metres off the track, 0 outside the swath."""
    number = np.floor(across / DETECTOR_WIDTH + DETECTORS / 2) + 1
    return np.where((number >= 1) & (number <= DETECTORS), number, 0).astype(np.uint8)


def footprint(track: Track | None, grid: Grid, window: Window) -> npt.NDArray[np.uint8]:
    """Detector of each pixel of a window of `grid`; 1 everywhere when there is no track."""
    if track is None:
        return np.ones((window.height, window.width), np.uint8)
    columns = np.arange(window.width, dtype=np.float64) + (window.column + 0.5 - grid.columns / 2)
    rows = (grid.rows / 2 - window.row - 0.5) - np.arange(window.height, dtype=np.float64)
    easting, northing = columns * grid.resolution, rows * grid.resolution
    return detector_of(track.across(easting[np.newaxis, :], northing[:, np.newaxis]))


def constant_angles(
    sun: Direction, view: Direction, views: Mapping[str, Direction] | None = None
) -> TileAngles:
    """Angles that are the same everywhere, seen by detector 1; `views` of bands that have their own."""
    mean = dict.fromkeys(BAND_NAMES, view) | dict(views or {})
    return TileAngles(
        sun=_constant(sun),
        mean_sun=sun,
        viewing={(band, 1): _constant(mean[band]) for band in BAND_NAMES},
        mean_viewing=mean,
    )


def tile_angles(grid: Grid, sun: Direction, track: Track) -> TileAngles:
    """Angles at the nodes of a tile: the sun stands at `sun` over the centre, the satellite is on `track`."""
    nodes = np.arange(NODE_COUNT, dtype=np.float64) * NODE_STEP
    width, height = grid.columns * grid.resolution, grid.rows * grid.resolution
    easting, northing = np.meshgrid(nodes - width / 2, height / 2 - nodes)
    inside = (easting <= width / 2 + NODE_STEP) & (northing >= -height / 2 - NODE_STEP)
    across = track.across(easting, northing)
    viewing = {}
    for band in BAND_NAMES:
        for detector in range(1, DETECTORS + 1):
            seen = _seen_by(detector, across)
            if not (seen & inside).any():
                continue
            sign = 1.0 if detector % 2 else -1.0
            along = sign * (STAGGER_SECONDS + BAND_DELAY_SECONDS[band]) * GROUND_SPEED
            zenith, azimuth = track.direction(across, along)
            viewing[band, detector] = AngleGrid(
                np.where(seen, zenith, np.nan), np.where(seen, azimuth, np.nan)
            )
    return TileAngles(
        sun=sun_grid(easting, northing, sun),
        mean_sun=sun,
        viewing=viewing,
        mean_viewing={band: _mean_view(viewing, band, inside) for band in BAND_NAMES},
    )


def sun_grid(easting: Floats, northing: Floats, sun: Direction) -> AngleGrid:
    """Sun angles at places given in metres from where the sun stands at `sun`: the vertical tilts, the sun
    stays."""
    zenith, azimuth = np.deg2rad(sun.zenith), np.deg2rad(sun.azimuth)
    east = np.sin(zenith) * np.sin(azimuth)
    north = np.sin(zenith) * np.cos(azimuth)
    up = np.cos(zenith)
    tilt_east, tilt_north = easting / EARTH_RADIUS, northing / EARTH_RADIUS
    east_there = east * np.cos(tilt_east) - up * np.sin(tilt_east)
    up_there = east * np.sin(tilt_east) + up * np.cos(tilt_east)
    north_there = north * np.cos(tilt_north) - up_there * np.sin(tilt_north)
    up_there = north * np.sin(tilt_north) + up_there * np.cos(tilt_north)
    return AngleGrid(
        np.rad2deg(np.arctan2(np.hypot(east_there, north_there), up_there)),
        np.rad2deg(np.arctan2(east_there, north_there)) % 360.0,
    )


def _seen_by(detector: int, across: Floats) -> npt.NDArray[np.bool_]:
    left = (detector - 1 - DETECTORS / 2) * DETECTOR_WIDTH
    return np.asarray((across >= left - NODE_MARGIN) & (across < left + DETECTOR_WIDTH + NODE_MARGIN))


def _mean_view(
    viewing: dict[tuple[str, int], AngleGrid], band: str, inside: npt.NDArray[np.bool_]
) -> Direction:
    zenith, azimuth = [], []
    for (name, _), grid in viewing.items():
        if name == band:
            present = inside & ~np.isnan(grid.zenith)
            zenith.append(grid.zenith[present])
            azimuth.append(np.deg2rad(grid.azimuth[present]))
    angles = np.concatenate(azimuth)
    mean = np.arctan2(np.sin(angles).mean(), np.cos(angles).mean())
    return Direction(float(np.concatenate(zenith).mean()), float(np.rad2deg(mean) % 360.0))


def _constant(direction: Direction) -> AngleGrid:
    shape = (NODE_COUNT, NODE_COUNT)
    return AngleGrid(np.full(shape, direction.zenith), np.full(shape, direction.azimuth))
