"""Masks of both forms, against GDAL's rasteriser and the real products."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osgeo import gdal, ogr

from ipf.errors import ProductError
from ipf.product.masks import (
    CLOUD_FLAGS,
    QUALITY_FLAGS,
    rasterise,
    read_clouds,
    read_detector_footprint,
    read_quality,
    read_vector_mask,
)
from ipf.product.raster import Grid
from ipf.product.tile_reader import read_tile_metadata

GRID = Grid(32632, 600000.0, 4900020.0, 60, 40, 50)


def rasterised_by_gdal(rings: list[np.ndarray], grid: Grid) -> np.ndarray:
    source = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = source.CreateLayer("")
    polygon = ogr.Geometry(ogr.wkbPolygon)
    for points in rings:
        ring = ogr.Geometry(ogr.wkbLinearRing)
        for x, y in points:
            ring.AddPoint_2D(float(x), float(y))
        ring.CloseRings()
        polygon.AddGeometry(ring)
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(polygon)
    layer.CreateFeature(feature)
    target = gdal.GetDriverByName("MEM").Create("", grid.columns, grid.rows, 1, gdal.GDT_Byte)
    target.SetGeoTransform(grid.geotransform)
    gdal.RasterizeLayer(target, [1], layer, burn_values=[1])
    return target.ReadAsArray() == 1


def star(centre: tuple[float, float], radii: list[float]) -> np.ndarray:
    """Simple polygon around a centre, one corner per radius."""
    angles = np.arange(len(radii)) * 2 * math.pi / len(radii)
    return np.column_stack([centre[0] + np.cos(angles) * radii, centre[1] + np.sin(angles) * radii])


@settings(max_examples=60)
@given(
    x=st.floats(599_500, 603_500),
    y=st.floats(4_897_200, 4_900_500),
    radii=st.lists(st.floats(40, 3000), min_size=3, max_size=15),
    hole=st.floats(0.1, 0.6),
)
def test_rasterised_as_gdal_does(x: float, y: float, radii: list[float], hole: float):
    outer = star((x, y), radii)
    inner = star((x, y), [radius * hole for radius in radii])
    ours = rasterise([(outer, inner)], GRID)
    theirs = rasterised_by_gdal([outer, inner], GRID)
    # A centre within a rounding error of an edge may fall on either side.
    assert np.count_nonzero(ours != theirs) <= 1


def test_neighbours_share_an_edge_without_gap_or_overlap():
    """Two polygons with a common slanted edge cover each pixel once, also where the edge meets centres."""
    left = np.array([[600000, 4900020], [601530, 4900020], [600030, 4897620], [600000, 4897620]], float)
    right = np.array([[601530, 4900020], [603000, 4900020], [603000, 4897620], [600030, 4897620]], float)
    covered = rasterise([(left,)], GRID).astype(int) + rasterise([(right,)], GRID)
    np.testing.assert_array_equal(covered, 1)


def test_polygons_outside_the_grid_and_overlapping_ones():
    far = star((700_000, 5_000_000), [100, 100, 100])
    everything = np.array([[0, 0], [0, 9e6], [9e5, 9e6], [9e5, 0]], float)
    assert not rasterise([(far,)], GRID).any()
    assert rasterise([(everything,), (everything,)], GRID).all()


@pytest.fixture(scope="module")
def vector_tile(reference_data: Path) -> Path:
    (folder,) = reference_data.glob("l1c_metadata/*T55JEJ*/GRANULE/*")
    return folder


def test_real_vector_footprint_beside_the_angle_grids(vector_tile: Path):
    """A node of the angle grids lies inside the footprint of each detector that has an angle there."""
    tile = read_tile_metadata(vector_tile / "MTD_TL.xml")
    grid = tile.grid.at(60)
    for band in ("B01", "B10"):
        path = vector_tile / "QI_DATA" / f"MSK_DETFOO_{band}.gml"
        footprint = read_detector_footprint(path, grid)
        assert tuple(np.unique(footprint)[1:]) == tile.angles.detectors(band)
        agree = total = 0
        for row in range(22):
            for column in range(22):
                seeing = [
                    detector
                    for detector in tile.angles.detectors(band)
                    if np.isfinite(tile.angles.viewing[band, detector].zenith[row, column])
                ]
                if seeing:
                    total += 1
                    agree += footprint[row * 5000 // 60, column * 5000 // 60] in seeing
        assert agree / total > 0.97


def test_in_the_overlap_the_lower_detector_is_kept(vector_tile: Path):
    path = vector_tile / "QI_DATA" / "MSK_DETFOO_B01.gml"
    grid = Grid(32755, 499980.0, 6900040.0, 60, 1830, 1830)
    footprint = read_detector_footprint(path, grid)
    features = {feature.detector: feature for feature in read_vector_mask(path, 32755)}
    for detector, feature in features.items():
        lower = [features[other].polygons for other in features if other < detector]
        inside = rasterise(feature.polygons, grid)
        for polygons in lower:
            inside &= ~rasterise(polygons, grid)
        np.testing.assert_array_equal(footprint == detector, inside)


def test_real_vector_quality_masks_become_flags(vector_tile: Path):
    tile = read_tile_metadata(vector_tile / "MTD_TL.xml")
    kinds = ("TECQUA", "DEFECT", "NODATA", "SATURA")
    for band, resolution, flag in (("B10", 60, "defective"), ("B11", 20, "partially_corrected_crosstalk")):
        grid = tile.grid.at(resolution)
        paths = [vector_tile / "QI_DATA" / f"MSK_{kind}_{band}.gml" for kind in kinds]
        flags = read_quality(paths, grid)
        expected = np.zeros(grid.shape, bool)
        for path in paths:
            for feature in read_vector_mask(path, grid.epsg):
                for polygon in feature.polygons:
                    expected |= rasterised_by_gdal(list(polygon), grid)
        np.testing.assert_array_equal(flags != 0, expected)
        assert set(np.unique(flags)) == {0, 1 << QUALITY_FLAGS.index(flag)}


def test_real_raster_masks(reference_data: Path):
    (folder,) = reference_data.glob("products/*T29UNU*/GRANULE/*")
    tile = read_tile_metadata(folder / "MTD_TL.xml")
    footprint = read_detector_footprint(folder / "QI_DATA" / "MSK_DETFOO_B09.jp2", tile.grid.at(60))
    assert tuple(np.unique(footprint)[1:]) == tile.angles.detectors("B09")
    clouds = read_clouds(folder / "QI_DATA" / "MSK_CLASSI_B00.jp2", tile.grid.at(60))
    planes = gdal.Open(str(folder / "QI_DATA" / "MSK_CLASSI_B00.jp2")).ReadAsArray()
    for bit, name in enumerate(CLOUD_FLAGS):
        assert np.count_nonzero(clouds >> bit & 1) == planes[bit].sum(), name


MASK = """<eop:Mask xmlns:eop="http://www.opengis.net/eop/2.0" xmlns:gml="http://www.opengis.net/gml/3.2">
<gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG:8.7:{epsg}"/></gml:boundedBy>
<eop:maskMembers><eop:MaskFeature gml:id="{identifier}"><eop:maskType>{kind}</eop:maskType>
<eop:extentOf><gml:Polygon><gml:exterior><gml:LinearRing>
<gml:posList srsDimension="{dimension}">{positions}</gml:posList>
</gml:LinearRing></gml:exterior></gml:Polygon></eop:extentOf></eop:MaskFeature></eop:maskMembers></eop:Mask>"""
SQUARE = "600000 4900020 600600 4900020 600600 4899420 600000 4899420 600000 4900020"


def mask_file(folder: Path, **changes: object) -> Path:
    values = {"epsg": 32632, "identifier": "OPAQUE.0", "kind": "OPAQUE", "dimension": 2, "positions": SQUARE}
    path = folder / "MSK.gml"
    path.write_text(MASK.format(**(values | changes)), encoding="utf-8")
    return path


@pytest.mark.parametrize(("kind", "bit"), [("OPAQUE", 0), ("CIRRUS", 1)])
def test_vector_clouds(tmp_path: Path, kind: str, bit: int):
    clouds = read_clouds(mask_file(tmp_path, kind=kind), GRID)
    expected = np.zeros(GRID.shape, np.uint8)
    expected[:10, :10] = 1 << bit
    np.testing.assert_array_equal(clouds, expected)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"epsg": 32633}, "expected EPSG:32632"),
        ({"kind": "FOG"}, "maskType FOG is not one of this mask's types"),
        ({"kind": "ANC_LOST"}, "maskType ANC_LOST is not one"),
        ({"positions": "1 2 3"}, "3 numbers for points of 2"),
        ({"positions": "1 2 3 4 5 6 7 x"}, "not a number"),
        ({"positions": "1 2 3 4 5 6 7 nan"}, "not finite"),
        ({"dimension": 4}, "for points of 4"),
        ({"dimension": "two"}, "expected a whole number"),
        ({"kind": "DETECTOR_FOOTPRINT", "identifier": "detector_footprint-B01-13-0"}, "expected detector_"),
        ({"kind": "DETECTOR_FOOTPRINT", "identifier": "anything"}, "expected detector_footprint"),
    ],
)
def test_wrong_vector_masks_are_named(tmp_path: Path, changes: dict[str, object], expected: str):
    path = mask_file(tmp_path, **changes)
    with pytest.raises(ProductError, match=expected) as caught:
        read_clouds(path, GRID)
    assert str(path) in str(caught.value)


def test_a_missing_mask_is_named(tmp_path: Path):
    for read in (read_clouds, read_detector_footprint):
        with pytest.raises(ProductError, match=r"absent\.gml: cannot be read"):
            read(tmp_path / "absent.gml", GRID)
