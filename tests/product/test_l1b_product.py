"""Level-1B products: written ones are valid and read back, real ones come back, holes are told."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from osgeo import gdal

from ipf.errors import OutputError, ProductError
from ipf.geometry.acquisition import AttitudeSamples, Datation, EarthOrientation, Ephemeris, Refining
from ipf.product.bands import BANDS, BY_NAME, DETECTORS
from ipf.product.granule_names import GranuleName
from ipf.product.l1b_granule_reader import read_granule_metadata
from ipf.product.l1b_model import (
    GeometricHeader,
    GranuleGeometry,
    GranuleMetadata,
    L1bDatastripMetadata,
    LocatedHeader,
)
from ipf.product.l1b_reader import read_l1b_parts, read_l1b_product
from ipf.product.l1b_writer import granule_xml, l1b_datastrip_xml, write_granule, write_l1b_datastrip
from ipf.product.metadata import AuxiliaryData, Datatake, Gipp
from ipf.product.names import DatastripName
from ipf.product.nominal_radiometry import nominal_gains, nominal_radiometry
from ipf.product.sensor_datastrip import GranuleEntry, read_sensor_datastrip
from ipf.product.utc import UtcTime

START = UtcTime.parse("2020-08-16T12:02:20.458Z")
DATASTRIP = DatastripName("S2A", "OPER", "L1B", "MPC_", "20240830T153400", "20200816T120220", "05.00")
BLIND_PIXELS = "S2A_OPER_GIP_BLINDP_MPC__20150605T094736_V20150622T000000_21000101T000000_B00"
SIZES = {10: (36, 24), 20: (18, 12), 60: (6, 4)}
PLACE = (32.1, -16.5, 10.5)


def name_of(detector: int, second: int) -> GranuleName:
    return GranuleName(
        "S2A", "OPER", "L1B", "MPC_", "20240830T153343", f"20200816T1202{second}", detector, "05.00"
    )


def granule(detector: int, number: int, **changes: object) -> GranuleMetadata:
    """Granule `number` of a detector, 36 lines of 10 m each."""
    ring = (PLACE, (32.0, -16.7, 0.0), (31.9, -16.4, -0.25), (32.2, -16.4, 0.0), PLACE)
    metadata = GranuleMetadata(
        name_of(detector, 26 + number),
        str(DATASTRIP),
        1 + 36 * number,
        SIZES,
        UtcTime.parse("2020-08-16T12:02:26.501812Z"),
        GranuleGeometry(ring, PLACE, (8.785, 277.3), (24.2, 136.3)),
        "MPC_",
        UtcTime.parse("2024-08-30T15:33:43.904027Z"),
        masks={band.name: name_of(detector, 26 + number).quality_mask(band.name) for band in BANDS},
    )
    return replace(metadata, **changes)  # type: ignore[arg-type]


def datastrip(detectors: tuple[int, ...] = (3, 4), numbers: int = 3) -> L1bDatastripMetadata:
    """A datastrip of some detectors with some granules each."""
    seconds = 43328.0 + np.arange(4, dtype=np.float64)
    positions = np.array([[5592938.4, -1685506.246, 4147746.566]]) + np.arange(4)[:, None] * 1000.25
    velocities = np.tile([3557.53, -2940.565, -5974.98], (4, 1))
    quaternions = np.tile(
        [-0.434491027202845, -0.47671519231492, -0.749609618869837, 0.14847758077967], (4, 1)
    )
    quaternions /= np.linalg.norm(quaternions, axis=1, keepdims=True)
    located = LocatedHeader(192.8, (11.8, 102.07), (26.79, 134.26), 10.49, 10.64)
    return L1bDatastripMetadata(
        name=DATASTRIP,
        datatake=Datatake("GS2A_20200816T120221_026904_N05.00", "S2A", "INS-NOBS", START, 23),
        sensing_start=START,
        sensing_stop=UtcTime.parse("2020-08-16T12:02:45.712Z"),
        processing_time=UtcTime.parse("2024-08-30T15:34:00Z"),
        reception_station="SGS_",
        downlink_orbit=26905,
        archiving_time=UtcTime.parse("2024-08-30T15:34:00.747048Z"),
        epoch=datetime(2020, 8, 16),
        ephemeris=Ephemeris(seconds, positions, velocities),
        attitude=AttitudeSamples(seconds + 0.1, quaternions),
        datation=Datation(
            {
                (band.name, detector): 43339.057552001 + 0.25 * band.identifier + detector
                for band in BANDS
                for detector in detectors
            },
            1.565873622e-3,
        ),
        earth=EarthOrientation(-0.27381, 0.2393, 0.362, 18.0),
        refining=Refining((2.95e-06, -3.97e-08), (3.7e-06, 9.3e-09), (2.1e-06,), (-2.5e-06,), 43371.085),
        tdi=dict.fromkeys(("B03", "B04", "B11", "B12"), "APPLIED"),
        gains=nominal_gains("S2A"),
        radiometry=replace(
            nominal_radiometry("S2A", START, "05.00"), offsets={band.name: -100.0 for band in BANDS}
        ),
        auxiliary=AuxiliaryData(
            (Gipp(BLIND_PIXELS, "GIP_BLINDP", "0003"),),
            "S2__OPER_DEM_GLOBEF_PDMC_19800101T000000_S19800101T000000",
            "S2__OPER_AUX_UT1UTC_PDMC_20191024T000000_V20191025T000000_20201023T000000",
        ),
        granules={
            detector: [
                GranuleEntry(str(granule(detector, number).name), granule(detector, number).position)
                for number in range(numbers)
            ]
            for detector in detectors
        },
        headers=[GeometricHeader(43345.0, 1249, -0.0015, -0.0022, -0.0011, located, located, located)],
    )  # fmt: skip


def counts_of(metadata: GranuleMetadata, band: str) -> np.ndarray:
    """Counts that tell their line and pixel."""
    rows, columns = metadata.shape(band)
    lines = np.array(metadata.lines(band))
    assert len(lines) == rows
    return (100 * metadata.detector + 3 * lines[:, None] + np.arange(columns)[None, :]).astype(np.uint16)


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """A product of two detectors with three granules each, three bands, masks in one granule."""
    write_l1b_datastrip(tmp_path, datastrip())
    for detector in (3, 4):
        for number in range(3):
            metadata = granule(detector, number)
            images = {band: counts_of(metadata, band) for band in ("B02", "B11", "B01")}
            masks = (
                {"B02": [np.full(SIZES[10], plane == 5, np.uint8) for plane in range(8)]}
                if number == 0
                else {}
            )
            write_granule(tmp_path, metadata, images, masks, "fast")
    return tmp_path


def test_what_is_written_is_read_back(product: Path) -> None:
    found, expected = read_l1b_product(product), datastrip()
    assert found.missing == {}
    assert {detector: len(granules) for detector, granules in found.granules.items()} == {3: 3, 4: 3}
    for detector, granules in found.granules.items():
        assert [part.metadata for part in granules] == [granule(detector, number) for number in range(3)]
        assert sorted(granules[0].masks) == ["B02"]
        assert "B03" in granules[0].missing
        assert "B02" not in granules[0].missing
    strip = found.datastrip
    np.testing.assert_array_equal(strip.ephemeris.seconds, expected.ephemeris.seconds)
    np.testing.assert_allclose(strip.ephemeris.positions, expected.ephemeris.positions, atol=5.1e-4)
    np.testing.assert_allclose(strip.ephemeris.velocities, expected.ephemeris.velocities, atol=5.1e-4)
    np.testing.assert_allclose(strip.attitude.seconds, expected.attitude.seconds, atol=1e-9)
    np.testing.assert_allclose(strip.attitude.quaternions, expected.attitude.quaternions, atol=1e-15)
    assert strip.datation.line_period == pytest.approx(expected.datation.line_period, rel=1e-15)
    assert strip.datation.first_line == pytest.approx(expected.datation.first_line, abs=1e-9)
    assert (strip.earth, strip.refining) == (expected.earth, expected.refining)
    assert (strip.tdi, strip.gains) == (expected.tdi, expected.gains)
    assert strip.radio_offsets == expected.radiometry.offsets
    assert strip.granules == {detector: tuple(entries) for detector, entries in expected.granules.items()}


@pytest.mark.parametrize("band", ["B02", "B11", "B01"])
def test_granules_make_one_image(product: Path, band: str) -> None:
    found = read_l1b_product(product)
    rows, columns = SIZES[BY_NAME[band].resolution]
    lines = found.lines(band, 3)
    assert lines == range(1, 3 * rows + 1)
    image = found.counts(band, 3)
    expected = 300 + 3 * np.arange(1, 3 * rows + 1)[:, None] + np.arange(columns)[None, :]
    np.testing.assert_array_equal(image, expected)
    part = found.counts(band, 3, range(rows - 1, 2 * rows + 3))
    np.testing.assert_array_equal(part, expected[rows - 2 : 2 * rows + 2])
    assert found.gaps(band, 3) == ()


def test_missing_granules_and_images_are_holes(product: Path) -> None:
    middle = granule(3, 1)
    shutil.rmtree(product / "GRANULE" / str(middle.name))
    last = granule(4, 2)
    (image,) = (product / "GRANULE" / str(last.name)).rglob("*_B11.jp2")
    image.write_bytes(b"")
    found = read_l1b_product(product)
    assert found.missing == {3: (GranuleEntry(str(middle.name), 37),)}
    assert found.lines("B02", 3) == range(1, 109)
    assert found.gaps("B02", 3) == (range(37, 73),)
    counts = found.counts("B02", 3)
    assert not counts[36:72].any()
    assert counts[:36].all()
    assert counts[72:].all()
    assert found.gaps("B11", 4) == (range(37, 55),)
    assert not found.counts("B11", 4)[36:].any()
    assert found.gaps("B03", 4) == (range(1, 109),)
    with pytest.raises(ProductError, match="no granule of detector 07"):
        found.counts("B02", 7)


def test_a_missing_last_granule_is_taken_to_be_whole(product: Path) -> None:
    shutil.rmtree(product / "GRANULE" / str(granule(3, 2).name))
    found = read_l1b_product(product)
    assert found.lines("B02", 3) == range(1, 73 + 2304)
    assert found.gaps("B01", 3) == (range(13, 13 + 384),)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<POSITION>37<", "<POSITION>43<", "at POSITION 43, expected .* at 37 as in the datastrip"),
        ("<POSITION>37<", "<POSITION>38<", "POSITION is 38"),
        ("03</DETECTOR_ID>", "04</DETECTOR_ID>", "DETECTOR_ID is 4"),
        ("<NROWS>18<", "<NROWS>19<", "expected 6 : 3 : 1"),
        ('resolution="60"', 'resolution="30"', "sizes at"),
        ("_D03_N05.00</GRANULE_ID>", "_D03_N05</GRANULE_ID>", "is not a granule identifier"),
        ("32.1 -16.5 10.5</GROUND", "32.1 -16.5</GROUND", "GROUND_CENTER has 2 numbers"),
        ("<NROWS>36<", "<NROWS>x<", "NROWS is 'x'"),
    ],
)  # fmt: skip
def test_damage_of_a_granule_is_told(product: Path, old: str, new: str, message: str) -> None:
    (path,) = (product / "GRANULE" / str(granule(3, 1).name)).glob("*.xml")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ProductError, match=rf"_D03\.xml.*{message}"):
        read_l1b_product(product)


def test_folders_that_do_not_belong(product: Path) -> None:
    stranger = granule(5, 0)
    write_granule(product, stranger, {})
    with pytest.raises(ProductError, match=r"_D05_N05\.00: granule is not listed"):
        read_l1b_product(product)
    with pytest.raises(ProductError, match="does not exist"):
        read_l1b_product(product / "absent")
    path = product / "GRANULE" / str(granule(3, 0).name) / "IMG_DATA"
    shutil.copyfile(next(path.iterdir()), path / f"{granule(4, 0).name.image('B05')}.jp2")
    parts = sorted(entry for entry in (product / "GRANULE").iterdir() if "_D05_" not in entry.name)
    with pytest.raises(ProductError, match="image of detector 04 in a granule of 03"):
        read_l1b_parts(product / "DATASTRIP" / str(DATASTRIP), parts)


def test_images_of_another_size_or_cut(product: Path) -> None:
    found = read_l1b_product(product)
    part = found.granules[3][0]
    shutil.copyfile(part.images["B11"], part.images["B02"])
    with pytest.raises(
        ProductError, match=r"_B02\.jp2: 1 x \(18, 12\) samples of uint16, expected \(36, 24\)"
    ):
        part.counts("B02")
    with pytest.raises(ProductError, match="no image of B03"):
        part.counts("B03")
    content = part.images["B01"].read_bytes()
    part.images["B01"].write_bytes(content[: len(content) - 20])
    with pytest.raises(ProductError, match=r"_B01\.jp2"):
        part.counts("B01")


def test_wrong_shapes_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"image of B02 of \(18, 12\), expected \(36, 24\)"):
        write_granule(tmp_path, granule(1, 0), {"B02": np.zeros((18, 12), np.uint16)})
    with pytest.raises(OutputError, match="without a geometric header"):
        write_l1b_datastrip(tmp_path, replace(datastrip(), headers=()))
    assert not list(tmp_path.rglob("*.xml"))


def test_images_are_signed_by_no_place(product: Path) -> None:
    path = read_l1b_product(product).granules[3][0].images["B02"]
    dataset = gdal.Open(str(path))
    assert dataset.GetGeoTransform(can_return_null=True) is None
    assert (dataset.RasterYSize, dataset.RasterXSize, dataset.GetProjection()) == (36, 24, "")


@pytest.fixture(scope="module")
def schema(reference_data: Path) -> Callable[[str], etree.XMLSchema]:
    folder = reference_data / "xsd" / "PSD150"
    return lambda name: etree.XMLSchema(file=str(folder / f"S2_PDI_Level-1B_{name}_Metadata.xsd"))


def test_documents_are_valid_by_the_official_schemas(schema: Callable[[str], etree.XMLSchema]) -> None:
    schema("Granule").assertValid(etree.fromstring(granule_xml(granule(11, 2))).getroottree())
    strip = schema("Datastrip")
    everything = datastrip(tuple(DETECTORS), 2)
    for content in (everything, replace(everything, refining=None)):
        strip.assertValid(etree.fromstring(l1b_datastrip_xml(content)).getroottree())


def test_invalid_documents_are_not(schema: Callable[[str], etree.XMLSchema]) -> None:
    text = granule_xml(granule(11, 2)).replace(b"<DOWNLINK_PRIORITY", b"<OTHER_PRIORITY")
    text = text.replace(b"/DOWNLINK_PRIORITY", b"/OTHER_PRIORITY")
    assert not schema("Granule").validate(etree.fromstring(text))


def test_real_granules_come_back(
    reference_data: Path, tmp_path: Path, schema: Callable[[str], etree.XMLSchema]
) -> None:
    valid = schema("Granule")
    paths = sorted((reference_data / "geometry_madeira" / "GRANULE").glob("*/*.xml"))
    assert len(paths) == 72
    for path in paths[::5]:
        metadata = read_granule_metadata(path)
        assert metadata.name.metadata_file == path.name
        assert str(metadata.name) == path.parent.name
        content = granule_xml(metadata)
        valid.assertValid(etree.fromstring(content).getroottree())
        (tmp_path / path.name).write_bytes(content)
        assert read_granule_metadata(tmp_path / path.name) == metadata


def test_a_real_product(reference_data: Path) -> None:
    found = read_l1b_product(reference_data / "geometry_madeira")
    assert found.missing == {}
    assert {len(granules) for granules in found.granules.values()} == {6}
    assert found.lines("B02", 11) == range(1, 6 * 2304 + 1)
    assert found.granules[11][5].metadata.lines("B05") == range(5761, 5761 + 1152)
    assert found.granules[11][5].metadata.lines("B10") == range(1921, 1921 + 384)
    # The images themselves are not part of the reference data.
    assert found.gaps("B01", 1) == (range(1, 6 * 384 + 1),)


def test_a_real_datastrip_comes_back(reference_data: Path, tmp_path: Path) -> None:
    (folder,) = (reference_data / "geometry_madeira" / "DATASTRIP").iterdir()
    real = read_sensor_datastrip(folder)
    assert real.earth is not None
    names = ("epoch", "ephemeris", "attitude", "datation", "earth", "refining", "tdi", "gains", "granules")
    content = replace(datastrip(), **{name: getattr(real, name) for name in names})
    again = read_sensor_datastrip(write_l1b_datastrip(tmp_path, content))
    np.testing.assert_array_equal(again.ephemeris.positions, real.ephemeris.positions)
    np.testing.assert_array_equal(again.ephemeris.seconds, real.ephemeris.seconds)
    np.testing.assert_array_equal(again.attitude.seconds, real.attitude.seconds)
    np.testing.assert_allclose(again.attitude.quaternions, real.attitude.quaternions, atol=1e-15)
    assert again.datation.first_line == pytest.approx(real.datation.first_line, abs=1e-10)
    assert again.datation.line_period == real.datation.line_period
    assert (again.refining, again.earth, again.granules) == (real.refining, real.earth, real.granules)


@pytest.mark.parametrize(
    "text", ["S2A_OPER_MSI_L1B_GR_MPC__20240830T153343_S20200816T120226_D13_N05.00", "", "D01"]
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(ValueError, match="is not a granule identifier"):
        GranuleName.parse(text)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), damage=st.binary(max_size=8), cut=st.booleans())
def test_mutated_granules_fail_as_products(tmp_path: Path, place: float, damage: bytes, cut: bool) -> None:
    content = granule_xml(granule(1, 0))
    at = int(place * len(content))
    path = tmp_path / "granule.xml"
    path.write_bytes(content[:at] + damage + (b"" if cut else content[at + len(damage) :]))
    try:
        found = read_granule_metadata(path)
    except ProductError:
        return
    assert re.fullmatch(r"S2[A-D]_.*", str(found.name))
