"""The slope of cirrus comes back from scenes that have it, and is not invented where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from ipf_plugins.atmospheric.cirrus import CirrusModel, CirrusParameters, cirrus_fit

from ipf.engine.testing import StepCase, check_contract, run_step
from ipf.product.raster import Raster, raster_of_array
from tests.plugins.atmospheric import atmospheres

GRID = atmospheres.small(12600).at(60)


def scene(slope: float, thickest: float) -> dict[str, Raster]:
    """Textured ground below cirrus that thickens from west to east; counts since baseline 04.00."""
    rng = np.random.default_rng(3)
    thickness = np.linspace(0.0, thickest, GRID.columns) * np.ones(GRID.shape)
    ground = rng.choice([0.05, 0.08, 0.12, 0.2], GRID.shape) * rng.uniform(0.95, 1.05, GRID.shape)
    bands = dict.fromkeys(("B02", "B03", "B04"), ground + thickness / slope)
    bands["B10"] = thickness + 0.001
    return {
        band: raster_of_array(
            f"toa_reflectance/{band}",
            GRID,
            np.rint(values * 10000 + 1000).astype(np.uint16),
            "1",
            1e-4,
            -1000,
            0,
        )
        for band, values in bands.items()
    }


def case(bands: dict[str, Raster], parameters: CirrusParameters, class_number: int = 4) -> StepCase:
    classes = np.full(GRID.shape, class_number, np.uint8)
    return StepCase(
        cirrus_fit,
        {
            "toa_reflectance": bands,
            "scene_classification": {
                "": raster_of_array("scene_classification", GRID, classes, "class", nodata=0)
            },
        },
        parameters=parameters,
    )


def fitted(case: StepCase) -> CirrusModel:
    model: CirrusModel = run_step(case).model.cirrus_model
    return model


@pytest.mark.parametrize("method", ["envelope", "means"])
@pytest.mark.parametrize("slope", [0.65, 0.8, 0.95])
def test_slope_comes_back(slope: float, method: str) -> None:
    model = fitted(case(scene(slope, 0.05), CirrusParameters(correct=True, method=method)))
    assert model.slope == pytest.approx(slope, rel=0.05)
    assert model.relative_to_b10("B03") == pytest.approx(1 / slope, rel=0.05)
    assert model.relative_to_b10("B11") == model.relative_to_b10("B03") / 2


@pytest.mark.parametrize("method", ["envelope", "means"])
def test_without_cirrus_or_wish_nothing_is_taken_away(method: str) -> None:
    clear = fitted(case(scene(0.8, 0.002), CirrusParameters(correct=True, method=method)))
    assert clear.slope is None
    assert clear.relative_to_b10("B02") == 0.0
    assert fitted(case(scene(0.8, 0.05), CirrusParameters())).slope is None
    assert fitted(case(scene(0.8, 0.05), CirrusParameters(correct=True), class_number=9)).slope is None


def test_the_step_keeps_the_contract() -> None:
    check_contract(case(scene(0.8, 0.05), CirrusParameters(correct=True)))
