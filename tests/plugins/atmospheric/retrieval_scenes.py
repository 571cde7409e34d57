"""Small scenes of patches of the simulator's materials under 6SV1.1, for the tests of the retrievals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState, Source
from ipf_plugins.simulator.spectra import MATERIALS, Cover, of_band

from ipf.product.angles import Direction
from ipf.product.bands import BY_NAME
from ipf.product.raster import Grid, Raster, raster_of_array
from ipf.product.utc import UtcTime
from tests.plugins.atmospheric import atmospheres

SCENES = ("scene_T18LTM_aot015_wv15.json", "scene_T18LTM_aot025_wv30.json")
BANDS = ("B02", "B03", "B04", "B05", "B07", "B8A", "B09", "B11", "B12")
CORNER = (199980.0, 8700040.0)
"""Of tile 18LTM: neither coordinate is a whole number of cells."""
MIXED = (
    Cover.GREEN_CROP,
    Cover.BROADLEAF_FOREST,
    Cover.CONIFER_FOREST,
    Cover.GRASS,
    Cover.DRY_SOIL,
    Cover.ASPHALT,
    Cover.CLEAR_WATER,
)
CLASSES = {
    Cover.GREEN_CROP: 4,
    Cover.BROADLEAF_FOREST: 4,
    Cover.CONIFER_FOREST: 4,
    Cover.GRASS: 4,
    Cover.CLEAR_WATER: 6,
    Cover.SNOW: 11,
}
PATCH = 10
"""60 m pixels along the side of a patch."""


@dataclass(frozen=True)
class PatchScene:
    """Patches 600 m wide: images by band, classes, and which cover each 60 m pixel shows."""

    grid: Grid
    bands: Mapping[str, Raster]
    classes: Raster
    covers: Sequence[Cover]
    patches: npt.NDArray[np.int64]
    state: AtmosphericState
    model: AtmosphereModel
    truth: Mapping[str, Any]

    def shows(self, cover: Cover) -> npt.NDArray[np.bool_]:
        """60 m pixels of a cover."""
        return np.asarray(self.patches == self.covers.index(cover))

    @property
    def product(self) -> Any:
        """As much of a product as the steps look at."""
        tile = SimpleNamespace(
            identifier=self.truth["tile"],
            sensing_time=UtcTime.parse("2022-01-25T15:17:01.024Z"),
            angles=self.model.angles,
            grid=self.grid,
        )
        return SimpleNamespace(tile=tile, grid=self.grid)

    @property
    def models(self) -> dict[str, Any]:
        """What earlier steps would have made."""
        return {
            "l1c_product": self.product,
            "atmosphere_model": self.model,
            "atmospheric_state": self.state,
        }

    def layers(self, *bands: str) -> dict[str, dict[str, Raster]]:
        """Reflectance of some bands (all by default) and the classes."""
        chosen = {band: self.bands[band] for band in bands or self.bands}
        return {"toa_reflectance": chosen, "scene_classification": {"": self.classes}}

    def thickness(self) -> dict[str, Raster]:
        """The true aerosol as a layer."""
        grid = self.grid.at(20)
        counts = np.full(grid.shape, round(self.truth["aot550"] * 1000), np.uint16)
        return {"": raster_of_array("aerosol_optical_thickness", grid, counts, "1", 1e-3, 0, 0)}


def coefficients(reference: Path, name: str) -> dict[str, Any]:
    """Coefficients of 6SV1.1 for one geometry and atmosphere."""
    text = (reference / "radiative_transfer" / name).read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def patch_scene(
    truth: Mapping[str, Any],
    covers: Sequence[Cover],
    *,
    size_m: int = 6000,
    corner: tuple[float, float] = CORNER,
    tile: str = "T18LTM",
    seed: int = 3,
    stated: float = 0.2,
) -> PatchScene:
    """A scene under `truth`; the state of the atmosphere knows nothing of it (AOT `stated`, 2 cm)."""
    random = np.random.default_rng(seed)
    size = size_m // 60
    wide = size // PATCH + 1

    def patched(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return values.repeat(PATCH, 0).repeat(PATCH, 1)[:size, :size]

    patches = patched(random.integers(0, len(covers), (wide, wide)))
    texture = patched(random.normal(1.0, 0.1, (wide, wide))) * random.normal(1.0, 0.03, (size, size))
    grid = Grid(32718, *corner, 10, size_m // 10, size_m // 10)
    bands = {}
    for band in BANDS:
        fine = 60 // BY_NAME[band].resolution
        mean = np.array([of_band(MATERIALS[cover].reflectance, band) for cover in covers])
        ground = (mean[patches] * texture).repeat(fine, 0).repeat(fine, 1)
        ground = ground * random.normal(1.0, 0.01, ground.shape)
        air = truth["bands"][band]
        toa = air["rho_atm"] + air["t_gas"] * air["t_scat"] * ground / (1 - air["s_alb"] * ground)
        counts = np.rint(toa * 10000 + 1000).astype(np.uint16)
        own = grid.at(BY_NAME[band].resolution)
        bands[band] = raster_of_array(f"toa_reflectance/{band}", own, counts, "1", 1e-4, -1000, 0)
    labels = np.array([CLASSES.get(cover, 5) for cover in covers], np.uint8)[patches]
    state = forecast_state(truth["o3_cm_atm"], stated)
    angles = atmospheres.constant_angles(
        Direction(truth["sza"], truth["saa"]), Direction(truth["vza"], truth["vaa"])
    )
    return PatchScene(
        grid,
        bands,
        class_raster(grid, labels.repeat(3, 0).repeat(3, 1)),
        covers,
        patches,
        state,
        atmospheres.model(angles, state),
        {**truth, "tile": tile},
    )


def forecast_state(ozone: float, stated: float) -> AtmosphericState:
    """A state in which aerosol is a default and water vapour a forecast of 2 cm: both may be overruled."""
    state = atmospheres.stated(
        aerosol_optical_thickness=stated, water_vapour=2.0, ozone=ozone, surface_pressure=1013.25
    )
    return replace(
        state,
        aerosol_optical_thickness=replace(state.aerosol_optical_thickness, source=Source.DEFAULT),
        water_vapour=replace(state.water_vapour, source=Source.ECMWF),
    )


def class_raster(grid: Grid, labels: npt.NDArray[np.uint8]) -> Raster:
    """Classes on 20 m pixels."""
    return raster_of_array("scene_classification", grid.at(20), labels, "class", nodata=0)
