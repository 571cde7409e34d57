"""What the steps of the correction say of their own work, put into the words of the quality report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from ipf_plugins.atmospheric.aerosol_field import AerosolField
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState, Source
from ipf_plugins.atmospheric.elevation import NO_MODEL, ElevationModel
from ipf_plugins.atmospheric.water_vapour_mean import WaterVapourMean

from ipf.atmosphere.atm_layout import visibility_of_aot
from ipf.product.bands import BAND_NAMES
from ipf.product.l2a_quality import AtmosphericQuality
from ipf.product.raster import Raster
from ipf.product.reader import SafeProduct

LONGEST_KM = 120.0
"""Where the visibilities of Sen2Cor's tables end (L2A_GIPP Visibility)."""
CLEAREST_AOT, HIGHEST_KM = 1e-3, 2.5
"""Least optical thickness, and altitude up to which the relation to visibility is known."""
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
        pixels = int(np.count_nonzero(valid))
        if pixels:
            mean_slope = _physical(slope, float(counts.sum(where=valid, dtype=np.float64)) / pixels)
        slope.release()
    mean = state.ground_elevation.field.mean if model is None else model.mean
    return GroundFigures(mean / METRES_PER_KM, highest, mean_slope)


def _physical(raster: Raster, count: float) -> float:
    return (count + raster.offset) * (1.0 if raster.scale is None else raster.scale)


def aot_method(state: AtmosphericState, aerosol_field: AerosolField | None) -> str:
    """AOT_RETRIEVAL_METHOD in the words that PSD 14.8 has: SEN2COR_DDV, CAMS or DEFAULT."""
    if aerosol_field is not None:
        return aerosol_field.method
    return "CAMS" if state.aerosol_optical_thickness.source is Source.CAMS else "DEFAULT"


def water_vapour_method(state: AtmosphericState, water_vapour_mean: WaterVapourMean | None) -> str:
    """WV_RETRIEVAL_METHOD: that of the retrieval, else where the stated value is from."""
    if water_vapour_mean is None:
        return state.water_vapour.source.value
    return water_vapour_mean.method


def tables_used(model: AtmosphereModel, aerosol_field: AerosolField | None) -> tuple[str, ...]:
    """Names of the files of the look-up tables, of the aerosol model that the retrieval has chosen."""
    return model.table_files(None if aerosol_field is None else aerosol_field.aerosol_model)


def visibility_of(aot: float, altitude_km: float) -> float:
    """Visibility in km, at most `LONGEST_KM`, of an aerosol optical thickness at 550 nm above the ground."""
    height = min(max(altitude_km, 0.0), HIGHEST_KM)
    return min(float(visibility_of_aot(max(aot, CLEAREST_AOT), height)), LONGEST_KM)


def target_figures(aerosol_field: AerosolField | None, altitude: float) -> tuple[float, float, float]:
    """Visibility (km) that dark dense vegetation tells, its share (%) and its largest reflectance at 2.2 um.

    All 0 where the aerosol is not known from it. `altitude` in km. The visibility is that before the guard
    against negative reflectance.
    """
    if aerosol_field is None or aerosol_field.method != DARK_VEGETATION:
        return 0.0, 0.0, 0.0
    visibility = visibility_of(aerosol_field.mean / aerosol_field.lessened, altitude)
    return visibility, aerosol_field.ddv_percentage, aerosol_field.ddv_reflectance


def correction_quality(
    product: SafeProduct,
    state: AtmosphericState,
    model: AtmosphereModel,
    ground: GroundFigures,
    elevation_model: ElevationModel | None,
    aerosol_field: AerosolField | None,
    water_vapour_mean: WaterVapourMean | None,
    negative: Mapping[str, float],
    mean_aot: float,
) -> AtmosphericQuality:
    """Everything that the quality report tells of the correction.

    `negative` is the percentage of negative reflectance by band, `mean_aot` that of the product. Visibilities
    are those of optical thickness at the mean altitude.
    """
    altitude = ground.mean_altitude
    visibility_from_ddv, ddv_pixels, ddv_reflectance = target_figures(aerosol_field, altitude)
    files = {*product.auxiliary_files}
    if elevation_model is not None:
        files |= {path.name for path in elevation_model.files}
    return AtmosphericQuality(
        water_vapour_method=water_vapour_method(state, water_vapour_mean),
        start_visibility=visibility_of(state.aerosol_optical_thickness.field.mean, altitude),
        visibility_from_ddv=visibility_from_ddv,
        final_visibility=visibility_of(mean_aot, altitude),
        ddv_pixels=ddv_pixels,
        ddv_reflectance=ddv_reflectance,
        blue_path_radiance_rescaling=NO_RESCALING,
        negative_reflectance={band: negative[band] for band in BAND_NAMES if band in negative},
        look_up_tables=tables_used(model, aerosol_field),
        gas_model=model.gas_model,
        dem=NO_MODEL if elevation_model is None else elevation_model.source,
        mean_altitude=ground.mean_altitude,
        mean_slope=ground.mean_slope,
        auxiliary_files=tuple(sorted(files)),
        highest=ground.highest,
    )
