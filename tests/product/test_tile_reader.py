"""Tile metadata: every real document against plain searches, and documents that are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from ipf.errors import ProductError
from ipf.product.bands import BAND_NAMES
from ipf.product.raster import Grid
from ipf.product.tile_reader import read_tile_metadata
from tests.product.documents import documents, leaves, text, texts, with_text, without


@pytest.fixture(scope="module")
def tile_documents(reference_data: Path) -> list[Path]:
    found = documents(reference_data, "_Tile_ID")
    assert len(found) == 15
    return found


@pytest.fixture(scope="module")
def level1c(tile_documents: list[Path]) -> Path:
    (path,) = (path for path in tile_documents if "T18LTM" in str(path))
    return path


def test_every_real_document_reads_and_agrees_with_a_plain_search(tile_documents: list[Path]):
    for path in tile_documents:
        root = etree.parse(path).getroot()
        tile = read_tile_metadata(path)
        assert tile.identifier == text(root, "TILE_ID")
        assert tile.datastrip_identifier == text(root, "DATASTRIP_ID")
        assert tile.l1c_identifier == text(root, "L1C_TILE_ID")
        assert str(tile.sensing_time) == text(root, "SENSING_TIME")
        assert str(tile.archiving_time) == text(root, "ARCHIVING_TIME")
        assert f"EPSG:{tile.grid.epsg}" == text(root, "HORIZONTAL_CS_CODE")
        assert f"{tile.grid.upper_left_x:.0f}" == text(root, "ULX")
        assert f"{tile.grid.upper_left_y:.0f}" == text(root, "ULY")
        assert tile.grid.shape == (10980, 10980)
        assert tile.angles.mean_sun.azimuth == float(text(root, "AZIMUTH_ANGLE"))
        assert tile.quality.cloudy == float(text(root, "CLOUDY_PIXEL_PERCENTAGE"))
        assert [mask.path for mask in tile.quality.masks] == texts(root, "MASK_FILENAME")
        assert tile.quality.preview == text(root, "PVI_FILENAME")
        assert (tile.quality.content is not None) == (tile.level == "L2A")


def test_every_angle_of_every_real_document(tile_documents: list[Path]):
    for path in tile_documents:
        root = etree.parse(path).getroot()
        angles = read_tile_metadata(path).angles
        grids = root.findall(".//Viewing_Incidence_Angles_Grids")
        assert len(grids) == len(angles.viewing)
        for element, ((band, detector), grid) in zip(grids, angles.viewing.items(), strict=True):
            assert BAND_NAMES[int(element.get("bandId"))] == band
            assert int(element.get("detectorId")) == detector
            words = " ".join(texts(element.find("Azimuth"), "VALUES")).split()
            np.testing.assert_array_equal(grid.azimuth.ravel(), [float(word) for word in words])
        assert set(angles.mean_viewing) == set(BAND_NAMES)


def test_tile_of_a_known_place(level1c: Path):
    tile = read_tile_metadata(level1c)
    assert tile.grid == Grid(32718, 199980.0, 8700040.0, 10, 10980, 10980)
    assert tile.coordinate_system == "WGS84 / UTM zone 18S"
    assert tile.angles.detectors("B01") == (1, 2, 3, 4)
    assert {mask.kind for mask in tile.quality.masks} == {"MSK_DETFOO", "MSK_QUALIT", "MSK_CLASSI"}


def test_an_element_that_is_missing_is_named(tile_documents: list[Path], tmp_path: Path):
    accepted = set()
    path = tmp_path / "MTD_TL.xml"
    for source in tile_documents[-2:]:
        root = etree.parse(source).getroot()
        for leaf in leaves(root):
            path.write_bytes(without(root, leaf))
            name = etree.QName(leaf).localname
            try:
                read_tile_metadata(path)
            except ProductError as caught:
                message = str(caught)
            else:
                accepted.add(name)
                continue
            assert name in message or "shape" in message
            assert message.startswith(f"{path}:")
    assert accepted == {
        "L1C_TILE_ID",
        "SNOW_PIXEL_PERCENTAGE",
        "MASK_FILENAME",
        "CLOUDY_PIXEL_OVER_LAND_PERCENTAGE",
        "AOT_RETRIEVAL_METHOD",
        "GRANULE_MEAN_AOT",
        "GRANULE_MEAN_WV",
        "OZONE_SOURCE",
        "OZONE_VALUE",
    }


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HORIZONTAL_CS_CODE", "UTM 18", "expected EPSG:nnnnn"),
        ("NROWS", "10979", "20 m grid does not cover"),
        ("NROWS", "10981", "NROWS and NCOLS are 10981 and 10980, expected 1 to 10980"),
        ("NROWS", "ten", "NROWS is 'ten'"),
        ("NCOLS", "-10980", "NROWS and NCOLS"),
        ("XDIM", "11", "XDIM and YDIM are not 10 and -10"),
        ("ROW_STEP", "4000", "do not cover 109800 m"),
        ("COL_STEP", "0", "do not cover 109800 m"),
        ("VALUES", "1 2 3", r"zenith of shape \(23, 3\), azimuth \(23, 23\)"),
        ("VALUES", "1 2 3 four", "not a number"),
        ("ZENITH_ANGLE", "", "ZENITH_ANGLE is empty"),
        ("SENSING_TIME", "2022-01-25", "is not a UTC time"),
    ],
)
def test_wrong_values_are_named(level1c: Path, tmp_path: Path, name: str, value: str, expected: str):
    root = etree.parse(level1c).getroot()
    path = tmp_path / "MTD_TL.xml"
    path.write_bytes(with_text(root, root.find(f".//{{*}}{name}"), value))
    with pytest.raises(ProductError, match=expected):
        read_tile_metadata(path)


def test_one_ragged_row_and_a_doubled_grid_are_refused(level1c: Path, tmp_path: Path):
    path = tmp_path / "MTD_TL.xml"
    root = etree.parse(level1c).getroot()
    row = root.find(".//Sun_Angles_Grid/Azimuth/Values_List/VALUES")
    row.text += " 1.0"
    path.write_bytes(etree.tostring(root))
    with pytest.raises(ProductError, match="Azimuth: VALUES are 23 rows of different"):
        read_tile_metadata(path)
    root = etree.parse(level1c).getroot()
    grids = root.findall(".//Viewing_Incidence_Angles_Grids")
    grids[1].set("detectorId", grids[0].get("detectorId"))
    path.write_bytes(etree.tostring(root))
    with pytest.raises(ProductError, match="given twice for band B01"):
        read_tile_metadata(path)
