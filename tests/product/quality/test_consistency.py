"""What a document says must hold together with names, listings and bounds; forecasts must be whole GRIB."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ipf.product.quality.items import items_of
from ipf.product.quality.model import Item, Kind
from tests.product.products import AUXILIARY, grib_message
from tests.product.quality.small_products import Damage, broken, checks, file, item_of, text, value

FORMAT, GENERAL, SENSOR = "FORMAT_CORRECTNESS", "GENERAL_QUALITY", "SENSOR_QUALITY"
METADATA = f"{FORMAT}.checkMetadata"
ALL_METADATA = {f"{checklist}.checkMetadata" for checklist in (FORMAT, GENERAL, SENSOR)}


def first(pattern: str, new: str) -> Damage:
    """The first match of a pattern in the metadata is replaced."""

    def damage(item: Item) -> None:
        content, number = re.subn(pattern, new, item.document.read_text(), count=1, flags=re.DOTALL)
        assert number == 1
        item.document.write_text(content)

    return damage


def tail(content: bytes) -> Damage:
    """The ECMWF forecast of the tile becomes `content`."""
    return file("AUX_DATA/AUX_ECMWFT", lambda path: path.write_bytes(content))


CASES: list[tuple[str, str, Kind, Damage, str]] = [
    ("other tile", "l1c", "tile", first(r"(<TILE_ID[^>]*>)S2A_OPER", r"\1S2A_TEST"), "TILE_ID is"),
    (
        "other datastrip",
        "l2a",
        "tile",
        first(r"(<DATASTRIP_ID[^>]*>)S2A", r"\1S2B"),
        "DATASTRIP_ID is",
    ),
    (
        "sun grid without a number",
        "l1c",
        "tile",
        first(r"(<Sun_Angles_Grid>.*?<VALUES>)\S+", r"\1NaN"),
        "Zenith of Sun_Angles_Grid",
    ),
    (
        "no sun grid",
        "l2a",
        "tile",
        first(r"<Sun_Angles_Grid>.*?</Sun_Angles_Grid>", ""),
        "Sun_Angles_Grid has no Zenith",
    ),
    (
        "no view of a band",
        "l1c",
        "tile",
        first(r'(<Viewing_Incidence_Angles_Grids bandId="4".*?</Viewing_Incidence_Angles_Grids>\s*)+', ""),
        "no Viewing_Incidence_Angles_Grids of B05",
    ),
    (
        "cloud beyond the whole",
        "l1c",
        "tile",
        value("CLOUDY_PIXEL_PERCENTAGE", "120"),
        "CLOUDY_PIXEL_PERCENTAGE is 120",
    ),
    ("cloud below nothing", "early", "tile", value("CLOUDY_PIXEL_PERCENTAGE", "-1"), "expected 0 to 100"),
    ("gain without a number", "l1c", "datastrip", value("PHYSICAL_GAINS", "NaN"), "PHYSICAL_GAINS is NaN"),
    ("offset without a number", "l1c", "datastrip", value("RADIO_ADD_OFFSET", "NaN"), "RADIO_ADD_OFFSET"),
    ("distance without a number", "l1c", "datastrip", value("U", "NaN"), "U is NaN"),
    (
        "other baseline",
        "l2a",
        "datastrip",
        value("PROCESSING_BASELINE", "05.00"),
        "PROCESSING_BASELINE is 05.00",
    ),
    ("offset of a product", "l2a", "product", value("BOA_ADD_OFFSET", "NaN"), "BOA_ADD_OFFSET is NaN"),
    (
        "offset of a band lost",
        "l1c",
        "product",
        first(r"<RADIO_ADD_OFFSET[^<]*</RADIO_ADD_OFFSET>", ""),
        "stated for 12 bands",
    ),
    ("another offset", "l1c", "product", value("RADIO_ADD_OFFSET", "-999"), "differs between bands"),
    (
        "quantification",
        "l1c",
        "product",
        value("QUANTIFICATION_VALUE", "1000"),
        "QUANTIFICATION_VALUE is 1000, expected 10000",
    ),
    ("early quantification", "early", "product", value("QUANTIFICATION_VALUE", "NaN"), "expected 10000"),
    ("BOA", "l2a", "product", value("BOA_QUANTIFICATION_VALUE", "1000"), "is 1000, expected 10000"),
    ("AOT", "l2a", "product", value("AOT_QUANTIFICATION_VALUE", "10000"), "is 10000, expected 1000"),
    ("WVP", "l2a", "product", value("WVP_QUANTIFICATION_VALUE", "100"), "is 100, expected 1000"),
    ("footprint", "l2a", "product", first(r"(<EXT_POS_LIST[^>]*>)\S+", r"\1NaN"), "EXT_POS_LIST holds"),
    ("ozone below nothing", "l2a", "tile", value("OZONE_VALUE", "-5"), "OZONE_VALUE is -5"),
    ("other orbit", "l1c", "product", value("SENSING_ORBIT_NUMBER", "24"), "SENSING_ORBIT_NUMBER is 24"),
    ("other mission", "l1c", "product", value("SPACECRAFT_NAME", "Sentinel-2B"), "SPACECRAFT_NAME is"),
    ("other baseline of a product", "l2a", "product", value("PROCESSING_BASELINE", "05.00"), "BASELINE is"),
    ("other name", "l1c", "product", first(r"(<PRODUCT_URI>\w{11})2022", r"\g<1>2021"), "PRODUCT_URI is"),
    ("datastrip of another mission", "l1c", "datastrip", value("SPACECRAFT_NAME", "Sentinel-2B"), "expected"),
    (
        "granule of another mission",
        "l1c",
        "product",
        first(r'granuleIdentifier="S2A', 'granuleIdentifier="S2B'),
        "is of another mission",
    ),
]


def damaged(request: pytest.FixtureRequest, tmp_path: Path, product: str, kind: Kind, damage: Damage) -> Path:
    """A copy of a product whose item of a kind is damaged."""
    original: Path = request.getfixturevalue(product)
    copy = tmp_path / original.name
    shutil.copytree(original, copy)
    damage(item_of(copy, kind))
    return copy


@pytest.mark.parametrize(
    ("product", "kind", "damage", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_contradiction_fails_the_check_of_the_metadata(
    request: pytest.FixtureRequest, tmp_path: Path, product: str, kind: Kind, damage: Damage, message: str
) -> None:
    copy = damaged(request, tmp_path, product, kind, damage)
    check = checks(item_of(copy, kind))[METADATA]
    assert not check.passed
    assert message in check.message


@pytest.mark.parametrize("part", ["A038058", "T29UNU"])
def test_a_tile_in_the_folder_of_another_is_told(l1c: Path, tmp_path: Path, part: str) -> None:
    tile = item_of(l1c, "tile")
    folder = tmp_path / tile.folder.name.replace(part, f"{part[:-1]}{'W' if part[0] == 'T' else '1'}")
    assert folder.name != tile.folder.name
    shutil.copytree(tile.folder, folder)
    (copy,) = items_of(folder)
    check = checks(copy)[METADATA]
    assert not check.passed
    assert f"is in the folder {folder.name}" in check.message


@pytest.mark.parametrize(
    ("damage", "message", "others"),
    [
        (value("DATASTRIP_SENSING_START", "2022-10-05T11:54:06.000Z"), "the name tells", set()),
        # The identifier of the datatake tells its begin, too.
        (value("DATATAKE_SENSING_START", "2022-10-05T12:54:11.000Z"), "before its datatake", ALL_METADATA),
    ],
)
def test_sensing_times_are_held_against_name_and_datatake(
    request: pytest.FixtureRequest, tmp_path: Path, damage: Damage, message: str, others: set[str]
) -> None:
    copy = damaged(request, tmp_path, "l1c", "datastrip", damage)
    item = item_of(copy, "datastrip")
    assert broken(item) == {f"{FORMAT}.Start_Stop_Time", *others}
    assert message in checks(item)[f"{FORMAT}.Start_Stop_Time"].message


MESSAGES = AUXILIARY["AUX_ECMWFT"]
LAST = grib_message(128, 206)
SECOND_EDITION = b"GRIB\0\0\0\x02" + (24).to_bytes(8, "big") + b"xxxx7777"


@pytest.mark.parametrize(
    ("content", "good"),
    [
        (MESSAGES + SECOND_EDITION + b"\0\0", True),
        (MESSAGES + grib_message(128, 165), True),
        (b"GRIB nonsense 7777", False),
        (MESSAGES[:-5] + b"7777", False),
        (MESSAGES + b"rest7777", False),
        (MESSAGES + SECOND_EDITION[:-4] + b"7778", False),
        (MESSAGES[:7] + b"\x03" + MESSAGES[8:], False),
        (MESSAGES + b"GRIB\0\0\x10\x01cams7777", False),
        (b"GRIB\0\0\0\x017777", False),
        (b"GRIB7777", False),
        (b"\0" * 40, False),
        (MESSAGES[: -len(LAST)], False),
        (AUXILIARY["AUX_CAMSFO"], False),
    ],
)
def test_a_forecast_is_whole_messages_of_its_fields(
    request: pytest.FixtureRequest, tmp_path: Path, content: bytes, good: bool
) -> None:
    copy = damaged(request, tmp_path, "l1c", "tile", tail(content))
    assert broken(item_of(copy, "tile")) == (set() if good else {f"{FORMAT}.Ecmwf"})


def test_forecasts_in_one_anothers_place_are_told(l1c: Path, tmp_path: Path) -> None:
    copy = tmp_path / l1c.name
    shutil.copytree(l1c, copy)
    tile = item_of(copy, "tile")
    folder = tile.folder / "AUX_DATA"
    weather, aerosol = (folder / name for name in ("AUX_ECMWFT", "AUX_CAMSFO"))
    first, second = weather.read_bytes(), aerosol.read_bytes()
    weather.write_bytes(second)
    aerosol.write_bytes(first)
    assert broken(tile) == {f"{FORMAT}.Ecmwf", f"{FORMAT}.Aux_Cams"}
    found = checks(tile)
    assert found[f"{FORMAT}.Ecmwf"].message == "ECMWF file AUX_ECMWFT holds no tcwv, msl, tco3."
    assert found[f"{FORMAT}.Aux_Cams"].message == "AUX_CAMS file AUX_CAMSFO holds no aod550."


@pytest.mark.parametrize(
    ("product", "kind", "other"),
    [
        ("l1c", "QUALIT", "QUALIT_B03"),
        ("l1c", "DETFOO", "DETFOO_B03"),
        ("l1c", "QUALIT", "DETFOO_B02"),
        ("l2a", "QUALIT", "QUALIT_B03"),
        ("early", "TECQUA", "TECQUA_B03"),
    ],
)
def test_a_mask_of_another_band_or_kind_is_told(
    request: pytest.FixtureRequest, tmp_path: Path, product: str, kind: str, other: str
) -> None:
    damage = first(f"(>[^<]*MSK_){kind}_B02", rf"\g<1>{other}")
    copy = damaged(request, tmp_path, product, "tile", damage)
    name = f"{FORMAT}.check{'L2A' if product == 'l2a' else 'L1C'}Masks"
    check = checks(item_of(copy, "tile"))[name]
    assert not check.passed
    assert f"is listed as MSK_{kind} of B02" in check.message


def test_a_document_that_contradicts_fails_in_every_checklist(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    copy = damaged(request, tmp_path, "l1c", "tile", text("<TILE_ID", "<TILE_ID x='1'"))
    assert broken(item_of(copy, "tile")) == set()
    copy = damaged(request, tmp_path / "other", "l1c", "tile", value("CLOUDY_PIXEL_PERCENTAGE", "101"))
    assert broken(item_of(copy, "tile")) == ALL_METADATA


@pytest.mark.parametrize(
    "change", [(r"(DATASTRIP_ID[^>]*>\w{17}DS_)\w{4}", r"\1TEST"), (r"<DATASTRIP_ID.*?_ID>", "")]
)
def test_a_part_handed_over_with_the_datastrip_of_another_fails(
    l1c: Path, tmp_path: Path, change: tuple[str, str]
) -> None:
    for kind in ("datastrip", "tile"):
        part = item_of(l1c, kind)
        shutil.copytree(part.folder, tmp_path / part.folder.name)
    together = broken(item_of(tmp_path, "tile"))
    assert checks(item_of(tmp_path, "tile"))[f"{SENSOR}.Sensing_Time"].passed
    first(*change)(item_of(tmp_path, "tile"))
    tile = item_of(tmp_path, "tile")
    assert broken(tile) - together == {*ALL_METADATA, f"{SENSOR}.Sensing_Time"}
    assert item_of(tmp_path, "datastrip").identifier in checks(tile)[METADATA].message
