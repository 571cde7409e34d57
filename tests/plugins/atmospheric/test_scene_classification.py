"""The scene classification as a step: contract, elevation limit, parameters."""

from __future__ import annotations

import numpy as np
import pydantic
import pytest
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState
from ipf_plugins.atmospheric.scene_classification import scene_classification
from ipf_plugins.atmospheric.thresholds import SpectralClassificationParameters

from ipf.engine.testing import StepCase, check_contract, run_step
from ipf.kernels import classification as classes
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.raster import Raster, raster_of_array
from tests.plugins.atmospheric import atmospheres

CIRRUS_OVER_FOREST = {
    "B01": 0.14, "B02": 0.12, "B03": 0.11, "B04": 0.08, "B05": 0.13, "B06": 0.27, "B07": 0.34,
    "B08": 0.36, "B8A": 0.38, "B09": 0.12, "B10": 0.022, "B11": 0.18, "B12": 0.09,
}  # fmt: skip
LARGEST_COUNT = 32767
"""Largest count of an image of 15 bits."""


def bands(reflectance: dict[str, float], noise: float = 0.0) -> dict[str, Raster]:
    """Level-1C bands of a small scene, the same everywhere but for noise."""
    rng = np.random.default_rng(4)
    made = {}
    for band in BAND_NAMES:
        grid = atmospheres.small().at(BY_NAME[band].resolution)
        values = reflectance[band] * (1 + noise * rng.standard_normal(grid.shape))
        counts = np.clip(np.rint(values * 10000 + 1000), 1, LARGEST_COUNT).astype(np.uint16)
        made[band] = raster_of_array(f"toa_reflectance/{band}", grid, counts, "1", 1e-4, -1000, 0)
    return made


def case(rasters: dict[str, Raster], state: AtmosphericState) -> StepCase:
    return StepCase(scene_classification, {"toa_reflectance": rasters}, {"atmospheric_state": state})


def test_the_step_keeps_the_contract() -> None:
    check_contract(case(bands(CIRRUS_OVER_FOREST, noise=0.5), atmospheres.stated()))


@pytest.mark.parametrize(
    ("elevation", "expected"), [(1400.0, classes.THIN_CIRRUS), (1600.0, classes.VEGETATION)]
)
def test_thin_cirrus_is_told_on_low_ground_only(elevation: float, expected: int) -> None:
    state = atmospheres.stated(ground_elevation=elevation)
    layers = run_step(case(bands(CIRRUS_OVER_FOREST), state)).layers
    assert np.unique(layers["scene_classification"]).tolist() == [expected]


@pytest.mark.parametrize("band", BAND_NAMES)
def test_where_any_band_holds_no_data_there_is_no_class(band: str) -> None:
    rasters = bands(CIRRUS_OVER_FOREST)
    counts = rasters[band].read_all().copy()
    counts[0, 0] = 0
    rasters[band] = raster_of_array(
        f"toa_reflectance/{band}", rasters[band].grid, counts, "1", 1e-4, -1000, 0
    )
    layers = run_step(case(rasters, atmospheres.stated())).layers
    side = max(1, BY_NAME[band].resolution // 20)
    for layer in layers.values():
        assert np.all(layer[:side, :side] == 0)
    assert np.count_nonzero(layers["scene_classification"] == 0) == side * side


def test_layers_are_bytes_at_20_m() -> None:
    layers = run_step(case(bands(CIRRUS_OVER_FOREST), atmospheres.stated())).layers
    assert {(layer.dtype, layer.shape) for layer in layers.values()} == {(np.dtype(np.uint8), (63, 63))}


def test_every_threshold_has_bounds_and_a_source() -> None:
    for name, field in SpectralClassificationParameters.model_fields.items():
        assert field.json_schema_extra == {
            "unit": field.json_schema_extra["unit"],  # type: ignore[index, call-overload]
            "source": "Sen2Cor 2.8, scene classification",
        }
        assert field.annotation is bool or len(field.metadata) == 2, name


def test_a_ramp_that_falls_is_refused() -> None:
    with pytest.raises(pydantic.ValidationError, match="snow_ndsi_low must be below snow_ndsi_high"):
        SpectralClassificationParameters(snow_ndsi_low=0.6)
