"""What the steps of the correction say of their own work, put into the words of the quality report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ipf_plugins.atmospheric.aerosol_field import AerosolField
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState, Source
from ipf_plugins.atmospheric.elevation import NO_MODEL, ElevationModel
from ipf_plugins.atmospheric.visibility import visibility_of

from ipf.product.bands import BAND_NAMES
from ipf.product.l2a_quality import AtmosphericQuality
from ipf.product.raster import Raster
from ipf.product.reader import SafeProduct

WATER_VAPOUR_RETRIEVED = "SEN2COR_APDA"
"""Word of official reports for water vapour from the ratio of B09 to B8A."""
DARK_VEGETATION = "SEN2COR_DDV"
METRES_PER_KM = 1000.0
NO_RESCALING = 1.0
"""Factor on the path radiance in the blue: none is applied, as with Sen2Cor's defaults."""


@dataclass(frozen=True)
class GroundFigures:
    """Altitudes in km and mean slope in degrees; None where no step says."""

    mean_altitude: float
    highest: float | None
    mean_slope: float | None


def ground_figures(
    state: AtmosphericState, model: ElevationModel | None, elevation: Raster | None, slope: Raster | None
) -> GroundFigures:
    """Figures of the ground from the elevation model where there is one; the layers are released."""
    highest = mean_slope = None
    if elevation is not None:
        highest = _physical(elevation, float(elevation.read_all().max())) / METRES_PER_KM
        elevation.release()
    if slope is not None:
        counts = slope.read_all()
        valid = counts != slope.nodata if slope.nodata is not None else np.ones(counts.shape, np.bool_)
        total = float(counts.sum(where=valid, dtype=np.float64))
        mean_slope = _physical(slope, total / max(int(np.count_nonzero(valid)), 1))
        slope.release()
    mean = state.ground_elevation.field.mean if model is None else model.mean
    return GroundFigures(mean / METRES_PER_KM, highest, mean_slope)


def _physical(raster: Raster, count: float) -> float:
    return (count + raster.offset) * (1.0 if raster.scale is None else raster.scale)


def aot_method(state: AtmosphericState, aerosol_field: AerosolField | None) -> str:
    """AOT_RETRIEVAL_METHOD in the words that PSD 14.8 has: SEN2COR_DDV, CAMS or DEFAULT."""
    if aerosol_field is not None:
        return aerosol_field.flag
    return "CAMS" if state.aerosol_optical_thickness.source is Source.CAMS else "DEFAULT"


def water_vapour_method(state: AtmosphericState, water_vapour_mean: Any | None) -> str:
    """WV_RETRIEVAL_METHOD: that of the retrieval, else where the stated value is from."""
    if water_vapour_mean is None:
        return state.water_vapour.source.value
    return str(getattr(water_vapour_mean, "method", WATER_VAPOUR_RETRIEVED))


def correction_quality(
    product: SafeProduct,
    state: AtmosphericState,
    model: AtmosphereModel,
    ground: GroundFigures,
    elevation_model: ElevationModel | None,
    aerosol_field: AerosolField | None,
    water_vapour_mean: Any | None,
    negative: Mapping[str, float],
    mean_aot: float,
) -> AtmosphericQuality:
    """Everything that the quality report tells of the correction.

    `negative` is the percentage of negative reflectance by band, `mean_aot` that of the product. Visibilities
    are those of optical thickness at the mean altitude.
    """
    ddv = aerosol_field
    if ddv is None or ddv.flag != DARK_VEGETATION:
        ddv = None
    altitude = ground.mean_altitude
    files = {*product.auxiliary_files}
    if elevation_model is not None:
        files |= {path.name for path in elevation_model.files}
    return AtmosphericQuality(
        water_vapour_method=water_vapour_method(state, water_vapour_mean),
        start_visibility=visibility_of(state.aerosol_optical_thickness.field.mean, altitude),
        visibility_from_ddv=0.0 if ddv is None else visibility_of(ddv.mean / ddv.lessened, altitude),
        final_visibility=visibility_of(mean_aot, altitude),
        ddv_pixels=0.0 if ddv is None else ddv.target_share,
        ddv_reflectance=0.0 if ddv is None else _largest(ddv.reflectance_range),
        blue_path_radiance_rescaling=NO_RESCALING,
        negative_reflectance={band: negative[band] for band in BAND_NAMES if band in negative},
        look_up_tables=(model.table_file,),
        dem=NO_MODEL if elevation_model is None else elevation_model.source,
        mean_altitude=ground.mean_altitude,
        mean_slope=ground.mean_slope if ground.mean_slope is not None else 0.0,
        auxiliary_files=tuple(sorted(files)),
        highest=ground.highest,
    )


def _largest(ranges: str) -> float:
    """Largest reflectance of ranges such as ``0.01-0.05 0.01-0.1``; 0 without any."""
    return max((float(each.rpartition("-")[2]) for each in ranges.split()), default=0.0)
