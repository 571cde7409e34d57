"""Parameter files of Level 1: written, read back, and refused when they are damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from ipf_auxdata.gipp import generate

from ipf.auxiliary.gipp_names import AuxiliaryName
from ipf.auxiliary.l1_gipp import (
    BY_FILE_TYPE,
    LEVEL_1_GIPPS,
    AbsoluteCalibration,
    CloudParameters,
    RadiometricParameters,
)
from ipf.auxiliary.l1_gipp_files import check_serves, level_1_gipp_document, read_level_1_gipp
from ipf.auxiliary.l1_gipp_model import Level1Gipp, element_of, source_of, unit_of
from ipf.auxiliary.l1_gipp_radiometry import BY_FILE_TYPE as RADIOMETRIC_BY_FILE_TYPE
from ipf.auxiliary.l1_gipp_radiometry import RADIOMETRIC_GIPPS
from ipf.errors import AuxiliaryError
from ipf.product.utc import UtcTime

SHIPPED = Path(generate.__file__).parent
NAME = AuxiliaryName(
    "S2A", "OPER", "GIP_CLOPAR", "TEST", "20260101T000000", "20200101T000000", "20210101T000000", "B00"
)


def written(folder: Path, content: Level1Gipp, **changes: str) -> Path:
    """A file with some of its text changed."""
    text = level_1_gipp_document(content, NAME).decode()
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    return stored(folder, text)


def stored(folder: Path, text: str) -> Path:
    path = folder / f"{NAME}.xml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", sorted(generate.level_1_files()))
def test_shipped_files_hold_the_defaults(name: str) -> None:
    parsed = AuxiliaryName.parse(name.removesuffix(".xml"))
    file = read_level_1_gipp(SHIPPED / name, {**BY_FILE_TYPE, **RADIOMETRIC_BY_FILE_TYPE}[parsed.file_type])
    assert file.heading.satellite == parsed.satellite
    assert file.content is not None
    assert sorted(file.given) == sorted(type(file.content).model_fields)  # every field is written
    assert file.content == type(file.content).of_satellite(parsed.satellite)


def test_every_field_has_a_unit_a_source_and_a_text() -> None:
    for model in (*LEVEL_1_GIPPS, *RADIOMETRIC_GIPPS):
        for name, described in model.model_fields.items():
            assert unit_of(model, name)
            assert source_of(model, name)
            assert described.description


def test_irradiance_is_that_of_each_satellite() -> None:
    found = [
        AbsoluteCalibration.of_satellite(satellite).solar_irradiance["B12"] for satellite in ("S2A", "S2B")
    ]
    assert found == [85.25, 87.75]


def test_only_what_is_there_is_given(tmp_path: Path) -> None:
    text = level_1_gipp_document(CloudParameters(opaque_minimum=0.3), NAME).decode()
    lines = [
        line
        for line in text.splitlines()
        if "BAND" not in line and "CIRRUS" not in line and "SNOW" not in line
    ]
    file = read_level_1_gipp(stored(tmp_path, "\n".join(lines)), CloudParameters)
    assert file.given == {"opaque_minimum": 0.3}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("GS2_CLOUD_S2_PARAMETERS", "GS2_MASKS2_PARAMETERS", "expected GS2_CLOUD_S2_PARAMETERS"),
        (">0.22<", ">2.2<", "OPAQUE_MINIMUM = 2.2: input should be less than or equal to 1.5"),
        (">0.22<", ">nan<", "OPAQUE_MINIMUM"),
        (">0.22<", ">bright<", "OPAQUE_MINIMUM"),
        (">0.22<", "><", "OPAQUE_MINIMUM is empty"),
        (">B01<", ">B05<", "BLUE_BAND = B05: input should be 'B01' or 'B02'"),
        ("SWIR_BAND", "OTHER_BAND", "OTHER_BAND: unknown element, expected one of BLUE_BAND, SWIR_BAND"),
        ("CIRRUS_MINIMUM", "OPAQUE_MINIMUM", "OPAQUE_MINIMUM is given twice"),
        ('OPAQUE_MINIMUM unit="1"', 'OPAQUE_MINIMUM unit="%"', "OPAQUE_MINIMUM: unit is %, expected 1"),
        ('OPAQUE_MINIMUM unit="1"', "OPAQUE_MINIMUM", "unit"),
        ("<SATELLITE>S2A", "<SATELLITE>S3A", "SATELLITE is 'S3A', expected S2A to S2D"),
        ("</DATA>", "", "mismatch"),
        ("2020-01-01T", "2020-13-01T", "APPLICABILITY_DATE"),
    ],
)
def test_damage_is_named(tmp_path: Path, before: str, after: str, told: str) -> None:
    path = written(tmp_path, CloudParameters(), **{before: after})
    with pytest.raises(AuxiliaryError) as failure:
        read_level_1_gipp(path, CloudParameters)
    assert told in str(failure.value)
    assert str(path) in str(failure.value)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('<BAND band_id="12">85.25</BAND>', "", "missing B12"),
        ('band_id="12"', 'band_id="11"', "B11 is given twice"),
        (">85.25<", ">-85.25<", "positive values expected"),
        ('band_id="12"', 'band_id="13"', "13"),
    ],
)
def test_damaged_bands_are_named(tmp_path: Path, before: str, after: str, told: str) -> None:
    path = written(tmp_path, AbsoluteCalibration.of_satellite("S2A"), **{before: after})
    with pytest.raises(AuxiliaryError, match=told):
        read_level_1_gipp(path, AbsoluteCalibration)


def test_a_satellite_s_own_file_cannot_be_empty(tmp_path: Path) -> None:
    text = level_1_gipp_document(AbsoluteCalibration.of_satellite("S2A"), NAME).decode()
    start, stop = text.index("<DATA>") + len("<DATA>"), text.index("</DATA>")
    with pytest.raises(AuxiliaryError, match="expected SOLAR_IRRADIANCE"):
        read_level_1_gipp(stored(tmp_path, text[:start] + text[stop:]), AbsoluteCalibration)


def test_a_file_of_another_provider_is_read_as_far_as_its_heading(tmp_path: Path) -> None:
    changes = {"<PROVIDER>ipf": "<PROVIDER>MPC", "OPAQUE_MINIMUM": "WHO_KNOWS"}
    file = read_level_1_gipp(written(tmp_path, CloudParameters(), **changes), CloudParameters)
    assert file.content is None
    assert file.given == {}
    assert file.heading.satellite == "S2A"


def ground_segment(folder: Path, flags: str = "true", offsets: str = "-100") -> Path:
    """An R2PARA of the ground segment's form; flags and offset of the last band may differ."""
    equalization = "".join(
        f'<BAND_EQUALIZATION band_id="{band}"><EQUALIZATION_FLAG>true</EQUALIZATION_FLAG>'
        f"<OFFSET>{flags if band == 12 else 'true'}</OFFSET>"
        "<DARK_SIGNAL_NON_UNIFORMITY>false</DARK_SIGNAL_NON_UNIFORMITY></BAND_EQUALIZATION>"
        for band in range(13)
    )
    shifts = "".join(
        f'<RADIO_ADD_OFFSET band_id="{band}">{offsets if band == 12 else -100}</RADIO_ADD_OFFSET>'
        for band in range(13)
    )
    text = (
        level_1_gipp_document(RadiometricParameters(), NAME).decode().replace("PROVIDER>ipf", "PROVIDER>MPC_")
    )
    start, stop = text.index("<DATA>") + len("<DATA>"), text.index("</DATA>")
    inside = (
        f"<WHO_KNOWS/><NOMINAL_SCENARIO><EQUALIZATION>{equalization}</EQUALIZATION></NOMINAL_SCENARIO>"
        f"<RADIOMETRIC_SHIFT><RADIANCE_OFFSET_L1B>{shifts}</RADIANCE_OFFSET_L1B></RADIOMETRIC_SHIFT>"
    )
    return stored(folder, text[:start] + inside + text[stop:])


def test_what_is_public_of_operational_radiometric_parameters_is_taken(tmp_path: Path) -> None:
    file = read_level_1_gipp(ground_segment(tmp_path), RadiometricParameters)
    assert file.given == {
        "blind_pixels": True,
        "dark_signal": False,
        "onboard_equalization": True,
        "radiance_offset": -100.0,
        "relative_response": True,
    }


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"flags": "false"}, "OFFSET is false, expected True"),
        ({"flags": "perhaps"}, "OFFSET is 'perhaps', expected true or false"),
        ({"offsets": "-200"}, "RADIO_ADD_OFFSET is -200, expected -100.0"),
    ],
)
def test_bands_of_operational_radiometric_parameters_must_agree(
    tmp_path: Path, changes: dict[str, str], told: str
) -> None:
    path = ground_segment(tmp_path, **changes)
    with pytest.raises(AuxiliaryError) as failure:
        read_level_1_gipp(path, RadiometricParameters)
    assert f"{path}:" in str(failure.value)
    assert told in str(failure.value)


def test_files_serve_their_satellite_within_their_validity(tmp_path: Path) -> None:
    file = read_level_1_gipp(written(tmp_path, CloudParameters()), CloudParameters)
    check_serves(file, "S2A", UtcTime.parse("2020-06-01T00:00:00Z"))
    with pytest.raises(AuxiliaryError, match="wrong satellite: expected S2B"):
        check_serves(file, "S2B", UtcTime.parse("2020-06-01T00:00:00Z"))
    with pytest.raises(AuxiliaryError, match="out of validity: expected that of 2022"):
        check_serves(file, "S2A", UtcTime.parse("2022-06-01T00:00:00Z"))


def test_elements_are_fields_in_capitals() -> None:
    assert element_of("opaque_minimum") == "OPAQUE_MINIMUM"
