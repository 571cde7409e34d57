"""Step `cloud_candidates`: what the pixels of 60 m look like: opaque cloud, cirrus, snow.

Opaque is what is bright in the blue after a simple correction for clear air above the ground; of that, what
is dark in the short-wave infrared is snow; cirrus is what shines in B10 without being bright in the blue
(Sentinel-2 Level-1C algorithm overview, cloud masks). The operational thresholds are not public: those here
are this project's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.profile import ALTITUDE_RANGE, pressure_at
from ipf.atmosphere.rayleigh_correction import ClearAir
from ipf.auxiliary.l1_gipp import CloudParameters
from ipf.auxiliary.l1_gipp_model import step_parameter
from ipf.engine import BlockStep, Context, StepParameters, reads, writes
from ipf.errors import ProductError
from ipf.kernels import cloud_mask as kernels
from ipf.product.metadata import TileMetadata

RESOLUTION = 60
CIRRUS_BAND = "B10"
WAVELENGTHS = {"B01": 442.7, "B02": 492.4}
"""Central wavelengths of the blue bands, nm (Sentinel-2A; those of the others are within 1 nm)."""
HIGHEST_ZENITH = 80.0
"""Zenith angle of the sun (deg) that the correction is limited to: beyond it a plane atmosphere fails."""

LEVEL_STEP = 250.0
"""Distance, m, of altitudes that the air is computed for: between them it is interpolated, to 1e-4."""

Image = npt.NDArray[np.float32]


class CloudCandidatesParameters(StepParameters):
    """Bands and thresholds; reflectances without unit."""

    blue_band: Literal["B01", "B02"] = step_parameter(CloudParameters, "blue_band")
    swir_band: Literal["B11", "B12"] = step_parameter(CloudParameters, "swir_band")
    opaque_minimum: float = step_parameter(CloudParameters, "opaque_minimum")
    cirrus_minimum: float = step_parameter(CloudParameters, "cirrus_minimum")
    snow_index_minimum: float = step_parameter(CloudParameters, "snow_index_minimum")


@dataclass(frozen=True)
class Inputs:
    """Bands that clouds are told by, on 60 m pixels, and the tile with its angles."""

    toa_reflectance: Annotated[
        Mapping[str, Image], reads(bands=("B01", "B02", CIRRUS_BAND, "B11", "B12"), resolution=RESOLUTION)
    ]
    ground_elevation: Annotated[Image, reads(resolution=RESOLUTION)]
    tile_metadata: TileMetadata


@dataclass(frozen=True)
class Outputs:
    """Flags of `ipf.kernels.cloud_mask`: opaque cloud, cirrus, snow, seen."""

    cloud_candidates: Annotated[
        npt.NDArray[np.uint8], writes(unit="flags", dtype="uint8", resolution=RESOLUTION)
    ]


def clear_air(tile: TileMetadata, band: str, altitude: float = 0.0) -> ClearAir:
    """Air over the middle of a tile from an altitude (m, -500 to 6000) up.

    Raises ProductError for a tile without the angles for it.
    """
    angles = tile.angles
    view = angles.mean_viewing.get(band)
    if view is None:
        raise ProductError(f"{tile.identifier}: no Mean_Viewing_Incidence_Angle of {band}")
    sun = min(angles.mean_sun.zenith, HIGHEST_ZENITH)
    turn = view.azimuth - angles.mean_sun.azimuth
    pressure = float(pressure_at(altitude / 1000.0))
    return ClearAir.of(WAVELENGTHS[band], sun, view.zenith, turn, pressure)


def air_above(tile: TileMetadata, band: str) -> kernels.Air:
    """Clear air above ground of every altitude, for `ipf.kernels.cloud_mask.candidates`."""
    lowest, highest = (1000.0 * end for end in ALTITUDE_RANGE)
    levels = np.arange(lowest, highest + 1.0, LEVEL_STEP)
    columns = [clear_air(tile, band, float(level)) for level in levels]
    return lowest, LEVEL_STEP, np.array([(air.path, air.transmittance, air.albedo) for air in columns])


def find(inputs: Inputs, parameters: CloudCandidatesParameters, context: Context) -> Outputs:
    """Flags of one block."""
    bands = inputs.toa_reflectance
    blue = bands[parameters.blue_band]
    air = air_above(inputs.tile_metadata, parameters.blue_band)
    flags = np.empty(blue.shape, np.uint8)
    kernels.candidates(
        blue,
        bands[CIRRUS_BAND],
        bands[parameters.swir_band],
        inputs.ground_elevation,
        air,
        (parameters.opaque_minimum, parameters.cirrus_minimum, parameters.snow_index_minimum),
        flags,
    )
    return Outputs(flags)


cloud_candidates = BlockStep(
    name="cloud_candidates",
    summary="pixels that look like opaque cloud, cirrus or snow",
    run=find,
)
