"""Small scenes for the tests of the classification: bands from spectra on a map, and its steps in a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.cloud_field import CloudField, CloudFieldParameters, cloud_field
from ipf_plugins.atmospheric.scene_classification import scene_classification
from ipf_plugins.atmospheric.spectral_classification import spectral_classification

from ipf.engine import StepParameters
from ipf.engine.testing import StepCase, run_step
from ipf.product.angles import Direction
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.raster import Raster, raster_of_array
from tests.plugins.atmospheric import atmospheres

Bytes = npt.NDArray[np.uint8]
SUN, VIEW = Direction(45.0, 150.0), Direction(0.0, 100.0)
LARGEST_COUNT = 32767
"""Largest count of an image of 15 bits."""
SIDE_M = 6000

SPECTRA: Mapping[str, tuple[float, ...]] = {
    "forest": (0.14, 0.09, 0.08, 0.05, 0.10, 0.27, 0.34, 0.36, 0.36, 0.12, 0.001, 0.17, 0.08),
    "soil": (0.15, 0.13, 0.15, 0.19, 0.22, 0.25, 0.27, 0.28, 0.29, 0.10, 0.001, 0.38, 0.32),
    "water": (0.12, 0.08, 0.055, 0.032, 0.028, 0.02, 0.02, 0.018, 0.015, 0.008, 0.001, 0.006, 0.004),
    "snow": (0.86, 0.85, 0.83, 0.82, 0.82, 0.80, 0.79, 0.78, 0.78, 0.30, 0.005, 0.10, 0.08),
    "cloud": (0.60, 0.60, 0.60, 0.62, 0.64, 0.66, 0.67, 0.68, 0.68, 0.40, 0.006, 0.50, 0.40),
    "roofs": (0.40, 0.35, 0.35, 0.36, 0.37, 0.37, 0.38, 0.38, 0.38, 0.15, 0.002, 0.30, 0.20),
    "shade": (0.14, 0.115, 0.076, 0.056, 0.06, 0.08, 0.09, 0.095, 0.095, 0.03, 0.001, 0.05, 0.025),
    "half shade": (0.14, 0.10, 0.085, 0.065, 0.10, 0.16, 0.18, 0.19, 0.20, 0.06, 0.001, 0.12, 0.06),
    "cirrus": (0.16, 0.12, 0.11, 0.08, 0.13, 0.30, 0.36, 0.38, 0.38, 0.14, 0.022, 0.18, 0.09),
    "thin cirrus": (0.145, 0.095, 0.085, 0.055, 0.105, 0.27, 0.34, 0.36, 0.36, 0.12, 0.007, 0.17, 0.08),
}
"""Reflectance at the top of the atmosphere, B01 to B12, of what the maps are made of."""


def bands(names: npt.NDArray[np.str_], noise: float = 0.0) -> dict[str, Raster]:
    """Level-1C bands of a map of names on cells of 60 m."""
    rng = np.random.default_rng(4)
    kinds, numbers = np.unique(names, return_inverse=True)
    made = {}
    for band in BAND_NAMES:
        grid = atmospheres.small(names.shape[0] * 60).at(BY_NAME[band].resolution)
        values = np.array([SPECTRA[str(kind)][BAND_NAMES.index(band)] for kind in kinds])
        image = values[numbers.reshape(names.shape)]
        factor = 60 // grid.resolution
        image = image.repeat(factor, axis=0).repeat(factor, axis=1)
        image = image * (1 + noise * rng.standard_normal(grid.shape))
        counts = np.clip(np.rint(image * 10000 + 1000), 1, LARGEST_COUNT).astype(np.uint16)
        made[band] = raster_of_array(f"toa_reflectance/{band}", grid, counts, "1", 1e-4, -1000, 0)
    return made


def everywhere(name: str, side_m: int = SIDE_M) -> npt.NDArray[np.str_]:
    """A map of one name."""
    return np.full((side_m // 60, side_m // 60), name, dtype="<U12")


def flat_map(side_m: int, value: float, name: str, **kind: Any) -> dict[str, Raster]:
    """A layer of 20 m that holds one value."""
    grid = atmospheres.small(side_m).at(20)
    counts = np.full(grid.shape, value, kind.pop("dtype", np.uint8))
    return {"": raster_of_array(name, grid, counts, "class", **kind)}


@dataclass(frozen=True)
class Classified:
    """What the three steps made of a scene, and the cases of the last two."""

    spectral: Mapping[str, Bytes]
    field: CloudField
    field_case: StepCase
    case: StepCase

    @property
    def layers(self) -> Mapping[str, Bytes]:
        """Final classes and probabilities."""
        return run_step(self.case).layers

    @property
    def classes(self) -> Bytes:
        """Final classes."""
        return self.layers["scene_classification"]


def classified(
    rasters: Mapping[str, Raster],
    *,
    maps: Mapping[str, Mapping[str, Raster]] | None = None,
    models: Mapping[str, Any] | None = None,
    spectra: Mapping[str, Any] | None = None,
    field: Mapping[str, Any] | None = None,
    rules: Mapping[str, Any] | None = None,
    sun: Direction = SUN,
    view: Direction = VIEW,
) -> Classified:
    """Run the three steps; `maps` are optional layers; `spectra`, `field`, `rules` the steps' parameters."""
    maps = dict(maps or {})
    state = {"atmospheric_state": atmospheres.stated(), **(models or {})}
    first = {name: maps[name] for name in ("elevation",) if name in maps}
    limits: StepParameters = spectral_classification.parameters(**(spectra or {}))
    spectral = run_step(
        StepCase(spectral_classification, {"toa_reflectance": rasters, **first}, state, limits)
    ).layers
    grid = rasters["B02"].grid.at(20)
    layers = {name: {"": raster_of_array(name, grid, counts, "class")} for name, counts in spectral.items()}
    angles = atmospheres.constant_angles(sun, view)
    product = SimpleNamespace(tile=SimpleNamespace(angles=angles))
    given = {**layers, "toa_reflectance": rasters, **maps}
    field_case = StepCase(cloud_field, given, {"l1c_product": product}, CloudFieldParameters(**(field or {})))
    clouds = run_step(field_case).model.cloud_field
    parameters: StepParameters = scene_classification.parameters(**(rules or {}))
    case = StepCase(scene_classification, given, {**state, "cloud_field": clouds}, parameters)
    return Classified(spectral, clouds, field_case, case)
