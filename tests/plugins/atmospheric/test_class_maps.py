"""The optional maps: on the tile by nearest neighbour, absent without a path, refused when no raster."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pydantic
import pytest
from ipf_plugins.atmospheric.class_maps import (
    OUTSIDE,
    ClassMapsParameters,
    ClassMapsUsed,
    Inputs,
    Outputs,
    class_maps,
    name_maps,
    open_maps,
    united,
)
from osgeo import gdal, osr

from ipf.engine import Context, TaskRequest
from ipf.engine.testing import check_declaration
from ipf.errors import AuxiliaryError
from ipf.product.bands import BAND_NAMES, BY_NAME
from ipf.product.images import BandStore
from ipf.product.masks import QUALITY_FLAGS
from ipf.product.raster import Raster, Window, raster_of_array
from tests.plugins.atmospheric import atmospheres

GRID = atmospheres.small(1200)
CONTEXT = Context(TaskRequest("", "", "", {}, {}, {}), datetime(2026, 1, 1, tzinfo=UTC), Path())


def product(**masks: Any) -> Any:
    """What is asked of a product: its grid, store and masks."""
    return SimpleNamespace(grid=GRID, store=BandStore(), masks=masks)


def geographic_map(path: Path, values: np.ndarray, step: float = 0.005) -> Path:
    """A map in longitude and latitude around the corner of the tile, pixels of `step` degrees."""
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    utm = osr.SpatialReference()
    utm.ImportFromEPSG(GRID.epsg)
    utm.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    middle = osr.CoordinateTransformation(utm, reference).TransformPoint(
        GRID.upper_left_x + 600, GRID.upper_left_y - 600
    )
    rows, columns = values.shape
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, 1, gdal.GDT_Byte)
    dataset.SetProjection(reference.ExportToWkt())
    dataset.SetGeoTransform(
        (middle[0] - columns * step / 2, step, 0.0, middle[1] + rows * step / 2, 0.0, -step)
    )
    dataset.GetRasterBand(1).WriteArray(values)
    dataset.FlushCache()
    return path


def opened(tile: Any = None, **parameters: Any) -> Outputs:
    return open_maps(Inputs(tile or product()), ClassMapsParameters(**parameters), CONTEXT)


def test_the_step_is_declared_and_pickled() -> None:
    check_declaration(class_maps)


def test_without_maps_the_layers_are_empty_and_snow_is_possible() -> None:
    made = opened()
    assert [made.water_bodies, made.land_cover, made.snow_condition, made.defects] == [{}, {}, {}, {}]
    assert made.class_maps_used == ClassMapsUsed(None, None, None, None, True)


def test_a_map_comes_on_the_tile_by_nearest_neighbour(tmp_path: Path) -> None:
    values = np.array([[1, 2], [3, 4]], np.uint8)
    path = geographic_map(tmp_path / "cover.tif", values)
    raster = opened(land_cover=path).land_cover[""]
    found = raster.read_all()
    assert (raster.layer, found.shape, found.dtype) == ("land_cover", (60, 60), np.uint8)
    assert set(np.unique(found)) <= {1, 2, 3, 4, OUTSIDE}
    quarters = [found[:25, :25], found[:25, -25:], found[-25:, :25], found[-25:, -25:]]
    assert [int(np.bincount(quarter.ravel()).argmax()) for quarter in quarters] == [1, 2, 3, 4]


def test_what_a_map_does_not_cover_is_outside(tmp_path: Path) -> None:
    path = geographic_map(tmp_path / "small.tif", np.array([[7]], np.uint8), step=0.004)
    found = opened(water_bodies=path).water_bodies[""].read_all()
    assert set(np.unique(found)) == {7, OUTSIDE}


@pytest.mark.parametrize(("value", "possible"), [(0, False), (1, True)])
def test_the_climatology_decides_whether_snow_is_possible(tmp_path: Path, value: int, possible: bool) -> None:
    path = geographic_map(tmp_path / "snow.tif", np.full((8, 8), value, np.uint8))
    used = opened(snow_climatology=path).class_maps_used
    assert (used.snow_climatology, used.snow_possible) == ("snow.tif", possible)


def test_the_maps_used_are_named(tmp_path: Path) -> None:
    path = geographic_map(tmp_path / "ESACCI-LC.tif", np.ones((8, 8), np.uint8))
    used = opened(land_cover=path, snow_condition=path).class_maps_used
    assert (used.land_cover, used.snow_condition, used.water_bodies) == ("ESACCI-LC.tif",) * 2 + (None,)
    assert name_maps({}, ClassMapsParameters(land_cover=path), CONTEXT).auxiliary == (path,)


def test_a_file_that_is_no_map_is_refused_before_a_pixel_is_read(tmp_path: Path) -> None:
    path = tmp_path / "no_map.tif"
    path.write_text("no map")
    for name in ("water_bodies", "snow_climatology"):
        with pytest.raises(AuxiliaryError, match=r"no_map\.tif: expected a raster map that GDAL reads"):
            opened(**{name: path})
    with pytest.raises(AuxiliaryError, match=r"absent\.tif"):
        opened(land_cover=tmp_path / "absent.tif")


def mask(band: str, flags: np.ndarray, source: str = "memory") -> Raster:
    """The quality mask of a band."""
    grid = GRID.at(BY_NAME[band].resolution)
    return raster_of_array(f"quality/{band}", grid, flags, "flags", source=source)


def clean(band: str) -> np.ndarray:
    """No flags."""
    return np.zeros(GRID.at(BY_NAME[band].resolution).shape, np.uint8)


def test_a_flag_of_any_chosen_band_is_one_of_the_layer_at_20_m() -> None:
    flags = {band: clean(band) for band in ("B01", "B03", "B04", "B12")}
    flags["B03"][41, 7], flags["B12"][20, 3], flags["B01"][10, 10], flags["B04"][0, 0] = 128, 16, 4, 1
    masks = {f"quality/{band}": mask(band, values) for band, values in flags.items()}
    expected = np.zeros((60, 60), np.uint8)
    expected[20, 3], expected[30:33, 30:33], expected[0, 0] = 128 | 16, 4, 1
    raster = opened(product(**masks)).defects[""]
    assert (raster.layer, raster.flags, raster.grid) == ("defects", QUALITY_FLAGS, GRID.at(20))
    np.testing.assert_array_equal(raster.read_all(), expected)
    expected[0, 0] = 0
    few = opened(product(**masks), defect_bands="B01, B03 B12 B10").defects[""]
    np.testing.assert_array_equal(few.read_all(), expected)


def test_all_bands_are_asked_for_defects_unless_others_are_named() -> None:
    assert ClassMapsParameters().defect_bands == BAND_NAMES
    assert ClassMapsParameters(defect_bands="").defect_bands == ()
    with pytest.raises(pydantic.ValidationError, match="B99 is no band"):
        ClassMapsParameters(defect_bands="B99")
    assert opened(product(**{"quality/B01": mask("B01", clean("B01"))}), defect_bands="").defects == {}


def test_masks_are_read_one_after_the_other_and_those_of_the_same_file_once(tmp_path: Path) -> None:
    held: list[str] = []
    read: list[str] = []

    def file_mask(band: str, content: bytes | None, suffix: str = "jp2") -> Raster:
        path = tmp_path / f"MSK_QUALIT_{band}.{suffix}"
        if content is not None:
            path.write_bytes(content)
        raster = mask(band, clean(band), str(path))

        def reading(window: Window) -> np.ndarray:
            assert not held
            held.append(band)
            read.append(band)
            return clean(band)[window.slices]

        return replace(raster, read=reading, on_release=held.clear)

    masks = [
        file_mask("B02", b"same"),
        file_mask("B03", b"same"),
        file_mask("B04", b"other"),
        file_mask("B05", b"same"),
        file_mask("B06", None),
        file_mask("B07", None),
        file_mask("B11", b"same", "gml"),
        file_mask("B12", b"same", "gml"),
    ]
    found = united(masks, GRID.at(20))
    assert not held
    assert not found.any()
    # The last of equal ones is as good as any.
    assert sorted(read) == ["B03", "B04", "B05", "B06", "B07", "B11", "B12"]


def test_the_layer_is_held_once_and_given_back() -> None:
    tile = product(**{"quality/B08": mask("B08", clean("B08"))})
    raster = opened(tile).defects[""]
    raster.read(Window(0, 0, 1, 1))
    assert list(tile.store.held.values()) == [60 * 60]
    raster.release()
    assert tile.store.held == {}
