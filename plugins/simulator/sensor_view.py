"""A map as the lines of pixels of the sensor see it: reflectance on the ground to counts of Level 1B.

Every pixel is located on the terrain by the sensor model, and sees the one place of the map that it looks at:
the instrument's blur is not in it. Counts follow the Level-1C algorithm overview, backwards:
``count = round(reflectance A E U cos(zenith) / pi - RADIO_ADD_OFFSET)`` with the physical gain A (counts per
W m-2 sr-1 um-1), the solar irradiance E (W m-2 um-1), U for the distance of the sun and the zenith angle of
the sun at the place, when the line was taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyproj
from ipf_plugins.simulator.instrument import BandNoise
from ipf_plugins.simulator.map_scenes import MapScene
from ipf_plugins.simulator.view_kernels import counts_of_reflectance, places_on_map
from ipf_plugins.simulator.view_metadata import Acquired

from ipf.errors import ParameterError
from ipf.geometry.acquisition import FloatArray
from ipf.geometry.sensor_model import Location, SensorModel
from ipf.product.bands import BAND_NAMES
from ipf.product.nominal_radiometry import nominal_radiometry, sun_distance_correction
from ipf.product.sensor_datastrip import SensorDatastrip

Counts = npt.NDArray[np.uint16]
FloatImage = npt.NDArray[np.float32]

LARGEST_COUNT = 4095
"""Counts have 12 bits; this one is saturated."""
BLOCK_LINES = 128
"""Lines seen at a time; blocks begin at multiples of it, so that any cutting gives the same bits."""
MESH_STEP_DEG = 0.002
"""Between nodes of the map, 220 m apart, places are straight to 2 mm."""


@dataclass(frozen=True, slots=True)
class ViewCalibration:
    """What makes counts of reflectance, by band: gains, irradiances, offsets, and U; see the module."""

    gains: Mapping[str, float]
    irradiance: Mapping[str, float]
    sun_distance_correction: float
    offsets: Mapping[str, float]

    @classmethod
    def of(cls, datastrip: SensorDatastrip | Acquired) -> ViewCalibration:
        """The gains and offsets of an acquisition, with the sun of its satellite and datatake."""
        nominal = nominal_radiometry(datastrip.satellite, datastrip.datatake_start, "05.00")
        offsets = {band: datastrip.radio_offsets.get(band, 0.0) for band in BAND_NAMES}
        return cls(
            datastrip.gains,
            nominal.solar_irradiance,
            sun_distance_correction(datastrip.datatake_start),
            offsets,
        )

    def factor(self, band: str) -> float:
        """Counts per reflectance under a sun in the zenith."""
        return self.gains[band] * self.irradiance[band] * self.sun_distance_correction / math.pi

    def variances(self, band: str, noise: BandNoise) -> tuple[float, float]:
        """Variance of the counts: constant, and per count of light."""
        gain = self.gains[band]
        return (noise.dark * gain) ** 2, noise.slope * gain


@dataclass(frozen=True, slots=True)
class SensorView:
    """A scene on a map, seen through a sensor model with terrain.

    noise : by band, None for none; every pixel's own number comes from `seed`, band, detector and place
    threads : blocks of lines that are seen at a time; the model itself should have one thread then
    """

    model: SensorModel
    scene: MapScene
    calibration: ViewCalibration
    noise: Mapping[str, BandNoise] | None = None
    seed: int = 0
    threads: int = 1

    def counts(self, band: str, detector: int, lines: range) -> Counts:
        """Counts of consecutive `lines` (from 1 on) of a band and detector, (lines, pixels) uint16.

        0, no data, where a line of sight meets no terrain or no scene; `LARGEST_COUNT` where saturated.
        """
        if len(lines) == 0 or lines.step != 1:
            raise ParameterError(
                f"view of {band}, detector {detector:02d}: {lines}, expected lines one by one"
            )
        counts = np.empty((len(lines), self.model.pixel_count(band, detector)), np.uint16)

        def see(block: range) -> None:
            part = counts[block.start - lines.start : block.stop - lines.start]
            self._see(band, detector, block, part)

        if self.threads == 1:
            for block in blocks_of(lines):
                see(block)
        else:
            with ThreadPoolExecutor(self.threads, thread_name_prefix="ipf-view") as pool:
                list(pool.map(see, blocks_of(lines)))
        return counts

    def _see(self, band: str, detector: int, lines: range, counts: Counts) -> None:
        """Fill the counts of one block of lines."""
        numbers = np.arange(lines.start, lines.stop, dtype=np.float64)
        pixels = np.arange(counts.shape[1], dtype=np.float64)
        seen = self.model.direct_location(band, detector, numbers[:, np.newaxis], pixels)
        middle = lines.start // BLOCK_LINES * BLOCK_LINES + BLOCK_LINES / 2
        seconds = self.model.line_seconds(band, detector, np.append(numbers, middle))
        eastings, northings, cosine = self._places(seen, seconds[:-1], float(seconds[-1]))
        reflectance = self.scene.reflectance(band, eastings, northings)
        noise = (0.0, 0.0)
        if self.noise is not None:
            noise = self.calibration.variances(band, self.noise[band])
        counts_of_reflectance(
            reflectance,
            cosine,
            self.calibration.factor(band),
            self.calibration.offsets[band],
            noise,
            lines.start,
            self.seed + 1009 * BAND_NAMES.index(band) + 7919 * detector,
            LARGEST_COUNT,
            counts,
        )

    def _places(
        self, seen: Location, seconds: FloatArray, middle: float
    ) -> tuple[FloatArray, FloatArray, FloatImage]:
        """Eastings, northings (m) and the cosine of the sun's zenith angle of what is seen."""
        found = np.empty(seen.longitude.shape), np.empty(seen.longitude.shape)
        cosine = np.full(seen.longitude.shape, np.nan, np.float32)
        longitude = seen.longitude
        known = np.isfinite(longitude)
        if not np.any(known):
            for array in found:
                array.fill(np.nan)
            return *found, cosine
        if np.ptp(longitude[known]) > 180.0:
            longitude = longitude % 360.0
        south, north = float(np.nanmin(seen.latitude)), float(np.nanmax(seen.latitude))
        # Meshes begin at whole multiples of steps that neighbouring blocks have too.
        widened = 2.0 ** math.ceil(-math.log2(max(math.cos(math.radians((south + north) / 2)), 0.05)))
        steps = MESH_STEP_DEG, MESH_STEP_DEG * widened
        rows = _nodes(south, north, steps[0])
        columns = _nodes(float(np.nanmin(longitude)), float(np.nanmax(longitude)), steps[1])
        mesh = self._mesh(rows.astype(np.float64) * steps[0], columns.astype(np.float64) * steps[1], middle)
        first = int(rows[0]), int(columns[0])
        places_on_map(longitude, seen.latitude, seconds - middle, mesh, first, steps, (*found, cosine))
        return *found, cosine

    def _mesh(self, latitudes: FloatArray, longitudes: FloatArray, seconds: float) -> FloatArray:
        """Easting, northing, cosine of the zenith and its change in a second, (latitudes, longitudes, 4)."""
        longitude, latitude = np.meshgrid(longitudes, latitudes)
        easting, northing = _to_map(self.scene.epsg).transform(longitude, latitude)
        before, after = (
            np.cos(np.deg2rad(self.model.sun_angles(longitude, latitude, seconds + half)[0]))
            for half in (-0.5, 0.5)
        )
        return np.stack((easting, northing, (before + after) / 2, after - before), axis=-1)


def blocks_of(lines: range) -> Iterator[range]:
    """The lines in blocks that end at multiples of `BLOCK_LINES`."""
    first = lines.start
    while first < lines.stop:
        stop = min((first // BLOCK_LINES + 1) * BLOCK_LINES, lines.stop)
        yield range(first, stop)
        first = stop


def _nodes(lowest: float, highest: float, step: float) -> npt.NDArray[np.int64]:
    """Numbers of the nodes between which places lie, two at least."""
    return np.arange(math.floor(lowest / step), math.floor(highest / step) + 2, dtype=np.int64)


@lru_cache(maxsize=16)
def _to_map(epsg: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(4326, epsg, always_xy=True)
