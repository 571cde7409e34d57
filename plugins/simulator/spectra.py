"""Surface and cloud reflectances of the simulated scene: one small table, thirteen bands a line.

The figures are representative, rounded to what the published curves agree on for the class; none is copied
from a data file. They need not be exact: whatever stands here is the scene's truth. What was looked at:

* soils, rocks, roofs, asphalt, grass, trees: ECOSTRESS spectral library (Meerdink et al. 2019, Remote Sensing
  of Environment 230, 111196) and USGS library version 7 (Kokaly et al. 2017, USGS Data Series 1035);
* vegetation: canopies simulated with PROSAIL (Jacquemoud et al. 2009, Remote Sensing of Environment 113, S56-
  S66): dense ones have B04/B12 of 0.3 to 0.65 and B02/B04 of 0.7 to 1.3 (the middle half); water in leaves
  leaves B09 0.955 to 0.98 of B8A and B10 1.1 to 1.3 of B11. Dry soils rise: B09 is 1.04 of B8A;
* snow: fine to medium grains (Warren 1982, Reviews of Geophysics 20, 67-89);
* water: absorption of pure water and back-scattering of particles (Mobley 1994, Light and Water, ch. 3);
* clouds and cirrus: Gao et al. 1998, Journal of Geophysical Research 103, 32169-32176 (cirrus ratios);
* skylight: share of the diffuse in the global irradiance under a clear sky of moderate turbidity, sun 30
  degrees from the zenith (Bird and Riordan 1986, Journal of Climate and Applied Meteorology 25, 87-97).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from ipf.product.bands import BAND_NAMES

FloatTable = npt.NDArray[np.float32]


class Cover(IntEnum):
    """Land cover of a pixel of the scene."""

    NONE = 0
    CLEAR_WATER = 1
    TURBID_WATER = 2
    SAND = 3
    GREEN_CROP = 4
    GRASS = 5
    STUBBLE = 6
    DRY_SOIL = 7
    MOIST_SOIL = 8
    BROADLEAF_FOREST = 9
    CONIFER_FOREST = 10
    ROOF = 11
    ASPHALT = 12
    ROCK = 13
    SNOW = 14


WATER = (Cover.CLEAR_WATER, Cover.TURBID_WATER)
VEGETATION = (Cover.GREEN_CROP, Cover.GRASS, Cover.BROADLEAF_FOREST, Cover.CONIFER_FOREST)
SOIL = (Cover.SAND, Cover.STUBBLE, Cover.DRY_SOIL, Cover.MOIST_SOIL, Cover.ROCK)
URBAN = (Cover.ROOF, Cover.ASPHALT)


@dataclass(frozen=True, slots=True)
class Material:
    """Mean reflectance in thousandths, in the order of the bands (B01 … B08, B8A, B09 … B12).

    `variation` is the relative standard deviation from parcel to parcel and over tens to hundreds of metres,
    `grain` that from one 10 m pixel to the next.
    """

    reflectance: tuple[int, ...]
    variation: float
    grain: float


MATERIALS: dict[Cover, Material] = {
    Cover.NONE: Material((0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0.0, 0.0),
    Cover.CLEAR_WATER: Material((26, 30, 28, 12, 9, 6, 6, 5, 4, 3, 2, 2, 1), 0.06, 0.010),
    Cover.TURBID_WATER: Material((45, 58, 85, 60, 50, 24, 23, 17, 12, 6, 2, 2, 1), 0.10, 0.010),
    Cover.SAND: Material((160, 205, 275, 330, 350, 370, 385, 400, 410, 420, 430, 470, 450), 0.06, 0.012),
    Cover.GREEN_CROP: Material((25, 30, 60, 32, 90, 330, 430, 450, 465, 450, 270, 210, 95), 0.12, 0.008),
    Cover.GRASS: Material((35, 45, 80, 60, 120, 270, 320, 340, 350, 343, 285, 250, 140), 0.10, 0.008),
    Cover.STUBBLE: Material((60, 80, 120, 170, 200, 230, 250, 270, 280, 297, 345, 360, 280), 0.10, 0.008),
    Cover.DRY_SOIL: Material((90, 110, 150, 200, 220, 235, 250, 265, 275, 285, 350, 370, 330), 0.10, 0.008),
    Cover.MOIST_SOIL: Material((45, 55, 75, 95, 105, 115, 125, 135, 140, 145, 150, 190, 160), 0.12, 0.008),
    Cover.BROADLEAF_FOREST: Material(
        (20, 25, 45, 25, 70, 240, 310, 330, 345, 333, 195, 150, 65), 0.10, 0.020
    ),
    Cover.CONIFER_FOREST: Material((18, 20, 32, 20, 45, 140, 175, 185, 195, 188, 110, 85, 40), 0.10, 0.020),
    Cover.ROOF: Material((130, 150, 180, 210, 220, 230, 240, 250, 255, 260, 270, 290, 280), 0.20, 0.060),
    Cover.ASPHALT: Material((80, 90, 100, 110, 115, 120, 125, 130, 132, 134, 140, 155, 155), 0.10, 0.030),
    Cover.ROCK: Material((100, 120, 150, 180, 190, 200, 210, 220, 220, 225, 240, 260, 240), 0.12, 0.020),
    Cover.SNOW: Material((930, 940, 930, 910, 900, 890, 870, 840, 820, 720, 250, 100, 80), 0.03, 0.004),
}
CLOUD: tuple[int, ...] = (650, 650, 660, 660, 660, 660, 660, 665, 665, 660, 560, 510, 390)
"""Reflectance of an opaque cloud at its top, in thousandths; the gases above it dim that by its height."""
CIRRUS: tuple[int, ...] = (1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 950, 800, 650, 500)
"""Reflectance of cirrus at 10 km relative to that in the blue, the vapour above included; thousandths."""
SKYLIGHT: tuple[int, ...] = (430, 340, 250, 190, 170, 150, 140, 120, 120, 100, 60, 50, 30)
"""Share of the irradiance that reaches a place in the shadow of a cloud; thousandths."""


def reflectance_table(band: str) -> FloatTable:
    """Mean reflectance of each `Cover` in a band, by cover number."""
    return np.array([of_band(MATERIALS[cover].reflectance, band) for cover in Cover], np.float32)


def of_band(thousandths: tuple[int, ...], band: str) -> float:
    """The entry of a line of the tables above for one band."""
    return thousandths[BAND_NAMES.index(band)] / 1000.0


def visible_ratios() -> dict[Cover, tuple[float, float]]:
    """Reflectance of the red to that at 2.2 µm (B04/B12) and of the blue to the red (B02/B04), by kind of
    vegetation: what the retrieval of aerosol over dark vegetation has to assume."""
    blue, red, swir = (reflectance_table(band) for band in ("B02", "B04", "B12"))
    return {cover: (float(red[cover] / swir[cover]), float(blue[cover] / red[cover])) for cover in VEGETATION}
