"""What the quality report says of the correction: visibilities, ground, methods, targets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ipf_plugins.atmospheric.aerosol_field import AerosolField
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericStateParameters, Source, resolve
from ipf_plugins.atmospheric.correction_quality import (
    LONGEST_KM,
    aot_method,
    ground_figures,
    target_figures,
    visibility_of,
    water_vapour_method,
)
from ipf_plugins.atmospheric.elevation import ElevationModel
from ipf_plugins.atmospheric.fields import TileField
from ipf_plugins.atmospheric.forecast import Forecast
from ipf_plugins.atmospheric.water_vapour_mean import WaterVapourMean

from ipf.product.raster import Grid, raster_of_array

GRID = Grid(32631, 300000.0, 4900020.0, 20, 3, 4)
STATE = resolve(AtmosphericStateParameters(aerosol_optical_thickness=0.2, ground_elevation=250.0), Forecast())
TARGETS = AerosolField(
    field=TileField.constant(0.18),
    offset=(0, 0),
    aerosol_model="continental",
    method="SEN2COR_DDV",
    origin="dense dark vegetation",
    ddv_percentage=4.5,
    ddv_reflectance=0.1,
    lessened=0.9,
    mean=0.18,
)


def test_visibility_is_that_of_a_real_report() -> None:
    """L2A_QUALITY of T29UNU on 2022-10-05: optical thickness 0.089132 at 0.092304 km, 102.97 km."""
    assert visibility_of(0.089132, 0.092304) == pytest.approx(102.97, rel=0.01)


@pytest.mark.parametrize(("aot", "visibility"), [(1.19, 5.0), (0.3226, 23.0), (0.201, 40.0), (0.079, 120.0)])
def test_visibility_at_sea_level(aot: float, visibility: float) -> None:
    """The pairs that Sen2Cor's tables are known by."""
    assert visibility_of(aot, 0.0) == pytest.approx(visibility, rel=0.03)


def test_visibility_ends_with_the_tables_in_clear_air_only() -> None:
    assert visibility_of(0.0, 0.0) == LONGEST_KM
    assert visibility_of(2.5, 0.0) < 5.0


def test_ground_is_that_of_the_elevation_model() -> None:
    released: list[str] = []
    metres = np.array([[0, 10, 20, 30]] * 3, np.int16)
    elevation = raster_of_array("elevation", GRID, metres * 5, "m", scale=0.2)
    counts = np.array([[0, 10, 20, 255]] * 3, np.uint8)
    slope = raster_of_array("slope", GRID, counts, "degree", scale=0.5, nodata=255)
    elevation = replace(elevation, on_release=lambda: released.append("elevation"))
    slope = replace(slope, on_release=lambda: released.append("slope"))
    found = ground_figures(STATE, ElevationModel("COPERNICUS_30", True, 15.0), elevation, slope)
    assert found.mean_altitude == 0.015
    assert found.highest == pytest.approx(0.03)
    assert found.mean_slope == pytest.approx(5.0)
    assert released == ["elevation", "slope"]


def test_ground_without_a_model_is_that_of_the_state() -> None:
    found = ground_figures(STATE, None, None, None)
    assert (found.mean_altitude, found.highest, found.mean_slope) == (0.25, None, None)


def test_a_slope_without_data_has_no_mean() -> None:
    nothing = raster_of_array("slope", GRID, np.full(GRID.shape, 255, np.uint8), "degree", 0.5, nodata=255)
    assert ground_figures(STATE, None, None, nothing).mean_slope is None


def test_the_method_is_that_of_the_retrieval() -> None:
    assert aot_method(STATE, TARGETS) == "SEN2COR_DDV"
    assert aot_method(STATE, replace(TARGETS, method="CAMS")) == "CAMS"


def test_without_retrieval_the_methods_are_the_sources() -> None:
    assert (aot_method(STATE, None), water_vapour_method(STATE, None)) == ("DEFAULT", "DEFAULT")
    state = replace(
        STATE,
        aerosol_optical_thickness=replace(STATE.aerosol_optical_thickness, source=Source.CAMS),
        water_vapour=replace(STATE.water_vapour, source=Source.ECMWF),
    )
    assert (aot_method(state, None), water_vapour_method(state, None)) == ("CAMS", "ECMWF")


def test_water_vapour_is_known_as_the_retrieval_says() -> None:
    mean = WaterVapourMean(1.5, True, "SEN2COR_APDA", 0.1, 400, 80.0, (), "gas model")
    assert water_vapour_method(STATE, mean) == "SEN2COR_APDA"
    assert water_vapour_method(STATE, replace(mean, retrieved=False, method="ECMWF")) == "ECMWF"


def test_targets_are_told_when_they_were_used() -> None:
    """The visibility is the one before the guard lessened the optical thickness."""
    assert target_figures(TARGETS, 0.25) == (pytest.approx(visibility_of(0.2, 0.25)), 4.5, 0.1)
    assert target_figures(replace(TARGETS, method="CAMS"), 0.25) == (0.0, 0.0, 0.0)
    assert target_figures(None, 0.25) == (0.0, 0.0, 0.0)
