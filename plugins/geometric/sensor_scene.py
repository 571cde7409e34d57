"""The sensor model of a datastrip over a piece of ground, opened when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from ipf.auxiliary.sensor_geometry import sensor_geometry
from ipf.auxiliary.terrain_files import open_terrain
from ipf.engine import TaskRequest
from ipf.errors import PlanError, ProductError
from ipf.geometry.acquisition import FloatArray, SensorGeometry, SensorKey
from ipf.geometry.orthorectification import MapArea
from ipf.geometry.sensor_model import SensorModel
from ipf.geometry.trajectory import Trajectory
from ipf.product.sensor_datastrip import SensorDatastrip

MARGIN_DEG = 0.05
"""Terrain around a tile that lines of sight towards its edges cross: heights of 9 km seen at 30 degrees."""
DEM_TYPES = ("DEM_SRTM", "DEM_GLOBE", "DEM")
SENSOR_TYPES = ("GIP_SPAMOD", "GIP_VIEDIR")


@dataclass(frozen=True)
class SensorFiles:
    """What a sensor model is made of: parameter files, elevation, geoid, Earth orientation."""

    parameter_files: tuple[Path, ...]
    dem: Path | None = None
    geoid: Path | None = None
    iers: Path | None = None

    @classmethod
    def of(cls, request: TaskRequest) -> SensorFiles:
        """Those among the inputs of a task."""
        return cls(
            tuple(path for name in SENSOR_TYPES for path in request.inputs.get(name, ())),
            request.find_input(*DEM_TYPES),
            _only_file(request.find_input("DEM_GEOID"), "geoid"),
            _only_file(request.find_input("IERS"), "IERS bulletin"),
        )

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file and folder that is read."""
        single = (path for path in (self.dem, self.geoid, self.iers) if path is not None)
        return (*self.parameter_files, *single)


def _only_file(path: Path | None, what: str) -> Path | None:
    """A file, or the folder that holds it and its header, as readers take them; PlanError for nothing."""
    if path is not None and path.is_dir() and not any(path.iterdir()):
        raise PlanError(f"{path}: an empty folder, expected a {what}")
    return path


@dataclass(frozen=True)
class SensorScene:
    """A datastrip's sensor model; `area` is None for one without terrain."""

    datastrip: SensorDatastrip
    files: SensorFiles
    area: MapArea | None
    refining: bool
    workers: int
    report: Callable[[str], None]
    outlines: dict[frozenset[tuple[SensorKey, range]], tuple[FloatArray, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What is seen, by lines of bands and detectors: computed once by what asks for it."""

    @cached_property
    def geometry(self) -> SensorGeometry:
        """The acquisition; raises ProductError and AuxiliaryError naming file and element."""
        return sensor_geometry(self.datastrip, self.files.parameter_files, self.files.iers, self.refining)

    def refuse_gaps(self) -> None:
        """Refuse holes in orbit and attitude while sensing; ProductError naming file, samples and times."""
        geometry, strip = self.geometry, self.datastrip
        first, last = (
            (time.moment.replace(tzinfo=None) - geometry.epoch).total_seconds() + geometry.earth.gps_minus_utc
            for time in (strip.sensing_start, strip.sensing_stop)
        )
        try:
            trajectory = Trajectory.of(geometry)
            trajectory.orbit.times.require(first, last)
            trajectory.attitude.times.require(first, last)
        except ProductError as problem:
            raise ProductError(f"{strip.file}: {problem}") from problem

    @cached_property
    def model(self) -> SensorModel:
        """The sensor model, on the terrain of the area where there is one."""
        if self.area is None:
            return SensorModel(self.geometry, None, self.workers)
        edge = np.linspace(0.0, float(self.area.size), 9)
        longitude, latitude = self.area.geographic(edge[:, None], edge[None, :])
        turned = np.rad2deg(np.unwrap(np.deg2rad(longitude.ravel())))
        widened = MARGIN_DEG / np.cos(np.deg2rad(min(float(np.max(np.abs(latitude))), 85.0)))
        west, east = float(turned.min()) - widened, float(turned.max()) + widened
        terrain = open_terrain(
            self.files.dem,
            self.files.geoid,
            (west + 180.0) % 360.0 - 180.0,
            float(latitude.min()) - MARGIN_DEG,
            (east + 180.0) % 360.0 - 180.0,
            float(latitude.max()) + MARGIN_DEG,
            report=self.report,
        )
        return SensorModel(self.geometry, terrain, self.workers)
