"""Step `write_tile`: begins the tile's folder with metadata and forecasts, which later tasks add to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipf_plugins.geometric.tile_folders import AUXILIARY, TILES_TYPE, output_folder
from ipf_plugins.geometric.tile_geometry import TileGeometry
from ipf_plugins.geometric.tile_meteorology import TileForecasts

from ipf.atomic import write_bytes
from ipf.auxiliary.grib_writer import write_grib
from ipf.engine import Context, Findings, NoParameters, PlannedFile, SinkStep, Written
from ipf.product.tile_writer import tile_xml


@dataclass(frozen=True)
class Inputs:
    """The tile and its forecasts."""

    tile_geometry: TileGeometry
    tile_forecasts: TileForecasts


def _files(geometry: TileGeometry, forecasts: TileForecasts, context: Context) -> Iterator[Path]:
    """Metadata, then forecasts in the order of their names."""
    folder = output_folder(context.request, str(geometry.name))
    yield folder / geometry.name.metadata_file
    for name in sorted(forecasts.sources):
        yield folder / AUXILIARY / name


def plan(known: Mapping[str, Any], parameters: NoParameters, context: Context) -> Findings:
    """Promise the tile's metadata and its forecasts."""
    files = _files(known["tile_geometry"], known["tile_forecasts"], context)
    return Findings(outputs=tuple(PlannedFile(TILES_TYPE, path) for path in files))


def write(inputs: Inputs, parameters: NoParameters, context: Context) -> Written:
    """Write them."""
    geometry, forecasts = inputs.tile_geometry, inputs.tile_forecasts
    for name, reason in forecasts.missing.items():
        context.logger.warning("tile %s has no %s: %s", geometry.tile.name, name, reason)
    metadata, *grib = _files(geometry, forecasts, context)
    for path in grib:
        write_grib(path, forecasts.fields[path.name])
    content = geometry.metadata
    write_bytes(metadata, tile_xml(content))
    figures: dict[str, float | str] = {
        "tile": geometry.tile.name,
        "sensing_time": str(content.sensing_time),
        "sun_zenith": content.angles.mean_sun.zenith,
        "detectors": len({detector for _, detector in content.angles.viewing}),
    }
    return Written(tuple(PlannedFile(TILES_TYPE, path) for path in (metadata, *grib)), figures)


write_tile = SinkStep(
    name="write_tile",
    summary="metadata and forecasts of a tile that is begun",
    run=write,
    check=plan,
)
