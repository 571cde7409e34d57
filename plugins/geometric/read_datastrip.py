"""Step `read_datastrip`: opens the datastrip and the sensor model's files, no granules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ipf_plugins.geometric.read_l1b import area_of, datastrip_of_request
from ipf_plugins.geometric.sensor_scene import SensorFiles, SensorScene
from ipf_plugins.geometric.tile_list import tile_of_request
from pydantic import Field

from ipf.engine import Context, Findings, SourceStep, StepParameters
from ipf.errors import ProductError
from ipf.geometry.trajectory import Trajectory
from ipf.product.sensor_datastrip import SensorDatastrip, read_sensor_datastrip


class ReadDatastripParameters(StepParameters):
    """How the datastrip is taken."""

    refining: bool = Field(
        default=True, description="use the corrections that refinement found, where the datastrip has any"
    )


@dataclass(frozen=True)
class Inputs:
    """Nothing: the job order names the datastrip."""


@dataclass(frozen=True)
class Outputs:
    """The datastrip and its sensor model, on the terrain of the task's tile (without tile on none)."""

    datastrip: SensorDatastrip
    sensor_scene: SensorScene


def read(inputs: Inputs, parameters: ReadDatastripParameters, context: Context) -> Outputs:
    """Open what the job order names; raises `ProductError` naming the file that cannot be used."""
    request = context.request
    datastrip = read_sensor_datastrip(datastrip_of_request(request))
    area = area_of(tile_of_request(request)) if request.part else None
    scene = SensorScene(
        datastrip,
        SensorFiles.of(request),
        area,
        parameters.refining,
        context.workers,
        context.logger.warning,
    )
    return Outputs(datastrip, scene)


def refuse_bad_files(
    known: Mapping[str, Any], parameters: ReadDatastripParameters, context: Context
) -> Findings:
    """Refuse instrument files that cannot be used, and holes in orbit and attitude while sensing.

    Raises ProductError and AuxiliaryError naming file and element, or sample and times.
    """
    datastrip: SensorDatastrip = known["datastrip"]
    scene: SensorScene = known["sensor_scene"]
    geometry = scene.geometry
    try:
        trajectory = Trajectory.of(geometry)
        first, last = (
            (time.moment.replace(tzinfo=None) - geometry.epoch).total_seconds() + geometry.earth.gps_minus_utc
            for time in (datastrip.sensing_start, datastrip.sensing_stop)
        )
        trajectory.orbit.times.require(first, last)
        trajectory.attitude.times.require(first, last)
    except ProductError as problem:
        raise ProductError(f"{datastrip.file}: {problem}") from problem
    return Findings(auxiliary=scene.files.paths)


read_datastrip = SourceStep(
    name="read_datastrip",
    summary="opens the datastrip and the sensor model, no granules",
    run=read,
    check=refuse_bad_files,
)
