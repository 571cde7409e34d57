"""Step `cloud_elevation`: height of the ground under the pixels of 60 m that clouds are looked for in.

High ground has less air above it. Without an elevation model the ground is taken at sea level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from ipf_plugins.geometric.read_ortho import CLOUD_RESOLUTION
from ipf_plugins.geometric.sensor_scene import DEM_TYPES

from ipf.auxiliary.elevation import NODATA, OFFSET, SCALE, open_elevation
from ipf.engine import Context, Findings, NoParameters, SourceStep, provides
from ipf.product.metadata import TileMetadata
from ipf.product.raster import Grid, Raster, Window

Counts = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Inputs:
    """The tile, for its grid."""

    tile_metadata: TileMetadata


@dataclass(frozen=True)
class Outputs:
    """Elevation in metres, int16 counts of 0.2 m, without no-data."""

    ground_elevation: Annotated[Mapping[str, Raster], provides()]


def open_ground(inputs: Inputs, parameters: NoParameters, context: Context) -> Outputs:
    """Open the elevation model among the inputs; AuxiliaryError naming one that cannot be used.

    Where no file of it covers the tile there is sea.
    """
    grid = inputs.tile_metadata.grid.at(CLOUD_RESOLUTION)
    source = context.request.find_input(*DEM_TYPES)
    if source is None:
        return Outputs({"": ground_raster(grid, _sea, "sea level")})
    opened = open_elevation(source, grid, report=context.logger.info)
    raster = ground_raster(grid, lambda window: opened.counts()[window.slices], opened.source, opened.release)
    return Outputs({"": raster})


def ground_raster(
    grid: Grid,
    read: Callable[[Window], Counts],
    source: str,
    release: Callable[[], None] | None = None,
) -> Raster:
    """The layer of counts that `read` gives, in metres ``(count + 20000) * 0.2``."""
    return Raster(
        "ground_elevation", grid, np.dtype(np.int16), "m", read, SCALE, OFFSET, NODATA, source, release
    )


def _sea(window: Window) -> Counts:
    return np.full((window.height, window.width), round(-OFFSET), np.int16)


def tell(known: Mapping[str, Any], parameters: NoParameters, context: Context) -> Findings:
    """Tell which ground is assumed."""
    source = context.request.find_input(*DEM_TYPES)
    if source is None:
        return Findings(notes=("no elevation model: the ground is taken at sea level",))
    return Findings(auxiliary=(source,))


cloud_elevation = SourceStep(
    name="cloud_elevation",
    summary="elevation of the ground at 60 m, from a digital elevation model or at sea level",
    run=open_ground,
    check=tell,
)
