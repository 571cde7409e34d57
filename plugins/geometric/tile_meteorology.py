"""Step `tile_meteorology`: forecasts of weather and aerosol at the tile, where the job order names any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from ipf_plugins.geometric.read_l1b import area_of
from ipf_plugins.geometric.tile_list import tile_of_request
from pydantic import Field

from ipf.auxiliary.grib import GribField
from ipf.auxiliary.l1_gipp import ForecastParameters
from ipf.auxiliary.l1_gipp_model import step_parameter
from ipf.auxiliary.tile_forecasts import CAMS, ECMWF, ForecastGrid, ForecastKind, tile_forecast
from ipf.engine import Context, Findings, SourceStep, StepParameters, TaskRequest
from ipf.geometry.orthorectification import MapArea
from ipf.product.sensor_datastrip import SensorDatastrip
from ipf.product.utc import UtcTime


class TileMeteorologyParameters(StepParameters):
    """Which forecasts the tile is given."""

    ecmwf: bool = Field(
        default=True,
        description="give the tile the weather forecast (AUX_ECMWFT)",
        json_schema_extra={"job_order": "ECMWF_L1C_TILE_GENER"},
    )
    longest_gap: float = step_parameter(ForecastParameters, "longest_gap")
    cams: bool = Field(
        default=True,
        description="give the tile the aerosol forecast (AUX_CAMSFO)",
        json_schema_extra={"job_order": "CAMS_L1C_TILE_GENER"},
    )


@dataclass(frozen=True)
class Inputs:
    """The datastrip, whose start the forecasts are for."""

    datastrip: SensorDatastrip


@dataclass(frozen=True)
class TileForecasts:
    """Forecasts by the name of their file; names that there is no input of, and that are not wanted."""

    sources: Mapping[str, tuple[ForecastKind, Path]]
    missing: Mapping[str, str]
    unwanted: Mapping[str, str]
    area: MapArea
    when: UtcTime
    longest_gap: timedelta

    @cached_property
    def fields(self) -> dict[str, tuple[GribField, ...]]:
        """The fields at the tile; raises AuxiliaryError naming the input that cannot be used."""
        grid = _grid(self.area)
        return {
            name: tile_forecast(source, kind, grid, self.when.moment, self.longest_gap)
            for name, (kind, source) in self.sources.items()
        }


@dataclass(frozen=True)
class Outputs:
    """The forecasts."""

    tile_forecasts: TileForecasts


def _grid(area: MapArea) -> ForecastGrid:
    """From the upper-left to the lower-right corner."""
    ends = np.array([0.0, float(area.size)])
    (west, east), (north, south) = area.geographic(ends, ends)
    return ForecastGrid.between((float(west), float(north)), (float(east), float(south)))


def find(inputs: Inputs, parameters: TileMeteorologyParameters, context: Context) -> Outputs:
    """The forecasts among the inputs that are wanted."""
    sources, missing, unwanted = {}, {}, {}
    wanted = ((ECMWF, "ECMWF", parameters.ecmwf), (CAMS, "CAMS", parameters.cams))
    for kind, file_type, is_wanted in wanted:
        source = _source(context.request, file_type)
        if not is_wanted:
            unwanted[kind.name] = f"{file_type}_L1C_TILE_GENER is false"
        elif source is None:
            missing[kind.name] = f"no input {file_type}"
        else:
            sources[kind.name] = kind, source
    area = area_of(tile_of_request(context.request))
    when, gap = inputs.datastrip.sensing_start, timedelta(hours=parameters.longest_gap)
    return Outputs(TileForecasts(sources, missing, unwanted, area, when, gap))


def _source(request: TaskRequest, file_type: str) -> Path | None:
    """The input of a type; an empty folder is none, as the ground segment passes it on."""
    source = request.find_input(file_type)
    if source is not None and source.is_dir() and not any(path.is_file() for path in source.rglob("*")):
        return None
    return source


def refuse_bad_forecasts(
    known: Mapping[str, Any], parameters: TileMeteorologyParameters, context: Context
) -> Findings:
    """Refuse forecasts that cannot be used, and tell which are not wanted."""
    forecasts: TileForecasts = known["tile_forecasts"]
    assert forecasts.fields is not None
    return Findings(
        auxiliary=tuple(source for _, source in forecasts.sources.values()),
        notes=tuple(f"tile without {name}: {reason}" for name, reason in forecasts.unwanted.items()),
    )


tile_meteorology = SourceStep(
    name="tile_meteorology",
    summary="weather and aerosol forecasts at the tile",
    run=find,
    check=refuse_bad_forecasts,
)
