"""The spectral classification as a step: contract, ring around snow, elevation, maps, parameters."""

from __future__ import annotations

import numpy as np
import pydantic
import pytest
from ipf_plugins.atmospheric.class_maps import ClassMapsUsed
from ipf_plugins.atmospheric.spectral_classification import spectral_classification
from ipf_plugins.atmospheric.thresholds import SpectralClassificationParameters

from ipf.engine.testing import StepCase, check_contract, run_step
from ipf.kernels import classification as classes
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.raster import Raster, raster_of_array
from tests.plugins.atmospheric import atmospheres
from tests.plugins.atmospheric.classified import bands, everywhere, flat_map

SIDE_M = 1260


def case(rasters: dict[str, Raster], elevation: float = 0.0) -> StepCase:
    state = atmospheres.stated(ground_elevation=elevation)
    return StepCase(spectral_classification, {"toa_reflectance": rasters}, {"atmospheric_state": state})


def test_the_step_keeps_the_contract() -> None:
    names = everywhere("cirrus", SIDE_M)
    names[5:12, 3:9], names[12:, 9:], names[:4] = "snow", "shade", "cloud"
    given = case(bands(names, noise=0.4))
    layers = run_step(given).layers
    assert set(np.unique(layers["spectral_class"])) >= {2, 4, 7, 8, 9, 10, 11}
    assert all(layer.any() for layer in layers.values())
    check_contract(given)


@pytest.mark.parametrize(
    ("elevation", "expected"), [(1400.0, classes.THIN_CIRRUS), (1600.0, classes.VEGETATION)]
)
def test_thin_cirrus_is_told_on_low_ground_only(elevation: float, expected: int) -> None:
    layers = run_step(case(bands(everywhere("cirrus", SIDE_M)), elevation)).layers
    assert np.unique(layers["spectral_class"]).tolist() == [expected]


def test_the_elevation_of_the_pixel_wins_over_the_mean() -> None:
    heights = flat_map(SIDE_M, 100, "elevation", dtype=np.int16, scale=1.0, nodata=-32768)
    counts = heights[""].read_all().copy()
    counts[:, :20], counts[:, 20:30] = 2000, -32768
    heights = {"": raster_of_array("elevation", heights[""].grid, counts, "m", 1.0, 0.0, -32768)}
    given = case(bands(everywhere("cirrus", SIDE_M)), 3000.0)
    given = StepCase(given.step, {**given.quantities, "elevation": heights}, given.models)
    found = run_step(given).layers["spectral_class"]
    assert np.unique(found[:, :20]).tolist() == [classes.VEGETATION]
    assert np.unique(found[:, 20:]).tolist() == [classes.THIN_CIRRUS]


def test_a_climatology_without_snow_excludes_it() -> None:
    given = case(bands(everywhere("snow", SIDE_M)))
    assert (run_step(given).layers["spectral_class"] == classes.SNOW).all()
    maps = {"class_maps_used": ClassMapsUsed(snow_possible=False)}
    layers = run_step(StepCase(given.step, given.quantities, {**given.models, **maps})).layers
    assert not (layers["spectral_class"] == classes.SNOW).any()
    assert not layers["snow_confidence"].any()


def test_bright_ground_beside_snow_is_no_cloud() -> None:
    """Snow mixed with ground is as bright as a cloud: within three pixels of snow it is none."""
    names = everywhere("snow", SIDE_M)
    names[:, 7:] = "roofs"
    rasters = bands(names)
    layers = run_step(case(rasters)).layers
    assert (layers["spectral_class"][:, :21] == classes.SNOW).all()
    assert not layers["cloud_confidence"][:, 21:24].any()
    assert (layers["cloud_confidence"][:, 24:] == 100).all()


@pytest.mark.parametrize("band", BAND_NAMES)
def test_where_any_band_holds_no_data_there_is_no_class(band: str) -> None:
    rasters = bands(everywhere("cirrus", SIDE_M))
    counts = rasters[band].read_all().copy()
    counts[0, 0] = 0
    rasters[band] = raster_of_array(
        f"toa_reflectance/{band}", rasters[band].grid, counts, "1", 1e-4, -1000, 0
    )
    layers = run_step(case(rasters)).layers
    side = max(1, BY_NAME[band].resolution // 20)
    for layer in layers.values():
        assert np.all(layer[:side, :side] == 0)
    assert np.count_nonzero(layers["spectral_class"] == 0) == side * side


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
