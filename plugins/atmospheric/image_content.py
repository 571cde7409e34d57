"""Image content of a Level-2A tile: how much of it each class covers, and what the air over it held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ipf_plugins.atmospheric.atmospheric_state import AtmosphericState, Source

from ipf.kernels import classification as classes
from ipf.product.metadata import ImageContent

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


def image_content(
    cover: ClassCover,
    state: AtmosphericState,
    aot_method: str,
    mean_aot: float,
    mean_water_vapour: float,
    aot_accuracy: float = 0.0,
) -> ImageContent:
    """Image_Content_QI of a tile; methods and sources in the words that PSD 14.8 has for them.

    `aot_method` is one of those words. Accuracies that nobody knows are 0, as in official products. The
    schema demands the percentage of saturated and defective pixels: it counts class 1 like the others, so it
    is 0 for a classification that never gives that class, whatever the masks of Level 1C hold.
    """
    ozone_from_ecmwf = state.ozone.source is Source.ECMWF
    return ImageContent(
        cloudy_over_land=cover.cloudy_over_land_percentage,
        nodata=cover.nodata_percentage,
        saturated_defective=cover.percentage(classes.SATURATED_DEFECTIVE),
        shadow=cover.percentage(classes.DARK),
        cloud_shadow=cover.percentage(classes.CLOUD_SHADOW),
        vegetation=cover.percentage(classes.VEGETATION),
        not_vegetated=cover.percentage(classes.NOT_VEGETATED),
        water=cover.percentage(classes.WATER),
        unclassified=cover.percentage(classes.UNCLASSIFIED),
        medium_probability_clouds=cover.percentage(classes.CLOUD_MEDIUM),
        high_probability_clouds=cover.percentage(classes.CLOUD_HIGH),
        thin_cirrus=cover.percentage(classes.THIN_CIRRUS),
        snow_ice=cover.percentage(classes.SNOW),
        aot_retrieval_accuracy=round(aot_accuracy, DECIMALS),
        aot_retrieval_method=aot_method,
        mean_aot=round(mean_aot, DECIMALS),
        mean_water_vapour=round(mean_water_vapour, DECIMALS),
        ozone_source="AUX_ECMWFT" if ozone_from_ecmwf else "CONFIG",
        ozone=round(1000.0 * state.ozone.field.mean, DECIMALS),
    )
