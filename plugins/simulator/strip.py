"""Step `simulate_strip`: a piece of ground, the pass of a satellite over it, and its instrument."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

import numpy as np
from ipf_plugins.simulator import focal_plane
from ipf_plugins.simulator.instrument import published_noise
from ipf_plugins.simulator.map_scenes import BoundedScene, TexturedScene
from ipf_plugins.simulator.orbit_pass import OrbitPass
from ipf_plugins.simulator.sensor_view import SensorView, ViewCalibration
from ipf_plugins.simulator.strip_files import datastrip_information
from ipf_plugins.simulator.strip_ground import ground_of
from ipf_plugins.simulator.view_metadata import Acquired, GranuleLines
from ipf_plugins.simulator.view_product import lines_over
from pydantic import Field, field_validator

from ipf.engine import Context, SourceStep, StepParameters
from ipf.errors import ParameterError
from ipf.geometry.acquisition import Datation, EarthOrientation, FloatArray, Mounting, SensorGeometry
from ipf.geometry.orthorectification import MapArea
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.terrain import Terrain
from ipf.geometry.tiles import TILE_SIZE_M, MgrsTile, tile_of_name
from ipf.product.bands import BAND_NAMES
from ipf.product.l1b_model import GRANULE_LINES
from ipf.product.utc import UtcTime

EARTH = EarthOrientation(ut1_minus_utc=0.05, pole_x=0.15, pole_y=0.35, gps_minus_utc=18.0)
"""Of an ordinary day since 2017."""
CLEAR_GROUND = {
    "B01": 0.13,
    "B02": 0.11,
    "B03": 0.10,
    "B04": 0.09,
    "B05": 0.12,
    "B06": 0.20,
    "B07": 0.24,
    "B08": 0.25,
    "B8A": 0.26,
    "B09": 0.10,
    "B10": 0.002,
    "B11": 0.18,
    "B12": 0.10,
}
"""Mean reflectance at the top of the atmosphere, as of fields under clear air (round numbers)."""
_MARGIN_LINES = 300
_WHOLE_PIXEL = 6
_MESH = 25


class StripParameters(StepParameters):
    """Where and when the ground is seen, and how large a piece of it. T31TCJ is near Toulouse."""

    tile: str = Field("31TCJ", pattern=r"^\d{2}[A-Z]{3}$", description="Name of the tile (MGRS)")
    size_m: int = Field(
        10980,
        ge=600,
        le=TILE_SIZE_M,
        description="Side of the piece of ground, from the tile's upper-left corner, m, a multiple of 60",
    )
    margin_m: int = Field(3000, ge=600, le=20000, description="Ground around the piece, m")
    satellite: Literal["S2A", "S2B", "S2C"] = Field("S2A", description="Satellite")
    day: date = Field(
        date(2025, 6, 21), ge=date(2017, 1, 1), description="Day of the pass, after the last leap second"
    )
    relief_m: float = Field(1000.0, ge=0.0, le=6000.0, description="From the lowest to the highest ground, m")
    granule_lines: int = Field(
        GRANULE_LINES,
        ge=642,
        le=GRANULE_LINES,
        description="10 m lines in a granule, a multiple of 6; names of granules count seconds, 639 lines",
    )
    noise: bool = Field(True, description="Noise of the instrument as specified")
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of everything left to chance, added to the run's")

    @field_validator("size_m", "margin_m")
    @classmethod
    def _whole_pixels(cls, metres: int) -> int:
        if metres % 60:
            raise ValueError("a multiple of 60 expected")
        return metres

    @field_validator("granule_lines")
    @classmethod
    def _whole_lines(cls, lines: int) -> int:
        if lines % _WHOLE_PIXEL:
            raise ValueError("a multiple of 6 expected")
        return lines


@dataclass(frozen=True)
class Inputs:
    """Nothing: the parameters tell all."""


@dataclass(frozen=True)
class Strip:
    """A datastrip to be made; what takes long is computed when it is first asked for."""

    tile: MgrsTile
    parameters: StripParameters
    seed: int
    threads: int

    @property
    def area(self) -> MapArea:
        """The piece of ground."""
        corner = float(self.tile.upper_left_x), float(self.tile.upper_left_y)
        return MapArea(self.tile.epsg, *corner, self.parameters.size_m)

    @cached_property
    def terrain(self) -> Terrain:
        """Heights of the ground, and sea beyond it."""
        return ground_of(self.area, self.parameters.margin_m, self.parameters.relief_m, self.seed)

    @cached_property
    def orbit(self) -> OrbitPass:
        """The pass that sees the middle of the piece straight below."""
        middle = np.array([self.area.size / 2.0])
        longitude, latitude = (float(axis[0]) for axis in self.area.geographic(middle, middle))
        epoch = datetime.combine(self.parameters.day, datetime.min.time())
        return OrbitPass.on_day(epoch, EARTH, longitude, latitude)

    @property
    def first_line_seconds(self) -> float:
        """When the first line sees what is straight below."""
        ends = np.array([0.0, float(self.area.size)])
        corners = self.area.geographic(ends[:, np.newaxis], ends[np.newaxis, :])
        reach = self.orbit.farthest_along(*corners) / self.orbit.ground_speed
        lines = math.ceil((reach / focal_plane.LINE_PERIOD_S + _MARGIN_LINES) / _WHOLE_PIXEL) * _WHOLE_PIXEL
        return self.orbit.seconds - lines * focal_plane.LINE_PERIOD_S

    @cached_property
    def geometry(self) -> SensorGeometry:
        """Orbit, attitude and directions of all pixels."""
        first = self.first_line_seconds
        latest = max(focal_plane.first_lines(0.0).values())
        end = 2 * self.orbit.seconds - first
        return SensorGeometry(
            satellite=self.parameters.satellite,
            epoch=self.orbit.epoch,
            ephemeris=self.orbit.ephemeris(first - latest, end + latest),
            attitude=self.orbit.attitude(first - latest, end + latest),
            earth=EARTH,
            datation=Datation(focal_plane.first_lines(first), focal_plane.LINE_PERIOD_S),
            mounting=Mounting(0.0, 0.0, 0.0),
            refining=None,
            viewing=focal_plane.viewing_directions(self.orbit.apparent_rate()),
        )

    @cached_property
    def model(self) -> SensorModel:
        """The sensor model on the terrain."""
        return SensorModel(self.geometry, self.terrain)

    @cached_property
    def scene(self) -> BoundedScene:
        """The ground's reflectance, within the margin."""
        textures = TexturedScene.of(self.tile.epsg, self.seed, means=CLEAR_GROUND)
        return BoundedScene.around(textures, self.area, self.parameters.margin_m)

    @cached_property
    def acquired(self) -> Acquired:
        """What is known of the acquisition beside its geometry."""
        return datastrip_information(self.parameters.satellite, self.geometry, self._utc, self.lines_end)

    @cached_property
    def view(self) -> SensorView:
        """The scene as the instrument sees it."""
        noise = published_noise() if self.parameters.noise else None
        calibration = ViewCalibration.of(self.acquired)
        return SensorView(self.model, self.scene, calibration, noise, self.seed, self.threads)

    @cached_property
    def granules(self) -> GranuleLines:
        """Granules of the detectors that see the piece, as ranges of 10 m lines."""
        places = np.linspace(0.0, float(self.area.size), _MESH)
        longitude, latitude = self.area.geographic(places[:, np.newaxis], places[np.newaxis, :])
        found = {}
        for detector in sorted({detector for _, detector in self.geometry.viewing}):
            lines = lines_over(self.model, detector, BAND_NAMES, longitude.ravel(), latitude.ravel())
            if len(lines):
                found[detector] = self._cut(lines)
        return found

    def _cut(self, lines: range) -> tuple[range, ...]:
        """Whole granules that hold `lines`."""
        size = self.parameters.granule_lines
        first, stop = (lines.start - 1) // size, -(-(lines.stop - 1) // size)
        return tuple(range(1 + number * size, 1 + (number + 1) * size) for number in range(first, stop))

    @property
    def lines_end(self) -> int:
        """The 10 m line after the last one of all granules."""
        return max(listed[-1].stop for listed in self.granules.values())

    def _utc(self, seconds: float) -> UtcTime:
        since = timedelta(seconds=seconds - EARTH.gps_minus_utc)
        return UtcTime((self.orbit.epoch + since).replace(tzinfo=UTC), 6)

    def corners(self, detector: int, lines: range) -> tuple[FloatArray, FloatArray]:
        """Longitudes and latitudes (degrees) of the ring of a granule's footprint at sea level."""
        last = float(self.model.pixel_count("B04", detector) - 1)
        ends = [float(lines.start), float(lines.stop - 1)]
        ring = [(ends[0], 0.0), (ends[1], 0.0), (ends[1], last), (ends[0], last), (ends[0], 0.0)]
        at_lines, at_pixels = np.array(ring).T
        seen = self.model.direct_location("B04", detector, at_lines, at_pixels, 0.0)
        return seen.longitude, seen.latitude


@dataclass(frozen=True)
class Outputs:
    """The datastrip."""

    strip: Strip


def begin(inputs: Inputs, parameters: StripParameters, context: Context) -> Outputs:
    """The datastrip of the parameters; ParameterError for a tile that there is not."""
    try:
        tile = tile_of_name(parameters.tile)
    except ParameterError as problem:
        raise ParameterError(f"simulate_strip.tile is {parameters.tile}: {problem}") from problem
    return Outputs(Strip(tile, parameters, parameters.seed + context.seed, context.workers))


def known_strip(known: Mapping[str, Any]) -> Strip:
    """The datastrip among the models of a check."""
    strip: Strip = known["strip"]
    return strip


simulate_strip = SourceStep(
    name="simulate_strip", summary="a piece of ground, and a pass of the satellite over it", run=begin
)
