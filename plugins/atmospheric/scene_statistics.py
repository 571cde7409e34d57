"""Statistics of a scene by class, and the limits that Sen2Cor's recoveries take from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.kernels.classification import CLOUD_HIGH, NO_DATA, NOT_VEGETATED, VEGETATION, WATER
from ipf.kernels.cloud_statistics import CIRRUS, CIRRUS_SQUARED, PIXELS, VAPOUR, VAPOUR_SQUARED

LAND = (VEGETATION, NOT_VEGETATED)
PIXEL_AREA = 400.0
"""Square metres of a pixel of 20 m."""

LEAST_LAND_SHARE, LEAST_LAND_AREA = 0.05, 121e6
"""Share of the scene, and square metres, of clear land below which it tells nothing (Sen2Cor 2.8)."""
MUCH_CLOUD, LITTLE_CLOUD = 0.20, 0.02
"""Shares of high-probability cloud between which B10 of land is bounded by `LEAST_B10` (Sen2Cor 2.8)."""
LEAST_B10 = 0.0015
LAND_CIRRUS, WATER_CIRRUS = 0.0030, 0.0020
"""Least B10 of cirrus over land and over water (Sen2Cor 2.8)."""


@dataclass(frozen=True)
class Moments:
    """Number of values, their mean and standard deviation (NaN for none)."""

    count: int
    mean: float
    sigma: float


@dataclass(frozen=True)
class LandLimits:
    """Below both, a cloud lies as low as the ground: B10, and B09/B8A."""

    cirrus: float
    vapour: float


@dataclass(frozen=True)
class SceneStatistics:
    """Sums by class as `ipf.kernels.cloud_statistics` makes them: rows are classes."""

    sums: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, sums: npt.NDArray[np.float64]) -> SceneStatistics:
        """The statistics of an array of sums."""
        return cls(tuple(tuple(float(value) for value in row) for row in sums))

    def pixels(self, *classes: int) -> int:
        """Pixels of some classes."""
        return int(sum(self.sums[kind][PIXELS] for kind in classes))

    @property
    def valid(self) -> int:
        """Pixels with data."""
        return self.pixels(*(kind for kind in range(len(self.sums)) if kind != NO_DATA))

    def cirrus(self, *classes: int) -> Moments:
        """B10 of some classes."""
        return self._moments(classes, CIRRUS, CIRRUS_SQUARED)

    def vapour(self) -> Moments:
        """B09/B8A of clear land."""
        return self._moments(LAND, VAPOUR, VAPOUR_SQUARED)

    def _moments(self, classes: tuple[int, ...], first: int, second: int) -> Moments:
        count = self.pixels(*classes)
        if not count:
            return Moments(0, float("nan"), float("nan"))
        mean = sum(self.sums[kind][first] for kind in classes) / count
        square = sum(self.sums[kind][second] for kind in classes) / count
        return Moments(count, mean, max(square - mean * mean, 0.0) ** 0.5)

    def land_limits(self) -> LandLimits | None:
        """Limits of the recovery of land from B10, B09 and B8A; None where there is too little clear land.

        Sen2Cor 2.8: B10 of clear land, lowered to two sigma below that of the clouds where there are many;
        where there are some, to `LEAST_B10`. B09/B8A of clear land, mean and sigma.
        """
        land, valid = self.pixels(*LAND), self.valid
        if not valid or land < LEAST_LAND_SHARE * valid or land * PIXEL_AREA < LEAST_LAND_AREA:
            return None
        clear, clouds = self.cirrus(*LAND), self.cirrus(CLOUD_HIGH)
        share = clouds.count / valid
        limit = clear.mean
        if share > MUCH_CLOUD:
            limit = min(limit, max(LEAST_B10, clouds.mean - 2.0 * clouds.sigma))
        elif share >= LITTLE_CLOUD:
            limit = min(limit, LEAST_B10)
        vapour = self.vapour()
        return LandLimits(limit, vapour.mean + vapour.sigma)

    def cirrus_limits(self) -> tuple[float, float]:
        """B10 above which clear land, and water, is under thin cirrus.

        Sen2Cor 2.8: mean of bare ground and three sigma, mean of water and one sigma, but no less than
        `LAND_CIRRUS` and `WATER_CIRRUS`. A class that the scene lacks gives infinity.
        """
        soil, water = self.cirrus(NOT_VEGETATED), self.cirrus(WATER)
        over_land = max(soil.mean + 3.0 * soil.sigma, LAND_CIRRUS) if soil.count else float("inf")
        over_water = max(water.mean + water.sigma, WATER_CIRRUS) if water.count else float("inf")
        return over_land, over_water
