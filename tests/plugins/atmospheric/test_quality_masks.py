"""Probabilities at 60 m."""

from __future__ import annotations

import numpy as np
from ipf_plugins.atmospheric.quality_masks import quality_masks

from ipf.engine.testing import StepCase, check_contract, run_step
from ipf.product.raster import Raster, raster_of_array
from tests.plugins.atmospheric import atmospheres


def probability(name: str, seed: int) -> dict[str, Raster]:
    """A random probability at 20 m, in percent."""
    grid = atmospheres.small().at(20)
    counts = np.random.default_rng(seed).integers(0, 101, grid.shape).astype(np.uint8)
    return {"": raster_of_array(name, grid, counts, "%", 1.0)}


def case() -> StepCase:
    names = ("cloud_probability", "snow_probability")
    return StepCase(quality_masks, {name: probability(name, seed) for seed, name in enumerate(names)})


def test_the_step_keeps_the_contract() -> None:
    check_contract(case())


def test_each_is_the_rounded_mean_of_nine_pixels() -> None:
    layers = run_step(case()).layers
    fine = probability("cloud_probability", 0)[""].read_all()
    mean = fine.reshape(21, 3, 21, 3).mean((1, 3), dtype=np.float32)
    np.testing.assert_allclose(layers["cloud_probability_60m"], mean, atol=0.5001)
