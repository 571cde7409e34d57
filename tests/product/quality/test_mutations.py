"""Every check fails by the damage that it is meant for, and by nothing else; untouched products pass."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from ipf.product.jpeg2000 import ImageKind, encode_jpeg2000
from ipf.product.quality.catalogue import AT_WRITING, INSPECTIONS
from ipf.product.quality.items import items_of
from ipf.product.quality.model import Inspection, Item, Kind, Outcome
from ipf.product.raster import Grid
from tests.product.quality.small_products import (
    Damage,
    added,
    broken,
    checks,
    cut,
    empty,
    file,
    item_of,
    manifest,
    other_byte,
    remove,
    text,
    value,
    with_section,
    without_section,
)

FORMAT, GENERAL, SENSOR = "FORMAT_CORRECTNESS", "GENERAL_QUALITY", "SENSOR_QUALITY"
GEOMETRIC, RADIOMETRIC, LEVEL_2A = "GEOMETRIC_QUALITY", "RADIOMETRIC_QUALITY", "L2A_QUALITY"
ALL_METADATA = {f"{checklist}.checkMetadata" for checklist in (FORMAT, GENERAL, SENSOR)}
DIMENSIONS = {f"{GEOMETRIC}.Granule_Dimensions_{size}m" for size in (10, 20, 60)}
RESIDUALS = (
    "<{0}><Correlation_Quality><Global_Residual><X_MEAN>{1}</X_MEAN><Y_MEAN>0.1</Y_MEAN>"
    "<X_STDV>5</X_STDV><Y_STDV>{2}</Y_STDV></Global_Residual></Correlation_Quality></{0}>"
)
REFINING = "<Geometric_Refining_Quality/>"
RAW = (
    "<Raw_Attitudes><STR_List><STR><Attitude_Data_List><Attitude_Data><ATTITUDE_QUALITY>{}</ATTITUDE_QUALITY>"
    "</Attitude_Data></Attitude_Data_List></STR></STR_List></Raw_Attitudes></Attitudes>"
)


def refining(content: str) -> Damage:
    """The datastrip gains quality of refining."""
    return text(REFINING, f"<Geometric_Refining_Quality>{content}</Geometric_Refining_Quality>")


def raw_attitude(quality: str) -> Damage:
    """The datastrip gains a raw attitude."""
    return text("</Attitudes>", RAW.format(quality))


def residual(seconds: str) -> Damage:
    """The datation model gains a residual."""
    content = f"<Quality_Indicators><Global><RMOY>{seconds}</RMOY></Global></Quality_Indicators></Time_Stamp>"
    return text("</Time_Stamp>", content)


def frames(numbers: str) -> Damage:
    """The datastrip gains a list of made-up source frames."""
    content = f"<List_Fake_Decompr_Source_Frames>{numbers}</List_Fake_Decompr_Source_Frames>"
    return added("Image_Data_Info", content)


def without_forecast(name: str, element: str) -> Damage:
    """The forecast that the datastrip names is not in the tile."""

    def damage(item: Item) -> None:
        assert item.datastrip is not None
        added("Auxiliary_Data_Info", f"<{element}>S2__OPER_AUX</{element}>")(item.datastrip)
        (item.folder / "AUX_DATA" / name).unlink()

    return damage


def rewritten(pattern: str, resolution: int, kind: ImageKind, planes: int = 1, shift: int = 0) -> Damage:
    """An image of the item becomes one of other values in its grid, moved by `shift` metres."""

    def damage(item: Item) -> None:
        grid = item.tile_grids[resolution]
        moved = Grid(
            grid.epsg, grid.upper_left_x + shift, grid.upper_left_y, resolution, grid.rows, grid.columns
        )
        (path,) = item.folder.glob(pattern)
        dtype = np.uint16 if kind is ImageKind.BAND or kind.name in ("AOT", "WVP") else np.uint8
        samples = np.full((planes, *grid.shape), 7, dtype)
        path.unlink()
        encode_jpeg2000(path, samples if planes > 1 else samples[0], moved, kind, "official", 1)

    return damage


def extra_file(item: Item) -> None:
    """A file that the manifest does not name."""
    (item.folder / "GRANULE" / "notes.txt").write_text("note")


def lost_mask(item: Item, lossy: Path) -> None:
    """The quality mask of B02 is that of the product with lost packets."""
    (source,) = lossy.glob("GRANULE/*/QI_DATA/MSK_QUALIT_B02.jp2")
    shutil.copy(source, item.folder / "QI_DATA" / source.name)


Case = tuple[str, Kind, str, Damage, set[str]]


def case(product: str, kind: Kind, checklist: str, identifier: str, damage: Damage, *also: str) -> Case:
    """A damage to an item of a product, the check that it is for, and others that it breaks too."""
    return product, kind, f"{checklist}.{identifier}", damage, set(also)


SECTIONS = {
    "annotation": "measurementAnnotation",
    "index": "measurementIndex",
    "schema": "S2_Level-1C_Product_Schema",
    "gridReference": "measurementGridReference",
    "qualityInformation": "measurementQualityInformation",
}
PRESENT = {
    "platform": "platform",
    "processing": "processing",
    "acquisitionPeriod": "acquisitionPeriod",
    "frameSet": "measurementFrameSet",
    "orbitReference": "measurementOrbitReference",
    "information": "INSPIRE_Metadata_Information",
}
RIGHT = {"processing": ("PDI", "PROVENANCE"), "schema": ("REP", "SYNTAX")}


def manifest_sections() -> Iterator[Case]:
    """Category and classification of every section of a manifest."""
    for section, identifier in SECTIONS.items():
        category, classification = RIGHT.get(section, ("DMD", "DESCRIPTION"))
        yield case(
            "l1c",
            "product",
            FORMAT,
            f"{section}Category",
            with_section(identifier, "OTHER", classification),
        )
        yield case(
            "l1c",
            "product",
            FORMAT,
            f"{section}Classification",
            with_section(identifier, category, "OTHER"),
        )
    for section, identifier in PRESENT.items():
        category, classification = RIGHT.get(section, ("DMD", "DESCRIPTION"))
        right = f'ID="{identifier}" category="{category}" classification="{classification}"'
        for name, correct in (("category", category), ("classification", classification)):
            wrong = right.replace(f'{name}="{correct}"', f'{name}="OTHER"')
            yield case("l1c", "product", FORMAT, f"{section}{name.capitalize()}", manifest(right, wrong))


def both(section: str) -> tuple[str, str]:
    """The two checks of a section."""
    return f"{FORMAT}.{section}Category", f"{FORMAT}.{section}Classification"


MANIFEST_CASES: list[Case] = [
    *manifest_sections(),
    case("l1c", "product", FORMAT, "processingExists", without_section("processing"), *both("processing")),
    case(
        "l1c",
        "product",
        FORMAT,
        "acquisitionPeriodExists",
        without_section("acquisitionPeriod"),
        *both("acquisitionPeriod"),
    ),
    case(
        "l1c",
        "product",
        FORMAT,
        "checkSafeManifest",
        lambda item: (
            manifest("<informationPackageMap>", "<packageMap>")(item)
            or manifest("</informationPackageMap>", "</packageMap>")(item)
        ),
    ),
    case("l1c", "product", FORMAT, "hrefExist", file("INSPIRE.xml", remove)),
    case("l1c", "product", FORMAT, "hrefExist", file("INSPIRE.xml", empty)),
    case("l1c", "product", FORMAT, "hrefExist", file("GRANULE/*/QI_DATA/*_PVI.jp2", other_byte)),
    case("l1c", "product", FORMAT, "extraData", extra_file),
    case("l1c", "product", FORMAT, "idReferences", manifest('dmdID="acquisitionPeriod', 'dmdID="period')),
    case(
        "l1c",
        "product",
        FORMAT,
        "idReferences",
        manifest('dataObjectPointer dataObjectID="INSPIRE_', 'dataObjectPointer dataObjectID="inspire_'),
    ),
    case(
        "l1c",
        "product",
        FORMAT,
        "checkMetadata",
        lambda item: substitute_root(item, "Level-1C_User_Product", "Level-1B_User_Product"),
        f"{FORMAT}.hrefExist",
    ),
]


def substitute_root(item: Item, old: str, new: str) -> None:
    """The document has another root."""
    content = item.document.read_text()
    assert content.count(old) >= 2
    item.document.write_text(content.replace(f":{old}", f":{new}").replace(f"<{old}", f"<{new}"))


def other_root(old: str, new: str) -> Damage:
    """The document has another root."""
    return lambda item: substitute_root(item, old, new)


DATASTRIP_CASES: list[Case] = [
    case(
        "l1c",
        "datastrip",
        FORMAT,
        "Start_Stop_Time",
        value("DATASTRIP_SENSING_STOP", "2022-10-05T11:00:00.000Z"),
    ),
    case(
        "l1c",
        "datastrip",
        FORMAT,
        "checkMetadata",
        other_root("Level-1C_DataStrip_ID", "Level-1C_Tile_ID"),
        *ALL_METADATA,
    ),
    case("l1c", "datastrip", GENERAL, "Degraded_Packets", value("NUMBER_OF_TOO_DEGRADED_PACKETS", "1")),
    case("l1c", "datastrip", GENERAL, "Lost_Packets", value("NUMBER_OF_LOST_PACKETS", "3")),
    case("l1c", "datastrip", GENERAL, "Orbit_Number_DOWNLINK", value("DOWNLINK_ORBIT_NUMBER", "100000")),
    case(
        "early", "datastrip", GENERAL, "Relative_Orbit_Number_DOWNLINK", value("DOWNLINK_ORBIT_NUMBER", "0")
    ),
    case("l1c", "datastrip", GENERAL, "Relative_Orbit_Number_SENSING", value("SENSING_ORBIT_NUMBER", "144")),
    case("l1c", "datastrip", GENERAL, "Processor_Version", value("PROCESSING_BASELINE", "04.01")),
    case("l1c", "datastrip", GENERAL, "Processor_Version", value("PROCESSING_BASELINE", "4")),
    case(
        "l1c",
        "datastrip",
        GENERAL,
        "List_Fake_Decompressed_Source_Frames",
        frames("<FIRST>1</FIRST><NUMBER_SOURCE>0</NUMBER_SOURCE>"),
    ),
    case("l1c", "datastrip", GENERAL, "List_Fake_Decompressed_Source_Frames", frames("<FIRST>1</FIRST>")),
    case("l1c", "datastrip", GEOMETRIC, "Absolute_Location_Value", value("VALUE", "30", "Absolute_Location")),
    case(
        "l1c", "datastrip", GEOMETRIC, "Planimetric_Stability", value("VALUE", "5", "Planimetric_Stability")
    ),
    case("l1c", "datastrip", GEOMETRIC, "Ephemeris_Quality", value("EPHEMERIS_QUALITY", "20.5")),
    case("l1c", "datastrip", GEOMETRIC, "Attitude_Quality_Indicator_Raw", raw_attitude("COARSEATT")),
    case(
        "l1c",
        "datastrip",
        GEOMETRIC,
        "Attitude_Quality_Indicator_Corrected",
        value("ATTITUDE_QUALITY_INDICATOR", "INVALID"),
    ),
    case(
        "l1c",
        "datastrip",
        GEOMETRIC,
        "Geometric_Refining_Image_Refining",
        refining(RESIDUALS.format("Image_Refining", -2.5, 5)),
    ),
    case(
        "l1c",
        "datastrip",
        GEOMETRIC,
        "Geometric_Refining_Image_Refining",
        text('flag="NOT_REFINED"', 'flag="REFINED"'),
    ),
    case(
        "l1c",
        "datastrip",
        GEOMETRIC,
        "Geometric_Refining_Vnir_Swir_Registration",
        refining(RESIDUALS.format("VNIR_SWIR_Registration", 0.1, 21)),
    ),
    case(
        "l1c",
        "datastrip",
        GEOMETRIC,
        "Geometric_Refining_Spatio_Residual_Histograms",
        refining("<Spatiotriangulation_Residual_Histogram/>"),
    ),
    case("l1c", "datastrip", RADIOMETRIC, "QuantificationValue", value("QUANTIFICATION_VALUE", "1000")),
    case(
        "l2a", "datastrip", RADIOMETRIC, "QuantificationValueBOA", value("BOA_QUANTIFICATION_VALUE", "1000")
    ),
    case("l2a", "datastrip", RADIOMETRIC, "QuantificationValueAOT", value("AOT_QUANTIFICATION_VALUE", "100")),
    case("l2a", "datastrip", RADIOMETRIC, "QuantificationValueWVP", value("WVP_QUANTIFICATION_VALUE", "100")),
    case("l1c", "datastrip", RADIOMETRIC, "EqualizationFlag", value("EQUALIZATION_MODE", "false")),
    case("l1c", "datastrip", RADIOMETRIC, "IntegrationTime", value("INTEGRATION_TIME", "0")),
    case("l1c", "datastrip", RADIOMETRIC, "SolarRadiance", value("SOLAR_IRRADIANCE", "0")),
    case(
        "l1c",
        "datastrip",
        RADIOMETRIC,
        "Radiometric_Quality_Indicators_Absolute",
        value("ABSOLUTE_CALIBRATION_ACCURACY", "6"),
    ),
    case(
        "l1c",
        "datastrip",
        RADIOMETRIC,
        "Radiometric_Quality_Indicators_Absolute",
        value("ABSOLUTE_CALIBRATION_ACCURACY", "-1"),
    ),
    case(
        "l1c",
        "datastrip",
        RADIOMETRIC,
        "Radiometric_Quality_Indicators_Cross_Band",
        value("CROSS_BAND_CALIBRATION_ACCURACY", "4"),
    ),
    case(
        "l1c",
        "datastrip",
        RADIOMETRIC,
        "Radiometric_Quality_Indicators_Multi_Temporal",
        value("MULTI_TEMPORAL_CALIBRATION_ACCURACY", "2"),
    ),
    case("l1c", "datastrip", SENSOR, "Datation_Model_GPS_SYNC", value("GPS_SYNC", "false")),
    case("l1c", "datastrip", SENSOR, "Datation_Model_RMOY", residual("-0.5")),
    case("l1c", "datastrip", SENSOR, "Datation_Model_RMOY", residual("NaN")),
    case("l1c", "datastrip", SENSOR, "Degraded_SAD", value("DEGRADED_ANC_DATA_PERCENTAGE", "0.5")),
]

TILE_CASES: list[Case] = [
    case(
        "l1c",
        "tile",
        FORMAT,
        "checkMetadata",
        other_root("Level-1C_Tile_ID", "Level-2A_Tile_ID"),
        *ALL_METADATA,
    ),
    case(
        "l1c",
        "tile",
        FORMAT,
        "Tile_Position_Size",
        value("NROWS", "18600"),
        f"{FORMAT}.checkL1CMasks",
        f"{FORMAT}.PVI_and_TCI",
        f"{FORMAT}.Jp2Gml",
        f"{GEOMETRIC}.Granule_Dimensions_10m",
        f"{GENERAL}.Data_Loss",
        f"{SENSOR}.Missing_Lines",
        f"{SENSOR}.Corrupted_ISP",
    ),
    case(
        "early",
        "tile",
        FORMAT,
        "Tile_Position_Geoposition",
        value("ULX", "499990"),
        f"{FORMAT}.PVI_and_TCI",
        f"{FORMAT}.checkL1CMasks",
    ),
    case("l1c", "tile", FORMAT, "Aux_Cams", without_forecast("AUX_CAMSFO", "CAMS_DATA_REF")),
    case("l1c", "tile", FORMAT, "Aux_Cams", file("AUX_DATA/AUX_CAMSFO", empty)),
    case("l2a", "tile", FORMAT, "Aux_Cams", without_forecast("AUX_CAMSFO", "CAMS_DATA_REF")),
    case("l1c", "tile", FORMAT, "Ecmwf", without_forecast("AUX_ECMWFT", "ECMWF_DATA_REF")),
    case(
        "l1c",
        "tile",
        FORMAT,
        "Ecmwf",
        file("AUX_DATA/AUX_ECMWFT", cut),
    ),
    case("l1c", "tile", FORMAT, "checkL1CMasks", file("QI_DATA/MSK_DETFOO_B8A.jp2", remove)),
    case("l1c", "tile", FORMAT, "checkL1CMasks", file("QI_DATA/MSK_CLASSI_B00.jp2", empty)),
    case("l1c", "tile", FORMAT, "checkL1CMasks", text('type="MSK_CLASSI"', 'type="MSK_SATURA"')),
    case("l2a", "tile", FORMAT, "checkL2AMasks", file("QI_DATA/MSK_SNWPRB_20m.jp2", remove)),
    case("l2a", "tile", FORMAT, "checkL2AMasks", file("QI_DATA/*_PVI.jp2", remove)),
    case(
        "l2a",
        "tile",
        FORMAT,
        "checkL2AImages",
        file("IMG_DATA/R20m/*_B05_20m.jp2", remove),
        f"{GEOMETRIC}.Granule_Dimensions_20m",
    ),
    case(
        "early",
        "tile",
        FORMAT,
        "PVI_and_TCI",
        file("QI_DATA/*_PVI.jp2", remove),
        f"{FORMAT}.checkL1CMasks",
    ),
    case("l1c", "tile", FORMAT, "PVI_and_TCI", lambda item: swap_preview(item)),
    case("l1c", "tile", FORMAT, "Jp2Gml", rewritten("IMG_DATA/*_B05.jp2", 20, ImageKind.BAND, shift=20)),
    case(
        "l1c",
        "tile",
        FORMAT,
        "Jp2Gml",
        file("IMG_DATA/*_B10.jp2", remove),
        f"{GEOMETRIC}.Granule_Dimensions_60m",
    ),
    case(
        "l1c",
        "tile",
        GENERAL,
        "Solar_Angle_Zenith",
        value("ZENITH_ANGLE", "82.5", "Mean_Sun_Angle"),
        *ALL_METADATA,
    ),
    case(
        "l2a",
        "tile",
        GENERAL,
        "Solar_Angle_Zenith",
        value("ZENITH_ANGLE", "70.5", "Mean_Sun_Angle"),
        *ALL_METADATA,
        f"{LEVEL_2A}.AUX_DATA_QUALITY",
    ),
    case(
        "early",
        "tile",
        GEOMETRIC,
        "Solar_Angle_Zenith",
        value("ZENITH_ANGLE", "181", "Mean_Sun_Angle"),
        *ALL_METADATA,
    ),
    case(
        "l1c",
        "tile",
        GEOMETRIC,
        "Solar_Angle_Azimuth",
        value("AZIMUTH_ANGLE", "361", "Mean_Sun_Angle"),
        *ALL_METADATA,
    ),
    *(
        case(
            "l1c",
            "tile",
            GEOMETRIC,
            f"Granule_Dimensions_{size}m",
            file(f"IMG_DATA/*_{band}.jp2", empty),
            f"{FORMAT}.Jp2Gml",
        )
        for size, band in ((10, "B02"), (20, "B11"), (60, "B09"))
    ),
    case("l1c", "tile", SENSOR, "Sensing_Time", value("SENSING_TIME", "2022-10-05T13:00:00.000Z")),
    case(
        "l2a",
        "tile",
        LEVEL_2A,
        "SCENE_CLASS_QUALITY",
        rewritten("IMG_DATA/R20m/*_SCL_20m.jp2", 20, ImageKind.SCL),
    ),
    case("l2a", "tile", LEVEL_2A, "SCENE_CLASS_QUALITY", value("WATER_PERCENTAGE", "1.5")),
    case("l2a", "tile", LEVEL_2A, "SCENE_CLASS_QUALITY", value("CLOUDY_PIXEL_PERCENTAGE", "1.5")),
    case("l2a", "tile", LEVEL_2A, "ATMOSPHERIC_CORRECTION_QUALITY", value("GRANULE_MEAN_AOT", "0.1")),
    case(
        "l2a",
        "tile",
        LEVEL_2A,
        "ATMOSPHERIC_CORRECTION_QUALITY",
        rewritten("IMG_DATA/R20m/*_WVP_20m.jp2", 20, ImageKind.WVP),
    ),
    case("l2a", "tile", LEVEL_2A, "AUX_DATA_QUALITY", value("OZONE_SOURCE", "")),
]


def swap_preview(item: Item) -> None:
    """The preview is an image of another size."""
    (preview,) = item.folder.glob("QI_DATA/*_PVI.jp2")
    (picture,) = item.folder.glob("IMG_DATA/*_TCI.jp2")
    shutil.copy(picture, preview)


CASES = MANIFEST_CASES + DATASTRIP_CASES + TILE_CASES


@pytest.mark.parametrize("product", ["l1c", "early", "l2a"])
def test_untouched_products_pass(request: pytest.FixtureRequest, product: str) -> None:
    items = items_of(request.getfixturevalue(product))
    assert [item.kind for item in items] == ["product", "datastrip", "tile"]
    for item in items:
        assert broken(item) == set()
        found = checks(item)
        assert f"{FORMAT}.checkMetadata" in found
        not_run = {name for name, check in found.items() if check.outcome is Outcome.NOT_RUN}
        needed = {
            inspection.name for inspection in INSPECTIONS if inspection.needs in ("manifest", "schemas")
        }
        assert not_run <= needed | {f"{GEOMETRIC}.Attitude_Quality_Indicator_Raw"}


@pytest.mark.parametrize(
    ("product", "kind", "name", "damage", "also"), CASES, ids=[f"{case[0]}-{case[2]}" for case in CASES]
)
def test_a_damage_fails_the_check_that_it_is_for(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    product: str,
    kind: Kind,
    name: str,
    damage: Damage,
    also: set[str],
) -> None:
    original: Path = request.getfixturevalue(product)
    copy = tmp_path / original.name
    shutil.copytree(original, copy)
    damage(item_of(copy, kind))
    assert broken(item_of(copy, kind)) == {name} | also


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        (raw_attitude("VALIDATT"), f"{GEOMETRIC}.Attitude_Quality_Indicator_Raw"),
        (
            refining(RESIDUALS.format("Image_Refining", -0.1, 5)),
            f"{GEOMETRIC}.Geometric_Refining_Image_Refining",
        ),
        (
            refining(
                "<Spatiotriangulation_Residual_Histogram><N>3</N></Spatiotriangulation_Residual_Histogram>"
            ),
            f"{GEOMETRIC}.Geometric_Refining_Spatio_Residual_Histograms",
        ),
        (residual("0.001"), f"{SENSOR}.Datation_Model_RMOY"),
        (
            frames("<FIRST>1</FIRST><NUMBER_SOURCE>4</NUMBER_SOURCE>"),
            f"{GENERAL}.List_Fake_Decompressed_Source_Frames",
        ),
    ],
)
def test_what_may_be_there_passes_where_it_is_good(
    l1c: Path, tmp_path: Path, damage: Damage, name: str
) -> None:
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    damage(item_of(copy, "datastrip"))
    assert checks(item_of(copy, "datastrip"))[name].outcome is Outcome.PASSED


def test_lost_packets_are_found_in_the_masks(lossy: Path) -> None:
    item = item_of(lossy, "tile")
    assert broken(item) == {f"{GENERAL}.Data_Loss", f"{SENSOR}.Missing_Lines", f"{SENSOR}.Corrupted_ISP"}
    found = checks(item)
    assert found[f"{GENERAL}.Data_Loss"].values == {"Affected_Bands": "B02"}
    assert found[f"{SENSOR}.Missing_Lines"].values == {"MISSING_LINES": 3}


def test_every_check_is_shown_to_fail() -> None:
    shown = {name for _, _, name, _, also in CASES for name in {name} | also}
    elsewhere = {
        f"{FORMAT}.schemaXmlValidator",
        f"{GENERAL}.Data_Loss",
        f"{SENSOR}.Missing_Lines",
        f"{SENSOR}.Corrupted_ISP",
    }
    assert {inspection.name for inspection in INSPECTIONS} == shown | elsewhere


def test_two_checks_of_one_name_never_meet_on_an_item() -> None:
    def pairs() -> Iterator[tuple[Inspection, Inspection]]:
        for number, inspection in enumerate(INSPECTIONS):
            for other in INSPECTIONS[number + 1 :]:
                if inspection.name == other.name:
                    yield inspection, other

    assert [inspection.name for inspection, other in pairs() if inspection.overlaps(other)] == []


@pytest.mark.parametrize("spoil", [remove, empty])
@pytest.mark.parametrize("kind", ["datastrip", "tile"])
def test_nothing_passes_without_the_metadata(
    l1c: Path, tmp_path: Path, kind: Kind, spoil: Callable[[Path], None]
) -> None:
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    spoil(item_of(copy, kind).document)
    found = checks(item_of(copy, kind))
    passed = {name for name, check in found.items() if check.outcome is Outcome.PASSED}
    files = {f"{FORMAT}.Ecmwf", f"{FORMAT}.Aux_Cams"}
    assert passed == (files if kind == "tile" else set())
    assert found[f"{FORMAT}.checkMetadata"].outcome in (Outcome.FAILED, Outcome.ERROR)


def test_a_tile_without_its_datastrip_has_no_verdict_on_its_time(l1c: Path) -> None:
    (folder,) = (l1c / "GRANULE").iterdir()
    (item,) = items_of(folder)
    check = checks(item)[f"{SENSOR}.Sensing_Time"]
    assert (check.outcome, check.message) == (Outcome.NOT_RUN, "NOT RUN: the datastrip is not at hand")


def test_forecasts_that_nobody_names_are_not_missed(l1c: Path, tmp_path: Path) -> None:
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    for path in copy.glob("GRANULE/*/AUX_DATA/*"):
        path.unlink()
    found = checks(item_of(copy, "tile"))
    assert {found[f"{FORMAT}.{name}"].outcome for name in ("Aux_Cams", "Ecmwf")} == {Outcome.NOT_RUN}


def test_what_a_writer_checks_needs_nothing_that_comes_later() -> None:
    assert {inspection.needs for inspection in AT_WRITING} == {None}
    assert len(AT_WRITING) > 40


@pytest.mark.parametrize("identifier", ["../../elsewhere", "..", "", "/elsewhere"])
def test_a_granule_is_not_looked_for_outside_the_product(l1c: Path, tmp_path: Path, identifier: str) -> None:
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    (folder,) = (copy / "GRANULE").iterdir()
    shutil.copytree(folder, tmp_path / "elsewhere")
    document = item_of(copy, "product").document
    named = re.sub(r'granuleIdentifier="[^"]*"', f'granuleIdentifier="{identifier}"', document.read_text())
    document.write_text(re.sub(r"<IMAGE_FILE>[^<]*</IMAGE_FILE>", "", named))
    items = items_of(copy)
    assert all(item.folder.resolve().is_relative_to(copy.resolve()) for item in items)
    found = checks(items[0])
    for name in ("checkMetadata", "hrefExist", "extraData"):
        assert found[f"{FORMAT}.{name}"].outcome is Outcome.FAILED
    message = f"granuleIdentifier '{identifier}' is not the name of a folder"
    assert message in found[f"{FORMAT}.checkMetadata"].message
    assert message in found[f"{FORMAT}.hrefExist"].message


@pytest.mark.parametrize(
    ("replacement", "message"),
    [
        ('datastripIdentifier="../elsewhere"', "'../elsewhere' is not the name of a datastrip"),
        ("", "is listed without datastripIdentifier"),
    ],
)
def test_a_datastrip_without_a_name_is_told_and_not_looked_for(
    l1c: Path, tmp_path: Path, replacement: str, message: str
) -> None:
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    document = item_of(copy, "product").document
    document.write_text(re.sub(r'datastripIdentifier="[^"]*"', replacement, document.read_text()))
    items = items_of(copy)
    assert all(item.folder.resolve().is_relative_to(copy.resolve()) for item in items)
    check = checks(items[0])[f"{FORMAT}.checkMetadata"]
    assert check.outcome is Outcome.FAILED
    assert message in check.message


def test_a_granule_whose_name_is_none_is_inspected_all_the_same(l1c: Path, tmp_path: Path) -> None:
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    document = item_of(copy, "product").document
    named = re.sub(r'granuleIdentifier="[^"]*"', 'granuleIdentifier="nonsense"', document.read_text())
    document.write_text(re.sub(r"<IMAGE_FILE>[^<]*</IMAGE_FILE>", "", named))
    listed = next(item for item in items_of(copy) if item.identifier == "nonsense")
    assert listed.kind == "tile"
    assert checks(listed)[f"{FORMAT}.checkMetadata"].outcome is Outcome.FAILED
