"""What the retrieval of aerosol expects of the ground: how far reflectances depart from a relation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ipf.atmosphere.canopy import CanopyRelation, load_canopy_relation

Floats = npt.NDArray[np.float64]
Reflectances = Mapping[str, npt.NDArray[np.float32]]


class SurfaceRelation(Protocol):
    """A relation between bands, with as many departures as it has targets."""

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands of which it needs the surface reflectance."""

    @property
    def precision(self) -> Floats:
        """Inverse of the covariance of the departures, (targets, targets)."""

    def departures(self, reflectance: Reflectances) -> Floats:
        """Departures of the targets from the relation, (targets, ...)."""

    def expected(self, reflectance: Reflectances) -> Floats:
        """Reflectance that the relation expects of the targets, (targets, ...)."""


@dataclass(frozen=True)
class ShortWaveRatio:
    """Red is a share of B12, blue a share of red: Kaufman et al. 1997 with the figures of Sen2Cor.

    The aerosol is told from red (B04) alone, as there; the departure in blue has next to no weight.
    """

    red_ratio: float = 0.5
    blue_ratio: float = 0.5
    blue_offset: float = 0.005
    red_sigma: float = 0.005
    blue_sigma: float = 1.0
    bands: tuple[str, ...] = ("B02", "B04", "B12")

    @property
    def precision(self) -> Floats:
        return np.diag([self.blue_sigma**-2, self.red_sigma**-2])

    def departures(self, reflectance: Reflectances) -> Floats:
        seen = np.stack([reflectance["B02"], reflectance["B04"]])
        return np.asarray(seen - self.expected(reflectance), np.float64)

    def expected(self, reflectance: Reflectances) -> Floats:
        red = self.red_ratio * reflectance["B12"]
        return np.stack([self.blue_ratio * red + self.blue_offset, red]).astype(np.float64)


@dataclass(frozen=True)
class KnownRed:
    """Red is known: the darkest pixels of bright vegetation."""

    red: float = 0.02
    sigma: float = 0.01
    bands: tuple[str, ...] = ("B04",)

    @property
    def precision(self) -> Floats:
        return np.array([[self.sigma**-2]])

    def departures(self, reflectance: Reflectances) -> Floats:
        return np.asarray(reflectance["B04"][np.newaxis] - self.expected(reflectance), np.float64)

    def expected(self, reflectance: Reflectances) -> Floats:
        return np.full((1, *reflectance["B04"].shape), self.red)


@cache
def canopy_relation() -> CanopyRelation:
    """The relation that comes with the project."""
    return load_canopy_relation()
