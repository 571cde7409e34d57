"""Names of products, datastrips, tiles and images against those of real products."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipf.product.bands import BAND_NAMES
from ipf.product.names import (
    DatastripName,
    ImageName,
    LongProductName,
    ProductName,
    TileName,
    baseline_in_name,
    image_content,
)

times = st.datetimes().map(lambda moment: f"{moment:%Y%m%dT%H%M%S}".rjust(15, "0"))
satellites = st.sampled_from(["S2A", "S2B", "S2C", "S2D"])
levels = st.sampled_from(["L1C", "L2A"])
tiles = st.from_regex(r"[0-6][0-9][A-Z]{3}", fullmatch=True)
centres = st.from_regex(r"[A-Z0-9]{3}[A-Z0-9_]", fullmatch=True)
baselines = st.from_regex(r"[0-9]{2}\.[0-9]{2}", fullmatch=True)
file_classes = st.sampled_from(["OPER", "TEST", "USER"])

product_names = st.builds(
    ProductName, satellites, levels, times, baselines, st.integers(1, 143), tiles, times
)
long_product_names = st.builds(
    LongProductName, satellites, file_classes, levels, centres, times, st.integers(1, 143), times, times
)
datastrip_names = st.builds(
    DatastripName, satellites, file_classes, levels, centres, times, times, baselines | st.just("")
)
tile_names = st.builds(
    TileName,
    satellites,
    file_classes,
    levels,
    centres,
    times,
    st.integers(0, 999999),
    tiles,
    baselines | st.just(""),
)
image_names = st.builds(
    ImageName,
    tiles,
    times,
    st.sampled_from([*BAND_NAMES, "TCI", "AOT", "WVP", "SCL"]),
    st.sampled_from([None, 10, 20, 60]),
)


@given(product_names | long_product_names | datastrip_names | tile_names | image_names)
def test_format_then_parse_is_the_identity(name):
    assert type(name).parse(str(name)) == name


@given(product_names | long_product_names)
def test_folder_name_parses_like_the_name(name):
    assert type(name).parse(name.folder) == name


@given(st.text(max_size=80))
def test_noise_is_refused_with_one_line(text):
    for kind in (ProductName, LongProductName, DatastripName, TileName, ImageName):
        with pytest.raises(ValueError, match="is not a"):
            kind.parse(text)


@given(product_names, st.integers(0, 200), st.characters(categories=["Lu", "Ll", "Nd", "Po"]))
def test_a_changed_name_never_parses_to_the_same(name, position, character):
    text = str(name)
    position %= len(text)
    changed = text[:position] + character + text[position + 1 :]
    try:
        parsed = ProductName.parse(changed)
    except ValueError:
        return
    assert str(parsed) == changed


def test_parts_of_a_real_product_name():
    name = ProductName.parse("S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE")
    assert name == ProductName("S2A", "L1C", "20220125T151701", "04.00", 125, "18LTM", "20220125T190036")


def test_parts_of_a_long_product_name():
    name = LongProductName.parse(
        "S2A_OPER_PRD_MSIL1C_PDMC_20160806T181453_R022_V20160806T102152_20160806T102152.SAFE"
    )
    assert (name.centre, name.relative_orbit, name.start) == ("PDMC", 22, "20160806T102152")
    assert (
        name.metadata_file
        == "S2A_OPER_MTD_SAFL1C_PDMC_20160806T181453_R022_V20160806T102152_20160806T102152.xml"
    )


def test_names_derived_from_a_tile():
    name = TileName.parse("S2A_OPER_MSI_L1C_TL_EPA__20160605T113933_A000734_T32TQR_N02.02")
    assert name.metadata_file == "S2A_OPER_MTD_L1C_TL_EPA__20160605T113933_A000734_T32TQR.xml"
    assert name.image("B8A") == "S2A_OPER_MSI_L1C_TL_EPA__20160605T113933_A000734_T32TQR_B8A"
    assert image_content(name.image("B8A")) == ("B8A", None)


def test_every_name_in_the_real_metadata_parses(reference_data: Path):
    documents = [
        path
        for folder in ("metadata", "products", "l1c_metadata")
        for path in sorted((reference_data / folder).rglob("*.xml"))
        if re.search("User_Product|MTD_MSIL|Tile_ID|MTD_TL", path.name)
    ]
    assert len(documents) > 30
    patterns = {
        DatastripName: r"S2[A-D]_OPER_MSI_L[12][AC]_DS_[^<\"]*",
        TileName: r"S2[A-D]_OPER_MSI_L[12][AC]_TL_[^<\"]*",
        ProductName: r"(?<=<PRODUCT_URI>)[^<]*(?=\.SAFE<)",
        ImageName: r"T\w{5}_\d{8}T\d{6}_\w{3}(?:_\d0m)?(?=</IMAGE_FILE>)",
    }
    seen = dict.fromkeys(patterns, 0)
    for document in documents:
        text = document.read_text(encoding="utf-8")
        for kind, pattern in patterns.items():
            for found in re.findall(pattern, text):
                assert str(kind.parse(found)) == found
                seen[kind] += 1
    assert min(seen.values()) > 15


def test_folders_of_the_real_products(reference_data: Path):
    granules = sorted(reference_data.glob("*/*.SAFE/GRANULE/*"))
    assert len(granules) == 4
    for granule in granules:
        document = (granule / "MTD_TL.xml").read_text(encoding="utf-8")
        identifier = re.search(r"<TILE_ID[^>]*>([^<]*)", document)
        datastrip_identifier = re.search(r"<DATASTRIP_ID[^>]*>([^<]*)", document)
        assert identifier is not None
        assert datastrip_identifier is not None
        datastrip = DatastripName.parse(datastrip_identifier[1])
        assert TileName.parse(identifier[1]).folder(datastrip.start) == granule.name
        assert (granule.parent.parent / "DATASTRIP" / datastrip.folder).is_dir()


@pytest.mark.parametrize("name", ["T18LTM_20220125T151701_B13", "T18LTM_20220125T151701_B02_30m", "B02", ""])
def test_image_content_refuses_other_names(name):
    with pytest.raises(ValueError, match="compact image name"):
        image_content(name)


@pytest.mark.parametrize(
    ("name", "baseline"),
    [
        ("S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE", "04.00"),
        ("S2C_OPER_MSI_L1C_TL_2CPS_20241031T102919_A000807_T33TTG_N99.04", "99.04"),
        ("S2A_OPER_MSI_L1C_DS_SGS__20171207T032513_S20171207T002252_N02.06", "02.06"),
        ("S2A_OPER_PRD_MSIL1C_PDMC_20160806T181453_R116_V20160806T002051_20160806T002051.SAFE", None),
        ("S2A_OPER_MSI_L1C_TL_SGS__20181231T203637_A018414_T10SDG", None),
    ],
)
def test_the_baseline_that_a_name_tells(name: str, baseline: str | None):
    assert baseline_in_name(name) == baseline
