"""Fit of an atmosphere to columns of a real pair, through the steps of the chain themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmosphere_model import LEVELS, AtmosphereModel
from ipf_plugins.atmospheric.cirrus import CirrusModel
from ipf_plugins.atmospheric.elevation import RESOLUTION, ElevationModel, elevation_raster
from ipf_plugins.atmospheric.modes import sen2cor_settings
from ipf_plugins.atmospheric.surface_reflectance import (
    BANDS,
    OFFSET,
    QUANTIFICATION,
    SurfaceReflectanceParameters,
    surface_reflectance,
)
from ipf_plugins.atmospheric.terrain import terrain
from scipy.optimize import least_squares, minimize_scalar

from ipf.atmosphere.gases import LARGEST_SLANT_WATER_VAPOUR
from ipf.auxiliary.elevation import open_elevation
from ipf.engine.testing import StepCase, run_step
from ipf.product.bands import BY_NAME
from ipf.product.raster import Grid, Raster, raster_of_array
from tests.plugins.atmospheric import atmospheres
from tests.plugins.atmospheric.pairs import OZONE, SMOOTHING_M, VIEW, Pair, part, root_mean_square
from tests.plugins.atmospheric.test_surface_reflectance import level_ground

Image = npt.NDArray[np.float32]

START, LOWEST, HIGHEST = (0.15, 1.5), (0.0, 0.1), (1.0, 5.0)
"""Aerosol optical thickness and water vapour (cm) that a fit starts from, and between which it stays."""
STEP = (0.01, 0.05)
"""What a fit changes them by to see what follows; layers hold thousandths."""
LARGEST_FACTOR = 10.0
"""Most by which a fit multiplies water vapour, where the tables know that much."""


@dataclass(frozen=True)
class Air:
    """Aerosol optical thickness at 550 nm, water vapour in cm."""

    aot: float
    water_vapour: float


@dataclass(frozen=True)
class Scene:
    """Columns (of 10 m) of a pair, and the elevation model below them, None for level ground."""

    pair: Pair
    columns: slice
    dem: Path | None = None
    _layers: dict[str, dict[str, Raster]] = field(default_factory=dict, compare=False)

    @property
    def grid(self) -> Grid:
        """The 10 m grid of the columns."""
        whole = self.pair.grid
        return replace(
            whole,
            upper_left_x=whole.upper_left_x + 10.0 * self.columns.start,
            columns=self.columns.stop - self.columns.start,
        )

    @cached_property
    def model(self) -> AtmosphereModel:
        """The tables for the sun of the stated time."""
        pair = self.pair
        state = atmospheres.stated(
            ozone=OZONE, surface_pressure=pair.pressure, ground_elevation=pair.elevation
        )
        model = atmospheres.model(atmospheres.constant_angles(pair.sun, VIEW, nodes=2), state)
        return model if self.dem is None else replace(model, levels=LEVELS)

    @property
    def elevation_model(self) -> ElevationModel:
        """What the steps are told of the elevation model."""
        return ElevationModel("pair" if self.dem else "NONE", self.dem is not None, self.pair.elevation)

    @cached_property
    def ground(self) -> dict[str, dict[str, Raster]]:
        """Layers of the ground, by the step `terrain` where it is not level."""
        grid = self.grid.at(RESOLUTION)
        layers = level_ground(grid, self.pair.sun)
        if self.dem is None:
            return layers
        opened = open_elevation(self.dem, grid, smoothing=SMOOTHING_M)
        layers["elevation"] = {"": elevation_raster(grid, lambda window: opened.counts()[window.slices], "")}
        product = SimpleNamespace(tile=SimpleNamespace(angles=self.model.angles), grid=grid)
        models = {"elevation_model": self.elevation_model, "l1c_product": product}
        made = run_step(StepCase(terrain, {"elevation": layers["elevation"]}, models)).layers
        for name, scale in (("illumination", 2e-5), ("sky_view", 1 / 250)):
            layers[name] = {"": raster_of_array(name, grid, made[name], "1", scale)}
        return layers

    def toa(self, band: str) -> Raster:
        """Counts of Level-1C."""
        counts = np.ascontiguousarray(part(self.pair.l1c_counts[band], self.columns))
        grid = self.grid.at(BY_NAME[band].resolution)
        return raster_of_array(f"toa_reflectance/{band}", grid, counts, "1", 1e-4, -self.pair.l1c_offset, 0)

    def boa(self, band: str) -> Image:
        """Surface reflectance of Sen2Cor."""
        return part(self.pair.boa[band], self.columns)

    def corrected(
        self, aot: float, water_vapour: float | Image, bands: tuple[str, ...] = BANDS
    ) -> dict[str, Image]:
        """Surface reflectance by band; water vapour is one value, or one for each 20 m pixel."""
        air = {"aerosol_optical_thickness": aot, "water_vapour": water_vapour}
        result = run_step(
            StepCase(
                surface_reflectance,
                quantities={
                    "toa_reflectance": {band: self.toa(band) for band in (*bands, "B10")},
                    **{name: self._thousandths(name, value) for name, value in air.items()},
                    **self.ground,
                },
                models={
                    "atmosphere_model": self.model,
                    "elevation_model": self.elevation_model,
                    "cirrus_model": CirrusModel(None),
                },
                parameters=_parameters_of_sen2cor(),
            )
        )
        counts = {band: result.layers[f"surface_reflectance/{band}"] for band in bands}
        return {
            band: (each.astype(np.float32) + np.float32(OFFSET)) / np.float32(QUANTIFICATION)
            for band, each in counts.items()
        }

    def _thousandths(self, name: str, values: float | Image) -> dict[str, Raster]:
        grid = self.grid.at(RESOLUTION)
        counts = np.rint(np.broadcast_to(values, grid.shape) * np.float32(1000.0)).astype(np.uint16)
        return {"": raster_of_array(name, grid, counts, "1", 1e-3, 0, 0)}


def _parameters_of_sen2cor() -> SurfaceReflectanceParameters:
    """Parameters of the step in the mode `sen2cor`, but for the terrain, which the scene decides."""
    settings = {
        each.name: each.value
        for each in sen2cor_settings().settings
        if each.step == "surface_reflectance" and each.name != "terrain"
    }
    return SurfaceReflectanceParameters(**settings)


def fit_air(scene: Scene, limits: Mapping[str, float]) -> Air:
    """The air under which all bands come closest to Sen2Cor, differences measured by the band's limit."""

    def differences(point: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        found = scene.corrected(float(point[0]), float(point[1]))
        parts = [
            (found[band] - scene.boa(band)).ravel() / (limit * np.sqrt(found[band].size))
            for band, limit in limits.items()
        ]
        return np.concatenate(parts).astype(np.float64)

    def slopes(point: npt.NDArray[np.float64], *_: object) -> npt.NDArray[np.float64]:
        here = differences(point)
        return np.stack([(differences(point + step) - here) / step.sum() for step in np.diag(STEP)], axis=1)

    result = least_squares(differences, START, slopes, (LOWEST, HIGHEST), x_scale=START, ftol=1e-4, xtol=1e-3)
    return Air(*(round(float(value), 3) for value in result.x))


@dataclass(frozen=True)
class Absorption:
    """More absorption by water vapour in one band: `factor` on the column, and the transmittance of the whole
    path relative to that without it."""

    factor: float
    transmittance: float


def fit_absorption(scene: Scene, band: str, aot: float, water_vapour: Image) -> Absorption:
    """The absorption under which `band` comes closest to Sen2Cor; `water_vapour` in cm at 20 m."""

    def difference(factor: float) -> float:
        found = scene.corrected(aot, water_vapour * np.float32(factor), (band,))
        return root_mean_square(found[band] - scene.boa(band))

    airmass = float(scene.model.coefficients(band).airmass.max())
    largest = min(LARGEST_FACTOR, LARGEST_SLANT_WATER_VAPOUR / (airmass * float(water_vapour.max())) - 0.01)
    found = minimize_scalar(difference, bounds=(0.2, largest), method="bounded", options={"xatol": 0.02})
    column = float(water_vapour.mean())
    less, whole = (_transmittance(scene, band, aot, each) for each in (column * found.x, column))
    return Absorption(float(found.x), less / whole)


def _transmittance(scene: Scene, band: str, aot: float, column: float) -> float:
    """Two-way transmittance of scattering and gases at the mean elevation."""
    thickness, water, height = (
        np.full((1, 1), value, np.float32) for value in (aot, column, scene.pair.elevation)
    )
    return float(scene.model.air(band, thickness, water, height, (0, 0, float(RESOLUTION))).gain[0, 0])


def fit_mean_water_vapour(
    scene: Scene, aot: float, water_vapour: Image, unknown: npt.NDArray[np.bool_]
) -> float:
    """The column in cm that, put where it is `unknown` (20 m), brings B09 closest to Sen2Cor."""

    def difference(mean: float) -> float:
        filled = np.where(unknown, np.float32(mean), water_vapour)
        return root_mean_square(scene.corrected(aot, filled, ("B09",))["B09"] - scene.boa("B09"))

    limits = (LOWEST[1], HIGHEST[1])
    return float(minimize_scalar(difference, bounds=limits, method="bounded", options={"xatol": 0.01}).x)
