"""Step `tile_geometry`: the name and grid of a tile, the angles that it is seen under, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from functools import cached_property
from typing import Any

from ipf_plugins.geometric.read_l1b import area_of
from ipf_plugins.geometric.sensor_scene import SensorScene
from ipf_plugins.geometric.strip_footprint import images_of
from ipf_plugins.geometric.tile_folders import QUALITY
from ipf_plugins.geometric.tile_list import grid_of, list_of_request, tile_of_request
from pydantic import Field

from ipf.engine import Context, Findings, SourceStep, StepParameters
from ipf.errors import ParameterError, ProductError
from ipf.geometry.tile_angles import Angles, NodeAngles, TileViewing, tile_viewing
from ipf.geometry.tiles import TILE_SIZE_M, MgrsTile
from ipf.product.acquisition import coordinate_system
from ipf.product.angles import AngleGrid, Direction, TileAngles
from ipf.product.bands import BAND_NAMES
from ipf.product.metadata import OFFSETS_SINCE, Datatake, TileMetadata, TileQuality
from ipf.product.metadata_sections import read_datatake
from ipf.product.metadata_writer import first_baseline_of, psd_version_of
from ipf.product.names import DatastripName, ImageName, TileName
from ipf.product.raster import Grid
from ipf.product.sensor_datastrip import ROOTS, SensorDatastrip
from ipf.product.utc import MICROSECOND_DECIMALS, UtcTime
from ipf.product.xml_nodes import Node

CENTRE = "IPF_"


class TileGeometryParameters(StepParameters):
    """What the tile is called, and how much of it is made."""

    size_m: int = Field(
        default=TILE_SIZE_M,
        ge=360,
        le=TILE_SIZE_M,
        multiple_of=60,
        description="side of what is made of the tile, from its upper-left corner: less than all, for trials",
        json_schema_extra={"unit": "m"},
    )

    baseline: str | None = Field(
        default=None,
        pattern=r"^\d{2}\.\d{2}$",
        description="processing baseline, 04.00 or later; none for the first one that knows the satellite",
        json_schema_extra={"job_order": "PROCESSING_BASELINE"},
    )
    processing_centre: str = Field(
        default=CENTRE,
        pattern=r"^[A-Z0-9_]{4}$",
        description="processing centre in the names",
        json_schema_extra={"job_order": "PROCESSING_CENTER"},
    )
    archiving_centre: str | None = Field(
        default=None,
        pattern=r"^[A-Z0-9_]{4}$",
        description="archiving centre; none for the processing centre",
        json_schema_extra={"job_order": "ARCHIVING_CENTER"},
    )


@dataclass(frozen=True)
class Inputs:
    """The datastrip and its sensor model."""

    datastrip: SensorDatastrip
    sensor_scene: SensorScene


@dataclass(frozen=True)
class TileGeometry:
    """A tile that is begun: its metadata, computed when they are first asked for.

    number : that of the tile in the list of tiles, from 1
    """

    tile: MgrsTile
    number: int
    name: TileName
    datastrip_name: DatastripName
    archiving_centre: str
    creation: UtcTime
    datastrip: SensorDatastrip
    scene: SensorScene
    size_m: int = TILE_SIZE_M

    @cached_property
    def viewing(self) -> TileViewing:
        """Angles and times; raises NothingToMakeError, with its number, for a tile that no detector sees."""
        images = images_of(self.datastrip)
        if not images:
            raise ProductError(f"{self.datastrip.file}: Granule_List has no granule, expected one at least")
        order = sorted(images, key=lambda key: (BAND_NAMES.index(key[0]), key[1]))
        lines = {key: (float(images[key].start), float(images[key].stop - 1)) for key in order}
        try:
            return tile_viewing(self.scene.model, area_of(self.tile), lines)
        except ProductError as problem:
            text = f"{self.datastrip.file}: tile {self.number:03d}, {self.tile.name}: {problem}"
            raise type(problem)(text) from problem

    @property
    def metadata(self) -> TileMetadata:
        """Metadata of the tile, without images and masks as yet; the preview is named for later."""
        viewing = self.viewing
        since = timedelta(seconds=viewing.seconds - self.scene.geometry.earth.gps_minus_utc)
        return TileMetadata(
            level="L1C",
            psd_version=psd_version_of(self.name.baseline),
            identifier=str(self.name),
            datastrip_identifier=str(self.datastrip_name),
            l1c_identifier=None,
            downlink_priority="NOMINAL",
            sensing_time=UtcTime((self.datastrip.epoch + since).replace(tzinfo=UTC), MICROSECOND_DECIMALS),
            archiving_centre=self.archiving_centre,
            archiving_time=self.creation,
            coordinate_system=coordinate_system(self.tile.epsg),
            grid=self._grid(),
            angles=TileAngles(
                sun=_grid(viewing.sun),
                mean_sun=_direction(viewing.mean_sun),
                viewing={key: _grid(angles) for key, angles in viewing.views.items()},
                mean_viewing={band: _direction(mean) for band, mean in viewing.mean_views.items()},
            ),
            quality=TileQuality(0.0, 0.0, 0.0, None, (), self._preview),
        )

    def _grid(self) -> Grid:
        """The 10 m grid of what is made of the tile."""
        whole, side = grid_of(self.tile), self.size_m // 10
        return replace(whole, rows=side, columns=side)

    @property
    def _preview(self) -> str:
        """Path in the product that the tile will be of."""
        image = ImageName(self.tile.name, self.datastrip.datatake_start.compact, "PVI")
        return f"GRANULE/{self.name.folder(self.datastrip.sensing_start.compact)}/{QUALITY}/{image}.jp2"


def _grid(angles: NodeAngles) -> AngleGrid:
    return AngleGrid(angles.zenith, angles.azimuth)


def _direction(mean: Angles) -> Direction:
    return Direction(*mean)


@dataclass(frozen=True)
class Outputs:
    """The tile."""

    tile_geometry: TileGeometry


def begin(inputs: Inputs, parameters: TileGeometryParameters, context: Context) -> Outputs:
    """Name the tile; raises ParameterError for a baseline that it cannot have."""
    strip, tile = inputs.datastrip, tile_of_request(context.request)
    datatake = read_datatake(Node.of_document(strip.file, ROOTS).child("General_Info/Datatake_Info"))
    baseline = _baseline(parameters, strip.satellite)
    creation = UtcTime(context.creation_date, MICROSECOND_DECIMALS)
    names = strip.satellite, "OPER", "L1C", parameters.processing_centre, creation.compact
    return Outputs(
        TileGeometry(
            tile,
            list_of_request(context.request).tiles.index(tile) + 1,
            TileName(*names, _absolute_orbit(datatake, strip), tile.name, baseline),
            DatastripName(*names, strip.sensing_start.compact, baseline),
            parameters.archiving_centre or parameters.processing_centre,
            creation,
            strip,
            inputs.sensor_scene,
            parameters.size_m,
        )
    )


def _baseline(parameters: TileGeometryParameters, satellite: str) -> str:
    first = max(OFFSETS_SINCE, first_baseline_of(satellite))
    baseline = parameters.baseline or first
    if baseline < first:
        raise ParameterError(
            f"PROCESSING_BASELINE is {baseline}, expected {first} or later for a tile of {satellite}"
        )
    return baseline


def _absolute_orbit(datatake: Datatake, strip: SensorDatastrip) -> int:
    """The orbit that a datatake is named after: ``GS2A_20200816T120221_026905_N02.09``."""
    parts = datatake.identifier.split("_")
    if len(parts) < 3 or not parts[2].isdigit() or len(parts[2]) != 6:
        raise ProductError(
            f"{strip.file}: datatakeIdentifier is '{datatake.identifier}', expected "
            "GS2x_YYYYMMDDThhmmss_orbit_Nxx.yy"
        )
    return int(parts[2])


def refuse_unseen(known: Mapping[str, Any], parameters: TileGeometryParameters, context: Context) -> Findings:
    """Refuse a tile that no detector sees."""
    geometry: TileGeometry = known["tile_geometry"]
    assert geometry.viewing is not None
    return Findings()


tile_geometry = SourceStep(
    name="tile_geometry",
    summary="grid, angles and time of the tile",
    run=begin,
    check=refuse_unseen,
)
