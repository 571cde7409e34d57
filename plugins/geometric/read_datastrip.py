"""Step `read_datastrip`: opens the datastrip and the sensor model's files, no granules."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ipf_plugins.geometric.read_l1b import area_of, datastrip_of_request
from ipf_plugins.geometric.sensor_scene import SensorFiles, SensorScene
from ipf_plugins.geometric.tile_list import tile_of_request

from ipf.auxiliary.l1_gipp import GeometricParameters
from ipf.auxiliary.l1_gipp_model import step_parameter
from ipf.engine import Context, Findings, SourceStep, StepParameters
from ipf.product.sensor_datastrip import SensorDatastrip, read_sensor_datastrip

_SIDEREAL_DEG_PER_S = 360.0 / 86164.0989
_RADIUS_M = 6_378_137.0


class ReadDatastripParameters(StepParameters):
    """How the datastrip is taken."""

    refining: bool = step_parameter(GeometricParameters, "refining")


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
    scene.refuse_gaps()
    return Findings(auxiliary=scene.files.paths, notes=tuple(_earth_notes(datastrip, scene)))


def _earth_notes(datastrip: SensorDatastrip, scene: SensorScene) -> Iterator[str]:
    """How far a bulletin moves the ground against the orientation of the Earth that the datastrip states."""
    stated, used = datastrip.earth, scene.geometry.earth
    if scene.files.iers is None or stated is None:
        return
    turn = np.deg2rad((used.ut1_minus_utc - stated.ut1_minus_utc) * _SIDEREAL_DEG_PER_S)
    poles = used.pole_x - stated.pole_x, used.pole_y - stated.pole_y
    moved = _RADIUS_M * math.hypot(turn, *np.deg2rad(np.array(poles) / 3600.0))
    yield f"Earth orientation of {scene.files.iers}: up to {moved:.2f} m from that of the datastrip"


read_datastrip = SourceStep(
    name="read_datastrip",
    summary="opens the datastrip and the sensor model, no granules",
    run=read,
    check=refuse_bad_files,
)
