"""Names of the same thing become equal, names of different things do not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ipf.compare.naming import contradictions, facts, facts_of_data, is_creation_date, is_name, normalised

PAIRS = [
    (
        "S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE",
        "S2A_MSIL1C_20220125T151701_N0511_R125_T18LTM_20240101T000000.SAFE",
    ),
    (
        "S2A_OPER_PRD_MSIL1C_PDMC_20160806T181453_R022_V20160806T102152_20160806T102152",
        "S2A_USER_PRD_MSIL1C_SGS__20170101T000000_R022_V20160806T102152_20160806T102152",
    ),
    (
        "S2A_OPER_MSI_L1C_TL_SGS__20200717T234135_A026481_T01LAC_N02.09",
        "S2A_OPER_MSI_L1C_TL_VGS2_20240717T234135_A026481_T01LAC_N04.00",
    ),
    (
        "S2A_OPER_MSI_L1C_TL_SGS__20200717T234135_A026481_T01LAC_B8A.jp2",
        "S2A_OPER_MSI_L1C_TL_SGS__20200717T234136_A026481_T01LAC_B8A.jp2",
    ),
    (
        "S2B_OPER_MSI_L0__GR_REFS_20221124T163650_S20221011T064025_D05_N02.08",
        "S2B_OPER_MSI_L0__GR_MPS__20221125T163650_S20221011T064025_D05_N05.00",
    ),
    (
        "S2B_OPER_MSK_NODATA_SGS__20170719T012130_A001915_T56JKT_B11_MSIL1C.gml",
        "S2B_OPER_MSK_NODATA_MPS__20180719T012130_A001915_T56JKT_B11_MSIL1C.gml",
    ),
    (
        "S2A_OPER_GIP_VIEDIR_MPC__20151117T131048_V20150703T000000_21000101T000000_B07.DBL",
        "S2A_OPER_GIP_VIEDIR_CGS1_20161117T131048_V20150703T000000_21000101T000000_B07.DBL",
    ),
    (
        "S2__OPER_AUX_ECMWFD_PDMC_20190216T120000_V20190217T090000_20190217T210000",
        "S2__OPER_AUX_ECMWFD_ADG__20190216T130000_V20190217T090000_20190217T210000",
    ),
    (
        "DS_SGS__20171207T032513_S20171207T002252",
        "DS_2APS_20241207T032513_S20171207T002252",
    ),
    ("GS2A_20171207T002051_012823_N02.06", "GS2A_20171207T002051_012823_N05.00"),
    (
        "S2A_OPER_MSI_L1C_DS_VGS2_20220125T190036_S20220125T152341_SENSOR_QUALITY_report.xml",
        "S2A_OPER_MSI_L1C_DS_MPS__20230125T190036_S20220125T152341_SENSOR_QUALITY_report.xml",
    ),
    (
        "S2A_OPER_GIP_OLQCPA_MPC__20210715T000042_V20210717T000000",
        "S2A_OPER_GIP_OLQCPA_MPC__20220715T000042_V20210717T000000",
    ),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("around", ["{}", "https://server/a/{}/MTD.xml", "mask of {}, band 3", '"{}"'])
def test_names_of_two_runs_are_one_when_normalised(one: str, other: str, around: str) -> None:
    assert one != other
    text = normalised(around.format(one))
    assert text == normalised(around.format(other))
    assert text != around.format(one)
    assert normalised(text) == text
    assert is_name(one)
    assert is_name(f"GRANULE/{one}")


KEPT = [
    (0, "S2A", "S2B"),
    (0, "MSIL1C", "MSIL2A"),
    (0, "151701", "151702"),
    (0, "R125", "R124"),
    (0, "T18LTM", "T18LTN"),
    (1, "V20160806T102152", "V20160806T102153"),
    (2, "A026481", "A026482"),
    (2, "T01LAC", "T01LAD"),
    (3, "B8A", "B08"),
    (4, "D05", "D06"),
    (4, "S20221011T064025", "S20221011T064026"),
    (5, "NODATA", "SATURA"),
    (6, "B07", "B06"),
    (6, "V20150703", "V20150704"),
    (6, "VIEDIR", "R2EQOG"),
    (8, "S20171207T002252", "S20171207T002253"),
    (9, "012823", "012824"),
    (10, "SENSOR", "GENERAL"),
]


@pytest.mark.parametrize(("pair", "was", "becomes"), KEPT)
def test_what_identifies_the_data_stays(pair: int, was: str, becomes: str) -> None:
    name = PAIRS[pair][0]
    changed = name.replace(was, becomes)
    assert changed != name
    assert normalised(changed) != normalised(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2022-01-25T15:17:01.024Z",
        "T18LTM_20220125T151701_B01",
        "L1C_T18LTM_A034442_20220125T152341",
        "N04.00",
        "S2A",
        "XS2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036",
        "S2A_OPER_PRD_HKTM___20170101T000000_20170101T000500_0001",
    ],
)
def test_other_text_is_left_alone(text: str) -> None:
    assert normalised(text) == text


def test_every_name_in_a_text_is_normalised() -> None:
    text = " ".join(one for one, _ in PAIRS)
    assert normalised(text) == " ".join(normalised(one) for one, _ in PAIRS)


@pytest.mark.parametrize(
    "text",
    [
        "T18LTM_20220125T151701_B01",
        "L1C_T18LTM_A034442_20220125T152341",
        "MSK_DETFOO_B01.jp2",
        "L2A_T10SDG_20181231T185801_B02_10m",
    ],
)
def test_compact_names_without_a_run_are_names(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize(
    "text", ["", "MTD_TL.xml", "a S2A_OPER", "2022-01-25T15:17:01Z", f"{PAIRS[0][0]} and more"]
)
def test_what_is_no_name(text: str) -> None:
    assert not is_name(text)


def test_dates_of_creation_are_told_from_sensing_times() -> None:
    assert is_creation_date("General_Info/Product_Info/GENERATION_TIME")
    assert is_creation_date("Data_Block/report/@date")
    assert not is_creation_date("General_Info/SENSING_TIME")
    assert not is_creation_date("Product_Info/PRODUCT_START_TIME")


def test_no_run_is_left_in_the_names_of_real_documents(reference_data: Path) -> None:
    """Every name of a real parameter list, product and manifest loses its creation date."""
    documents = [
        *(reference_data / "metadata").iterdir(),
        *(reference_data / "products").rglob("manifest.safe"),
    ]
    found = 0
    for document in documents:
        names = set(re.findall(r"\bS2[A-D_]_(?:OPER|USER|MSIL)\w+[\w.-]*", document.read_text("utf-8")))
        for name in names:
            text = normalised(name)
            assert "CREATION" in text or "DISCRIMINATOR" in text, name
            assert not re.search(r"_N\d\d\.?\d\d(_|\.|$)", text), name
            found += 1
    assert found > 1000


FACTS: list[tuple[str, dict[str, str]]] = [
    (
        "S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE",
        {
            "satellite": "S2A",
            "level": "L1C",
            "datatake start": "20220125T151701",
            "relative orbit": "R125",
            "tile": "T18LTM",
        },
    ),
    (
        "S2A_OPER_PRD_MSIL1C_PDMC_20160806T181453_R022_V20160806T102152_20160806T102153.SAFE",
        {
            "satellite": "S2A",
            "level": "L1C",
            "relative orbit": "R022",
            "validity start": "20160806T102152",
            "validity stop": "20160806T102153",
        },
    ),
    (
        "S2A_OPER_MSI_L1C_TL_SGS__20200717T234135_A026481_T01LAC_N02.09",
        {"satellite": "S2A", "absolute orbit": "A026481", "tile": "T01LAC"},
    ),
    (
        "S2A_OPER_MSI_L1C_TL_SGS__20200717T234135_A026481_T01LAC_B8A.jp2",
        {"satellite": "S2A", "absolute orbit": "A026481", "tile": "T01LAC"},
    ),
    (
        "S2B_OPER_MSI_L0__GR_REFS_20221124T163650_S20221011T064025_D05_N02.08",
        {"satellite": "S2B", "start": "20221011T064025", "detector": "D05"},
    ),
    (
        "S2B_OPER_MSK_NODATA_SGS__20170719T012130_A001915_T56JKT_B11_MSIL1C.gml",
        {"satellite": "S2B", "absolute orbit": "A001915", "tile": "T56JKT"},
    ),
    (
        "S2A_OPER_GIP_VIEDIR_MPC__20151117T131048_V20150703T000000_21000101T000000_B07.DBL",
        {"satellite": "S2A", "validity start": "20150703T000000", "validity stop": "21000101T000000"},
    ),
    (
        "S2__OPER_AUX_ECMWFD_PDMC_20190216T120000_V20190217T090000_20190217T210000",
        {"validity start": "20190217T090000", "validity stop": "20190217T210000"},
    ),
    ("DS_SGS__20171207T032513_S20171207T002252", {"start": "20171207T002252"}),
    (
        "S2A_OPER_MSI_L1C_DS_VGS2_20220125T190036_S20220125T152341_SENSOR_QUALITY_report.xml",
        {"satellite": "S2A", "start": "20220125T152341"},
    ),
    (
        "GS2A_20171207T002051_012823_N02.06",
        {"satellite": "S2A", "datatake start": "20171207T002051", "absolute orbit": "A012823"},
    ),
    (
        "L1C_T18LTM_A034442_20220125T152341",
        {"tile": "T18LTM", "absolute orbit": "A034442", "start": "20220125T152341"},
    ),
    ("T18LTM_20220125T151701_B01.jp2", {"tile": "T18LTM", "datatake start": "20220125T151701"}),
    ("L2A_T10SDG_20181231T185801_B02_10m", {"tile": "T10SDG", "datatake start": "20181231T185801"}),
    (
        "GRANULE/L1C_T18LTM_A034442_20220125T152341/IMG_DATA/T18LTM_20220125T151701_B01",
        {
            "tile": "T18LTM",
            "absolute orbit": "A034442",
            "start": "20220125T152341",
            "datatake start": "20220125T151701",
        },
    ),
]


@pytest.mark.parametrize(("name", "told"), FACTS)
def test_a_name_tells_what_data_it_is_of(name: str, told: dict[str, str]) -> None:
    assert facts(name) == told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "T32TQR",
        "R125",
        "S2A_candidate",
        "new_S2A_MSIL1C_20220125T151701_N0400_R125_T18LTM_20220125T190036.SAFE",
        "run of 20220125T151701",
        "MSK_DETFOO_B01.jp2",
        "MTD_TL.xml",
        "mask of T18LTM_20220125T151701_B01",
    ],
)
def test_other_names_tell_nothing(text: str) -> None:
    assert facts(text) == {}


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_runs_tell_the_same(one: str, other: str) -> None:
    assert facts(one) == facts(other) != {}
    assert contradictions(facts(one), facts(other)) == ()


OF_OTHER_DATA = [change for change in KEPT if change[1] not in ("B8A", "NODATA", "B07", "VIEDIR", "SENSOR")]
"""Bands, kinds of masks and of parameter files are in the keys by which parts pair."""


@pytest.mark.parametrize(("pair", "was", "becomes"), OF_OTHER_DATA)
def test_names_of_other_data_contradict(pair: int, was: str, becomes: str) -> None:
    one, other = PAIRS[pair]
    (told,) = contradictions(facts(one), facts(other.replace(was, becomes)))
    values = re.fullmatch(r"[a-z ]+ (\w+), expected (\w+)", told)
    assert values is not None
    assert re.sub("^(MSI|[SV])(?!2)", "", becomes)[-6:] in values[1]
    assert re.sub("^(MSI|[SV])(?!2)", "", was)[-6:] in values[2]


def test_compact_and_long_names_of_one_thing_do_not_contradict() -> None:
    compact, long = (
        "L1C_T01LAC_A026481_20200717T221944",
        "S2A_OPER_MSI_L1C_TL_SGS__20200717T234135_A026481_T01LAC",
    )
    assert contradictions(facts(compact), facts(f"{long}_N02.09")) == ()
    assert contradictions(facts(compact), facts(f"{long[:-1]}D_N02.09")) == ("tile T01LAD, expected T01LAC",)


def test_names_of_parameter_files_tell_nothing_of_the_data() -> None:
    assert facts_of_data(PAIRS[6][0]) == {}
    assert facts_of_data(PAIRS[7][0]) == {}
    for pair in (0, 1, 2, 3, 4, 5, 8, 9, 10):
        assert facts_of_data(PAIRS[pair][0]) == facts(PAIRS[pair][0])


def test_every_name_in_a_real_product_tells_something(reference_data: Path) -> None:
    """Folders and images of products of all times; masks and reports have short names."""
    for product in [*(reference_data / "products").iterdir(), *(reference_data / "l1c_metadata").iterdir()]:
        assert {"satellite", "tile", "relative orbit"} <= facts(product.name).keys(), product
        for path in product.rglob("*"):
            name = path.name
            expected = name.startswith(("L1C_", "L2A_T", "T", "DS_")) or "_OPER_" in name
            assert bool(facts(name)) is (expected and path.suffix != ".xsd"), path
