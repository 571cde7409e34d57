"""Real pairs of Level-1C and Sen2Cor's Level-2A pixels, and the fit of an atmosphere to them.

The pairs state neither angles nor atmosphere. On the left half of a scene, aerosol and water vapour (and,
where the sun computed from the stated time does not fit, its zenith) are taken from a coarse grid so that the
surface reflectance comes closest to Sen2Cor's; the right half is left for the comparison.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyproj
from ipf_plugins.atmospheric.atmosphere_model import AtmosphereModel
from ipf_plugins.atmospheric.surface_reflectance import BANDS
from osgeo import gdal

from ipf.atmosphere.profile import pressure_at
from ipf.kernels.atmosphere import correct_lambertian
from ipf.product.angles import Direction
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.raster import Grid
from tests.plugins.atmospheric import atmospheres
from tests.sun import sun_position

gdal.UseExceptions()

Image = npt.NDArray[np.float32]

SIDE = 222
"""Pixels of 10 m per side: the largest whole number of 60 m pixels in the 224 that there are."""
VIEW = Direction(5.0, 100.0)
"""Unknown; the middle of what the instrument sees."""
TILE = "36MXC"
"""Name that the scenes are given; where they lie is stated only roughly."""
OZONE = 0.331
"""cm-atm; unknown, Sen2Cor's default."""

SCENES = {"38D_378R_2_3": (0, 0), "433D_629L_3_1": (1000, 1000), "282D_485L_3_3": (1000, 0)}
"""Counts added to reflectance in Level-1C and in Level-2A, by scene."""

AOT_GRID = np.arange(0.0, 0.81, 0.05)
WATER_GRID = np.arange(0.25, 5.01, 0.25)
ZENITH_GRID = np.arange(15.0, 70.1, 5.0)
FITTING = 0.02
"""The sun of the stated time fits when no band is farther off than this on the left half."""


@dataclass(frozen=True)
class Pair:
    """One scene: counts of Level-1C and reflectance of Level-2A by band at native resolution."""

    name: str
    grid: Grid
    time: datetime
    elevation: float
    l1c_offset: int
    l1c_counts: dict[str, npt.NDArray[np.uint16]]
    boa: dict[str, Image]

    def toa(self, band: str) -> Image:
        """Top-of-atmosphere reflectance."""
        counts = self.l1c_counts[band].astype(np.float32)
        return (counts - np.float32(self.l1c_offset)) * np.float32(1e-4)

    def sun(self) -> Direction:
        """Where the sun stood at the stated time."""
        x = self.grid.upper_left_x + 5.0 * SIDE
        y = self.grid.upper_left_y - 5.0 * SIDE
        longitude, latitude = pyproj.Transformer.from_crs(self.grid.epsg, 4326, always_xy=True).transform(
            x, y
        )
        return sun_position(self.time, latitude, longitude)


@dataclass(frozen=True)
class Fit:
    """An atmosphere and a sun, and by how much the left half then differs from Sen2Cor, by band."""

    aot: float
    water_vapour: float
    sun: Direction
    sun_fitted: bool
    rmse: dict[str, float] = field(compare=False)


def read_pair(reference_data: Path, name: str) -> Pair:
    """Read one scene, cropped to whole pixels of 60 m."""
    folder = reference_data / "pairs"
    l1c_offset, l2a_offset = SCENES[name]
    l1c = gdal.Open(str(folder / "S2L1C" / f"{name}.tif"))
    transform = l1c.GetGeoTransform()
    epsg = int(l1c.GetSpatialRef().GetAuthorityCode(None))
    top = l1c.ReadAsArray()
    boa = (gdal.Open(str(folder / "S2L2A" / f"{name}.tif")).ReadAsArray() - l2a_offset) * 1e-4
    stated = gdal.Open(str(folder / "LULC" / f"{name}.tif")).GetMetadata()["datetime"]
    dem = gdal.Open(str(folder / "DEM" / f"{name}.tif")).ReadAsArray()
    return Pair(
        name=name,
        grid=Grid(epsg, transform[0], transform[3], 10, SIDE, SIDE),
        time=datetime.fromisoformat(stated[:19]).replace(tzinfo=UTC),
        elevation=float(dem.mean()),
        l1c_offset=l1c_offset,
        l1c_counts={b: native(image, b).astype(np.uint16) for b, image in zip(BAND_NAMES, top, strict=True)},
        boa={b: native(image, b).astype(np.float32) for b, image in zip(BANDS, boa, strict=True)},
    )


def native(image: npt.NDArray[np.generic], band: str) -> npt.NDArray[np.generic]:
    """Native pixels of a band that is repeated on 10 m pixels."""
    step = BY_NAME[band].resolution // 10
    return image[:SIDE:step, :SIDE:step]


def fit(pair: Pair) -> Fit:
    """The atmosphere (and where needed the sun) under which the left half fits best."""
    sun = pair.sun()
    found = best(pair, [sun])
    if max(found.rmse.values()) <= FITTING:
        return found
    others = [Direction(float(zenith), sun.azimuth) for zenith in ZENITH_GRID]
    return replace(best(pair, others), sun_fitted=True)


def best(pair: Pair, suns: Iterable[Direction]) -> Fit:
    """The point of the grid with the least sum of squared differences over all bands."""
    samples = {band: (left_half(pair.toa(band), band), left_half(pair.boa[band], band)) for band in BANDS}
    candidates = []
    for sun in suns:
        model = tile_model(sun, round(pair.elevation))
        for aot, water in itertools.product(AOT_GRID, WATER_GRID):
            rmse = differences(samples, model, float(aot), float(water))
            candidates.append(Fit(float(aot), float(water), sun, False, rmse))
    return min(candidates, key=lambda point: sum(value**2 for value in point.rmse.values()))


def left_half(image: Image, band: str) -> Image:
    """Every 60 m a pixel of the left half: enough to fit two or three numbers."""
    step = 60 // BY_NAME[band].resolution
    return np.ascontiguousarray(image[::step, : image.shape[1] // 2 : step])


def right_half(image: Image) -> Image:
    """The part that nothing is fitted to."""
    return image[:, (image.shape[1] + 1) // 2 :]


def differences(
    samples: dict[str, tuple[Image, Image]], model: AtmosphereModel, aot: float, water: float
) -> dict[str, float]:
    """Root mean square difference to Sen2Cor, by band."""
    rmse = {}
    for band, (toa, expected) in samples.items():
        air = np.full_like(toa, aot), np.full_like(toa, water)
        corrected = correct_lambertian(toa, *air, model.coefficients(band), 0, 0, 10.0)
        rmse[band] = float(np.sqrt(np.mean((corrected - expected) ** 2)))
    return rmse


@cache
def tile_model(sun: Direction, elevation: int) -> AtmosphereModel:
    """The look-up table for one sun and ground."""
    state = atmospheres.stated(ozone=OZONE, surface_pressure=float(pressure_at(elevation / 1000.0)))
    return atmospheres.model(atmospheres.constant_angles(sun, VIEW, nodes=2), state)
