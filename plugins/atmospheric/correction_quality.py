"""What the steps of the correction say of their own work, put into the words of the quality report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState, Source
from ipf_plugins.atmospheric.elevation import NO_MODEL, ElevationModel
from ipf_plugins.atmospheric.visibility import visibility_of

from ipf.product.l2a_quality import AtmosphericQuality
from ipf.product.raster import Raster
from ipf.product.reader import SafeProduct

WATER_VAPOUR_RETRIEVED = "SEN2COR_APDA"
"""Word of official reports for water vapour from the ratio of B09 to B8A."""
DARK_VEGETATION = "SEN2COR_DDV"
METRES_PER_KM = 1000.0


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


def aot_method(state: AtmosphericState, aerosol_field: Any | None) -> str:
    """AOT_RETRIEVAL_METHOD in the words that PSD 14.8 has: SEN2COR_DDV, CAMS or DEFAULT."""
    if aerosol_field is not None:
        return str(aerosol_field.method)
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
    aerosol_field: Any | None,
    water_vapour_mean: Any | None,
    negative: Mapping[str, float],
    mean_aot: float,
) -> AtmosphericQuality:
    """Everything that the quality report tells of the correction.

    `negative` is the percentage of negative reflectance by band, `mean_aot` that of the product. Visibilities
    are those of optical thickness at the mean altitude.
    """
    by_ddv = aot_method(state, aerosol_field) == DARK_VEGETATION
    final = visibility_of(mean_aot, ground.mean_altitude)
    start = visibility_of(state.aerosol_optical_thickness.field.mean, ground.mean_altitude)
    files = {*product.auxiliary_files}
    if elevation_model is not None:
        files |= {path.name for path in elevation_model.files}
    return AtmosphericQuality(
        water_vapour_method=water_vapour_method(state, water_vapour_mean),
        start_visibility=_of(aerosol_field, "start_visibility", start),
        visibility_from_ddv=_of(aerosol_field, "visibility_from_ddv", final if by_ddv else 0.0),
        final_visibility=final,
        ddv_pixels=_of(aerosol_field, "ddv_percentage", 0.0),
        ddv_reflectance=_of(aerosol_field, "ddv_reflectance", 0.0),
        blue_path_radiance_rescaling=_of(aerosol_field, "blue_rescaling", 1.0),
        negative_reflectance=negative,
        look_up_tables=(model.table_file,),
        dem=NO_MODEL if elevation_model is None else elevation_model.source,
        mean_altitude=ground.mean_altitude,
        mean_slope=ground.mean_slope if ground.mean_slope is not None else 0.0,
        auxiliary_files=tuple(sorted(files)),
        highest=ground.highest,
    )


def _of(aerosol_field: Any | None, name: str, otherwise: float) -> float:
    """A figure of the aerosol retrieval, or what holds where it has none."""
    found = getattr(aerosol_field, name, None)
    return otherwise if found is None else float(found)
