"""Image content of a Level-2A tile: how much of it each class covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ipf.kernels import classification as classes

DECIMALS = 6
"""Decimals of percentages in official products."""


@dataclass(frozen=True)
class ClassCover:
    """Pixels of each class of a scene classification, counted at 20 m."""

    pixels: tuple[int, ...]

    @classmethod
    def of(cls, scene_classification: npt.NDArray[np.uint8]) -> ClassCover:
        """Count the pixels of each class."""
        counted = np.bincount(scene_classification.ravel(), minlength=classes.SNOW + 1)
        return cls(tuple(int(number) for number in counted))

    @property
    def valid(self) -> int:
        """Pixels that hold data."""
        return sum(self.pixels) - self.pixels[classes.NO_DATA]

    @property
    def nodata_percentage(self) -> float:
        """Share of the whole tile without data."""
        return _percentage(self.pixels[classes.NO_DATA], sum(self.pixels))

    def percentage(self, *numbers: int) -> float:
        """Share of the pixels with data that are of one of the classes."""
        return _percentage(sum(self.pixels[number] for number in numbers), self.valid)

    @property
    def cloudy_percentage(self) -> float:
        """Share of clouds of medium and high probability and of thin cirrus (CLOUDY_PIXEL_PERCENTAGE)."""
        return self.percentage(classes.CLOUD_MEDIUM, classes.CLOUD_HIGH, classes.THIN_CIRRUS)

    @property
    def cloudy_over_land_percentage(self) -> float:
        """The same among the pixels that are not classified as water.

        What lies below a cloud is unknown without a map of water bodies; it counts as land here.
        """
        cloudy = (classes.CLOUD_MEDIUM, classes.CLOUD_HIGH, classes.THIN_CIRRUS)
        land = self.valid - self.pixels[classes.WATER]
        return _percentage(sum(self.pixels[number] for number in cloudy), land)


def _percentage(part: int, whole: int) -> float:
    return round(100.0 * part / whole, DECIMALS) if whole else 0.0
