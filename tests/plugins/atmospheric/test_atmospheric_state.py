"""What is known of the atmosphere: parameters, embedded forecasts, defaults; and the layers made of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.atmospheric.aerosol import aerosol
from ipf_plugins.atmospheric.atmospheric_state import (
    DEFAULT_AEROSOL_OPTICAL_THICKNESS,
    LARGEST_AEROSOL_OPTICAL_THICKNESS,
    AtmosphericState,
    AtmosphericStateParameters,
    Source,
    resolve,
)
from ipf_plugins.atmospheric.fields import TileField
from ipf_plugins.atmospheric.forecast import Forecast, embedded_forecast
from ipf_plugins.atmospheric.water_vapour import water_vapour
from pydantic import TypeAdapter

from ipf.engine import BlockStep
from ipf.engine.testing import StepCase, check_contract, run_step
from ipf.errors import AuxiliaryError
from ipf.product.raster import raster_of_array
from ipf.product.reader import open_product
from tests.plugins.atmospheric import atmospheres

L2A = "products/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE"
FORECAST = Forecast(
    aerosol_optical_thickness=TileField(((0.1, 0.3), (0.1, 0.3)), 1260.0),
    water_vapour=TileField.constant(2.5),
    ozone=TileField.constant(0.3),
    sea_level_pressure=TileField.constant(1020.0),
    ground_elevation=TileField.constant(1000.0),
)


def case(step: BlockStep, state: AtmosphericState) -> StepCase:
    """A step that spreads the state over a small scene."""
    grid = atmospheres.small().at(20)
    counts = np.ones(grid.shape, np.uint8)
    scene = raster_of_array("scene_classification", grid, counts, "class", nodata=0)
    return StepCase(step, {"scene_classification": {"": scene}}, {"atmospheric_state": state})


def test_a_parameter_wins_over_the_forecast() -> None:
    state = resolve(AtmosphericStateParameters(aerosol_optical_thickness=0.05, ozone=0.25), FORECAST)
    assert (state.aerosol_optical_thickness.source, state.ozone.source) == (Source.PARAMETER,) * 2
    assert state.aerosol_optical_thickness.field.mean == 0.05
    assert (state.water_vapour.source, state.water_vapour.field.mean) == (Source.ECMWF, 2.5)


def test_without_forecast_there_are_defaults() -> None:
    state = resolve(AtmosphericStateParameters(), Forecast())
    assert state.aerosol_optical_thickness.field.mean == DEFAULT_AEROSOL_OPTICAL_THICKNESS
    assert state.surface_pressure.field.mean == pytest.approx(1013.25)
    assert {
        state.aerosol_optical_thickness.source,
        state.water_vapour.source,
        state.ozone.source,
        state.surface_pressure.source,
        state.ground_elevation.source,
    } == {Source.DEFAULT}


def test_pressure_is_reduced_to_the_ground() -> None:
    pressure = resolve(AtmosphericStateParameters(), FORECAST).surface_pressure
    assert pressure.source is Source.ECMWF
    assert pressure.field.mean == pytest.approx(1020.0 * 898.75 / 1013.25, rel=1e-4)  # ICAO at 1 km
    given = resolve(AtmosphericStateParameters(ground_elevation=0.0), FORECAST).surface_pressure
    assert given.field.mean == pytest.approx(1020.0)


def test_smoke_beyond_the_tables_is_corrected_as_much_as_they_know() -> None:
    smoke = Forecast(aerosol_optical_thickness=TileField(((0.5, 4.0), (0.5, 4.0)), 1260.0))
    field = resolve(AtmosphericStateParameters(), smoke).aerosol_optical_thickness.field
    assert (field.maximum, field.nodes[0][0]) == (LARGEST_AEROSOL_OPTICAL_THICKNESS, 0.5)


def test_the_forecast_of_an_official_product_is_what_its_processor_read(reference_data: Path) -> None:
    """OZONE_VALUE of the product is 321.75 DU, taken from the same file."""
    forecast = embedded_forecast(open_product(reference_data / L2A))
    assert forecast.ozone is not None
    assert 1000 * forecast.ozone.mean == pytest.approx(321.750572, abs=0.5)
    assert forecast.aerosol_optical_thickness is not None
    assert forecast.aerosol_optical_thickness.mean == pytest.approx(0.122, abs=0.002)
    assert forecast.water_vapour is not None
    assert forecast.water_vapour.mean == pytest.approx(1.41, abs=0.02)
    assert forecast.ground_elevation is not None
    assert 50 < forecast.ground_elevation.mean < 150  # the product states 92 m


def test_a_forecast_of_another_place_is_named_with_the_tile(reference_data: Path) -> None:
    product = open_product(reference_data / L2A)
    (elsewhere,) = reference_data.glob("products/*T18LTM*/GRANULE/*/AUX_DATA/AUX_CAMSFO")
    misplaced = replace(product, auxiliary_files={**product.auxiliary_files, "AUX_CAMSFO": elsewhere})
    with pytest.raises(AuxiliaryError, match=r"T18LTM.*AUX_CAMSFO: GRIB field .* outside .*_T29UNU_N04\.00"):
        embedded_forecast(misplaced)


def test_the_state_can_be_written_and_read_as_a_breakpoint() -> None:
    adapter = TypeAdapter(AtmosphericState)
    state = resolve(AtmosphericStateParameters(water_vapour=1.0), FORECAST)
    assert adapter.validate_json(adapter.dump_json(state)) == state


@pytest.mark.parametrize("step", [aerosol, water_vapour])
def test_the_spreading_steps_keep_the_contract(step: BlockStep) -> None:
    check_contract(case(step, resolve(AtmosphericStateParameters(), FORECAST)))


def test_aerosol_varies_as_the_forecast_does() -> None:
    counts = run_step(case(aerosol, resolve(AtmosphericStateParameters(), FORECAST))).layers[
        "aerosol_optical_thickness"
    ]
    east = (np.arange(63) + 0.5) * 20 / 1260
    np.testing.assert_array_equal(counts, np.broadcast_to(np.rint(1000 * (0.1 + 0.2 * east)), (63, 63)))


def test_water_vapour_is_stored_in_thousandths_of_a_centimetre() -> None:
    layers = run_step(case(water_vapour, atmospheres.stated(water_vapour=1.2345))).layers
    assert np.unique(layers["water_vapour"]).tolist() in ([1234], [1235])
