"""The sensor model of one acquisition: from lines and pixels to the ground and back, by band and detector.

Lines count from 1.0, the centre of the first; pixels from 0.0, the centre of the first. Longitudes and
latitudes are in degrees on WGS 84, heights in metres above its ellipsoid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from ipf.errors import AuxiliaryError, ProductError
from ipf.geometry.acquisition import FloatArray, SensorGeometry, SensorKey
from ipf.geometry.angles import SunPosition, angles_from_ground
from ipf.geometry.inverse_location import LineSearch, search_lines
from ipf.geometry.line_of_sight import PixelDirections, pixel_directions
from ipf.geometry.terrain import HeightImage, Terrain
from ipf.geometry.trajectory import Poses, Trajectory
from ipf.kernels.location import Mesh, locate_lines, locate_points, surface_heights

Of = TypeVar("Of")

BLOCK = 64 * 1024
"""Points that a thread takes at once."""
PERIODS = {"B02": 1, "B03": 1, "B04": 1, "B08": 1, "B01": 6, "B09": 6, "B10": 6}
"""Line periods of a 10 m band that a line of a band takes; 2 for the other bands, of 20 m."""


@dataclass(frozen=True, slots=True)
class Location:
    """Places on the ground: longitude, latitude (degrees), height above the ellipsoid (m), of one shape."""

    longitude: FloatArray
    latitude: FloatArray
    height: FloatArray


@dataclass(frozen=True, slots=True)
class Ground:
    """What lines of sight end on, as kernels take it: an empty mosaic stands for the height `bounds[0]`."""

    heights: HeightImage
    mesh: Mesh
    bounds: tuple[float, float]

    @classmethod
    def of_terrain(cls, terrain: Terrain) -> Ground:
        """The surface of a mosaic."""
        return cls(terrain.heights, terrain.mesh(), terrain.bounds())

    @classmethod
    def at_height(cls, height: float) -> Ground:
        """A constant height above the ellipsoid, metres."""
        return cls(np.empty((0, 0), np.float32), (0.0, 0.0, 1.0, 1.0), (height, height))


class SensorModel:
    """Locations and angles of the pixels of one acquisition, on `terrain` where there is one.

    Its methods take and give arrays and may be called from several threads; each uses up to `threads` of its
    own, and gives the same bits for any number of them. Raises `ProductError` where ephemeris or attitudes
    are missing or are none, and for bands and detectors that the acquisition does not have.
    """

    def __init__(self, geometry: SensorGeometry, terrain: Terrain | None = None, threads: int = 1) -> None:
        self.geometry = geometry
        self.trajectory = Trajectory.of(geometry)
        self.threads = threads
        self.terrain = terrain
        self._terrain = Ground.of_terrain(terrain) if terrain else None
        self._directions: dict[SensorKey, PixelDirections] = {}
        self._sun = SunPosition(self.trajectory.rotation)

    def line_period(self, band: str) -> float:
        """Seconds from a line of `band` to the next."""
        return PERIODS.get(band, 2) * self.geometry.datation.line_period

    def line_seconds(self, band: str, detector: int, lines: npt.ArrayLike) -> FloatArray:
        """GPS seconds after the epoch at which (fractional) `lines` were taken."""
        period = self.line_period(band)
        return np.asarray(self._first_line(band, detector) + (np.asarray(lines, np.float64) - 0.5) * period)

    def line_range(self, band: str, detector: int) -> tuple[float, float]:
        """The (fractional) lines that there are ephemeris and attitudes for: more than any image has."""
        start, period = self._first_line(band, detector), self.line_period(band)
        first, last = ((second - start) / period + 0.5 for second in self.trajectory.span())
        return first, last

    def pixel_count(self, band: str, detector: int) -> int:
        """Pixels of a line."""
        return len(self.directions(band, detector).x)

    def directions(self, band: str, detector: int) -> PixelDirections:
        """Directions of the pixels of a detector in the instrument's frame."""
        key = (band, detector)
        if key not in self._directions:
            self._directions[key] = pixel_directions(self._of_sensor(self.geometry.viewing, key), key)
        return self._directions[key]

    def direct_location(
        self,
        band: str,
        detector: int,
        lines: npt.ArrayLike,
        pixels: npt.ArrayLike,
        height: float | None = None,
    ) -> Location:
        """Where pixels look at the ground, or at `height` (m above the ellipsoid).

        `lines` and `pixels` are broadcast against one another; lines of shape (n, 1) against pixels of shape
        (m,) are the fastest. Pixels beyond the detector's ends look along straight continuations. NaN where a
        line of sight leaves the terrain, or meets a post without a height, before it meets the ground.
        """
        ground = self._ground(height)
        lines, pixels = np.asarray(lines, np.float64), np.asarray(pixels, np.float64)
        shape = np.broadcast_shapes(lines.shape, pixels.shape)
        found = tuple(np.empty(shape) for _ in range(3))
        if found[0].size:
            if len(shape) == 2 and lines.shape == (shape[0], 1) and pixels.size == shape[1]:
                self._locate_lines(band, detector, lines[:, 0], pixels.reshape(-1), ground, found)
            else:
                self._locate_points(band, detector, lines, pixels, ground, found)
        return Location(*found)

    def inverse_location(
        self,
        band: str,
        detector: int,
        longitude: npt.ArrayLike,
        latitude: npt.ArrayLike,
        height: npt.ArrayLike | None = None,
        lines: tuple[float, float] | None = None,
        margin: float = 64.0,
    ) -> tuple[FloatArray, FloatArray]:
        """Lines and pixels that look at places, at `height` (m above the ellipsoid) or else on the terrain.

        `lines` is the range within which lines are searched (all for which there are ephemeris and
        attitudes), which must have no hole; pixels may lie `margin` beyond the detector. NaN where nothing is
        found within these, and where the terrain has no height. Arguments are broadcast against one another;
        converged to 1e-5 pixels.
        """
        if height is None:
            height = self.terrain_heights(longitude, latitude)
        places = np.broadcast_arrays(
            *(np.asarray(given, np.float64) for given in (longitude, latitude, height))
        )
        search = self._search(band, detector, lines or self.line_range(band, detector), margin)
        found = np.empty(places[0].shape), np.empty(places[0].shape)
        flat = [np.array(array).reshape(-1) for array in places]  # broadcast ones are not to be written to
        result = [array.reshape(-1) for array in found]
        self._in_blocks(
            len(flat[0]),
            BLOCK,
            lambda block: search.run([array[block] for array in flat], [array[block] for array in result]),
        )
        first, period = self._first_line(band, detector), self.line_period(band)
        return (found[0] - first) / period + 0.5, found[1]

    def terrain_heights(self, longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> FloatArray:
        """Heights of the terrain above the ellipsoid, m; NaN off it and next to posts without a height."""
        ground = self._ground(None)
        places = np.broadcast_arrays(np.asarray(longitude, np.float64), np.asarray(latitude, np.float64))
        found = np.empty(places[0].shape)
        flat = [*(np.array(array).reshape(-1) for array in places), found.reshape(-1)]
        surface_heights(flat[0], flat[1], ground.heights, ground.mesh, flat[2])
        return flat[2].reshape(found.shape)

    def sun_angles(
        self, longitude: npt.ArrayLike, latitude: npt.ArrayLike, seconds: npt.ArrayLike
    ) -> tuple[FloatArray, FloatArray]:
        """Zenith and azimuth (clockwise from north) of the sun, degrees, at places on the ellipsoid.

        `seconds` are GPS seconds after the epoch; arguments are broadcast against one another.
        """
        return self._sun.angles(longitude, latitude, seconds)

    def viewing_angles(
        self,
        band: str,
        detector: int,
        lines: npt.ArrayLike,
        pixels: npt.ArrayLike,
        height: float | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Zenith and azimuth (from north over east) of the satellite, degrees, from where pixels look at.

        The zenith is that of the ellipsoid. Without `height` on the terrain, NaN as in `direct_location`.
        """
        ground = self.direct_location(band, detector, lines, pixels, height)
        seconds = self.line_seconds(band, detector, lines)
        satellite = self._poses(seconds).at(seconds.reshape(-1))[:, 9:].reshape(*seconds.shape, 3)
        return angles_from_ground(ground.longitude, ground.latitude, ground.height, satellite)

    def _locate_lines(
        self,
        band: str,
        detector: int,
        lines: FloatArray,
        pixels: FloatArray,
        ground: Ground,
        found: tuple[FloatArray, ...],
    ) -> None:
        """Fill `found`, (lines, pixels) each, for whole lines."""
        seconds = self.line_seconds(band, detector, lines)
        poses = self._poses(seconds)
        places, directions = poses.places(seconds), self.directions(band, detector).at(pixels)

        def locate(block: slice) -> None:
            longitude, latitude, height = (array[block] for array in found)
            surface = ground.heights, ground.mesh, ground.bounds
            locate_lines(poses.table, places[block], directions, *surface, (longitude, latitude, height))

        self._in_blocks(len(lines), max(BLOCK // len(pixels), 1), locate)

    def _locate_points(
        self,
        band: str,
        detector: int,
        lines: FloatArray,
        pixels: FloatArray,
        ground: Ground,
        found: tuple[FloatArray, ...],
    ) -> None:
        """Fill `found`, of any shape, for points of any lines and pixels."""
        shape = found[0].shape
        seconds = np.broadcast_to(self.line_seconds(band, detector, lines), shape).reshape(-1)
        poses = self._poses(seconds)
        places = poses.places(seconds)
        x, y = self.directions(band, detector).at(np.broadcast_to(pixels, shape).reshape(-1))
        flat = [array.reshape(-1) for array in found]

        def locate(block: slice) -> None:
            longitude, latitude, height = (array[block] for array in flat)
            surface = ground.heights, ground.mesh, ground.bounds
            points = poses.table, places[block], (x[block], y[block])
            locate_points(*points, *surface, (longitude, latitude, height))

        self._in_blocks(len(places), BLOCK, locate)

    def _poses(self, seconds: FloatArray) -> Poses:
        """Poses around all of `seconds` that are numbers."""
        known = seconds[np.isfinite(seconds)]
        start, end = (np.min(known), np.max(known)) if known.size else (self.trajectory.span()[0],) * 2
        return self.trajectory.poses(float(start), float(end))

    def _search(self, band: str, detector: int, lines: tuple[float, float], margin: float) -> LineSearch:
        """The search for lines of a detector within a range."""
        first, last = self.line_seconds(band, detector, np.array(lines))
        poses = self.trajectory.poses(float(first), float(last))
        return search_lines(
            poses,
            self.directions(band, detector),
            (float(first), float(last)),
            margin,
            self.line_period(band),
        )

    def _in_blocks(self, count: int, size: int, work: Callable[[slice], object]) -> None:
        """Do `work` on blocks of `size` out of `count`, in threads; the first exception is raised."""
        blocks = [slice(start, min(start + size, count)) for start in range(0, count, size)]
        if self.threads == 1 or len(blocks) == 1:
            for block in blocks:
                work(block)
            return
        with ThreadPoolExecutor(self.threads, thread_name_prefix="ipf-location") as pool:
            for done in [pool.submit(work, block) for block in blocks]:
                done.result()

    def _ground(self, height: float | None) -> Ground:
        """The height, or else the terrain."""
        if height is not None:
            return Ground.at_height(float(height))
        if self._terrain is None:
            raise AuxiliaryError("location: there is no elevation model, and no height was given")
        return self._terrain

    def _first_line(self, band: str, detector: int) -> float:
        """GPS seconds at which the first line of a detector begins."""
        return float(self._of_sensor(self.geometry.datation.first_line, (band, detector)))

    def _of_sensor(self, table: Mapping[SensorKey, Of], key: SensorKey) -> Of:
        """What a table has for a band and detector."""
        if key not in table:
            raise ProductError(
                f"{self.geometry.satellite}: band {key[0]}, detector {key[1]} has no times or no viewing "
                "directions"
            )
        return table[key]
