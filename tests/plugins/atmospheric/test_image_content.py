"""Percentages of classes against those that an official product states for its own classification."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ipf_plugins.atmospheric.image_content import ClassCover
from lxml import etree
from osgeo import gdal

from ipf.kernels import classification as classes

gdal.UseExceptions()

GRANULE = (
    "products/S2A_MSIL2A_20221005T115411_N0400_R023_T29UNU_20221005T164454.SAFE"
    "/GRANULE/L2A_T29UNU_A038058_20221005T115407"
)
FLOAT32_PERCENT = 1e-5
"""Official percentages are sums in float32: the sixth decimal is not theirs."""

STATED = {
    "CLOUD_SHADOW_PERCENTAGE": classes.CLOUD_SHADOW,
    "VEGETATION_PERCENTAGE": classes.VEGETATION,
    "NOT_VEGETATED_PERCENTAGE": classes.NOT_VEGETATED,
    "WATER_PERCENTAGE": classes.WATER,
    "UNCLASSIFIED_PERCENTAGE": classes.UNCLASSIFIED,
    "MEDIUM_PROBA_CLOUDS_PERCENTAGE": classes.CLOUD_MEDIUM,
    "HIGH_PROBA_CLOUDS_PERCENTAGE": classes.CLOUD_HIGH,
    "THIN_CIRRUS_PERCENTAGE": classes.THIN_CIRRUS,
    "SNOW_ICE_PERCENTAGE": classes.SNOW,
}


@pytest.fixture(scope="module")
def cover(reference_data: Path) -> ClassCover:
    image = reference_data / GRANULE / "IMG_DATA/R20m/T29UNU_20221005T115411_SCL_20m.jp2"
    return ClassCover.of(gdal.Open(str(image)).ReadAsArray())


@pytest.fixture(scope="module")
def stated(reference_data: Path) -> dict[str, float]:
    content = etree.parse(reference_data / GRANULE / "MTD_TL.xml").find(".//Image_Content_QI")
    return {item.tag: float(item.text) for item in content if item.tag.endswith("PERCENTAGE")}


@pytest.mark.parametrize("name", STATED)
def test_class_percentages_are_those_of_the_official_product(
    cover: ClassCover, stated: dict[str, float], name: str
) -> None:
    assert cover.percentage(STATED[name]) == pytest.approx(stated[name], abs=FLOAT32_PERCENT)


def test_nodata_and_clouds_are_those_of_the_official_product(
    cover: ClassCover, stated: dict[str, float]
) -> None:
    assert cover.nodata_percentage == pytest.approx(stated["NODATA_PIXEL_PERCENTAGE"], abs=FLOAT32_PERCENT)
    assert cover.cloudy_percentage == pytest.approx(stated["CLOUDY_PIXEL_PERCENTAGE"], abs=FLOAT32_PERCENT)


def test_an_empty_tile_has_no_percentages_to_divide_by() -> None:
    empty = ClassCover.of(np.zeros((4, 4), np.uint8))
    assert (empty.nodata_percentage, empty.cloudy_percentage, empty.percentage(4)) == (100.0, 0.0, 0.0)


def test_clouds_over_land_leave_water_out() -> None:
    scene = np.array([[6, 6], [9, 4]], np.uint8)
    assert ClassCover.of(scene).cloudy_over_land_percentage == 50.0
